/* SPDX-License-Identifier: Apache-2.0
 * The image job's row in the log of runs. */
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "jobs/image_train.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static brn_status add_line(brn__sha256 *digest, const char *text)
{
    return brn__sha256_add(digest, text, strlen(text) + 1);
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
        snprintf(numbers, sizeof numbers, "%lld %d", (long long)brn__file_bytes(path),
                 (int)brn_image_data_split(data, i));
        BRN__TRY(add_line(digest, numbers));
    }
    return BRN_OK;
}

brn_status brn__image_data_sha256(const brn_image_data *data, const char *folder, char out[65])
{
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = digest_data(data, folder, digest);
    if (status == BRN_OK) status = brn__sha256_hex(digest, out);
    brn__sha256_free(digest);
    return status;
}

void brn__image_record_begin(brn__image_training *t)
{
    char digest[65], state[sizeof t->run + 64];
    const brn_image_options *o = &t->plan.options;
    bool known = brn__image_data_sha256(t->data, o->data, digest) == BRN_OK;
    snprintf(state, sizeof state, "%s/state.safetensors", t->run);
    const brn__run_begin facts = {.job = "image",
                                  .architecture = o->architecture,
                                  .data = o->data,
                                  .data_sha256 = known ? digest : NULL,
                                  .seed = o->seed,
                                  .resumed = brn__is_file(state), /* a new folder has none yet */
                                  .kept_epochs = INT_MAX}; /* those made again are the same */
    brn__run_record_begin(&t->record, t->run, &facts, &t->progress);
}

void brn__image_record_end(brn__image_training *t, brn_status status)
{
    const brn_image_result *r = &t->result;
    const brn_metric metrics[] = {{"accuracy", r->accuracy},
                                  {"error_rate", 1 - r->accuracy},
                                  {"valid_loss", r->valid_loss},
                                  {"plain_accuracy", r->plain_accuracy}};
    brn__run_record_end(&t->record, t->run, status, metrics, isnan(r->accuracy) ? 0 : 4, r->seconds);
}
