/* SPDX-License-Identifier: Apache-2.0
 * A ring of prefetch + 1 slots, each with room for one batch. Batch b of an epoch lives in slot
 * b % slots. One job of the pool loads one sample into its place; the last one to finish a slot
 * wakes whoever waits for it. The consumer takes slots in order, closes the gaps that bad samples
 * left, and gives a slot back at its next call, by queueing the jobs of the batch that comes
 * `slots` later. Only the consumer touches the order, the slots' lists and the bad items; workers
 * write only their own place and, under the lock, the slot's count of places under way. */
#include "data/loader.h"
#include "base/alloc.h"
#include "base/philox.h"
#include "base/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

typedef struct slot slot;

/* One sample of a batch. */
typedef struct place {
    brn__loader *loader;
    slot *slot;
    int64_t index; /* in the batch */
    brn_status status;
    char *reason; /* of a failure; owned; NULL when there was no memory for it */
} place;

struct slot {
    char *inputs, *targets; /* (batch_max, sample bytes); owned */
    int64_t *items;         /* (batch_max); owned */
    place *places;          /* (batch_max); owned */
    int64_t count;          /* samples of the batch in it */
    int64_t under_way;      /* places not loaded yet; guarded by the loader's lock */
    int64_t length;         /* of a dataset's batch_length */
    brn_status status;      /* of a dataset's load_batch */
};

struct brn__loader {
    const brn__dataset *dataset; /* borrowed */
    brn__loader_options options;
    size_t input_bytes, target_bytes; /* of one sample */
    int64_t *items, *order;           /* (item_count): as given, and in this epoch's order; owned */
    int64_t item_count, batch_count, batch_max;
    slot *slots; /* (slot_count); owned */
    int slot_count;
    brn__pool *pool; /* NULL: load in the calling thread */
    pthread_mutex_t lock;
    pthread_cond_t loaded;
    _Atomic bool cancelled;

    brn__sample_context context; /* written only while nothing is under way */
    int64_t next_batch;          /* that brn__loader_next looks at */
    int64_t queued_batches;
    int64_t delivered;  /* good samples of this epoch */
    brn__bad_item *bad; /* (bad_count); owned, with their reasons */
    int64_t bad_count, bad_capacity;
    brn_status first_failure; /* of bad[0] */
    bool *known_bad; /* (the dataset's count): is in `bad`; owned */
};

brn__loader_options brn__loader_defaults(bool training)
{
    return (brn__loader_options){
        .batch_size = 64,
        .workers = brn__processor_count(),
        .prefetch = 2,
        .training = training,
        .shuffle = training,
        .merge_last = training,
    };
}

static int64_t batch_start(const brn__loader *loader, int64_t batch)
{
    return batch == loader->batch_count ? loader->item_count : batch * loader->options.batch_size;
}

static bool is_bad_item(brn_status status)
{
    return status == BRN_ERROR_INPUT || status == BRN_ERROR_IO || status == BRN_ERROR_UNSUPPORTED;
}

static void load_place(void *argument)
{
    place *p = argument;
    brn__loader *loader = p->loader;
    slot *s = p->slot;
    if (!atomic_load(&loader->cancelled)) {
        p->status = loader->dataset->load(loader->dataset, s->items[p->index], &loader->context,
                                          s->inputs + (size_t)p->index * loader->input_bytes,
                                          s->targets + (size_t)p->index * loader->target_bytes);
        if (p->status != BRN_OK) p->reason = brn__strdup(brn_error_message());
    }
    pthread_mutex_lock(&loader->lock);
    if (--s->under_way == 0) pthread_cond_signal(&loader->loaded);
    pthread_mutex_unlock(&loader->lock);
}

/* A batch that the dataset writes itself; one without length is none. */
static void load_whole(const brn__loader *loader, slot *s)
{
    const brn__dataset *dataset = loader->dataset;
    s->status = BRN_OK;
    if (dataset->batch_length) {
        s->length = dataset->batch_length(dataset, s->items, s->count);
        if (!s->length) s->count = 0;
    }
    if (s->count)
        s->status = dataset->load_batch(dataset, s->items, s->count, &loader->context, s->inputs,
                                        s->targets);
}

/* Gives the next batch of the epoch to the workers, or loads it here when there are none. */
static void queue_batch(brn__loader *loader)
{
    int64_t batch = loader->queued_batches++;
    slot *s = &loader->slots[batch % loader->slot_count];
    int64_t start = batch_start(loader, batch);
    s->count = batch_start(loader, batch + 1) - start;
    s->under_way = loader->dataset->load_batch ? 0 : s->count;
    memcpy(s->items, loader->order + start, (size_t)s->count * sizeof *s->items);
    if (loader->dataset->load_batch) {
        load_whole(loader, s);
        return;
    }
    for (int64_t i = 0; i < s->count; i++) {
        place *p = &s->places[i];
        brn__free(p->reason);
        *p = (place){.loader = loader, .slot = s, .index = i};
        if (loader->pool)
            brn__pool_submit(loader->pool, load_place, p);
        else
            load_place(p);
    }
}

static void wait_for_slot(brn__loader *loader, slot *s)
{
    pthread_mutex_lock(&loader->lock);
    while (s->under_way) pthread_cond_wait(&loader->loaded, &loader->lock);
    pthread_mutex_unlock(&loader->lock);
}

/* Lets everything that is under way end soon; nothing is after this. */
static void cancel(brn__loader *loader)
{
    atomic_store(&loader->cancelled, true);
    if (loader->pool) brn__pool_wait(loader->pool);
    atomic_store(&loader->cancelled, false);
}

/* Records an item once; takes the reason. */
static brn_status record_bad(brn__loader *loader, int64_t item, place *p)
{
    if (loader->known_bad[item]) return BRN_OK;
    if (loader->bad_count == loader->bad_capacity) {
        int64_t larger = loader->bad_capacity ? 2 * loader->bad_capacity : 16;
        brn__bad_item *bad = brn__realloc(loader->bad, (size_t)larger * sizeof *bad);
        if (!bad) return BRN_ERROR_NO_MEMORY;
        loader->bad = bad;
        loader->bad_capacity = larger;
    }
    if (!p->reason) return brn__fail(BRN_ERROR_NO_MEMORY, "loader: no memory for a message");
    if (loader->bad_count == 0) loader->first_failure = p->status;
    loader->bad[loader->bad_count++] = (brn__bad_item){.item = item, .reason = p->reason};
    loader->known_bad[item] = true;
    p->reason = NULL;
    return BRN_OK;
}

/* Records the bad samples of a loaded slot and moves the good ones together, in their order. */
static brn_status close_gaps(brn__loader *loader, slot *s)
{
    int64_t kept = 0;
    if (loader->dataset->load_batch) return s->status;
    for (int64_t i = 0; i < s->count; i++) {
        place *p = &s->places[i];
        if (p->status != BRN_OK) {
            if (!is_bad_item(p->status))
                return brn__fail_again(p->status, p->reason ? p->reason : "loader: no memory");
            BRN__TRY(record_bad(loader, s->items[i], p));
            continue;
        }
        if (kept != i) {
            memcpy(s->inputs + (size_t)kept * loader->input_bytes,
                   s->inputs + (size_t)i * loader->input_bytes, loader->input_bytes);
            memcpy(s->targets + (size_t)kept * loader->target_bytes,
                   s->targets + (size_t)i * loader->target_bytes, loader->target_bytes);
            s->items[kept] = s->items[i];
        }
        kept++;
    }
    s->count = kept;
    return BRN_OK;
}

brn_status brn__loader_next(brn__loader *loader, brn__batch *batch)
{
    *batch = (brn__batch){0};
    while (loader->next_batch < loader->batch_count) {
        /* The slots before next_batch are free again: the caller is done with the last one. */
        int64_t ahead = loader->pool ? loader->slot_count : 1;
        while (loader->queued_batches < loader->batch_count &&
               loader->queued_batches < loader->next_batch + ahead)
            queue_batch(loader);
        slot *s = &loader->slots[loader->next_batch % loader->slot_count];
        wait_for_slot(loader, s);
        loader->next_batch++;
        BRN__TRY(close_gaps(loader, s));
        if (!s->count) continue;
        loader->delivered += s->count;
        *batch = (brn__batch){.count = s->count,
                              .length = s->length,
                              .inputs = s->inputs,
                              .targets = s->targets,
                              .items = s->items,
                              .number = loader->next_batch - 1};
        return BRN_OK;
    }
    if (loader->item_count && !loader->delivered)
        return brn__fail(loader->first_failure == BRN_ERROR_IO ? BRN_ERROR_IO : BRN_ERROR_INPUT,
                         "none of the %lld items could be loaded; the first: %s",
                         (long long)loader->item_count,
                         loader->bad_count ? loader->bad[0].reason : "no epoch was started");
    return BRN_OK;
}

static brn_status arrange(brn__loader *loader)
{
    const brn__loader_options *options = &loader->options;
    memcpy(loader->order, loader->items, (size_t)loader->item_count * sizeof *loader->order);
    if (options->sampler.arrange) {
        return options->sampler.arrange(options->sampler.state, &loader->context, options->batch_size,
                                        loader->order, loader->item_count);
    }
    if (options->shuffle) {
        uint64_t key = brn__philox_key(options->seed, "shuffle");
        brn__random random = brn__random_new(key, loader->context.epoch, 0, 0);
        brn__random_shuffle(&random, loader->order, loader->item_count);
    }
    return BRN_OK;
}

static brn_status start(brn__loader *loader, uint32_t epoch, uint32_t pass, int64_t number)
{
    cancel(loader);
    loader->context = (brn__sample_context){.seed = loader->options.seed,
                                            .epoch = epoch,
                                            .pass = pass,
                                            .training = loader->options.training};
    BRN__TRY(arrange(loader));
    if (loader->dataset->begin)
        BRN__TRY(loader->dataset->begin(loader->dataset, &loader->context));
    loader->next_batch = loader->queued_batches = number;
    loader->delivered = number > 0; /* what came before `number` has been delivered already */
    /* One slot fewer than there are: the first call of brn__loader_next queues the last one. */
    while (loader->pool && loader->queued_batches < loader->batch_count &&
           loader->queued_batches < number + loader->slot_count - 1)
        queue_batch(loader);
    return BRN_OK;
}

brn_status brn__loader_start_pass(brn__loader *loader, uint32_t epoch, uint32_t pass)
{
    return start(loader, epoch, pass, 0);
}

brn_status brn__loader_start_at(brn__loader *loader, uint32_t epoch, int64_t number)
{
    if (number < 0 || number > loader->batch_count)
        return brn__fail(BRN_ERROR_USAGE, "loader: starts at batch %lld; expected 0 to %lld",
                         (long long)number, (long long)loader->batch_count);
    return start(loader, epoch, 0, number);
}

brn_status brn__loader_start_epoch(brn__loader *loader, uint32_t epoch)
{
    return brn__loader_start_pass(loader, epoch, 0);
}

static brn_status slot_init(brn__loader *loader, slot *s)
{
    size_t samples = (size_t)loader->batch_max, inputs, targets;
    if (__builtin_mul_overflow(samples, loader->input_bytes, &inputs) ||
        __builtin_mul_overflow(samples, loader->target_bytes, &targets))
        return brn__fail(BRN_ERROR_USAGE, "batch size %lld is too large for the samples",
                         (long long)loader->options.batch_size);
    s->inputs = brn__alloc_aligned(inputs);
    s->targets = brn__alloc_aligned(targets);
    s->items = brn__alloc_array(samples, sizeof *s->items);
    s->places = brn__alloc_zero(samples, sizeof *s->places);
    return s->inputs && s->targets && s->items && s->places ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static void slot_deinit(const brn__loader *loader, slot *s)
{
    for (int64_t i = 0; s->places && i < loader->batch_max; i++) brn__free(s->places[i].reason);
    brn__free_aligned(s->inputs);
    brn__free_aligned(s->targets);
    brn__free(s->items);
    brn__free(s->places);
}

/* Batches of batch_size; the last one takes what is left, or one item more when that is merged. */
static void count_batches(brn__loader *loader)
{
    int64_t size = loader->options.batch_size, left = loader->item_count % size;
    int64_t whole = loader->item_count / size;
    bool merged = loader->options.merge_last && left == 1 && whole > 0;
    loader->batch_count = whole + (left && !merged);
    loader->batch_max = whole ? size + merged : left ? left : 1;
}

static brn_status copy_items(brn__loader *loader, const int64_t *items)
{
    loader->items = brn__alloc_array((size_t)loader->item_count, sizeof *loader->items);
    loader->order = brn__alloc_array((size_t)loader->item_count, sizeof *loader->order);
    loader->known_bad = brn__alloc_zero((size_t)loader->dataset->count, sizeof *loader->known_bad);
    if (!loader->items || !loader->order || !loader->known_bad) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < loader->item_count; i++) {
        loader->items[i] = items ? items[i] : i;
        if (loader->items[i] < 0 || loader->items[i] >= loader->dataset->count)
            return brn__fail(BRN_ERROR_USAGE, "loader: item %lld; expected 0 to %lld",
                             (long long)loader->items[i], (long long)loader->dataset->count - 1);
    }
    return BRN_OK;
}

static brn_status make_buffers(brn__loader *loader)
{
    loader->slot_count = loader->options.workers ? loader->options.prefetch + 1 : 1;
    loader->slots = brn__alloc_zero((size_t)loader->slot_count, sizeof *loader->slots);
    if (!loader->slots) return BRN_ERROR_NO_MEMORY;
    for (int i = 0; i < loader->slot_count; i++) BRN__TRY(slot_init(loader, &loader->slots[i]));
    if (!loader->options.workers) return BRN_OK;
    int64_t places = loader->slot_count * loader->batch_max; /* so that queueing never blocks */
    if (places > INT32_MAX)
        return brn__fail(BRN_ERROR_USAGE, "batch size %lld is too large to load ahead",
                         (long long)loader->options.batch_size);
    return brn__pool_new(loader->options.workers, (int)places, &loader->pool);
}

brn_status brn__loader_new(const brn__dataset *dataset, const int64_t *items, int64_t count,
                           const brn__loader_options *options, brn__loader **out)
{
    *out = NULL;
    if (options->batch_size < 1 || options->workers < 0 || options->prefetch < 1 || count < 0)
        return brn__fail(
            BRN_ERROR_USAGE,
            "loader: batch size %lld, %d workers, %d batches ahead; expected at least 1, "
            "0 and 1",
            (long long)options->batch_size, options->workers, options->prefetch);
    brn__loader *loader = brn__alloc_zero(1, sizeof *loader);
    if (!loader) return BRN_ERROR_NO_MEMORY;
    loader->dataset = dataset;
    loader->options = *options;
    if (dataset->load_batch) loader->options.workers = 0;
    loader->input_bytes = brn__dataset_input_bytes(dataset);
    loader->target_bytes = brn__dataset_target_bytes(dataset);
    loader->item_count = items ? count : dataset->count;
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->loaded, NULL);
    count_batches(loader);
    brn_status status = copy_items(loader, items);
    if (status == BRN_OK) status = make_buffers(loader);
    if (status != BRN_OK) {
        brn__loader_free(loader);
        return status;
    }
    loader->next_batch = loader->queued_batches = loader->batch_count; /* no epoch yet */
    *out = loader;
    return BRN_OK;
}

void brn__loader_free(brn__loader *loader)
{
    if (!loader) return;
    cancel(loader);
    brn__pool_free(loader->pool);
    for (int i = 0; loader->slots && i < loader->slot_count; i++)
        slot_deinit(loader, &loader->slots[i]);
    for (int64_t i = 0; i < loader->bad_count; i++)
        brn__free((void *)(uintptr_t)loader->bad[i].reason);
    brn__free(loader->slots);
    brn__free(loader->bad);
    brn__free(loader->known_bad);
    brn__free(loader->items);
    brn__free(loader->order);
    pthread_mutex_destroy(&loader->lock);
    pthread_cond_destroy(&loader->loaded);
    brn__free(loader);
}

int64_t brn__loader_batch_count(const brn__loader *loader)
{
    return loader->batch_count;
}

int64_t brn__loader_batch_max(const brn__loader *loader)
{
    return loader->batch_max;
}

const brn__bad_item *brn__loader_bad_items(const brn__loader *loader, int64_t *count)
{
    *count = loader->bad_count;
    return loader->bad;
}
