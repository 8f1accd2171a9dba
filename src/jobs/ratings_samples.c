/* SPDX-License-Identifier: Apache-2.0
 * What a training learns from and is measured on: loaders over ratings. */
#include "base/alloc.h"
#include "jobs/ratings_job.h"

enum { VALID_BATCH = 1024 };

/* Samples of the rows that train, then of those that validate. */
static brn_status list_samples(const brn__ratings *r, int64_t each, brn__ratings_samples_of *out)
{
    out->samples = brn__alloc_array((size_t)(r->count * each) + 1, sizeof *out->samples);
    if (!out->samples) return BRN_ERROR_NO_MEMORY;
    int64_t listed = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t row = 0; row < r->count; row++)
            for (int64_t k = 0; r->valid[row] == pass && k < each; k++)
                out->samples[listed++] = row * each + k;
        if (pass == 0) out->train_count = listed / each;
    }
    out->valid_count = listed / each - out->train_count;
    return BRN_OK;
}

static brn_status new_loader(const brn_ratings_options *o, const brn__ratings_samples_of *s,
                             bool train, int64_t each, brn__loader **out)
{
    brn__loader_options options = brn__loader_defaults(train);
    options.batch_size = o->batch_size;
    if (!train && options.batch_size < VALID_BATCH) options.batch_size = VALID_BATCH;
    options.seed = o->seed;
    int64_t begin = train ? 0 : s->train_count * each,
            count = (train ? s->train_count : s->valid_count) * each;
    return brn__loader_new(s->dataset, s->samples + begin, count, &options, out);
}

static brn_status make(const brn_ratings_options *o, const brn__ratings *r,
                       brn__ratings_samples_of *out)
{
    const brn__ratings_samples samples = {.loss = (brn__ratings_loss)o->loss,
                                          .negatives = o->negatives,
                                          .confidence = o->confidence,
                                          .seed = o->seed};
    int64_t each = brn__ratings_samples_a_row(&samples);
    BRN__TRY(brn__seen_build(r, BRN__SEEN_ALL, &out->all));
    if (o->loss != BRN_RATINGS_LOSS_MSE)
        BRN__TRY(brn__seen_build(r, BRN__SEEN_TRAIN, &out->trained));
    BRN__TRY(brn__ratings_dataset_new(r, &out->trained, &out->all, &samples, &out->dataset));
    BRN__TRY(list_samples(r, each, out));
    BRN__TRY(new_loader(o, out, true, each, &out->train));
    return out->valid_count ? new_loader(o, out, false, each, &out->valid) : BRN_OK;
}

brn_status brn__ratings_samples_new(const brn_ratings_options *o, const brn__ratings *r,
                                    brn__ratings_samples_of *out)
{
    *out = (brn__ratings_samples_of){0};
    brn_status status = make(o, r, out);
    brn__free(out->samples); /* the loaders have copied them */
    out->samples = NULL;
    if (status != BRN_OK) brn__ratings_samples_free(out);
    return status;
}

void brn__ratings_samples_free(brn__ratings_samples_of *s)
{
    brn__loader_free(s->train);
    brn__loader_free(s->valid);
    brn__dataset_free(s->dataset);
    brn__seen_free(&s->all);
    brn__seen_free(&s->trained);
    *s = (brn__ratings_samples_of){0};
}

brn__fit_options brn__ratings_fit_options(const brn_ratings_options *o,
                                          const brn__ratings_network *network,
                                          const brn__ratings_samples_of *samples)
{
    brn__fit_options fit = {.network = network->ends,
                            .train = samples->train,
                            .valid = samples->valid,
                            .epochs = o->epochs,
                            .learning_groups = UINT64_MAX,
                            .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
                            .learning_rate = o->learning_rate};
    fit.optimizer.weight_decay = o->weight_decay;
    fit.optimizer.lazy = o->lazy;
    return fit;
}
