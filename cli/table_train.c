/* SPDX-License-Identifier: Apache-2.0
 * burnish table train FILE */
#include "layers.h"
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "table_source.h"

#include "burnish/table.h"

#include <stdlib.h>
#include <string.h>

enum { LISTS = 4 /* --cat, --cont, --ignore, --events */, JOINS_MAX = 16, KEYS_MAX = 16 };

/* The options, and what they point to. */
typedef struct request {
    cli_table_source source;
    brn_table_train_options options;
    brn_table_join joins[JOINS_MAX];
    const char *keys[JOINS_MAX][KEYS_MAX];
    char *joined; /* a copy of --join */
    char *lists[LISTS];
    const char *words[LISTS][CLI_TABLE_WORDS_MAX];
} request;

static void defaults(cli_value *values)
{
    brn_table_train_options o = brn_table_train_defaults();
    values[CLI_VALID] = (cli_value){.set = true, .real = o.valid};
    values[CLI_EPOCHS] = (cli_value){.set = true, .whole = o.epochs};
    values[CLI_LEARNING_RATE] = (cli_value){.set = true, .real = o.learning_rate};
    values[CLI_WEIGHT_DECAY] = (cli_value){.set = true, .real = o.weight_decay};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
}

static int take_list(const cli_call *call, cli_option_id id, request *r, int list, int64_t *count)
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
static int take_joins(const cli_call *call, request *r)
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
        if (!colon || colon == part || !colon[1] || count == JOINS_MAX)
            return cli_fail(CLI_WRONG_USE,
                            "--join %s: expected up to %d of FILE:KEY,KEY, with ; between", text,
                            JOINS_MAX);
        *colon = '\0';
        int keys = cli_split_words(colon + 1, r->keys[count], KEYS_MAX);
        if (keys < 0)
            return cli_fail(CLI_WRONG_USE, "--join %s: more than %d keys", text, KEYS_MAX);
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
    if (v[CLI_EMBEDDING_DROPOUT].set) o->embedding_dropout = v[CLI_EMBEDDING_DROPOUT].real;
    o->epochs = (int)v[CLI_EPOCHS].whole;
    if (v[CLI_BATCH_SIZE].set) o->batch_size = (int)v[CLI_BATCH_SIZE].whole;
    o->learning_rate = v[CLI_LEARNING_RATE].real;
    o->weight_decay = v[CLI_WEIGHT_DECAY].real;
    o->seed = (uint64_t)v[CLI_SEED].whole;
    o->threads = (int)v[CLI_THREADS].whole;
    if (v[CLI_CHECKPOINT_SECONDS].set) o->checkpoint_seconds = v[CLI_CHECKPOINT_SECONDS].real;
    if (v[CLI_OUT].set) o->out = v[CLI_OUT].text;
}

static int take(const cli_call *call, request *r)
{
    brn_table_train_options *o = &r->options;
    *o = brn_table_train_defaults();
    take_plain(call, o);
    int code = cli_table_source_take(call, &r->source);
    if (code == CLI_DONE) code = take_list(call, CLI_CAT, r, 0, &o->category_count);
    if (code == CLI_DONE) code = take_list(call, CLI_CONT, r, 1, &o->number_count);
    if (code == CLI_DONE) code = take_list(call, CLI_IGNORE, r, 2, &o->ignored_count);
    if (code == CLI_DONE) code = take_list(call, CLI_EVENTS, r, 3, &o->event_count);
    if (code == CLI_DONE) code = take_joins(call, r);
    if (code == CLI_DONE)
        code = cli_take_layers(call, &o->hidden_count, o->hidden, o->dropout, BRN_TABLE_HIDDEN_MAX);
    if (code == CLI_DONE) code = cli_take_range(call, &o->has_range, &o->low, &o->high);
    o->categories = r->words[0];
    o->numbers = r->words[1];
    o->ignored = r->words[2];
    o->events = r->words[3];
    o->source = r->source.options;
    return code;
}

static int finish(cli_progress *progress, brn_status status, const brn_table_result *result)
{
    cli_progress_clear(progress);
    int code = cli_fail_status(status);
    if (status == BRN_ERROR_INTERRUPTED && *result->run)
        cli_say("to go on: burnish table train --resume %s\n", result->run);
    if (status == BRN_OK && result->rows_per_second > 0)
        cli_say("%.0f rows a second\n", result->rows_per_second);
    return code;
}

static int resume(const cli_call *call)
{
    if (call->input_count > 0)
        return cli_fail(CLI_WRONG_USE, "%s: --resume takes the table from the run",
                        call->inputs[0]);
    const char *other = cli_options_beside(call, CLI_RESUME);
    if (other)
        return cli_fail(CLI_WRONG_USE, "--%s: --resume takes all options from the run", other);
    cli_progress progress = cli_progress_of("table train");
    brn_table_result result = {0};
    cli_signals_watch();
    brn_status status =
        brn_table_resume(call->values[CLI_RESUME].text, cli_progress_event, &progress, &result);
    return finish(&progress, status, &result);
}

static int train(request *r)
{
    cli_progress progress = cli_progress_of("table train");
    brn_table_result result = {0};
    r->options.on_event = cli_progress_event;
    r->options.context = &progress;
    cli_signals_watch();
    return finish(&progress, brn_table_train(&r->options, &result), &result);
}

static int run(const cli_call *call)
{
    static request r;
    if (call->values[CLI_RESUME].set) return resume(call);
    if (call->input_count == 0)
        return cli_fail(CLI_WRONG_USE, "expected burnish table train FILE, or --resume RUN");
    if (!call->values[CLI_TARGET].set)
        return cli_fail(CLI_WRONG_USE, "expected --target COLUMN: what is to be predicted");
    int code = cli_check_table(call->inputs[0]);
    if (code != CLI_DONE) return code;
    code = take(call, &r);
    if (code == CLI_DONE) code = train(&r);
    cli_table_source_free(&r.source);
    for (int i = 0; i < LISTS; i++) free(r.lists[i]);
    free(r.joined);
    return code;
}

const cli_command cli_command_table_train = {
    .noun = "table",
    .verb = "train",
    .arguments = "FILE",
    .summary = "Trains a network with entity embeddings on a table",
    .details =
        "Columns are used by their type (burnish table describe FILE) or as --cat and --cont say.\n"
        "A target of words, true/false or two whole numbers is a class, others are numbers. An\n"
        "is_valid column is always the split.",
    .inputs_min = 0,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_JOIN,
                CLI_EVENTS,
                CLI_EVENTS_PER,
                CLI_EVENTS_BY,
                CLI_EVENTS_WINDOW,
                CLI_WHERE,
                CLI_TARGET,
                CLI_CLASS,
                CLI_LOG,
                CLI_LOSS,
                CLI_QUANTILE,
                CLI_GAMMA,
                CLI_CAT,
                CLI_CONT,
                CLI_IGNORE,
                CLI_ONLY_NAMED,
                CLI_ROW_SPLIT,
                CLI_SPLIT_BY,
                CLI_SPLIT_FROM,
                CLI_VALID,
                CLI_FOLDS,
                CLI_FORM,
                CLI_HIDDEN,
                CLI_DROPOUT,
                CLI_EMBEDDING_DROPOUT,
                CLI_RANGE,
                CLI_EPOCHS,
                CLI_BATCH_SIZE,
                CLI_LEARNING_RATE,
                CLI_WEIGHT_DECAY,
                CLI_TABLE_SOURCE_OPTIONS,
                CLI_OUT,
                CLI_RESUME,
                CLI_CHECKPOINT_SECONDS,
                CLI_SEED,
                CLI_THREADS,
                CLI_QUIET,
                CLI_JSON,
                CLI_HELP},
    .defaults = defaults,
    .run = run,
};
