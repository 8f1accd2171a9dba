/* SPDX-License-Identifier: Apache-2.0 */
#include "burnish/schedule.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

enum { STEPS = 70 };

/* Step t of a golden list against the schedule at progress t / whole. */
static void check(const char *name, const char *what, const brn_schedule *schedule, double whole)
{
    json_t *golden = golden_open("tests/golden/torch_schedules.json");
    char path[128];
    snprintf(path, sizeof path, "torch/%s/%s", name, what);
    const json_t *want = golden_at(golden, path);
    assert_int_equal(json_array_size(want), STEPS);
    for (size_t t = 0; t < STEPS; t++) {
        const double expected = json_number_value(json_array_get(want, t));
        const double got = brn_schedule_at(schedule, (double)t / whole);
        if (!(fabs(got - expected) <= 1e-6 * fabs(expected) + 1e-12))
            fail_msg("%s at step %zu: %.17g, PyTorch has %.17g", path, t, got, expected);
    }
    json_decref(golden);
}

static brn_schedule simple(brn_schedule_shape shape, double end, double power)
{
    return brn_schedule_simple(shape, .1, end, power);
}

TEST(simple_schedules_equal_pytorch_step_by_step)
{
    brn_schedule s = simple(BRN_SCHEDULE_POLYNOMIAL, 0, 2.5);
    check("polynomial", "rates", &s, STEPS);
    s = simple(BRN_SCHEDULE_EXPONENTIAL, .1 * pow(.95, STEPS), 0);
    check("exponential", "rates", &s, STEPS);
    s = simple(BRN_SCHEDULE_COSINE, 1e-4, 0);
    check("cosine", "rates", &s, STEPS);
}

TEST(restarts_and_triangles_equal_pytorch_step_by_step)
{
    brn_schedule s = simple(BRN_SCHEDULE_COSINE, 1e-4, 0);
    assert_ok(brn_schedule_repeat(&s, 3, 2, 1, &s)); /* 10 + 20 + 40 */
    check("warm_restarts", "rates", &s, STEPS);
    s = brn_schedule_triangle(.01, .1, 4 / 14.);
    assert_ok(brn_schedule_repeat(&s, 5, 1, 1, &s));
    check("cyclic", "rates", &s, STEPS);
    s = brn_schedule_triangle(.9, .8, 4 / 14.);
    assert_ok(brn_schedule_repeat(&s, 5, 1, 1, &s));
    check("cyclic", "momenta", &s, STEPS);
    s = brn_schedule_triangle(.01, .1, .5);
    assert_ok(brn_schedule_repeat(&s, 5, 1, .5, &s));
    check("cyclic_halved", "rates", &s, STEPS);
}

TEST(one_cycle_equals_pytorch_step_by_step)
{
    const double last = STEPS - 1, top = (.3 * STEPS - 1) / last;
    brn_schedule s = brn_schedule_one_cycle(.1, top, 25, 25 * 1e4);
    check("one_cycle", "rates", &s, last);
    s = brn_schedule_cosine_dip(.95, .85, .95, top);
    check("one_cycle", "momenta", &s, last);
    s = brn_schedule_triangle(.1 / 25, .1, .5);
    for (int i = 0; i < 2; i++) s.pieces[i].fraction = top;
    assert_ok(brn_schedule_add(
        &s, (brn_schedule_piece){1 - 2 * top, BRN_SCHEDULE_LINEAR, .1 / 25, .1 / 25 / 1e4, 0}));
    check("one_cycle_three", "rates", &s, last);
}

TEST(a_warm_up_equals_pytorch_step_by_step)
{
    brn_schedule s = simple(BRN_SCHEDULE_COSINE, 0, 0);
    assert_ok(brn_schedule_warm_up(&s, 20. / STEPS, .1, &s));
    check("warm_up", "rates", &s, STEPS);
}

TEST(steps_and_milestones_equal_pytorch)
{
    json_t *golden = golden_open("tests/golden/torch_schedules.json");
    const json_t *step = golden_at(golden, "torch/step/rates");
    const json_t *milestones = golden_at(golden, "torch/milestones/rates");
    brn_schedule stairs;
    assert_ok(brn_schedule_stairs(.1, .5, 5, &stairs));
    for (int t = 0; t < STEPS; t++) {
        const double want = json_number_value(json_array_get(step, (size_t)t));
        assert_close(brn_rate_steps(.1, .5, 15, t) / want, 1, 1e-12);
        assert_close(brn_schedule_at(&stairs, t / 75.) / want, 1, 1e-12);
        assert_close(brn_rate_milestones(.1, .3, (int64_t[]){5, 20, 21, 50}, 4, t) /
                         json_number_value(json_array_get(milestones, (size_t)t)),
                     1, 1e-12);
    }
    json_decref(golden);
}

TEST(fine_tune_equals_what_a_fastai_2_learner_used)
{
    json_t *golden = golden_open("tests/golden/torch_schedules.json");
    const json_t *rates = golden_at(golden, "fine_tune/rates");
    const json_t *momenta = golden_at(golden, "fine_tune/momenta");
    assert_int_equal(json_array_size(rates), 24); /* an epoch of 8, then two */
    const brn_fine_tune options = brn_fine_tune_defaults();
    for (size_t i = 0; i < 24; i++) {
        const bool frozen = i < 8;
        const double at = frozen ? (double)i / 8 : (double)(i - 8) / 16;
        const brn_schedule curve = brn_fine_tune_curve(&options, frozen);
        const brn_schedule momentum = brn_fine_tune_momentum(&options, frozen);
        double groups[3];
        brn_fine_tune_rates(&options, frozen, 3, groups);
        for (size_t g = 0; g < 3; g++) {
            const double want = json_number_value(json_array_get(json_array_get(rates, i), g));
            const double got = groups[g] * brn_schedule_at(&curve, at);
            if (!(fabs(got - want) <= 1e-6 * want + 1e-10)) /* its place is float32 */
                fail_msg("batch %zu, group %zu: %.17g, fastai used %.17g", i, g, got, want);
        }
        assert_close(brn_schedule_at(&momentum, at),
                     json_number_value(json_array_get(momenta, i)), 1e-6);
    }
    json_decref(golden);
}

TEST(a_batch_on_a_border_belongs_to_the_later_piece)
{
    /* every count of batches and of cycles: no batch is caught at the foot of the cycle before */
    for (int cycles = 1; cycles <= 9; cycles++) {
        brn_schedule s;
        assert_ok(brn_schedule_restarts(1, cycles, 1, &s));
        for (int batches = 1; batches < 40; batches++)
            for (int c = 0; c < cycles; c++)
                assert_close(brn_schedule_at(&s, (double)(c * batches) / (cycles * batches)), 1, 1e-9);
    }
}

TEST(forms_that_cannot_be_are_refused)
{
    brn_schedule s = brn_schedule_simple(BRN_SCHEDULE_COSINE, 1, 0, 0), out;
    assert_fails(brn_schedule_repeat(&s, 0, 1, 1, &out), BRN_ERROR_USAGE, "one cycle or more");
    assert_fails(brn_schedule_repeat(&s, 2, 0, 1, &out), BRN_ERROR_USAGE, "multiplier above 0");
    assert_fails(brn_schedule_repeat(&s, 33, 1, 1, &out), BRN_ERROR_USAGE, "at most 32");
    assert_fails(brn_schedule_warm_up(&s, 1, .1, &out), BRN_ERROR_USAGE, "below 1");
    assert_fails(brn_schedule_warm_up(&s, NAN, .1, &out), BRN_ERROR_USAGE, "warm-up");
    assert_fails(brn_schedule_warm_up(&s, .1, 2, &out), BRN_ERROR_USAGE, "at most 1");
    assert_fails(brn_schedule_stairs(.1, .5, 0, &out), BRN_ERROR_USAGE, "one or more");
    assert_ok(brn_schedule_warm_up(&s, 0, .1, &out));
    assert_int_equal(out.count, 1);
    assert_close(brn_rate_steps(.1, .5, 0, 10), .1, 0);
}
