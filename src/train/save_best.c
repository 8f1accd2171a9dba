/* SPDX-License-Identifier: Apache-2.0
 * Keeps the best epoch's values in a file. */
#include "base/status.h"
#include "train/callbacks.h"

#include <math.h>
#include <string.h>

enum { BEST, EPOCH, VALID_LOSS, METRICS }; /* of the memory */

static brn__action begin(void *state, brn__fit *fit)
{
    const brn__save_best *best = state;
    brn_status status = brn__monitor_check(&best->monitor, fit, best->callback.name);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn_status keep(brn__save_best *best, const brn__fit *fit, double value)
{
    double *memory = best->memory;
    memory[BEST] = value;
    memory[EPOCH] = (best->progress ? best->progress->epochs_before : 0) + fit->epoch + 1;
    memory[VALID_LOSS] = fit->valid_loss;
    for (int i = 0; i < fit->metric_count; i++) memory[METRICS + i] = fit->metrics[i].value;
    best->fit = fit;
    brn_status status = best->file.write(best->file.context, best);
    best->fit = NULL;
    return status;
}

static brn__action after_epoch(void *state, brn__fit *fit)
{
    brn__save_best *best = state;
    double value;
    brn_status status = brn__monitor_read(&best->monitor, fit, best->callback.name, &value);
    if (status == BRN_OK && brn__monitor_improves(&best->monitor, value, best->memory[BEST]))
        status = keep(best, fit, value);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

double brn__save_best_value(const brn__save_best *best) { return best->memory[BEST]; }

int brn__save_best_epoch(const brn__save_best *best) { return (int)best->memory[EPOCH]; }

double brn__save_best_metric(const brn__save_best *best, int index)
{
    return index >= 0 && index < BRN__METRICS_MAX ? best->memory[METRICS + index] : NAN;
}

brn_status brn__save_best_restore(brn__save_best *best, brn__fit_result *result)
{
    if (brn__save_best_epoch(best) == 0) return BRN_OK;
    BRN__TRY(best->file.read(best->file.context, best));
    if (!result) return BRN_OK;
    result->valid_loss = best->memory[VALID_LOSS];
    for (int i = 0; i < result->metric_count; i++)
        result->metrics[i].value = best->memory[METRICS + i];
    return BRN_OK;
}

void brn__save_best_init(brn__save_best *best, const brn__monitor *monitor,
                         const brn__best_file *file, const brn__progress *progress)
{
    *best = (brn__save_best){.monitor = *monitor, .file = *file, .progress = progress};
    for (int i = 0; i < BRN__SAVE_BEST_MEMORY; i++) best->memory[i] = NAN;
    best->memory[EPOCH] = 0;
    best->callback = (brn__callback){.name = "save best",
                                     .order = BRN__ORDER_STOPPING,
                                     .on = {[BRN__BEFORE_FIT] = begin,
                                            [BRN__AFTER_EPOCH] = after_epoch},
                                     .state = best,
                                     .memory = best->memory,
                                     .memory_count = BRN__SAVE_BEST_MEMORY};
}
