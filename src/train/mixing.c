/* SPDX-License-Identifier: Apache-2.0
 * Every item is read by itself and by one other: the batch is walked in blocks of values, each copied
 * aside before it is overwritten, so that little memory is needed and it stays in the cache. */
#include "train/mixing.h"
#include "base/alloc.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ drawing */

/* log of a Gamma(shape) draw. Marsaglia and Tsang 2000 for 1 or more; below it, Gamma(shape + 1) times
 * u^(1 / shape), whose logarithm does not underflow for the smallest shapes. */
static double log_gamma_draw(brn__random *random, double shape)
{
    double below = 0;
    if (shape < 1) {
        below = log((brn__random_word(random) + 0.5) * 0x1p-32) / shape;
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = brn__random_normal(random), v = 1 + c * x;
        double u = (brn__random_word(random) + 0.5) * 0x1p-32;
        if (v <= 0) continue;
        v = v * v * v;
        if (log(u) < 0.5 * x * x + d - d * v + d * log(v)) return log(d * v) + below;
    }
}

double brn__beta_draw(brn__random *random, double alpha)
{
    double a = log_gamma_draw(random, alpha), b = log_gamma_draw(random, alpha);
    return 1 / (1 + exp(b - a));
}

void brn__mix_box(double lambda, int centre_x, int centre_y, int width, int height, brn__mix *out)
{
    double cut = sqrt(1 - lambda);
    int half_x = (int)nearbyint(width * cut) / 2, half_y = (int)nearbyint(height * cut) / 2;
    out->left = centre_x > half_x ? centre_x - half_x : 0;
    out->top = centre_y > half_y ? centre_y - half_y : 0;
    out->right = centre_x + half_x < width ? centre_x + half_x : width;
    out->bottom = centre_y + half_y < height ? centre_y + half_y : height;
}

static void draw_shares(brn__mixing *m, uint32_t step)
{
    for (int64_t n = 0; n < m->mix.count; n++) {
        brn__random random = brn__random_new(m->key, step, 1, (uint32_t)n);
        double lambda = brn__beta_draw(&random, m->alpha);
        m->mix.share[n] = (float)fmax(lambda, 1 - lambda);
    }
}

static void draw_box(brn__mixing *m, uint32_t step, int width, int height)
{
    brn__random random = brn__random_new(m->key, step, 2, 0);
    double lambda = brn__beta_draw(&random, m->alpha);
    int x = (int)brn__random_below(&random, (uint32_t)width);
    int y = (int)brn__random_below(&random, (uint32_t)height);
    brn__mix_box(lambda, x, y, width, height, &m->mix);
    double area = (double)(m->mix.right - m->mix.left) * (m->mix.bottom - m->mix.top);
    for (int64_t n = 0; n < m->mix.count; n++)
        m->mix.share[n] = (float)(1 - area / ((double)width * height));
}

static void draw_partners(brn__mixing *m, uint32_t step)
{
    brn__random random = brn__random_new(m->key, step, 0, 0);
    for (int64_t n = 0; n < m->mix.count; n++) m->mix.partner[n] = n;
    brn__random_shuffle(&random, m->mix.partner, m->mix.count);
}

/* ------------------------------------------------------------------ mixing */

void brn__mix_up(const brn__mix *mix, int64_t values, float *x, float *spare)
{
    for (int64_t begin = 0; begin < values; begin += BRN__MIXING_BLOCK) {
        int64_t count = values - begin < BRN__MIXING_BLOCK ? values - begin : BRN__MIXING_BLOCK;
        for (int64_t n = 0; n < mix->count; n++)
            memcpy(spare + n * BRN__MIXING_BLOCK, x + n * values + begin,
                   (size_t)count * sizeof *x);
        for (int64_t n = 0; n < mix->count; n++) {
            const float *other = spare + mix->partner[n] * BRN__MIXING_BLOCK;
            float *item = x + n * values + begin, rest = 1 - mix->share[n];
            for (int64_t i = 0; i < count; i++) item[i] += rest * (other[i] - item[i]);
        }
    }
}

/* Columns begin .. begin + count - 1 of one row of all items; `stride` from item to item. */
static void exchange(const brn__mix *mix, float *row, int64_t stride, int64_t count, float *spare)
{
    for (int64_t n = 0; n < mix->count; n++)
        memcpy(spare + n * BRN__MIXING_BLOCK, row + n * stride, (size_t)count * sizeof *row);
    for (int64_t n = 0; n < mix->count; n++)
        memcpy(row + n * stride, spare + mix->partner[n] * BRN__MIXING_BLOCK,
               (size_t)count * sizeof *row);
}

void brn__mix_cut(const brn__mix *mix, int64_t planes, int64_t height, int64_t width, float *x,
                  float *spare)
{
    const int64_t stride = planes * height * width;
    for (int64_t plane = 0; plane < planes; plane++)
        for (int64_t y = mix->top; y < mix->bottom; y++)
            for (int64_t left = mix->left; left < mix->right; left += BRN__MIXING_BLOCK) {
                int64_t count = mix->right - left;
                if (count > BRN__MIXING_BLOCK) count = BRN__MIXING_BLOCK;
                exchange(mix, x + (plane * height + y) * width + left, stride, count, spare);
            }
}

void brn__mix_labels(const brn__mix *mix, const int64_t *labels, int64_t classes, float *out)
{
    memset(out, 0, (size_t)(mix->count * classes) * sizeof *out);
    for (int64_t n = 0; n < mix->count; n++) {
        float *row = out + n * classes;
        row[labels[n]] += mix->share[n];
        row[labels[mix->partner[n]]] += 1 - mix->share[n];
    }
}

/* ------------------------------------------------------------------ the callback */

static void free_buffers(brn__mixing *m)
{
    brn__free(m->mix.partner);
    brn__free(m->mix.share);
    brn__free(m->targets);
    brn__free(m->spare);
    m->mix = (brn__mix){0};
    m->targets = m->spare = NULL;
}

static brn_status check_network(const brn__mixing *m, const brn__network *network)
{
    const brn_shape target = brn_node_shape(network->target), input = brn_node_shape(network->input);
    const brn_dtype dtype = brn_node_dtype(network->target);
    if (dtype != BRN_DTYPE_F32 || target.rank != 2)
        return brn__fail(BRN_ERROR_USAGE,
                         "mixing: the network's target is %s of rank %d; expected soft targets, "
                         "float32 (N, K)",
                         brn_dtype_name(dtype), target.rank);
    if (m->kind == BRN__MIXING_CUT && input.rank != 4)
        return brn__fail(BRN_ERROR_USAGE,
                         "mixing: CutMix cuts pictures, (N, C, H, W); the input has rank %d",
                         input.rank);
    return BRN_OK;
}

static brn__action begin(void *state, brn__fit *fit)
{
    brn__mixing *m = state;
    const brn__network *network = &fit->options->network;
    brn_status status = check_network(m, network);
    if (status != BRN_OK) return brn__fit_fail(fit, status);
    free_buffers(m);
    m->capacity = brn__loader_batch_max(fit->options->train);
    const size_t items = (size_t)m->capacity;
    m->mix.partner = brn__alloc_array(items, sizeof *m->mix.partner);
    m->mix.share = brn__alloc_array(items, sizeof *m->mix.share);
    m->targets = brn__alloc_zero(items, (size_t)brn_node_shape(network->target).dims[1] *
                                            sizeof *m->targets);
    m->spare = brn__alloc_array(items, BRN__MIXING_BLOCK * sizeof *m->spare);
    if (m->mix.partner && m->mix.share && m->targets && m->spare) return BRN__GO_ON;
    return brn__fit_fail(fit, BRN_ERROR_NO_MEMORY);
}

static brn_status check_labels(const int64_t *labels, int64_t count, int64_t classes)
{
    for (int64_t n = 0; n < count; n++)
        if (labels[n] < 0 || labels[n] >= classes)
            return brn__fail(BRN_ERROR_INPUT, "mixing: label %lld of %lld classes",
                             (long long)labels[n], (long long)classes);
    return BRN_OK;
}

static brn__action mix_batch(void *state, brn__fit *fit)
{
    brn__mixing *m = state;
    const brn__network *network = &fit->options->network;
    const brn_shape input = brn_node_shape(network->input);
    const int64_t classes = brn_node_shape(network->target).dims[1];
    const uint32_t step = brn__learner_keys_of(fit->learner).step;
    m->mix.count = fit->data.count;
    if (m->labels) {
        brn_status status = check_labels(fit->data.targets, m->mix.count, classes);
        if (status != BRN_OK) return brn__fit_fail(fit, status);
    }
    draw_partners(m, step);
    if (m->kind == BRN__MIXING_UP) {
        draw_shares(m, step);
        brn__mix_up(&m->mix, brn_shape_elements(input) / input.dims[0], fit->data.inputs, m->spare);
    } else {
        draw_box(m, step, (int)input.dims[3], (int)input.dims[2]);
        brn__mix_cut(&m->mix, input.dims[1], input.dims[2], input.dims[3], fit->data.inputs,
                     m->spare);
    }
    if (m->labels) {
        brn__mix_labels(&m->mix, fit->data.targets, classes, m->targets);
        fit->data.targets = m->targets;
    } else {
        brn__mix_up(&m->mix, classes, fit->data.targets, m->spare);
    }
    return BRN__GO_ON;
}

static brn__action end(void *state, brn__fit *fit)
{
    (void)fit;
    free_buffers(state);
    return BRN__GO_ON;
}

brn_status brn__mixing_init(brn__mixing *mixing, brn__mixing_kind kind, double alpha, uint64_t seed,
                            bool labels)
{
    *mixing = (brn__mixing){0};
    if (!(alpha > 0 && alpha <= 1e6))
        return brn__fail(BRN_ERROR_USAGE, "mixing: alpha %g; expected more than 0", alpha);
    mixing->kind = kind;
    mixing->alpha = alpha;
    mixing->key = brn__philox_key(seed, "mixing");
    mixing->labels = labels;
    mixing->callback = (brn__callback){.name = "mixing",
                                       .order = BRN__ORDER_MIXING,
                                       .on = {[BRN__BEFORE_FIT] = begin,
                                              [BRN__BEFORE_BATCH] = mix_batch,
                                              [BRN__AFTER_FIT] = end},
                                       .state = mixing};
    return BRN_OK;
}

void brn__mixing_deinit(brn__mixing *mixing)
{
    free_buffers(mixing);
}
