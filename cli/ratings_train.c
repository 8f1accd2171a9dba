/* SPDX-License-Identifier: Apache-2.0
 * burnish ratings train TABLE */
#include "output.h"
#include "progress.h"
#include "ratings_score.h"
#include "ratings_source.h"
#include "signals.h"

#include <stdlib.h>
#include <string.h>

typedef struct request {
    cli_table_source source;
    brn_ratings_options options;
    char *titles; /* a copy of --titles */
} request;

static void defaults(cli_value *values)
{
    const brn_ratings_options o = brn_ratings_defaults();
    cli_ratings_defaults(values);
    values[CLI_EPOCHS] = (cli_value){.set = true, .whole = o.epochs};
    values[CLI_LEARNING_RATE] = (cli_value){.set = true, .real = o.learning_rate};
    values[CLI_RANK_AT] = (cli_value){.set = true, .whole = o.rank_at};
}

/* "FILE:ID:TITLE", or FILE alone: the last two colons count. */
static int take_titles(const cli_call *call, request *r)
{
    const cli_value *v = call->values;
    brn_ratings_options *o = &r->options;
    if (!v[CLI_TITLES].set) {
        bool spare = v[CLI_TITLES_SEPARATOR].set || v[CLI_TITLES_ENCODING].set ||
                     v[CLI_TITLES_NO_HEADER].set;
        return spare ? cli_fail(CLI_WRONG_USE, "expected --titles beside options of its table")
                     : CLI_DONE;
    }
    r->titles = strdup(v[CLI_TITLES].text);
    if (!r->titles) return cli_fail(CLI_NO_ROOM, "no memory");
    char *name = strrchr(r->titles, ':'), *id = NULL;
    if (name) {
        *name = '\0';
        id = strrchr(r->titles, ':');
        if (!id || id == r->titles || !id[1] || !name[1])
            return cli_fail(CLI_WRONG_USE, "--titles %s: expected FILE:ID_COLUMN:TITLE_COLUMN",
                            v[CLI_TITLES].text);
        *id = '\0';
        o->title_id = id + 1;
        o->title_name = name + 1;
    }
    o->titles = r->titles;
    o->titles_source.no_header = v[CLI_TITLES_NO_HEADER].flag;
    const char *encoding = v[CLI_TITLES_ENCODING].text;
    o->titles_source.latin1 = encoding && !strcmp(encoding, "latin-1");
    return cli_take_separator("titles-sep", v[CLI_TITLES_SEPARATOR].text,
                              &o->titles_source.separator);
}

static int take(const cli_call *call, request *r)
{
    const cli_value *v = call->values;
    brn_ratings_options *o = &r->options;
    int code = cli_ratings_take(call, &r->source, o);
    if (code == CLI_DONE) code = take_titles(call, r);
    o->epochs = (int)v[CLI_EPOCHS].whole;
    o->learning_rate = v[CLI_LEARNING_RATE].real;
    o->rank_at = (int)v[CLI_RANK_AT].whole;
    o->has_relevant = v[CLI_RELEVANT].set;
    o->relevant = v[CLI_RELEVANT].real;
    if (v[CLI_CHECKPOINT_SECONDS].set) o->checkpoint_seconds = v[CLI_CHECKPOINT_SECONDS].real;
    if (v[CLI_OUT].set) o->out = v[CLI_OUT].text;
    return code;
}

static int finish(cli_progress *progress, brn_status status, const brn_ratings_result *result)
{
    cli_progress_clear(progress);
    int code = cli_fail_status(status);
    if (status == BRN_ERROR_INTERRUPTED && *result->run)
        cli_say("to go on: burnish ratings train --resume %s\n", result->run);
    if (status != BRN_OK) return code;
    if (!cli_is_quiet()) cli_ratings_score_print(&result->score);
    cli_say("%.0f ratings a second\n", result->ratings_per_second);
    return code;
}

static int resume(const cli_call *call)
{
    const int code = cli_resume_alone(call, "ratings");
    if (code != CLI_DONE) return code;
    cli_progress progress = cli_progress_of("ratings train");
    brn_ratings_result result = {0};
    cli_signals_watch();
    brn_status status =
        brn_ratings_resume(call->values[CLI_RESUME].text, cli_progress_event, &progress, &result);
    return finish(&progress, status, &result);
}

static int train(request *r)
{
    cli_progress progress = cli_progress_of("ratings train");
    brn_ratings_result result = {0};
    r->options.on_event = cli_progress_event;
    r->options.context = &progress;
    cli_signals_watch();
    return finish(&progress, brn_ratings_train(&r->options, &result), &result);
}

static int run(const cli_call *call)
{
    static request r;
    if (call->values[CLI_RESUME].set) return resume(call);
    if (call->input_count == 0)
        return cli_fail(CLI_WRONG_USE, "expected burnish ratings train TABLE, or --resume RUN");
    int code = cli_check_table(call->inputs[0]);
    if (code != CLI_DONE) return code;
    code = take(call, &r);
    if (code == CLI_DONE) code = train(&r);
    cli_table_source_free(&r.source);
    free(r.titles);
    return code;
}

const cli_command cli_command_ratings_train = {
    .noun = "ratings",
    .verb = "train",
    .arguments = "TABLE | --resume RUN",
    .summary = "Learns what users would like from what they have rated",
    .details =
        "TABLE is a file of separated values, sqlite:FILE?TABLE or postgresql://...?TABLE with a row a\n"
        "rating. Clicks without ratings: --loss bpr or weighted. An is_valid column is always the\n"
        "split. How good the model is stands beside the mean of each item and the most rated items.",
    .inputs_min = 0,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_RATINGS_OPTIONS, CLI_TITLES, CLI_TITLES_SEPARATOR, CLI_TITLES_ENCODING,
                CLI_TITLES_NO_HEADER, CLI_EPOCHS, CLI_LEARNING_RATE, CLI_RANK_AT, CLI_RELEVANT,
                CLI_OUT, CLI_RESUME, CLI_CHECKPOINT_SECONDS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
