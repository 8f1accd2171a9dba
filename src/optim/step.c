/* SPDX-License-Identifier: Apache-2.0
 *
 * Running a list of steppers over the flat buffers. A part (half of a layer group, or a parameter) is cut
 * into blocks at fixed places, and a block is one thread's work from the gradient to the parameter; so the
 * threads decide nothing about the bits. Where norms of parameters count, it is two passes: up to the
 * direction, with its norm; then down. Rows of tables that nothing has flowed back to are passed over
 * where that changes no bit, or where the user chose the lazy form.
 */
#include "optim/optimizer.h"

#include "base/status.h"

#include <math.h>

enum { SERIAL_BELOW = 1 << 15 }; /* elements: a team's start costs more than it saves below this */

static const double TRUST_MAX = 10;

/* Room for one block's direction. */
typedef union block_buffer {
    float f32[BRN__STEP_BLOCK];
    double f64[BRN__STEP_BLOCK];
} block_buffer;

static bool is_learning(const brn__part *part, uint64_t groups) { return groups >> part->group & 1; }

static int64_t blocks_of(const brn__part *part)
{
    return (part->end - part->begin + BRN__STEP_BLOCK - 1) / BRN__STEP_BLOCK;
}

static int64_t block_count_at(const brn__part *part, int64_t begin)
{
    return part->end - begin < BRN__STEP_BLOCK ? part->end - begin : BRN__STEP_BLOCK;
}

static const char *gradients_of(const brn_optimizer *optimizer)
{
    return brn__parameters_gradients(optimizer->parameters); /* made by brn_optimizer_new */
}

static int threads_for(const brn_optimizer *optimizer, uint64_t groups, bool may_skip)
{
    int64_t elements = 0;
    for (int i = 0; i < optimizer->part_count; i++) {
        const brn__part *part = &optimizer->parts[i];
        if (!is_learning(part, groups)) continue;
        elements += part->end - part->begin;
        for (int64_t k = 0; k < blocks_of(part) && may_skip; k++)
            if (optimizer->still[part->first_block + k]) elements -= BRN__STEP_BLOCK;
    }
    return elements < SERIAL_BELOW ? 1 : optimizer->options.threads;
}

static double sum_of_squares(const brn_optimizer *optimizer, const void *values, int64_t count)
{
    return optimizer->set->sum_of_squares(values, count);
}

/* The sum of squares over the blocks that are not still. */
static double gradient_norm(brn_optimizer *optimizer, uint64_t learning_groups)
{
    const int threads = threads_for(optimizer, learning_groups, true);
    const char *gradients = gradients_of(optimizer);
    double total = 0;
    for (int i = 0; i < optimizer->part_count; i++) {
        const brn__part *part = &optimizer->parts[i];
        if (!is_learning(part, learning_groups)) continue;
        const int64_t blocks = blocks_of(part);
        double *sums = optimizer->partial_sums + part->first_block;
#pragma omp parallel for schedule(static) num_threads(threads)
        for (int64_t block = 0; block < blocks; block++) {
            const int64_t begin = part->begin + block * BRN__STEP_BLOCK;
            sums[block] = 0;
            if (optimizer->still[part->first_block + block]) continue;
            sums[block] = sum_of_squares(optimizer, gradients + (size_t)begin * optimizer->bytes,
                                         block_count_at(part, begin));
        }
        for (int64_t block = 0; block < blocks; block++) total += sums[block];
    }
    return sqrt(total);
}

double brn_optimizer_gradient_norm(brn_optimizer *optimizer, uint64_t learning_groups)
{
    brn__mark_still(optimizer);
    return gradient_norm(optimizer, learning_groups);
}

/* ------------------------------------------------------------------ numbers */

/* RAdam's factor at step t: how far the variance of ADAM's d is from that of many steps. 0 where there is
 * none yet. */
static double rectification_of(double square_momentum, double t)
{
    const double power = pow(square_momentum, t);
    const double most = 2 / (1 - square_momentum) - 1, now = most - 2 * t * power / (1 - power);
    if (!(now > 5)) return 0;
    return sqrt((now - 4) * (now - 2) * most / ((most - 4) * (most - 2) * now));
}

/* What every block of a part shares. */
static brn__step_block numbers_of(const brn_optimizer *optimizer, const brn__part *part,
                                  const brn_group_settings *settings)
{
    const double t = (double)optimizer->steps[part->group];
    const bool decays = part->is_decayed || optimizer->options.decay_all;
    return (brn__step_block){
        .learning_rate = settings->learning_rate,
        .momentum = settings->momentum,
        .square_momentum = settings->square_momentum,
        .weight_decay = decays ? settings->weight_decay : 0,
        .epsilon = optimizer->options.epsilon,
        .debias_average = 1 - pow(settings->momentum, t),
        .debias_square = 1 - pow(settings->square_momentum, t),
        .rectification = rectification_of(settings->square_momentum, t),
        .trust = optimizer->by_parameter ? optimizer->trust[part - optimizer->parts] : 1,
        .lookahead_share = optimizer->options.lookahead_share,
    };
}

/* The factor that clipping puts on the gradients. */
static brn_status clip_scale(brn_optimizer *optimizer, const brn_optimizer_settings *settings,
                             uint64_t groups, double *scale)
{
    *scale = 1;
    if (!(settings->clip_norm > 0)) return BRN_OK;
    if (settings->clip_value > 0)
        return brn__fail(BRN_ERROR_USAGE,
                         "optimizer: clip_norm %g and clip_value %g; expected one of them at most",
                         settings->clip_norm, settings->clip_value);
    const double norm = gradient_norm(optimizer, groups);
    if (!isfinite(norm))
        return brn__fail(BRN_ERROR_DIVERGED, "the norm of the gradients is not a number (%g)",
                         norm);
    *scale = fmin(1, settings->clip_norm / (norm + 1e-6));
    return BRN_OK;
}

/* ------------------------------------------------------------------ blocks */

/* One step's inputs. */
typedef struct step {
    brn_optimizer *optimizer;
    const brn_optimizer_settings *settings;
    const char *gradients;
    double scale;
} step;

static void place_block(const brn_optimizer *optimizer, int64_t begin, block_buffer *d,
                        brn__step_block *block)
{
    const size_t at = (size_t)begin * optimizer->bytes;
    block->p = (char *)brn_parameters_values(optimizer->parameters) + at;
    block->d = d;
    block->m = optimizer->average ? optimizer->average + at : NULL;
    block->v = optimizer->square ? optimizer->square + at : NULL;
    block->s = optimizer->slow ? optimizer->slow + at : NULL;
}

/* Gradient, decay and the first `count` steppers. */
static void find_direction(const step *s, const brn__step_block *block, int64_t begin, int count)
{
    const brn_optimizer *optimizer = s->optimizer;
    const char *gradient = s->gradients + (size_t)begin * optimizer->bytes;
    optimizer->set->scale_gradient(gradient, s->scale, s->settings->clip_value, block->d, block->count);
    if (block->weight_decay != 0) optimizer->decay(block);
    for (int i = 0; i < count; i++) optimizer->steppers[i](block);
}

/* Before a group's first step the slow weights are its weights. */
static void remember(const brn_optimizer *optimizer, const brn__part *part, const brn__step_block *block)
{
    if (block->s && optimizer->steps[part->group] == 1)
        optimizer->set->steppers[BRN__STEPPER_remember](block);
}

static void look_ahead(const brn_optimizer *optimizer, const brn__part *part,
                       const brn__step_block *block)
{
    if (block->s && optimizer->steps[part->group] % optimizer->options.lookahead_every == 0)
        optimizer->set->steppers[BRN__STEPPER_look_ahead](block);
}

/* From the gradient to the parameter. */
static void whole_block(const step *s, const brn__part *part, brn__step_block block, int64_t begin)
{
    block_buffer d;
    place_block(s->optimizer, begin, &d, &block);
    if (s->optimizer->is_adam && !(s->settings->clip_value > 0)) {
        s->optimizer->set->adam_block(&block, s->gradients + (size_t)begin * s->optimizer->bytes,
                                      s->scale);
        return;
    }
    remember(s->optimizer, part, &block);
    find_direction(s, &block, begin, s->optimizer->stepper_count);
    look_ahead(s->optimizer, part, &block);
}

/* Of a list that ends in {direction from m and v, scale_by_trust, descend}: what leads to the direction,
 * and the squares of it and of the parameter. */
static void first_half(const step *s, const brn__part *part, brn__step_block block, int64_t begin)
{
    brn_optimizer *optimizer = s->optimizer;
    block_buffer d;
    place_block(optimizer, begin, &d, &block);
    remember(optimizer, part, &block);
    find_direction(s, &block, begin, optimizer->stepper_count - 2);
    double *sums = optimizer->partial_sums + part->first_block + (begin - part->begin) / BRN__STEP_BLOCK;
    sums[0] = sum_of_squares(optimizer, block.p, block.count);
    sums[optimizer->block_count] = sum_of_squares(optimizer, block.d, block.count);
}

/* The direction again, from what the first half has left; scaled; down. */
static void second_half(const step *s, const brn__part *part, brn__step_block block, int64_t begin)
{
    const brn_optimizer *optimizer = s->optimizer;
    block_buffer d;
    place_block(optimizer, begin, &d, &block);
    for (int i = optimizer->stepper_count - 3; i < optimizer->stepper_count; i++)
        optimizer->steppers[i](&block);
    look_ahead(optimizer, part, &block);
}

/* ------------------------------------------------------------------ the step */

typedef void block_function(const step *s, const brn__part *part, brn__step_block block, int64_t begin);

/* What of a block belongs to no table that is stepped by row. */
static void around_tables(const step *s, const brn__part *part, brn__step_block block, int64_t begin,
                          block_function *function)
{
    const int64_t end = begin + block.count;
    while (begin < end) {
        const int64_t stop = brn__next_dense(s->optimizer, &begin, end);
        block.count = stop - begin;
        if (block.count > 0) function(s, part, block, begin);
        begin = stop;
    }
}

static void each_block(const step *s, uint64_t groups, int threads, block_function *function)
{
    const brn_optimizer *optimizer = s->optimizer;
#pragma omp parallel num_threads(threads)
    for (int i = 0; i < optimizer->part_count; i++) {
        const brn__part *part = &optimizer->parts[i];
        if (!is_learning(part, groups)) continue;
        const brn__step_block numbers =
            numbers_of(optimizer, part, &s->settings->groups[part->group]);
        const int64_t blocks = blocks_of(part);
        const bool skips = optimizer->options.lazy ||
                           brn__leaves_still(optimizer, part, &s->settings->groups[part->group]);
#pragma omp for schedule(static) nowait
        for (int64_t k = 0; k < blocks; k++) {
            if (skips && optimizer->still[part->first_block + k]) continue;
            brn__step_block block = numbers;
            const int64_t begin = part->begin + k * BRN__STEP_BLOCK;
            block.count = block_count_at(part, begin);
            if (optimizer->table_count) around_tables(s, part, block, begin, function);
            else function(s, part, block, begin);
        }
    }
}

/* The listed rows of one table, each in pieces of a block. */
static void each_row(const step *s, int table)
{
    brn_optimizer *optimizer = s->optimizer;
    const brn_parameter_info info = brn_parameters_info(optimizer->parameters, table);
    const brn__part *part = brn__part_of(optimizer, &info);
    const brn__rows *rows = brn__parameters_rows(optimizer->parameters, table);
    const int64_t width = info.count / info.shape.dims[0];
    const brn__step_block numbers = numbers_of(optimizer, part, &s->settings->groups[part->group]);
    const int threads = rows->count * width < SERIAL_BELOW ? 1 : optimizer->options.threads;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < rows->count; i++)
        for (int64_t at = 0; at < width; at += BRN__STEP_BLOCK) {
            brn__step_block block = numbers;
            block.count = width - at < BRN__STEP_BLOCK ? width - at : BRN__STEP_BLOCK;
            whole_block(s, part, block, info.offset + rows->rows[i] * width + at);
        }
}

static void find_trust(brn_optimizer *optimizer, uint64_t groups)
{
    for (int i = 0; i < optimizer->part_count; i++) {
        const brn__part *part = &optimizer->parts[i];
        if (!is_learning(part, groups)) continue;
        const double *sums = optimizer->partial_sums + part->first_block;
        double parameter = 0, direction = 0;
        for (int64_t block = 0; block < blocks_of(part); block++) {
            parameter += sums[block];
            direction += sums[optimizer->block_count + block];
        }
        optimizer->trust[i] = parameter == 0 || direction == 0
                                  ? 1
                                  : fmin(sqrt(parameter) / sqrt(direction), TRUST_MAX);
    }
}

brn_status brn_optimizer_step(brn_optimizer *optimizer, const brn_optimizer_settings *settings,
                              uint64_t learning_groups)
{
    step s = {.optimizer = optimizer, .settings = settings, .gradients = gradients_of(optimizer)};
    brn__mark_still(optimizer);
    brn__choose_tables(optimizer, learning_groups);
    BRN__TRY(clip_scale(optimizer, settings, learning_groups, &s.scale));
    for (int group = 0; group < brn_parameters_group_count(optimizer->parameters); group++)
        if (learning_groups >> group & 1) optimizer->steps[group]++;
    const int threads = threads_for(optimizer, learning_groups, optimizer->options.lazy);
    if (optimizer->by_parameter) {
        each_block(&s, learning_groups, threads, first_half);
        find_trust(optimizer, learning_groups);
        each_block(&s, learning_groups, threads, second_half);
    } else {
        each_block(&s, learning_groups, threads, whole_block);
        for (int i = 0; i < optimizer->table_count; i++) each_row(&s, optimizer->tables[i]);
    }
    for (int i = 0; i < optimizer->part_count; i++)
        if (is_learning(&optimizer->parts[i], learning_groups))
            brn_parameters_touch(optimizer->parameters, optimizer->parts[i].begin,
                                 optimizer->parts[i].end);
    return BRN_OK;
}
