/* SPDX-License-Identifier: Apache-2.0
 * Options of the table job: defaults, checks, and JSON both ways. */
#include "base/alloc.h"
#include "jobs/option_fields.h"
#include "jobs/precision.h"
#include "jobs/table_folds.h"

#include <math.h>
#include <string.h>

enum { EMBEDDING_WIDTH_MAX = 4096 };

brn_table_train_options brn_table_train_defaults(void)
{
    return (brn_table_train_options){.valid = .2,
                                     .event_window = 7,
                                     .quantile = .5,
                                     .gamma = 2,
                                     .hidden_count = -1,
                                     .embedding_dropout = -1,
                                     .epochs = 5,
                                     .learning_rate = 1e-2,
                                     .weight_decay = .01,
                                     .seed = 42,
                                     .checkpoint_seconds = 10};
}

/* ------------------------------------------------------------------ one list of options */

static const char *const losses[] = {"default", "mse", "mae", "quantile", "cross-entropy", "focal", NULL};
static const char *const splits[] = {"random", "time", "column", "group", NULL};
static const char *const forms[] = {"fastai2", "course", NULL};

/* Written and read back by this list alone; lists of names and what is nested are beside it. */
static const brn_option fields[] = {
#define F(field, type) {#field, BRN_OPTION_##type, offsetof(brn_table_train_options, field), NULL}
#define WORD(field, words) {#field, BRN_OPTION_WORD, offsetof(brn_table_train_options, field), words}
    F(data, TEXT),
    F(where, TEXT),
    F(target, TEXT),
    F(target_class, FLAG),
    F(target_log, FLAG),
    F(only_named, FLAG),
    F(event_entity, TEXT),
    F(event_order, TEXT),
    F(event_window, WHOLE),
    WORD(loss, losses),
    F(quantile, REAL),
    F(gamma, REAL),
    WORD(split, splits),
    F(valid, REAL),
    F(split_column, TEXT),
    F(split_from, TEXT),
    F(folds, WHOLE),
    F(fold, WHOLE),
    WORD(form, forms),
    F(embedding_dropout, REAL),
    F(one_hot, FLAG),
    F(has_range, FLAG),
    F(low, REAL),
    F(high, REAL),
    F(epochs, WHOLE),
    F(batch_size, WHOLE),
    F(learning_rate, REAL),
    F(weight_decay, REAL),
    F(lazy, FLAG),
    F(seed, BIG),
    F(threads, WHOLE),
    {"precision", BRN_OPTION_WORD, offsetof(brn_table_train_options, precision), brn__precision_words, true},
    F(checkpoint_seconds, REAL),
#undef F
#undef WORD
};
enum { FIELDS = sizeof fields / sizeof *fields };

const brn_option *brn_table_train_option_list(int *count)
{
    *count = FIELDS;
    return fields;
}

const char *brn__table_loss_name(brn_table_loss loss)
{
    return losses[loss];
}

/* ------------------------------------------------------------------ checks */

static void take_form(brn_table_train_options *o)
{
    brn__table_net_options form = brn__table_net_defaults((brn__table_form)o->form);
    if (o->embedding_dropout == -1) o->embedding_dropout = form.embedding_dropout;
    if (o->hidden_count != -1) return;
    o->hidden_count = form.hidden_count;
    memcpy(o->hidden, form.hidden, sizeof o->hidden);
    memcpy(o->dropout, form.dropout, sizeof o->dropout);
}

static brn_status check_network(const brn_table_train_options *o)
{
    BRN__TRY(brn__check_real("hidden layers", o->hidden_count, 0, BRN_TABLE_HIDDEN_MAX));
    for (int i = 0; i < o->hidden_count; i++) {
        BRN__TRY(brn__check_real("hidden width", (double)o->hidden[i], 1, 65536));
        BRN__TRY(brn__check_real("dropout", o->dropout[i], 0, .999));
    }
    BRN__TRY(brn__check_real("embedding dropout", o->embedding_dropout, 0, .999));
    BRN__TRY(brn__check_real("embedding widths", (double)o->embedding_width_count, 0, (double)o->category_count));
    for (int64_t i = 0; i < o->embedding_width_count; i++)
        BRN__TRY(brn__check_real("embedding width", (double)o->embedding_widths[i], 0, EMBEDDING_WIDTH_MAX));
    if (o->has_range && !(o->low < o->high && isfinite(o->low) && isfinite(o->high)))
        return brn__fail(BRN_ERROR_USAGE, "range %g to %g; expected two numbers, the lower first",
                         o->low, o->high);
    return BRN_OK;
}

static brn_status check_split(const brn_table_train_options *o)
{
    bool needs = o->split == BRN_TABLE_SPLIT_TIME || o->split == BRN_TABLE_SPLIT_COLUMN ||
                 o->split == BRN_TABLE_SPLIT_GROUP;
    if (needs && !o->split_column)
        return brn__fail(BRN_ERROR_USAGE, "split: expected the column that splits the rows");
    if (o->folds < 0 || o->folds == 1 || o->folds > BRN__TABLE_FOLDS_MAX || o->fold < 0 ||
        o->fold > o->folds)
        return brn__fail(BRN_ERROR_USAGE,
                         "folds: number %d of %d; expected 2 to %d folds, and one of them", o->fold,
                         o->folds, BRN__TABLE_FOLDS_MAX);
    return brn__check_real("valid", o->valid, .001, .999);
}

brn_status brn__table_options_settle(brn_table_train_options *o)
{
    if (!o->data || !*o->data) return brn__fail(BRN_ERROR_USAGE, "data: expected a file");
    if (!o->target || !*o->target)
        return brn__fail(BRN_ERROR_USAGE, "target: expected the name of a column");
    BRN__TRY(brn__option_fields_check(fields, FIELDS, o));
    take_form(o);
    BRN__TRY(check_network(o));
    BRN__TRY(check_split(o));
    if (o->event_count && (!o->event_order || !*o->event_order))
        return brn__fail(BRN_ERROR_USAGE, "events: expected the column that orders rows (a date)");
    BRN__TRY(brn__check_real("events", (double)o->event_count, 0, BRN__EVENTS_MAX));
    BRN__TRY(brn__check_real("event window", o->event_window, 2, BRN__EVENT_WINDOW_MAX));
    BRN__TRY(brn__check_real("quantile", o->quantile, .001, .999));
    BRN__TRY(brn__check_real("gamma", o->gamma, 0, 10));
    BRN__TRY(brn__check_real("epochs", o->epochs, 0, 100000));
    if (o->batch_size) BRN__TRY(brn__check_real("batch size", o->batch_size, 2, BRN__TABLE_BATCH_MAX));
    BRN__TRY(brn__check_real("learning rate", o->learning_rate, 1e-12, 1000));
    BRN__TRY(brn__check_real("weight decay", o->weight_decay, 0, 100));
    BRN__TRY(brn__check_real("threads", o->threads, 0, 1024));
    BRN__TRY(brn__precision_check(o->precision));
    return brn__check_real("checkpoint seconds", o->checkpoint_seconds, 0, 1e9);
}

/* ------------------------------------------------------------------ writing */

static json_t *type_object(const brn_table_options *o)
{
    json_t *types = json_object();
    bool good = types != NULL;
    for (int64_t i = 0; good && i < o->type_count; i++)
        good = brn__json_put(types, o->types[i].name,
                             json_string(brn_column_type_name(o->types[i].type)));
    if (good) return types;
    json_decref(types);
    return NULL;
}

json_t *brn__table_source_write(const brn_table_options *o)
{
    json_t *object = json_object();
    if (object && brn__json_put(object, "separator", json_integer(o->separator)) &&
        brn__json_put(object, "no_header", json_boolean(o->no_header)) &&
        brn__json_put(object, "latin1", json_boolean(o->latin1)) &&
        brn__json_put(object, "decimal_comma", json_boolean(o->decimal_comma)) &&
        brn__json_put(object, "date_order", json_integer((int)o->date_order)) &&
        brn__json_put(object, "types", type_object(o)) &&
        brn__json_put(object, "missing", brn__json_words(o->missing, o->missing_count)))
        return object;
    json_decref(object);
    return NULL;
}

static json_t *join_object(const brn_table_join *join)
{
    json_t *object = json_object();
    if (object && brn__json_put(object, "data", json_string(join->data)) &&
        brn__json_put(object, "keys", brn__json_words(join->keys, join->key_count)))
        return object;
    json_decref(object);
    return NULL;
}

static json_t *join_list(const brn_table_train_options *o)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (int64_t i = 0; good && i < o->join_count; i++) good = brn__json_add(list, join_object(&o->joins[i]));
    return brn__json_whole(good, list);
}

static json_t *width_list(const brn_table_train_options *o)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (int64_t i = 0; good && i < o->embedding_width_count; i++)
        good = brn__json_add(list, json_integer(o->embedding_widths[i]));
    return brn__json_whole(good, list);
}

/* Written where there is something to tell: files of before do not have it. */
static bool write_network(json_t *object, const brn_table_train_options *o)
{
    if (o->hidden_norms && !brn__json_put(object, "hidden_norms", json_true())) return false;
    return !o->embedding_width_count || brn__json_put(object, "embedding_widths", width_list(o));
}

json_t *brn__table_options_write(const brn_table_train_options *o)
{
    json_t *object = json_object();
    if (object && brn__option_fields_write(fields, FIELDS, o, object) &&
        brn__json_layers_write(object, o->hidden_count, o->hidden, o->dropout) && write_network(object, o) &&
        brn__json_put(object, "source", brn__table_source_write(&o->source)) &&
        brn__json_put(object, "joins", join_list(o)) &&
        brn__json_put(object, "categories", brn__json_words(o->categories, o->category_count)) &&
        brn__json_put(object, "numbers", brn__json_words(o->numbers, o->number_count)) &&
        brn__json_put(object, "ignored", brn__json_words(o->ignored, o->ignored_count)) &&
        brn__json_put(object, "more_targets", brn__json_words(o->more_targets, o->more_target_count)) &&
        brn__json_put(object, "events", brn__json_words(o->events, o->event_count)))
        return object;
    json_decref(object);
    return NULL;
}

/* ------------------------------------------------------------------ reading */

static brn_status wrong(const char *where, const char *expected)
{
    return brn__fail(BRN_ERROR_INPUT, "table options: \"%s\": expected %s", where, expected);
}

static brn_status read_words(const json_t *list, const char *where, brn__arena *arena,
                             const char *const **out, int64_t *count)
{
    if (!json_is_array(list) || json_array_size(list) > BRN__TABLE_WORDS_MAX)
        return wrong(where, "a list of texts");
    *count = (int64_t)json_array_size(list);
    const char **words = brn__arena_alloc(arena, (size_t)(*count + 1) * sizeof *words);
    if (!words) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < *count; i++) {
        words[i] = json_string_value(json_array_get(list, (size_t)i));
        if (!words[i]) return wrong(where, "a list of texts");
    }
    *out = words;
    return BRN_OK;
}

static brn_status read_types(json_t *object, brn__arena *arena, brn_table_options *out)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object) || json_object_size(object) > BRN__TABLE_WORDS_MAX)
        return wrong("types", "an object");
    brn_column_choice *types =
        brn__arena_alloc(arena, (json_object_size(object) + 1) * sizeof *types);
    if (!types) return BRN_ERROR_NO_MEMORY;
    json_object_foreach(object, name, value)
    {
        int type = 0;
        const char *word = json_string_value(value) ? json_string_value(value) : "";
        while (type < BRN_COLUMN_TYPE_COUNT &&
               strcmp(word, brn_column_type_name((brn_column_type)type)) != 0)
            type++;
        if (type == BRN_COLUMN_TYPE_COUNT) return wrong("types", "names of types");
        types[out->type_count++] = (brn_column_choice){name, (brn_column_type)type};
    }
    out->types = types;
    return BRN_OK;
}

/* Not by json_unpack, which fails alike for want of memory. */
brn_status brn__table_source_read(json_t *object, brn__arena *arena, brn_table_options *out)
{
    const json_t *separator = json_object_get(object, "separator"), *order = json_object_get(object, "date_order"),
                 *no_header = json_object_get(object, "no_header"), *latin1 = json_object_get(object, "latin1"),
                 *comma = json_object_get(object, "decimal_comma");
    const json_int_t mark = json_integer_value(separator), dates = json_integer_value(order);
    if (!json_is_integer(separator) || !json_is_integer(order) || !json_is_boolean(no_header) ||
        !json_is_boolean(latin1) || !json_is_boolean(comma))
        return wrong("source", "how the table is read");
    if (mark < 0 || mark > 127 || dates < BRN_DATE_YMD || dates > BRN_DATE_MDY)
        return wrong("source", "an ASCII separator and an order of dates");
    *out = (brn_table_options){.separator = (char)mark,
                               .no_header = json_is_true(no_header),
                               .latin1 = json_is_true(latin1),
                               .decimal_comma = json_is_true(comma),
                               .date_order = (brn_date_order)dates};
    BRN__TRY(read_types(json_object_get(object, "types"), arena, out));
    return read_words(json_object_get(object, "missing"), "missing", arena, &out->missing, &out->missing_count);
}

static brn_status read_joins(const json_t *list, brn__arena *arena, brn_table_train_options *o)
{
    if (!json_is_array(list) || json_array_size(list) > BRN__TABLE_WORDS_MAX)
        return wrong("joins", "a list");
    o->join_count = (int64_t)json_array_size(list);
    brn_table_join *joins = brn__arena_alloc(arena, (size_t)(o->join_count + 1) * sizeof *joins);
    if (!joins) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < o->join_count; i++) {
        const json_t *join = json_array_get(list, (size_t)i);
        joins[i].data = json_string_value(json_object_get(join, "data"));
        if (!joins[i].data) return wrong("joins", "files with keys");
        BRN__TRY(read_words(json_object_get(join, "keys"), "keys", arena, &joins[i].keys,
                            &joins[i].key_count));
    }
    o->joins = joins;
    return BRN_OK;
}

static brn_status read_network(const json_t *object, brn__arena *arena, brn_table_train_options *o)
{
    const json_t *list = json_object_get(object, "embedding_widths");
    if (!brn__json_layers_read(object, BRN_TABLE_HIDDEN_MAX, &o->hidden_count, o->hidden, o->dropout))
        return wrong("hidden", "up to 8 widths with as many probabilities");
    o->hidden_norms = json_is_true(json_object_get(object, "hidden_norms"));
    if (!list) return BRN_OK;
    if (!json_is_array(list) || json_array_size(list) > BRN__TABLE_WORDS_MAX)
        return wrong("embedding_widths", "a list of numbers");
    o->embedding_width_count = (int64_t)json_array_size(list);
    int64_t *widths = brn__arena_alloc(arena, (size_t)(o->embedding_width_count + 1) * sizeof *widths);
    if (!widths) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < o->embedding_width_count; i++) {
        const json_t *width = json_array_get(list, (size_t)i);
        if (!json_is_integer(width)) return wrong("embedding_widths", "a list of numbers");
        widths[i] = json_integer_value(width);
    }
    o->embedding_widths = widths;
    return BRN_OK;
}

brn_status brn__table_options_read(const json_t *object, brn__arena *arena, brn_table_train_options *o)
{
    struct {
        const char *name, *const **words;
        int64_t *count;
    } lists[] = {{"categories", &o->categories, &o->category_count},
                 {"numbers", &o->numbers, &o->number_count},
                 {"ignored", &o->ignored, &o->ignored_count},
                 {"more_targets", &o->more_targets, &o->more_target_count},
                 {"events", &o->events, &o->event_count}};
    *o = brn_table_train_defaults();
    BRN__TRY(brn__option_fields_read(fields, FIELDS, object, "table options", o));
    BRN__TRY(brn__table_source_read(json_object_get(object, "source"), arena, &o->source));
    BRN__TRY(read_joins(json_object_get(object, "joins"), arena, o));
    BRN__TRY(read_network(object, arena, o));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        BRN__TRY(read_words(json_object_get(object, lists[i].name), lists[i].name, arena, lists[i].words, lists[i].count));
    return brn__table_options_settle(o);
}
