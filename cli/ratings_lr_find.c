/* SPDX-License-Identifier: Apache-2.0
 * burnish ratings lr-find TABLE */
#include "lr_find.h"
#include "output.h"
#include "progress.h"
#include "ratings_source.h"
#include "signals.h"

static void defaults(cli_value *values)
{
    cli_ratings_defaults(values);
    cli_lr_find_defaults(values);
}

static int find(const cli_call *call, brn_ratings_options *options)
{
    const cli_value *v = call->values;
    const brn_lr_finder_options finder = cli_lr_find_options(v);
    cli_progress progress = cli_progress_of("ratings lr-find");
    options->on_event = cli_progress_event;
    options->context = &progress;
    const double began = cli_seconds();
    brn_lr_curve curve;
    cli_signals_watch();
    brn_status status = brn_ratings_lr_find(options, &finder, &curve);
    cli_progress_clear(&progress);
    if (status == BRN_OK)
        status = cli_lr_find_show(&curve, v[CLI_SVG].set ? v[CLI_SVG].text : NULL,
                                  cli_seconds() - began);
    brn_lr_curve_free(&curve);
    return cli_fail_status(status);
}

static int run(const cli_call *call)
{
    static cli_table_source source;
    brn_ratings_options options;
    int code = cli_check_table(call->inputs[0]);
    if (code != CLI_DONE) return code;
    code = cli_ratings_take(call, &source, &options);
    if (code == CLI_DONE) code = find(call, &options);
    cli_table_source_free(&source);
    return code;
}

const cli_command cli_command_ratings_lr_find = {
    .noun = "ratings",
    .verb = "lr-find",
    .arguments = "TABLE",
    .summary = "Finds a learning rate by a mock training whose rate grows",
    .details = "The options are those of the training to come. Nothing is kept of the mock training.",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_LR_FIND_OPTIONS, CLI_RATINGS_OPTIONS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
