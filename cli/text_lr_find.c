/* SPDX-License-Identifier: Apache-2.0
 * burnish text lr-find TEXT... */
#include "lr_find.h"
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "text_request.h"

static void defaults(cli_value *values)
{
    cli_text_request_defaults(values);
    cli_lr_find_defaults(values);
}

static int find(const cli_call *call, brn_text_train_options *options)
{
    const brn_lr_finder_options finder = cli_lr_find_options(call->values);
    const char *svg = call->values[CLI_SVG].set ? call->values[CLI_SVG].text : NULL;
    cli_progress progress = cli_progress_of("text lr-find");
    options->on_event = cli_progress_event;
    options->context = &progress;
    const double began = cli_seconds();
    brn_lr_curve curve;
    cli_signals_watch();
    brn_status status = brn_text_lr_find(options, &finder, &curve);
    cli_progress_clear(&progress);
    if (status == BRN_OK) status = cli_lr_find_show(&curve, svg, cli_seconds() - began);
    brn_lr_curve_free(&curve);
    return cli_fail_status(status);
}

static int run(const cli_call *call)
{
    static cli_text_request r;
    int code = cli_text_request_take(call, &r);
    if (code == CLI_DONE) code = find(call, &r.options);
    cli_text_request_free(&r);
    return code;
}

const cli_command cli_command_text_lr_find = {
    .noun = "text",
    .verb = "lr-find",
    .arguments = "TEXT...",
    .summary = "Finds a learning rate by a mock training whose rate grows",
    .details = "TEXT is as in text train, and the options are those of the training to come; with --encoder the head\n"
               "alone learns, as in the first stage. Suggests rates, of which valley is the one to try, and plots\n"
               "the loss. Nothing is kept of the training.",
    .inputs_min = 1,
    .inputs_max = 4096,
    .computes = true,
    .options = {CLI_LR_FIND_OPTIONS, CLI_TEXT_REQUEST_OPTIONS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
