/* SPDX-License-Identifier: Apache-2.0
 * Cached features of a frozen body. The file is a safetensors file: "features" (N, 2C) and "ok" (N):
 * whether the picture could be read. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "io/safetensors.h"
#include "io/state.h"
#include "jobs/image_job.h"

#include <stdio.h>
#include <string.h>

struct brn__image_features {
    brn__dataset dataset; /* first: a dataset pointer is a features pointer */
    const brn_image_data *data; /* borrowed */
    brn__state *state;          /* the mapped file */
    const float *features;      /* (N, 2C), in the mapping */
    const uint8_t *ok;          /* (N), in the mapping */
    bool cached;
    char path[4096];
};

/* ------------------------------------------------------------------ the key */

static brn_status add_body(brn__sha256 *digest, const brn__image_network *network)
{
    const char *values = brn_parameters_values(network->parameters);
    const size_t bytes = brn_dtype_bytes(brn_parameters_dtype(network->parameters));
    for (int i = 0; i < brn_parameters_count(network->parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(network->parameters, i);
        if (info.group >= network->model->body_groups) continue;
        BRN__TRY(brn__sha256_add(digest, info.name, strlen(info.name) + 1));
        BRN__TRY(brn__sha256_add(digest, values + (size_t)info.offset * bytes,
                                 (size_t)info.count * bytes));
    }
    return BRN_OK;
}

static brn_status add_transform(brn__sha256 *digest, const brn__image_network *network,
                                const brn__image_transform *t)
{
    char text[512];
    snprintf(text, sizeof text,
             "burnish features 1; %s; size %d resize %d interpolation %d mean %a %a %a deviation %a %a "
             "%a;",
             network->model->name, t->size, t->resize, (int)t->interpolation, (double)t->mean[0],
             (double)t->mean[1], (double)t->mean[2], (double)t->deviation[0],
             (double)t->deviation[1], (double)t->deviation[2]);
    if (t->training.crop == BRN__CROP_SQUASH || t->training.crop == BRN__CROP_WHOLE) {
        size_t used = strlen(text); /* the plain view depends on these too */
        snprintf(text + used, sizeof text - used, " crop %d pad %d;", (int)t->training.crop,
                 (int)t->training.pad_mode);
    }
    if (brn_runner_precision(brn__learner_runner(network->learner)) == BRN_PRECISION_BF16) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, " bf16;");
    }
    return brn__sha256_add(digest, text, strlen(text));
}

static brn_status add_pictures(brn__sha256 *digest, const brn_image_data *data)
{
    for (int64_t i = 0; i < brn_image_data_count(data); i++) {
        char content[65] = "unreadable";
        brn_status status = brn__sha256_of_file(brn_image_data_path(data, i), content);
        if (status == BRN_ERROR_NO_MEMORY) return status;
        BRN__TRY(brn__sha256_add(digest, content, strlen(content) + 1));
    }
    return BRN_OK;
}

static brn_status make_key(const brn__image_network *network, const brn_image_data *data,
                           const brn__image_transform *transform, char key[65])
{
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = add_transform(digest, network, transform);
    if (status == BRN_OK) status = add_body(digest, network);
    if (status == BRN_OK) status = add_pictures(digest, data);
    if (status == BRN_OK) status = brn__sha256_hex(digest, key);
    brn__sha256_free(digest);
    return status;
}

/* ------------------------------------------------------------------ making */

typedef struct rows {
    float *features; /* (N, 2C) */
    uint8_t *ok;     /* (N) */
    int64_t width, done, batches;
    brn__progress *progress;
} rows;

static brn_status keep_rows(void *context, const brn__batch *batch, const float *output)
{
    rows *r = context;
    for (int64_t n = 0; n < batch->count; n++) {
        memcpy(r->features + batch->items[n] * r->width, output + n * r->width,
               (size_t)r->width * sizeof *output);
        r->ok[batch->items[n]] = 1;
    }
    r->done++;
    if (!r->progress) return BRN_OK;
    brn_event event = brn__event_of(BRN_EVENT_BATCH, NULL);
    event.batch = r->done;
    event.batches = r->batches;
    return brn__progress_send(r->progress, event);
}

static brn_status write_rows(const char *path, const rows *r, int64_t count)
{
    const brn__safetensors_item items[] = {
        {"features", BRN_DTYPE_F32, brn_shape_of(2, (int64_t[]){count, r->width}), r->features},
        {"ok", BRN_DTYPE_U8, brn_shape_of(1, &count), r->ok}};
    return brn__safetensors_write(path, items, 2, NULL, 0);
}

static brn_status fill_rows(brn__image_network *network, const brn__dataset *pictures,
                            const brn__loader_options *options, rows *r, const char *path)
{
    brn__loader *loader;
    BRN__TRY(brn__loader_new(pictures, NULL, 0, options, &loader));
    r->batches = brn__loader_batch_count(loader);
    brn_status status = brn__loader_start_epoch(loader, 0);
    if (status == BRN_OK)
        status = brn__predict(brn__learner_runner(network->learner), &network->whole,
                              network->pooled, loader, keep_rows, r);
    if (status == BRN_OK) status = write_rows(path, r, pictures->count);
    brn__loader_free(loader);
    return status;
}

static brn_status compute(brn__image_network *network, const brn_image_data *data,
                          const brn__image_transform *transform,
                          const brn__loader_options *options, brn__progress *progress,
                          const char *path)
{
    brn__dataset *pictures;
    BRN__TRY(brn__image_dataset_new(data, transform, &pictures));
    rows r = {.width = 2 * network->model->features, .progress = progress};
    r.features = brn__alloc_zero((size_t)(pictures->count * r.width), sizeof *r.features);
    r.ok = brn__alloc_zero((size_t)pictures->count, 1);
    brn_status status = BRN_ERROR_NO_MEMORY;
    if (r.features && r.ok) status = fill_rows(network, pictures, options, &r, path);
    brn__free(r.features);
    brn__free(r.ok);
    brn__dataset_free(pictures);
    return status;
}

/* ------------------------------------------------------------------ using */

static brn_status load_row(const brn__dataset *base, int64_t item,
                           const brn__sample_context *context, void *input, void *target)
{
    (void)context;
    const brn__image_features *f = (const brn__image_features *)base;
    if (!f->ok[item])
        return brn__fail(BRN_ERROR_INPUT, "%s: it could not be read when features were computed",
                         brn_image_data_path(f->data, item));
    memcpy(input, f->features + item * base->input_shape.dims[0], brn__dataset_input_bytes(base));
    brn__image_target_write(f->data, item, target);
    return BRN_OK;
}

static void free_nothing(brn__dataset *base) { (void)base; }

/* Maps the file; BRN_ERROR_INPUT when it is not what it should be. */
static brn_status map_rows(brn__image_features *f, int64_t width)
{
    const int64_t count = brn_image_data_count(f->data);
    BRN__TRY(brn__state_open(f->path, &f->state));
    const brn__entry *features = brn__state_find(f->state, "features");
    const brn__entry *ok = brn__state_find(f->state, "ok");
    if (!features || !ok || features->dtype != BRN_DTYPE_F32 || ok->dtype != BRN_DTYPE_U8 ||
        !brn_shape_equal(features->shape, brn_shape_of(2, (int64_t[]){count, width})) ||
        !brn_shape_equal(ok->shape, brn_shape_of(1, &count)))
        return brn__fail(BRN_ERROR_INPUT, "%s: not the features of %lld pictures", f->path,
                         (long long)count);
    f->features = features->first;
    f->ok = ok->first;
    f->dataset = (brn__dataset){.count = count,
                                .input_dtype = BRN_DTYPE_F32,
                                .target_dtype = brn__image_target_dtype(f->data),
                                .input_shape = brn_shape_of(1, &width),
                                .target_shape = brn__image_target_shape(f->data),
                                .load = load_row,
                                .free = free_nothing};
    return BRN_OK;
}

static brn_status choose_path(brn__image_features *f, const char *key)
{
    char folder[3072];
    BRN__TRY(brn_weights_cache_folder(folder, sizeof folder));
    snprintf(f->path, sizeof f->path, "%s/features", folder);
    BRN__TRY(brn__make_folders(f->path));
    snprintf(f->path, sizeof f->path, "%s/features/%s.safetensors", folder, key);
    return BRN_OK;
}

brn_status brn__image_features_make(brn__image_network *network, const brn_image_data *data,
                                    const brn__image_transform *transform, int64_t batch_size,
                                    int loaders, brn__progress *progress,
                                    brn__image_features **out)
{
    char key[65];
    *out = NULL;
    if (!network->pooled)
        return brn__fail(BRN_ERROR_USAGE, "precompute: from random weights %s has its own classifier, and no head "
                                          "that could learn on cached features", network->model->name);
    BRN__TRY(make_key(network, data, transform, key));
    brn__image_features *f = brn__alloc_zero(1, sizeof *f);
    if (!f) return BRN_ERROR_NO_MEMORY;
    f->data = data;
    brn_status status = choose_path(f, key);
    const int64_t width = 2 * network->model->features;
    if (status == BRN_OK && brn__is_file(f->path)) {
        f->cached = map_rows(f, width) == BRN_OK;
        if (!f->cached) { /* damaged: made again */
            brn__state_close(f->state);
            f->state = NULL;
        }
    }
    if (status == BRN_OK && !f->cached) {
        brn__loader_options options = brn__loader_defaults(false);
        options.batch_size = batch_size;
        options.workers = loaders;
        status = compute(network, data, transform, &options, progress, f->path);
        if (status == BRN_OK) status = map_rows(f, width);
    }
    if (status != BRN_OK) {
        brn__image_features_free(f);
        return status;
    }
    *out = f;
    return BRN_OK;
}

void brn__image_features_free(brn__image_features *features)
{
    if (!features) return;
    brn__state_close(features->state);
    brn__free(features);
}

const brn__dataset *brn__image_features_dataset(const brn__image_features *features)
{
    return &features->dataset;
}

bool brn__image_features_were_cached(const brn__image_features *features)
{
    return features->cached;
}

const char *brn__image_features_path(const brn__image_features *features) { return features->path; }
