/* SPDX-License-Identifier: Apache-2.0
 * burnish ratings similar RUN --item ID */
#include "output.h"
#include "ratings_items.h"

#include <stdlib.h>

static void defaults(cli_value *values)
{
    values[CLI_TOP] = (cli_value){.set = true, .whole = 10};
}

typedef struct answer {
    brn_ratings_pairs among, raters;
    brn_ratings_filter filter;
    brn_ratings_item *items;
    float *vector;
    int64_t count;
} answer;

static int similar_to_new(const cli_call *call, brn_ratings_model *model, answer *a)
{
    int code = cli_ratings_pairs(call, model, false, &a->raters);
    if (code != CLI_DONE) return code;
    a->vector = malloc(((size_t)brn_ratings_model_factors(model) + 1) * sizeof *a->vector);
    if (!a->vector) return cli_fail(CLI_NO_ROOM, "no memory");
    brn_status status =
        brn_ratings_fold_item(model, a->raters.count, a->raters.codes, a->raters.values, a->vector);
    if (status == BRN_OK)
        status = brn_ratings_similar_to(model, a->vector, &a->filter, call->values[CLI_TOP].whole,
                                        a->items, &a->count);
    return cli_fail_status(status);
}

static int similar_to_known(const cli_call *call, brn_ratings_model *model, answer *a)
{
    const char *id = call->values[CLI_ITEM_ID].text;
    int64_t item = brn_ratings_model_item(model, id);
    if (!item)
        return cli_fail(CLI_BAD_INPUT,
                        "item %s is not known to the model; --ratings FILE folds in what is new", id);
    return cli_fail_status(brn_ratings_similar(model, item, &a->filter,
                                               call->values[CLI_TOP].whole, a->items, &a->count));
}

static int similar(const cli_call *call, brn_ratings_model *model, answer *a)
{
    int code = cli_ratings_filter(call, model, &a->among, &a->filter);
    if (code != CLI_DONE) return code;
    a->items = malloc((size_t)call->values[CLI_TOP].whole * sizeof *a->items);
    if (!a->items) return cli_fail(CLI_NO_ROOM, "no memory");
    return call->values[CLI_ITEM_ID].set ? similar_to_known(call, model, a)
                                         : similar_to_new(call, model, a);
}

static int run(const cli_call *call)
{
    brn_ratings_model *model;
    answer a = {0};
    const cli_value *v = call->values;
    if (v[CLI_ITEM_ID].set == v[CLI_NEW_RATINGS].set)
        return cli_fail(CLI_WRONG_USE, "expected --item ID, or --ratings FILE of something new");
    double began = cli_seconds();
    int code = cli_ratings_open(call, &model);
    if (code != CLI_DONE) return code;
    code = similar(call, model, &a);
    if (code == CLI_DONE) {
        cli_ratings_items(model, "similar", a.items, a.count);
        cli_ratings_done(a.count, cli_seconds() - began);
    }
    brn_ratings_pairs_free(&a.among);
    brn_ratings_pairs_free(&a.raters);
    free(a.items);
    free(a.vector);
    brn_ratings_model_close(model);
    return code;
}

const cli_command cli_command_ratings_similar = {
    .noun = "ratings",
    .verb = "similar",
    .arguments = "RUN",
    .summary = "Lists the items that are rated alike",
    .details =
        "RUN is a run folder or its model.safetensors. Items whose vectors point the same way (cosine).\n"
        "With --ratings, a table with the columns of users and ratings, something new is folded in.",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_ITEM_ID, CLI_NEW_RATINGS, CLI_TOP, CLI_RATED_BY, CLI_AMONG, CLI_THREADS, CLI_QUIET,
                CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
