/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/image_rates.h"
#include "base/status.h"

#include <string.h>

static const double MOMENTUM_HIGH = .95, MOMENTUM_LOW = .85; /* one-cycle's: fastai 2 */
static const double WARM_UP_START = .01;                     /* of the curve's first value */

brn_cycles brn__image_cycles_of(const brn__image_stage *s, int64_t batches)
{
    static const brn_cycles_form forms[] = {
        [BRN__CURVE_RESTARTS] = BRN_CYCLES_COSINE,
        [BRN__CURVE_CLR] = BRN_CYCLES_CLR,
        [BRN__CURVE_CLR_BETA] = BRN_CYCLES_CLR_BETA,
    };
    const bool cosine = s->curve.form == BRN__CURVE_RESTARTS;
    return (brn_cycles){.form = forms[s->curve.form],
                        .batches = s->cycle_length * batches,
                        .multiplier = cosine ? s->cycle_multiplier : 1,
                        .div = s->curve.numbers[0],
                        .cut = s->curve.numbers[1],
                        .momentum_high = s->momentum.count == 2 ? s->momentum.high : 0,
                        .momentum_low = s->momentum.count == 2 ? s->momentum.low : 0};
}

/* The rate times a factor every so many epochs; without a number, a third of the stage. */
static brn_status steps_of(const brn__image_stage *s, brn_schedule *out)
{
    const double *n = s->curve.numbers;
    const int every = n[0] >= 1 ? (int)n[0] : (s->epochs + 2) / 3;
    double rate = 1;
    *out = (brn_schedule){0};
    for (int epoch = 0; epoch < s->epochs; epoch += every, rate *= n[1]) {
        const int length = s->epochs - epoch < every ? s->epochs - epoch : every;
        BRN__TRY(brn_schedule_add(out, (brn_schedule_piece){(double)length / s->epochs, BRN_SCHEDULE_CONSTANT,
                                                            rate, rate, 1}));
    }
    return BRN_OK;
}

static brn_status rate_of(const brn__image_stage *s, brn_schedule *out)
{
    const double *n = s->curve.numbers;
    brn_schedule once;
    switch (s->curve.form) {
    case BRN__CURVE_ONE_CYCLE: *out = brn_schedule_one_cycle(1, n[0], n[1], n[2]); break;
    case BRN__CURVE_COSINE: *out = brn_schedule_simple(BRN_SCHEDULE_COSINE, 1, 0, 1); break;
    case BRN__CURVE_FLAT_COSINE: *out = brn_schedule_flat_cosine(1, n[0], n[1]); break;
    case BRN__CURVE_LINEAR: *out = brn_schedule_simple(BRN_SCHEDULE_LINEAR, 1, 0, 1); break;
    case BRN__CURVE_EXPONENTIAL: *out = brn_schedule_simple(BRN_SCHEDULE_EXPONENTIAL, 1, n[0], 1); break;
    case BRN__CURVE_POLYNOMIAL: *out = brn_schedule_simple(BRN_SCHEDULE_POLYNOMIAL, 1, 0, n[0]); break;
    case BRN__CURVE_STEP: return steps_of(s, out);
    case BRN__CURVE_TRIANGLE:
        once = brn_schedule_triangle(1 / n[1], 1, .5);
        return brn_schedule_repeat(&once, (int)n[0], 1, 1, out);
    case BRN__CURVE_CONSTANT:
    default: *out = brn_schedule_simple(BRN_SCHEDULE_CONSTANT, 1, 1, 1); break;
    }
    return BRN_OK;
}

/* No pieces: the optimizer's own stays. */
static brn_status momentum_of(const brn__image_stage *s, brn_schedule *out)
{
    const bool one_cycle = s->curve.form == BRN__CURVE_ONE_CYCLE, given = s->momentum.count == 2;
    const double high = given ? s->momentum.high : MOMENTUM_HIGH, low = given ? s->momentum.low : MOMENTUM_LOW;
    *out = (brn_schedule){0};
    if (one_cycle && s->momentum.count != 1)
        *out = brn_schedule_cosine_dip(high, low, high, s->curve.numbers[0]);
    if (s->curve.form != BRN__CURVE_TRIANGLE || !given) return BRN_OK;
    brn_schedule once = {.count = 2};
    once.pieces[0] = (brn_schedule_piece){.5, BRN_SCHEDULE_LINEAR, high, low, 1};
    once.pieces[1] = (brn_schedule_piece){.5, BRN_SCHEDULE_LINEAR, low, high, 1};
    return brn_schedule_repeat(&once, (int)s->curve.numbers[0], 1, 1, out);
}

brn_status brn__image_rates_init(const brn__image_stage *s, int groups, int64_t batches, brn__scheduling *out)
{
    brn_schedule rate, momentum;
    if (s->has_pieces) {
        brn__scheduling_init(out, s->rates, groups, &s->rate_pieces, &s->momentum_pieces);
        return BRN_OK;
    }
    if (brn__image_curve_has_cycles(s->curve.form)) {
        const brn_cycles cycles = brn__image_cycles_of(s, batches);
        brn__scheduling_cycles(out, s->rates, groups, &cycles);
        return BRN_OK;
    }
    BRN__TRY(rate_of(s, &rate));
    BRN__TRY(momentum_of(s, &momentum));
    if (s->warm_up > 0) {
        const brn_schedule after = rate;
        BRN__TRY(brn_schedule_warm_up(&after, s->warm_up, WARM_UP_START, &rate));
    }
    brn__scheduling_init(out, s->rates, groups, &rate, &momentum);
    return BRN_OK;
}
