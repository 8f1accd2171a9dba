/* SPDX-License-Identifier: Apache-2.0
 * config.json: what a run was asked to do, with nothing left to a default. */
#include "base/files.h"
#include "base/status.h"
#include "burnish/version.h"
#include "jobs/image_job.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *options_object(const brn__image_plan *plan)
{
    const brn_image_options *o = &plan->options;
    json_t *rates = json_array();
    for (int g = 0; g <= plan->model->body_groups; g++)
        json_array_append_new(rates, json_real(plan->group_rates[g]));
    return json_pack(
        "{s:s, s:s, s:s, s:b, s:i, s:i, s:b, s:b, s:b, s:i, s:i, s:f, s:f, s:o, s:f, s:s, s:s, s:f, "
        "s:f, s:i, s:I, s:i, s:i}",
        "data", o->data, "architecture", o->architecture, "recipe",
        o->recipe == BRN_RECIPE_SCRATCH ? "scratch" : "fine-tune", "pretrained", o->pretrained,
        "freeze_epochs", o->freeze_epochs, "epochs", o->epochs, "freeze", o->freeze, "train_bn",
        o->train_bn, "precompute", o->precompute, "batch_size", o->batch_size, "size", o->size,
        "learning_rate", o->learning_rate, "frozen_learning_rate", plan->frozen_rate,
        "group_learning_rates", rates, "weight_decay", o->weight_decay, "optimizer", o->optimizer,
        "schedule", o->schedule, "label_smoothing", o->label_smoothing, "valid", o->valid, "tta",
        o->tta, "seed", (json_int_t)o->seed, "threads", o->threads, "loaders", o->loaders);
}

static json_t *augmentation_object(const brn__augment_options *a)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:b, s:f, s:f, s:f, s:f, s:f}", "max_zoom",
                     a->max_zoom, "zoom_probability", a->zoom_probability, "max_rotation",
                     a->max_rotation, "rotation_probability", a->rotation_probability,
                     "flip_probability", a->flip_probability, "dihedral", a->dihedral,
                     "max_balance", a->max_balance, "max_contrast", a->max_contrast, "min_scale",
                     a->min_scale, "min_aspect", a->min_aspect, "max_aspect", a->max_aspect);
}

/* The classes in order; NULL in `*bad` or the first name that is not UTF-8. */
static json_t *class_list(const brn_image_data *data, const char **bad)
{
    json_t *classes = json_array();
    for (int64_t k = 0; k < brn_image_data_class_count(data); k++) {
        json_t *name = json_string(brn_image_data_class_name(data, k));
        if (!name && !*bad) *bad = brn_image_data_class_name(data, k);
        json_array_append_new(classes, name);
    }
    return classes;
}

brn_status brn__image_config_write(const char *path, const brn__image_plan *plan,
                                   const brn_image_data *data)
{
    const brn_weights_preprocessing *p = &plan->preprocessing;
    const brn__image_transform transform = brn__image_transform_of(p);
    const char *bad = NULL;
    json_t *classes = class_list(data, &bad);
    if (bad) {
        json_decref(classes);
        return brn__fail(BRN_ERROR_INPUT, "%s: the class folder \"%s\" has a name that is not UTF-8",
                         plan->options.data, bad);
    }
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:{s:i, s:i, s:s, s:[f, f, f], s:[f, f, f]}, "
        "s:o}",
        "job", "image", "library", BRN_VERSION, "instruction_set", brn_instruction_set(), "onednn",
        brn_onednn_version(), "weights", plan->weights, "options", options_object(plan), "classes",
        classes, "train_count", (json_int_t)brn_image_data_split_count(data, BRN_SPLIT_TRAIN),
        "valid_count", (json_int_t)brn_image_data_split_count(data, BRN_SPLIT_VALID),
        "preprocessing", "size", p->size, "resize", p->resize, "interpolation",
        p->interpolation == BRN_WEIGHTS_BICUBIC ? "bicubic" : "bilinear", "mean",
        (double)p->mean[0], (double)p->mean[1], (double)p->mean[2], "deviation",
        (double)p->deviation[0], (double)p->deviation[1], (double)p->deviation[2], "augmentation",
        augmentation_object(&transform.training));
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    if (!text)
        return brn__fail(BRN_ERROR_INPUT, "%s: config.json: a name that is not UTF-8, or no memory",
                         path);
    brn_status status = brn__replace_file(path, text, strlen(text));
    free(text);
    return status;
}
