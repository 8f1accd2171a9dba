/* SPDX-License-Identifier: Apache-2.0
 * Metrics of the validation items. */
#include "train/callbacks.h"

#include <math.h>
#include <string.h>

const brn__metric *brn__metric_find(const char *name)
{
    static const brn__metric *const all[] = {
#define X(name) &brn__metric_##name,
        BRN__METRIC_LIST(X)
#undef X
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}

static brn__action clear(void *state, brn__fit *fit)
{
    (void)fit;
    brn__metrics *metrics = state;
    memset(metrics->sums, 0, sizeof metrics->sums);
    metrics->items = 0;
    return BRN__GO_ON;
}

static brn__action add_batch(void *state, brn__fit *fit)
{
    brn__metrics *metrics = state;
    const int64_t classes = brn__fit_outputs(fit);
    const int64_t *labels = fit->data.targets;
    for (int64_t n = 0; n < fit->data.count; n++)
        for (int i = 0; i < metrics->count; i++)
            metrics->sums[i] +=
                metrics->metrics[i]->of_item(fit->output + n * classes, classes, labels[n]);
    metrics->items += fit->data.count;
    return BRN__GO_ON;
}

static brn__action publish(void *state, brn__fit *fit)
{
    const brn__metrics *metrics = state;
    for (int i = 0; i < metrics->count; i++)
        brn__fit_set_metric(fit, metrics->metrics[i]->name,
                            metrics->items ? metrics->sums[i] / (double)metrics->items : NAN);
    return BRN__GO_ON;
}

void brn__metrics_init(brn__metrics *metrics, const brn__metric *const *list, int count)
{
    *metrics = (brn__metrics){.count = count < BRN__METRICS_MAX ? count : BRN__METRICS_MAX};
    for (int i = 0; i < metrics->count; i++) metrics->metrics[i] = list[i];
    metrics->callback = (brn__callback){.name = "metrics",
                                        .order = BRN__ORDER_METRICS,
                                        .on = {[BRN__BEFORE_VALIDATE] = clear,
                                               [BRN__AFTER_VALID_BATCH] = add_batch,
                                               [BRN__AFTER_VALIDATE] = publish},
                                        .state = metrics};
}
