/* SPDX-License-Identifier: Apache-2.0
 * burnish table lr-find FILE */
#include "lr_find.h"
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "table_request.h"

#include "burnish/table_lr_find.h"

static void defaults(cli_value *values)
{
    cli_table_request_defaults(values);
    cli_lr_find_defaults(values);
}

static int find(const cli_call *call, cli_table_request *r)
{
    const cli_value *v = call->values;
    const brn_lr_finder_options finder = cli_lr_find_options(v);
    cli_progress progress = cli_progress_of("table lr-find");
    r->options.on_event = cli_progress_event;
    r->options.context = &progress;
    const double began = cli_seconds();
    brn_lr_curve curve;
    cli_signals_watch();
    brn_status status = brn_table_lr_find(&r->options, &finder, &curve);
    cli_progress_clear(&progress);
    if (status == BRN_OK)
        status = cli_lr_find_show(&curve, v[CLI_SVG].set ? v[CLI_SVG].text : NULL,
                                  cli_seconds() - began);
    brn_lr_curve_free(&curve);
    return cli_fail_status(status);
}

static int run(const cli_call *call)
{
    static cli_table_request r;
    int code = cli_table_request_take(call, &r);
    if (code == CLI_DONE) code = find(call, &r);
    cli_table_request_free(&r);
    return code;
}

const cli_command cli_command_table_lr_find = {
    .noun = "table",
    .verb = "lr-find",
    .arguments = "FILE",
    .summary = "Finds a learning rate by a mock training whose rate grows",
    .details = "The options are those of the training to come. Suggests rates, of which valley is the one to\n"
               "try, and plots the loss. Nothing is kept of the mock training.",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_LR_FIND_OPTIONS, CLI_TABLE_REQUEST_OPTIONS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
