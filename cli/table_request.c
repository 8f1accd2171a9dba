/* SPDX-License-Identifier: Apache-2.0 */
#include "table_request.h"
#include "layers.h"
#include "output.h"
#include "precision.h"

#include <stdlib.h>
#include <string.h>

void cli_table_request_defaults(cli_value *values)
{
    brn_table_train_options o = brn_table_train_defaults();
    values[CLI_VALID] = (cli_value){.set = true, .real = o.valid};
    values[CLI_WEIGHT_DECAY] = (cli_value){.set = true, .real = o.weight_decay};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
}

static int take_list(const cli_call *call, cli_option_id id, cli_table_request *r, int list, int64_t *count)
{
    const char *text = call->values[id].text;
    if (!text) return CLI_DONE;
    r->lists[list] = strdup(text);
    if (!r->lists[list]) return cli_fail(CLI_NO_ROOM, "no memory");
    *count = cli_split_words(r->lists[list], r->words[list], CLI_TABLE_WORDS_MAX);
    if (*count >= 0) return CLI_DONE;
    return cli_fail(CLI_WRONG_USE, "more than %d columns in one list", CLI_TABLE_WORDS_MAX);
}

/* "FILE:KEY,KEY;FILE:KEY": the last colon of each part ends the file's name. */
static int take_joins(const cli_call *call, cli_table_request *r)
{
    const char *text = call->values[CLI_JOIN].text;
    if (!text) return CLI_DONE;
    r->joined = strdup(text);
    if (!r->joined) return cli_fail(CLI_NO_ROOM, "no memory");
    int64_t count = 0;
    for (char *part = r->joined, *next; part; part = next, count++) {
        next = strchr(part, ';');
        if (next) *next++ = '\0';
        char *colon = strrchr(part, ':');
        if (!colon || colon == part || !colon[1] || count == CLI_TABLE_JOINS_MAX)
            return cli_fail(CLI_WRONG_USE,
                            "--join %s: expected up to %d of FILE:KEY,KEY, with ; between", text,
                            CLI_TABLE_JOINS_MAX);
        *colon = '\0';
        int keys = cli_split_words(colon + 1, r->keys[count], CLI_TABLE_KEYS_MAX);
        if (keys < 0)
            return cli_fail(CLI_WRONG_USE, "--join %s: more than %d keys", text, CLI_TABLE_KEYS_MAX);
        r->joins[count] = (brn_table_join){part, r->keys[count], keys};
    }
    r->options.joins = r->joins;
    r->options.join_count = count;
    return CLI_DONE;
}

static brn_table_split split_of(const char *word)
{
    static const char *const words[] = {"random", "time", "column", "group"};
    int split = 0;
    for (int i = 0; word && i < 4; i++)
        if (!strcmp(word, words[i])) split = i;
    return (brn_table_split)split;
}

static brn_table_loss loss_of(const char *word)
{
    static const char *const words[] = {NULL, "mse", "mae", "quantile", "cross-entropy", "focal"};
    int loss = BRN_TABLE_LOSS_DEFAULT;
    for (int i = 1; word && i < 6; i++)
        if (!strcmp(word, words[i])) loss = i;
    return (brn_table_loss)loss;
}

static void take_plain(const cli_call *call, brn_table_train_options *o)
{
    const cli_value *v = call->values;
    o->data = call->inputs[0];
    o->where = v[CLI_WHERE].text;
    o->target = v[CLI_TARGET].text;
    o->event_entity = v[CLI_EVENTS_PER].text;
    o->event_order = v[CLI_EVENTS_BY].text;
    if (v[CLI_EVENTS_WINDOW].set) o->event_window = (int)v[CLI_EVENTS_WINDOW].whole;
    o->target_class = v[CLI_CLASS].flag;
    o->target_log = v[CLI_LOG].flag;
    o->loss = loss_of(v[CLI_LOSS].text);
    if (v[CLI_QUANTILE].set) o->quantile = v[CLI_QUANTILE].real;
    if (v[CLI_GAMMA].set) o->gamma = v[CLI_GAMMA].real;
    o->only_named = v[CLI_ONLY_NAMED].flag;
    o->split = split_of(v[CLI_ROW_SPLIT].text);
    o->split_column = v[CLI_SPLIT_BY].text;
    o->split_from = v[CLI_SPLIT_FROM].text;
    if (o->split_column && !v[CLI_ROW_SPLIT].text) o->split = BRN_TABLE_SPLIT_COLUMN;
    o->valid = v[CLI_VALID].real;
    if (v[CLI_FOLDS].set) o->folds = (int)v[CLI_FOLDS].whole;
    if (v[CLI_FORM].text && !strcmp(v[CLI_FORM].text, "course")) o->form = BRN_TABLE_FORM_COURSE;
    o->one_hot = v[CLI_ONE_HOT].flag;
    if (v[CLI_EMBEDDING_DROPOUT].set) o->embedding_dropout = v[CLI_EMBEDDING_DROPOUT].real;
    if (v[CLI_EPOCHS].set) o->epochs = (int)v[CLI_EPOCHS].whole;
    if (v[CLI_BATCH_SIZE].set) o->batch_size = (int)v[CLI_BATCH_SIZE].whole;
    if (v[CLI_LEARNING_RATE].set) o->learning_rate = v[CLI_LEARNING_RATE].real;
    o->weight_decay = v[CLI_WEIGHT_DECAY].real;
    o->lazy = v[CLI_LAZY].flag;
    o->seed = (uint64_t)v[CLI_SEED].whole;
    o->threads = (int)v[CLI_THREADS].whole;
    o->precision = cli_precision(v);
    if (v[CLI_CHECKPOINT_SECONDS].set) o->checkpoint_seconds = v[CLI_CHECKPOINT_SECONDS].real;
    if (v[CLI_OUT].set) o->out = v[CLI_OUT].text;
}

static int take(const cli_call *call, cli_table_request *r)
{
    brn_table_train_options *o = &r->options;
    *o = brn_table_train_defaults();
    take_plain(call, o);
    int code = cli_table_source_take(call, &r->source);
    if (code == CLI_DONE) code = take_list(call, CLI_CAT, r, 0, &o->category_count);
    if (code == CLI_DONE) code = take_list(call, CLI_CONT, r, 1, &o->number_count);
    if (code == CLI_DONE) code = take_list(call, CLI_IGNORE, r, 2, &o->ignored_count);
    if (code == CLI_DONE) code = take_list(call, CLI_EVENTS, r, 3, &o->event_count);
    if (code == CLI_DONE) code = take_list(call, CLI_TARGET, r, 4, &o->more_target_count);
    if (code == CLI_DONE) code = take_joins(call, r);
    if (code == CLI_DONE)
        code = cli_take_layers(call, &o->hidden_count, o->hidden, o->dropout, BRN_TABLE_HIDDEN_MAX);
    if (code == CLI_DONE) code = cli_take_range(call, &o->has_range, &o->low, &o->high);
    o->categories = r->words[0];
    o->numbers = r->words[1];
    o->ignored = r->words[2];
    o->events = r->words[3];
    if (o->more_target_count) {
        o->target = r->words[4][0];
        o->more_targets = r->words[4] + 1;
        o->more_target_count--;
    }
    o->source = r->source.options;
    return code;
}

int cli_table_request_take(const cli_call *call, cli_table_request *r)
{
    if (!call->values[CLI_TARGET].set)
        return cli_fail(CLI_WRONG_USE, "expected --target COLUMN: what is to be predicted");
    const int code = cli_check_table(call->inputs[0]);
    return code == CLI_DONE ? take(call, r) : code;
}

void cli_table_request_free(cli_table_request *r)
{
    cli_table_source_free(&r->source);
    for (int i = 0; i < CLI_TABLE_LISTS; i++) free(r->lists[i]);
    free(r->joined);
}
