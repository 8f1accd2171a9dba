/* SPDX-License-Identifier: Apache-2.0
 * burnish table evaluate RUN FILE */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "table_score.h"
#include "table_source.h"

#include <inttypes.h>

static void tell(const brn_table_score *score, const char *run, double seconds)
{
    cli_table_score_print(score);
    cli_say("%" PRId64 " rows, %.1f s\n", score->count, seconds);
    if (!cli_is_json()) return;
    cli_json json = cli_json_event("done");
    cli_table_score_json(&json, score);
    cli_json_whole(&json, "count", score->count);
    cli_json_text(&json, "run", run);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

static int run(const cli_call *call)
{
    brn_table_model *model;
    brn_table_score score;
    double began = cli_seconds();
    int code = cli_check_table(call->inputs[1]);
    if (code != CLI_DONE) return code;
    code = cli_fail_status(
        brn_table_model_open(call->inputs[0], (int)call->values[CLI_THREADS].whole, &model));
    if (code != CLI_DONE) return code;
    code = cli_fail_status(brn_table_evaluate(model, call->inputs[1], &score));
    brn_table_model_close(model);
    if (code == CLI_DONE) tell(&score, call->inputs[0], cli_seconds() - began);
    return code;
}

const cli_command cli_command_table_evaluate = {
    .noun = "table",
    .verb = "evaluate",
    .arguments = "RUN FILE",
    .summary = "Measures a trained network on all rows of a table",
    .details =
        "RUN is a run folder or its model.safetensors. FILE is read as the training table was.",
    .inputs_min = 2,
    .inputs_max = 2,
    .computes = true,
    .options = {CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
