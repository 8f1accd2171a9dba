/* SPDX-License-Identifier: Apache-2.0
 * A fit with cycles, snapshots, averages of weights, accumulated gradients and a lookahead, broken off after
 * any batch and gone on with from what its checkpoint kept, ends with the same bits. */
#include "base/alloc.h"
#include "test.h"
#include "train/averages.h"
#include "train/fine_tuning.h"
#include "train/scheduling.h"
#include "train/snapshots.h"
#include "train/toy.h"

#include <string.h>

enum { EPOCHS = 3, COPIES_MAX = 64 };

/* The bytes of all items of a fit's memory, one after the other. */
typedef struct copy {
    char *bytes;
    size_t length;
} copy;

typedef struct copies {
    copy list[COPIES_MAX];
    int count;
} copies;

static size_t bytes_of(const brn__memory_item *item)
{
    return (size_t)brn_shape_elements(item->shape) * brn_dtype_bytes(item->dtype);
}

static brn_status save_next(void *context, const brn__memory_item *items, int count)
{
    copies *all = context;
    assert_true(all->count < COPIES_MAX);
    copy *c = &all->list[all->count++];
    for (int i = 0; i < count; i++) c->length += bytes_of(&items[i]);
    char *to = c->bytes = brn__alloc(c->length);
    assert_non_null(to);
    for (int i = 0; i < count; i++) {
        memcpy(to, items[i].data, bytes_of(&items[i]));
        to += bytes_of(&items[i]);
    }
    return BRN_OK;
}

static brn_status restore(void *context, const brn__memory_item *items, int count)
{
    const copy *c = context;
    const char *from = c->bytes;
    for (int i = 0; i < count; i++) {
        memcpy(items[i].data, from, bytes_of(&items[i]));
        from += bytes_of(&items[i]);
    }
    assert_int_equal(from - c->bytes, c->length);
    return BRN_OK;
}

/* ------------------------------------------------------------------ the fit */

typedef struct run {
    toy t;
    brn__scheduling scheduling;
    brn__decays decays;
    brn__accumulation accumulation;
    brn__average mean, ema;
    brn__snapshots snapshots;
    uint64_t album[4]; /* hashes, by number */
} run;

static brn_status keep(void *context, brn_parameters *parameters, int number)
{
    (void)parameters;
    run *r = context;
    assert_true(number < 4);
    r->album[number] = toy_hash(&r->t);
    return BRN_OK;
}

static void begin(run *r)
{
    const brn_cycles cycles = {.form = BRN_CYCLES_COSINE, .multiplier = 2}; /* 1 + 2 epochs */
    memset(r->album, 0, sizeof r->album);
    toy_new(&r->t);
    r->t.fit.epochs = EPOCHS;
    r->t.fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_RANGER);
    r->t.fit.optimizer.lookahead_every = 3;
    brn__scheduling_cycles(&r->scheduling, (double[]){3e-3, 1e-2}, 2, &cycles);
    brn__decays_init(&r->decays, (double[]){.1, .01}, 2);
    assert_ok(brn__accumulation_init(&r->accumulation, r->t.parameters, 80)); /* 3 batches of 32 */
    assert_ok(brn__swa_init(&r->mean, r->t.parameters, 1));
    assert_ok(brn__ema_init(&r->ema, r->t.parameters, .8));
    brn__snapshots_init(&r->snapshots, &cycles, keep, r);
    const brn__callback *all[] = {&r->scheduling.callback, &r->decays.callback,
                                  &r->accumulation.callback, &r->mean.callback, &r->ema.callback,
                                  &r->snapshots.callback};
    for (int i = 0; i < 6; i++) toy_use(&r->t, all[i]);
}

static void end(run *r)
{
    brn__accumulation_deinit(&r->accumulation);
    brn__average_deinit(&r->mean);
    brn__average_deinit(&r->ema);
    toy_free(&r->t);
}

static void assert_same_average(const brn__average *a, const brn__average *b)
{
    assert_int_equal(a->elements, b->elements);
    assert_memory_equal(a->memory, b->memory, (size_t)(a->elements + 1) * sizeof(double));
}

TEST(a_fit_with_every_practice_is_resumed_from_any_batch_to_the_same_bits)
{
    run whole, part;
    static copies all;
    all = (copies){0};
    brn__checkpoint checkpoint;
    begin(&whole);
    brn__checkpoint_init(&checkpoint, 0, save_next, &all);
    toy_use(&whole.t, &checkpoint.callback);
    assert_ok(brn__learner_fit(whole.t.learner, &whole.t.fit, NULL));
    assert_int_equal(brn__average_count(&whole.mean), EPOCHS);
    assert_int_equal(brn__average_count(&whole.ema), EPOCHS * 4); /* 3 + 3 + 3 + 1 batches */
    assert_true(whole.album[0] && whole.album[1] && !whole.album[2]);
    assert_true(all.count >= EPOCHS * 10);
    for (int i = 0; i < all.count; i++) {
        begin(&part);
        part.t.fit.restore = restore;
        part.t.fit.restore_context = &all.list[i];
        assert_ok(brn__learner_fit(part.t.learner, &part.t.fit, NULL));
        if (toy_hash(&part.t) != toy_hash(&whole.t)) fail_msg("copy %d: the bits differ", i);
        assert_same_average(&part.mean, &whole.mean);
        assert_same_average(&part.ema, &whole.ema);
        assert_true(part.snapshots.count == 2);
        for (int k = 0; k < 2; k++) /* taken again, or before this copy */
            assert_true(part.album[k] == whole.album[k] || part.album[k] == 0);
        end(&part);
        brn__free(all.list[i].bytes);
    }
    end(&whole);
}
