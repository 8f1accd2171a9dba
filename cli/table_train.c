/* SPDX-License-Identifier: Apache-2.0
 * burnish table train FILE */
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "table_request.h"

static void defaults(cli_value *values)
{
    brn_table_train_options o = brn_table_train_defaults();
    cli_table_request_defaults(values);
    values[CLI_EPOCHS] = (cli_value){.set = true, .whole = o.epochs};
    values[CLI_LEARNING_RATE] = (cli_value){.set = true, .real = o.learning_rate};
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
    const int code = cli_resume_alone(call, "table");
    if (code != CLI_DONE) return code;
    cli_progress progress = cli_progress_of("table train");
    brn_table_result result = {0};
    cli_signals_watch();
    brn_status status =
        brn_table_resume(call->values[CLI_RESUME].text, cli_progress_event, &progress, &result);
    return finish(&progress, status, &result);
}

static int train(cli_table_request *r)
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
    static cli_table_request r;
    if (call->values[CLI_RESUME].set) return resume(call);
    if (call->input_count == 0)
        return cli_fail(CLI_WRONG_USE, "expected burnish table train FILE, or --resume RUN");
    int code = cli_table_request_take(call, &r);
    if (code == CLI_DONE) code = train(&r);
    cli_table_request_free(&r);
    return code;
}

const cli_command cli_command_table_train = {
    .noun = "table",
    .verb = "train",
    .arguments = "FILE | --resume RUN",
    .summary = "Trains a network with entity embeddings on a table",
    .details =
        "FILE holds separated values, or is sqlite:FILE?TABLE or postgresql://...?TABLE (or a query).\n"
        "Columns are used by their type (burnish table describe FILE) or as --cat and --cont say.\n"
        "A target of words, true/false or two whole numbers is a class, others are numbers. An\n"
        "is_valid column is always the split. A batch has 256 rows, 64 where fewer than 20,000 train.",
    .inputs_min = 0,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_TABLE_REQUEST_OPTIONS,
                CLI_FOLDS,
                CLI_EPOCHS,
                CLI_LEARNING_RATE,
                CLI_OUT,
                CLI_RESUME,
                CLI_CHECKPOINT_SECONDS,
                CLI_QUIET,
                CLI_JSON,
                CLI_HELP},
    .defaults = defaults,
    .run = run,
};
