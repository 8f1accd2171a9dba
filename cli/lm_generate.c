/* SPDX-License-Identifier: Apache-2.0
 * burnish lm generate RUN */
#include "commands.h"
#include "json.h"
#include "output.h"

#include "burnish/lm.h"

static void defaults(cli_value *values)
{
    const brn_lm_generation how = brn_lm_generation_defaults();
    values[CLI_WORDS] = (cli_value){.set = true, .whole = how.words};
    values[CLI_TEMPERATURE] = (cli_value){.set = true, .real = how.temperature};
    values[CLI_TOP_K] = (cli_value){.set = true, .whole = how.top_k};
    values[CLI_TOP_P] = (cli_value){.set = true, .real = how.top_p};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)how.seed};
}

static void show(const char *prompt, const char *text, const char *run, double seconds)
{
    cli_print("%s\n", text);
    if (!cli_is_json()) return;
    cli_json json = cli_json_event("prediction");
    cli_json_text(&json, "input", prompt ? prompt : "");
    cli_json_text(&json, "text", text);
    cli_json_end(&json);
    json = cli_json_event("done");
    cli_json_text(&json, "run", run);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    brn_lm_model *model;
    char *text = NULL;
    double began = cli_seconds();
    const brn_lm_generation how = {.words = v[CLI_WORDS].whole,
                                   .temperature = v[CLI_TEMPERATURE].real,
                                   .top_k = v[CLI_TOP_K].whole,
                                   .top_p = v[CLI_TOP_P].real,
                                   .seed = (uint64_t)v[CLI_SEED].whole};
    int code = cli_fail_status(brn_lm_model_open(call->inputs[0], (int)v[CLI_THREADS].whole, &model));
    if (code != CLI_DONE) return code;
    code = cli_fail_status(brn_lm_generate(model, v[CLI_PROMPT].text, &how, &text));
    brn_lm_model_close(model);
    if (code == CLI_DONE) show(v[CLI_PROMPT].text, text, call->inputs[0], cli_seconds() - began);
    brn_lm_text_free(text);
    return code;
}

const cli_command cli_command_lm_generate = {
    .noun = "lm",
    .verb = "generate",
    .arguments = "RUN",
    .summary = "Writes text with a language model",
    .details = "RUN is a run folder or its model.safetensors. The same seed gives the same text.",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_PROMPT, CLI_WORDS, CLI_TEMPERATURE, CLI_TOP_K, CLI_TOP_P, CLI_SEED, CLI_THREADS, CLI_QUIET, CLI_JSON,
                CLI_HELP},
    .defaults = defaults,
    .run = run,
};
