/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "base/philox.h"
#include "burnish/nn.h"
#include "test.h"
#include "train/callbacks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Two classes told apart by the sign of the product of two coordinates: not linear, quickly learned. */
enum { ITEMS = 320, VALID = 64, FEATURES = 2 };

static brn_status load_point(const brn__dataset *dataset, int64_t item,
                             const brn__sample_context *context, void *input, void *target)
{
    (void)dataset, (void)context;
    brn__random random = brn__random_new(brn__philox_key(1, "points"), (uint32_t)item, 0, 0);
    float *x = input;
    for (int i = 0; i < FEATURES; i++) x[i] = (float)brn__random_between(&random, -1, 1);
    *(int64_t *)target = x[0] * x[1] > 0;
    return BRN_OK;
}

static brn_status load_infinity(const brn__dataset *dataset, int64_t item,
                                const brn__sample_context *context, void *input, void *target)
{
    brn_status status = load_point(dataset, item, context, input, target);
    if (item == 77) *(float *)input = INFINITY; /* times a weight, minus its mean: NaN */
    return status;
}

static brn__dataset points(void)
{
    return (brn__dataset){.count = ITEMS + VALID,
                          .input_dtype = BRN_DTYPE_F32,
                          .target_dtype = BRN_DTYPE_I64,
                          .input_shape = brn_shape_of(1, (int64_t[]){FEATURES}),
                          .target_shape = brn_shape_of(0, NULL),
                          .load = load_point};
}

/* A small net, its learner and loaders. */
typedef struct rig {
    brn__dataset dataset;
    brn_graph *graph;
    brn_parameters *parameters;
    brn__learner *learner;
    brn__fit_options fit;
    brn__loader *train, *valid;
} rig;

static brn__loader *loader_of(const rig *r, int64_t first, int64_t count, bool training)
{
    int64_t items[ITEMS];
    for (int64_t i = 0; i < count; i++) items[i] = first + i;
    brn__loader_options options = brn__loader_defaults(training);
    options.batch_size = 32;
    options.workers = 1;
    options.seed = 3;
    brn__loader *loader;
    assert_ok(brn__loader_new(&r->dataset, items, count, &options, &loader));
    return loader;
}

static void rig_new(rig *r)
{
    *r = (rig){.dataset = points()};
    assert_ok(brn_graph_new(&r->graph));
    brn_node *x = brn_input(r->graph, "x", BRN_DTYPE_F32, (int64_t[]){32, FEATURES}, 2);
    brn_node *t = brn_input(r->graph, "t", BRN_DTYPE_I64, (int64_t[]){32}, 1);
    brn_graph_set_group(r->graph, 0);
    const brn_init init = {.kind = BRN_INIT_KAIMING_NORMAL};
    brn_node *h = brn_relu(brn_nn_linear(x, "a", 32, true, init));
    brn_graph_set_group(r->graph, 1);
    h = brn_nn_linear(brn_nn_batch_norm(h, "n", NULL), "b", 2, true, init);
    brn_node *loss = brn_cross_entropy(h, t, -1);
    assert_ok(brn_parameters_new(r->graph, BRN_DTYPE_F32, &r->parameters));
    assert_ok(brn_parameters_initialise(r->parameters, 5, -1));
    assert_ok(brn__learner_new(r->parameters, "cpu", 1, 5, &r->learner));
    r->train = loader_of(r, 0, ITEMS, true);
    r->valid = loader_of(r, ITEMS, VALID, false);
    r->fit = (brn__fit_options){
        .network = {.input = x, .target = t, .output = h, .loss = loss, .measure = loss},
        .train = r->train,
        .valid = r->valid,
        .epochs = 2,
        .learning_groups = UINT64_MAX,
        .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
        .learning_rate = 1e-2,
    };
}

static void rig_free(rig *r)
{
    brn__loader_free(r->train);
    brn__loader_free(r->valid);
    brn__learner_free(r->learner);
    brn_parameters_free(r->parameters);
    brn_graph_free(r->graph);
}

static void use(rig *r, const brn__callback *callback)
{
    r->fit.callbacks[r->fit.callback_count++] = callback;
}

TEST(a_small_net_learns)
{
    rig r;
    rig_new(&r);
    brn__metrics metrics;
    brn__rates rates;
    brn__metrics_init(&metrics, (const brn__metric *[]){&brn__metric_accuracy}, 1);
    brn__rates_init(&rates, BRN__RATES_ONE_CYCLE, (double[]){2e-2, 2e-2}, 2, .25, 25);
    use(&r, &metrics.callback);
    use(&r, &rates.callback);
    use(&r, &brn__terminate_on_nan);
    r.fit.epochs = 20;
    brn__fit_result result;
    assert_ok(brn__learner_fit(r.learner, &r.fit, &result));
    assert_int_equal(result.epochs, 20);
    assert_int_equal(result.metric_count, 1);
    assert_string_equal(result.metrics[0].name, "accuracy");
    if (result.metrics[0].value < .95 || result.valid_loss > .25)
        fail_msg("accuracy %g, loss %g", result.metrics[0].value, result.valid_loss);
    rig_free(&r);
}

/* ------------------------------------------------------------------ events */

typedef struct recorder {
    char text[8192];
    brn__event_id answer_at;
    brn__action answer;
    int answered; /* times the answer was given */
    double losses[64], shown[64];
    int batches;
} recorder;

static brn__action record(recorder *rec, brn__event_id event)
{
    static const char letters[] = "FEBLSsbTVvaeA"; /* one a BRN__EVENT_LIST line */
    size_t length = strlen(rec->text);
    rec->text[length] = letters[event];
    if (event != rec->answer_at || rec->answer == BRN__GO_ON) return BRN__GO_ON;
    rec->answered++;
    return rec->answer;
}

#define X(name)                                                                                    \
    static brn__action on_##name(void *state, brn__fit *fit)                                       \
    {                                                                                              \
        recorder *rec = state;                                                                     \
        if (BRN__##name == BRN__AFTER_LOSS && rec->batches < 64) {                                 \
            rec->losses[rec->batches] = fit->loss;                                                 \
            rec->shown[rec->batches++] = fit->train_loss;                                          \
        }                                                                                          \
        return record(rec, BRN__##name);                                                           \
    }
BRN__EVENT_LIST(X)
#undef X

static brn__callback recording(recorder *rec)
{
    return (brn__callback){.name = "recorder",
                           .order = 99,
                           .on =
                               {
#define X(name) [BRN__##name] = on_##name,
                                   BRN__EVENT_LIST(X)
#undef X
                               },
                           .state = rec};
}

/* The events of a fit of one epoch in which `event` is answered with `action`. */
static void expect_events(brn__event_id event, brn__action action, const char *expected)
{
    rig r;
    rig_new(&r);
    static recorder rec;
    rec = (recorder){.answer_at = event, .answer = action};
    const brn__callback callback = recording(&rec);
    use(&r, &callback);
    r.fit.epochs = 1;
    brn__loader_free(r.train);
    r.fit.train = r.train = loader_of(&r, 0, 64, true);
    brn__loader_free(r.valid);
    r.fit.valid = r.valid = loader_of(&r, ITEMS, 32, false);
    assert_ok(brn__learner_fit(r.learner, &r.fit, NULL));
    assert_string_equal(rec.text, expected);
    rig_free(&r);
}

TEST(events_come_in_their_order)
{
    expect_events(0, BRN__GO_ON, "FEBLSsbBLSsbTVvaeA");
    assert_string_equal(brn__event_name(BRN__AFTER_LOSS), "AFTER_LOSS");
}

TEST(a_callback_may_skip_a_batch_end_the_epoch_or_stop)
{
    expect_events(BRN__BEFORE_BATCH, BRN__SKIP_BATCH, "FEBbBbTVvaeA");
    expect_events(BRN__AFTER_LOSS, BRN__SKIP_BATCH, "FEBLbBLbTVvaeA");
    expect_events(BRN__AFTER_BATCH, BRN__END_EPOCH, "FEBLSsbTVvaeA");
    expect_events(BRN__AFTER_BATCH, BRN__STOP_FIT, "FEBLSsbA");
    expect_events(BRN__BEFORE_FIT, BRN__STOP_FIT, "FA");
    expect_events(BRN__AFTER_VALID_BATCH, BRN__STOP_FIT, "FEBLSsbBLSsbTVvA");
}

TEST(a_fit_that_is_stopped_after_an_epoch_has_finished_it)
{
    rig r;
    rig_new(&r);
    static recorder rec;
    rec = (recorder){.answer_at = BRN__AFTER_EPOCH, .answer = BRN__STOP_FIT};
    const brn__callback callback = recording(&rec);
    use(&r, &callback);
    brn__fit_result result;
    assert_ok(brn__learner_fit(r.learner, &r.fit, &result));
    assert_int_equal(result.epochs, 1);
    assert_int_equal(rec.answered, 1);
    rig_free(&r);
}

TEST(the_shown_loss_is_smoothed_as_fastai_does)
{
    rig r;
    rig_new(&r);
    static recorder rec;
    rec = (recorder){0};
    const brn__callback callback = recording(&rec);
    use(&r, &callback);
    assert_ok(brn__learner_fit(r.learner, &r.fit, NULL));
    assert_int_equal(rec.batches, 20);
    double average = 0;
    for (int i = 0; i < rec.batches; i++) {
        average = .98 * average + .02 * rec.losses[i];
        assert_close(rec.shown[i], average / (1 - pow(.98, i + 1)), 1e-12);
    }
    rig_free(&r);
}

static int ordered[3];
static int heard;
static brn__action hear(void *state, brn__fit *fit)
{
    (void)fit;
    ordered[heard++] = *(int *)state;
    return BRN__GO_ON;
}

TEST(callbacks_hear_by_order_then_as_given)
{
    rig r;
    rig_new(&r);
    int names[3] = {0, 1, 2};
    const brn__callback callbacks[3] = {
        {.order = 5, .on = {[BRN__BEFORE_FIT] = hear}, .state = &names[0]},
        {.order = 1, .on = {[BRN__BEFORE_FIT] = hear}, .state = &names[1]},
        {.order = 5, .on = {[BRN__BEFORE_FIT] = hear}, .state = &names[2]}};
    for (int i = 0; i < 3; i++) use(&r, &callbacks[i]);
    r.fit.epochs = 0;
    heard = 0;
    assert_ok(brn__learner_fit(r.learner, &r.fit, NULL));
    assert_int_equal(heard, 3);
    assert_int_equal(ordered[0], 1);
    assert_int_equal(ordered[1], 0);
    assert_int_equal(ordered[2], 2);
    rig_free(&r);
}

/* ------------------------------------------------------------------ callbacks */

TEST(a_nan_loss_ends_the_fit_and_names_the_batch)
{
    rig r;
    rig_new(&r);
    r.dataset.load = load_infinity;
    use(&r, &brn__terminate_on_nan);
    assert_fails(brn__learner_fit(r.learner, &r.fit, NULL), BRN_ERROR_DIVERGED,
                 " of 10 in epoch 1 is ");
    test_assert_message("training diverged: the loss of batch ", __FILE__, __LINE__);
    const float *values = brn_parameters_values(r.parameters);
    const int weight = brn_parameters_find(r.parameters, "a.weight");
    const brn_parameter_info info = brn_parameters_info(r.parameters, weight);
    for (int64_t i = 0; i < info.count; i++) assert_true(isfinite(values[info.offset + i]));
    rig_free(&r);
}

TEST(a_frozen_group_stays_as_it_is)
{
    rig r;
    rig_new(&r);
    int64_t begin, middle, end;
    brn_parameters_group(r.parameters, 0, &begin, &middle, &end);
    float before[256];
    assert_true(end - begin <= 256);
    memcpy(before, (float *)brn_parameters_values(r.parameters) + begin,
           (size_t)(end - begin) * sizeof(float));
    r.fit.learning_groups = 1 << 1;
    r.fit.norm_form[0] = BRN_NORM_FIXED;
    assert_ok(brn__learner_fit(r.learner, &r.fit, NULL));
    assert_memory_equal(before, (float *)brn_parameters_values(r.parameters) + begin,
                        (size_t)(end - begin) * sizeof(float));
    rig_free(&r);
}

static int stop_at_seven(void *context, const brn_event *event)
{
    int *batches = context;
    if (event->kind == BRN_EVENT_BATCH) (*batches)++;
    return *batches == 7;
}

TEST(a_listener_can_interrupt)
{
    rig r;
    rig_new(&r);
    int batches = 0;
    brn__progress progress;
    brn__progress_init(&progress, stop_at_seven, &batches);
    use(&r, &progress.callback);
    brn__fit_result result;
    assert_fails(brn__learner_fit(r.learner, &r.fit, &result), BRN_ERROR_INTERRUPTED, "interrupted");
    assert_int_equal(batches, 7);
    assert_int_equal(result.epochs, 0);
    rig_free(&r);
}

TEST(history_holds_a_row_an_epoch)
{
    rig r;
    rig_new(&r);
    char path[256], *text;
    snprintf(path, sizeof path, "%s/history.csv", test_scratch_folder());
    brn__history history;
    brn__metrics metrics;
    brn__metrics_init(&metrics, (const brn__metric *[]){&brn__metric_accuracy}, 1);
    brn__history_init(&history, path);
    history.stage = "head";
    use(&r, &history.callback);
    use(&r, &metrics.callback);
    assert_ok(brn__learner_fit(r.learner, &r.fit, NULL));
    history.stage = "all layers";
    history.epochs_before = 2;
    r.fit.epochs = 1;
    assert_ok(brn__learner_fit(r.learner, &r.fit, NULL));
    brn__history_deinit(&history);
    assert_ok(brn__read_file(path, 1 << 16, &text, NULL));
    static const char header[] =
        "stage,epoch,train_loss,valid_loss,accuracy,learning_rate,seconds\nhead,1,";
    assert_memory_equal(text, header, sizeof header - 1);
    assert_non_null(strstr(text, "\nhead,2,"));
    assert_non_null(strstr(text, "\nall layers,3,"));
    brn__free(text);
    rig_free(&r);
}

/* ------------------------------------------------------------------ rates, metrics */

static double seen_rates[2][40], seen_momenta[40];
static brn__action see_rates(void *state, brn__fit *fit)
{
    (void)state;
    seen_rates[0][fit->iteration] = fit->settings.groups[0].learning_rate;
    seen_rates[1][fit->iteration] = fit->settings.groups[1].learning_rate;
    seen_momenta[fit->iteration] = fit->settings.groups[1].momentum;
    return BRN__GO_ON;
}

TEST(one_cycle_moves_each_group_by_its_own_rate)
{
    rig r;
    rig_new(&r);
    brn__rates rates;
    brn__rates_init(&rates, BRN__RATES_ONE_CYCLE, (double[]){1e-4, 1e-2}, 2, .25, 25);
    const brn__callback see = {.order = 9, .on = {[BRN__BEFORE_STEP] = see_rates}};
    use(&r, &see);
    use(&r, &rates.callback);
    assert_ok(brn__learner_fit(r.learner, &r.fit, NULL));
    const brn_schedule rate = brn_schedule_one_cycle(1e-2, .25, 25, 1e5);
    const brn_schedule momentum = brn_schedule_cosine_dip(.95, .85, .95, .25);
    for (int i = 0; i < 20; i++) {
        assert_close(seen_rates[1][i], brn_schedule_at(&rate, i / 20.), 1e-9);
        assert_close(seen_rates[0][i] * 100, seen_rates[1][i], 1e-9);
        assert_close(seen_momenta[i], brn_schedule_at(&momentum, i / 20.), 1e-9);
    }
    rig_free(&r);
}

TEST(metrics_of_single_items)
{
    const float output[7] = {.1f, .5f, .4f, .5f, .2f, .3f, .05f};
    assert_true(brn__metric_accuracy.of_item(output, 7, 1) == 1);
    assert_true(brn__metric_accuracy.of_item(output, 7, 3) == 0); /* equal: the first */
    assert_true(brn__metric_error_rate.of_item(output, 7, 3) == 1);
    assert_true(brn__metric_top5.of_item(output, 7, 4) == 1);
    assert_true(brn__metric_top5.of_item(output, 7, 0) == 0);
    assert_ptr_equal(brn__metric_find("top5"), &brn__metric_top5);
    assert_null(brn__metric_find("top6"));
}

/* ------------------------------------------------------------------ memory */

TEST(a_step_calls_no_allocator)
{
    rig r;
    rig_new(&r);
    brn_plan *plan;
    brn_optimizer *optimizer;
    brn_optimizer_options options = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    const brn_optimizer_settings settings = brn_optimizer_settings_of(&options, 1e-3);
    assert_ok(brn_optimizer_new(r.parameters, &options, &optimizer));
    assert_ok(brn__network_plan(brn__learner_runner(r.learner), &r.fit.network, &r.fit, 32, &plan));
    float x[32 * FEATURES];
    int64_t t[32];
    for (int i = 0; i < 32; i++) load_point(NULL, i, NULL, x + FEATURES * i, t + i);
    assert_ok(brn_plan_bind(plan, "x", x));
    assert_ok(brn_plan_bind(plan, "t", t));
    uint64_t before = brn__alloc_calls();
    for (uint32_t step = 0; step < 3; step++) {
        assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1, .step = step}));
        assert_ok(brn_optimizer_step(optimizer, &settings, UINT64_MAX));
    }
    assert_int_equal(brn__alloc_calls(), before);
    brn_optimizer_free(optimizer);
    rig_free(&r);
}
