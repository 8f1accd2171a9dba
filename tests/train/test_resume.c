/* SPDX-License-Identifier: Apache-2.0
 * A fit that is broken off anywhere and gone on with by another process ends with the same bits. */
#include "base/alloc.h"
#include "base/philox.h"
#include "base/sha256.h"
#include "burnish/nn.h"
#include "test.h"
#include "train/callbacks.h"

#include <math.h>
#include <string.h>

/* Dropout, batch norm, an item that can't be loaded, a last batch of another size, momentum, a curve of
 * rates: all that could remember something. */
enum { ITEMS = 43, VALID = 12, FEATURES = 3, BATCH = 8, EPOCHS = 3, BATCHES = 6 };

static brn_status load_point(const brn__dataset *dataset, int64_t item,
                             const brn__sample_context *context, void *input, void *target)
{
    (void)dataset;
    if (item == 5) return brn__fail(BRN_ERROR_INPUT, "item 5 is bad");
    brn__random random =
        brn__random_new(brn__philox_key(context->seed, "points"), (uint32_t)item, context->epoch, 0);
    float *x = input;
    for (int i = 0; i < FEATURES; i++) x[i] = (float)brn__random_between(&random, -1, 1);
    *(int64_t *)target = x[0] * x[1] > 0;
    return BRN_OK;
}

typedef struct counting_callback {
    brn__callback callback;
    double epochs;
} counting_callback;

typedef struct rig {
    brn__dataset dataset;
    brn_graph *graph;
    brn_parameters *parameters;
    brn__learner *learner;
    brn__loader *train, *valid;
    brn__rates rates;
    counting_callback counter;
    brn__fit_options fit;
} rig;

static brn__action count_epoch(void *state, brn__fit *fit)
{
    (void)fit;
    ((counting_callback *)state)->epochs++;
    return BRN__GO_ON;
}

static brn__loader *loader_of(const rig *r, int64_t first, int64_t count, bool training)
{
    int64_t items[ITEMS];
    for (int64_t i = 0; i < count; i++) items[i] = first + i;
    brn__loader_options options = brn__loader_defaults(training);
    options.batch_size = BATCH;
    options.workers = 1;
    options.seed = 3;
    brn__loader *loader;
    assert_ok(brn__loader_new(&r->dataset, items, count, &options, &loader));
    return loader;
}

static void rig_new(rig *r)
{
    *r = (rig){.dataset = {.count = ITEMS + VALID,
                           .input_dtype = BRN_DTYPE_F32,
                           .target_dtype = BRN_DTYPE_I64,
                           .input_shape = brn_shape_of(1, (int64_t[]){FEATURES}),
                           .target_shape = brn_shape_of(0, NULL),
                           .load = load_point}};
    assert_ok(brn_graph_new(&r->graph));
    brn_node *x = brn_input(r->graph, "x", BRN_DTYPE_F32, (int64_t[]){BATCH, FEATURES}, 2);
    brn_node *t = brn_input(r->graph, "t", BRN_DTYPE_I64, (int64_t[]){BATCH}, 1);
    const brn_init init = {.kind = BRN_INIT_KAIMING_NORMAL};
    brn_node *h = brn_relu(brn_nn_linear(x, "a", 16, true, init));
    h = brn_nn_dropout(brn_nn_batch_norm(h, "n", NULL), "drop", .3);
    brn_graph_set_group(r->graph, 1);
    h = brn_nn_linear(h, "b", 2, true, init);
    brn_node *loss = brn_cross_entropy(h, t, -1);
    assert_ok(brn_parameters_new(r->graph, BRN_DTYPE_F32, &r->parameters));
    assert_ok(brn_parameters_initialise(r->parameters, 5, -1));
    assert_ok(brn__learner_new(r->parameters, "cpu", 1, 5, &r->learner));
    r->train = loader_of(r, 0, ITEMS, true);
    r->valid = loader_of(r, ITEMS, VALID, false);
    brn__rates_init(&r->rates, BRN__RATES_ONE_CYCLE, (double[]){1e-2, 2e-2}, 2, .25, 25);
    r->counter = (counting_callback){.callback = {.name = "counter",
                                                  .on = {[BRN__AFTER_EPOCH] = count_epoch},
                                                  .state = &r->counter,
                                                  .memory = &r->counter.epochs,
                                                  .memory_count = 1}};
    r->fit = (brn__fit_options){
        .network = {.input = x, .target = t, .output = h, .loss = loss, .measure = loss},
        .train = r->train,
        .valid = r->valid,
        .epochs = EPOCHS,
        .learning_groups = UINT64_MAX,
        .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
        .callbacks = {&r->rates.callback, &r->counter.callback},
        .callback_count = 2,
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

/* ------------------------------------------------------------------ copies of a fit's memory */

typedef struct copy {
    char *bytes;
    size_t length;
} copy;

static brn_status save_copy(void *context, const brn__memory_item *items, int count)
{
    copy *c = context;
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

enum { COPIES_MAX = 64 };
typedef struct copies {
    copy list[COPIES_MAX];
    int count;
} copies;

static brn_status save_next(void *context, const brn__memory_item *items, int count)
{
    copies *all = context;
    assert_true(all->count < COPIES_MAX);
    return save_copy(&all->list[all->count++], items, count);
}

/* ------------------------------------------------------------------ fits */

typedef struct outcome {
    char digest[65]; /* of the parameters */
    brn__fit_result result;
    double counted;
    brn__learner_keys keys;
} outcome;

static void run(rig *r, outcome *out, brn_status expected)
{
    test_assert_status(brn__learner_fit(r->learner, &r->fit, &out->result), expected, "fit", __FILE__,
                       __LINE__);
    assert_ok(brn__sha256_of(brn_parameters_values(r->parameters),
                             (size_t)brn_parameters_elements(r->parameters) * sizeof(float),
                             out->digest));
    out->counted = r->counter.epochs;
    out->keys = brn__learner_keys_of(r->learner);
}

static void assert_same(const outcome *a, const outcome *b)
{
    assert_string_equal(a->digest, b->digest);
    assert_int_equal(a->result.epochs, b->result.epochs);
    assert_memory_equal(&a->result.train_loss, &b->result.train_loss, sizeof(double));
    assert_memory_equal(&a->result.valid_loss, &b->result.valid_loss, sizeof(double));
    assert_true(a->counted == b->counted);
    assert_int_equal(a->keys.epoch, b->keys.epoch);
    assert_int_equal(a->keys.step, b->keys.step);
}

/* The whole fit, saved after every batch, every epoch and at its end. */
static void run_whole(copies *all, outcome *whole)
{
    rig r;
    brn__checkpoint checkpoint;
    rig_new(&r);
    *all = (copies){0};
    brn__checkpoint_init(&checkpoint, 0, save_next, all);
    r.fit.callbacks[r.fit.callback_count++] = &checkpoint.callback;
    run(&r, whole, BRN_OK);
    rig_free(&r);
    assert_int_equal(all->count, EPOCHS * (BATCHES + 1) + 1);
}

static void free_copies(copies *all)
{
    for (int i = 0; i < all->count; i++) brn__free(all->list[i].bytes);
}

TEST(a_fit_resumed_after_any_batch_or_epoch_ends_with_the_same_bits)
{
    copies all;
    outcome whole, resumed;
    run_whole(&all, &whole);
    assert_true(whole.counted == EPOCHS);
    for (int i = 0; i < all.count; i++) {
        rig r;
        rig_new(&r);
        assert_ok(brn_parameters_initialise(r.parameters, 99, -1)); /* nothing of it may be left */
        r.fit.restore = restore_copy;
        r.fit.restore_context = &all.list[i];
        run(&r, &resumed, BRN_OK);
        assert_same(&resumed, &whole);
        rig_free(&r);
    }
    free_copies(&all);
}

typedef struct interrupter {
    brn__callback callback;
    int countdown;
} interrupter;

static brn__action interrupt_soon(void *state, brn__fit *fit)
{
    interrupter *i = state;
    return i->countdown-- > 0 ? BRN__GO_ON
                              : brn__fit_fail(fit, brn__fail(BRN_ERROR_INTERRUPTED, "interrupted"));
}

/* Breaks a fit off at the n-th of an event's calls, and goes on with what was saved at its end. */
static void interrupt_and_resume(brn__event_id event, int n, const outcome *whole)
{
    rig r;
    copy kept = {0};
    outcome broken, resumed;
    brn__checkpoint checkpoint;
    interrupter stop = {.callback = {.name = "interrupter", .state = &stop}, .countdown = n};
    stop.callback.on[event] = interrupt_soon;
    rig_new(&r);
    brn__checkpoint_init(&checkpoint, 1e9, save_copy, &kept);
    r.fit.callbacks[r.fit.callback_count++] = &checkpoint.callback;
    r.fit.callbacks[r.fit.callback_count++] = &stop.callback;
    run(&r, &broken, BRN_ERROR_INTERRUPTED);
    rig_free(&r);
    assert_non_null(kept.bytes);
    rig_new(&r);
    r.fit.restore = restore_copy;
    r.fit.restore_context = &kept;
    run(&r, &resumed, BRN_OK);
    assert_same(&resumed, whole);
    rig_free(&r);
    brn__free(kept.bytes);
}

TEST(an_interrupted_fit_saves_itself_wherever_it_was)
{
    copies all;
    outcome whole;
    run_whole(&all, &whole);
    free_copies(&all);
    for (int n = 0; n < EPOCHS * BATCHES; n += 4) interrupt_and_resume(BRN__AFTER_BATCH, n, &whole);
    for (int n = 0; n < EPOCHS; n++) interrupt_and_resume(BRN__AFTER_EPOCH, n, &whole);
    for (int n = 0; n < EPOCHS * 2; n++) interrupt_and_resume(BRN__AFTER_VALID_BATCH, n, &whole);
    for (int n = 0; n < EPOCHS; n++) interrupt_and_resume(BRN__AFTER_TRAIN, n, &whole);
    interrupt_and_resume(BRN__BEFORE_EPOCH, 1, &whole);
}

static brn_status save_nothing(void *context, const brn__memory_item *items, int count)
{
    (void)items, (void)count;
    (*(int *)context)++;
    return brn__fail(BRN_ERROR_IO, "no space left");
}

TEST(a_state_that_cannot_be_saved_ends_the_fit_and_is_not_taken_for_an_interruption)
{
    rig r;
    outcome out;
    int calls = 0;
    brn__checkpoint checkpoint;
    interrupter stop = {.callback = {.name = "interrupter", .state = &stop}};
    stop.callback.on[BRN__AFTER_BATCH] = interrupt_soon;
    rig_new(&r);
    brn__checkpoint_init(&checkpoint, 0, save_nothing, &calls);
    r.fit.callbacks[r.fit.callback_count++] = &checkpoint.callback;
    run(&r, &out, BRN_ERROR_IO);
    assert_int_equal(calls, 1);
    r.fit.callbacks[r.fit.callback_count++] = &stop.callback;
    run(&r, &out, BRN_ERROR_IO);
    rig_free(&r);
}

static brn_status restore_nonsense(void *context, const brn__memory_item *items, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(items[i].name, "fit.position") == 0)
            ((int64_t *)items[i].data)[*(int *)context] = *(int *)context == 6 ? 1 : 1000000;
    return BRN_OK;
}

TEST(a_position_that_cannot_be_is_refused)
{
    for (int field = 0; field < 3; field++) { /* epoch, batch, next */
        rig r;
        rig_new(&r);
        r.fit.restore = restore_nonsense;
        r.fit.restore_context = &field;
        assert_fails(brn__learner_fit(r.learner, &r.fit, NULL), BRN_ERROR_INPUT, "that can't be");
        rig_free(&r);
    }
}
