/* SPDX-License-Identifier: Apache-2.0
 * Batches of whole texts, padded to the longest of them, in an order that puts like lengths together. */
#include "base/alloc.h"
#include "base/philox.h"
#include "data/text/text_data.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BATCHES = 50 }; /* fast.ai's: so many batches are sorted together */

typedef struct text_dataset {
    brn__dataset base;
    const brn__corpus *corpus; /* borrowed */
    brn__text_batches options;
} text_dataset;

brn__text_batches brn__text_batches_defaults(void)
{
    return (brn__text_batches){.batch_size = 64, .limit = 1 << 15, .multiple = 8, .chunk = 72};
}

int64_t brn__text_dataset_length(const brn__dataset *dataset, int64_t item)
{
    const text_dataset *d = (const text_dataset *)dataset;
    int64_t length = d->corpus->starts[item + 1] - d->corpus->starts[item];
    return length < d->options.limit ? length : d->options.limit;
}

static int64_t round_up(int64_t length, int64_t multiple) { return (length + multiple - 1) / multiple * multiple; }

static int64_t batch_length(const brn__dataset *base, const int64_t *items, int64_t count)
{
    const text_dataset *d = (const text_dataset *)base;
    int64_t longest = 1;
    for (int64_t i = 0; i < count; i++) {
        int64_t length = brn__text_dataset_length(base, items[i]);
        if (length > longest) longest = length;
    }
    return round_up(longest, d->options.multiple);
}

/* The last tokens of a document, or from the end backwards. */
static void copy_tokens(const text_dataset *d, int64_t item, int64_t length, int64_t *out)
{
    const int32_t *end = d->corpus->tokens + d->corpus->starts[item + 1];
    for (int64_t i = 0; i < length; i++) out[i] = d->options.backwards ? end[-1 - i] : end[i - length];
}

static void write_input(const text_dataset *d, int64_t item, int64_t width, int64_t *row)
{
    const int64_t pad = brn__vocabulary_pad(d->corpus->settings->vocabulary);
    int64_t length = brn__text_dataset_length(&d->base, item), front = width - length;
    if (d->options.padding == BRN__PAD_CHUNKS) front -= front % d->options.chunk;
    for (int64_t t = 0; t < front; t++) row[t] = pad;
    copy_tokens(d, item, length, row + front);
    for (int64_t t = front + length; t < width; t++) row[t] = pad;
}

static void write_target(const text_dataset *d, int64_t item, int64_t place, void *targets)
{
    const brn__corpus *c = d->corpus;
    if (c->targets)
        memcpy((float *)targets + place * c->class_count, c->targets + item * c->class_count,
               (size_t)c->class_count * sizeof(float));
    else
        ((int64_t *)targets)[place] = c->labels && c->labels[item] >= 0 ? c->labels[item] : 0;
}

static brn_status load_batch(const brn__dataset *base, const int64_t *items, int64_t count,
                             const brn__sample_context *context, void *inputs, void *targets)
{
    const text_dataset *d = (const text_dataset *)base;
    int64_t width = batch_length(base, items, count);
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        write_input(d, items[i], width, (int64_t *)inputs + i * width);
        write_target(d, items[i], i, targets);
    }
    return BRN_OK;
}

static brn_status load(const brn__dataset *base, int64_t item, const brn__sample_context *context, void *input,
                       void *target)
{
    return load_batch(base, &item, 1, context, input, target);
}

static void free_dataset(brn__dataset *base) { brn__free(base); }

brn_status brn__text_dataset_new(const brn__corpus *corpus, const brn__text_batches *options, brn__dataset **out)
{
    *out = NULL;
    if (options->batch_size < 1 || options->limit < 1 || options->multiple < 1 || options->chunk < 1)
        return brn__fail(BRN_ERROR_USAGE, "texts: batch size %lld, limit %lld, multiple %lld, chunk %lld; expected at least 1",
                         (long long)options->batch_size, (long long)options->limit, (long long)options->multiple,
                         (long long)options->chunk);
    text_dataset *d = brn__alloc_zero(1, sizeof *d);
    if (!d) return BRN_ERROR_NO_MEMORY;
    d->corpus = corpus;
    d->options = *options;
    d->base = (brn__dataset){.count = corpus->document_count,
                             .input_dtype = BRN_DTYPE_I64,
                             .target_dtype = corpus->targets ? BRN_DTYPE_F32 : BRN_DTYPE_I64,
                             .target_shape = {.rank = 0},
                             .load = load,
                             .load_batch = load_batch,
                             .batch_length = batch_length,
                             .free = free_dataset};
    int64_t longest = 1;
    for (int64_t i = 0; i < corpus->document_count; i++) {
        int64_t length = brn__text_dataset_length(&d->base, i);
        if (length > longest) longest = length;
    }
    longest = round_up(longest, options->multiple);
    d->base.input_shape = brn_shape_of(1, &longest);
    if (corpus->targets) d->base.target_shape = brn_shape_of(1, &corpus->class_count);
    *out = &d->base;
    return BRN_OK;
}

/* ---- the order ---- */

typedef struct sized {
    int64_t length, place, item;
} sized;

static int longest_first(const void *a, const void *b)
{
    const sized *x = a, *y = b;
    if (x->length != y->length) return x->length > y->length ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static void sort_part(const brn__dataset *dataset, int64_t *items, int64_t count, sized *room)
{
    for (int64_t i = 0; i < count; i++)
        room[i] = (sized){brn__text_dataset_length(dataset, items[i]), i, items[i]};
    qsort(room, (size_t)count, sizeof *room, longest_first);
    for (int64_t i = 0; i < count; i++) items[i] = room[i].item;
}

/* The longest text comes first, so that what memory is needed shows at once. */
static void put_longest_first(const brn__dataset *dataset, int64_t *items, int64_t count)
{
    int64_t longest = 0;
    for (int64_t i = 1; i < count; i++)
        if (brn__text_dataset_length(dataset, items[i]) > brn__text_dataset_length(dataset, items[longest]))
            longest = i;
    int64_t item = items[0];
    items[0] = items[longest];
    items[longest] = item;
}

/* All batches but the first and the last, which may be short, in a new order. */
static void shuffle_batches(brn__random *random, int64_t *items, int64_t count, int64_t size, int64_t *order,
                            int64_t *room)
{
    int64_t inner = (count + size - 1) / size - 2;
    if (inner < 2) return;
    for (int64_t b = 0; b < inner; b++) order[b] = b;
    brn__random_shuffle(random, order, inner);
    memcpy(room, items + size, (size_t)(inner * size) * sizeof *room);
    for (int64_t b = 0; b < inner; b++)
        memcpy(items + size * (b + 1), room + size * order[b], (size_t)size * sizeof *items);
}

/* fast.ai's SortishSampler: shuffled, then sorted within every 50 batches, then the batches shuffled. */
static brn_status arrange_sortish(const void *state, const brn__sample_context *context, int64_t batch_size,
                                  int64_t *items, int64_t count)
{
    sized *room = brn__alloc_array((size_t)count + 1, sizeof *room);
    int64_t *order = brn__alloc_array(2 * (size_t)count + 2, sizeof *order);
    brn__random random = brn__random_new(brn__philox_key(context->seed, "texts"), context->epoch, context->pass, 0);
    if (room && order && count) {
        brn__random_shuffle(&random, items, count);
        put_longest_first(state, items, count);
        for (int64_t i = 0, part = batch_size * CHUNK_BATCHES; i < count; i += part)
            sort_part(state, items + i, count - i < part ? count - i : part, room);
        shuffle_batches(&random, items, count, batch_size, order, order + count + 1);
    }
    brn_status status = room && order ? BRN_OK : BRN_ERROR_NO_MEMORY;
    brn__free(room);
    brn__free(order);
    return status;
}

static brn_status arrange_sorted(const void *state, const brn__sample_context *context, int64_t batch_size,
                                 int64_t *items, int64_t count)
{
    sized *room = brn__alloc_array((size_t)count + 1, sizeof *room);
    (void)context, (void)batch_size;
    if (!room) return BRN_ERROR_NO_MEMORY;
    sort_part(state, items, count, room);
    brn__free(room);
    return BRN_OK;
}

brn_status brn__text_loader_of(const brn__dataset *dataset, const int64_t *documents, int64_t count,
                               const brn__text_batches *options, bool training, brn__loader **loader)
{
    brn__loader_options load = brn__loader_defaults(training);
    load.batch_size = options->batch_size;
    load.seed = options->seed;
    load.sampler = (brn__sampler){training ? arrange_sortish : arrange_sorted, dataset};
    return brn__loader_new(dataset, documents, count, &load, loader);
}

brn_status brn__text_loader(const brn__corpus *corpus, const int64_t *documents, int64_t count,
                            const brn__text_batches *options, bool training, brn__dataset **dataset,
                            brn__loader **loader)
{
    *loader = NULL;
    BRN__TRY(brn__text_dataset_new(corpus, options, dataset));
    brn_status status = brn__text_loader_of(*dataset, documents, count, options, training, loader);
    if (status == BRN_OK) return BRN_OK;
    brn__dataset_free(*dataset);
    *dataset = NULL;
    return status;
}
