/* SPDX-License-Identifier: Apache-2.0
 * Timing of one architecture on random pictures: what the engine does, without loading. */
#include "base/alloc.h"
#include "base/philox.h"
#include "base/status.h"
#include "jobs/image_job.h"
#include "jobs/precision.h"
#include "jobs/profile.h"

#include <string.h>

enum { WARM_UP = 2 };

typedef struct bench {
    brn__image_network network;
    brn_optimizer *optimizer;
    brn_optimizer_settings settings;
    brn_plan *plan;
    float *pixels;   /* (N, 3, S, S) */
    int64_t *labels; /* (N) */
    uint32_t step;
} bench;

static brn_status make_batch(bench *b, int64_t batch_size, int64_t size)
{
    const int64_t count = batch_size * 3 * size * size;
    b->pixels = brn__alloc_aligned((size_t)count * sizeof *b->pixels);
    b->labels = brn__alloc_array((size_t)batch_size, sizeof *b->labels);
    if (!b->pixels || !b->labels) return BRN_ERROR_NO_MEMORY;
    brn__random random = brn__random_new(brn__philox_key(42, "bench"), 0, 0, 0);
    for (int64_t i = 0; i < count; i++)
        b->pixels[i] = (float)brn__random_between(&random, -2, 2);
    for (int64_t i = 0; i < batch_size; i++)
        b->labels[i] = brn__random_below(&random, BRN__IMAGE_BATCH_MAX) % 1000;
    return BRN_OK;
}

static brn_status make_plan(bench *b, bool training)
{
    brn_plan_options options = brn_plan_defaults();
    options.training = training;
    options.outputs[options.output_count++] =
        training ? b->network.whole.loss : b->network.whole.output;
    if (training) options.loss = b->network.whole.loss;
    BRN__TRY(brn_runner_plan(brn__learner_runner(b->network.learner), &options, &b->plan));
    BRN__TRY(brn_plan_bind(b->plan, "image", b->pixels));
    return training ? brn_plan_bind(b->plan, "target", b->labels) : BRN_OK;
}

static brn_status run_once(bench *b)
{
    BRN__TRY(brn_plan_run(b->plan, &(brn_run){.seed = 42, .step = b->step++}));
    return b->optimizer ? brn_optimizer_step(b->optimizer, &b->settings, UINT64_MAX) : BRN_OK;
}

/* What is wanted beside times; either may be NULL. */
typedef struct wanted {
    char **plan_text;
    brn_profile *profile;
} wanted;

static brn_status time_rounds(bench *b, int rounds, double *seconds, const wanted *more)
{
    for (int i = 0; i < WARM_UP; i++) BRN__TRY(run_once(b));
    for (int i = 0; i < rounds; i++) {
        const double start = brn__seconds_now();
        BRN__TRY(run_once(b));
        seconds[i] = brn__seconds_now() - start;
    }
    for (int i = 0; more->profile && i < rounds; i++) {
        brn_plan_profile(b->plan, true);
        BRN__TRY(run_once(b));
        BRN__TRY(brn__profile_round(b->plan, more->profile));
    }
    if (!more->plan_text) return BRN_OK;
    brn_plan_profile(b->plan, true);
    for (int i = 0; i < WARM_UP; i++) BRN__TRY(run_once(b));
    return brn_plan_describe(b->plan, more->plan_text);
}

static brn_status run_bench(bench *b, const brn__image_network_options *options, bool training,
                            int rounds, double *seconds, const wanted *more)
{
    BRN__TRY(brn__image_network_new(options, &b->network));
    BRN__TRY(make_batch(b, options->batch_size, options->size));
    if (training) {
        brn_optimizer_options sgd = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
        sgd.threads = brn_runner_threads(brn__learner_runner(b->network.learner));
        b->settings = brn_optimizer_settings_of(&sgd, 1e-4);
        BRN__TRY(brn_optimizer_new(b->network.parameters, &sgd, &b->optimizer));
    }
    BRN__TRY(make_plan(b, training));
    return time_rounds(b, rounds, seconds, more);
}

static brn_status bench_with(const brn_image_bench_options *o, double *seconds, const wanted *more)
{
    const brn_model *model = brn_model_find(o->architecture);
    if (!model) return BRN_ERROR_USAGE;
    if (o->batch_size < (o->training ? 2 : 1) || o->batch_size > BRN__IMAGE_BATCH_MAX || o->rounds < 1 ||
        (o->size != 0 && (o->size < 32 || o->size > 2048)))
        return brn__fail(BRN_ERROR_USAGE, "bench: batch size %d, size %d, %d rounds do not make sense", o->batch_size,
                         o->size, o->rounds);
    const brn__image_network_options options = {
        .model = model,
        .head = {.outputs = 1000},
        .own_classifier = true,
        .batch_size = o->batch_size,
        .size = o->size ? o->size : model->input_size,
        .threads = o->threads,
        .precision = o->precision,
        .activation_checkpointing = o->activation_checkpointing,
        .seed = 42,
    };
    bench b = {0};
    brn_status status = run_bench(&b, &options, o->training, o->rounds, seconds, more);
    brn_optimizer_free(b.optimizer);
    brn__image_network_free(&b.network);
    brn__free_aligned(b.pixels);
    brn__free(b.labels);
    return status;
}

brn_image_bench_options brn_image_bench_defaults(void)
{
    return (brn_image_bench_options){.training = true, .batch_size = 16, .rounds = 5};
}

brn_status brn_image_bench(const brn_image_bench_options *options, double *seconds, char **plan_text)
{
    if (plan_text) *plan_text = NULL;
    BRN__TRY(brn__precision_check(options->precision));
    return bench_with(options, seconds, &(wanted){plan_text, NULL});
}

brn_status brn_image_profile(const brn_image_bench_options *options, double *seconds, brn_profile *out)
{
    *out = (brn_profile){0};
    BRN__TRY(brn__precision_check(options->precision));
    brn_status status = bench_with(options, seconds, &(wanted){NULL, out});
    if (status == BRN_OK) status = brn__machine_peak(options->threads, options->precision, &out->peak);
    if (status == BRN_OK) brn__profile_finish(out);
    else brn_profile_free(out);
    return status;
}
