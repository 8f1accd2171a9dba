/* SPDX-License-Identifier: Apache-2.0
 * Batches of a language model. The documents, one behind the other, are one stream of S tokens, cut into
 * N = batch_size rows of L tokens, of which a batch takes the next T; targets are the inputs one token on.
 *
 *   fixed (fastai 2's LMDataLoader)        L = floor((S - 1) / N), T = length, the last batch L mod length
 *   variable (0.7's LanguageModelLoader)   L = floor(S / N), at most max(1, floor(L / length) - 1) batches; the first
 *       length + 25, the others normal(b, 5) with b = length (19 in 20) or length / 2, at least 5 and, so
 *       that the first is the longest, at most length + 25; the last what is left of L - 1 */
#include "base/alloc.h"
#include "base/philox.h"
#include "data/text/text_data.h"

#include <string.h>

enum { LONGER = 25, SHORTEST = 5 };

/* What changes from epoch to epoch. */
typedef struct stream {
    int64_t *order;  /* (document_count): documents as they follow in this epoch */
    int64_t *ends;   /* (document_count): position in the stream where each ends */
    int64_t *starts; /* (batches): where each batch begins in its row */
    int64_t *lengths; /* (batches): T; 0: the row has ended */
} stream;

typedef struct lm_dataset {
    brn__dataset base;
    const brn__corpus *corpus; /* borrowed */
    brn__lm_options options;
    int64_t *documents; /* (document_count), as given; owned */
    int64_t document_count, token_count;
    int64_t row_length; /* L */
    int64_t batches;
    stream *now; /* owned */
} lm_dataset;

brn__lm_options brn__lm_defaults(void)
{
    return (brn__lm_options){.batch_size = 64, .length = 72};
}

/* ---- an epoch ---- */

static void plan_fixed(const lm_dataset *d)
{
    for (int64_t b = 0; b < d->batches; b++) {
        int64_t left = d->row_length - b * d->options.length;
        d->now->starts[b] = b * d->options.length;
        d->now->lengths[b] = left < d->options.length ? left : d->options.length;
    }
}

static int64_t drawn_length(const lm_dataset *d, brn__random *random)
{
    double base = (double)d->options.length;
    if (!(brn__random_uniform(random) < .95)) base /= 2;
    int64_t drawn = (int64_t)(base + 5 * brn__random_normal(random));
    int64_t longest = d->options.length + LONGER;
    return drawn < SHORTEST ? SHORTEST : drawn > longest ? longest : drawn;
}

static void plan_variable(const lm_dataset *d, const brn__sample_context *context)
{
    brn__random random = brn__random_new(brn__philox_key(context->seed, "text lengths"), context->epoch, 0, 0);
    int64_t at = 0;
    for (int64_t b = 0; b < d->batches; b++) {
        int64_t length = b ? drawn_length(d, &random) : d->options.length + LONGER;
        int64_t left = d->row_length - 1 - at;
        d->now->starts[b] = at;
        d->now->lengths[b] = length < left ? length : left;
        at += d->now->lengths[b];
    }
}

static int64_t document_length(const lm_dataset *d, int64_t document)
{
    return d->corpus->starts[document + 1] - d->corpus->starts[document];
}

static brn_status begin(const brn__dataset *base, const brn__sample_context *context)
{
    const lm_dataset *d = (const lm_dataset *)base;
    memcpy(d->now->order, d->documents, (size_t)d->document_count * sizeof *d->documents);
    if (d->options.shuffle) {
        brn__random random = brn__random_new(brn__philox_key(context->seed, "documents"), context->epoch, 0, 0);
        brn__random_shuffle(&random, d->now->order, d->document_count);
    }
    for (int64_t i = 0, end = 0; i < d->document_count; i++)
        d->now->ends[i] = end += document_length(d, d->now->order[i]);
    if (d->options.form == BRN__LM_FIXED)
        plan_fixed(d);
    else
        plan_variable(d, context);
    return BRN_OK;
}

static int64_t batch_length(const brn__dataset *base, const int64_t *items, int64_t count)
{
    const lm_dataset *d = (const lm_dataset *)base;
    (void)count;
    return d->now->lengths[items[0] / d->options.batch_size];
}

/* ---- a batch ---- */

/* The document in which stream position `at` lies. */
static int64_t find_document(const lm_dataset *d, int64_t at)
{
    int64_t low = 0, high = d->document_count - 1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (d->now->ends[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* `count` tokens of the stream from `at` on. */
static void copy_stream(const lm_dataset *d, int64_t at, int64_t count, int64_t *out)
{
    for (int64_t i = find_document(d, at); count > 0; i++) {
        int64_t document = d->now->order[i], length = document_length(d, document);
        const int32_t *tokens = d->corpus->tokens + d->corpus->starts[document];
        int64_t from = at - (d->now->ends[i] - length);
        for (; from < length && count > 0; from++, at++, count--)
            *out++ = tokens[d->options.backwards ? length - 1 - from : from];
    }
}

static brn_status load_batch(const brn__dataset *base, const int64_t *items, int64_t count,
                             const brn__sample_context *context, void *inputs, void *targets)
{
    const lm_dataset *d = (const lm_dataset *)base;
    const int64_t rows = d->options.batch_size, length = batch_length(base, items, count);
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = items[i] % rows * d->row_length + d->now->starts[items[i] / rows];
        copy_stream(d, at, length, (int64_t *)inputs + i * length);
        copy_stream(d, at + 1, length, (int64_t *)targets + i * length);
    }
    return BRN_OK;
}

static brn_status load(const brn__dataset *base, int64_t item, const brn__sample_context *context, void *input,
                       void *target)
{
    return load_batch(base, &item, 1, context, input, target);
}

/* ---- making it ---- */

static void free_dataset(brn__dataset *base)
{
    lm_dataset *d = (lm_dataset *)base;
    if (d->now) {
        brn__free(d->now->order);
        brn__free(d->now->ends);
        brn__free(d->now->starts);
        brn__free(d->now->lengths);
    }
    brn__free(d->now);
    brn__free(d->documents);
    brn__free(d);
}

static brn_status copy_documents(lm_dataset *d, const int64_t *documents, int64_t count)
{
    d->document_count = documents ? count : d->corpus->document_count;
    d->documents = brn__alloc_array((size_t)d->document_count + 1, sizeof *d->documents);
    if (!d->documents) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < d->document_count; i++) {
        d->documents[i] = documents ? documents[i] : i;
        d->token_count += document_length(d, d->documents[i]);
    }
    return BRN_OK;
}

static brn_status cut_rows(lm_dataset *d)
{
    const int64_t rows = d->options.batch_size, length = d->options.length;
    bool fixed = d->options.form == BRN__LM_FIXED;
    d->row_length = (d->token_count - fixed) / rows;
    if (d->token_count < 2 || d->row_length < (fixed ? 1 : 2))
        return brn__fail(BRN_ERROR_INPUT, "language model: %lld tokens for %lld rows; expected at least 2 a row",
                         (long long)d->token_count, (long long)rows);
    if (fixed)
        d->batches = (d->row_length + length - 1) / length;
    else
        d->batches = d->row_length / length > 2 ? d->row_length / length - 1 : 1;
    int64_t longest = fixed ? length : length + LONGER, most = fixed ? d->row_length : d->row_length - 1;
    if (longest > most) longest = most;
    d->base.count = d->batches * rows;
    d->base.input_shape = d->base.target_shape = brn_shape_of(1, &longest);
    return BRN_OK;
}

static brn_status make_stream(lm_dataset *d)
{
    d->now = brn__alloc_zero(1, sizeof *d->now);
    if (!d->now) return BRN_ERROR_NO_MEMORY;
    d->now->order = brn__alloc_array((size_t)d->document_count + 1, sizeof(int64_t));
    d->now->ends = brn__alloc_array((size_t)d->document_count + 1, sizeof(int64_t));
    d->now->starts = brn__alloc_zero((size_t)d->batches, sizeof(int64_t));
    d->now->lengths = brn__alloc_zero((size_t)d->batches, sizeof(int64_t));
    return d->now->order && d->now->ends && d->now->starts && d->now->lengths ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn__lm_dataset_new(const brn__corpus *corpus, const int64_t *documents, int64_t count,
                               const brn__lm_options *options, brn__dataset **out)
{
    *out = NULL;
    if (options->batch_size < 1 || options->length < 1 || options->length > 1 << 20)
        return brn__fail(BRN_ERROR_USAGE, "language model: batches of %lld rows of %lld tokens; expected at least 1 of 1",
                         (long long)options->batch_size, (long long)options->length);
    lm_dataset *d = brn__alloc_zero(1, sizeof *d);
    if (!d) return BRN_ERROR_NO_MEMORY;
    d->base = (brn__dataset){.input_dtype = BRN_DTYPE_I64,
                             .target_dtype = BRN_DTYPE_I64,
                             .load = load,
                             .load_batch = load_batch,
                             .begin = begin,
                             .batch_length = batch_length,
                             .free = free_dataset};
    d->corpus = corpus;
    d->options = *options;
    brn_status status = copy_documents(d, documents, count);
    if (status == BRN_OK) status = cut_rows(d);
    if (status == BRN_OK) status = make_stream(d);
    if (status == BRN_OK)
        *out = &d->base;
    else
        free_dataset(&d->base);
    return status;
}

brn_status brn__lm_loader(const brn__corpus *corpus, const int64_t *documents, int64_t count,
                          const brn__lm_options *options, uint64_t seed, brn__dataset **dataset,
                          brn__loader **loader)
{
    *loader = NULL;
    BRN__TRY(brn__lm_dataset_new(corpus, documents, count, options, dataset));
    brn__loader_options load = brn__loader_defaults(false);
    load.batch_size = options->batch_size;
    load.seed = seed;
    load.training = options->shuffle;
    brn_status status = brn__loader_new(*dataset, NULL, 0, &load, loader);
    if (status == BRN_OK) return BRN_OK;
    brn__dataset_free(*dataset);
    *dataset = NULL;
    return status;
}
