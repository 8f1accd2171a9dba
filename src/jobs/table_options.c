/* SPDX-License-Identifier: Apache-2.0
 * Options of the table job: defaults, checks, and JSON both ways. */
#include "base/alloc.h"
#include "jobs/option_fields.h"
#include "jobs/table_folds.h"

#include <math.h>
#include <string.h>

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

static brn_status check_real(const char *name, double value, double low, double high)
{
    if (value >= low && value <= high) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s %g; expected %g to %g", name, value, low, high);
}

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
    BRN__TRY(check_real("hidden layers", o->hidden_count, 0, BRN_TABLE_HIDDEN_MAX));
    for (int i = 0; i < o->hidden_count; i++) {
        BRN__TRY(check_real("hidden width", (double)o->hidden[i], 1, 65536));
        BRN__TRY(check_real("dropout", o->dropout[i], 0, .999));
    }
    BRN__TRY(check_real("embedding dropout", o->embedding_dropout, 0, .999));
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
    return check_real("valid", o->valid, .001, .999);
}

brn_status brn__table_options_settle(brn_table_train_options *o)
{
    if (!o->data || !*o->data) return brn__fail(BRN_ERROR_USAGE, "data: expected a file");
    if (!o->target || !*o->target)
        return brn__fail(BRN_ERROR_USAGE, "target: expected the name of a column");
    take_form(o);
    BRN__TRY(check_network(o));
    BRN__TRY(check_split(o));
    if (o->event_count && (!o->event_order || !*o->event_order))
        return brn__fail(BRN_ERROR_USAGE, "events: expected the column that orders rows (a date)");
    BRN__TRY(check_real("events", (double)o->event_count, 0, BRN__EVENTS_MAX));
    BRN__TRY(check_real("event window", o->event_window, 2, BRN__EVENT_WINDOW_MAX));
    BRN__TRY(check_real("quantile", o->quantile, .001, .999));
    BRN__TRY(check_real("gamma", o->gamma, 0, 10));
    BRN__TRY(check_real("epochs", o->epochs, 0, 100000));
    if (o->batch_size) BRN__TRY(check_real("batch size", o->batch_size, 2, BRN__TABLE_BATCH_MAX));
    BRN__TRY(check_real("learning rate", o->learning_rate, 1e-12, 1000));
    BRN__TRY(check_real("weight decay", o->weight_decay, 0, 100));
    BRN__TRY(check_real("threads", o->threads, 0, 1024));
    return check_real("checkpoint seconds", o->checkpoint_seconds, 0, 1e9);
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

static json_t *network_object(const brn_table_train_options *o)
{
    json_t *hidden = json_array(), *dropout = json_array();
    for (int i = 0; i < o->hidden_count; i++) {
        json_array_append_new(hidden, json_integer(o->hidden[i]));
        json_array_append_new(dropout, json_real(o->dropout[i]));
    }
    return json_pack("{s:s, s:o, s:o, s:f, s:b, s:f, s:f, s:b}", "form",
                     o->form == BRN_TABLE_FORM_COURSE ? "course" : "fastai2", "hidden", hidden,
                     "dropout", dropout, "embedding_dropout", o->embedding_dropout, "has_range",
                     o->has_range, "low", o->low, "high", o->high, "one_hot", o->one_hot);
}

static json_t *join_list(const brn_table_train_options *o)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < o->join_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "data", o->joins[i].data, "keys",
                                              brn__json_words(o->joins[i].keys, o->joins[i].key_count)));
    return list;
}

static const char *const losses[] = {[BRN_TABLE_LOSS_DEFAULT] = "default",
                                     [BRN_TABLE_LOSS_MSE] = "mse",
                                     [BRN_TABLE_LOSS_MAE] = "mae",
                                     [BRN_TABLE_LOSS_QUANTILE] = "quantile",
                                     [BRN_TABLE_LOSS_CROSS_ENTROPY] = "cross-entropy",
                                     [BRN_TABLE_LOSS_FOCAL] = "focal"};
enum { LOSSES = sizeof losses / sizeof *losses };

const char *brn__table_loss_name(brn_table_loss loss)
{
    return losses[loss];
}

static const char *const splits[] = {[BRN_TABLE_SPLIT_RANDOM] = "random",
                                     [BRN_TABLE_SPLIT_TIME] = "time",
                                     [BRN_TABLE_SPLIT_COLUMN] = "column",
                                     [BRN_TABLE_SPLIT_GROUP] = "group"};
enum { SPLITS = sizeof splits / sizeof *splits };

json_t *brn__table_options_write(const brn_table_train_options *o)
{
    return json_pack(
        "{s:s, s:o, s:o, s:s*, s:s, s:b, s:b, s:o, s:o, s:o, s:b, s:s, s:f, s:s*, s:s*, s:i, s:i, "
        "s:o, "
        "s:i, "
        "s:i, s:f, "
        "s:f, s:I, s:i, s:f, s:o, s:o, s:o, s:b}",
        "data", o->data, "source", brn__table_source_write(&o->source), "joins", join_list(o),
        "where", o->where, "target", o->target, "target_class", o->target_class, "target_log",
        o->target_log, "categories", brn__json_words(o->categories, o->category_count), "numbers",
        brn__json_words(o->numbers, o->number_count), "ignored", brn__json_words(o->ignored, o->ignored_count),
        "only_named", o->only_named, "split", splits[o->split], "valid", o->valid, "split_column",
        o->split_column, "split_from", o->split_from, "fold", o->fold, "folds", o->folds, "network",
        network_object(o), "epochs", o->epochs, "batch_size", o->batch_size, "learning_rate",
        o->learning_rate, "weight_decay", o->weight_decay, "seed", (json_int_t)o->seed, "threads",
        o->threads, "checkpoint_seconds", o->checkpoint_seconds, "loss",
        json_pack("{s:s, s:f, s:f}", "kind", losses[o->loss], "quantile", o->quantile, "gamma",
                  o->gamma),
        "more_targets", brn__json_words(o->more_targets, o->more_target_count), "events",
        json_pack("{s:o, s:s*, s:s*, s:i}", "conditions", brn__json_words(o->events, o->event_count),
                  "entity", o->event_entity, "order", o->event_order, "window", o->event_window),
        "lazy", o->lazy);
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

brn_status brn__table_source_read(json_t *object, brn__arena *arena, brn_table_options *out)
{
    int separator, no_header, latin1, comma, order;
    json_t *types, *missing;
    if (json_unpack(object, "{s:i, s:b, s:b, s:b, s:i, s:o, s:o}", "separator", &separator,
                    "no_header", &no_header, "latin1", &latin1, "decimal_comma", &comma,
                    "date_order", &order, "types", &types, "missing", &missing))
        return wrong("source", "how the table is read");
    if (separator < 0 || separator > 127 || order < BRN_DATE_YMD || order > BRN_DATE_MDY)
        return wrong("source", "an ASCII separator and an order of dates");
    *out = (brn_table_options){.separator = (char)separator,
                               .no_header = no_header,
                               .latin1 = latin1,
                               .decimal_comma = comma,
                               .date_order = (brn_date_order)order};
    BRN__TRY(read_types(types, arena, out));
    return read_words(missing, "missing", arena, &out->missing, &out->missing_count);
}

static brn_status read_network(json_t *object, brn_table_train_options *o)
{
    const char *form;
    json_t *hidden, *dropout;
    int has_range, one_hot = 0;
    if (json_unpack(object, "{s:s, s:o, s:o, s:F, s:b, s:F, s:F, s?:b}", "form", &form, "hidden", &hidden,
                    "dropout", &dropout, "embedding_dropout", &o->embedding_dropout, "has_range",
                    &has_range, "low", &o->low, "high", &o->high, "one_hot", &one_hot))
        return wrong("network", "the network's options");
    size_t count = json_array_size(hidden);
    if (count > BRN_TABLE_HIDDEN_MAX || json_array_size(dropout) != count)
        return wrong("network", "up to 8 hidden widths with as many probabilities");
    o->form = strcmp(form, "course") == 0 ? BRN_TABLE_FORM_COURSE : BRN_TABLE_FORM_FASTAI2;
    o->has_range = has_range;
    o->one_hot = one_hot;
    o->hidden_count = (int)count;
    for (size_t i = 0; i < count; i++) {
        o->hidden[i] = json_integer_value(json_array_get(hidden, i));
        o->dropout[i] = json_number_value(json_array_get(dropout, i));
    }
    return BRN_OK;
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

static brn_status read_split(const char *word, brn_table_train_options *o)
{
    for (int i = 0; i < SPLITS; i++) {
        o->split = (brn_table_split)i;
        if (strcmp(word, splits[i]) == 0) return BRN_OK;
    }
    return wrong("split", "a kind of split");
}

static brn_status read_loss(json_t *object, brn_table_train_options *o)
{
    const char *kind;
    if (json_unpack(object, "{s:s, s:F, s:F}", "kind", &kind, "quantile", &o->quantile, "gamma",
                    &o->gamma))
        return wrong("loss", "a loss");
    for (int i = 0; i < LOSSES; i++) {
        o->loss = (brn_table_loss)i;
        if (strcmp(kind, losses[i]) == 0) return BRN_OK;
    }
    return wrong("loss", "a kind of loss");
}

static brn_status read_events(json_t *object, brn__arena *arena, brn_table_train_options *o)
{
    json_t *conditions;
    if (json_unpack(object, "{s:o, s?:s, s?:s, s:i}", "conditions", &conditions, "entity",
                    &o->event_entity, "order", &o->event_order, "window", &o->event_window))
        return wrong("events", "events");
    return read_words(conditions, "events", arena, &o->events, &o->event_count);
}

brn_status brn__table_options_read(const json_t *given, brn__arena *arena,
                                   brn_table_train_options *o)
{
    json_t *object = (json_t *)(uintptr_t)given, *source, *joins, *categories, *numbers, *ignored,
           *network, *loss = NULL, *events = NULL, *more = NULL;
    int target_class, target_log, only_named, lazy = 0;
    const char *split;
    json_int_t seed;
    json_error_t error;
    *o = brn_table_train_defaults();
    if (json_unpack_ex(
            object, &error, 0,
            "{s:s, s:o, s:o, s?:s, s:s, s:b, s:b, s:o, s:o, s:o, s:b, s:s, s:F, s?:s, s?:s, s:i, "
            "s:i, s:o, s:i, "
            "s:i, s:F, s:F, s:I, s:i, s:F, s?:o, s?:o, s?:o, s?:b}",
            "data", &o->data, "source", &source, "joins", &joins, "where", &o->where, "target",
            &o->target, "target_class", &target_class, "target_log", &target_log, "categories",
            &categories, "numbers", &numbers, "ignored", &ignored, "only_named", &only_named,
            "split", &split, "valid", &o->valid, "split_column", &o->split_column, "split_from",
            &o->split_from, "fold", &o->fold, "folds", &o->folds, "network", &network, "epochs",
            &o->epochs, "batch_size", &o->batch_size, "learning_rate", &o->learning_rate,
            "weight_decay", &o->weight_decay, "seed", &seed, "threads", &o->threads,
            "checkpoint_seconds", &o->checkpoint_seconds, "loss", &loss, "events", &events,
            "more_targets", &more, "lazy", &lazy))
        return brn__fail(BRN_ERROR_INPUT, "table options: %s", error.text);
    o->lazy = lazy;
    o->target_class = target_class, o->target_log = target_log, o->only_named = only_named;
    o->seed = (uint64_t)seed;
    BRN__TRY(read_split(split, o));
    BRN__TRY(brn__table_source_read(source, arena, &o->source));
    BRN__TRY(read_joins(joins, arena, o));
    BRN__TRY(read_network(network, o));
    if (loss) BRN__TRY(read_loss(loss, o));
    if (events) BRN__TRY(read_events(events, arena, o));
    if (more)
        BRN__TRY(read_words(more, "more_targets", arena, &o->more_targets, &o->more_target_count));
    BRN__TRY(read_words(categories, "categories", arena, &o->categories, &o->category_count));
    BRN__TRY(read_words(numbers, "numbers", arena, &o->numbers, &o->number_count));
    BRN__TRY(read_words(ignored, "ignored", arena, &o->ignored, &o->ignored_count));
    return brn__table_options_settle(o);
}
