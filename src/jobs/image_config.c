/* SPDX-License-Identifier: Apache-2.0
 * config.json: what a run was asked to do, with nothing left to a default. A run is resumed from it, so
 * every number reads back as it was. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "burnish/version.h"
#include "jobs/image_recipe.h"
#include "jobs/image_targets.h"
#include "jobs/option_fields.h"
#include "jobs/precision.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ one list of options */

#define FIELD(type, name) {#name, BRN_OPTION_##type, offsetof(brn_image_options, name), NULL}
/* All options that decide what is trained: written and read back by this list alone. */
static const brn_option fields[] = {
    FIELD(TEXT, data),
    FIELD(TEXT, architecture),
    FIELD(TEXT, network),
    FIELD(FLAG, pretrained),
    FIELD(WHOLE, freeze_epochs),
    FIELD(WHOLE, epochs),
    FIELD(FLAG, freeze),
    FIELD(FLAG, train_bn),
    FIELD(FLAG, precompute),
    FIELD(WHOLE, batch_size),
    FIELD(WHOLE, size),
    FIELD(TEXT, sizes),
    FIELD(REAL, learning_rate),
    FIELD(REAL, rate_spread),
    FIELD(REAL, weight_decay),
    FIELD(TEXT, optimizer),
    FIELD(TEXT, group_rates),
    FIELD(TEXT, group_decays),
    FIELD(WHOLE, freeze_to),
    FIELD(FLAG, gradual_unfreezing),
    FIELD(FLAG, bn_freeze),
    FIELD(WHOLE, lookahead),
    FIELD(FLAG, decoupled_decay),
    FIELD(TEXT, momentum),
    FIELD(REAL, clip),
    FIELD(WHOLE, accumulate),
    FIELD(TEXT, schedule),
    FIELD(REAL, warm_up),
    FIELD(WHOLE, swa),
    FIELD(REAL, ema),
    FIELD(WHOLE, cycle_length),
    FIELD(WHOLE, cycle_multiplier),
    FIELD(TEXT, augment),
    FIELD(REAL, label_smoothing),
    FIELD(REAL, mixup),
    FIELD(REAL, cutmix),
    FIELD(FLAG, snapshots),
    FIELD(REAL, valid),
    FIELD(WHOLE, tta),
    FIELD(REAL, tta_beta),
    FIELD(BIG, seed),
    FIELD(WHOLE, threads),
    {"precision", BRN_OPTION_WORD, offsetof(brn_image_options, precision), brn__precision_words, true},
    {"activation_checkpointing", BRN_OPTION_FLAG, offsetof(brn_image_options, activation_checkpointing), NULL, true},
    FIELD(WHOLE, loaders),
    FIELD(REAL, checkpoint_seconds),
    FIELD(TEXT, monitor),
    FIELD(WHOLE, early_stopping),
    FIELD(WHOLE, reduce_on_plateau),
    FIELD(FLAG, save_best),
    FIELD(TEXT, phases),
    FIELD(TEXT, class_weights),
    FIELD(TEXT, test),
    FIELD(TEXT, exclude),
    FIELD(TEXT, relabel),
    FIELD(WHOLE, folds),
    FIELD(WHOLE, fold),
    FIELD(TEXT, images),
    FIELD(TEXT, targets),
    FIELD(TEXT, target_type),
    FIELD(TEXT, tag_separator),
};
enum { FIELDS = sizeof fields / sizeof *fields };

const brn_option *brn_image_option_list(int *count)
{
    *count = FIELDS;
    return fields;
}

/* NULL when there is no memory or a text is not UTF-8. */
static json_t *options_object(const brn__image_plan *plan)
{
    json_t *object = json_object(), *rates = json_array();
    int bad = !object || !rates;
    if (!bad) bad = json_object_set_new(object, "recipe", json_string(brn__image_recipe_name(plan->options.recipe)));
    if (!bad) bad = !brn__option_fields_write(fields, FIELDS, &plan->options, object);
    for (int g = 0; g <= plan->model->body_groups && !bad; g++)
        bad = json_array_append_new(rates, json_real(plan->group_rates[g]));
    if (!bad) bad = json_object_set(object, "group_learning_rates", rates);
    if (!bad)
        bad = json_object_set_new(object, "frozen_learning_rate", json_real(plan->frozen_rate));
    json_decref(rates);
    if (!bad) return object;
    json_decref(object);
    return NULL;
}

/* The short decimal that reads back as the same float. */
static double decimal(float value)
{
    char text[32];
    snprintf(text, sizeof text, "%.7g", (double)value);
    return strtof(text, NULL) == value ? strtod(text, NULL) : (double)value;
}

/* With as few digits as read back to the same numbers. Takes the value. */
static brn_status text_of(json_t *taken, char **out)
{
    static const int precisions[] = {6, 9, 12, 15, 17};
    brn_status status = BRN_OK;
    for (int i = 0; taken; i++) {
        brn__json_error error;
        json_t *read = NULL;
        status = brn__json_dump(json_incref(taken), JSON_INDENT(2) | JSON_REAL_PRECISION(precisions[i]), out);
        if (status != BRN_OK || precisions[i] == 17) break;
        status = brn__json_load(*out, strlen(*out), &read, &error);
        bool same = status == BRN_OK && json_equal(read, taken);
        json_decref(read);
        if (same) break;
        brn__free(*out);
        if (status != BRN_OK) break;
    }
    json_decref(taken);
    return taken ? status : brn__json_dump(NULL, 0, out);
}

/* The classes, or the names of numbers, in order; NULL when there is no memory. */
static json_t *class_list(const brn_image_data *data)
{
    json_t *classes = json_array();
    for (int64_t k = 0; k < brn__image_outputs(data); k++)
        if (json_array_append_new(classes, json_string(brn__image_output_name(data, k))) != 0) {
            json_decref(classes);
            return NULL;
        }
    return classes;
}

static brn_status check_names(const char *path, const brn__image_plan *plan, const brn_image_data *data)
{
    if (!brn__is_utf8(plan->options.data) || !brn__is_utf8(plan->options.images) ||
        !brn__is_utf8(plan->options.targets) || !brn__is_utf8(plan->weights))
        return brn__fail(BRN_ERROR_INPUT, "%s: config.json: a name that is not UTF-8", path);
    for (int64_t k = 0; k < brn__image_outputs(data); k++)
        if (!brn__is_utf8(brn__image_output_name(data, k)))
            return brn__fail(BRN_ERROR_INPUT,
                             "%s: the class folder \"%s\" has a name that is not UTF-8",
                             plan->options.data, brn__image_output_name(data, k));
    return BRN_OK;
}

brn_status brn__image_config_write(const char *path, const brn__image_plan *plan,
                                   const brn_image_data *data)
{
    const brn_weights_preprocessing *p = &plan->preprocessing;
    char digest[65], *text;
    BRN__TRY(check_names(path, plan, data));
    BRN__TRY(brn__image_data_digest(plan->options.data, data, digest));
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:I, s:I, s:{s:i, s:i, s:s, s:[f, f, f], s:[f, f, f]}}",
        "job", "image", "library", BRN_VERSION, "instruction_set", brn_instruction_set(), "onednn",
        brn_onednn_version(), "weights", plan->weights, "options", options_object(plan),
        "data_sha256", digest, "classes", class_list(data), "train_count",
        (json_int_t)brn_image_data_split_count(data, BRN_SPLIT_TRAIN),
        "valid_count", (json_int_t)brn_image_data_split_count(data, BRN_SPLIT_VALID),
        "preprocessing", "size", p->size, "resize", p->resize, "interpolation",
        p->interpolation == BRN_WEIGHTS_BICUBIC ? "bicubic" : "bilinear", "mean",
        decimal(p->mean[0]), decimal(p->mean[1]), decimal(p->mean[2]), "deviation",
        decimal(p->deviation[0]), decimal(p->deviation[1]), decimal(p->deviation[2]));
    BRN__TRY(text_of(root, &text));
    brn_status status = brn__replace_file(path, text, strlen(text));
    brn__free(text);
    return status;
}

/* ------------------------------------------------------------------ reading */

enum { CONFIG_BYTES_MAX = 64 << 20 };

/* No text is absent or null here. */
static bool read_field(const json_t *value, const brn_option *f, brn_image_options *options)
{
    return (f->type != BRN_OPTION_TEXT || json_is_string(value)) && brn__option_field_read(f, value, options);
}

static bool read_recipe(const json_t *value, brn_image_recipe *out)
{
    const char *name = json_string_value(value);
    const int found = name ? brn__image_recipe_find(name) : -1;
    if (found >= 0) *out = (brn_image_recipe)found;
    return found >= 0;
}

static brn_status unpack(const char *path, const json_t *root, brn__image_config *out)
{
    const json_t *options = json_object_get(root, "options");
    out->data_digest = json_string_value(json_object_get(root, "data_sha256"));
    const char *bad = out->data_digest ? NULL : "data_sha256";
    if (!read_recipe(json_object_get(options, "recipe"), &out->options.recipe)) bad = "recipe";
    for (int i = 0; i < FIELDS && !bad; i++)
        if (!read_field(json_object_get(options, fields[i].name), &fields[i], &out->options))
            bad = fields[i].name;
    if (!bad) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: not the configuration of an image run of this library: no good \"%s\"", path,
                     bad);
}

brn_status brn__image_config_read(const char *path, brn__image_config *out)
{
    char *text;
    size_t length;
    json_t *root;
    brn__json_error error;
    *out = (brn__image_config){.options = brn_image_defaults()};
    BRN__TRY(brn__read_file(path, CONFIG_BYTES_MAX, &text, &length));
    brn_status status = brn__json_load(text, length, &root, &error);
    brn__free(text);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(status, "%s: byte %zu: %s", path, error.position, error.reason);
    BRN__TRY(status);
    out->owner = root;
    status = unpack(path, root, out);
    if (status != BRN_OK) brn__image_config_free(out);
    return status;
}

void brn__image_config_free(brn__image_config *config)
{
    json_decref(config->owner);
    *config = (brn__image_config){0};
}
