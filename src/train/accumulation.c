/* SPDX-License-Identifier: Apache-2.0
 * One step from several batches. */
#include "train/fine_tuning.h"
#include "base/alloc.h"
#include "base/status.h"
#include "graph/parameters.h"

#include <limits.h>
#include <string.h>

/* Calls for each element of the groups that learn: sum += count x gradient, or gradient = sum / count and
 * sum = 0. */
static void each_learning(const brn__accumulation *a, const brn__fit *fit, double count, bool is_end)
{
    const bool is_double = brn_parameters_dtype(a->parameters) == BRN_DTYPE_F64;
    double *sums = a->memory + 1, *wide = brn__parameters_gradients(a->parameters);
    float *narrow = brn__parameters_gradients(a->parameters);
    for (int group = 0; group < brn_parameters_group_count(a->parameters); group++) {
        if (!(fit->options->learning_groups >> group & 1)) continue;
        int64_t begin, middle, end;
        brn_parameters_group(a->parameters, group, &begin, &middle, &end);
        for (int64_t i = begin; i < end; i++) {
            if (!is_end) {
                sums[i] += count * (is_double ? wide[i] : (double)narrow[i]);
                continue;
            }
            if (is_double) wide[i] = sums[i] / count;
            else narrow[i] = (float)(sums[i] / count);
            sums[i] = 0;
        }
    }
}

/* Leaves the mean gradient for the step. What is listed of tables are then the rows of all batches. */
static brn_status finish(brn__accumulation *a, const brn__fit *fit)
{
    each_learning(a, fit, a->memory[0], true);
    a->memory[0] = 0;
    for (int i = 0; i < brn_parameters_count(a->parameters); i++)
        if (brn__parameters_rows(a->parameters, i)->capacity > 0)
            BRN__TRY(brn__parameters_find_rows(a->parameters, i));
    return BRN_OK;
}

static brn__action begin(void *state, brn__fit *fit)
{
    (void)fit;
    brn__accumulation *a = state;
    memset(a->memory, 0, ((size_t)a->elements + 1) * sizeof *a->memory);
    return BRN__GO_ON;
}

static brn__action before_step(void *state, brn__fit *fit)
{
    brn__accumulation *a = state;
    each_learning(a, fit, (double)fit->data.count, false);
    a->memory[0] += (double)fit->data.count;
    const bool is_last = fit->data.number + 1 >= fit->batches; /* also after batches that were lost */
    if (a->memory[0] < (double)a->items && !is_last) return BRN__SKIP_BATCH;
    const brn_status status = finish(a, fit);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

/* Bad items may have taken the epoch's last batch away. */
static brn__action after_train(void *state, brn__fit *fit)
{
    brn__accumulation *a = state;
    if (a->memory[0] == 0) return BRN__GO_ON;
    brn_status status = finish(a, fit);
    if (status == BRN_OK)
        status = brn_optimizer_step(fit->optimizer, &fit->settings, fit->options->learning_groups);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

brn_status brn__accumulation_init(brn__accumulation *a, brn_parameters *parameters, int64_t items)
{
    *a = (brn__accumulation){.parameters = parameters,
                             .items = items,
                             .elements = brn_parameters_elements(parameters)};
    if (items < 1)
        return brn__fail(BRN_ERROR_USAGE, "accumulation: %lld items a step; expected 1 or more",
                         (long long)items);
    if (a->elements >= INT_MAX)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "accumulation: %lld parameters are too many",
                         (long long)a->elements);
    a->memory = brn__alloc_zero((size_t)a->elements + 1, sizeof *a->memory);
    if (!a->memory) return BRN_ERROR_NO_MEMORY;
    a->callback = (brn__callback){.name = "accumulation",
                                  .order = BRN__ORDER_STOPPING,
                                  .on = {[BRN__BEFORE_FIT] = begin,
                                         [BRN__BEFORE_STEP] = before_step,
                                         [BRN__AFTER_TRAIN] = after_train},
                                  .state = a,
                                  .memory = a->memory,
                                  .memory_count = (int)a->elements + 1};
    return BRN_OK;
}

void brn__accumulation_deinit(brn__accumulation *a)
{
    brn__free(a->memory);
    *a = (brn__accumulation){0};
}
