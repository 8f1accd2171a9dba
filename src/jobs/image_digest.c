/* SPDX-License-Identifier: Apache-2.0
 * What a set of pictures is, in 64 digits: a run is gone on with only on the pictures it was begun on. */
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "jobs/image_job.h"

#include <string.h>

static brn_status add_item(brn__sha256 *digest, const char *folder, const brn_image_data *data,
                           int64_t item)
{
    const char *path = brn_image_data_path(data, item);
    const size_t length = strlen(folder);
    const char *name = strncmp(path, folder, length) == 0 ? path + length : path;
    while (*name == '/') name++;
    const int64_t facts[] = {brn_image_data_label(data, item), brn_image_data_split(data, item),
                             brn__file_bytes(path)};
    BRN__TRY(brn__sha256_add(digest, name, strlen(name) + 1));
    return brn__sha256_add(digest, facts, sizeof facts);
}

brn_status brn__image_data_digest(const char *folder, const brn_image_data *data, char hex[65])
{
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = BRN_OK;
    for (int64_t i = 0; i < brn_image_data_count(data) && status == BRN_OK; i++)
        status = add_item(digest, folder, data, i);
    if (status == BRN_OK) status = brn__sha256_hex(digest, hex);
    brn__sha256_free(digest);
    return status;
}
