/* SPDX-License-Identifier: Apache-2.0
 * burnish ratings recommend RUN --user ID */
#include "output.h"
#include "ratings_items.h"

#include <stdlib.h>

static void defaults(cli_value *values)
{
    values[CLI_TOP] = (cli_value){.set = true, .whole = 10};
}

/* Room for what is asked for, and for a folded vector. */
typedef struct answer {
    brn_ratings_pairs among, rated;
    brn_ratings_filter filter;
    brn_ratings_item *items;
    float *vector;
    int64_t count;
} answer;

static int recommend_new(const cli_call *call, brn_ratings_model *model, answer *a)
{
    int code = cli_ratings_pairs(call, model, true, &a->rated);
    if (code != CLI_DONE) return code;
    a->vector = malloc(((size_t)brn_ratings_model_factors(model) + 1) * sizeof *a->vector);
    if (!a->vector) return cli_fail(CLI_NO_ROOM, "no memory");
    brn_status status =
        brn_ratings_fold_user(model, a->rated.count, a->rated.codes, a->rated.values, a->vector);
    if (status == BRN_OK)
        status = brn_ratings_recommend_to(model, a->vector, a->rated.codes, a->rated.count,
                                          &a->filter, call->values[CLI_TOP].whole, a->items,
                                          &a->count);
    return cli_fail_status(status);
}

static int recommend_known(const cli_call *call, brn_ratings_model *model, answer *a)
{
    const char *id = call->values[CLI_USER_ID].text;
    int64_t user = brn_ratings_model_user(model, id);
    if (!user)
        return cli_fail(CLI_BAD_INPUT,
                        "user %s is not known to the model; --ratings FILE folds in who is new", id);
    return cli_fail_status(brn_ratings_recommend(model, user, &a->filter,
                                                 call->values[CLI_TOP].whole, a->items, &a->count));
}

static int recommend(const cli_call *call, brn_ratings_model *model, answer *a)
{
    int code = cli_ratings_filter(call, model, &a->among, &a->filter);
    if (code != CLI_DONE) return code;
    a->items = malloc((size_t)call->values[CLI_TOP].whole * sizeof *a->items);
    if (!a->items) return cli_fail(CLI_NO_ROOM, "no memory");
    return call->values[CLI_USER_ID].set ? recommend_known(call, model, a)
                                         : recommend_new(call, model, a);
}

static int run(const cli_call *call)
{
    brn_ratings_model *model;
    answer a = {0};
    const cli_value *v = call->values;
    if (v[CLI_USER_ID].set == v[CLI_NEW_RATINGS].set)
        return cli_fail(CLI_WRONG_USE, "expected --user ID, or --ratings FILE of someone new");
    double began = cli_seconds();
    int code = cli_ratings_open(call, &model);
    if (code != CLI_DONE) return code;
    code = recommend(call, model, &a);
    if (code == CLI_DONE) {
        cli_ratings_items(model, "recommendation", a.items, a.count);
        cli_ratings_done(a.count, cli_seconds() - began);
    }
    brn_ratings_pairs_free(&a.among);
    brn_ratings_pairs_free(&a.rated);
    free(a.items);
    free(a.vector);
    brn_ratings_model_close(model);
    return code;
}

const cli_command cli_command_ratings_recommend = {
    .noun = "ratings",
    .verb = "recommend",
    .arguments = "RUN",
    .summary = "Lists what a user would like best of what they have not rated",
    .details =
        "RUN is a run folder or its model.safetensors. With --ratings, a table with the columns of items\n"
        "and ratings, someone new is folded in without training.",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_USER_ID, CLI_NEW_RATINGS, CLI_TOP, CLI_RATED_BY, CLI_AMONG, CLI_WITH_SEEN,
                CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
