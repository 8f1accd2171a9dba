/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "test.h"
#include "train/fine_tuning.h"
#include "train/toy.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ freezing */

TEST(groups_freeze_as_in_fast_ai)
{
    assert_true(brn__freeze_to(3, 0) == 7);
    assert_true(brn__freeze_to(3, 1) == 6);
    assert_true(brn__freeze_to(3, -1) == 4);
    assert_true(brn__freeze_to(3, -2) == 6);
    assert_true(brn__freeze_to(3, -9) == 7);
    assert_true(brn__freeze_to(3, 3) == 0);
    assert_true(brn__freeze_to(64, 0) == UINT64_MAX);
    assert_true(brn__freeze_to(64, -1) == 1ull << 63);
    assert_true(brn__freeze_all_but(3, 1) == 2);
    assert_true(brn__freeze_all_but(3, -3) == 1);
    assert_true(brn__freeze_all_but(3, 3) == 0);
    static const uint64_t stages[] = {4, 6, 7, 7};
    for (int stage = 0; stage < 4; stage++)
        assert_true(brn__unfreeze_gradually(3, stage) == stages[stage]);
}

TEST(norms_of_frozen_groups_have_the_form_of_their_fast_ai)
{
    unsigned char forms[3];
    brn__norm_forms(3, 4, BRN_NORM_FIXED, 0, forms);
    assert_memory_equal(forms, ((unsigned char[]){BRN_NORM_FIXED, BRN_NORM_FIXED, BRN_NORM_BATCH}), 3);
    brn__norm_forms(3, 4, BRN_NORM_BATCH, 0, forms);
    assert_memory_equal(forms, ((unsigned char[]){BRN_NORM_BATCH, BRN_NORM_BATCH, BRN_NORM_BATCH}), 3);
    brn__norm_forms(3, 6, BRN_NORM_FIXED, 7, forms); /* bn_freeze */
    assert_memory_equal(forms, ((unsigned char[]){BRN_NORM_FIXED, BRN_NORM_AFFINE, BRN_NORM_AFFINE}), 3);
}

TEST(rates_fall_by_a_factor_from_group_to_group)
{
    double rates[4];
    brn__rates_by_factor(1e-2, 2.6, 4, rates);
    for (int g = 0; g < 4; g++) assert_close(rates[g], 1e-2 / pow(2.6, 3 - g), 1e-15);
}

/* ------------------------------------------------------------------ decays */

static double seen_decays[2];
static brn__action see_decays(void *state, brn__fit *fit)
{
    (void)state;
    for (int g = 0; g < 2; g++) seen_decays[g] = fit->settings.groups[g].weight_decay;
    return BRN__GO_ON;
}

TEST(each_group_has_its_own_decay)
{
    toy t;
    toy_new(&t);
    brn__decays decays;
    brn__decays_init(&decays, (double[]){.1, .3}, 2);
    const brn__callback see = {.order = 99, .on = {[BRN__BEFORE_STEP] = see_decays}};
    toy_use(&t, &decays.callback);
    toy_use(&t, &see);
    assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
    assert_close(seen_decays[0], .1, 0);
    assert_close(seen_decays[1], .3, 0);
    decays.normalised = true; /* 20 batches in the fit */
    assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
    assert_close(seen_decays[1], .3 / sqrt(20), 1e-15);
    decays.batches = 5;
    assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
    assert_close(seen_decays[0], .1 / sqrt(5), 1e-15);
    toy_free(&t);
}

/* ------------------------------------------------------------------ accumulation */

static brn__action count_step(void *state, brn__fit *fit)
{
    (void)fit;
    ++*(int *)state;
    return BRN__GO_ON;
}

/* One epoch over the first `count` items in order, in batches of `size`; the norms' statistics fixed.
 * Returns the steps made. */
static int fit_in_order(toy *t, int64_t count, int64_t size, brn__accumulation *accumulation)
{
    toy_new_without_dropout(t);
    t->fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
    t->fit.norm_form[1] = BRN_NORM_AFFINE;
    t->fit.epochs = 1;
    t->fit.valid = NULL;
    brn__loader_free(t->train);
    t->fit.train = t->train = toy_loader(t, 0, count, size, false);
    int steps = 0;
    const brn__callback counting = {.on = {[BRN__AFTER_STEP] = count_step}, .state = &steps};
    toy_use(t, &counting);
    if (accumulation) {
        assert_ok(brn__accumulation_init(accumulation, t->parameters, 32));
        toy_use(t, &accumulation->callback);
    }
    assert_ok(brn__learner_fit(t->learner, &t->fit, NULL));
    return steps;
}

static void assert_same(const toy *a, const toy *b, double tolerance)
{
    const float *x = brn_parameters_values(a->parameters), *y = brn_parameters_values(b->parameters);
    for (int64_t i = 0; i < brn_parameters_elements(a->parameters); i++)
        assert_close((double)x[i], (double)y[i], tolerance);
}

TEST(small_batches_accumulated_are_one_large_batch)
{
    /* 112 items: three steps of 32 and one of what is left, 16 */
    static const int64_t sizes[] = {8, 16, 32};
    toy large, start;
    toy_new_without_dropout(&start);
    assert_int_equal(fit_in_order(&large, 112, 32, NULL), 4);
    assert_true(toy_hash(&large) != toy_hash(&start));
    for (int i = 0; i < 3; i++) {
        toy small;
        brn__accumulation accumulation;
        assert_int_equal(fit_in_order(&small, 112, sizes[i], &accumulation), 4);
        assert_same(&small, &large, 2e-6);
        brn__accumulation_deinit(&accumulation);
        toy_free(&small);
    }
    toy_free(&large);
    toy_free(&start);
}

TEST(batches_of_unequal_size_count_by_their_items)
{
    /* 11 + 11 + 10 items: the mean over 32, not the mean of three means */
    toy large, small;
    brn__accumulation accumulation;
    assert_int_equal(fit_in_order(&large, 32, 32, NULL), 1);
    assert_int_equal(fit_in_order(&small, 32, 11, &accumulation), 1);
    assert_same(&small, &large, 1e-6);
    brn__accumulation_deinit(&accumulation);
    toy_free(&large);
    toy_free(&small);
}

/* The epoch's last batch is gone: as if all of its pictures were bad. */
static brn_status lose_last(const brn__dataset *dataset, int64_t item,
                            const brn__sample_context *context, void *input, void *target)
{
    (void)dataset, (void)context;
    ((float *)input)[0] = (float)item / 100, ((float *)input)[1] = 1;
    *(int64_t *)target = item % 2;
    return item < 40 ? BRN_OK : BRN_ERROR_INPUT;
}

TEST(what_is_left_over_is_learned_from_when_the_last_batch_is_lost)
{
    toy large, small;
    brn__accumulation accumulation;
    toy *both[2] = {&large, &small};
    for (int i = 0; i < 2; i++) {
        toy *t = both[i];
        toy_new_without_dropout(t);
        t->dataset.load = lose_last;
        t->fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
        t->fit.norm_form[1] = BRN_NORM_AFFINE;
        t->fit.epochs = 1;
        t->fit.valid = NULL;
        brn__loader_free(t->train);
        t->fit.train = t->train = toy_loader(t, 0, 48, i == 0 ? 32 : 8, false);
    }
    assert_ok(brn__learner_fit(large.learner, &large.fit, NULL)); /* 32 and 8 items */
    assert_ok(brn__accumulation_init(&accumulation, small.parameters, 32));
    toy_use(&small, &accumulation.callback);
    assert_ok(brn__learner_fit(small.learner, &small.fit, NULL)); /* 4 x 8, 8, a lost one */
    assert_same(&small, &large, 2e-6);
    brn__accumulation_deinit(&accumulation);
    toy_free(&large);
    toy_free(&small);
}

TEST(accumulation_that_cannot_be_is_refused)
{
    toy t;
    toy_new(&t);
    brn__accumulation a;
    assert_fails(brn__accumulation_init(&a, t.parameters, 0), BRN_ERROR_USAGE, "0 items a step");
    brn__alloc_fail_after(1, 0);
    assert_int_equal(brn__accumulation_init(&a, t.parameters, 32), BRN_ERROR_NO_MEMORY);
    brn__alloc_fail_after(0, 0);
    brn__accumulation_deinit(&a);
    toy_free(&t);
}
