/* SPDX-License-Identifier: Apache-2.0
 * Training phases. */
#include "burnish/phases.h"

#include "base/status.h"

#include <math.h>

brn_phase brn_phase_defaults(void)
{
    return (brn_phase){.epochs = 1,
                       .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_SGD),
                       .rate = {1, BRN_SCHEDULE_CONSTANT, 1e-2, 0, 0},
                       .momentum = {1, BRN_SCHEDULE_CONSTANT, .9, 0, 0}};
}

static brn_status check_curve(int phase, const char *what, const brn_schedule_piece *piece)
{
    if (!isfinite(piece->start) || !isfinite(piece->end) || piece->start < 0 || piece->end < 0)
        return brn__fail(BRN_ERROR_USAGE, "phase %d: the %s runs from %g to %g; expected 0 or more",
                         phase + 1, what, piece->start, piece->end);
    if (piece->shape == BRN_SCHEDULE_EXPONENTIAL && !(piece->start > 0 && piece->end > 0))
        return brn__fail(BRN_ERROR_USAGE,
                         "phase %d: an exponential %s needs a start and an end above 0, got %g and %g",
                         phase + 1, what, piece->start, piece->end);
    return BRN_OK;
}

brn_status brn_phases_check(const brn_phase *phases, int count, const int64_t *batches)
{
    if (count < 1 || count > BRN_PHASES_MAX)
        return brn__fail(BRN_ERROR_USAGE, "%d phases; expected 1 to %d", count, BRN_PHASES_MAX);
    for (int i = 0; i < count; i++) {
        if (!(phases[i].epochs > 0) || !isfinite(phases[i].epochs))
            return brn__fail(BRN_ERROR_USAGE, "phase %d: %g epochs; expected more than 0", i + 1,
                             phases[i].epochs);
        if (batches[i] < 1)
            return brn__fail(BRN_ERROR_USAGE, "phase %d: its data have no batches", i + 1);
        BRN__TRY(check_curve(i, "rate", &phases[i].rate));
        BRN__TRY(check_curve(i, "momentum", &phases[i].momentum));
    }
    return BRN_OK;
}

static double length_of(const brn_phase *phase, int64_t batches)
{
    return phase->epochs * (double)batches;
}

/* The first batch after the phase: where the epochs so far are full, `full` of them in batches. What is
 * added up may be above a whole number by its rounding. */
static int64_t end_after(int64_t begin, double full)
{
    const int64_t end = (int64_t)ceil(full - 1e-9 * fmax(1, full));
    return end > begin ? end : begin + 1;
}

brn_phase_place brn_phases_find(const brn_phase *phases, int count, const int64_t *batches,
                                int64_t batch)
{
    int64_t begin = 0, end = 0;
    double full = 0;
    int phase = 0;
    for (; phase < count; phase++) {
        begin = end;
        full += length_of(&phases[phase], batches[phase]);
        end = end_after(begin, full);
        if (batch < end) break;
    }
    if (phase == count) phase = count - 1;
    const double progress = (double)(batch - begin) / length_of(&phases[phase], batches[phase]);
    return (brn_phase_place){phase, batch - begin, end - begin, fmin(progress, 1)};
}

int64_t brn_phases_batches(const brn_phase *phases, int count, const int64_t *batches)
{
    int64_t end = 0;
    double full = 0;
    for (int i = 0; i < count; i++) {
        full += length_of(&phases[i], batches[i]);
        end = end_after(end, full);
    }
    return end;
}

static bool is_given(const double *values)
{
    for (int g = 0; g < BRN_GROUPS_MAX; g++)
        if (values[g] != 0) return true;
    return false;
}

static double value_at(const brn_schedule_piece *piece, double progress)
{
    const brn_schedule schedule = {1, {*piece}};
    return brn_schedule_at(&schedule, progress);
}

brn_optimizer_settings brn_phase_settings(const brn_phase *phase, double progress)
{
    const double rate = value_at(&phase->rate, progress);
    const double momentum = value_at(&phase->momentum, progress);
    brn_optimizer_settings settings = brn_optimizer_settings_of(&phase->optimizer, rate);
    const bool has_ratios = is_given(phase->ratios), has_decays = is_given(phase->decays);
    for (int g = 0; g < BRN_GROUPS_MAX; g++) {
        settings.groups[g].momentum = momentum;
        if (has_ratios) settings.groups[g].learning_rate = rate * phase->ratios[g];
        if (has_decays) settings.groups[g].weight_decay = phase->decays[g];
    }
    return settings;
}

bool brn_phases_share_optimizer(const brn_phase *a, const brn_phase *b)
{
    const brn_optimizer_options *x = &a->optimizer, *y = &b->optimizer;
    return x->kind == y->kind && x->nesterov == y->nesterov &&
           x->decoupled_decay == y->decoupled_decay && x->decay_all == y->decay_all &&
           x->epsilon == y->epsilon && x->lookahead_every == y->lookahead_every &&
           x->lookahead_share == y->lookahead_share;
}
