/* SPDX-License-Identifier: Apache-2.0
 * The loops of depthwise convolution in every instruction set that this processor has, and the kernels
 * around them, against plain doubles. */
#include "backends/cpu/kernel_depthwise.h"
#include "backends/cpu/simd/depthwise.h"
#include "cpu/one_step.h"
#include "ops/op_list.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

enum { GUARD = 32 };

static float *fresh(int64_t n, uint32_t stream)
{
    float *memory = malloc((size_t)(n + 2 * GUARD) * sizeof *memory);
    assert_non_null(memory);
    for (int64_t i = 0; i < n + 2 * GUARD; i++) memory[i] = 77;
    for (int64_t i = 0; i < n; i++) memory[GUARD + i] = stream ? (float)noise(stream, i) : 77;
    return memory + GUARD;
}

static double *zeros(int64_t n)
{
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) values[i] = 0;
    return values;
}

static void drop(float *values, int64_t n)
{
    for (int i = 0; i < GUARD; i++) assert_true(values[-1 - i] == 77 && values[n + i] == 77);
    free(values - GUARD);
}

static void compare(const brn__depthwise *loops, const brn__depthwise_case *c, const char *what, int64_t n,
                    const float *got, const double *want)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= 1e-5 * fmax(1, fabs(want[i])))) {
            print_error("%s, %s, side %d, %lldx%lld, stride %lld, padding %lld %lld: element %lld is %.9g, "
                        "expected %.9g\n",
                        loops->name, what, c->side, (long long)c->h, (long long)c->w, (long long)c->stride,
                        (long long)c->top, (long long)c->left, (long long)i, (double)got[i], want[i]);
            fail();
        }
}

/* y (want_y) from x and w, or the weight's gradient (want_w) from x and dy: NULL for what is not wanted. */
static void truth(const brn__depthwise_case *c, int block, const float *x, const float *w, const float *dy,
                  double *want_y, double *want_w)
{
    for (int64_t oy = 0; oy < c->oh; oy++)
        for (int64_t ox = 0; ox < c->ow; ox++)
            for (int tap = 0; tap < c->side * c->side; tap++) {
                int64_t iy = oy * c->stride + tap / c->side - c->top, ix = ox * c->stride + tap % c->side - c->left;
                if (iy < 0 || ix < 0 || iy >= c->h || ix >= c->w) continue;
                for (int lane = 0; lane < block; lane++) {
                    int64_t at = (oy * c->ow + ox) * block + lane;
                    double value = (double)x[(iy * c->w + ix) * block + lane];
                    if (want_y) want_y[at] += value * (double)w[tap * block + lane];
                    if (want_w) want_w[tap * block + lane] += value * (double)dy[at];
                }
            }
}

static void check_forward(const brn__depthwise *loops, const brn__depthwise_case *c, const float *x, bool more)
{
    int block = loops->block;
    int64_t n = c->oh * c->ow * block, taps = c->side * c->side * block;
    float *w = fresh(taps, 2), *bias = fresh(block, 3), *residual = fresh(n, 4), *y = fresh(n, 0);
    double *want = zeros(n);
    truth(c, block, x, w, NULL, want, NULL);
    for (int64_t i = 0; more && i < n; i++)
        want[i] = fmin(6, fmax(0, want[i] + (double)bias[i % block] + (double)residual[i]));
    loops->forward(c, x, w, more ? bias : NULL, more ? residual : NULL,
                   more ? BRN_ACTIVATION_RELU6 : BRN_ACTIVATION_NONE, y);
    compare(loops, c, "y", n, y, want);
    drop(w, taps), drop(bias, block), drop(residual, n), drop(y, n), free(want);
}

static void check_weight(const brn__depthwise *loops, const brn__depthwise_case *c, const float *x)
{
    int block = loops->block;
    int64_t n = c->oh * c->ow * block, taps = c->side * c->side * block;
    float *dy = fresh(n, 5), *sums = fresh(taps, 6);
    double *want = zeros(taps);
    for (int64_t i = 0; i < taps; i++) want[i] = (double)sums[i]; /* it adds */
    truth(c, block, x, NULL, dy, NULL, want);
    loops->grad_weight(c, x, dy, sums);
    compare(loops, c, "dw", taps, sums, want);
    drop(dy, n), drop(sums, taps), free(want);
}

/* Output columns of `size` with padding `before` and as much after. */
static int64_t outputs(int64_t size, int side, int64_t stride, int64_t before)
{
    return (size + 2 * before - side) / stride + 1;
}

TEST(loops_of_depthwise_convolution_agree_with_double_in_every_instruction_set)
{
    static const int64_t sizes[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 3}, {3, 3}, {5, 4}, {7, 7}, {8, 13}, {14, 14}};
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__depthwise *loops = brn__depthwise_of((brn__isa)isa);
        for (size_t s = 0; loops && s < sizeof sizes / sizeof *sizes; s++)
            for (int side = 3; side <= 5; side += 2) {
                int64_t h = sizes[s][0], w = sizes[s][1], count = h * w * loops->block;
                float *x = fresh(count, 1);
                brn__depthwise_case c = {h, w, h, w, 1, side / 2, side / 2, side};
                check_forward(loops, &c, x, false);
                check_forward(loops, &c, x, true);
                for (int64_t stride = 1; stride <= 2; stride++)
                    for (int64_t before = 0; before <= side / 2 + 1; before++) {
                        if (h + 2 * before < side || w + 2 * before < side) continue;
                        c = (brn__depthwise_case){h, w, outputs(h, side, stride, before), outputs(w, side, stride, before),
                                                  stride, before, before, side};
                        check_weight(loops, &c, x);
                    }
                drop(x, count);
            }
    }
}

/* ---- the kernels: channels that fill no block, several pictures, any number of threads ---- */

typedef struct kernel_case {
    int64_t n, c, h, w;
    int side, stride;
} kernel_case;

static double *made(int64_t n, uint32_t stream)
{
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) values[i] = stream ? (double)(float)noise(stream, i) : 0;
    return values;
}

/* What 0 makes y of x and w, 1 dx of dy and w, 2 dw of x and dy. */
static void reference(const kernel_case *k, int64_t oh, int64_t ow, int what, const double *a, const double *b,
                      double *out)
{
    int taps = k->side * k->side, half = k->side / 2;
    for (int64_t plane = 0; plane < k->n * k->c; plane++)
        for (int tap = 0; tap < taps; tap++)
            for (int64_t oy = 0; oy < oh; oy++)
                for (int64_t ox = 0; ox < ow; ox++) {
                    int64_t iy = oy * k->stride + tap / k->side - half, ix = ox * k->stride + tap % k->side - half;
                    if (iy < 0 || ix < 0 || iy >= k->h || ix >= k->w) continue;
                    int64_t x = (plane * k->h + iy) * k->w + ix, y = (plane * oh + oy) * ow + ox;
                    int64_t w = plane % k->c * taps + tap;
                    if (what == 0) out[y] += a[x] * b[w];
                    if (what == 1) out[x] += a[y] * b[w];
                    if (what == 2) out[w] += a[x] * b[y];
                }
}

static void run_kernel(const kernel_case *k, int what, int threads, one_input inputs[2], one_step *one)
{
    static const brn__op *const ops[3] = {&brn__op_conv2d, &brn__op_conv2d_grad_input, &brn__op_conv2d_grad_weight};
    static const brn__kernel *const kernels[3] = {&brn__depthwise_conv2d, &brn__depthwise_grad_input,
                                                  &brn__depthwise_grad_weight};
    brn__conv2d_attributes attributes = {.stride = {k->stride, k->stride}, .dilation = {1, 1},
                                         .padding = {k->side / 2, k->side / 2}, .groups = (int)k->c};
    if (what == 1) attributes.x_shape = brn_shape_of(4, (int64_t[]){k->n, k->c, k->h, k->w});
    if (what == 2) attributes.w_shape = brn_shape_of(4, (int64_t[]){k->c, 1, k->side, k->side});
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
    brn_shape w = brn_shape_of(4, (int64_t[]){k->c, 1, k->side, k->side});
    brn_shape first = what == 1 ? y : x, second = what == 2 ? y : w, out = what == 0 ? y : what == 1 ? x : w;
    double *a = made(brn_shape_elements(first), 11), *b = made(brn_shape_elements(second), 12);
    double *want = made(brn_shape_elements(out), 0), *db = made(k->c, 0);
    reference(k, oh, ow, what, a, b, want);
    for (int64_t i = 0; what == 2 && i < brn_shape_elements(y); i++) db[i / (oh * ow) % k->c] += b[i];
    one_step one, two;
    run_kernel(k, what, 1, (one_input[]){{first, a, false}, {second, b, false}}, &one);
    run_kernel(k, what, 3, (one_input[]){{first, a, false}, {second, b, false}}, &two);
    int64_t n = brn_shape_elements(out);
    assert_all_close("depthwise", n, one.outputs[0], want, 1e-5);
    /* one thread, three: the same bits */
    assert_memory_equal(one.outputs[0], two.outputs[0], (size_t)n * sizeof(double));
    if (what == 2) assert_all_close("db", k->c, one.outputs[1], db, 1e-5);
    one_step_free(&one), one_step_free(&two);
    free(a), free(b), free(want), free(db);
}

TEST(depthwise_convolution_takes_any_number_of_channels_pictures_and_threads)
{
    static const kernel_case cases[] = {{1, 5, 7, 7, 3, 1},   {3, 24, 1, 1, 5, 1}, {3, 40, 6, 9, 5, 1},
                                        {1, 17, 14, 5, 3, 1}, {3, 7, 8, 7, 5, 2},  {2, 33, 7, 10, 3, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int what = 0; what < 3; what++)
            if (cases[i].stride == 1 || what == 2) check_kernel(&cases[i], what);
}
