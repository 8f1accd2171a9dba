/* SPDX-License-Identifier: Apache-2.0
 * burnish lm evaluate RUN TEXT... */
#include "json.h"
#include "output.h"
#include "text_source.h"

#include "burnish/lm.h"

#include <inttypes.h>

static void print_score(const brn_lm_score *s, const char *run, double seconds)
{
    const brn_metric metrics[] = {{"perplexity", s->perplexity}, {"accuracy", s->accuracy}, {"valid_loss", s->loss}};
    cli_json json = {0};
    if (cli_is_json()) {
        json = cli_json_event("done");
        cli_json_object(&json, "metrics");
    }
    for (int i = 0; i < 3; i++) {
        if (cli_is_json()) cli_json_real(&json, metrics[i].name, metrics[i].value);
        cli_print("%s %.4f\n", metrics[i].name, metrics[i].value);
    }
    cli_say("%" PRId64 " tokens, %.1f s\n", s->tokens, seconds);
    if (!cli_is_json()) return;
    cli_json_close(&json);
    cli_json_whole(&json, "count", s->tokens);
    cli_json_text(&json, "run", run);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

static int evaluate(const cli_call *call, brn_lm_model *model, double began)
{
    cli_text_source source;
    brn_lm_score score;
    brn_text_options text = brn_text_defaults();
    text.valid = 0;
    int code = cli_text_source_take(call, &source, &text);
    if (code == CLI_DONE)
        code = cli_fail_status(brn_lm_evaluate(model, call->inputs + 1, call->input_count - 1, &text, &score));
    cli_text_source_free(&source);
    if (code == CLI_DONE) print_score(&score, call->inputs[0], cli_seconds() - began);
    return code;
}

static int run(const cli_call *call)
{
    brn_lm_model *model;
    double began = cli_seconds();
    int code = cli_check_texts(call->inputs + 1, call->input_count - 1);
    if (code != CLI_DONE) return code;
    code = cli_fail_status(brn_lm_model_open(call->inputs[0], (int)call->values[CLI_THREADS].whole, &model));
    if (code != CLI_DONE) return code;
    code = evaluate(call, model, began);
    brn_lm_model_close(model);
    return code;
}

const cli_command cli_command_lm_evaluate = {
    .noun = "lm",
    .verb = "evaluate",
    .arguments = "RUN TEXT...",
    .summary = "Measures a language model on texts: perplexity and accuracy",
    .details = "RUN is a run folder or its model.safetensors. TEXT is as in lm train; all of it counts.",
    .inputs_min = 2,
    .inputs_max = 4096,
    .computes = true,
    .options = {CLI_TEXT_PLACE_OPTIONS, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
