/* SPDX-License-Identifier: Apache-2.0
 * burnish ratings evaluate RUN [TABLE] */
#include "output.h"
#include "ratings_score.h"
#include "table_source.h"

#include <inttypes.h>

static void tell_folding(const brn_ratings_folding *f)
{
    if (cli_is_json()) {
        cli_json json = cli_json_event("done");
        cli_json_object(&json, "metrics");
        cli_json_real(&json, "trained_mse", f->trained_mse);
        cli_json_real(&json, "folded_mse", f->folded_mse);
        cli_json_real(&json, "item_mean_mse", f->item_mean_mse);
        cli_json_close(&json);
        cli_json_whole(&json, "count", f->count);
        cli_json_whole(&json, "users", f->users);
        cli_json_end(&json);
        return;
    }
    cli_print("mse of trained users %.4f\nmse of the same, folded in %.4f\nmse of item means %.4f\n",
              f->trained_mse, f->folded_mse, f->item_mean_mse);
    cli_say("%" PRId64 " ratings of %" PRId64 " users\n", f->count, f->users);
}

static int fold(brn_ratings_model *model)
{
    brn_ratings_folding folding;
    int code = cli_fail_status(brn_ratings_evaluate_folding(model, &folding));
    if (code == CLI_DONE) tell_folding(&folding);
    return code;
}

static int evaluate(brn_ratings_model *model, const cli_call *call, double began)
{
    brn_ratings_score score;
    const char *data = call->input_count > 1 ? call->inputs[1] : NULL;
    int code = cli_fail_status(brn_ratings_evaluate(model, data, &score));
    if (code != CLI_DONE) return code;
    if (!cli_is_json()) {
        cli_ratings_score_print(&score);
        return CLI_DONE;
    }
    cli_json json = cli_json_event("done");
    cli_ratings_score_json(&json, &score);
    cli_json_text(&json, "run", call->inputs[0]);
    cli_json_real(&json, "seconds", cli_seconds() - began);
    cli_json_end(&json);
    return CLI_DONE;
}

static int run(const cli_call *call)
{
    brn_ratings_model *model;
    double began = cli_seconds();
    const cli_value *v = call->values;
    int code = call->input_count > 1 ? cli_check_table(call->inputs[1]) : CLI_DONE;
    if (code == CLI_DONE && call->input_count > 1 && v[CLI_FOLD_IN].flag)
        code = cli_fail(CLI_WRONG_USE, "%s: --fold-in evaluates on the run's own ratings",
                        call->inputs[1]);
    if (code == CLI_DONE)
        code = cli_fail_status(
            brn_ratings_model_open(call->inputs[0], (int)v[CLI_THREADS].whole, &model));
    if (code != CLI_DONE) return code;
    code = v[CLI_FOLD_IN].flag ? fold(model) : evaluate(model, call, began);
    brn_ratings_model_close(model);
    return code;
}

const cli_command cli_command_ratings_evaluate = {
    .noun = "ratings",
    .verb = "evaluate",
    .arguments = "RUN [TABLE]",
    .summary = "Measures a model of ratings beside the mean of each item and the most rated items",
    .details =
        "RUN is a run folder or its model.safetensors. Without TABLE the ratings of the run that\n"
        "validated are measured; TABLE is read as the training's was. With --fold-in each user who\n"
        "validates is taken as new, and folded in from what they have rated in training.",
    .inputs_min = 1,
    .inputs_max = 2,
    .computes = true,
    .options = {CLI_FOLD_IN, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
