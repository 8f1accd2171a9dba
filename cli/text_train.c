/* SPDX-License-Identifier: Apache-2.0
 * burnish text train TEXT... */
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "text_request.h"

static int finish(cli_progress *progress, brn_status status, const brn_text_result *result)
{
    cli_progress_clear(progress);
    const int code = cli_fail_status(status);
    if (status == BRN_ERROR_INTERRUPTED && *result->run)
        cli_say("to go on: burnish text train --resume %s\n", result->run);
    return code;
}

static int resume(const cli_call *call)
{
    const int code = cli_resume_alone(call, "texts");
    if (code != CLI_DONE) return code;
    cli_progress progress = cli_progress_of("text train");
    brn_text_result result = {0};
    cli_signals_watch();
    const brn_status status = brn_text_resume(call->values[CLI_RESUME].text, cli_progress_event, &progress, &result);
    return finish(&progress, status, &result);
}

static int train(brn_text_train_options *o)
{
    cli_progress progress = cli_progress_of("text train");
    brn_text_result result = {0};
    o->on_event = cli_progress_event;
    o->context = &progress;
    cli_signals_watch();
    return finish(&progress, brn_text_train(o, &result), &result);
}

static int run(const cli_call *call)
{
    static cli_text_request r;
    if (call->values[CLI_RESUME].set) return resume(call);
    if (call->input_count == 0)
        return cli_fail(CLI_WRONG_USE, "expected burnish text train TEXT..., or --resume RUN");
    int code = cli_text_request_take(call, &r);
    if (code == CLI_DONE) code = train(&r.options);
    cli_text_request_free(&r);
    return code;
}

const cli_command cli_command_text_train = {
    .noun = "text",
    .verb = "train",
    .arguments = "TEXT... | --resume RUN",
    .summary = "Trains a classifier of texts, on a language model's encoder or from nothing",
    .details = "TEXT is a table with a column of texts and one of labels, or a folder with a folder a class. Folders\n"
               "train/ and valid/ or a column is_valid are the split; else a share of the texts validates. With\n"
               "--encoder (a run of burnish lm train) tokens and words are the encoder's, and its layers are\n"
               "unfrozen one by one, at a rate of .02 (without: .005). Where it has read a few million words only, all\n"
               "layers may learn at once: --freeze-epochs 0 --epochs 3 --learning-rate .08 --rate-factor 1.3. Texts\n"
               "of any length are run in chunks of --bptt steps. A table may be sqlite:FILE?TABLE or\n"
               "postgresql://...?TABLE.",
    .inputs_min = 0,
    .inputs_max = 4096,
    .computes = true,
    .options = {CLI_TEXT_REQUEST_OPTIONS, CLI_TEXT_FREEZE_EPOCHS, CLI_EPOCHS, CLI_TEXT_SCHEDULE,
                CLI_LEARNING_RATE, CLI_OUT, CLI_RESUME, CLI_CHECKPOINT_SECONDS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = cli_text_request_defaults,
    .run = run,
};
