/* SPDX-License-Identifier: Apache-2.0
 * fast.ai 0.7's cycles, of the number of the batch. Warm-up, cut points and rounding are its own,
 * so that a run of 2017 gets the rates it got then. */
#include "burnish/schedule.h"

#include "base/status.h"

#include <math.h>

/* Where a batch is: batch `at` of the `length` of cycle `index`. */
typedef struct place {
    int64_t index, at, length;
} place;

static place find(const brn_cycles *cycles, int64_t iteration)
{
    const bool grows = cycles->form == BRN_CYCLES_COSINE && cycles->multiplier > 1;
    if (!grows)
        return (place){iteration / cycles->batches, iteration % cycles->batches, cycles->batches};
    place here = {0, iteration, cycles->batches};
    while (here.at >= here.length) {
        here.at -= here.length;
        here.index++;
        if (__builtin_mul_overflow(here.length, cycles->multiplier, &here.length)) break;
    }
    return here;
}

static int64_t clr_peak(const brn_cycles *cycles)
{
    return (int64_t)floor((double)cycles->batches / cycles->cut);
}

static int64_t beta_leg(const brn_cycles *cycles)
{
    return (int64_t)((double)cycles->batches * (1 - cycles->cut / 100) / 2);
}

brn_status brn_cycles_check(const brn_cycles *cycles)
{
    if (cycles->batches < 1)
        return brn__fail(BRN_ERROR_USAGE, "cycles: a cycle needs at least one batch");
    if (cycles->form != BRN_CYCLES_CLR && cycles->form != BRN_CYCLES_CLR_BETA) return BRN_OK;
    if (!(cycles->div > 0) || !(cycles->cut > 0))
        return brn__fail(BRN_ERROR_USAGE, "cycles: div and cut must be above 0, got (%g, %g)",
                         cycles->div, cycles->cut);
    const bool is_clr = cycles->form == BRN_CYCLES_CLR;
    if ((is_clr ? clr_peak(cycles) : beta_leg(cycles)) < 1)
        return brn__fail(BRN_ERROR_USAGE,
                         "cycles: a cycle of %lld batches is too short for %s=(%g, %g)",
                         (long long)cycles->batches, is_clr ? "use_clr" : "use_clr_beta",
                         cycles->div, cycles->cut);
    return BRN_OK;
}

static double cosine_rate(const brn_cycles *cycles, double rate, int64_t iteration)
{
    const place here = find(cycles, iteration);
    if ((double)iteration < (double)here.length / 20) return rate / 100;
    return rate / 2 * (1 + cos(M_PI * (double)here.at / (double)here.length));
}

/* How far up the triangle batch `at` is: 0 at the foot, 1 at the peak. */
static double clr_height(const brn_cycles *cycles, int64_t at)
{
    const int64_t peak = clr_peak(cycles);
    if (at <= peak) return (double)at / (double)peak;
    return 1 - (double)(at - peak) / (double)(cycles->batches - peak);
}

/* The same for the two legs of CLR_BETA; -1 in its tail. */
static double beta_height(const brn_cycles *cycles, int64_t at)
{
    const int64_t leg = beta_leg(cycles);
    if (at > 2 * leg) return -1;
    if (at > leg) return 1 - (double)(at - leg) / (double)leg;
    return (double)at / (double)leg;
}

static double on_triangle(const brn_cycles *cycles, double rate, double height)
{
    return rate * (1 + height * (cycles->div - 1)) / cycles->div;
}

double brn_cycles_rate(const brn_cycles *cycles, double rate, int64_t iteration)
{
    const int64_t at = find(cycles, iteration).at;
    switch (cycles->form) {
    case BRN_CYCLES_CONSTANT: return rate;
    case BRN_CYCLES_COSINE: return cosine_rate(cycles, rate, iteration);
    case BRN_CYCLES_CLR: return on_triangle(cycles, rate, clr_height(cycles, at));
    case BRN_CYCLES_CLR_BETA: {
        const double height = beta_height(cycles, at);
        if (height >= 0) return on_triangle(cycles, rate, height);
        const int64_t tail = 2 * beta_leg(cycles);
        const double f = (double)(at - tail) / (double)(cycles->batches - tail);
        return rate * (1 - f * .99) / cycles->div;
    }
    }
    return NAN;
}

double brn_cycles_momentum(const brn_cycles *cycles, double momentum, int64_t iteration)
{
    const double high = cycles->momentum_high, low = cycles->momentum_low;
    if (high == 0 && low == 0) return momentum;
    /* 0.7 sets the rate, counts the batch, then sets the momentum: one batch ahead of the rate. */
    const int64_t at = (find(cycles, iteration).at + 1) % cycles->batches;
    if (cycles->form == BRN_CYCLES_CLR) return high + (low - high) * clr_height(cycles, at);
    if (cycles->form == BRN_CYCLES_CLR_BETA)
        return high + (low - high) * fmax(0, beta_height(cycles, at));
    return momentum;
}

int64_t brn_cycles_index(const brn_cycles *cycles, int64_t iteration, bool *is_last)
{
    const place here = find(cycles, iteration);
    if (is_last) *is_last = here.at == here.length - 1;
    return here.index;
}

int64_t brn_cycles_batches(const brn_cycles *cycles, int count)
{
    const bool grows = cycles->form == BRN_CYCLES_COSINE && cycles->multiplier > 1;
    int64_t total = 0, length = cycles->batches;
    for (int i = 0; i < count; i++) {
        total += length;
        if (grows) length *= cycles->multiplier;
    }
    return total;
}
