/* SPDX-License-Identifier: Apache-2.0
 *
 * Running a list of steppers over the flat buffers. A layer group is two ranges (decayed weights,
 * the rest), a range is cut into blocks at fixed places, and a block is one thread's work from the
 * gradient to the parameter; so the threads decide nothing about the bits.
 */
#include "burnish/optimizer.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/threads.h"
#include "optim/steppers.h"

#include <math.h>
#include <string.h>

enum {
    STEPPERS_MAX = 6,
    SERIAL_BELOW = 1 << 15, /* elements: a team's start costs more than it saves below this */
};

struct brn_optimizer {
    brn_parameters *parameters;
    brn_optimizer_options options;
    brn__stepper *steppers[STEPPERS_MAX]; /* without the decay */
    int stepper_count;
    brn__stepper *decay;
    size_t bytes; /* of an element */
    bool is_double;
    int64_t elements;       /* of parameters without buffers */
    char *average, *square; /* NULL where the optimizer has none */
    double *partial_sums;   /* by block of a range */
    int64_t steps[BRN_GROUPS_MAX];
};

brn_optimizer_options brn_optimizer_defaults(brn_optimizer_kind kind)
{
    brn_optimizer_options options = {.kind = kind, .epsilon = 1e-8};
    switch (kind) {
    case BRN_OPTIMIZER_SGD: options.momentum = .9; break;
    case BRN_OPTIMIZER_RMSPROP: options.square_momentum = .99; break;
    case BRN_OPTIMIZER_ADAM:
        options.momentum = .9;
        options.square_momentum = .99;
        options.epsilon = 1e-5;
        options.decoupled_decay = true;
        options.weight_decay = .01;
        break;
    }
    return options;
}

brn_optimizer_settings brn_optimizer_settings_of(const brn_optimizer_options *options,
                                                 double learning_rate)
{
    brn_optimizer_settings settings = {.clip_norm = 0};
    for (int group = 0; group < BRN_GROUPS_MAX; group++)
        settings.groups[group] = (brn_group_settings){.learning_rate = learning_rate,
                                                      .momentum = options->momentum,
                                                      .square_momentum = options->square_momentum,
                                                      .weight_decay = options->weight_decay};
    return settings;
}

/* The list of each optimizer. */
static void choose_steppers(brn_optimizer *optimizer)
{
    static const brn__stepper_id lists[][STEPPERS_MAX] = {
#define S(name) BRN__STEPPER_##name
        [BRN_OPTIMIZER_SGD] = {S(average), S(descend)},
        [BRN_OPTIMIZER_RMSPROP] = {S(square), S(divide_by_root), S(average), S(descend)},
        [BRN_OPTIMIZER_ADAM] = {S(average_damped), S(square), S(adam), S(descend)},
#undef S
    };
    const brn_optimizer_options *options = &optimizer->options;
    brn__stepper *const *table = optimizer->is_double ? brn__steppers_f64 : brn__steppers_f32;
    for (int i = 0;; i++) {
        brn__stepper_id id = lists[options->kind][i];
        if (id == BRN__STEPPER_average && options->nesterov) id = BRN__STEPPER_average_ahead;
        optimizer->steppers[optimizer->stepper_count++] = table[id];
        if (id == BRN__STEPPER_descend) break;
    }
    optimizer->decay =
        table[options->decoupled_decay ? BRN__STEPPER_decay_decoupled : BRN__STEPPER_decay_coupled];
}

static int64_t learnable_elements(const brn_parameters *parameters)
{
    int64_t most = 0;
    for (int group = 0; group < brn_parameters_group_count(parameters); group++) {
        int64_t begin, middle, end;
        brn_parameters_group(parameters, group, &begin, &middle, &end);
        if (end > most) most = end;
    }
    return most;
}

static brn_status allocate(brn_optimizer *optimizer)
{
    const size_t elements = (size_t)optimizer->elements;
    optimizer->average = brn__alloc_zero(elements, optimizer->bytes);
    if (!optimizer->average) return BRN_ERROR_NO_MEMORY;
    if (optimizer->options.kind != BRN_OPTIMIZER_SGD) {
        optimizer->square = brn__alloc_zero(elements, optimizer->bytes);
        if (!optimizer->square) return BRN_ERROR_NO_MEMORY;
    }
    optimizer->partial_sums =
        brn__alloc_array(elements / BRN__STEP_BLOCK + 1, sizeof *optimizer->partial_sums);
    if (!optimizer->partial_sums) return BRN_ERROR_NO_MEMORY;
    void *gradients;
    return brn_parameters_gradients(optimizer->parameters, &gradients); /* made on first use */
}

brn_status brn_optimizer_new(brn_parameters *parameters, const brn_optimizer_options *options,
                             brn_optimizer **out)
{
    *out = NULL;
    if ((unsigned)options->kind > BRN_OPTIMIZER_ADAM)
        return brn__fail(BRN_ERROR_USAGE, "optimizer: there is no kind %d", (int)options->kind);
    if (options->nesterov && options->kind != BRN_OPTIMIZER_SGD)
        return brn__fail(BRN_ERROR_USAGE, "optimizer: nesterov is for SGD only");
    brn_optimizer *optimizer = brn__alloc_zero(1, sizeof *optimizer);
    if (!optimizer) return BRN_ERROR_NO_MEMORY;
    optimizer->parameters = parameters;
    optimizer->options = *options;
    if (options->threads < 1) optimizer->options.threads = brn__processor_count();
    optimizer->is_double = brn_parameters_dtype(parameters) == BRN_DTYPE_F64;
    optimizer->bytes = brn_dtype_bytes(brn_parameters_dtype(parameters));
    optimizer->elements = learnable_elements(parameters);
    choose_steppers(optimizer);
    const brn_status status = allocate(optimizer);
    if (status != BRN_OK) {
        brn_optimizer_free(optimizer);
        return status;
    }
    *out = optimizer;
    return BRN_OK;
}

void brn_optimizer_free(brn_optimizer *optimizer)
{
    if (!optimizer) return;
    brn__free(optimizer->average);
    brn__free(optimizer->square);
    brn__free(optimizer->partial_sums);
    brn__free(optimizer);
}

/* ------------------------------------------------------------------ ranges */

/* One half of a layer group. */
typedef struct range {
    int group;
    bool is_decayed; /* by its kind: weights */
    int64_t begin, end;
} range;

/* The non-empty ranges of these groups, in order; how many elements they hold. */
static int64_t ranges_of(const brn_parameters *parameters, uint64_t groups, range *out, int *count)
{
    int64_t elements = 0;
    *count = 0;
    for (int group = 0; group < brn_parameters_group_count(parameters); group++) {
        if (!(groups >> group & 1)) continue;
        int64_t begin, middle, end;
        brn_parameters_group(parameters, group, &begin, &middle, &end);
        if (middle > begin) out[(*count)++] = (range){group, true, begin, middle};
        if (end > middle) out[(*count)++] = (range){group, false, middle, end};
        elements += end - begin;
    }
    return elements;
}

static int64_t blocks_of(const range *r)
{
    return (r->end - r->begin + BRN__STEP_BLOCK - 1) / BRN__STEP_BLOCK;
}

static int64_t block_count_at(const range *r, int64_t begin)
{
    return r->end - begin < BRN__STEP_BLOCK ? r->end - begin : BRN__STEP_BLOCK;
}

static const char *gradients_of(brn_optimizer *optimizer)
{
    void *gradients = NULL;
    const brn_status status = brn_parameters_gradients(optimizer->parameters, &gradients);
    (void)status; /* made by brn_optimizer_new: cannot fail now */
    return gradients;
}

static int threads_for(const brn_optimizer *optimizer, int64_t elements)
{
    return elements < SERIAL_BELOW ? 1 : optimizer->options.threads;
}

double brn_optimizer_gradient_norm(brn_optimizer *optimizer, uint64_t learning_groups)
{
    range ranges[2 * BRN_GROUPS_MAX];
    int range_count;
    const int64_t elements =
        ranges_of(optimizer->parameters, learning_groups, ranges, &range_count);
    const int threads = threads_for(optimizer, elements);
    const char *gradients = gradients_of(optimizer);
    double total = 0;
    for (int i = 0; i < range_count; i++) {
        const range *r = &ranges[i];
        const int64_t blocks = blocks_of(r);
#pragma omp parallel for schedule(static) num_threads(threads)
        for (int64_t block = 0; block < blocks; block++) {
            const int64_t begin = r->begin + block * BRN__STEP_BLOCK;
            const char *g = gradients + (size_t)begin * optimizer->bytes;
            const int64_t count = block_count_at(r, begin);
            optimizer->partial_sums[block] = optimizer->is_double
                                                 ? brn__sum_of_squares_f64(g, count)
                                                 : brn__sum_of_squares_f32(g, count);
        }
        for (int64_t block = 0; block < blocks; block++) total += optimizer->partial_sums[block];
    }
    return sqrt(total);
}

/* ------------------------------------------------------------------ the step */

/* What every block of a range shares. */
static brn__step_block plan_of(const brn_optimizer *optimizer, const range *r,
                               const brn_group_settings *settings)
{
    const double t = (double)optimizer->steps[r->group];
    const bool decays = r->is_decayed || optimizer->options.decay_all;
    return (brn__step_block){
        .learning_rate = settings->learning_rate,
        .momentum = settings->momentum,
        .square_momentum = settings->square_momentum,
        .weight_decay = decays ? settings->weight_decay : 0,
        .epsilon = optimizer->options.epsilon,
        .debias_average = 1 - pow(settings->momentum, t),
        .debias_square = 1 - pow(settings->square_momentum, t),
    };
}

static void step_block(const brn_optimizer *optimizer, brn__step_block block, int64_t begin,
                       const char *gradients, double scale)
{
    union {
        float f32[BRN__STEP_BLOCK];
        double f64[BRN__STEP_BLOCK];
    } d;
    const size_t at = (size_t)begin * optimizer->bytes;
    char *values = brn_parameters_values(optimizer->parameters);
    block.p = values + at;
    block.d = &d;
    block.m = optimizer->average + at;
    block.v = optimizer->square ? optimizer->square + at : NULL;
    if (optimizer->is_double)
        brn__scale_gradient_f64(gradients + at, scale, &d, block.count);
    else
        brn__scale_gradient_f32(gradients + at, scale, &d, block.count);
    if (block.weight_decay != 0) optimizer->decay(&block);
    for (int i = 0; i < optimizer->stepper_count; i++) optimizer->steppers[i](&block);
}

/* The factor that clipping puts on the gradients. */
static brn_status clip_scale(brn_optimizer *optimizer, double clip_norm, uint64_t groups,
                             double *scale)
{
    *scale = 1;
    if (!(clip_norm > 0)) return BRN_OK;
    const double norm = brn_optimizer_gradient_norm(optimizer, groups);
    if (!isfinite(norm))
        return brn__fail(BRN_ERROR_DIVERGED, "the norm of the gradients is not a number (%g)",
                         norm);
    *scale = fmin(1, clip_norm / (norm + 1e-6));
    return BRN_OK;
}

brn_status brn_optimizer_step(brn_optimizer *optimizer, const brn_optimizer_settings *settings,
                              uint64_t learning_groups)
{
    double scale;
    BRN__TRY(clip_scale(optimizer, settings->clip_norm, learning_groups, &scale));
    range ranges[2 * BRN_GROUPS_MAX];
    int range_count;
    const int64_t elements =
        ranges_of(optimizer->parameters, learning_groups, ranges, &range_count);
    for (int group = 0; group < brn_parameters_group_count(optimizer->parameters); group++)
        if (learning_groups >> group & 1) optimizer->steps[group]++;

    const char *gradients = gradients_of(optimizer);
    const int threads = threads_for(optimizer, elements);
#pragma omp parallel num_threads(threads)
    for (int i = 0; i < range_count; i++) {
        const range *r = &ranges[i];
        const brn__step_block plan = plan_of(optimizer, r, &settings->groups[r->group]);
        const int64_t blocks = blocks_of(r);
#pragma omp for schedule(static) nowait
        for (int64_t k = 0; k < blocks; k++) {
            brn__step_block block = plan;
            const int64_t begin = r->begin + k * BRN__STEP_BLOCK;
            block.count = block_count_at(r, begin);
            step_block(optimizer, block, begin, gradients, scale);
        }
    }
    for (int i = 0; i < range_count; i++)
        brn_parameters_touch(optimizer->parameters, ranges[i].begin, ranges[i].end);
    return BRN_OK;
}

/* ------------------------------------------------------------------ state */

int brn_optimizer_state_count(const brn_optimizer *optimizer)
{
    return optimizer->square ? 3 : 2;
}

brn_optimizer_state brn_optimizer_state_at(brn_optimizer *optimizer, int index)
{
    const brn_dtype real = optimizer->is_double ? BRN_DTYPE_F64 : BRN_DTYPE_F32;
    switch (index) {
    case 0: return (brn_optimizer_state){"steps", BRN_DTYPE_I64, BRN_GROUPS_MAX, optimizer->steps};
    case 1: return (brn_optimizer_state){"average", real, optimizer->elements, optimizer->average};
    case 2:
        if (optimizer->square)
            return (brn_optimizer_state){"square", real, optimizer->elements, optimizer->square};
    }
    return (brn_optimizer_state){.name = NULL};
}
