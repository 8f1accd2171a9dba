/* SPDX-License-Identifier: Apache-2.0
 * Keeps what the network put out during a validation pass, for metrics of all items. */
#include "train/whole_metrics.h"
#include "base/alloc.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const brn__whole_metric *brn__whole_metric_find(const char *name)
{
    static const brn__whole_metric *const all[] = {
#define X(name) &brn__whole_##name,
        BRN__WHOLE_METRIC_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}

brn_status brn__expect_targets(const brn__answers *answers, const char *metric)
{
    if (answers->targets) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE,
                     "%s: expected a target of %lld numbers an item, got a label", metric,
                     (long long)answers->columns);
}

/* ------------------------------------------------------------------ ranking */

static int by_falling_score(const void *a, const void *b)
{
    const double x = ((const brn__ranked *)a)->score, y = ((const brn__ranked *)b)->score;
    return (x < y) - (x > y);
}

/* Class k's share of the softmax. */
static double share_of(const float *logits, int64_t count, int64_t k)
{
    double largest = (double)logits[0], sum = 0;
    for (int64_t i = 1; i < count; i++) largest = fmax(largest, (double)logits[i]);
    for (int64_t i = 0; i < count; i++) sum += exp((double)logits[i] - largest);
    return exp((double)logits[k] - largest) / sum;
}

brn_status brn__rank(const brn__answers *answers, int64_t k, brn__ranked *out)
{
    const int64_t columns = answers->columns;
    for (int64_t i = 0; i < answers->count; i++) {
        const float *logits = answers->outputs + i * columns;
        if (answers->labels)
            out[i] = (brn__ranked){share_of(logits, columns, k), answers->labels[i] == k};
        else
            out[i] = (brn__ranked){(double)logits[k], answers->targets[i * columns + k] > .5f};
        if (!isfinite(out[i].score))
            return brn__fail(BRN_ERROR_DIVERGED, "item %lld: the network put out %g, which has no rank",
                             (long long)i, (double)logits[k]);
    }
    qsort(out, (size_t)answers->count, sizeof *out, by_falling_score);
    return BRN_OK;
}

/* ------------------------------------------------------------------ the callback */

static void drop(brn__whole_metrics *m)
{
    brn__free(m->outputs);
    brn__free(m->targets);
    brn__free(m->labels);
    m->outputs = m->targets = NULL;
    m->labels = NULL;
    m->capacity = m->items = 0;
}

static brn_status reserve(brn__whole_metrics *m, int64_t capacity, int64_t columns, bool has_labels)
{
    m->items = 0;
    const bool is_alike = m->has_labels == has_labels && m->columns == columns;
    if (m->capacity >= capacity && is_alike) return BRN_OK;
    drop(m);
    m->columns = columns;
    m->has_labels = has_labels;
    const size_t numbers = (size_t)capacity * (size_t)columns;
    m->outputs = brn__alloc_array(numbers, sizeof *m->outputs);
    if (has_labels) m->labels = brn__alloc_array((size_t)capacity, sizeof *m->labels);
    else m->targets = brn__alloc_array(numbers, sizeof *m->targets);
    if (!m->outputs || (has_labels ? !m->labels : !m->targets)) return BRN_ERROR_NO_MEMORY;
    m->capacity = capacity;
    return BRN_OK;
}

/* Targets of a kind: labels, or as many numbers as the network puts out. */
static brn_status check_target(const brn__fit *fit, bool has_labels)
{
    const brn_shape target = brn_node_shape(fit->options->network.target);
    const int64_t numbers = target.dims[0] ? brn_shape_elements(target) / target.dims[0] : 0;
    if (has_labels || numbers == brn__fit_outputs(fit)) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "metrics: %lld numbers a target for %lld outputs",
                     (long long)numbers, (long long)brn__fit_outputs(fit));
}

static brn__action begin(void *state, brn__fit *fit)
{
    brn__whole_metrics *m = state;
    const bool has_labels = brn_node_dtype(fit->options->network.target) == BRN_DTYPE_I64;
    const int64_t most = fit->valid_batches * brn__loader_batch_max(fit->options->valid);
    brn_status status = check_target(fit, has_labels);
    if (status == BRN_OK) status = reserve(m, most, brn__fit_outputs(fit), has_labels);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action add_batch(void *state, brn__fit *fit)
{
    brn__whole_metrics *m = state;
    const size_t columns = (size_t)brn__fit_outputs(fit), count = (size_t)fit->data.count;
    if (m->items + fit->data.count > m->capacity)
        return brn__fit_fail(fit, brn__fail(BRN_ERROR_INTERNAL, "metrics: more items than expected"));
    const size_t at = (size_t)m->items * columns;
    memcpy(m->outputs + at, fit->output, count * columns * sizeof *m->outputs);
    if (m->has_labels) memcpy(m->labels + m->items, fit->data.targets, count * sizeof *m->labels);
    else memcpy(m->targets + at, fit->data.targets, count * columns * sizeof *m->targets);
    m->items += fit->data.count;
    return BRN__GO_ON;
}

static brn__action publish(void *state, brn__fit *fit)
{
    const brn__whole_metrics *m = state;
    const brn__answers answers = {m->items, brn__fit_outputs(fit), m->outputs, m->targets, m->labels};
    for (int i = 0; i < m->count; i++) {
        double value = NAN;
        const brn_status status =
            m->items ? m->metrics[i]->of_all(&answers, &value) : BRN_OK;
        /* a network that puts out no numbers is for others to end */
        if (status != BRN_OK && status != BRN_ERROR_DIVERGED) return brn__fit_fail(fit, status);
        brn__fit_set_metric(fit, m->metrics[i]->name, value);
    }
    return BRN__GO_ON;
}

void brn__whole_metrics_init(brn__whole_metrics *m, const brn__whole_metric *const *list, int count)
{
    *m = (brn__whole_metrics){.count = count < BRN__METRICS_MAX ? count : BRN__METRICS_MAX};
    for (int i = 0; i < m->count; i++) m->metrics[i] = list[i];
    m->callback = (brn__callback){.name = "metrics of all",
                                  .order = BRN__ORDER_METRICS,
                                  .on = {[BRN__BEFORE_VALIDATE] = begin,
                                         [BRN__AFTER_VALID_BATCH] = add_batch,
                                         [BRN__AFTER_VALIDATE] = publish},
                                  .state = m};
}

void brn__whole_metrics_deinit(brn__whole_metrics *m) { drop(m); }
