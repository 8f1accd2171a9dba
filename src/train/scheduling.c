/* SPDX-License-Identifier: Apache-2.0
 * Schedules, cycles and phases as callbacks. */
#include "train/scheduling.h"
#include "base/alloc.h"
#include "base/status.h"

#include <string.h>

/* ------------------------------------------------------------------ schedules */

static brn__action follow_schedule(void *state, brn__fit *fit)
{
    const brn__scheduling *s = state;
    const double at = fit->iterations ? (double)fit->iteration / (double)fit->iterations : 0;
    const double rate = brn_schedule_at(&s->rate, at), momentum = brn_schedule_at(&s->momentum, at);
    for (int g = 0; g < s->groups; g++) {
        fit->settings.groups[g].learning_rate = rate * s->rates[g];
        if (s->momentum.count > 0) fit->settings.groups[g].momentum = momentum;
    }
    return BRN__GO_ON;
}

static void init(brn__scheduling *s, const double *group_rates, int groups)
{
    *s = (brn__scheduling){.groups = groups};
    memcpy(s->rates, group_rates, (size_t)groups * sizeof *group_rates);
    s->callback = (brn__callback){.name = "scheduling", .order = BRN__ORDER_RATES, .state = s};
}

void brn__scheduling_init(brn__scheduling *s, const double *group_rates, int groups,
                          const brn_schedule *rate, const brn_schedule *momentum)
{
    init(s, group_rates, groups);
    s->rate = *rate;
    if (momentum) s->momentum = *momentum;
    s->callback.on[BRN__BEFORE_BATCH] = follow_schedule;
}

/* ------------------------------------------------------------------ cycles */

static brn__action begin_cycles(void *state, brn__fit *fit)
{
    brn__scheduling *s = state;
    if (s->cycles.batches == 0) s->cycles.batches = fit->batches;
    const brn_status status = brn_cycles_check(&s->cycles);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action follow_cycles(void *state, brn__fit *fit)
{
    const brn__scheduling *s = state;
    for (int g = 0; g < s->groups; g++) {
        brn_group_settings *group = &fit->settings.groups[g];
        group->learning_rate = brn_cycles_rate(&s->cycles, s->rates[g], fit->iteration);
        group->momentum = brn_cycles_momentum(&s->cycles, fit->options->optimizer.momentum,
                                              fit->iteration);
    }
    return BRN__GO_ON;
}

void brn__scheduling_cycles(brn__scheduling *s, const double *group_rates, int groups,
                            const brn_cycles *cycles)
{
    init(s, group_rates, groups);
    s->cycles = *cycles;
    s->callback.on[BRN__BEFORE_FIT] = begin_cycles;
    s->callback.on[BRN__BEFORE_BATCH] = follow_cycles;
}

/* ------------------------------------------------------------------ phases */

/* The phases of one fit. */
typedef struct span {
    const brn_phase *phases;
    int count;
    int64_t batches[BRN_PHASES_MAX]; /* an epoch */
    bool goes_on;                    /* with what the optimizer of the fit before remembers */
    char *memory;                    /* of an optimizer between two fits; owned */
} span;

static size_t state_bytes(const brn_optimizer_state *state)
{
    return (size_t)state->count * brn_dtype_bytes(state->dtype);
}

static brn__action keep_optimizer(void *context, brn__fit *fit)
{
    span *s = context;
    const int count = brn_optimizer_state_count(fit->optimizer);
    size_t bytes = 0;
    for (int i = 0; i < count; i++) {
        const brn_optimizer_state state = brn_optimizer_state_at(fit->optimizer, i);
        bytes += state_bytes(&state);
    }
    brn__free(s->memory);
    char *to = s->memory = brn__alloc(bytes);
    if (!to) return brn__fit_fail(fit, BRN_ERROR_NO_MEMORY);
    for (int i = 0; i < count; i++) {
        const brn_optimizer_state state = brn_optimizer_state_at(fit->optimizer, i);
        memcpy(to, state.data, state_bytes(&state));
        to += state_bytes(&state);
    }
    return BRN__GO_ON;
}

static brn__action recall_optimizer(void *context, brn__fit *fit)
{
    const span *s = context;
    const char *from = s->memory;
    for (int i = 0; s->goes_on && i < brn_optimizer_state_count(fit->optimizer); i++) {
        const brn_optimizer_state state = brn_optimizer_state_at(fit->optimizer, i);
        memcpy(state.data, from, state_bytes(&state));
        from += state_bytes(&state);
    }
    return BRN__GO_ON;
}

static brn__action follow_phases(void *state, brn__fit *fit)
{
    const span *s = state;
    const brn_phase_place place = brn_phases_find(s->phases, s->count, s->batches, fit->iteration);
    const double clip_norm = fit->settings.clip_norm;
    fit->settings = brn_phase_settings(&s->phases[place.phase], place.progress);
    fit->settings.clip_norm = clip_norm;
    return BRN__GO_ON;
}

static brn__action end_phases(void *state, brn__fit *fit)
{
    const span *s = state;
    const bool is_over = fit->iteration >= brn_phases_batches(s->phases, s->count, s->batches);
    return is_over ? BRN__END_EPOCH : BRN__GO_ON;
}

static brn__loader *loader_of(const brn__fit_options *options, brn__loader *const *loaders, int phase)
{
    return loaders && loaders[phase] ? loaders[phase] : options->train;
}

/* Phases from `first` on that one fit can hold. */
static int span_length(const brn__fit_options *options, const brn_phase *phases, int count,
                       brn__loader *const *loaders, int first)
{
    int end = first + 1;
    while (end < count && brn_phases_share_optimizer(&phases[first], &phases[end]) &&
           loader_of(options, loaders, end) == loader_of(options, loaders, first))
        end++;
    return end - first;
}

static brn_status fit_span(brn__learner *learner, const brn__fit_options *options, span *s,
                           brn__loader *loader, brn__fit_result *result)
{
    brn__fit_options fit = *options;
    if (fit.callback_count == BRN__CALLBACKS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "phases: %d callbacks; at most %d beside the phases' own",
                         fit.callback_count, BRN__CALLBACKS_MAX - 1);
    const int64_t batches = brn_phases_batches(s->phases, s->count, s->batches);
    const brn__callback callback = {.name = "phases",
                                    .order = BRN__ORDER_RATES,
                                    .on = {[BRN__BEFORE_FIT] = recall_optimizer,
                                           [BRN__BEFORE_BATCH] = follow_phases,
                                           [BRN__AFTER_BATCH] = end_phases,
                                           [BRN__AFTER_FIT] = keep_optimizer},
                                    .state = s};
    fit.callbacks[fit.callback_count++] = &callback;
    fit.train = loader;
    fit.epochs = (int)((batches + s->batches[0] - 1) / s->batches[0]);
    fit.optimizer = s->phases[0].optimizer;
    fit.learning_rate = s->phases[0].rate.start;
    fit.restore = NULL;
    return brn__learner_fit(learner, &fit, result);
}

brn_status brn__phases_fit(brn__learner *learner, const brn__fit_options *options,
                           const brn_phase *phases, int count, brn__loader *const *loaders,
                           brn__fit_result *result)
{
    int64_t batches[BRN_PHASES_MAX] = {0};
    for (int i = 0; i < count && i < BRN_PHASES_MAX; i++)
        batches[i] = brn__loader_batch_count(loader_of(options, loaders, i));
    BRN__TRY(brn_phases_check(phases, count, batches));
    span s = {.count = 0};
    brn_status status = BRN_OK;
    int epochs = 0;
    for (int first = 0, length; status == BRN_OK && first < count; first += length) {
        length = span_length(options, phases, count, loaders, first);
        s.goes_on = first > 0 && brn_phases_share_optimizer(&phases[first - 1], &phases[first]);
        s.phases = phases + first;
        s.count = length;
        memcpy(s.batches, batches + first, (size_t)length * sizeof *batches);
        brn__fit_result part = {0};
        status = fit_span(learner, options, &s, loader_of(options, loaders, first), &part);
        epochs += part.epochs;
        part.epochs = epochs;
        if (result) *result = part;
    }
    brn__free(s.memory);
    return status;
}
