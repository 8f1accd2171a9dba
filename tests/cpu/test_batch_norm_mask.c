/* SPDX-License-Identifier: Apache-2.0
 * A batch norm's gradient that takes the activation's mask from x gives the bits of one that takes it from y, in every
 * instruction set: on the borders of the activation too, and whatever the type that x lies in. */
#include "backends/cpu/isa.h"
#include "base/philox.h"
#include "cpu/one_step.h"
#include "tensor/tensor.h"
#include "test.h"

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
    /* x that come to 0 and to 6 exactly, and to what is next to them */
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
