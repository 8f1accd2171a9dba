/* SPDX-License-Identifier: Apache-2.0
 * The loops of grouped convolution in every instruction set that this processor has, against plain
 * doubles; then the kernels around them, whichever the choice would be, against the reference's rule:
 * channels that fill no block, one and several pictures, any number of threads. */
#include "backends/cpu/kernel_grouped_conv.h"
#include "backends/cpu/simd/grouped_conv.h"
#include "cpu/one_step.h"
#include "ops/op_list.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 32 };

/* One output block's problem. */
typedef struct loop_case {
    const brn__grouped_conv *loops;
    brn__grouped_case shape;
    int64_t planes, x_count, y_count, w_count;
} loop_case;

/* n floats between guards; free with drop(). */
static float *fresh(int64_t n, uint32_t stream)
{
    float *memory = malloc((size_t)(n + 2 * GUARD) * sizeof *memory);
    assert_non_null(memory);
    for (int64_t i = 0; i < n + 2 * GUARD; i++) memory[i] = 77;
    for (int64_t i = 0; i < n; i++) memory[GUARD + i] = stream ? (float)noise(stream, i) : 77;
    return memory + GUARD;
}

static void drop(float *values, int64_t n)
{
    for (int i = 0; i < GUARD; i++) assert_true(values[-1 - i] == 77 && values[n + i] == 77);
    free(values - GUARD);
}

/* Where channel j of lane `lane`'s group lies at pixel `pixel` of planes of `pixels`. */
static int64_t x_at(const loop_case *k, int64_t pixels, int lane, int j, int64_t pixel)
{
    int block = k->loops->block, group = k->shape.per_group;
    int channel = group < block ? lane / group * group + j : j;
    return (channel / block * pixels + pixel) * block + channel % block;
}

/* Calls `each` for every product y[oy, ox, lane] += w[tap, j, lane] x[iy, ix, j]. */
typedef void product(const loop_case *k, void *context, int64_t y, int64_t w, int64_t x);
static void each_product(const loop_case *k, int64_t x_pixels, product *each, void *context)
{
    const brn__grouped_case *c = &k->shape;
    int block = k->loops->block;
    for (int64_t oy = 0; oy < c->oh; oy++)
        for (int64_t ox = 0; ox < c->ow; ox++)
            for (int tap = 0; tap < 9; tap++) {
                int64_t iy = oy * c->stride + tap / 3 - 1, ix = ox * c->stride + tap % 3 - 1;
                if (iy < 0 || ix < 0 || iy >= c->h || ix >= c->w) continue;
                for (int j = 0; j < c->per_group; j++)
                    for (int lane = 0; lane < block; lane++)
                        each(k, context, (oy * c->ow + ox) * block + lane, (tap * c->per_group + j) * block + lane,
                             x_at(k, x_pixels, lane, j, iy * c->w + ix));
            }
}

typedef struct truth {
    const float *x, *w, *dy;
    double *out;
} truth;

static void add_forward(const loop_case *k, void *context, int64_t y, int64_t w, int64_t x)
{
    truth *t = context;
    (void)k;
    t->out[y] += (double)t->w[w] * (double)t->x[x];
}

static void add_weight(const loop_case *k, void *context, int64_t y, int64_t w, int64_t x)
{
    truth *t = context;
    (void)k;
    t->out[w] += (double)t->dy[y] * (double)t->x[x];
}

static void compare(const loop_case *k, const char *what, int64_t n, const float *got, const double *want)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= 1e-5 * fmax(1, fabs(want[i])))) {
            print_error("%s, %s, %d per group, %lldx%lld, stride %d: element %lld is %.9g, expected %.9g\n",
                        k->loops->name, what, k->shape.per_group, (long long)k->shape.h, (long long)k->shape.w, k->shape.stride,
                        (long long)i, (double)got[i], want[i]);
            fail();
        }
}

static void check_forward(const loop_case *k, const float *x, const float *w, bool bias, bool residual,
                          brn_activation activation)
{
    int block = k->loops->block;
    float *b = fresh(block, 5), *other = fresh(k->y_count, 6), *y = fresh(k->y_count, 0);
    double *want = calloc((size_t)k->y_count, sizeof *want);
    each_product(k, k->shape.h * k->shape.w, add_forward, &(truth){x, w, NULL, want});
    for (int64_t i = 0; i < k->y_count; i++) {
        if (bias) want[i] += (double)b[i % block];
        if (residual) want[i] += (double)other[i];
        if (activation != BRN_ACTIVATION_NONE) want[i] = fmax(0, want[i]);
        if (activation == BRN_ACTIVATION_RELU6) want[i] = fmin(6, want[i]);
    }
    k->loops->forward(&k->shape, x, w, bias ? b : NULL, residual ? other : NULL, activation, y);
    compare(k, "y", k->y_count, y, want);
    drop(b, block), drop(other, k->y_count), drop(y, k->y_count), free(want);
}

static void check_weight(const loop_case *k, const float *x)
{
    float *dy = fresh(k->y_count, 7), *sums = fresh(k->w_count, 8);
    double *want = calloc((size_t)k->w_count, sizeof *want);
    for (int64_t i = 0; i < k->w_count; i++) want[i] = (double)sums[i]; /* it adds */
    each_product(k, k->shape.h * k->shape.w, add_weight, &(truth){x, NULL, dy, want});
    k->loops->grad_weight(&k->shape, x, dy, sums);
    compare(k, "dw", k->w_count, sums, want);
    drop(dy, k->y_count), drop(sums, k->w_count), free(want);
}

/* dx's lanes are a block, dy has the group's planes: each product with x and y in exchanged roles. */
static void check_grad_input(const loop_case *k, const float *w)
{
    const brn__grouped_case *c = &k->shape;
    int block = k->loops->block;
    int64_t dy_count = k->planes * c->oh * c->ow * block, dx_count = c->h * c->w * block;
    float *dy = fresh(dy_count, 9), *dx = fresh(dx_count, 0);
    double *want = calloc((size_t)dx_count, sizeof *want);
    for (int64_t oy = 0; oy < c->oh; oy++)
        for (int64_t ox = 0; ox < c->ow; ox++)
            for (int tap = 0; tap < 9; tap++) {
                int64_t iy = oy * 2 + tap / 3 - 1, ix = ox * 2 + tap % 3 - 1;
                if (iy < 0 || ix < 0 || iy >= c->h || ix >= c->w) continue;
                for (int j = 0; j < c->per_group; j++)
                    for (int lane = 0; lane < block; lane++)
                        want[(iy * c->w + ix) * block + lane] +=
                            (double)w[(tap * c->per_group + j) * block + lane] *
                            (double)dy[x_at(k, c->oh * c->ow, lane, j, oy * c->ow + ox)];
            }
    k->loops->grad_input(c, dy, w, dx);
    compare(k, "dx", dx_count, dx, want);
    drop(dy, dy_count), drop(dx, dx_count), free(want);
}

static void check_loops(const brn__grouped_conv *loops, int per_group, int64_t h, int64_t w, int stride)
{
    loop_case k = {loops, {h, w, (h - 1) / stride + 1, (w - 1) / stride + 1, stride, per_group}, 1, 0, 0, 0};
    if (per_group > loops->block) k.planes = per_group / loops->block;
    k.x_count = k.planes * h * w * loops->block;
    k.y_count = k.shape.oh * k.shape.ow * loops->block;
    k.w_count = 9 * per_group * loops->block;
    float *x = fresh(k.x_count, 1), *weights = fresh(k.w_count, 2);
    check_forward(&k, x, weights, false, false, BRN_ACTIVATION_NONE);
    check_forward(&k, x, weights, true, true, BRN_ACTIVATION_RELU);
    check_forward(&k, x, weights, true, false, BRN_ACTIVATION_RELU6);
    check_weight(&k, x);
    if (stride == 2) check_grad_input(&k, weights);
    drop(x, k.x_count), drop(weights, k.w_count);
}

TEST(loops_of_grouped_convolution_agree_with_double_in_every_instruction_set)
{
    static const int64_t sizes[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 2},   {3, 5},
                                       {5, 3}, {7, 7}, {8, 9}, {14, 14}, {15, 29}};
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__grouped_conv *loops = brn__grouped_conv_of((brn__isa)isa);
        for (size_t s = 0; loops && s < sizeof sizes / sizeof *sizes; s++)
            for (int per_group = 4; per_group <= 32; per_group *= 2)
                for (int stride = 1; stride <= 2; stride++)
                    check_loops(loops, per_group, sizes[s][0], sizes[s][1], stride);
    }
}

/* ---- the kernels ---- */

typedef struct kernel_case {
    int64_t n, c, groups, h, w;
    int stride;
} kernel_case;

static void reference(const kernel_case *k, int64_t oh, int64_t ow, int what, const double *a, const double *b,
                      double *out)
{
    int64_t per_group = k->c / k->groups;
    for (int64_t n = 0; n < k->n; n++)
        for (int64_t o = 0; o < k->c; o++)
            for (int64_t j = 0; j < per_group; j++)
                for (int tap = 0; tap < 9; tap++)
                    for (int64_t oy = 0; oy < oh; oy++)
                        for (int64_t ox = 0; ox < ow; ox++) {
                            int64_t iy = oy * k->stride + tap / 3 - 1, ix = ox * k->stride + tap % 3 - 1;
                            if (iy < 0 || ix < 0 || iy >= k->h || ix >= k->w) continue;
                            int64_t i = o / per_group * per_group + j;
                            int64_t x = ((n * k->c + i) * k->h + iy) * k->w + ix;
                            int64_t y = ((n * k->c + o) * oh + oy) * ow + ox;
                            int64_t w = (o * per_group + j) * 9 + tap;
                            if (what == 0) out[y] += a[x] * b[w];
                            if (what == 1) out[x] += a[y] * b[w];
                            if (what == 2) out[w] += a[x] * b[y];
                        }
}

static double *made(int64_t n, uint32_t stream)
{
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) values[i] = stream ? (double)(float)noise(stream, i) : 0;
    return values;
}

static const brn__op *const ops[3] = {&brn__op_conv2d, &brn__op_conv2d_grad_input, &brn__op_conv2d_grad_weight};

/* What 0 makes y of x and w, 1 dx of dy and w, 2 dw (and db) of x and dy. Returns the step's outputs. */
static void run_kernel(const kernel_case *k, int what, int threads, one_input inputs[2], one_step *one)
{
    static const brn__kernel *const kernels[3] = {&brn__grouped_conv2d, &brn__grouped_conv2d_grad_input,
                                                  &brn__grouped_conv2d_grad_weight};
    brn__conv2d_attributes attributes = {.stride = {k->stride, k->stride}, .dilation = {1, 1}, .padding = {1, 1},
                                         .groups = (int)k->groups};
    if (what == 1) attributes.x_shape = brn_shape_of(4, (int64_t[]){k->n, k->c, k->h, k->w});
    if (what == 2) attributes.w_shape = brn_shape_of(4, (int64_t[]){k->c, k->c / k->groups, 3, 3});
    one_step_make(one, ops[what], &attributes, inputs, 2, NCHW, threads);
    one->step.kernel = kernels[what];
    brn__all_canonical(&one->step);
    one_step_run(one, what == 2 ? 3 : 1, false, &(brn__run){0});
}

static void check_kernel(const kernel_case *k, int what)
{
    int64_t oh = (k->h - 1) / k->stride + 1, ow = (k->w - 1) / k->stride + 1;
    brn_shape x = brn_shape_of(4, (int64_t[]){k->n, k->c, k->h, k->w});
    brn_shape y = brn_shape_of(4, (int64_t[]){k->n, k->c, oh, ow});
    brn_shape w = brn_shape_of(4, (int64_t[]){k->c, k->c / k->groups, 3, 3});
    brn_shape first = what == 1 ? y : x, second = what == 2 ? y : w, out = what == 0 ? y : what == 1 ? x : w;
    double *a = made(brn_shape_elements(first), 11), *b = made(brn_shape_elements(second), 12);
    double *want = made(brn_shape_elements(out), 0), *db = made(k->c, 0);
    reference(k, oh, ow, what, a, b, want);
    for (int64_t i = 0; what == 2 && i < brn_shape_elements(y); i++) db[i / (oh * ow) % k->c] += b[i];
    one_step one, two;
    run_kernel(k, what, 1, (one_input[]){{first, a, false}, {second, b, false}}, &one);
    run_kernel(k, what, 3, (one_input[]){{first, a, false}, {second, b, false}}, &two);
    int64_t n = brn_shape_elements(out);
    assert_all_close(ops[what]->name, n, one.outputs[0], want, 1e-5);
    /* one thread, three: the same bits */
    assert_memory_equal(one.outputs[0], two.outputs[0], (size_t)n * sizeof(double));
    if (what == 2) assert_all_close("db", k->c, one.outputs[1], db, 1e-5);
    one_step_free(&one), one_step_free(&two);
    free(a), free(b), free(want), free(db);
}

TEST(grouped_convolution_takes_any_number_of_groups_pictures_and_threads)
{
    static const kernel_case cases[] = {
        {1, 8, 2, 7, 7, 1},    {3, 20, 5, 5, 4, 1},  {3, 24, 3, 1, 1, 1},  {1, 40, 5, 7, 7, 2},   {3, 12, 3, 6, 5, 2},
        {2, 48, 3, 7, 7, 1},   {3, 32, 2, 4, 5, 2},  {1, 96, 3, 7, 7, 1},  {3, 64, 2, 5, 3, 2},   {1, 128, 32, 9, 9, 1},
        {2, 56, 7, 13, 10, 2}, {3, 36, 9, 7, 7, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int what = 0; what < 3; what++) check_kernel(&cases[i], what);
}
