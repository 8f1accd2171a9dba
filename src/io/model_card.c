/* SPDX-License-Identifier: Apache-2.0
 * Model cards: JSON both ways. Each reader takes one member of the object, checks its type and its
 * limits, and says where in the object something else was found. */
#include "io/model_card.h"
#include "base/alloc.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "burnish/version.h"
#include "io/bytes.h"

#include <math.h>
#include <string.h>

enum { SIDE_MAX = 8192, WIDTH_MAX = 1 << 20, AUGMENT_BYTES_MAX = 1024 };

static const char *const interpolations[] = {
    [BRN_WEIGHTS_BILINEAR] = "bilinear",
    [BRN_WEIGHTS_BICUBIC] = "bicubic",
};

static const char *const targets[] = {
    [BRN__MODEL_LABEL] = "label",
    [BRN__MODEL_TAGS] = "tags",
    [BRN__MODEL_NUMBERS] = "numbers",
};

/* ------------------------------------------------------------------ reading */

static brn_status wrong(const char *where, const char *expected)
{
    return brn__fail(BRN_ERROR_INPUT, "model metadata: \"%s\": expected %s", where, expected);
}

static brn_status read_integer(const json_t *object, const char *key, int64_t low, int64_t high,
                               int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < low ||
        json_integer_value(value) > high)
        return brn__fail(BRN_ERROR_INPUT,
                         "model metadata: \"%s\": expected a whole number from %lld to %lld", key,
                         (long long)low, (long long)high);
    *out = json_integer_value(value);
    return BRN_OK;
}

static brn_status read_text(const json_t *value, const char *where, size_t limit,
                            brn__arena *arena, const char **out)
{
    const char *text = json_string_value(value);
    if (!text || json_string_length(value) == 0 || json_string_length(value) > limit ||
        strlen(text) != json_string_length(value))
        return brn__fail(BRN_ERROR_INPUT, "model metadata: \"%s\": expected a text of 1 to %zu bytes",
                         where, limit);
    *out = brn__arena_strdup(arena, text);
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status read_classes(const json_t *root, brn__arena *arena, brn__model_card *card)
{
    const json_t *list = json_object_get(root, "classes");
    size_t count = json_array_size(list); /* 0 for what is no array */
    if (count < 1 || count > BRN__MODEL_CLASSES_MAX)
        return wrong("classes", "a list of 1 to 100000 names");
    const char **names = brn__arena_alloc(arena, count * sizeof *names);
    if (!names) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        BRN__TRY(read_text(json_array_get(list, i), "classes", BRN__MODEL_CLASS_BYTES_MAX, arena,
                           &names[i]));
    card->classes = names;
    card->class_count = (int64_t)count;
    return BRN_OK;
}

/* What it says is read where networks are built; here it is an object of a size that may be one. */
static brn_status read_network(const json_t *root, brn__arena *arena, brn__model_card *card)
{
    const json_t *object = json_object_get(root, "network");
    char *text;
    if (!object) return BRN_OK;
    if (!json_is_object(object)) return wrong("network", "an object");
    BRN__TRY(brn__json_dump(json_incref((json_t *)(uintptr_t)object), JSON_COMPACT, &text));
    card->network = brn__arena_strdup(arena, text);
    brn__free(text);
    return card->network ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status read_head(const json_t *root, brn__model_card *card)
{
    const json_t *head = json_object_get(root, "head");
    const json_t *hidden = json_object_get(head, "hidden");
    const json_t *dropout = json_object_get(head, "dropout");
    card->head.is_own = json_is_null(head);
    if (card->head.is_own) return BRN_OK;
    size_t count = json_array_size(hidden);
    if (!json_is_array(hidden) || count > BRN__MODEL_HIDDEN_MAX)
        return wrong("head.hidden", "a list of up to 7 widths");
    if (json_array_size(dropout) != count + 1)
        return wrong("head.dropout", "one probability more than head.hidden has widths");
    card->head.hidden_count = (int)count;
    for (size_t i = 0; i < count; i++) {
        const json_t *width = json_array_get(hidden, i);
        if (!json_is_integer(width) || json_integer_value(width) < 1 ||
            json_integer_value(width) > WIDTH_MAX)
            return wrong("head.hidden", "whole numbers from 1 to 1048576");
        card->head.hidden[i] = json_integer_value(width);
    }
    for (size_t i = 0; i <= count; i++) {
        const json_t *p = json_array_get(dropout, i);
        double value = json_number_value(p);
        if (!json_is_number(p) || !(value >= 0 && value < 1))
            return wrong("head.dropout", "numbers from 0 to below 1");
        card->head.dropout[i] = value;
    }
    return BRN_OK;
}

/* Three numbers of `low` at least (more than it when `above`). */
static brn_status read_channels(const json_t *object, const char *key, double low, bool above,
                                float out[3])
{
    const json_t *list = json_object_get(object, key);
    bool good = json_array_size(list) == 3;
    for (size_t c = 0; good && c < 3; c++) {
        const json_t *number = json_array_get(list, c);
        double value = json_number_value(number);
        out[c] = (float)value; /* where a small number may become 0 */
        good = json_is_number(number) && value >= low && (!above || (double)out[c] > low) && value <= 1e6;
    }
    return good ? BRN_OK : wrong(key, "three numbers, one a channel, in their range");
}

static brn_status read_preprocessing(const json_t *root, brn__model_card *card)
{
    const json_t *object = json_object_get(root, "preprocessing");
    if (!json_is_object(object)) return wrong("preprocessing", "an object");
    int64_t size, resize;
    BRN__TRY(read_integer(object, "size", 1, SIDE_MAX / 2, &size));
    BRN__TRY(read_integer(object, "resize", size, SIDE_MAX, &resize));
    card->preprocessing.size = (int)size;
    card->preprocessing.resize = (int)resize;
    const char *name = json_string_value(json_object_get(object, "interpolation"));
    int kind = 0;
    while (kind < 2 && (!name || strcmp(name, interpolations[kind]) != 0)) kind++;
    if (kind == 2) return wrong("interpolation", "\"bilinear\" or \"bicubic\"");
    card->preprocessing.interpolation = (brn_weights_interpolation)kind;
    BRN__TRY(read_channels(object, "mean", -1e6, false, card->preprocessing.mean));
    return read_channels(object, "deviation", 0, true, card->preprocessing.deviation);
}

/* Arrays, which a described network alone can take. */
static brn_status read_input(const json_t *root, brn__model_card *card)
{
    const json_t *list = json_object_get(root, "input");
    const size_t count = json_array_size(list);
    bool good = count >= 1 && count <= 3;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *side = json_array_get(list, i);
        card->input_dims[i] = json_integer_value(side);
        good = json_is_integer(side) && card->input_dims[i] >= 1 && card->input_dims[i] <= WIDTH_MAX;
    }
    card->input_rank = (int)count;
    if (!good) return wrong("input", "one to three whole numbers from 1 to 1048576");
    return card->network ? BRN_OK : wrong("network", "an object");
}

static brn_status read_augment(const json_t *root, brn__arena *arena, brn__model_card *card)
{
    const json_t *text = json_object_get(root, "augment");
    return text ? read_text(text, "augment", AUGMENT_BYTES_MAX, arena, &card->augment) : BRN_OK;
}

/* Files of before there were other targets than labels say nothing of them. */
static brn_status read_target(const json_t *root, brn__model_card *card)
{
    const json_t *target = json_object_get(root, "target");
    const json_t *threshold = json_object_get(root, "threshold");
    const char *name = json_string_value(target);
    int kind = 0;
    while (target && kind < 3 && (!name || strcmp(name, targets[kind]) != 0)) kind++;
    if (kind == 3) return wrong("target", "\"label\", \"tags\" or \"numbers\"");
    card->target = (brn__model_target)kind;
    if (card->target != BRN__MODEL_TAGS) return BRN_OK;
    card->threshold = json_number_value(threshold);
    if (!json_is_number(threshold) || !(card->threshold > 0 && card->threshold < 1))
        return wrong("threshold", "a number above 0 and below 1");
    return BRN_OK;
}

/* For people, and optional: what is no number is passed over. */
static brn_status read_summary(const json_t *root, brn__arena *arena, brn__model_card *card)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(root, "training"), name, value)
    {
        if (!json_is_number(value) || card->summary_count == BRN__MODEL_SUMMARY_MAX) continue;
        brn__model_number *number = &card->summary[card->summary_count++];
        number->name = brn__arena_strdup(arena, name);
        number->value = json_number_value(value);
        if (!number->name) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

static brn_status read_root(const json_t *root, brn__arena *arena, brn__model_card *card)
{
    int64_t format;
    if (!json_is_object(root))
        return brn__fail(BRN_ERROR_INPUT, "model metadata: expected a JSON object");
    BRN__TRY(read_integer(root, "format", 1, INT32_MAX, &format));
    if (format > BRN__MODEL_FORMAT)
        return brn__fail(BRN_ERROR_UNSUPPORTED,
                         "model metadata: format %lld; this library, %s, reads format %d",
                         (long long)format, BRN_VERSION, BRN__MODEL_FORMAT);
    const char *job = json_string_value(json_object_get(root, "job"));
    const bool arrays = job && strcmp(job, "arrays") == 0;
    if (!job || (!arrays && strcmp(job, "image") != 0)) return wrong("job", "\"image\" or \"arrays\"");
    BRN__TRY(read_text(json_object_get(root, "architecture"), "architecture",
                       BRN__MODEL_NAME_MAX - 1, arena, &card->architecture));
    BRN__TRY(read_network(root, arena, card));
    BRN__TRY(read_classes(root, arena, card));
    BRN__TRY(read_head(root, card));
    if (card->network && !card->head.is_own) return wrong("head", "null beside a network, which has its own");
    BRN__TRY(arrays ? read_input(root, card) : read_preprocessing(root, card));
    BRN__TRY(read_augment(root, arena, card));
    BRN__TRY(read_target(root, card));
    return read_summary(root, arena, card);
}

brn_status brn__model_card_read(const char *json, brn__arena *arena, brn__model_card *out)
{
    *out = (brn__model_card){0};
    if (strlen(json) > BRN__MODEL_JSON_MAX)
        return brn__fail(BRN_ERROR_INPUT, "model metadata: %zu bytes; at most %d", strlen(json),
                         BRN__MODEL_JSON_MAX);
    brn__json_error error;
    json_t *root;
    brn_status status = brn__json_load(json, strlen(json), &root, &error);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(BRN_ERROR_INPUT, "model metadata: not JSON: %s at byte %zu", error.reason,
                         error.position);
    BRN__TRY(status);
    status = read_root(root, arena, out);
    json_decref(root);
    return status;
}

/* ------------------------------------------------------------------ writing */

/* The object, unless something was not added to it: then it is freed. */
static json_t *complete(json_t *object, int failed)
{
    if (!failed) return object;
    json_decref(object);
    return NULL;
}

/* A float's shortest number that reads back as the same float. */
static json_t *float_number(float value)
{
    char text[32];
    snprintf(text, sizeof text, "%.9g", (double)value);
    return json_real(strtod(text, NULL));
}

static json_t *channels(const float values[3])
{
    return json_pack("[o, o, o]", float_number(values[0]), float_number(values[1]),
                     float_number(values[2]));
}

static json_t *head_object(const brn__model_head_shape *head)
{
    if (head->is_own) return json_null();
    json_t *hidden = json_array(), *dropout = json_array();
    int failed = 0;
    for (int i = 0; i < head->hidden_count; i++)
        failed |= json_array_append_new(hidden, json_integer(head->hidden[i]));
    for (int i = 0; i <= head->hidden_count; i++)
        failed |= json_array_append_new(dropout, json_real(head->dropout[i]));
    json_t *object = json_pack("{s:o, s:o}", "hidden", hidden, "dropout", dropout);
    return complete(object, failed);
}

static json_t *preprocessing_object(const brn_weights_preprocessing *p)
{
    return json_pack("{s:i, s:i, s:s, s:o, s:o}", "size", p->size, "resize", p->resize, "interpolation",
                     interpolations[p->interpolation], "mean", channels(p->mean), "deviation", channels(p->deviation));
}

static json_t *input_list(const brn__model_card *card)
{
    json_t *list = json_array();
    int failed = 0;
    for (int i = 0; i < card->input_rank; i++) failed |= json_array_append_new(list, json_integer(card->input_dims[i]));
    return complete(list, failed);
}

/* NULL when it is no JSON. */
static json_t *network_object(const char *text)
{
    brn__json_error error;
    json_t *object = NULL;
    return brn__json_load(text, strlen(text), &object, &error) == BRN_OK ? object : NULL;
}

static json_t *card_object(const brn__model_card *card)
{
    json_t *classes = json_array(), *training = json_object();
    int failed = 0;
    for (int64_t i = 0; i < card->class_count; i++)
        failed |= json_array_append_new(classes, json_string(card->classes[i]));
    for (int i = 0; i < card->summary_count; i++)
        failed |= json_object_set_new(training, card->summary[i].name,
                                      isfinite(card->summary[i].value)
                                          ? json_real(card->summary[i].value)
                                          : json_null());
    json_t *object = json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "format", BRN__MODEL_FORMAT, "library",
                               BRN_VERSION, "job", card->input_rank ? "arrays" : "image", "architecture",
                               card->architecture, "classes", classes, "head", head_object(&card->head),
                               card->input_rank ? "input" : "preprocessing",
                               card->input_rank ? input_list(card) : preprocessing_object(&card->preprocessing),
                               "training", training);
    if (object && card->network) failed |= json_object_set_new(object, "network", network_object(card->network));
    if (object && card->augment)
        failed |= json_object_set_new(object, "augment", json_string(card->augment));
    if (object && card->target != BRN__MODEL_LABEL)
        failed |= json_object_set_new(object, "target", json_string(targets[card->target]));
    if (object && card->target == BRN__MODEL_TAGS)
        failed |= json_object_set_new(object, "threshold", json_real(card->threshold));
    return complete(object, failed);
}

static brn_status check_names(const brn__model_card *card)
{
    bool fit = brn__is_utf8(card->architecture);
    for (int i = 0; i < card->summary_count; i++) fit &= brn__is_utf8(card->summary[i].name);
    if (!fit) return brn__fail(BRN_ERROR_USAGE, "model metadata: a name is not UTF-8");
    for (int64_t i = 0; i < card->class_count; i++)
        if (!brn__is_utf8(card->classes[i]))
            return brn__fail(BRN_ERROR_USAGE, "model metadata: a class name is not UTF-8");
    return BRN_OK;
}

brn_status brn__model_card_write(const brn__model_card *card, char **out)
{
    *out = NULL;
    BRN__TRY(check_names(card));
    char *text;
    BRN__TRY(brn__json_dump(card_object(card), JSON_COMPACT, &text));
    brn__arena arena = {0};
    brn__model_card check;
    brn_status status = brn__model_card_read(text, &arena, &check);
    brn__arena_free(&arena);
    if (status == BRN_OK) *out = text;
    else brn__free(text);
    return status;
}
