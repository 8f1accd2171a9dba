/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/sha256.h"
#include "burnish/nn.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"
#include "train/callbacks.h"
#include "train/mixing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ against fastai */

enum { N = 4, PLANES = 2, HEIGHT = 5, WIDTH = 6, CLASSES = 3 };
enum { AREA = PLANES * HEIGHT * WIDTH };

static void generated(const char *name, int64_t count, double scale, float *out)
{
    double values[N * AREA];
    golden_uniform(name, count, values);
    for (int64_t i = 0; i < count; i++) out[i] = (float)(scale * values[i]);
}

static void check_floats(const json_t *want, const float *got, size_t count, double tolerance)
{
    assert_int_equal(json_array_size(want), count);
    for (size_t i = 0; i < count; i++)
        assert_close((double)got[i], json_number_value(json_array_get(want, i)), tolerance);
}

/* Loss and gradient of soft targets, in the engine. */
static void check_loss(const json_t *golden, const float *targets)
{
    brn_graph *graph;
    brn_parameters *parameters;
    brn_runner *runner;
    brn_plan *plan;
    float logits[N * CLASSES];
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_parameter(graph, "logits", (int64_t[]){N, CLASSES}, 2, BRN_PARAMETER_WEIGHT,
                                (brn_init){.kind = BRN_INIT_KAIMING_NORMAL});
    brn_node *t = brn_input(graph, "t", BRN_DTYPE_F32, (int64_t[]){N, CLASSES}, 2);
    int slot = brn_scalar(graph, "smoothing", golden_number(golden, "smoothing"));
    brn_node *loss = brn_cross_entropy(x, t, slot);
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &parameters));
    generated("logits", N * CLASSES, 3, logits);
    assert_ok(brn_parameters_write(parameters, 0, BRN_DTYPE_F32, logits, N * CLASSES));
    assert_ok(brn_runner_new(parameters, "cpu", 1, &runner));
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = loss;
    options.outputs[options.output_count++] = loss;
    assert_ok(brn_runner_plan(runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "t", targets));
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    void *gradients;
    assert_ok(brn_parameters_gradients(parameters, &gradients));
    assert_close((double)*(const float *)brn_plan_output(plan, 0), golden_number(golden, "loss"), 1e-6);
    check_floats(golden_at(golden, "gradient"), gradients, N * CLASSES, 1e-6);
    brn_runner_free(runner);
    brn_parameters_free(parameters);
    brn_graph_free(graph);
}

static void check_mix(const json_t *golden, const json_t *k, const brn__mix *mix, bool cut)
{
    float x[N * AREA], spare[N * BRN__MIXING_BLOCK], targets[N * CLASSES];
    int64_t labels[N];
    for (size_t n = 0; n < N; n++)
        labels[n] = json_integer_value(json_array_get(golden_at(golden, "labels"), n));
    generated("mixing", N * AREA, 1, x);
    if (cut)
        brn__mix_cut(mix, PLANES, HEIGHT, WIDTH, x, spare);
    else
        brn__mix_up(mix, AREA, x, spare);
    check_floats(golden_at(k, "mixed"), x, N * AREA, 1e-6);
    brn__mix_labels(mix, labels, CLASSES, targets);
    for (size_t i = 0; i < 2; i++)
        check_loss(json_array_get(golden_at(k, "losses"), i), targets);
}

TEST(mixed_batches_and_their_losses_are_fastais)
{
    json_t *golden = golden_open("tests/golden/mixing.json");
    size_t number;
    json_t *k;
    int64_t partner[N];
    float share[N];
    brn__mix mix = {.count = N, .partner = partner, .share = share};
    for (size_t n = 0; n < N; n++)
        partner[n] = json_integer_value(json_array_get(golden_at(golden, "partners"), n));
    k = json_array_get(golden_at(golden, "mixup"), 0);
    for (size_t n = 0; n < N; n++) {
        double lambda = json_number_value(json_array_get(golden_at(k, "lambdas"), n));
        share[n] = (float)fmax(lambda, 1 - lambda);
    }
    check_floats(golden_at(k, "share"), share, N, 1e-6);
    check_mix(golden, k, &mix, false);
    json_array_foreach(golden_at(golden, "cutmix"), number, k)
    {
        int centre[2];
        for (size_t i = 0; i < 2; i++)
            centre[i] = (int)json_integer_value(json_array_get(golden_at(k, "centre"), i));
        brn__mix_box(json_number_value(json_array_get(golden_at(k, "lambdas"), 0)), centre[0],
                     centre[1], WIDTH, HEIGHT, &mix);
        int area = (mix.right - mix.left) * (mix.bottom - mix.top);
        for (int n = 0; n < N; n++) share[n] = (float)(1 - area / (double)(WIDTH * HEIGHT));
        check_floats(golden_at(k, "share"), share, N, 1e-6);
        check_mix(golden, k, &mix, true);
    }
    assert_int_equal(number, 4);
    json_decref(golden);
}

TEST(long_items_are_mixed_whole)
{
    enum { LONG = 3 * BRN__MIXING_BLOCK + 7 };
    static float x[3 * LONG], y[3 * LONG], spare[3 * BRN__MIXING_BLOCK];
    const brn__mix mix = {.count = 3,
                          .partner = (int64_t[]){1, 2, 0},
                          .share = (float[]){.5f, .75f, 1},
                          .left = 3,
                          .top = 0,
                          .right = LONG - 1,
                          .bottom = 1};
    for (int i = 0; i < 3 * LONG; i++) x[i] = y[i] = (float)(i % 997);
    brn__mix_up(&mix, LONG, x, spare);
    for (int i = 0; i < LONG; i++) {
        assert_close((double)x[i], .5 * (i % 997) + .5 * ((i + LONG) % 997), 1e-6);
        assert_true(x[2 * LONG + i] == y[2 * LONG + i]);
    }
    for (int i = 0; i < 3 * LONG; i++) x[i] = y[i];
    brn__mix_cut(&mix, 1, 1, LONG, x, spare);
    for (int i = 0; i < LONG; i++)
        assert_true(x[i] == (i < 3 || i == LONG - 1 ? y[i] : y[i + LONG]));
}

TEST(beta_draws_have_the_mean_and_variance_of_the_distribution)
{
    static const double alphas[] = {.01, .2, .4, 1, 3};
    enum { DRAWS = 20000 };
    for (size_t k = 0; k < sizeof alphas / sizeof *alphas; k++) {
        double sum = 0, squares = 0;
        for (uint32_t i = 0; i < DRAWS; i++) {
            brn__random random = brn__random_new(brn__philox_key(4, "beta"), i, 0, 0);
            double v = brn__beta_draw(&random, alphas[k]);
            assert_true(v >= 0 && v <= 1);
            sum += v, squares += (v - .5) * (v - .5);
        }
        double variance = 1 / (4 * (2 * alphas[k] + 1));
        assert_true(fabs(sum / DRAWS - .5) < 4 * sqrt(variance / DRAWS));
        assert_true(fabs(squares / DRAWS / variance - 1) < .05);
    }
}

/* ------------------------------------------------------------------ in a fit */

enum { ITEMS = 120, VALID = 40, BATCH = 32, SIDE = 4, EPOCHS = 2 };

/* Pictures whose mean tells the class. */
static brn_status load_picture(const brn__dataset *dataset, int64_t item,
                               const brn__sample_context *context, void *input, void *target)
{
    (void)dataset, (void)context;
    brn__random random = brn__random_new(brn__philox_key(1, "pictures"), (uint32_t)item, 0, 0);
    float *x = input;
    int64_t label = item % 2;
    for (int i = 0; i < SIDE * SIDE; i++)
        x[i] = (float)(brn__random_between(&random, -1, 1) + (label ? .8 : -.8));
    *(int64_t *)target = label;
    return BRN_OK;
}

typedef struct rig {
    brn__dataset dataset;
    brn_graph *graph;
    brn_parameters *parameters;
    brn__learner *learner;
    brn__fit_options fit;
    brn__loader *train, *valid;
    brn__mixing mixing;
    brn__metrics metrics;
} rig;

static brn__loader *loader_of(const rig *r, int64_t first, int64_t count, bool training)
{
    int64_t items[ITEMS];
    for (int64_t i = 0; i < count; i++) items[i] = first + i;
    brn__loader_options options = brn__loader_defaults(training);
    options.batch_size = BATCH;
    options.workers = training;
    options.seed = 3;
    brn__loader *loader;
    assert_ok(brn__loader_new(&r->dataset, items, count, &options, &loader));
    return loader;
}

static void rig_new(rig *r, brn__mixing_kind kind, uint64_t seed)
{
    *r = (rig){.dataset = {.count = ITEMS + VALID,
                           .input_dtype = BRN_DTYPE_F32,
                           .target_dtype = BRN_DTYPE_I64,
                           .input_shape = brn_shape_of(3, (int64_t[]){1, SIDE, SIDE}),
                           .target_shape = brn_shape_of(0, NULL),
                           .load = load_picture}};
    assert_ok(brn_graph_new(&r->graph));
    brn_node *x = brn_input(r->graph, "x", BRN_DTYPE_F32, (int64_t[]){BATCH, 1, SIDE, SIDE}, 4);
    brn_node *soft = brn_input(r->graph, "soft", BRN_DTYPE_F32, (int64_t[]){BATCH, 2}, 2);
    brn_node *label = brn_input(r->graph, "label", BRN_DTYPE_I64, (int64_t[]){BATCH}, 1);
    const brn_init init = {.kind = BRN_INIT_KAIMING_NORMAL};
    brn_node *h = brn_reshape(x, (int64_t[]){-1, SIDE * SIDE}, 2);
    h = brn_nn_linear(h, "a", 2, true, init);
    int slot = brn_scalar(r->graph, "smoothing", .1);
    r->fit = (brn__fit_options){
        .network = {.input = x,
                    .target = soft,
                    .output = h,
                    .loss = brn_cross_entropy(h, soft, slot),
                    .measure = brn_cross_entropy(h, label, -1),
                    .valid_target = label},
        .epochs = EPOCHS,
        .learning_groups = UINT64_MAX,
        .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
        .learning_rate = 3e-2,
    };
    assert_ok(brn_parameters_new(r->graph, BRN_DTYPE_F32, &r->parameters));
    assert_ok(brn_parameters_initialise(r->parameters, 5, -1));
    assert_ok(brn__learner_new(r->parameters, "cpu", 1, 5, &r->learner));
    r->fit.train = r->train = loader_of(r, 0, ITEMS, true);
    r->fit.valid = r->valid = loader_of(r, ITEMS, VALID, false);
    assert_ok(brn__mixing_init(&r->mixing, kind, kind == BRN__MIXING_UP ? .4 : 1, seed, true));
    brn__metrics_init(&r->metrics, (const brn__metric *[]){&brn__metric_accuracy}, 1);
    r->fit.callbacks[r->fit.callback_count++] = &r->mixing.callback;
    r->fit.callbacks[r->fit.callback_count++] = &r->metrics.callback;
}

static void rig_free(rig *r)
{
    brn__mixing_deinit(&r->mixing);
    brn__loader_free(r->train);
    brn__loader_free(r->valid);
    brn__learner_free(r->learner);
    brn_parameters_free(r->parameters);
    brn_graph_free(r->graph);
}

static void run(rig *r, char digest[65], brn__fit_result *result)
{
    assert_ok(brn__learner_fit(r->learner, &r->fit, result));
    assert_ok(brn__sha256_of(brn_parameters_values(r->parameters),
                             (size_t)brn_parameters_elements(r->parameters) * sizeof(float), digest));
}

TEST(a_net_learns_from_mixed_batches_and_is_measured_on_labels)
{
    for (int kind = 0; kind < 2; kind++) {
        rig r;
        brn__fit_result result;
        char digest[65];
        rig_new(&r, (brn__mixing_kind)kind, 5);
        r.fit.epochs = 12;
        run(&r, digest, &result);
        assert_true(result.metrics[0].value > .94);
        assert_true(result.valid_loss < .35);
        assert_true(result.train_loss > result.valid_loss); /* mixed pictures are harder */
        rig_free(&r);
    }
}

/* What mixing makes of a batch: remembered, to be looked at after the fit. */
typedef struct witness {
    brn__callback callback;
    const brn__mix *mix;
    float shares[8][BATCH];
    int64_t labels[8][BATCH];
    float inputs[8][BATCH * SIDE * SIDE], targets[8][BATCH * 2];
    int64_t counts[8];
    int batches;
} witness;

static brn__action remember(void *state, brn__fit *fit)
{
    witness *w = state;
    if (w->batches == 8) return BRN__GO_ON;
    size_t count = (size_t)fit->data.count;
    memcpy(w->inputs[w->batches], fit->data.inputs, count * SIDE * SIDE * sizeof(float));
    memcpy(w->targets[w->batches], fit->data.targets, count * 2 * sizeof(float));
    if (w->mix) memcpy(w->shares[w->batches], w->mix->share, count * sizeof(float));
    for (size_t n = 0; n < count; n++) w->labels[w->batches][n] = fit->data.items[n] % 2;
    w->counts[w->batches++] = fit->data.count;
    return BRN__GO_ON;
}

static witness *watch(brn__mixing_kind kind, uint64_t seed)
{
    rig r;
    char digest[65];
    witness *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->callback = (brn__callback){.name = "witness", .order = 50, .state = w};
    w->callback.on[BRN__BEFORE_BATCH] = remember;
    rig_new(&r, kind, seed);
    w->mix = &r.mixing.mix;
    r.fit.callbacks[r.fit.callback_count++] = &w->callback;
    run(&r, digest, NULL);
    rig_free(&r);
    assert_int_equal(w->batches, 8);
    return w;
}

TEST(what_is_drawn_depends_on_seed_and_step_alone)
{
    for (int kind = 0; kind < 2; kind++) {
        witness *first = watch((brn__mixing_kind)kind, 5), *again = watch((brn__mixing_kind)kind, 5);
        witness *other = watch((brn__mixing_kind)kind, 6);
        assert_memory_equal(first->inputs, again->inputs, sizeof first->inputs);
        assert_memory_equal(first->targets, again->targets, sizeof first->targets);
        assert_true(memcmp(first->targets, other->targets, sizeof first->targets) != 0);
        assert_true(memcmp(first->targets[0], first->targets[1], sizeof first->targets[0]) != 0);
        int soft = 0;
        for (int b = 0; b < 8; b++)
            for (int n = 0; n < (int)first->counts[b]; n++) {
                float *t = first->targets[b] + 2 * n;
                assert_close((double)(t[0] + t[1]), 1, 1e-6);
                assert_true(t[0] >= 0 && t[1] >= 0);
                if (kind == BRN__MIXING_UP) /* most of an item is its own */
                    assert_true(t[first->labels[b][n]] >= .5f - 1e-6f);
                soft += t[0] > .001f && t[1] > .001f;
            }
        assert_in_range(soft, 20, 220); /* of 240: partners of the other class */
        int shares = 0; /* that differ; boxes in so small a picture are often alike */
        for (int b = 0; b < 8; b++) {
            int before = 0;
            while (first->shares[before][0] != first->shares[b][0]) before++;
            shares += before == b;
        }
        assert_in_range(shares, kind == BRN__MIXING_UP ? 8 : 4, 8);
        for (int n = 1; n < BATCH; n++) /* UP: one for each; CUT: one for all */
            assert_int_equal(first->shares[0][n] != first->shares[0][n - 1], kind == BRN__MIXING_UP);
        free(first), free(again), free(other);
    }
}

static brn_status load_numbers(const brn__dataset *dataset, int64_t item,
                               const brn__sample_context *context, void *input, void *target)
{
    int64_t label;
    brn_status status = load_picture(dataset, item, context, input, &label);
    ((float *)target)[0] = label ? 1 : .25f; /* of several labels, or of a regression */
    ((float *)target)[1] = label ? .5f : 0;
    return status;
}

/* Targets that are numbers are mixed as they are, with the shares of the inputs. */
TEST(targets_that_are_no_labels_are_mixed_like_the_inputs)
{
    rig r;
    witness *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->callback = (brn__callback){.name = "witness", .order = 50, .state = w};
    w->callback.on[BRN__BEFORE_BATCH] = remember;
    rig_new(&r, BRN__MIXING_UP, 5);
    brn__loader_free(r.train);
    r.dataset.target_dtype = BRN_DTYPE_F32;
    r.dataset.target_shape = brn_shape_of(1, (int64_t[]){2});
    r.dataset.load = load_numbers;
    r.fit.train = r.train = loader_of(&r, 0, ITEMS, true);
    r.fit.valid = NULL;
    r.fit.callbacks[1] = &w->callback;
    r.mixing.labels = false;
    assert_ok(brn__learner_fit(r.learner, &r.fit, NULL));
    int between = 0;
    for (int n = 0; n < BATCH; n++) {
        const float *t = w->targets[0] + 2 * n; /* on the line from (.25, 0) to (1, .5) */
        assert_close((double)t[0], .25 + 1.5 * (double)t[1], 1e-6);
        between += t[1] > .001f && t[1] < .499f;
    }
    assert_in_range(between, 4, BATCH - 4);
    rig_free(&r);
    free(w);
}

/* ------------------------------------------------------------------ resumed */

typedef struct copy {
    char *bytes;
    size_t length;
    int countdown;
} copy;

static brn_status save_copy(void *context, const brn__memory_item *items, int count)
{
    copy *c = context;
    if (c->countdown-- != 0) return BRN_OK;
    for (int i = 0; i < count; i++) {
        size_t bytes = (size_t)brn_shape_elements(items[i].shape) * brn_dtype_bytes(items[i].dtype);
        c->bytes = brn__realloc(c->bytes, c->length + bytes + 1);
        assert_non_null(c->bytes);
        memcpy(c->bytes + c->length, items[i].data, bytes);
        c->length += bytes;
    }
    return BRN_OK;
}

static brn_status restore_copy(void *context, const brn__memory_item *items, int count)
{
    const copy *c = context;
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        size_t bytes = (size_t)brn_shape_elements(items[i].shape) * brn_dtype_bytes(items[i].dtype);
        memcpy(items[i].data, c->bytes + at, bytes);
        at += bytes;
    }
    assert_int_equal(at, c->length);
    return BRN_OK;
}

TEST(a_mixed_fit_is_resumed_to_the_same_bits)
{
    for (int batch = 0; batch < 8; batch++) {
        rig r;
        brn__checkpoint checkpoint;
        copy kept = {.countdown = batch};
        char whole[65], resumed[65];
        rig_new(&r, (brn__mixing_kind)(batch % 2), 5);
        brn__checkpoint_init(&checkpoint, 0, save_copy, &kept);
        r.fit.callbacks[r.fit.callback_count++] = &checkpoint.callback;
        run(&r, whole, NULL);
        rig_free(&r);
        assert_non_null(kept.bytes);
        rig_new(&r, (brn__mixing_kind)(batch % 2), 5);
        r.fit.restore = restore_copy;
        r.fit.restore_context = &kept;
        run(&r, resumed, NULL);
        assert_string_equal(resumed, whole);
        rig_free(&r);
        brn__free(kept.bytes);
    }
}

/* ------------------------------------------------------------------ refused */

TEST(mixing_says_what_it_cannot_mix)
{
    rig r;
    brn__mixing mixing;
    assert_fails(brn__mixing_init(&mixing, BRN__MIXING_UP, 0, 1, true), BRN_ERROR_USAGE,
                 "alpha 0; expected more than 0");
    assert_fails(brn__mixing_init(&mixing, BRN__MIXING_UP, NAN, 1, true), BRN_ERROR_USAGE, "alpha");
    rig_new(&r, BRN__MIXING_UP, 5);
    r.fit.network.target = r.fit.network.valid_target;
    r.fit.network.loss = r.fit.network.measure;
    assert_fails(brn__learner_fit(r.learner, &r.fit, NULL), BRN_ERROR_USAGE,
                 "the network's target is int64 of rank 1; expected soft targets, float32 (N, K)");
    rig_free(&r);
}

static brn_status load_odd_label(const brn__dataset *dataset, int64_t item,
                                 const brn__sample_context *context, void *input, void *target)
{
    brn_status status = load_picture(dataset, item, context, input, target);
    if (item == 7) *(int64_t *)target = 2;
    return status;
}

TEST(a_label_without_a_class_ends_the_fit)
{
    rig r;
    rig_new(&r, BRN__MIXING_UP, 5);
    r.dataset.load = load_odd_label;
    assert_fails(brn__learner_fit(r.learner, &r.fit, NULL), BRN_ERROR_INPUT, "label 2 of 2 classes");
    rig_free(&r);
}
