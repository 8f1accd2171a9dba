/* SPDX-License-Identifier: Apache-2.0
 * What a training and a search for its rate stand on alike: the network of a plan, loaders over a split. */
#include "base/alloc.h"
#include "base/status.h"
#include "burnish/data_split.h"
#include "data/image/amend.h"
#include "jobs/image_targets.h"

#include <stdlib.h>
#include <string.h>

static brn_status amend(const brn_image_options *o, brn_image_data *data, int64_t *changed)
{
    char *root = NULL;
    int64_t excluded = 0, relabelled = 0;
    if (!*o->exclude && !*o->relabel) return BRN_OK;
    brn_status status = brn__image_root(o, &root);
    if (status == BRN_OK && *o->relabel)
        status = brn__image_data_amend(data, root, o->relabel, BRN__AMEND_RELABEL, &relabelled);
    if (status == BRN_OK && *o->exclude)
        status = brn__image_data_amend(data, root, o->exclude, BRN__AMEND_EXCLUDE, &excluded);
    brn__free(root);
    if (changed) *changed = excluded + relabelled;
    return status;
}

brn_status brn__image_data_of(const brn_image_options *o, brn_image_data **out, int64_t *changed)
{
    const brn_image_data_options how = brn__image_data_options_of(o);
    if (changed) *changed = 0;
    BRN__TRY(brn_image_data_open(o->data, &how, out));
    brn_status status = amend(o, *out, changed);
    if (status == BRN_OK) status = brn__image_data_check(o, *out);
    if (status == BRN_OK) return BRN_OK;
    brn_image_data_close(*out);
    *out = NULL;
    return status;
}

/* ------------------------------------------------------------------ weights of classes */

static brn_status wrong_weights(const char *text)
{
    return brn__fail(BRN_ERROR_USAGE, "class weights: \"%s\"; expected balanced, or NAME=WEIGHT with commas between, "
                                      "weights of 0 to 1e6", text);
}

static brn_status balanced(const brn_image_data *data, int64_t classes, float *weights)
{
    int64_t *counts = brn__alloc_array((size_t)classes, sizeof *counts);
    if (!counts) return BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; k < classes; k++) counts[k] = brn_image_data_label_count(data, BRN_SPLIT_TRAIN, k);
    brn_status status = brn_class_weights(counts, classes, weights);
    brn__free(counts);
    return status;
}

/* "cat=2,dog=0.5" */
static brn_status named(const char *text, const brn_image_data *data, int64_t classes, float *weights)
{
    for (int64_t k = 0; k < classes; k++) weights[k] = 1;
    for (const char *at = text, *next; at; at = next) {
        const char *comma = strchr(at, ','), *equals = strchr(at, '=');
        char *end;
        if (!equals || (comma && equals > comma)) return wrong_weights(text);
        const double weight = strtod(equals + 1, &end);
        if (end == equals + 1 || (*end && *end != ',') || !(weight >= 0 && weight <= 1e6)) return wrong_weights(text);
        int64_t k = 0;
        const size_t length = (size_t)(equals - at);
        while (k < classes && (strlen(brn_image_data_class_name(data, k)) != length ||
                               strncmp(brn_image_data_class_name(data, k), at, length) != 0))
            k++;
        if (k == classes)
            return brn__fail(BRN_ERROR_USAGE, "class weights: \"%.*s\" is none of the %lld classes (\"%s\", ...)",
                             (int)length, at, (long long)classes, brn_image_data_class_name(data, 0));
        weights[k] = (float)weight;
        next = *end ? end + 1 : NULL;
    }
    return BRN_OK;
}

brn_status brn__image_class_weights(const brn_image_options *o, const brn_image_data *data, float **out)
{
    *out = NULL;
    if (!*o->class_weights) return BRN_OK;
    if (brn_image_data_target_kind(data) != BRN_TARGET_LABEL)
        return brn__fail(BRN_ERROR_USAGE, "class weights: %s has no labels", o->data);
    const int64_t classes = brn_image_data_class_count(data);
    float *weights = brn__alloc_array((size_t)classes, sizeof *weights);
    if (!weights) return BRN_ERROR_NO_MEMORY;
    brn_status status = strcmp(o->class_weights, "balanced") == 0 ? balanced(data, classes, weights)
                                                                  : named(o->class_weights, data, classes, weights);
    if (status == BRN_OK) *out = weights;
    else brn__free(weights);
    return status;
}

/* ------------------------------------------------------------------ network, loaders */

/* A head of fast.ai's is for a body that knows something: on random weights its hidden layer and dropout slow
 * learning down. ResNet-20 on CIFAR had .38 after two epochs with it, .48 with its own classifier. */
static bool is_own_classifier(const brn_image_options *o)
{
    return !o->pretrained && o->freeze_epochs == 0;
}

brn__image_network_options brn__image_network_options_of(const brn__image_plan *plan,
                                                         const brn_image_data *data)
{
    const brn_image_options *o = &plan->options;
    return (brn__image_network_options){
        .model = plan->model,
        .head = brn_nn_head_defaults(brn__image_outputs(data)),
        .own_classifier = plan->network || is_own_classifier(o),
        .kind = brn_image_data_target_kind(data),
        .batch_size = o->batch_size,
        .size = o->size,
        .threads = o->threads,
        .precision = o->precision,
        .activation_checkpointing = o->activation_checkpointing,
        .label_smoothing = o->label_smoothing,
        .seed = o->seed,
    };
}

brn_status brn__image_loader_new(const brn_image_options *o, const brn_image_data *data,
                                 const brn__dataset *dataset, brn_split split, brn__loader **out)
{
    const int64_t count = brn_image_data_split_count(data, split);
    *out = NULL;
    if (count == 0) return BRN_OK;
    int64_t *items = brn__image_item_numbers(brn_image_data_split_start(data, split), count);
    if (!items) return BRN_ERROR_NO_MEMORY;
    brn__loader_options options = brn__loader_defaults(split == BRN_SPLIT_TRAIN);
    options.batch_size = o->batch_size;
    options.workers = o->loaders;
    options.seed = o->seed;
    brn_status status = brn__loader_new(dataset, items, count, &options, out);
    brn__free(items);
    return status;
}
