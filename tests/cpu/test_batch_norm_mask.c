/* SPDX-License-Identifier: Apache-2.0
 * A batch norm's gradient that takes the activation's mask from x gives the bits of one that takes it from y, in every
 * instruction set: on the borders of the activation too, and whatever the type that x lies in; so do the kernels around
 * them. */
#include "backends/cpu/isa.h"
#include "cpu/one_step.h"
#include "ops/attributes.h"
#include "ops/op_list.h"
#include "tensor/tensor.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 16 * 37, WIDEST = 100 };

typedef struct span {
    int64_t length, period;
} span;

typedef struct made {
    double sum[WIDEST], dot[WIDEST];
    float dz[LONGEST], dx[LONGEST];
} made;

static void fill(float *values, int64_t n, uint32_t stream, double size)
{
    for (int64_t i = 0; i < n; i++) values[i] = (float)(noise(stream, i) * size);
}

static void differentiate(const brn__simd *simd, brn__norm_backward back, made *out)
{
    memset(out, 0, sizeof *out);
    back.dz = out->dz;
    simd->norm_backward_first(&back, out->sum, out->dot);
    back.dz = NULL;
    back.dx = out->dx;
    simd->norm_backward_second(&back);
}

static void check(const brn__simd *simd, span of, brn_activation activation, bool two, bool bf16)
{
    float x[LONGEST], y[LONGEST], dy[LONGEST], dy2[LONGEST], vectors[5][WIDEST];
    uint16_t x16[LONGEST];
    fill(x, of.length, 1, 8), fill(dy, of.length, 2, 1), fill(dy2, of.length, 3, 1);
    for (uint32_t v = 0; v < 5; v++) fill(vectors[v], of.period, 4 + v, 2);
    for (int64_t i = 0; bf16 && i < of.length; i++) x[i] = brn__bf16_to_float(brn__float_to_bf16(x[i]));
    /* In each lane one x that comes to 0 or to 6 where the product is rounded, and next to it where it is not. */
    for (int64_t l = 0; l < of.period; l++)
        vectors[2][l] = (float)(l % 2 * 6) - (float)((x[l] - vectors[0][l]) * vectors[1][l]);
    /* Others to 0 and to 6 exactly, and to what is next to them. */
    vectors[0][0] = 1, vectors[1][0] = 1, vectors[2][0] = 0;
    const float borders[] = {1, 7, 1.0000001f, .99999994f, 7.0000005f, 6.9999995f};
    for (int64_t i = 0; i < 6 && i * of.period < of.length; i++) x[i * of.period] = borders[i];
    for (int64_t i = 0; bf16 && i < of.length; i++) {
        x16[i] = brn__float_to_bf16(x[i]);
        x[i] = brn__bf16_to_float(x16[i]);
    }
    brn__norm_forward forward = {.length = of.length, .period = of.period, .x = bf16 ? NULL : x, .x16 = bf16 ? x16 : NULL,
                                 .y = y, .mean = vectors[0], .factor = vectors[1], .shift = vectors[2],
                                 .activation = activation};
    simd->norm_apply(&forward);
    brn__norm_backward back = {.length = of.length, .period = of.period, .dy = dy, .dy2 = two ? dy2 : NULL, .y = y,
                               .x = forward.x, .x16 = forward.x16, .mean = vectors[0], .factor = vectors[1],
                               .c1 = vectors[3], .c2 = vectors[4], .activation = activation};
    made by_y, by_x;
    differentiate(simd, back, &by_y);
    back.y = NULL;
    back.shift = vectors[2];
    differentiate(simd, back, &by_x);
    assert_memory_equal(&by_x, &by_y, sizeof by_x);
    int64_t on = 0;
    for (int64_t i = 0; i < of.length; i++) on += by_x.dz[i] != 0;
    assert_true(of.length < 48 || (on > 0 && on < of.length));
}

TEST(gradients_of_norms_by_x_have_the_bits_of_those_by_y)
{
    static const span spans[] = {{16, 16}, {48, 16}, {64, 16}, {112, 16}, {LONGEST, 16}, {7 * 16 + 8, 16},
                                 {5, 5},   {35, 5},  {72, 24}, {400, 100}, {33 * 9, 33}};
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__simd *simd = brn__simd_of((brn__isa)isa);
        for (size_t s = 0; simd && s < sizeof spans / sizeof *spans; s++)
            for (int two = 0; two < 2; two++)
                for (int bf16 = 0; bf16 <= (spans[s].period == 16 && spans[s].length % 16 == 0); bf16++) {
                    check(simd, spans[s], BRN_ACTIVATION_RELU, two, bf16);
                    check(simd, spans[s], BRN_ACTIVATION_RELU6, two, bf16);
                }
    }
}

/* ---- the kernels ---- */

static double *numbers(int64_t n, uint32_t stream, double size)
{
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) values[i] = (double)(float)(noise(stream, i) * size);
    return values;
}

typedef struct norm {
    brn__batch_norm_attributes attributes;
    brn_shape shape, vector;
    double *x, *gamma, *beta, *zero;
} norm;

static void forward(const norm *of, one_step *out)
{
    one_step_make(out, &brn__op_batch_norm, &of->attributes,
                  (one_input[]){{of->shape, of->x, false},
                                {of->vector, of->gamma, false},
                                {of->vector, of->beta, false},
                                {of->vector, of->zero, false},
                                {of->vector, of->zero, false}},
                  5, BLOCK16, 2);
    one_step_run(out, 7, false, &(brn__run){0});
}

static void backward(const norm *of, const one_step *made_by, const double *dy, bool by_x, one_step *out)
{
    one_step_make(out, &brn__op_batch_norm_grad, &of->attributes,
                  (one_input[]){{of->shape, dy, false},
                                {of->shape, of->x, false},
                                {of->vector, of->gamma, false},
                                {of->vector, made_by->outputs[1], false},
                                {of->vector, made_by->outputs[2], false},
                                {of->shape, by_x ? NULL : made_by->outputs[0], false},
                                {of->shape, NULL, false},
                                {of->vector, by_x ? of->beta : NULL, false}},
                  8, BLOCK16, 2);
    one_step_run(out, 7, false, &(brn__run){0});
}

/* beta of each channel is such that one x comes to a border of the activation, as near as it can be rounded. */
static void set_on_borders(norm *of, int64_t channels, int64_t pixels)
{
    one_step first;
    forward(of, &first); /* statistics do not depend on beta */
    for (int64_t c = 0; c < channels; c++) {
        const float mean = (float)first.outputs[1][c], var = (float)first.outputs[2][c];
        const float factor = (float)((float)of->gamma[c] / sqrt(var + of->attributes.epsilon));
        of->beta[c] = (double)((float)(c % 2 * 6) - (float)(((float)of->x[c * pixels + c % pixels] - mean) * factor));
    }
    one_step_free(&first);
}

static void check_kernels(int64_t channels, int64_t side, brn_activation activation)
{
    const int64_t dims[] = {3, channels, side, side}, elements = 3 * channels * side * side;
    norm of = {{.epsilon = 1e-5, .momentum = .1, .form = BRN_NORM_BATCH, .resolved = true, .activation = activation},
               brn_shape_of(4, dims), brn_shape_of(1, &channels), numbers(elements, 31, 3), numbers(channels, 32, 2),
               numbers(channels, 33, 0), numbers(channels, 34, 0)};
    double *dy = numbers(elements, 35, 1);
    set_on_borders(&of, channels, side * side);
    one_step y, by_y, by_x;
    forward(&of, &y);
    backward(&of, &y, dy, false, &by_y);
    backward(&of, &y, dy, true, &by_x);
    assert_memory_equal(by_x.outputs[0], by_y.outputs[0], (size_t)elements * sizeof(double));
    for (int j = 1; j <= 2; j++) assert_memory_equal(by_x.outputs[j], by_y.outputs[j], (size_t)channels * sizeof(double));
    one_step_free(&y), one_step_free(&by_y), one_step_free(&by_x);
    free(of.x), free(of.gamma), free(of.beta), free(of.zero), free(dy);
}

TEST(kernels_of_norms_by_x_have_the_bits_of_those_by_y)
{
    static const int64_t channels[] = {5, 16, 40, 200};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        for (int64_t side = 1; side <= 9; side += 4) {
            check_kernels(channels[i], side, BRN_ACTIVATION_RELU);
            check_kernels(channels[i], side, BRN_ACTIVATION_RELU6);
        }
}
