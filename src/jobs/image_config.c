/* SPDX-License-Identifier: Apache-2.0
 * config.json: what a run was asked to do, with nothing left to a default. A run is resumed from it, so
 * every number reads back as it was. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "burnish/version.h"
#include "jobs/image_job.h"

#include <jansson.h>
#include <stdio.h>
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
        "s:f, s:i, s:I, s:i, s:i, s:f}",
        "data", o->data, "architecture", o->architecture, "recipe",
        o->recipe == BRN_RECIPE_SCRATCH ? "scratch" : "fine-tune", "pretrained", o->pretrained,
        "freeze_epochs", o->freeze_epochs, "epochs", o->epochs, "freeze", o->freeze, "train_bn",
        o->train_bn, "precompute", o->precompute, "batch_size", o->batch_size, "size", o->size,
        "learning_rate", o->learning_rate, "frozen_learning_rate", plan->frozen_rate,
        "group_learning_rates", rates, "weight_decay", o->weight_decay, "optimizer", o->optimizer,
        "schedule", o->schedule, "label_smoothing", o->label_smoothing, "valid", o->valid, "tta",
        o->tta, "seed", (json_int_t)o->seed, "threads", o->threads, "loaders", o->loaders,
        "checkpoint_seconds", o->checkpoint_seconds);
}

/* The short decimal that reads back as the same float. */
static double decimal(float value)
{
    char text[32];
    snprintf(text, sizeof text, "%.7g", (double)value);
    return strtof(text, NULL) == value ? strtod(text, NULL) : (double)value;
}

/* With as few digits as read back to the same numbers. */
static char *text_of(const json_t *root)
{
    static const int precisions[] = {6, 9, 12, 15, 17};
    for (int i = 0;; i++) {
        char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(precisions[i]));
        if (!text || precisions[i] == 17) return text;
        json_t *read = json_loads(text, 0, NULL);
        bool same = read && json_equal(read, root);
        json_decref(read);
        if (same) return text;
        free(text);
    }
}

/* For reading: no run is resumed from it. */
static double short_decimal(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", value);
    return strtod(text, NULL);
}

static json_t *augmentation_object(const brn__augment_options *a)
{
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"max_zoom", a->max_zoom},
                   {"zoom_probability", a->zoom_probability},
                   {"max_rotation", a->max_rotation},
                   {"rotation_probability", a->rotation_probability},
                   {"flip_probability", a->flip_probability},
                   {"max_balance", a->max_balance},
                   {"max_contrast", a->max_contrast},
                   {"min_scale", a->min_scale},
                   {"min_aspect", a->min_aspect},
                   {"max_aspect", a->max_aspect}};
    json_t *object = json_object();
    for (size_t i = 0; object && i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(object, numbers[i].name, json_real(short_decimal(numbers[i].value)));
    if (object) json_object_set_new(object, "dihedral", json_boolean(a->dihedral));
    return object;
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
    char digest[65];
    brn_status status = brn__image_data_digest(plan->options.data, data, digest);
    if (status != BRN_OK) {
        json_decref(classes);
        return status;
    }
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:I, s:I, s:{s:i, s:i, s:s, s:[f, f, f], s:[f, f, f]}, "
        "s:o}",
        "job", "image", "library", BRN_VERSION, "instruction_set", brn_instruction_set(), "onednn",
        brn_onednn_version(), "weights", plan->weights, "options", options_object(plan),
        "data_sha256", digest, "classes", classes, "train_count", (json_int_t)brn_image_data_split_count(data, BRN_SPLIT_TRAIN),
        "valid_count", (json_int_t)brn_image_data_split_count(data, BRN_SPLIT_VALID),
        "preprocessing", "size", p->size, "resize", p->resize, "interpolation",
        p->interpolation == BRN_WEIGHTS_BICUBIC ? "bicubic" : "bilinear", "mean",
        decimal(p->mean[0]), decimal(p->mean[1]), decimal(p->mean[2]), "deviation",
        decimal(p->deviation[0]), decimal(p->deviation[1]), decimal(p->deviation[2]), "augmentation",
        augmentation_object(&transform.training));
    char *text = root ? text_of(root) : NULL;
    json_decref(root);
    if (!text)
        return brn__fail(BRN_ERROR_INPUT, "%s: config.json: a name that is not UTF-8, or no memory",
                         path);
    status = brn__replace_file(path, text, strlen(text));
    free(text);
    return status;
}

/* ------------------------------------------------------------------ reading */

enum { CONFIG_BYTES_MAX = 64 << 20 };

static brn_status unpack(const char *path, json_t *root, brn__image_config *out)
{
    brn_image_options *o = &out->options;
    const char *recipe = "";
    json_error_t error;
    json_int_t seed = 0;
    int pretrained = 0, freeze = 0, train_bn = 0, precompute = 0;
    int bad = json_unpack_ex(
        root, &error, 0,
        "{s:s, s:{s:s, s:s, s:s, s:b, s:i, s:i, s:b, s:b, s:b, s:i, s:i, s:F, s:F, s:s, s:s, s:F, s:F, "
        "s:i, s:I, s:i, s:i, s:F}}",
        "data_sha256", &out->data_digest, "options", "data", &o->data, "architecture",
        &o->architecture, "recipe", &recipe, "pretrained", &pretrained, "freeze_epochs",
        &o->freeze_epochs, "epochs", &o->epochs, "freeze", &freeze, "train_bn", &train_bn,
        "precompute", &precompute, "batch_size", &o->batch_size, "size", &o->size, "learning_rate",
        &o->learning_rate, "weight_decay", &o->weight_decay, "optimizer", &o->optimizer, "schedule",
        &o->schedule, "label_smoothing", &o->label_smoothing, "valid", &o->valid, "tta", &o->tta,
        "seed", &seed, "threads", &o->threads, "loaders", &o->loaders, "checkpoint_seconds",
        &o->checkpoint_seconds);
    if (bad)
        return brn__fail(BRN_ERROR_INPUT, "%s: not the configuration of an image run: %s", path,
                         error.text);
    o->recipe = strcmp(recipe, "scratch") == 0 ? BRN_RECIPE_SCRATCH : BRN_RECIPE_FINE_TUNE;
    o->pretrained = pretrained, o->freeze = freeze, o->train_bn = train_bn;
    o->precompute = precompute;
    o->seed = (uint64_t)seed;
    return BRN_OK;
}

brn_status brn__image_config_read(const char *path, brn__image_config *out)
{
    char *text;
    json_error_t error;
    *out = (brn__image_config){.options = brn_image_defaults()};
    BRN__TRY(brn__read_file(path, CONFIG_BYTES_MAX, &text, NULL));
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    brn__free(text);
    if (!root)
        return brn__fail(BRN_ERROR_INPUT, "%s: line %d: %s", path, error.line, error.text);
    out->owner = root;
    brn_status status = unpack(path, root, out);
    if (status != BRN_OK) brn__image_config_free(out);
    return status;
}

void brn__image_config_free(brn__image_config *config)
{
    json_decref(config->owner);
    *config = (brn__image_config){0};
}
