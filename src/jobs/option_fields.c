/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/option_fields.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

static json_t *value_of(const brn_option *field, const void *options)
{
    const void *at = (const char *)options + field->offset;
    switch (field->type) {
    case BRN_OPTION_TEXT: {
        const char *text = *(const char *const *)at;
        return text ? json_string(text) : json_null();
    }
    case BRN_OPTION_FLAG: return json_boolean(*(const bool *)at);
    case BRN_OPTION_WHOLE: return json_integer(*(const int *)at);
    case BRN_OPTION_BIG: return json_integer(*(const int64_t *)at);
    case BRN_OPTION_REAL: return json_real(*(const double *)at);
    case BRN_OPTION_WORD: return json_string(field->words[*(const int *)at]);
    }
    return NULL;
}

bool brn__option_fields_write(const brn_option *fields, int count, const void *options,
                              json_t *object)
{
    for (int i = 0; i < count; i++)
        if (!brn__json_put(object, fields[i].name, value_of(&fields[i], options))) return false;
    return true;
}

json_t *brn__json_words(const char *const *words, int64_t count)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (int64_t i = 0; good && i < count; i++) good = brn__json_add(list, json_string(words[i]));
    return brn__json_whole(good, list);
}

static json_t *width_list(const int64_t *hidden, int count)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (int i = 0; good && i < count; i++) good = brn__json_add(list, json_integer(hidden[i]));
    return brn__json_whole(good, list);
}

static json_t *share_list(const double *dropout, int count)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (int i = 0; good && i < count; i++) good = brn__json_add(list, json_real(dropout[i]));
    return brn__json_whole(good, list);
}

bool brn__json_layers_write(json_t *object, int count, const int64_t *hidden, const double *dropout)
{
    return brn__json_put(object, "hidden", width_list(hidden, count)) &&
           brn__json_put(object, "dropout", share_list(dropout, count));
}

bool brn__json_layers_read(const json_t *object, int most, int *count, int64_t *hidden, double *dropout)
{
    const json_t *widths = json_object_get(object, "hidden"), *shares = json_object_get(object, "dropout");
    const size_t layers = json_array_size(widths);
    if (!json_is_array(widths) || layers > (size_t)most || json_array_size(shares) != layers) return false;
    *count = (int)layers;
    for (size_t i = 0; i < layers; i++) {
        hidden[i] = json_integer_value(json_array_get(widths, i));
        dropout[i] = json_number_value(json_array_get(shares, i));
    }
    return true;
}

brn_status brn__check_real(const char *name, double value, double low, double high)
{
    if (value >= low && value <= high) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s %g; expected %g to %g", name, value, low, high);
}

brn_status brn__option_fields_check(const brn_option *fields, int count, const void *options)
{
    for (int i = 0; i < count; i++) {
        if (fields[i].type != BRN_OPTION_TEXT) continue;
        const char *text = *(const char *const *)(const void *)((const char *)options + fields[i].offset);
        if (text && !brn__is_utf8(text))
            return brn__fail(BRN_ERROR_INPUT, "%s: %s is not UTF-8", fields[i].name, text);
    }
    return BRN_OK;
}

static bool read_word(const json_t *value, const char *const *words, int *out)
{
    const char *word = json_string_value(value);
    for (int i = 0; word && words[i]; i++) {
        if (strcmp(word, words[i]) != 0) continue;
        *out = i;
        return true;
    }
    return false;
}

bool brn__option_field_read(const brn_option *field, const json_t *value, void *options)
{
    void *at = (char *)options + field->offset;
    if (!value && field->later) return true;
    switch (field->type) {
    case BRN_OPTION_TEXT:
        *(const char **)at = json_string_value(value);
        return !value || json_is_null(value) || json_is_string(value);
    case BRN_OPTION_FLAG: *(bool *)at = json_is_true(value); return json_is_boolean(value);
    case BRN_OPTION_WHOLE: {
        json_int_t whole = json_integer_value(value);
        *(int *)at = (int)whole;
        return json_is_integer(value) && whole >= INT32_MIN && whole <= INT32_MAX;
    }
    case BRN_OPTION_BIG: *(int64_t *)at = json_integer_value(value); return json_is_integer(value);
    case BRN_OPTION_REAL: *(double *)at = json_number_value(value); return json_is_number(value);
    case BRN_OPTION_WORD: return read_word(value, field->words, at);
    }
    return false;
}

brn_status brn__option_fields_read(const brn_option *fields, int count, const json_t *object,
                                   const char *what, void *options)
{
    for (int i = 0; i < count; i++)
        if (!brn__option_field_read(&fields[i], json_object_get(object, fields[i].name), options))
            return brn__fail(BRN_ERROR_INPUT, "%s: no good \"%s\"", what, fields[i].name);
    return BRN_OK;
}
