/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "train/scheduling.h"
#include "train/toy.h"

#include <math.h>
#include <string.h>

typedef struct seen {
    brn_group_settings groups[64][2]; /* by step */
    int64_t counts[64];
    int64_t counted[64]; /* steps of the optimizer before this one */
    int steps, epochs, validations;
} seen;

static brn__action see_step(void *state, brn__fit *fit)
{
    seen *s = state;
    assert_true(s->steps < 64);
    memcpy(s->groups[s->steps], fit->settings.groups, sizeof s->groups[0]);
    s->counted[s->steps] = *(int64_t *)brn_optimizer_state_at(fit->optimizer, 0).data;
    s->counts[s->steps++] = fit->data.count;
    return BRN__GO_ON;
}

static brn__action see_epoch(void *state, brn__fit *fit)
{
    ((seen *)state)->epochs++;
    ((seen *)state)->validations += isfinite(fit->valid_loss);
    return BRN__GO_ON;
}

static brn__callback seeing(seen *s)
{
    return (brn__callback){.name = "see",
                           .order = 99,
                           .on = {[BRN__BEFORE_STEP] = see_step, [BRN__AFTER_EPOCH] = see_epoch},
                           .state = s};
}

TEST(a_fit_follows_any_schedule)
{
    toy t;
    toy_new(&t);
    static seen s;
    s = (seen){0};
    const brn__callback see = seeing(&s);
    const brn_schedule rate = brn_schedule_triangle(.1, 1, .5);
    const brn_schedule momentum = brn_schedule_triangle(.95, .85, .5);
    brn__scheduling scheduling;
    brn__scheduling_init(&scheduling, (double[]){1e-3, 1e-2}, 2, &rate, &momentum);
    toy_use(&t, &see);
    toy_use(&t, &scheduling.callback);
    assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
    assert_int_equal(s.steps, 20);
    for (int i = 0; i < 20; i++) {
        const double height = 1 - fabs(i / 10. - 1);
        assert_close(s.groups[i][1].learning_rate * 100, .1 + .9 * height, 1e-12);
        assert_close(s.groups[i][0].learning_rate * 1000, .1 + .9 * height, 1e-12);
        assert_close(s.groups[i][0].momentum, .95 - .1 * height, 1e-12);
    }
    toy_free(&t);
}

TEST(a_fit_follows_cycles_of_epochs)
{
    toy t;
    toy_new(&t);
    static seen s;
    s = (seen){0};
    const brn__callback see = seeing(&s);
    const brn_cycles given = {.form = BRN_CYCLES_COSINE, .multiplier = 2};
    brn_cycles cycles = given;
    cycles.batches = 10;
    brn__scheduling scheduling;
    brn__scheduling_cycles(&scheduling, (double[]){1e-3, 1e-2}, 2, &given);
    toy_use(&t, &see);
    toy_use(&t, &scheduling.callback);
    t.fit.epochs = 3; /* 1 + 2 */
    assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
    assert_int_equal(s.steps, 30);
    for (int i = 0; i < 30; i++) {
        assert_close(s.groups[i][0].learning_rate, brn_cycles_rate(&cycles, 1e-3, i), 0);
        assert_close(s.groups[i][1].learning_rate, brn_cycles_rate(&cycles, 1e-2, i), 0);
        assert_close(s.groups[i][1].momentum, .9, 0);
    }
    assert_close(s.groups[10][1].learning_rate, 1e-2, 1e-15);
    const brn_cycles bad = {.form = BRN_CYCLES_CLR, .div = 10, .cut = 20};
    brn__scheduling_cycles(&scheduling, (double[]){1e-3, 1e-2}, 2, &bad);
    assert_fails(brn__learner_fit(t.learner, &t.fit, NULL), BRN_ERROR_USAGE, "too short for use_clr");
    toy_free(&t);
}

TEST(a_fit_follows_phases_with_their_optimizer_and_data)
{
    toy t;
    toy_new(&t);
    static seen s;
    s = (seen){0};
    const brn__callback see = seeing(&s);
    toy_use(&t, &see);
    brn_phase phases[4];
    for (int i = 0; i < 4; i++) phases[i] = brn_phase_defaults();
    phases[0].epochs = .5;
    phases[0].rate = (brn_schedule_piece){1, BRN_SCHEDULE_LINEAR, .01, .02, 0};
    phases[1].epochs = .5;
    phases[1].rate = (brn_schedule_piece){1, BRN_SCHEDULE_LINEAR, .02, .01, 0};
    phases[1].momentum.start = .8;
    phases[2].epochs = 1.5;
    phases[2].optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    phases[2].rate.start = .003;
    phases[3].epochs = 1; /* of smaller batches */
    phases[3].optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    phases[3].rate.start = .001;
    brn__loader *small = toy_loader(&t, 0, 160, 16, true);
    brn__loader *loaders[4] = {NULL, NULL, NULL, small};
    brn__fit_result result;
    assert_ok(brn__phases_fit(t.learner, &t.fit, phases, 4, loaders, &result));
    assert_int_equal(s.steps, 10 + 15 + 10);
    assert_int_equal(s.epochs, 1 + 2 + 1);
    assert_int_equal(s.validations, 4);
    assert_int_equal(result.epochs, 4);
    for (int i = 0; i < 5; i++) {
        assert_close(s.groups[i][0].learning_rate, .01 + .002 * i, 1e-15);
        assert_close(s.groups[5 + i][0].learning_rate, .02 - .002 * i, 1e-15);
        assert_close(s.groups[i][1].momentum, .9, 0);
        assert_close(s.groups[5 + i][1].momentum, .8, 0);
    }
    for (int i = 10; i < 25; i++) {
        assert_close(s.groups[i][0].learning_rate, .003, 0);
        assert_close(s.groups[i][0].square_momentum, .99, 0);
        assert_int_equal(s.counts[i], 32);
    }
    for (int i = 25; i < 35; i++) assert_int_equal(s.counts[i], 16);
    /* a new optimizer at its change, not at that of the data */
    for (int i = 0; i < 10; i++) assert_int_equal(s.counted[i], i);
    for (int i = 10; i < 35; i++) assert_int_equal(s.counted[i], i - 10);
    phases[1].epochs = -1;
    assert_fails(brn__phases_fit(t.learner, &t.fit, phases, 4, loaders, NULL), BRN_ERROR_USAGE,
                 "phase 2: -1 epochs");
    brn__loader_free(small);
    toy_free(&t);
}
