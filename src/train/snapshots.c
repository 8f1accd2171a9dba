/* SPDX-License-Identifier: Apache-2.0
 * Snapshots at the real ends of cycles. */
#include "train/snapshots.h"
#include "base/status.h"

static brn__action begin(void *state, brn__fit *fit)
{
    brn__snapshots *s = state;
    s->count = 0;
    if (s->cycles.batches == 0) s->cycles.batches = fit->batches;
    const brn_status status = brn_cycles_check(&s->cycles);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action after_batch(void *state, brn__fit *fit)
{
    brn__snapshots *s = state;
    bool is_last;
    const int64_t cycle = brn_cycles_index(&s->cycles, fit->iteration - 1, &is_last);
    if (!is_last) return BRN__GO_ON;
    const brn_status status =
        s->save(s->context, brn__learner_parameters(fit->learner), (int)cycle);
    if (status != BRN_OK) return brn__fit_fail(fit, status);
    s->count = (double)cycle + 1;
    return BRN__GO_ON;
}

void brn__snapshots_init(brn__snapshots *s, const brn_cycles *cycles, brn__snapshot_save *save,
                         void *context)
{
    *s = (brn__snapshots){.cycles = *cycles, .save = save, .context = context};
    s->callback = (brn__callback){.name = "snapshots",
                                  .order = BRN__ORDER_STOPPING,
                                  .on = {[BRN__BEFORE_FIT] = begin, [BRN__AFTER_BATCH] = after_batch},
                                  .state = s,
                                  .memory = &s->count,
                                  .memory_count = 1};
}
