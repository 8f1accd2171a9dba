/* SPDX-License-Identifier: Apache-2.0
 * A preparation as JSON, both ways. Each reader takes one member, checks it, and says where
 * something else was found. */
#include "base/alloc.h"
#include "base/json.h"
#include "data/table/prepare.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 65536, NAME_BYTES = 65536 };

/* ---- writing ---- */

static json_t *value_list(const brn__category_column *category)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (int64_t i = 0; good && i < category->count; i++) good = brn__json_add(list, json_string(category->values[i]));
    return brn__json_whole(good, list);
}

static json_t *category_object(const brn__category_column *category)
{
    json_t *object = json_object();
    bool good = brn__json_put(object, "name", json_string(category->name)) &&
                brn__json_put(object, "type", json_string(brn_column_type_name(category->type))) &&
                brn__json_put(object, "values", value_list(category));
    if (good && category->source) good = brn__json_put(object, "missing_of", json_string(category->source));
    return brn__json_whole(good, object);
}

static json_t *number_object(const brn__number_column *number)
{
    json_t *object = json_object();
    return brn__json_whole(brn__json_put(object, "name", json_string(number->name)) &&
                               brn__json_put(object, "fill", json_real(number->fill)) &&
                               brn__json_put(object, "mean", json_real(number->mean)) &&
                               brn__json_put(object, "deviation", json_real(number->deviation)),
                           object);
}

static json_t *date_object(const char *name, bool time)
{
    json_t *object = json_object();
    return brn__json_whole(brn__json_put(object, "name", json_string(name)) &&
                               brn__json_put(object, "time", json_boolean(time)),
                           object);
}

static json_t *column_list(const brn__preparation *p)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (int64_t i = 0; good && i < p->target_count; i++) {
        json_t *column = json_object();
        good = brn__json_put(column, "name", json_string(p->targets[i].name)) &&
               brn__json_put(column, "mean", json_real(p->targets[i].mean)) &&
               brn__json_put(column, "deviation", json_real(p->targets[i].deviation));
        good = brn__json_add(list, brn__json_whole(good, column));
    }
    return brn__json_whole(good, list);
}

static json_t *target_object(const brn__preparation *p)
{
    if (p->target_kind == BRN__TARGET_CLASS) return category_object(&p->classes);
    json_t *object = json_object();
    bool good = brn__json_put(object, "name", json_string(p->target)) &&
                brn__json_put(object, "log", json_boolean(p->target_log));
    if (p->target_count)
        good = good && brn__json_put(object, "truths", json_boolean(p->target_truths)) &&
               brn__json_put(object, "columns", column_list(p));
    else
        good = good && brn__json_put(object, "low", json_real(p->target_low)) &&
               brn__json_put(object, "high", json_real(p->target_high));
    return brn__json_whole(good, object);
}

static json_t *root_object(const brn__preparation *p)
{
    json_t *root = json_object(), *dates = json_array(), *categories = json_array(), *numbers = json_array();
    bool good = root && dates && categories && numbers;
    for (int64_t i = 0; good && i < p->date_count; i++)
        good = brn__json_add(dates, date_object(p->dates[i].name, p->dates[i].time));
    for (int64_t i = 0; good && i < p->category_count; i++)
        good = brn__json_add(categories, category_object(&p->categories[i]));
    for (int64_t i = 0; good && i < p->number_count; i++)
        good = brn__json_add(numbers, number_object(&p->numbers[i]));
    good &= brn__json_put(root, "dates", dates); /* takes it in any case */
    good &= brn__json_put(root, "categories", categories);
    good &= brn__json_put(root, "numbers", numbers);
    if (good && p->target_kind != BRN__TARGET_NONE) good = brn__json_put(root, "target", target_object(p));
    if (good && p->events) good = brn__json_put(root, "events", brn__events_write(p->events));
    return brn__json_whole(good, root);
}

brn_status brn__preparation_write(const brn__preparation *preparation, char **out)
{
    *out = NULL;
    return brn__json_dump(root_object(preparation), JSON_COMPACT | JSON_REAL_PRECISION(17), out);
}

/* ---- reading ---- */

static brn_status wrong(const char *where, const char *expected)
{
    return brn__fail(BRN_ERROR_INPUT, "table preparation: \"%s\": expected %s", where, expected);
}

static brn_status read_text(const json_t *object, const char *key, brn__arena *arena,
                            const char **out)
{
    const json_t *value = json_object_get(object, key);
    size_t length = json_string_length(value);
    if (!json_is_string(value) || length == 0 || length > NAME_BYTES ||
        strlen(json_string_value(value)) != length)
        return wrong(key, "a text");
    *out = brn__arena_strdup(arena, json_string_value(value));
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status read_real(const json_t *object, const char *key, double *out)
{
    const json_t *value = json_object_get(object, key);
    *out = json_number_value(value);
    return json_is_number(value) && isfinite(*out) ? BRN_OK : wrong(key, "a number");
}

static brn_status read_truth(const json_t *object, const char *key, bool *out)
{
    const json_t *value = json_object_get(object, key);
    *out = json_is_true(value);
    return json_is_boolean(value) ? BRN_OK : wrong(key, "true or false");
}

static brn_status read_type(const json_t *object, brn_column_type *out)
{
    const char *word = json_string_value(json_object_get(object, "type"));
    for (int type = 0; word && type < BRN_COLUMN_TYPE_COUNT; type++) {
        *out = (brn_column_type)type;
        if (strcmp(word, brn_column_type_name(*out)) == 0) return BRN_OK;
    }
    return wrong("type", "integer, real, text, date or boolean");
}

static brn_status read_values(const json_t *list, brn__arena *arena, brn__category_column *out)
{
    if (!json_is_array(list) || json_array_size(list) >= BRN__MOST_CATEGORIES)
        return wrong("values", "a list of fewer than 16777216 texts");
    out->count = (int64_t)json_array_size(list);
    out->values = brn__arena_alloc(arena, (size_t)(out->count + 1) * sizeof *out->values);
    if (!out->values) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < out->count; i++) {
        const char *value = json_string_value(json_array_get(list, (size_t)i));
        if (!value) return wrong("values", "texts");
        out->values[i] = brn__arena_strdup(arena, value);
        if (!out->values[i]) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

static brn_status read_category(const json_t *object, brn__arena *arena, brn__category_column *out)
{
    BRN__TRY(read_text(object, "name", arena, &out->name));
    BRN__TRY(read_type(object, &out->type));
    if (json_object_get(object, "missing_of"))
        BRN__TRY(read_text(object, "missing_of", arena, &out->source));
    BRN__TRY(read_values(json_object_get(object, "values"), arena, out));
    if (out->source && out->count != 2) return wrong("values", "False and True");
    return BRN_OK;
}

static brn_status read_number(const json_t *object, brn__arena *arena, brn__number_column *out)
{
    BRN__TRY(read_text(object, "name", arena, &out->name));
    BRN__TRY(read_real(object, "fill", &out->fill));
    BRN__TRY(read_real(object, "mean", &out->mean));
    BRN__TRY(read_real(object, "deviation", &out->deviation));
    return out->deviation > 0 ? BRN_OK : wrong("deviation", "a number above 0");
}

enum { MOST_TARGETS = 4096 };

static brn_status read_several(const json_t *object, brn__preparation *out)
{
    const json_t *list = json_object_get(object, "columns");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count < 2 || count > MOST_TARGETS)
        return wrong("columns", "a list of targets");
    out->targets = brn__arena_alloc(&out->arena, count * sizeof *out->targets);
    if (!out->targets) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const json_t *column = json_array_get(list, i);
        BRN__TRY(read_text(column, "name", &out->arena, &out->targets[i].name));
        BRN__TRY(read_real(column, "mean", &out->targets[i].mean));
        BRN__TRY(read_real(column, "deviation", &out->targets[i].deviation));
        if (!(out->targets[i].deviation > 0)) return wrong("deviation", "a number above 0");
    }
    out->target_count = (int64_t)count;
    return read_truth(object, "truths", &out->target_truths);
}

static brn_status read_target(const json_t *object, brn__preparation *out)
{
    if (!object) return BRN_OK;
    BRN__TRY(read_text(object, "name", &out->arena, &out->target));
    if (json_object_get(object, "values")) {
        out->target_kind = BRN__TARGET_CLASS;
        BRN__TRY(read_category(object, &out->arena, &out->classes));
        return out->classes.count >= 2 ? BRN_OK : wrong("target", "at least 2 classes");
    }
    out->target_kind = BRN__TARGET_NUMBER;
    BRN__TRY(read_truth(object, "log", &out->target_log));
    if (json_object_get(object, "columns")) return read_several(object, out);
    BRN__TRY(read_real(object, "low", &out->target_low));
    return read_real(object, "high", &out->target_high);
}

/* A list of at most MOST_COLUMNS objects, and zeroed room for as many records. */
static brn_status read_list(const json_t *root, const char *key, size_t record_bytes,
                            brn__arena *arena, const json_t **list, void **records, int64_t *count)
{
    *list = json_object_get(root, key);
    if (!json_is_array(*list) || json_array_size(*list) > MOST_COLUMNS)
        return wrong(key, "a list of columns");
    *count = (int64_t)json_array_size(*list);
    *records = brn__arena_alloc(arena, (size_t)(*count + 1) * record_bytes);
    return *records ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status read_root(const json_t *root, brn__preparation *out)
{
    const json_t *list;
    void *records;
    BRN__TRY(read_list(root, "dates", sizeof *out->dates, &out->arena, &list, &records,
                       &out->date_count));
    out->dates = records;
    for (int64_t i = 0; i < out->date_count; i++) {
        const json_t *object = json_array_get(list, (size_t)i);
        BRN__TRY(read_text(object, "name", &out->arena, &out->dates[i].name));
        BRN__TRY(read_truth(object, "time", &out->dates[i].time));
    }
    BRN__TRY(read_list(root, "categories", sizeof *out->categories, &out->arena, &list, &records,
                       &out->category_count));
    out->categories = records;
    for (int64_t i = 0; i < out->category_count; i++)
        BRN__TRY(read_category(json_array_get(list, (size_t)i), &out->arena, &out->categories[i]));
    BRN__TRY(read_list(root, "numbers", sizeof *out->numbers, &out->arena, &list, &records,
                       &out->number_count));
    out->numbers = records;
    for (int64_t i = 0; i < out->number_count; i++)
        BRN__TRY(read_number(json_array_get(list, (size_t)i), &out->arena, &out->numbers[i]));
    if (out->category_count + out->number_count == 0) return wrong("categories", "a column");
    const json_t *events = json_object_get(root, "events");
    if (events) BRN__TRY(brn__events_read(events, &out->events));
    return read_target(json_object_get(root, "target"), out);
}

brn_status brn__preparation_read(const char *json, brn__preparation **out)
{
    brn__json_error error;
    json_t *root;
    *out = NULL;
    brn_status status = brn__json_load(json, strlen(json), &root, &error);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(BRN_ERROR_INPUT,
                         "table preparation: expected a JSON object: %s at byte %zu", error.reason,
                         error.position);
    BRN__TRY(status);
    if (!json_is_object(root)) {
        json_decref(root);
        return brn__fail(BRN_ERROR_INPUT, "table preparation: expected a JSON object");
    }
    brn__preparation *preparation = brn__alloc_zero(1, sizeof *preparation);
    status = preparation ? read_root(root, preparation) : BRN_ERROR_NO_MEMORY;
    json_decref(root);
    if (status == BRN_OK)
        *out = preparation;
    else
        brn__preparation_free(preparation);
    return status;
}
