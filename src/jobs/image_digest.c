/* SPDX-License-Identifier: Apache-2.0
 * What a set of pictures is, in 64 digits: a run is gone on with only on the pictures it was begun on. */
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "jobs/image_targets.h"

#include <stdio.h>
#include <string.h>

static brn_status add_line(brn__sha256 *digest, const char *text)
{
    return brn__sha256_add(digest, text, strlen(text) + 1);
}

/* Tags and numbers: what each picture shows, and what that is called. Labels are in the lines. */
static brn_status digest_targets(const brn_image_data *data, brn__sha256 *digest)
{
    const int64_t width = brn_image_data_target_width(data);
    for (int64_t k = 0; k < width; k++)
        BRN__TRY(add_line(digest, brn__image_output_name(data, k)));
    for (int64_t i = 0; width > 0 && i < brn_image_data_count(data); i++) {
        const float *target = brn_image_data_target(data, i);
        if (target) BRN__TRY(brn__sha256_add(digest, target, (size_t)width * sizeof *target));
    }
    return BRN_OK;
}

/* Of the list of pictures: for each its path below the data's folder, its size, its class and its split.
 * So it changes when pictures come, go, move or are edited to another size; they are not read. */
static brn_status digest_data(const brn_image_data *data, const char *folder, brn__sha256 *digest)
{
    const size_t root = strlen(folder);
    for (int64_t i = 0; i < brn_image_data_count(data); i++) {
        char numbers[96];
        const char *path = brn_image_data_path(data, i);
        const char *label = brn_image_data_class_name(data, brn_image_data_label(data, i));
        BRN__TRY(add_line(digest, strncmp(path, folder, root) == 0 ? path + root : path));
        BRN__TRY(add_line(digest, label ? label : ""));
        int64_t bytes;
        BRN__TRY(brn__file_size(path, &bytes));
        snprintf(numbers, sizeof numbers, "%lld %d", (long long)bytes,
                 (int)brn_image_data_split(data, i));
        BRN__TRY(add_line(digest, numbers));
    }
    return BRN_OK;
}

brn_status brn__image_data_digest(const char *folder, const brn_image_data *data, char hex[65])
{
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = digest_data(data, folder, digest);
    if (status == BRN_OK) status = digest_targets(data, digest);
    if (status == BRN_OK) status = brn__sha256_hex(digest, hex);
    brn__sha256_free(digest);
    return status;
}
