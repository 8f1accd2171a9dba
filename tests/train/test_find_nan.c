/* SPDX-License-Identifier: Apache-2.0
 * A loss that is not finite is traced to where it comes from. */
#include "base/alloc.h"
#include "small_fit.h"
#include "test.h"

#include <float.h>
#include <math.h>
#include <string.h>

static brn_status (*load_plain)(const brn__dataset *dataset, int64_t item,
                                const brn__sample_context *context, void *input, void *target);

static brn_status load_infinity(const brn__dataset *dataset, int64_t item,
                                const brn__sample_context *context, void *input, void *target)
{
    brn_status status = load_plain(dataset, item, context, input, target);
    if (item == 37) ((float *)input)[1] = INFINITY;
    return status;
}

static brn_status load_nan(const brn__dataset *dataset, int64_t item,
                           const brn__sample_context *context, void *input, void *target)
{
    brn_status status = load_plain(dataset, item, context, input, target);
    ((float *)input)[1] = NAN;
    return status;
}

static brn__action spoil(void *state, brn__fit *fit)
{
    (void)state;
    fit->loss = NAN;
    return BRN__GO_ON;
}
static const brn__callback spoiling = {.on = {[BRN__AFTER_LOSS] = spoil}};

static void expect_diverged(small_fit *s, const char *part)
{
    small_fit_use(s, &brn__terminate_on_nan);
    assert_fails(brn__learner_fit(s->learner, &s->fit, NULL), BRN_ERROR_DIVERGED, part);
    test_assert_message("training diverged: the loss of batch ", __FILE__, __LINE__);
}

TEST(an_infinity_in_a_sample_is_found)
{
    small_fit s;
    small_fit_new(&s);
    load_plain = s.dataset.load;
    s.dataset.load = load_infinity;
    expect_diverged(&s, ": the input of item 37 of the data holds inf");
    assert_null(strstr(brn_error_message(), "lower rate"));
    small_fit_free(&s);
}

TEST(a_nan_in_a_sample_is_found)
{
    small_fit s;
    small_fit_new(&s);
    load_plain = s.dataset.load;
    s.dataset.load = load_nan;
    small_fit_use(&s, &spoiling); /* an operation may have swallowed it */
    expect_diverged(&s, " of the data holds nan");
    test_assert_message(": the input of item ", __FILE__, __LINE__);
    small_fit_free(&s);
}

TEST(an_infinite_weight_is_found)
{
    small_fit s;
    small_fit_new(&s);
    small_fit_set(&s, "b.weight", 3, INFINITY);
    small_fit_set(&s, "b.bias", 0, NAN);
    expect_diverged(&s, ": the parameter b.weight is not finite (1 of 16 values; "
                        "the first is inf)");
    assert_null(strstr(brn_error_message(), "lower rate")); /* it was so from the start */
    small_fit_free(&s);
}

TEST(an_overflow_in_a_layer_is_found)
{
    small_fit s;
    small_fit_new(&s);
    for (int i = 0; i < 16; i++) small_fit_set(&s, "a.weight", i, FLT_MAX);
    expect_diverged(&s, "the first value that is not finite comes out of a (matmul: inf in ");
    test_assert_message("its input is finite, at most 0.9", __FILE__, __LINE__);
    test_assert_message("in size); a lower rate may help", __FILE__, __LINE__);
    small_fit_free(&s);
}

TEST(an_overflow_behind_finite_layers_names_the_later_one)
{
    small_fit s;
    small_fit_new(&s);
    for (int i = 0; i < 8; i++) small_fit_set(&s, "n.weight", i, FLT_MAX / 2);
    /* only the statistics of the batch make these large: it must be run as in training */
    for (int i = 0; i < 16; i++)
        small_fit_set(&s, "a.weight", i, .01f * small_fit_parameter(&s, "a.weight")[i]);
    expect_diverged(&s, "the first value that is not finite comes out of n (batch_norm: -inf in ");
    small_fit_free(&s);
}

TEST(an_overflow_far_down_is_found)
{
    small_fit s;
    small_fit_new_deep(&s, 20);
    for (int i = 0; i < 64; i++) small_fit_set(&s, "h17.weight", i, FLT_MAX);
    expect_diverged(&s, "comes out of h17 (matmul: ");
    small_fit_free(&s);
}

TEST(a_huge_rate_is_found)
{
    small_fit s;
    small_fit_new(&s);
    s.fit.learning_rate = 1e38;
    s.fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
    s.fit.optimizer.momentum = 0;
    s.fit.epochs = 4;
    expect_diverged(&s, "a lower rate may help");
    test_assert_message("learning rate of 1e+38", __FILE__, __LINE__);
    small_fit_free(&s);
}

static brn__action spoil_bias(void *state, brn__fit *fit)
{
    (void)fit;
    small_fit_set(state, "a.bias", 4, NAN); /* relu makes a zero of it */
    return BRN__GO_ON;
}

static brn__action spoil_statistic(void *state, brn__fit *fit)
{
    if (fit->epoch == 1) small_fit_set(state, "n.running_var", 7, INFINITY);
    return BRN__GO_ON;
}

TEST(a_parameter_that_is_not_finite_does_not_outlive_its_epoch)
{
    small_fit s;
    small_fit_new(&s);
    const brn__callback late = {.order = -1, .on = {[BRN__AFTER_TRAIN] = spoil_bias}, .state = &s};
    brn__fit_result result;
    small_fit_use(&s, &brn__terminate_on_nan);
    small_fit_use(&s, &late);
    assert_fails(brn__learner_fit(s.learner, &s.fit, &result), BRN_ERROR_DIVERGED,
                 "training diverged: after the training batches of epoch 1, at a learning rate of 0.01, "
                 "the parameter a.bias is not finite (1 of 8 values; the first is nan); a lower rate");
    assert_int_equal(result.epochs, 0);
    small_fit_free(&s);
}

TEST(a_running_statistic_that_is_not_finite_does_not_outlive_its_epoch)
{
    small_fit s;
    small_fit_new(&s);
    const brn__callback late = {.order = -1, .on = {[BRN__AFTER_TRAIN] = spoil_statistic}, .state = &s};
    brn__fit_result result;
    small_fit_use(&s, &brn__terminate_on_nan);
    small_fit_use(&s, &late);
    assert_fails(brn__learner_fit(s.learner, &s.fit, &result), BRN_ERROR_DIVERGED,
                 "after the training batches of epoch 2, at a learning rate of 0.01, the parameter "
                 "n.running_var is not finite (1 of 8 values; the first is inf)");
    assert_int_equal(result.epochs, 1);
    small_fit_free(&s);
}

TEST(a_spoilt_running_statistic_is_found_where_it_is_used)
{
    small_fit s;
    small_fit_new(&s);
    s.fit.norm_form[1] = BRN_NORM_AFFINE;
    small_fit_set(&s, "n.running_var", 2, NAN);
    expect_diverged(&s, "comes out of n (batch_norm: ");
    test_assert_message("its n.running_var is not finite)", __FILE__, __LINE__);
    small_fit_free(&s);
}

TEST(nothing_is_named_when_nothing_is_found_and_buffers_stay)
{
    small_fit s;
    small_fit_new(&s);
    brn__nan_stop stop;
    brn__progress progress;
    brn__progress_init(&progress, NULL, NULL);
    progress.stage = "head";
    progress.epochs_before = 4;
    brn__nan_stop_init(&stop, &progress);
    small_fit_use(&s, &spoiling);
    small_fit_use(&s, &stop.callback);
    assert_fails(brn__learner_fit(s.learner, &s.fit, NULL), BRN_ERROR_DIVERGED,
                 "the loss of batch 1 of 4 in epoch 5 (stage \"head\") is nan, at a learning rate of "
                 "0.01: the same batch gives finite values when it is run again");
    const float once = *small_fit_parameter(&s, "n.running_mean");
    /* As a fit that stops there without looking any further. */
    small_fit other;
    small_fit_new(&other);
    brn_plan *plan;
    assert_ok(brn__loader_start_epoch(other.train, 0));
    brn__batch batch;
    assert_ok(brn__loader_next(other.train, &batch));
    assert_ok(brn__network_plan(brn__learner_runner(other.learner), &other.fit.network, &other.fit,
                                batch.count, &plan));
    assert_ok(brn_plan_bind(plan, "x", batch.inputs));
    assert_ok(brn_plan_bind(plan, "t", batch.targets));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 5}));
    assert_true(once != 0 && once == *small_fit_parameter(&other, "n.running_mean"));
    small_fit_free(&other);
    small_fit_free(&s);
}

TEST(a_search_without_memory_still_ends_the_fit_as_diverged)
{
    for (int n = 1; n <= 40; n++) {
        small_fit s;
        small_fit_new(&s);
        for (int i = 0; i < 16; i++) small_fit_set(&s, "a.weight", i, 1e37f);
        /* compile the training plan first, so that the faults meet the search */
        brn_plan *plan;
        assert_ok(brn__network_plan(brn__learner_runner(s.learner), &s.fit.network, &s.fit, SMALL_BATCH,
                                    &plan));
        small_fit_use(&s, &brn__terminate_on_nan);
        brn_status status;
        brn__alloc_fail_after((uint64_t)n, 0);
        status = brn__learner_fit(s.learner, &s.fit, NULL);
        brn__alloc_fail_after(0, 0);
        assert_true(status == BRN_ERROR_DIVERGED || status == BRN_ERROR_NO_MEMORY);
        small_fit_free(&s);
    }
}
