/* SPDX-License-Identifier: Apache-2.0
 * Batch norm whose results lie in bfloat16: the loops round what they would have stored, in every instruction set, and a
 * plan in bfloat16 gives the same bits whether they do or a reorder does. */
#include "backends/cpu/isa.h"
#include "base/philox.h"
#include "burnish/nn.h"
#include "burnish/ops.h"
#include "burnish/precision.h"
#include "burnish/runner.h"
#include "cpu/one_step.h"
#include "test.h"

#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 16 * 37, GUARD = 32, STAIN = 0x5a5a };
static const int64_t lengths[] = {16, 32, 48, 64, 112, 16 * 37};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* The nearest of the two neighbours, by exact distances in double; of equals the even one. */
static uint16_t nearest(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x)) return (uint16_t)(bits >> 16 | 0x40);
    const uint32_t below = bits & 0xffff0000u, rest = bits & 0xffff;
    const bool up = rest > 0x8000 || (rest == 0x8000 && (below >> 16 & 1));
    return (uint16_t)((below >> 16) + up);
}

static void check_rounded(const char *what, const brn__simd *simd, int64_t n, const float *exact, const uint16_t *rounded)
{
    for (int64_t i = 0; i < n; i++)
        if (rounded[i] != nearest(exact[i]))
            fail_msg("%s, %s, n = %lld: element %lld is %04x, expected %04x of %.9g", simd->name, what, (long long)n,
                     (long long)i, rounded[i], nearest(exact[i]), (double)exact[i]);
    for (int i = 0; i < GUARD; i++) assert_true(rounded[-1 - i] == STAIN && rounded[n + i] == STAIN);
}

static uint16_t *fresh(uint16_t *buffer)
{
    for (int i = 0; i < LONGEST + 2 * GUARD; i++) buffer[i] = STAIN;
    return buffer + GUARD;
}

static void fill(float *values, int64_t n, uint32_t stream)
{
    for (int64_t i = 0; i < n; i++) values[i] = (float)(noise(stream, i) * 8);
}

/* Values halfway between two neighbours, what is none, and the largest. */
static void make_awkward(float *x)
{
    const uint32_t bits[] = {0x3f808000, 0x3f818000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00001, 0x7f800001, 0x80000000};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) memcpy(&x[i], &bits[i], sizeof *bits);
}

static void check_forward(const brn__simd *simd, int64_t n, brn_activation activation, bool residual)
{
    float x[LONGEST], more[LONGEST], y[LONGEST], mean[BRN__PERIOD], factor[BRN__PERIOD], shift[BRN__PERIOD];
    alignas(64) uint16_t buffer[LONGEST + 2 * GUARD];
    uint16_t *rounded = fresh(buffer);
    fill(x, n, 1), fill(more, n, 2), fill(mean, BRN__PERIOD, 3), fill(factor, BRN__PERIOD, 4), fill(shift, BRN__PERIOD, 5);
    if (n >= 32) make_awkward(x + 16);
    for (int l = 0; n >= 32 && l < 8; l++) mean[l] = shift[l] = 0, factor[l] = 1; /* they arrive as they are */
    brn__norm_forward span = {.length = n, .period = BRN__PERIOD, .x = x, .residual = residual ? more : NULL, .y = y,
                              .mean = mean, .factor = factor, .shift = shift, .activation = activation};
    simd->norm_apply(&span);
    span.y = NULL;
    span.y16 = rounded;
    for (int around = 0; around < 2; around++) {
        fresh(buffer);
        span.stream = around;
        simd->norm_apply(&span);
        check_rounded("forward", simd, n, y, rounded);
    }
}

static void check_backward(const brn__simd *simd, int64_t n, bool two, bool by_bf16)
{
    float dy[LONGEST], dy2[LONGEST], x[LONGEST], y[LONGEST], dx[LONGEST], vectors[4][BRN__PERIOD];
    alignas(64) uint16_t buffer[LONGEST + 2 * GUARD];
    uint16_t *rounded = fresh(buffer), short_y[LONGEST];
    fill(dy, n, 11), fill(dy2, n, 12), fill(x, n, 13), fill(y, n, 14);
    for (int v = 0; v < 4; v++) fill(vectors[v], BRN__PERIOD, 15 + (uint32_t)v);
    y[0] = 1e-30f, y[1] = 0, y[2] = -0.f, y[3] = -1e-30f;
    for (int64_t i = 0; i < n; i++) short_y[i] = nearest(y[i]);
    brn__norm_backward span = {.length = n, .period = BRN__PERIOD, .dy = dy, .dy2 = two ? dy2 : NULL, .y = y, .x = x,
                               .dx = dx, .mean = vectors[0], .factor = vectors[1], .c1 = vectors[2], .c2 = vectors[3],
                               .activation = BRN_ACTIVATION_RELU};
    double sum[BRN__PERIOD] = {0}, dot[BRN__PERIOD] = {0}, short_sum[BRN__PERIOD] = {0}, short_dot[BRN__PERIOD] = {0};
    brn__norm_backward narrow = span;
    narrow.dx = NULL;
    narrow.dx16 = rounded;
    if (by_bf16) narrow.y = NULL, narrow.y16 = short_y;
    simd->norm_backward_second(&span);
    for (int around = 0; around < 2; around++) {
        fresh(buffer);
        narrow.stream = around;
        simd->norm_backward_second(&narrow);
        check_rounded("dx by the batch's statistics", simd, n, dx, rounded);
    }
    simd->norm_backward_first(&span, NULL, NULL);
    simd->norm_backward_first(&narrow, NULL, NULL);
    check_rounded("dx by fixed statistics", simd, n, dx, rounded);
    span.dx = NULL, narrow.dx16 = NULL;
    simd->norm_backward_first(&span, sum, dot);
    simd->norm_backward_first(&narrow, short_sum, short_dot);
    assert_memory_equal(sum, short_sum, sizeof sum);
    assert_memory_equal(dot, short_dot, sizeof dot);
}

/* bfloat16 values, both ways. */
static void fill_both(float *wide, uint16_t *narrow, int64_t n, uint32_t stream)
{
    fill(wide, n, stream);
    for (int64_t i = 0; i < n; i++) {
        narrow[i] = nearest(wide[i]);
        const uint32_t bits = (uint32_t)narrow[i] << 16;
        memcpy(&wide[i], &bits, sizeof bits);
    }
}

/* What is read in bfloat16 gives the bits of the same values in float32. */
static void check_reading(const brn__simd *simd, int64_t n, unsigned which)
{
    float dy[LONGEST], dy2[LONGEST], x[LONGEST], y[LONGEST], made[2][LONGEST], dz[2][LONGEST], vectors[4][BRN__PERIOD];
    uint16_t dy16[LONGEST], dy2_16[LONGEST], x16[LONGEST], y16[LONGEST];
    double sums[2][2][BRN__PERIOD] = {{{0}}};
    fill_both(dy, dy16, n, 21), fill_both(dy2, dy2_16, n, 22), fill_both(x, x16, n, 23), fill_both(y, y16, n, 24);
    for (int v = 0; v < 4; v++) fill(vectors[v], BRN__PERIOD, 25 + (uint32_t)v);
    for (int k = 0; k < 2; k++) {
        const unsigned narrow = k ? which : 0;
        const brn__norm_forward forward = {.length = n, .period = BRN__PERIOD, .x = narrow & 1 ? NULL : x,
                                           .x16 = narrow & 1 ? x16 : NULL, .y = made[k], .mean = vectors[0],
                                           .factor = vectors[1], .shift = vectors[2], .activation = BRN_ACTIVATION_RELU};
        simd->norm_statistics(n, BRN__PERIOD, forward.x, forward.x16, vectors[0], sums[k][0], sums[k][1]);
        simd->norm_apply(&forward);
    }
    assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
    assert_memory_equal(made[0], made[1], (size_t)n * sizeof(float));
    memset(sums, 0, sizeof sums);
    for (int k = 0; k < 2; k++) {
        const unsigned narrow = k ? which : 0;
        brn__norm_backward back = {.length = n, .period = BRN__PERIOD, .mean = vectors[0], .factor = vectors[1],
                                   .c1 = vectors[2], .c2 = vectors[3], .activation = BRN_ACTIVATION_RELU, .dz = dz[k]};
        if (narrow & 1) back.x16 = x16;
        else back.x = x;
        if (narrow & 2) back.dy16 = dy16;
        else back.dy = dy;
        if (narrow & 4) back.dy2_16 = dy2_16;
        else back.dy2 = dy2;
        if (narrow & 8) back.y16 = y16;
        else back.y = y;
        simd->norm_backward_first(&back, sums[k][0], sums[k][1]);
        back.dx = made[k];
        simd->norm_backward_second(&back);
    }
    assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
    assert_memory_equal(dz[0], dz[1], (size_t)n * sizeof(float));
    assert_memory_equal(made[0], made[1], (size_t)n * sizeof(float));
}

TEST(norms_read_bfloat16_as_the_same_values)
{
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__simd *simd = brn__simd_of((brn__isa)isa);
        for (int l = 0; simd && l < LENGTHS; l++)
            for (unsigned which = 1; which < 16; which++) check_reading(simd, lengths[l], which);
    }
}

TEST(norms_round_their_results_to_bfloat16)
{
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__simd *simd = brn__simd_of((brn__isa)isa);
        for (int l = 0; simd && l < LENGTHS; l++) {
            for (int k = 0; k < 3; k++)
                for (int residual = 0; residual < 2; residual++)
                    check_forward(simd, lengths[l], (brn_activation[]){BRN_ACTIVATION_NONE, BRN_ACTIVATION_RELU,
                                                                      BRN_ACTIVATION_RELU6}[k], residual);
            for (int k = 0; k < 4; k++) check_backward(simd, lengths[l], k & 1, k & 2);
        }
    }
}

typedef struct learned {
    float *gradients;
    int64_t count;
    int in_bf16; /* results of norms and of their gradients that lie in bfloat16 */
} learned;

static int norms_in_bf16(const brn_plan *plan)
{
    char *text;
    int count = 0;
    assert_ok(brn_plan_describe(plan, &text));
    for (char *line = text, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end) *end++ = 0;
        if (strncmp(line + strspn(line, " "), "batch_norm", 10) == 0 && strstr(line, ") bf16:")) count++;
    }
    brn_text_free(text);
    return count;
}

/* Three convolutions with norms between them, `joined` by a shortcut. `shown`: the norms' results are wanted too, so that they are made in
 * float32, and what reads them in bfloat16 rounds them. */
static learned learn(brn_activation activation, int64_t side, int threads, bool joined, bool shown, brn_precision precision)
{
    enum { N = 3, C = 256 };
    const int64_t dims[] = {N, C, side, side};
    const brn_nn_conv2d_options one = {.channels = C, .kernel = 1};
    learned out = {0};
    brn_graph *graph;
    brn_parameters *parameters;
    brn_runner *runner;
    brn_plan *plan;
    void *gradients;
    brn_plan_options options = brn_plan_defaults();
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, dims, 4), *shortcut = NULL;
    for (int i = 0; i < 3; i++) {
        const char *const convs[] = {"c1", "c2", "c3"}, *const norms[] = {"n1", "n2", "n3"};
        x = brn_nn_batch_norm(brn_nn_conv2d(x, convs[i], &one), norms[i], NULL);
        if (i == 1 && joined) x = brn_add(x, shortcut);
        if (i < 2) x = activation == BRN_ACTIVATION_RELU ? brn_relu(x) : brn_relu6(x);
        if (i == 0) shortcut = x;
        if (i < 2 && shown) options.outputs[options.output_count++] = x;
    }
    brn_node *along = brn_input(graph, "along", BRN_DTYPE_F32, dims, 4);
    options.loss = brn_reduce(brn_mul(x, along), BRN_REDUCE_MEAN, 15, false);
    options.outputs[options.output_count++] = options.loss;
    options.training = true;
    options.precision = precision;
    assert_ok(brn_graph_status(graph));
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &parameters));
    assert_ok(brn_parameters_initialise(parameters, 5, -1));
    assert_ok(brn_runner_new(parameters, "cpu", threads, &runner));
    assert_ok(brn_runner_plan(runner, &options, &plan));
    float *values = malloc((size_t)(N * C * side * side) * 2 * sizeof *values);
    assert_non_null(values);
    fill(values, N * C * side * side * 2, 7);
    assert_ok(brn_plan_bind(plan, "x", values));
    assert_ok(brn_plan_bind(plan, "along", values + N * C * side * side));
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    assert_ok(brn_parameters_gradients(parameters, &gradients));
    out.count = brn_parameters_elements(parameters);
    out.gradients = malloc((size_t)out.count * sizeof *out.gradients);
    assert_non_null(out.gradients);
    memcpy(out.gradients, gradients, (size_t)out.count * sizeof *out.gradients);
    out.in_bf16 = norms_in_bf16(plan);
    free(values);
    brn_runner_free(runner);
    brn_parameters_free(parameters);
    brn_graph_free(graph);
    return out;
}

/* `most`: norms and gradients of norms whose result lies in bfloat16; `shown` leaves the gradients'. */
static void check_learning(brn_activation activation, int64_t side, int threads, bool joined, int most)
{
    learned narrow = learn(activation, side, threads, joined, false, BRN_PRECISION_BF16);
    learned wide = learn(activation, side, threads, joined, true, BRN_PRECISION_BF16);
    learned exact = learn(activation, side, threads, joined, false, BRN_PRECISION_FP32);
    double size = 0, off = 0;
    for (int64_t i = 0; i < wide.count; i++) {
        const double difference = (double)narrow.gradients[i] - (double)exact.gradients[i];
        size += (double)exact.gradients[i] * (double)exact.gradients[i];
        off += difference * difference;
    }
    assert_int_equal(narrow.in_bf16, most);
    assert_int_equal(wide.in_bf16, 3);
    assert_int_equal(exact.in_bf16, 0);
    assert_memory_equal(narrow.gradients, wide.gradients, (size_t)wide.count * sizeof *wide.gradients);
    if (!(off > 0 && sqrt(off / size) < .08)) /* ReLUs flip */ fail_msg("gradients are off by %g of their norm", sqrt(off / size));
    free(narrow.gradients);
    free(wide.gradients);
    free(exact.gradients);
}

TEST(norms_make_bfloat16_for_convolutions_and_nothing_changes)
{
    if (brn_precision_here(BRN_PRECISION_BF16) != BRN_PRECISION_BF16) skip();
    check_learning(BRN_ACTIVATION_RELU, 7, 1, true, 4);
    check_learning(BRN_ACTIVATION_RELU, 9, 2, true, 4);
    check_learning(BRN_ACTIVATION_RELU6, 8, 2, true, 3); /* behind the sum y itself is read for its place below 6 */
    check_learning(BRN_ACTIVATION_RELU6, 8, 2, false, 5); /* masks come from x */
}
