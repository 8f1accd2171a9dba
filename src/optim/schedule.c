/* SPDX-License-Identifier: Apache-2.0
 * Schedules of fastai 2: pieces of simple shapes, combined by position. */
#include "burnish/schedule.h"

#include "base/status.h"

#include <math.h>

static double piece_at(const brn_schedule_piece *piece, double f)
{
    const double s = piece->start, e = piece->end;
    switch (piece->shape) {
    case BRN_SCHEDULE_CONSTANT: return s;
    case BRN_SCHEDULE_LINEAR: return s + (e - s) * f;
    case BRN_SCHEDULE_COSINE: return s + (e - s) * (1 - cos(M_PI * f)) / 2;
    case BRN_SCHEDULE_EXPONENTIAL: return s * pow(e / s, f);
    case BRN_SCHEDULE_POWER: return s + (e - s) * pow(f, piece->power);
    case BRN_SCHEDULE_POLYNOMIAL: return e + (s - e) * pow(1 - f, piece->power);
    }
    return NAN;
}

/* Batches are counted, fractions are added up: a border is met within this. */
static const double BORDER = 1e-12;

double brn_schedule_at(const brn_schedule *schedule, double progress)
{
    progress = fmin(fmax(progress, 0), 1);
    double begin = 0;
    for (int i = 0; i < schedule->count; i++) {
        const brn_schedule_piece *piece = &schedule->pieces[i];
        const bool is_last = i == schedule->count - 1;
        const double end = is_last ? 1 : begin + piece->fraction;
        if (progress < end - BORDER || is_last)
            return piece_at(piece, end > begin ? fmax(progress - begin, 0) / (end - begin) : 1);
        begin = end;
    }
    return 0; /* no pieces */
}

brn_status brn_schedule_add(brn_schedule *schedule, brn_schedule_piece piece)
{
    if (schedule->count == BRN_SCHEDULE_PIECES_MAX)
        return brn__fail(BRN_ERROR_USAGE, "schedule: at most %d pieces", BRN_SCHEDULE_PIECES_MAX);
    schedule->pieces[schedule->count++] = piece;
    return BRN_OK;
}

brn_schedule brn_schedule_simple(brn_schedule_shape shape, double start, double end, double power)
{
    return (brn_schedule){1, {{1, shape, start, end, power}}};
}

brn_schedule brn_schedule_cosine_dip(double start, double middle, double end, double fraction)
{
    return (brn_schedule){2,
                          {{fraction, BRN_SCHEDULE_COSINE, start, middle, 0},
                           {1 - fraction, BRN_SCHEDULE_COSINE, middle, end, 0}}};
}

brn_schedule brn_schedule_one_cycle(double rate, double pct_start, double div, double div_final)
{
    return brn_schedule_cosine_dip(rate / div, rate, rate / div_final, pct_start);
}

brn_schedule brn_schedule_flat_cosine(double rate, double pct_start, double div_final)
{
    return brn_schedule_cosine_dip(rate, rate, rate / div_final, pct_start);
}

brn_status brn_schedule_restarts(double rate, int cycles, double multiplier, brn_schedule *out)
{
    *out = (brn_schedule){.count = 0};
    double length = 1, total = 0;
    for (int i = 0; i < cycles; i++, length *= multiplier) total += length;
    length = 1;
    for (int i = 0; i < cycles; i++, length *= multiplier)
        BRN__TRY(brn_schedule_add(
            out, (brn_schedule_piece){length / total, BRN_SCHEDULE_COSINE, rate, 0, 0}));
    return BRN_OK;
}

void brn_rates_spread(double low, double high, int groups, double *out)
{
    for (int i = 0; i < groups; i++) {
        const bool is_last = i == groups - 1;
        if (low == 0)
            out[i] = is_last ? high : high / 10;
        else
            out[i] = is_last ? high : low * pow(high / low, (double)i / (groups - 1));
    }
}
