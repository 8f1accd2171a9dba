/* SPDX-License-Identifier: Apache-2.0
 * burnish lm train TEXT... */
#include "lm_source.h"
#include "output.h"
#include "progress.h"
#include "signals.h"

static void defaults(cli_value *values)
{
    const brn_lm_options o = brn_lm_defaults();
    cli_lm_defaults(values);
    values[CLI_EPOCHS] = (cli_value){.set = true, .whole = o.epochs};
    values[CLI_LEARNING_RATE] = (cli_value){.set = true, .real = o.learning_rate};
}

static int finish(cli_progress *progress, brn_status status, const brn_lm_result *result)
{
    cli_progress_clear(progress);
    int code = cli_fail_status(status);
    if (status == BRN_ERROR_INTERRUPTED && *result->run)
        cli_say("to go on: burnish lm train --resume %s\n", result->run);
    if (status == BRN_OK) cli_say("%.0f tokens a second\n", result->tokens_per_second);
    return code;
}

static int resume(const cli_call *call)
{
    const int code = cli_resume_alone(call, "texts");
    if (code != CLI_DONE) return code;
    cli_progress progress = cli_progress_of("lm train");
    brn_lm_result result = {0};
    cli_signals_watch();
    brn_status status = brn_lm_resume(call->values[CLI_RESUME].text, cli_progress_event, &progress, &result);
    return finish(&progress, status, &result);
}

static int train(const cli_call *call, brn_lm_options *o)
{
    const cli_value *v = call->values;
    cli_progress progress = cli_progress_of("lm train");
    brn_lm_result result = {0};
    o->epochs = (int)v[CLI_EPOCHS].whole;
    o->learning_rate = v[CLI_LEARNING_RATE].real;
    if (v[CLI_CHECKPOINT_SECONDS].set) o->checkpoint_seconds = v[CLI_CHECKPOINT_SECONDS].real;
    if (v[CLI_OUT].set) o->out = v[CLI_OUT].text;
    o->on_event = cli_progress_event;
    o->context = &progress;
    cli_signals_watch();
    return finish(&progress, brn_lm_train(o, &result), &result);
}

static int run(const cli_call *call)
{
    cli_text_source source;
    brn_lm_options options;
    if (call->values[CLI_RESUME].set) return resume(call);
    if (call->input_count == 0)
        return cli_fail(CLI_WRONG_USE, "expected burnish lm train TEXT..., or --resume RUN");
    int code = cli_lm_take(call, &source, &options);
    if (code == CLI_DONE) code = train(call, &options);
    cli_text_source_free(&source);
    return code;
}

const cli_command cli_command_lm_train = {
    .noun = "lm",
    .verb = "train",
    .arguments = "TEXT... | --resume RUN",
    .summary = "Trains a language model (AWD-LSTM, or with --qrnn of QRNNs) on texts",
    .details = "TEXT is a text file, a folder of them or a table with a column of texts. Folders train/ and\n"
               "valid/ or a column is_valid are the split; else a share of the texts validates, or of a few\n"
               "long ones the end. A table may be sqlite:FILE?TABLE or postgresql://...?TABLE. The run is what\n"
               "burnish text train starts from (--encoder).",
    .inputs_min = 0,
    .inputs_max = 4096,
    .computes = true,
    .options = {CLI_LM_OPTIONS, CLI_EPOCHS, CLI_LEARNING_RATE, CLI_OUT, CLI_RESUME, CLI_CHECKPOINT_SECONDS, CLI_QUIET,
                CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
