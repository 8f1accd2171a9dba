/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/text_source.h"
#include "base/text.h"
#include "jobs/option_fields.h"

enum { TEXTS_MAX = 65536 };

#define X(name, word) word,
static const char *const rules[] = {BRN_TEXT_RULES_LIST(X) NULL};
static const char *const tokens[] = {BRN_TEXT_TOKENS_LIST(X) NULL};
static const char *const targets[] = {BRN_TEXT_TARGET_LIST(X) NULL};
#undef X
static const char *const documents[] = {"file", "line", NULL};

/* All but lists and the separators, which are single bytes. */
static const brn_option fields[] = {
#define F(field, type) {#field, BRN_OPTION_##type, offsetof(brn_text_options, field), NULL}
#define WORD(field, words) {#field, BRN_OPTION_WORD, offsetof(brn_text_options, field), words}
    WORD(rules, rules),
    WORD(tokens, tokens),
    F(pieces, TEXT),
    F(min_freq, BIG),
    F(max_vocabulary, BIG),
    WORD(document, documents),
    F(mark_fields, FLAG),
    F(no_header, FLAG),
    F(latin1, FLAG),
    WORD(target, targets),
    F(valid_column, TEXT),
    F(valid, REAL),
    F(seed, BIG),
#undef F
#undef WORD
};
enum { FIELDS = sizeof fields / sizeof *fields };

const brn_option *brn_text_option_list(int *count)
{
    *count = FIELDS;
    return fields;
}

json_t *brn__text_list_write(const char *const *texts, int64_t count) { return brn__json_words(texts, count); }

brn_status brn__text_list_read(const json_t *list, const char *what, brn__arena *arena,
                               const char *const **out, int64_t *count)
{
    if (!json_is_array(list) || json_array_size(list) > TEXTS_MAX)
        return brn__fail(BRN_ERROR_INPUT, "%s: expected a list of texts", what);
    *count = (int64_t)json_array_size(list);
    const char **texts = brn__arena_alloc(arena, (size_t)(*count + 1) * sizeof *texts);
    if (!texts) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < *count; i++) {
        texts[i] = json_string_value(json_array_get(list, (size_t)i));
        if (!texts[i]) return brn__fail(BRN_ERROR_INPUT, "%s: expected a list of texts", what);
    }
    *out = texts;
    return BRN_OK;
}

static json_t *replacement_list(const brn_text_options *o)
{
    json_t *list = json_array();
    for (int64_t i = 0; list && i < o->replacement_count; i++)
        if (json_array_append_new(list, json_pack("[s, s]", o->replacements[i].pattern,
                                                  o->replacements[i].replacement))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static brn_status check_words(const char *const *words, int64_t count, const char *what)
{
    for (int64_t i = 0; i < count; i++)
        if (!brn__is_utf8(words[i])) return brn__fail(BRN_ERROR_INPUT, "%s: \"%s\" is not UTF-8", what, words[i]);
    return BRN_OK;
}

brn_status brn__text_source_check(const brn_text_options *o)
{
    BRN__TRY(brn__option_fields_check(fields, FIELDS, o));
    BRN__TRY(check_words(o->text_columns, o->text_column_count, "text columns"));
    BRN__TRY(check_words(o->label_columns, o->label_column_count, "label columns"));
    for (int64_t i = 0; i < o->replacement_count; i++) {
        const char *const pair[] = {o->replacements[i].pattern, o->replacements[i].replacement};
        BRN__TRY(check_words(pair, 2, "replacements"));
    }
    return BRN_OK;
}

json_t *brn__text_source_write(const brn_text_options *o)
{
    json_t *object = json_object();
    bool good = brn__option_fields_write(fields, FIELDS, o, object);
    int bad = json_object_set_new(object, "separator", json_integer(o->separator));
    bad |= json_object_set_new(object, "tag_separator", json_integer(o->tag_separator));
    bad |= json_object_set_new(object, "text_columns", brn__text_list_write(o->text_columns, o->text_column_count));
    bad |= json_object_set_new(object, "label_columns", brn__text_list_write(o->label_columns, o->label_column_count));
    bad |= json_object_set_new(object, "replacements", replacement_list(o));
    if (good && !bad) return object;
    json_decref(object);
    return NULL;
}

static brn_status read_replacements(const json_t *list, brn__arena *arena, brn_text_options *o)
{
    if (!json_is_array(list) || json_array_size(list) > TEXTS_MAX)
        return brn__fail(BRN_ERROR_INPUT, "replacements: expected a list");
    o->replacement_count = (int64_t)json_array_size(list);
    brn_text_replacement *all = brn__arena_alloc(arena, (size_t)(o->replacement_count + 1) * sizeof *all);
    if (!all) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < o->replacement_count; i++) {
        const json_t *pair = json_array_get(list, (size_t)i);
        all[i].pattern = json_string_value(json_array_get(pair, 0));
        all[i].replacement = json_string_value(json_array_get(pair, 1));
        if (!all[i].pattern || !all[i].replacement)
            return brn__fail(BRN_ERROR_INPUT, "replacements: expected pairs of texts");
    }
    o->replacements = all;
    return BRN_OK;
}

static brn_status read_separator(const json_t *object, const char *name, char *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 127)
        return brn__fail(BRN_ERROR_INPUT, "text source: \"%s\": expected the number of a character", name);
    *out = (char)json_integer_value(value);
    return BRN_OK;
}

brn_status brn__text_source_read(const json_t *object, brn__arena *arena, brn_text_options *o)
{
    *o = brn_text_defaults();
    if (!json_is_object(object)) return brn__fail(BRN_ERROR_INPUT, "text source: expected an object");
    BRN__TRY(brn__option_fields_read(fields, FIELDS, object, "text source", o));
    BRN__TRY(read_separator(object, "separator", &o->separator));
    BRN__TRY(read_separator(object, "tag_separator", &o->tag_separator));
    BRN__TRY(brn__text_list_read(json_object_get(object, "text_columns"), "text_columns", arena, &o->text_columns,
                                 &o->text_column_count));
    BRN__TRY(brn__text_list_read(json_object_get(object, "label_columns"), "label_columns", arena,
                                 &o->label_columns, &o->label_column_count));
    return read_replacements(json_object_get(object, "replacements"), arena, o);
}
