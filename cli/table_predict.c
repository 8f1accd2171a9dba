/* SPDX-License-Identifier: Apache-2.0
 * burnish table predict RUN FILE */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "table_source.h"

#include "burnish/table.h"

#include <inttypes.h>

static int64_t best_of(const float *values, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

static void json_row(const brn_table_model *model, int64_t row, const float *values)
{
    int64_t classes = brn_table_model_class_count(model);
    cli_json json = cli_json_event("prediction");
    cli_json_whole(&json, "row", row + 1);
    if (classes) {
        int64_t best = best_of(values, classes);
        cli_json_text(&json, "label", brn_table_model_class(model, best));
        cli_json_whole(&json, "index", best);
        cli_json_real(&json, "probability", values[best]);
    } else if (brn_table_model_target_count(model) > 1) {
        cli_json_object(&json, brn_table_model_has_truths(model) ? "probabilities" : "values");
        for (int64_t k = 0; k < brn_table_model_target_count(model); k++)
            cli_json_real(&json, brn_table_model_target_name(model, k), values[k]);
        cli_json_close(&json);
    } else {
        cli_json_real(&json, "value", values[0]);
    }
    cli_json_end(&json);
}

static void print_row(const brn_table_model *model, const float *values)
{
    int64_t classes = brn_table_model_class_count(model);
    char label[256];
    if (!classes) {
        for (int64_t k = 0; k < brn_table_model_target_count(model); k++)
            cli_print(k ? " %.7g" : "%.7g", (double)values[k]);
        cli_print("\n");
        return;
    }
    int64_t best = best_of(values, classes);
    cli_print("%s %.4f\n", cli_visible(brn_table_model_class(model, best), label, sizeof label),
              (double)values[best]);
}

static void tell(const brn_table_model *model, const brn_table_answers *answers, double seconds)
{
    int64_t count = brn_table_answers_count(answers);
    for (int64_t row = 0; row < count && !cli_output_broken(); row++) {
        const float *values = brn_table_answers_values(answers, row);
        if (cli_is_json())
            json_row(model, row, values);
        else
            print_row(model, values);
    }
    if (!cli_is_json()) return;
    cli_json json = cli_json_event("done");
    cli_json_whole(&json, "count", count);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

static int run(const cli_call *call)
{
    brn_table_model *model;
    brn_table_answers *answers;
    double began = cli_seconds();
    int code = cli_check_table(call->inputs[1]);
    if (code != CLI_DONE) return code;
    code = cli_fail_status(
        brn_table_model_open(call->inputs[0], (int)call->values[CLI_THREADS].whole, &model));
    if (code != CLI_DONE) return code;
    code = cli_fail_status(brn_table_predict(model, call->inputs[1], &answers));
    if (code == CLI_DONE) {
        tell(model, answers, cli_seconds() - began);
        brn_table_answers_free(answers);
    }
    brn_table_model_close(model);
    return code;
}

const cli_command cli_command_table_predict = {
    .noun = "table",
    .verb = "predict",
    .arguments = "RUN FILE",
    .summary = "Answers each row of a table, one line a row",
    .details =
        "RUN is a run folder or its model.safetensors. FILE needs the columns of the training\n"
        "table, but not the target; words that training did not see count as missing.",
    .inputs_min = 2,
    .inputs_max = 2,
    .computes = true,
    .options = {CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
