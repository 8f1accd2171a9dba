/* SPDX-License-Identifier: Apache-2.0
 * The learner on arrays: its making, and its answers about items that are no part of its data. All else is the
 * learner of pictures. */
#include "burnish/array_learner.h"
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/arrays.h"
#include "jobs/described_file.h"
#include "jobs/image_learner.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_BATCH = 256 };

/* ------------------------------------------------------------------ making */

static brn_status check_part(const brn_array_data *data, const brn_array_part *part, const char *name)
{
    const bool labels = data->target == BRN_TARGET_LABEL;
    if (part->count < 0) return brn__fail(BRN_ERROR_USAGE, "%s arrays: %lld items", name, (long long)part->count);
    if (part->count == 0) return BRN_OK;
    if (!part->inputs || (labels ? !part->labels : !part->targets))
        return brn__fail(BRN_ERROR_USAGE, "%s arrays: expected inputs and %s", name, labels ? "labels" : "targets");
    for (int64_t i = 0; labels && i < part->count; i++)
        if (part->labels[i] < 0 || part->labels[i] >= data->outputs)
            return brn__fail(BRN_ERROR_INPUT, "%s arrays: label %lld of item %lld; expected 0 to %lld", name,
                             (long long)part->labels[i], (long long)i, (long long)data->outputs - 1);
    return BRN_OK;
}

static brn_status check_data(const brn_array_data *data, bool learns)
{
    static const char *const names[BRN_SPLIT_COUNT] = {"training", "validation", "test"};
    if (data->rank < 1 || data->rank > 3)
        return brn__fail(BRN_ERROR_USAGE, "arrays: items of rank %d; expected 1 to 3", data->rank);
    for (int i = 0; i < data->rank; i++)
        if (data->dims[i] < 1 || data->dims[i] > BRN__LAYER_WIDTH_MAX)
            return brn__fail(BRN_ERROR_USAGE, "arrays: a side of %lld; expected 1 to %d", (long long)data->dims[i],
                             BRN__LAYER_WIDTH_MAX);
    if ((unsigned)data->target > BRN_TARGET_NUMBERS)
        return brn__fail(BRN_ERROR_USAGE, "arrays: there is no target %d", (int)data->target);
    const int64_t least = data->target == BRN_TARGET_LABEL ? 2 : 1;
    if (data->outputs < least || data->outputs > BRN__MODEL_CLASSES_MAX)
        return brn__fail(BRN_ERROR_INPUT, "arrays: %lld outputs; expected %lld to %d", (long long)data->outputs,
                         (long long)least, BRN__MODEL_CLASSES_MAX);
    for (int split = 0; split < BRN_SPLIT_COUNT; split++)
        BRN__TRY(check_part(data, &data->parts[split], names[split]));
    if (learns && data->parts[BRN_SPLIT_TRAIN].count < 2)
        return brn__fail(BRN_ERROR_INPUT, "arrays: expected two training items or more");
    return BRN_OK;
}

static brn_status keep_names(brn_image_learner *l, const brn_array_data *data)
{
    l->names = brn__alloc_zero((size_t)data->outputs, sizeof *l->names);
    if (!l->names) return BRN_ERROR_NO_MEMORY;
    l->outputs = data->outputs;
    for (int64_t k = 0; k < data->outputs; k++) {
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)k);
        l->names[k] = brn__strdup(data->names ? data->names[k] : number);
        if (!l->names[k]) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

static brn_status take_data(brn_image_learner *l, const brn_array_data *data)
{
    int64_t count = 0;
    BRN__TRY(keep_names(l, data));
    l->rank = data->rank;
    memcpy(l->dims, data->dims, sizeof l->dims);
    for (int split = 0; split < BRN_SPLIT_COUNT; split++) {
        l->starts[split] = count;
        l->counts[split] = data->parts[split].count;
        count += l->counts[split];
    }
    l->warned = brn__alloc_zero((size_t)count + 1, sizeof *l->warned);
    if (!l->warned) return BRN_ERROR_NO_MEMORY;
    return brn__arrays_new(data, &l->pictures);
}

static brn_status make(brn_image_learner *l, const brn_array_data *data, const brn_image_learner_options *options,
                       bool learns)
{
    l->options = *options;
    brn_image_learner_options *o = &l->options;
    o->size = 0;
    BRN__TRY(brn__image_learner_check(o));
    BRN__TRY(check_data(data, learns));
    if (!o->network || !*o->network) return brn__fail(BRN_ERROR_USAGE, "arrays: expected a network (network.h)");
    BRN__TRY(brn__network_find(o->network, &l->description));
    l->model = brn_network_model(l->description);
    l->architecture = brn__strdup(l->model->name);
    if (!l->architecture) return BRN_ERROR_NO_MEMORY;
    o->architecture = l->architecture;
    o->network = brn_network_text(l->description);
    o->augment = o->mirror = NULL;
    o->loaders = 0;
    BRN__TRY(take_data(l, data));
    brn__image_network_options network = {.model = l->model,
                                          .head.outputs = data->outputs,
                                          .own_classifier = true,
                                          .kind = data->target,
                                          .batch_size = o->batch_size,
                                          .rank = data->rank,
                                          .threads = o->threads,
                                          .precision = o->precision,
                                          .activation_checkpointing = o->activation_checkpointing,
                                          .label_smoothing = o->label_smoothing,
                                          .seed = o->seed};
    memcpy(network.dims, data->dims, sizeof network.dims);
    BRN__TRY(brn__image_network_new(&network, &l->network));
    l->learning = UINT64_MAX;
    if (!o->weights) return BRN_OK;
    const brn_status status = brn__image_network_load(&l->network, o->weights, BRN_MODEL_BODY);
    o->weights = NULL; /* borrowed */
    return status;
}

static brn_status new_learner(const brn_array_data *data, const brn_image_learner_options *options, bool learns,
                              brn_image_learner **out)
{
    *out = NULL;
    brn_image_learner *l = brn__alloc_zero(1, sizeof *l);
    if (!l) return BRN_ERROR_NO_MEMORY;
    brn__progress_init(&l->progress, options->on_event, options->context);
    const brn_status status = make(l, data, options, learns);
    if (status == BRN_OK) *out = l;
    else brn_image_learner_free(l);
    return status;
}

brn_status brn_array_learner_new(const brn_array_data *data, const brn_image_learner_options *options,
                                 brn_image_learner **out)
{
    return new_learner(data, options, true, out);
}

/* ------------------------------------------------------------------ a saved one */

static brn_status open_card(const brn__model_file *file, int threads, brn_image_learner **out)
{
    const brn__model_card *card = brn__model_file_card(file);
    brn_network *network; /* read for its size alone */
    BRN__TRY(brn__described_file_read(file, card->input_dims, card->input_rank, &network));
    brn_network_free(network);
    brn_array_data data = {.rank = card->input_rank,
                           .target = (brn_target_kind)card->target,
                           .outputs = card->class_count,
                           .names = card->classes};
    memcpy(data.dims, card->input_dims, sizeof data.dims);
    brn_image_learner_options options = brn_image_learner_defaults();
    options.network = card->network;
    options.threads = threads;
    BRN__TRY(new_learner(&data, &options, false, out));
    return brn__model_file_load(file, (*out)->network.parameters);
}

brn_status brn_array_learner_open(const char *path, int threads, brn_image_learner **out)
{
    brn__model_file *file;
    *out = NULL;
    BRN__TRY(brn__model_file_open_arrays(path, &file));
    brn_status status = open_card(file, threads, out);
    brn__model_file_close(file);
    if (status == BRN_OK) return BRN_OK;
    brn_image_learner_free(*out);
    *out = NULL;
    return brn__fail_within(status, "%s", path);
}

/* ------------------------------------------------------------------ answers */

int brn_array_learner_shape(const brn_image_learner *l, int64_t dims[3])
{
    memcpy(dims, l->dims, sizeof l->dims);
    return l->rank;
}

brn_status brn_array_learner_answer(brn_image_learner *l, const float *inputs, int64_t count,
                                    brn_answer_form form, float *answers)
{
    if (l->rank == 0) return brn__fail(BRN_ERROR_USAGE, "answer: a learner of pictures has no arrays");
    if (count < 0) return brn__fail(BRN_ERROR_USAGE, "answer: %lld items", (long long)count);
    if (count == 0) return BRN_OK;
    if (!inputs || !answers) return brn__fail(BRN_ERROR_USAGE, "answer: there are no inputs, or no room for answers");
    brn_array_data data = {.rank = l->rank, .target = l->network.kind, .outputs = l->outputs};
    memcpy(data.dims, l->dims, sizeof data.dims);
    data.parts[0] = (brn_array_part){.count = count, .inputs = inputs};
    brn__dataset *dataset;
    brn__loader *loader = NULL;
    brn__loader_options options = brn__loader_defaults(false);
    options.batch_size = ANSWER_BATCH;
    BRN__TRY(brn__arrays_new(&data, &dataset));
    brn_status status = brn__loader_new(dataset, NULL, 0, &options, &loader);
    if (status == BRN_OK) status = brn__image_learner_pass(l, &l->network.whole, loader, 0, form, answers, NULL);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    return status;
}
