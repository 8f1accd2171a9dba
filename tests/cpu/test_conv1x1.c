/* SPDX-License-Identifier: Apache-2.0
 * The loops of weight gradients in bfloat16 in every instruction set that this processor has, against doubles, with
 * guards around all that they write; then the kernel around them against its definition: channels that fill no block,
 * images of one pixel, an odd number of them, one and several pictures, strides, any number of threads. */
#include "backends/cpu/kernel_conv1x1.h"
#include "backends/cpu/simd/pixel_products.h"
#include "cpu/one_step.h"
#include "ops/op_list.h"
#include "tensor/tensor.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 64, STAIN = 0x5a5a, BLOCK = 16 };

/* A value of bfloat16 in (-1, 1). */
static uint16_t short_noise(uint32_t stream, int64_t index)
{
    const float value = (float)noise(stream, index);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)(bits >> 16);
}

/* n numbers between guards, stained where stream is 0; free with drop(). */
static uint16_t *fresh(int64_t n, uint32_t stream)
{
    uint16_t *memory = malloc((size_t)(n + 2 * GUARD) * sizeof *memory);
    assert_non_null(memory);
    for (int64_t i = 0; i < n + 2 * GUARD; i++) memory[i] = STAIN;
    for (int64_t i = 0; stream && i < n; i++) memory[GUARD + i] = short_noise(stream, i);
    return memory + GUARD;
}

static void drop(uint16_t *values, int64_t n)
{
    for (int i = 0; i < GUARD; i++) assert_true(values[-1 - i] == STAIN && values[n + i] == STAIN);
    free(values - GUARD);
}

static void check_pack(const brn__pixel_products *loops, int64_t pixels, const int32_t *places, int64_t room)
{
    const int64_t count = (pixels + 1) / 2 * 2 * BLOCK;
    uint16_t *block = fresh(room * BLOCK, 1), *packed = fresh(count, 0);
    loops->pack(pixels, places, block, packed);
    for (int64_t i = 0; i < count; i++) {
        const int64_t pixel = i / (2 * BLOCK) * 2 + i % 2, channel = i % (2 * BLOCK) / 2;
        const uint16_t want = pixel < pixels ? block[places[pixel] * BLOCK + channel] : 0;
        if (packed[i] != want)
            fail_msg("%s, %lld pixels: element %lld is %04x, expected %04x", loops->name, (long long)pixels, (long long)i,
                     packed[i], want);
    }
    drop(block, room * BLOCK), drop(packed, count);
}

TEST(pixels_are_packed_in_pairs_wherever_they_lie)
{
    enum { ROOM = 70 };
    int32_t row[ROOM], strided[ROOM / 2], broken[ROOM / 2];
    for (int i = 0; i < ROOM; i++) row[i] = i;
    for (int i = 0; i < ROOM / 2; i++) {
        strided[i] = 2 * i;
        broken[i] = i < 7 ? i : i + 30; /* a picture ends between two of a pair */
    }
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__pixel_products *loops = brn__pixel_products_of((brn__isa)isa);
        for (int pixels = 1; loops && pixels <= ROOM / 2; pixels++) {
            check_pack(loops, pixels, row, ROOM);
            check_pack(loops, pixels, strided, ROOM);
            check_pack(loops, pixels, broken, ROOM);
        }
    }
}

static void check_product(const brn__pixel_products *loops, int64_t pairs, int64_t rows, int64_t columns, bool add)
{
    const int64_t blocks = (columns + BLOCK - 1) / BLOCK, size = pairs * 2 * BLOCK, row = columns + 5;
    uint16_t *dy = fresh(size, 2), *x = fresh(blocks * size, 3);
    float *dw = malloc((size_t)(rows * row + 2 * GUARD) * sizeof *dw), *from = dw + GUARD;
    assert_non_null(dw);
    for (int64_t i = 0; i < rows * row + 2 * GUARD; i++) dw[i] = add ? 3 : NAN;
    loops->multiply(&(brn__pixel_product){pairs, dy, x, rows, columns, from, row, add, {x, NULL}});
    for (int64_t i = -GUARD; i < rows * row + GUARD; i++) {
        const bool inside = i >= 0 && i < rows * row && i % row < columns;
        double want = add ? 3 : NAN, size_of_terms = 1;
        if (inside && !add) want = 0;
        for (int64_t p = 0; inside && p < 2 * pairs; p++) {
            const int64_t at = p / 2 * 2 * BLOCK + p % 2, c = i % row;
            const double term = (double)brn__bf16_to_float(dy[at + i / row * 2]) * (double)brn__bf16_to_float(x[c / BLOCK * size + at + c % BLOCK * 2]);
            want += term;
            size_of_terms += fabs(term);
        }
        const double got = (double)from[i];
        if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 1e-6 * size_of_terms))
            fail_msg("%s, %lld pairs, %lld x %lld%s: element %lld is %.9g, expected %.9g", loops->name, (long long)pairs,
                     (long long)rows, (long long)columns, add ? ", added" : "", (long long)i, got, want);
    }
    free(dw);
    drop(dy, size), drop(x, blocks * size);
}

TEST(products_over_pairs_of_pixels_agree_with_double_and_stay_inside_in_every_instruction_set)
{
    static const int64_t lengths[] = {1, 2, 25, 128}, heights[] = {1, 4, 5, 8, 11, 15, 16};
    static const int64_t widths[] = {1, 15, 16, 17, 32, 33, 48, 50, 63, 64};
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__pixel_products *loops = brn__pixel_products_of((brn__isa)isa);
        for (size_t l = 0; loops && l < sizeof lengths / sizeof *lengths; l++)
            for (size_t h = 0; h < sizeof heights / sizeof *heights; h++)
                for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
                    for (int add = 0; add < 2; add++) check_product(loops, lengths[l], heights[h], widths[w], add);
    }
}

/* ---- the kernel ---- */

typedef struct kernel_case {
    int64_t n, c, o, h, w;
    int stride;
} kernel_case;

static double *made(int64_t n, uint32_t stream)
{
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) values[i] = stream ? (double)brn__bf16_to_float(short_noise(stream, i)) : 0;
    return values;
}

static void define(const kernel_case *k, int64_t oh, int64_t ow, const double *x, const double *dy, double *dw, double *terms,
                   double *db)
{
    for (int64_t i = 0; i < k->n * k->o * oh * ow; i++) db[i / (oh * ow) % k->o] += dy[i];
    for (int64_t n = 0; n < k->n; n++)
        for (int64_t o = 0; o < k->o; o++)
            for (int64_t c = 0; c < k->c; c++)
                for (int64_t p = 0; p < oh * ow; p++) {
                    const int64_t at = p / ow * k->stride * k->w + p % ow * k->stride;
                    const double term = x[(n * k->c + c) * k->h * k->w + at] * dy[(n * k->o + o) * oh * ow + p];
                    dw[o * k->c + c] += term;
                    terms[o * k->c + c] += fabs(term);
                }
}

static void run_kernel(const kernel_case *k, int threads, const one_input inputs[2], one_step *one)
{
    brn__conv2d_attributes attributes = {.stride = {k->stride, k->stride}, .dilation = {1, 1}, .groups = 1,
                                         .w_shape = brn_shape_of(4, (int64_t[]){k->o, k->c, 1, 1})};
    one_step_make(one, &brn__op_conv2d_grad_weight, &attributes, inputs, 2, NCHW, threads);
    one->step.kernel = &brn__conv1x1_grad_weight;
    brn__all_canonical(&one->step);
    one_step_run(one, 3, false, &(brn__run){0});
}

static void check_kernel(const kernel_case *k)
{
    const int64_t oh = (k->h - 1) / k->stride + 1, ow = (k->w - 1) / k->stride + 1, count = k->o * k->c;
    const brn_shape x_shape = brn_shape_of(4, (int64_t[]){k->n, k->c, k->h, k->w});
    const brn_shape dy_shape = brn_shape_of(4, (int64_t[]){k->n, k->o, oh, ow});
    double *x = made(brn_shape_elements(x_shape), 21), *dy = made(brn_shape_elements(dy_shape), 22);
    double *want = made(count, 0), *terms = made(count, 0), *db = made(k->o, 0);
    define(k, oh, ow, x, dy, want, terms, db);
    const one_input inputs[2] = {{x_shape, x, false}, {dy_shape, dy, false}};
    one_step first;
    run_kernel(k, 1, inputs, &first);
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(first.outputs[0][i] - want[i]) <= 1e-6 * (1 + terms[i])))
            fail_msg("n %d, %d -> %d channels, %d x %d, stride %d: element %d is %.9g, expected %.9g", (int)k->n, (int)k->c,
                     (int)k->o, (int)k->h, (int)k->w, k->stride, (int)i, first.outputs[0][i], want[i]);
    assert_all_close("db", k->o, first.outputs[1], db, 1e-6);
    for (int threads = 2; threads <= 5; threads++) {
        one_step other;
        run_kernel(k, threads, inputs, &other);
        assert_memory_equal(first.outputs[0], other.outputs[0], (size_t)count * sizeof(double));
        one_step_free(&other);
    }
    one_step_free(&first);
    free(x), free(dy), free(want), free(terms), free(db);
}

TEST(weight_gradients_of_1x1_convolutions_in_bf16_equal_their_definition)
{
    static const kernel_case cases[] = {
        {1, 16, 16, 7, 7, 1},  {3, 16, 32, 7, 7, 1},  {1, 24, 40, 1, 1, 1},   {3, 24, 40, 1, 1, 1},  {1, 1, 1, 1, 1, 1},
        {3, 3, 5, 5, 4, 1},    {3, 64, 48, 9, 9, 1},  {1, 112, 17, 7, 7, 1},  {2, 33, 272, 6, 5, 1}, {3, 300, 20, 7, 7, 1},
        {1, 64, 128, 8, 8, 2}, {3, 48, 80, 7, 7, 2},  {3, 20, 24, 15, 13, 2}, {2, 32, 16, 1, 9, 2},  {3, 16, 48, 13, 13, 1},
        {1, 272, 272, 2, 2, 1}, {2, 64, 64, 17, 19, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_kernel(&cases[i]);
}

static brn__conv2d_geometry geometry_of(int64_t n, int64_t c, int64_t o, int64_t side, int64_t stride)
{
    const int64_t to = (side - 1) / stride + 1;
    return (brn__conv2d_geometry){.n = n, .c = c, .h = side, .w = side, .o = o, .kh = 1, .kw = 1, .oh = to, .ow = to,
                                  .groups = 1, .stride = {stride, stride}, .dilation = {1, 1}};
}

TEST(only_dense_1x1_convolutions_that_gain_are_taken)
{
    if (!brn__isa_has_bf16() || brn__isa_has_amx()) skip();
    brn__conv2d_geometry wide = geometry_of(16, 256, 128, 56, 1), halved = geometry_of(16, 256, 512, 56, 2);
    assert_true(brn__conv1x1_grad_weight_wins(&wide));
    assert_true(brn__conv1x1_grad_weight_wins(&halved));
    brn__conv2d_geometry few = geometry_of(16, 8, 8, 56, 1);
    assert_false(brn__conv1x1_grad_weight_wins(&few));
    brn__conv2d_geometry padded = wide, grouped = wide, larger = wide;
    padded.pad_begin[0] = padded.pad_begin[1] = 1;
    grouped.groups = 2;
    larger.kw = 3;
    assert_false(brn__conv1x1_grad_weight_wins(&padded));
    assert_false(brn__conv1x1_grad_weight_wins(&grouped));
    assert_false(brn__conv1x1_grad_weight_wins(&larger));
    /* places are counted in 32 bits */
    brn__conv2d_geometry many_in = geometry_of(1 << 21, 1024, 64, 4, 1), many_out = geometry_of(1 << 21, 64, 1024, 4, 1);
    assert_false(brn__conv1x1_grad_weight_wins(&many_in));
    assert_false(brn__conv1x1_grad_weight_wins(&many_out));
}
