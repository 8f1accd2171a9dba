/* SPDX-License-Identifier: Apache-2.0
 * Schedules made of other schedules: repeated, warmed up, in stairs. */
#include "burnish/schedule.h"

#include "base/status.h"

#include <math.h>

brn_schedule brn_schedule_triangle(double low, double high, double fraction)
{
    return (brn_schedule){2,
                          {{fraction, BRN_SCHEDULE_LINEAR, low, high, 0},
                           {1 - fraction, BRN_SCHEDULE_LINEAR, high, low, 0}}};
}

/* The lowest start or end of a schedule's pieces. */
static double lowest(const brn_schedule *schedule)
{
    double low = INFINITY;
    for (int i = 0; i < schedule->count; i++)
        low = fmin(low, fmin(schedule->pieces[i].start, schedule->pieces[i].end));
    return low;
}

/* Appends a schedule's pieces in `fraction` of the new whole, their height above `low` scaled. */
static brn_status append(const brn_schedule *schedule, double fraction, double low, double scale,
                         brn_schedule *out)
{
    for (int i = 0; i < schedule->count; i++) {
        brn_schedule_piece piece = schedule->pieces[i];
        piece.fraction *= fraction;
        if (scale != 1) {
            piece.start = low + (piece.start - low) * scale;
            piece.end = low + (piece.end - low) * scale;
        }
        BRN__TRY(brn_schedule_add(out, piece));
    }
    return BRN_OK;
}

brn_status brn_schedule_repeat(const brn_schedule *cycle, int cycles, double multiplier, double shrink,
                               brn_schedule *out)
{
    if (cycles < 1 || !(multiplier > 0))
        return brn__fail(BRN_ERROR_USAGE,
                         "schedule: expected one cycle or more and a multiplier above 0, got %d and %g",
                         cycles, multiplier);
    const brn_schedule source = *cycle; /* `out` may be the same */
    const double low = lowest(&source);
    double total = 0, length = 1, scale = 1;
    for (int i = 0; i < cycles; i++, length *= multiplier) total += length;
    *out = (brn_schedule){.count = 0};
    length = 1;
    for (int i = 0; i < cycles; i++, length *= multiplier, scale *= shrink)
        BRN__TRY(append(&source, length / total, low, scale, out));
    return BRN_OK;
}

brn_status brn_schedule_warm_up(const brn_schedule *after, double fraction, double start_factor,
                                brn_schedule *out)
{
    if (!(fraction >= 0 && fraction < 1) || !(start_factor >= 0 && start_factor <= 1))
        return brn__fail(BRN_ERROR_USAGE,
                         "schedule: a warm-up of %g of the whole from %g of the rate; expected shares "
                         "of at least 0, below 1 and at most 1",
                         fraction, start_factor);
    const brn_schedule source = *after;
    const double first = brn_schedule_at(&source, 0);
    *out = (brn_schedule){.count = 0};
    if (fraction > 0)
        BRN__TRY(brn_schedule_add(out, (brn_schedule_piece){fraction, BRN_SCHEDULE_LINEAR,
                                                            start_factor * first, first, 0}));
    return append(&source, 1 - fraction, 0, 1, out);
}

brn_status brn_schedule_stairs(double rate, double factor, int stairs, brn_schedule *out)
{
    if (stairs < 1)
        return brn__fail(BRN_ERROR_USAGE, "schedule: %d stairs; expected one or more", stairs);
    *out = (brn_schedule){.count = 0};
    for (int i = 0; i < stairs; i++, rate *= factor)
        BRN__TRY(brn_schedule_add(
            out, (brn_schedule_piece){1. / stairs, BRN_SCHEDULE_CONSTANT, rate, rate, 0}));
    return BRN_OK;
}

double brn_rate_steps(double rate, double factor, int64_t every, int64_t at)
{
    return every > 0 ? rate * pow(factor, (double)(at / every)) : rate;
}

double brn_rate_milestones(double rate, double factor, const int64_t *milestones, int count,
                           int64_t at)
{
    for (int i = 0; i < count; i++)
        if (milestones[i] <= at) rate *= factor;
    return rate;
}
