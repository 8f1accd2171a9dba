/* SPDX-License-Identifier: Apache-2.0
 * burnish ratings predict RUN [TABLE] */
#include "json.h"
#include "output.h"
#include "ratings_items.h"
#include "table_source.h"

static void tell_row(const brn_ratings_model *model, int64_t row, int64_t user, int64_t item,
                     double value)
{
    char id[256], title[1024];
    const char *user_id = brn_ratings_model_user_id(model, user),
               *item_id = brn_ratings_model_item_id(model, item);
    if (cli_is_json()) {
        cli_json json = cli_json_event("prediction");
        cli_json_whole(&json, "row", row + 1);
        cli_json_text(&json, "user", user_id);
        cli_json_text(&json, "item", item_id);
        cli_json_text(&json, "title", item_id ? brn_ratings_model_title(model, item) : NULL);
        cli_json_real(&json, "value", value);
        cli_json_end(&json);
        return;
    }
    cli_print("%.4f  %s  %s\n", value, user_id ? cli_visible(user_id, id, sizeof id) : "(new user)",
              item_id ? cli_visible(brn_ratings_model_title(model, item), title, sizeof title)
                      : "(new item)");
}

static int predict_table(brn_ratings_model *model, const char *data, int64_t *count)
{
    int64_t *users, *items;
    double *values;
    brn_status status = brn_ratings_predict_rows(model, data, count, &users, &items, &values);
    for (int64_t row = 0; status == BRN_OK && row < *count && !cli_output_broken(); row++)
        tell_row(model, row, users[row], items[row], values[row]);
    if (status == BRN_OK) brn_ratings_rows_free(users);
    return cli_fail_status(status);
}

static int predict_pair(brn_ratings_model *model, const char *user_id, const char *item_id)
{
    double value;
    int64_t user = brn_ratings_model_user(model, user_id),
            item = brn_ratings_model_item(model, item_id);
    if (!user) cli_warn("user %s is not known: the answer is the item's alone", user_id);
    if (!item) cli_warn("item %s is not known: the answer is the user's alone", item_id);
    int code = cli_fail_status(brn_ratings_predict(model, 1, &user, &item, &value));
    if (code == CLI_DONE) tell_row(model, 0, user, item, value);
    return code;
}

static int run(const cli_call *call)
{
    brn_ratings_model *model;
    const cli_value *v = call->values;
    const char *user = v[CLI_USER_ID].text, *item = v[CLI_ITEM_ID].text;
    bool table = call->input_count > 1;
    if (table ? user || item : !user || !item)
        return cli_fail(CLI_WRONG_USE, "expected a table, or --user ID and --item ID");
    double began = cli_seconds();
    int code = table ? cli_check_table(call->inputs[1]) : CLI_DONE;
    if (code == CLI_DONE) code = cli_ratings_open(call, &model);
    if (code != CLI_DONE) return code;
    int64_t count = 1;
    code = table ? predict_table(model, call->inputs[1], &count) : predict_pair(model, user, item);
    if (code == CLI_DONE) cli_ratings_done(count, cli_seconds() - began);
    brn_ratings_model_close(model);
    return code;
}

const cli_command cli_command_ratings_predict = {
    .noun = "ratings",
    .verb = "predict",
    .arguments = "RUN [TABLE]",
    .summary = "Expects the rating of a user for an item, or of each row of a table",
    .details = "RUN is a run folder or its model.safetensors. TABLE needs the columns of users and items.\n"
               "Users and items that training did not know count as average.",
    .inputs_min = 1,
    .inputs_max = 2,
    .computes = true,
    .options = {CLI_USER_ID, CLI_ITEM_ID, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
