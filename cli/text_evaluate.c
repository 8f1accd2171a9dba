/* SPDX-License-Identifier: Apache-2.0
 * burnish text evaluate RUN TEXT... */
#include "output.h"
#include "text_answers.h"

#include <inttypes.h>

static void tell(const brn_text_score *score, const char *run, double seconds)
{
    cli_json json = {0};
    if (cli_is_json()) {
        json = cli_json_event("done");
        cli_json_object(&json, "metrics");
    }
    cli_text_score_print(score, cli_is_json() ? &json : NULL);
    cli_say("%" PRId64 " texts, %.1f s\n", score->count, seconds);
    if (!cli_is_json()) return;
    cli_json_close(&json);
    cli_json_whole(&json, "count", score->count);
    cli_json_text(&json, "run", run);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

static int run(const cli_call *call)
{
    static cli_text_labels labels;
    brn_text_model *model;
    brn_text_score score;
    const double began = cli_seconds();
    int code = cli_check_texts(call->inputs + 1, call->input_count - 1);
    if (code == CLI_DONE) code = cli_text_open(call, &model);
    if (code != CLI_DONE) return code;
    brn_text_options text = brn_text_model_source(model);
    code = cli_text_labels_take(call, &labels, &text);
    if (code == CLI_DONE)
        code = cli_fail_status(brn_text_evaluate(model, call->inputs + 1, call->input_count - 1, &text, &score));
    if (code == CLI_DONE) tell(&score, call->inputs[0], cli_seconds() - began);
    cli_text_labels_free(&labels);
    brn_text_model_close(model);
    return code;
}

const cli_command cli_command_text_evaluate = {
    .noun = "text",
    .verb = "evaluate",
    .arguments = "RUN TEXT...",
    .summary = "Measures a text classifier on labelled texts",
    .details = "RUN is a run folder or its model.safetensors. TEXT is as in text train; all labelled texts count.",
    .inputs_min = 2,
    .inputs_max = 4096,
    .computes = true,
    .options = {CLI_BACKWARD_MODEL, CLI_LABEL_COLUMN, CLI_TAG_SEPARATOR, CLI_TEXT_PLACE_OPTIONS, CLI_THREADS,
                CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
