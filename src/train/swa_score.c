/* SPDX-License-Identifier: Apache-2.0
 * The validation of averaged weights in the middle of a training. */
#include "base/alloc.h"
#include "base/status.h"
#include "train/averages.h"

#include <math.h>

typedef struct tally {
    double loss, right;
    int64_t items;
} tally;

static brn_status add_batch(const brn__fit *fit, const brn__batch *batch, bool has_labels, tally *t)
{
    const brn__network *network = &fit->options->network;
    brn_plan *plan;
    BRN__TRY(brn__batch_plan(brn__learner_runner(fit->learner), network, NULL, batch, &plan));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(network->input), batch->inputs));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(network->target), batch->targets));
    BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
    const int64_t classes = brn__fit_outputs(fit), *labels = batch->targets;
    const float *output = brn_plan_output(plan, 0);
    for (int64_t i = 0; has_labels && i < batch->count; i++)
        t->right += brn__largest(output + i * classes, classes) == labels[i];
    t->loss += (double)*(const float *)brn_plan_output(plan, 1) * (double)batch->count;
    t->items += batch->count;
    return BRN_OK;
}

static brn_status measure(brn__fit *fit)
{
    brn__loader *loader = fit->options->valid;
    const bool has_labels = brn_node_dtype(fit->options->network.target) == BRN_DTYPE_I64;
    tally t = {0};
    BRN__TRY(brn__loader_start_epoch(loader, 0));
    for (;;) {
        brn__batch batch;
        BRN__TRY(brn__loader_next(loader, &batch));
        if (batch.count == 0) break;
        BRN__TRY(add_batch(fit, &batch, has_labels, &t));
    }
    const double items = (double)t.items;
    brn__fit_set_metric(fit, "swa_loss", t.items ? t.loss / items : NAN);
    if (has_labels) brn__fit_set_metric(fit, "swa_accuracy", t.items ? t.right / items : NAN);
    return BRN_OK;
}

static brn__action after_validate(void *state, brn__fit *fit)
{
    brn__swa_score *score = state;
    const int64_t averaged = brn__average_count(score->average);
    const bool is_last = fit->epoch + 1 == fit->options->epochs;
    if (averaged == 0 || ((averaged - 1) % score->every != 0 && !is_last)) return BRN__GO_ON;
    brn_status status = brn__average_apply(score->average, score->saved);
    if (status != BRN_OK) return brn__fit_fail(fit, status);
    status = brn__reestimate_norms(fit->learner, &fit->options->network, fit->options->train);
    if (status == BRN_OK) status = measure(fit);
    brn__average_undo(score->average, score->saved);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

brn_status brn__swa_score_init(brn__swa_score *score, const brn__average *average, int every)
{
    *score = (brn__swa_score){.average = average, .every = every};
    if (every < 1)
        return brn__fail(BRN_ERROR_USAGE,
                         "weight averaging: shown every %d epochs; expected 1 or more", every);
    score->saved = brn__alloc_array((size_t)average->elements,
                                    brn_dtype_bytes(brn_parameters_dtype(average->parameters)));
    if (!score->saved) return BRN_ERROR_NO_MEMORY;
    score->callback = (brn__callback){.name = "averaged weights shown",
                                      .order = BRN__ORDER_METRICS,
                                      .on = {[BRN__AFTER_VALIDATE] = after_validate},
                                      .state = score};
    return BRN_OK;
}

void brn__swa_score_deinit(brn__swa_score *score)
{
    brn__free(score->saved);
    *score = (brn__swa_score){0};
}
