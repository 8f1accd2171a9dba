/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/image_ensemble.h"
#include "base/alloc.h"
#include "base/status.h"
#include "io/model_file.h"
#include "train/snapshots.h"

#include <stdio.h>
#include <string.h>

static void name_of(int number, char out[48])
{
    snprintf(out, 48, "snapshot_%d.safetensors", number + 1);
}

brn_status brn__image_save_snapshot(void *training, brn_parameters *parameters, int number)
{
    char name[48];
    (void)parameters; /* those of the training's network */
    name_of(number, name);
    return brn__image_save_model(training, name);
}

typedef struct members {
    brn__image_training *training;
    const brn__image_ask *ask;
    const int64_t *labels;
    const bool *seen; /* of the member asked last */
    brn__image_answers answers;
} members;

static brn_status load_snapshot(const brn__image_training *t, int number)
{
    char name[48], path[sizeof t->run + 64];
    brn__model_file *file;
    name_of(number, name);
    snprintf(path, sizeof path, "%s/%s", t->run, name);
    BRN__TRY(brn__model_file_open(path, &file));
    brn_status status = brn__model_file_load(file, t->network.parameters);
    brn__model_file_close(file);
    return status;
}

/* A brn__ensemble_member. */
static brn_status answer(void *context, int number, float *predictions)
{
    members *m = context;
    BRN__TRY(load_snapshot(m->training, number));
    brn__image_answers_free(&m->answers);
    BRN__TRY(brn__image_answers_make(&m->training->network, m->ask, &m->answers));
    memcpy(predictions, m->answers.plain,
           (size_t)(m->answers.count * m->answers.classes) * sizeof *predictions);
    return BRN_OK;
}

static brn_status tell_gain(brn__image_training *t)
{
    char text[160];
    const brn_image_result *r = &t->result;
    snprintf(text, sizeof text, "the mean of %d snapshots: accuracy %.4f; the last alone: %.4f (%+.4f)",
             r->snapshot_count, r->ensemble_accuracy, r->plain_accuracy,
             r->ensemble_accuracy - r->plain_accuracy);
    return brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_NOTE, text));
}

static brn_status measure(brn__image_training *t, const int64_t *items, int64_t *labels, int64_t count)
{
    const brn_image_options *o = &t->plan.options;
    const int64_t classes = brn_image_data_class_count(t->data);
    const brn__image_ask ask = {.dataset = t->pictures,
                                .items = items,
                                .count = count,
                                .batch_size = o->batch_size,
                                .loaders = o->loaders,
                                .seed = o->seed,
                                .progress = &t->progress};
    members m = {.training = t, .ask = &ask};
    float *mean = brn__alloc_array((size_t)(count * classes), sizeof *mean);
    if (!mean) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) labels[i] = brn_image_data_label(t->data, items[i]);
    brn_status status =
        brn__ensemble_predict(t->result.snapshot_count, answer, &m, count * classes, mean);
    if (status == BRN_OK)
        t->result.ensemble_accuracy =
            brn__image_score_of(mean, m.answers.seen, labels, count, classes).accuracy;
    brn__image_answers_free(&m.answers);
    brn__free(mean);
    return status == BRN_OK ? tell_gain(t) : status;
}

brn_status brn__image_ensemble(brn__image_training *t)
{
    const int64_t count = brn_image_data_split_count(t->data, BRN_SPLIT_VALID);
    if (t->result.snapshot_count == 0 || count == 0 || t->network.kind != BRN_TARGET_LABEL) return BRN_OK;
    BRN__TRY(brn__image_begin_stage(t, "ensemble"));
    brn_parameters *parameters = t->network.parameters;
    const int64_t elements = brn_parameters_elements(parameters);
    float *kept = brn__alloc_array((size_t)elements, sizeof *kept);
    int64_t *items =
        brn__image_item_numbers(brn_image_data_split_start(t->data, BRN_SPLIT_VALID), count);
    int64_t *labels = brn__alloc_array((size_t)count, sizeof *labels);
    brn_status status = kept && items && labels ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        memcpy(kept, brn_parameters_values(parameters), (size_t)elements * sizeof *kept);
        status = measure(t, items, labels, count);
        memcpy(brn_parameters_values(parameters), kept, (size_t)elements * sizeof *kept);
        brn_parameters_touch(parameters, 0, elements);
    }
    brn__free(labels);
    brn__free(items);
    brn__free(kept);
    return status;
}
