/* SPDX-License-Identifier: Apache-2.0 */
#include "burnish/schedule.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

/* ------------------------------------------------------------------ fastai 2 */

static void check_curve(const json_t *golden, const char *name, const brn_schedule *schedule)
{
    char path[128];
    snprintf(path, sizeof path, "schedules/%s/values", name);
    const json_t *want = golden_at(golden, path);
    assert_int_equal(json_array_size(want), 101);
    for (size_t k = 0; k <= 100; k++) {
        const double expected = json_number_value(json_array_get(want, k));
        const double got = brn_schedule_at(schedule, (double)k / 100);
        if (!(fabs(got - expected) <= 5e-6 * fabs(expected) + 1e-12)) /* its place is float32 */
            fail_msg("%s at %zu/100: %.17g, fastai has %.17g", name, k, got, expected);
    }
}

TEST(schedules_equal_fastai_2_at_101_points)
{
    json_t *golden = golden_open("tests/golden/schedules.json");
    brn_schedule s = brn_schedule_one_cycle(.01, .25, 25, 1e5);
    check_curve(golden, "one_cycle", &s);
    s = brn_schedule_cosine_dip(.95, .85, .95, .25);
    check_curve(golden, "one_cycle_momentum", &s);
    s = brn_schedule_flat_cosine(.01, .75, 1e5);
    check_curve(golden, "flat_cosine", &s);
    s = brn_schedule_simple(BRN_SCHEDULE_COSINE, .01, 0, 0);
    check_curve(golden, "cosine", &s);
    s = brn_schedule_simple(BRN_SCHEDULE_LINEAR, .1, .9, 0);
    check_curve(golden, "linear", &s);
    s = brn_schedule_simple(BRN_SCHEDULE_EXPONENTIAL, 1e-5, 10, 0);
    check_curve(golden, "exponential", &s);
    s = brn_schedule_simple(BRN_SCHEDULE_POWER, .1, .9, 3);
    check_curve(golden, "polynomial", &s);
    json_decref(golden);
}

static void check_run(const json_t *golden, const char *path, const brn_schedule *schedule)
{
    const json_t *want = golden_at(golden, path);
    const size_t count = json_array_size(want);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        const double expected = json_number_value(json_array_get(want, i));
        const double got = brn_schedule_at(schedule, (double)i / (double)count);
        if (!(fabs(got - expected) <= 1e-6 * fabs(expected) + 1e-8))
            fail_msg("%s, batch %zu: %.17g, fastai used %.17g", path, i, got, expected);
    }
}

TEST(batch_i_of_n_gets_what_a_fastai_2_learner_used)
{
    json_t *golden = golden_open("tests/golden/schedules.json");
    brn_schedule s = brn_schedule_one_cycle(.01, .25, 25, 1e5);
    check_run(golden, "learner/fit_one_cycle/rates", &s);
    s = brn_schedule_cosine_dip(.95, .85, .95, .25);
    check_run(golden, "learner/fit_one_cycle/momenta", &s);
    s = brn_schedule_flat_cosine(.01, .75, 1e5);
    check_run(golden, "learner/fit_flat_cos/rates", &s);
    assert_ok(brn_schedule_restarts(.01, 2, 2, &s));
    check_run(golden, "learner/fit_sgdr/rates", &s);
    json_decref(golden);
}

TEST(restarts_grow_and_begin_at_the_top)
{
    brn_schedule s;
    assert_ok(brn_schedule_restarts(.01, 3, 2, &s)); /* 1 + 2 + 4 sevenths */
    assert_close(brn_schedule_at(&s, 1 / 7.), .01, 1e-12);
    assert_close(brn_schedule_at(&s, 2 / 7.), .005, 1e-12);
    assert_close(brn_schedule_at(&s, 3 / 7. + 1e-9), .01, 1e-9);
    assert_close(brn_schedule_at(&s, 5 / 7.), .005, 1e-12);
    assert_close(brn_schedule_at(&s, 1), 0, 1e-12);
    assert_fails(brn_schedule_restarts(.01, 33, 1, &s), BRN_ERROR_USAGE, "at most 32");
}

TEST(pieces_join_where_the_later_one_begins)
{
    brn_schedule s = {.count = 0};
    assert_ok(brn_schedule_add(&s, (brn_schedule_piece){.25, BRN_SCHEDULE_CONSTANT, 1, 1, 0}));
    assert_ok(brn_schedule_add(&s, (brn_schedule_piece){.5, BRN_SCHEDULE_POLYNOMIAL, 2, 6, 2}));
    assert_ok(brn_schedule_add(&s, (brn_schedule_piece){.25, BRN_SCHEDULE_LINEAR, 10, 20, 0}));
    assert_close(brn_schedule_at(&s, .2), 1, 0);
    assert_close(brn_schedule_at(&s, .25), 2, 0);
    assert_close(brn_schedule_at(&s, .5), 5, 1e-15); /* 6 - 4 / 4 */
    assert_close(brn_schedule_at(&s, .75), 10, 0);
    assert_close(brn_schedule_at(&s, 1), 20, 0);
    assert_close(brn_schedule_at(&s, 1.5), 20, 0);
    for (int i = s.count; i < BRN_SCHEDULE_PIECES_MAX; i++)
        assert_ok(brn_schedule_add(&s, (brn_schedule_piece){.fraction = .01}));
    assert_fails(brn_schedule_add(&s, (brn_schedule_piece){.fraction = .01}), BRN_ERROR_USAGE,
                 "at most 32");
}

/* ------------------------------------------------------------------ fast.ai 0.7 */

TEST(cosine_cycles_warm_up_once_and_grow)
{
    const brn_cycles cycles = {.form = BRN_CYCLES_COSINE, .batches = 60, .multiplier = 2};
    assert_ok(brn_cycles_check(&cycles));
    for (int64_t i = 0; i < 3; i++) assert_close(brn_cycles_rate(&cycles, .1, i), .001, 1e-15);
    /* after the warm-up the cosine goes on from the same counter */
    assert_close(brn_cycles_rate(&cycles, .1, 3), .05 * (1 + cos(M_PI * 3 / 60)), 1e-15);
    assert_close(brn_cycles_rate(&cycles, .1, 59), .05 * (1 + cos(M_PI * 59 / 60)), 1e-15);
    assert_close(brn_cycles_rate(&cycles, .1, 60), .1, 1e-15);
    assert_close(brn_cycles_rate(&cycles, .1, 61), .05 * (1 + cos(M_PI / 120)), 1e-15);
    assert_close(brn_cycles_rate(&cycles, .1, 180), .1, 1e-15);
    assert_close(brn_cycles_rate(&cycles, .1, 300), .05 * (1 + cos(M_PI * 120 / 240)), 1e-15);
    assert_int_equal(brn_cycles_batches(&cycles, 3), 60 * 7);
    bool is_last;
    assert_int_equal(brn_cycles_index(&cycles, 59, &is_last), 0);
    assert_true(is_last);
    assert_int_equal(brn_cycles_index(&cycles, 60, &is_last), 1);
    assert_false(is_last);
    assert_int_equal(brn_cycles_index(&cycles, 419, &is_last), 2);
    assert_true(is_last);
}

TEST(equal_cosine_cycles_repeat_without_warm_up)
{
    const brn_cycles cycles = {.form = BRN_CYCLES_COSINE, .batches = 100, .multiplier = 1};
    assert_close(brn_cycles_rate(&cycles, 1, 4), .01, 1e-15);
    assert_close(brn_cycles_rate(&cycles, 1, 5), .5 * (1 + cos(M_PI * .05)), 1e-15);
    assert_close(brn_cycles_rate(&cycles, 1, 200), 1, 1e-15);
    assert_close(brn_cycles_rate(&cycles, 1, 201), .5 * (1 + cos(M_PI * .01)), 1e-15);
}

TEST(use_clr_is_the_slanted_triangle)
{
    const brn_cycles cycles = {.form = BRN_CYCLES_CLR,
                               .batches = 100,
                               .div = 20,
                               .cut = 8,
                               .momentum_high = .95,
                               .momentum_low = .85};
    assert_ok(brn_cycles_check(&cycles));
    /* cut = 100 // 8 = 12 */
    const double foot = .01 / 20;
    assert_close(brn_cycles_rate(&cycles, .01, 0), foot, 1e-16);
    assert_close(brn_cycles_rate(&cycles, .01, 6), foot + (.01 - foot) * .5, 1e-16);
    assert_close(brn_cycles_rate(&cycles, .01, 12), .01, 1e-16);
    assert_close(brn_cycles_rate(&cycles, .01, 56), foot + (.01 - foot) * .5, 1e-16);
    assert_close(brn_cycles_rate(&cycles, .01, 100), foot, 1e-16);
    /* the momentum of batch i is that of place i + 1 */
    assert_close(brn_cycles_momentum(&cycles, .9, 5), .90, 1e-15);
    assert_close(brn_cycles_momentum(&cycles, .9, 11), .85, 1e-15);
    assert_close(brn_cycles_momentum(&cycles, .9, 55), .90, 1e-15);
    assert_close(brn_cycles_momentum(&cycles, .9, 99), .95, 1e-15);
    const brn_cycles plain = {.form = BRN_CYCLES_CLR, .batches = 100, .div = 20, .cut = 8};
    assert_close(brn_cycles_momentum(&plain, .9, 12), .9, 0);
}

TEST(use_clr_beta_goes_up_down_and_out)
{
    const brn_cycles cycles = {.form = BRN_CYCLES_CLR_BETA,
                               .batches = 100,
                               .div = 10,
                               .cut = 10,
                               .momentum_high = .95,
                               .momentum_low = .85};
    assert_ok(brn_cycles_check(&cycles));
    /* legs of int(100 * .9 / 2) = 45 batches, a tail of 10 */
    assert_close(brn_cycles_rate(&cycles, 1, 0), .1, 1e-15);
    assert_close(brn_cycles_rate(&cycles, 1, 45), 1, 1e-15);
    assert_close(brn_cycles_rate(&cycles, 1, 90), .1, 1e-15);
    assert_close(brn_cycles_rate(&cycles, 1, 95), .1 * (1 - .99 / 2), 1e-15);
    assert_close(brn_cycles_rate(&cycles, 1, 9), .1 + .9 * .2, 1e-15);
    assert_close(brn_cycles_rate(&cycles, 1, 81), .1 + .9 * .2, 1e-15);
    assert_close(brn_cycles_momentum(&cycles, .9, 44), .85, 1e-15);
    assert_close(brn_cycles_momentum(&cycles, .9, 8), .93, 1e-15);
    assert_close(brn_cycles_momentum(&cycles, .9, 95), .95, 1e-15);
}

TEST(a_cycle_too_short_for_its_triangle_is_refused)
{
    brn_cycles cycles = {.form = BRN_CYCLES_CLR, .batches = 10, .div = 8, .cut = 20};
    assert_fails(brn_cycles_check(&cycles), BRN_ERROR_USAGE, "10 batches is too short");
    cycles = (brn_cycles){.form = BRN_CYCLES_CLR_BETA, .batches = 1, .div = 10, .cut = 10};
    assert_fails(brn_cycles_check(&cycles), BRN_ERROR_USAGE, "use_clr_beta");
    cycles = (brn_cycles){.form = BRN_CYCLES_COSINE};
    assert_fails(brn_cycles_check(&cycles), BRN_ERROR_USAGE, "at least one batch");
}

TEST(a_slice_of_rates_is_geometric)
{
    double rates[4];
    brn_rates_spread(1e-5, 1e-2, 4, rates);
    for (int i = 0; i < 4; i++) assert_close(rates[i] / pow(10, i - 5), 1, 1e-12);
    brn_rates_spread(0, 3e-3, 3, rates);
    assert_close(rates[0], 3e-4, 1e-18);
    assert_close(rates[1], 3e-4, 1e-18);
    assert_close(rates[2], 3e-3, 1e-18);
    brn_rates_spread(1e-5, 1e-2, 1, rates);
    assert_close(rates[0], 1e-2, 1e-18);
}
