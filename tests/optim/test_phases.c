/* SPDX-License-Identifier: Apache-2.0 */
#include "burnish/phases.h"
#include "test.h"

#include <math.h>

/* 0.7's recipes, by the formulas of its decay types at batch i of n. */
static void check_decay(brn_schedule_piece rate, double at, double expected)
{
    brn_phase phase = brn_phase_defaults();
    phase.rate = rate;
    const brn_optimizer_settings s = brn_phase_settings(&phase, at);
    assert_close(s.groups[0].learning_rate, expected, 1e-14);
    assert_close(s.groups[7].learning_rate, expected, 1e-14);
    assert_close(s.groups[7].momentum, .9, 0);
}

TEST(phases_decay_by_the_formulas_of_0_7)
{
    check_decay((brn_schedule_piece){1, BRN_SCHEDULE_CONSTANT, .1, .01, 0}, .3, .1);
    check_decay((brn_schedule_piece){1, BRN_SCHEDULE_LINEAR, .1, .01, 0}, .3, .1 - .09 * .3);
    check_decay((brn_schedule_piece){1, BRN_SCHEDULE_COSINE, .1, .01, 0}, .3,
                .01 + .09 / 2 * (1 + cos(M_PI * .3)));
    check_decay((brn_schedule_piece){1, BRN_SCHEDULE_EXPONENTIAL, .1, .001, 0}, .3,
                .1 * pow(.01, .3));
    check_decay((brn_schedule_piece){1, BRN_SCHEDULE_POLYNOMIAL, .1, .01, 3}, .3,
                .01 + .09 * pow(.7, 3));
}

TEST(each_phase_has_its_groups_momentum_and_decay)
{
    brn_phase phase = brn_phase_defaults();
    phase.rate = (brn_schedule_piece){1, BRN_SCHEDULE_LINEAR, 0, 1, 0};
    phase.momentum = (brn_schedule_piece){1, BRN_SCHEDULE_LINEAR, .95, .85, 0};
    phase.optimizer.square_momentum = .7;
    phase.optimizer.weight_decay = .5;
    brn_optimizer_settings s = brn_phase_settings(&phase, .5);
    assert_close(s.groups[3].momentum, .9, 1e-15);
    assert_close(s.groups[3].square_momentum, .7, 0);
    assert_close(s.groups[3].weight_decay, .5, 0);
    phase.ratios[0] = 1 / 9.;
    phase.ratios[1] = 1;
    phase.decays[1] = .25;
    s = brn_phase_settings(&phase, .5);
    assert_close(s.groups[0].learning_rate, .5 / 9, 1e-15);
    assert_close(s.groups[1].learning_rate, .5, 1e-15);
    assert_close(s.groups[0].weight_decay, 0, 0);
    assert_close(s.groups[1].weight_decay, .25, 0);
}

TEST(phases_of_fractions_end_where_the_epochs_so_far_are_full)
{
    brn_phase phases[4];
    for (int i = 0; i < 4; i++) phases[i] = brn_phase_defaults();
    phases[0].epochs = .25; /* 2.5 batches of 10: ends at batch 3 */
    phases[1].epochs = .25; /* full at 5 */
    phases[2].epochs = .01; /* 5.1: one batch */
    phases[3].epochs = 2;   /* 5.1 + 20 */
    const int64_t batches[4] = {10, 10, 10, 10};
    assert_ok(brn_phases_check(phases, 4, batches));
    assert_int_equal(brn_phases_batches(phases, 4, batches), 26);
    static const int expected[26] = {0, 0, 0, 1, 1, 2};
    for (int i = 0; i < 26; i++) {
        const brn_phase_place place = brn_phases_find(phases, 4, batches, i);
        assert_int_equal(place.phase, i < 6 ? expected[i] : 3);
    }
    brn_phase_place place = brn_phases_find(phases, 4, batches, 2);
    assert_close(place.progress, 2 / 2.5, 1e-15);
    assert_int_equal(place.batches, 3);
    place = brn_phases_find(phases, 4, batches, 4);
    assert_close(place.progress, 1 / 2.5, 1e-15);
    place = brn_phases_find(phases, 4, batches, 25);
    assert_int_equal(place.batch, 19);
    assert_int_equal(place.batches, 20);
}

TEST(tenths_of_an_epoch_add_up)
{
    brn_phase phases[30];
    int64_t batches[30];
    for (int i = 0; i < 30; i++) {
        phases[i] = brn_phase_defaults();
        phases[i].epochs = .1;
        batches[i] = 10;
    }
    for (int i = 0; i < 30; i++)
        assert_int_equal(brn_phases_find(phases, 30, batches, i).phase, i);
    assert_int_equal(brn_phases_batches(phases, 30, batches), 30);
    phases[0].epochs = 1.1; /* times 10 is a little above 11 in binary */
    assert_int_equal(brn_phases_batches(phases, 1, batches), 11);
}

TEST(data_of_each_phase_count_for_themselves)
{
    brn_phase phases[2] = {brn_phase_defaults(), brn_phase_defaults()};
    const int64_t batches[2] = {4, 7};
    assert_int_equal(brn_phases_batches(phases, 2, batches), 11);
    assert_int_equal(brn_phases_find(phases, 2, batches, 4).phase, 1);
    assert_close(brn_phases_find(phases, 2, batches, 10).progress, 6 / 7., 1e-15);
    assert_int_equal(brn_phases_find(phases, 2, batches, 99).phase, 1);
    assert_close(brn_phases_find(phases, 2, batches, 99).progress, 1, 0);
}

TEST(phases_share_an_optimizer_unless_they_change_it)
{
    brn_phase a = brn_phase_defaults(), b = a;
    b.optimizer.weight_decay = .1;
    b.optimizer.momentum = .5;
    assert_true(brn_phases_share_optimizer(&a, &b));
    b.optimizer.decoupled_decay = true;
    assert_false(brn_phases_share_optimizer(&a, &b));
    b = a;
    b.optimizer.kind = BRN_OPTIMIZER_ADAM;
    assert_false(brn_phases_share_optimizer(&a, &b));
    b = a;
    b.optimizer.lookahead_every = 5; /* it remembers more */
    assert_false(brn_phases_share_optimizer(&a, &b));
}

TEST(phases_that_cannot_be_are_named)
{
    brn_phase phases[2] = {brn_phase_defaults(), brn_phase_defaults()};
    const int64_t batches[2] = {3, 0};
    assert_fails(brn_phases_check(phases, 0, batches), BRN_ERROR_USAGE, "expected 1 to 64");
    assert_fails(brn_phases_check(phases, 2, batches), BRN_ERROR_USAGE, "phase 2: its data");
    phases[0].epochs = 0;
    assert_fails(brn_phases_check(phases, 1, batches), BRN_ERROR_USAGE, "phase 1: 0 epochs");
    phases[0].epochs = NAN;
    assert_fails(brn_phases_check(phases, 1, batches), BRN_ERROR_USAGE, "phase 1");
    phases[0] = brn_phase_defaults();
    phases[0].rate = (brn_schedule_piece){1, BRN_SCHEDULE_EXPONENTIAL, .1, 0, 0};
    assert_fails(brn_phases_check(phases, 1, batches), BRN_ERROR_USAGE, "exponential rate needs");
    phases[0] = brn_phase_defaults();
    phases[0].momentum.start = -1;
    assert_fails(brn_phases_check(phases, 1, batches), BRN_ERROR_USAGE, "the momentum runs from -1");
}
