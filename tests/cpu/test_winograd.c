/* SPDX-License-Identifier: Apache-2.0
 * Winograd's convolution: the loops of every instruction set that this processor has, put together by hand; the
 * kernels around them, whichever the choice would be, for any number of channels, pictures and threads; and how far
 * they are from the convolution of doubles (docs/winograd.md has the figures). */
#include "backends/cpu/kernel_winograd.h"
#include "backends/cpu/simd/winograd.h"
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "cpu/one_step.h"
#include "ops/op_list.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 64, POINTS = BRN__WINOGRAD_POINTS };

/* A convolution of x (n, c, h, w), padding `pad` on all sides. */
typedef struct problem {
    int64_t n, c, o, h, w, pad;
} problem;

static int64_t high_of(const problem *k) { return k->h + 2 * k->pad - 2; }
static int64_t wide_of(const problem *k) { return k->w + 2 * k->pad - 2; }
static int64_t x_count(const problem *k) { return k->n * k->c * k->h * k->w; }
static int64_t y_count(const problem *k) { return k->n * k->o * high_of(k) * wide_of(k); }
static int64_t w_count(const problem *k) { return k->o * k->c * 9; }

static double *made(int64_t n, uint32_t stream)
{
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) values[i] = stream ? (double)(float)noise(stream, i) : 0;
    return values;
}

enum { Y, DX, DW };

/* y of x and w, dx of dy and w, dw of x and dy, all row-major. */
static void reference(const problem *k, int what, const double *a, const double *b, double *out)
{
    int64_t oh = high_of(k), ow = wide_of(k);
    for (int64_t i = 0; i < k->n * k->o * k->c * 9; i++) {
        int64_t tap = i % 9, c = i / 9 % k->c, o = i / 9 / k->c % k->o, n = i / 9 / k->c / k->o;
        const int64_t w = (o * k->c + c) * 9 + tap, dy = tap / 3 - k->pad, dx = tap % 3 - k->pad;
        double sum = 0;
        for (int64_t oy = dy < 0 ? -dy : 0; oy < oh && oy + dy < k->h; oy++) {
            int64_t y = ((n * k->o + o) * oh + oy) * ow, x = ((n * k->c + c) * k->h + oy + dy) * k->w + dx;
            for (int64_t ox = dx < 0 ? -dx : 0; ox < ow && ox + dx < k->w; ox++) {
                if (what == Y) out[y + ox] += a[x + ox] * b[w];
                if (what == DX) out[x + ox] += a[y + ox] * b[w];
                if (what == DW) sum += a[x + ox] * b[y + ox];
            }
        }
        if (what == DW) out[w] += sum;
    }
}

/* ---- the loops ---- */

/* Floats from an address that is aligned to where fresh memory begins: some loops store around the caches where they may. */
static int64_t off;

/* n floats between guards; free with drop(). */
static float *fresh(int64_t n)
{
    float *memory = aligned_alloc(64, (size_t)((n + 2 * GUARD + off + 15) / 16 * 16) * sizeof *memory);
    assert_non_null(memory);
    for (int64_t i = 0; i < n + 2 * GUARD + off; i++) memory[i] = 77;
    return memory + GUARD + off;
}

static void drop(float *values, int64_t n)
{
    for (int i = 0; i < GUARD; i++) assert_true(values[-1 - i] == 77 && values[n + i] == 77);
    free(values - GUARD - off);
}

/* Element `at` of row-major (n, c, pixels), in blocks. */
static int64_t blocked(int64_t at, int64_t channels, int64_t pixels, int block)
{
    int64_t pixel = at % pixels, c = at / pixels % channels, n = at / pixels / channels;
    return ((n * (channels / block) + c / block) * pixels + pixel) * block + c % block;
}

static float *to_blocks(const double *values, int64_t n, int64_t channels, int64_t pixels, int block)
{
    float *to = fresh(n);
    for (int64_t i = 0; i < n; i++) to[blocked(i, channels, pixels, block)] = (float)values[i];
    return to;
}

static double rms(const double *values, int64_t n)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++) squares += values[i] * values[i];
    return sqrt(squares / (double)n);
}

/* `scale`: what numbers of the result are like; those that nearly cancel are no more exact than the others. */
static void compare(const char *loops, const char *what, const problem *k, double got, double want, double scale,
                    int64_t i)
{
    if (fabs(got - want) <= 1e-5 * fmax(1, scale)) return;
    print_error("%s, %s, %lld -> %lld channels, %lldx%lld, padding %lld: element %lld is %.9g, expected %.9g\n", loops,
                what, (long long)k->c, (long long)k->o, (long long)k->h, (long long)k->w, (long long)k->pad,
                (long long)i, got, want);
    fail();
}

/* Everything in one group of tiles, in memory between guards. */
typedef struct group {
    const brn__winograd *loops;
    brn__winograd_plane x, y;
    int64_t tiles, c_blocks, o_blocks, x_step, y_step, w_step;
    float *x_points, *y_points, *w_points;
} group;

static group group_of(const brn__winograd *loops, const problem *k)
{
    group g = {.loops = loops, .c_blocks = k->c / loops->block, .o_blocks = k->o / loops->block};
    int64_t high = (high_of(k) + 3) / 4, wide = (wide_of(k) + 3) / 4;
    g.x = (brn__winograd_plane){k->h, k->w, k->c * k->h * k->w, k->pad, k->pad, high, wide};
    g.y = (brn__winograd_plane){high_of(k), wide_of(k), k->o * high_of(k) * wide_of(k), 0, 0, high, wide};
    g.tiles = k->n * high * wide;
    g.x_step = g.tiles * k->c, g.y_step = g.tiles * k->o, g.w_step = k->c * k->o;
    g.x_points = fresh(POINTS * g.x_step), g.y_points = fresh(POINTS * g.y_step), g.w_points = fresh(POINTS * g.w_step);
    return g;
}

static void drop_group(group *g)
{
    drop(g->x_points, POINTS * g->x_step), drop(g->y_points, POINTS * g->y_step);
    drop(g->w_points, POINTS * g->w_step);
}

static int columns_of(const group *g, const problem *k, int64_t panel)
{
    int64_t left = k->o - panel * g->loops->columns;
    return left < g->loops->columns ? (int)left : g->loops->columns;
}

static void read_x(const group *g, const problem *k, const float *x)
{
    int64_t row = g->tiles * g->loops->block, half = g->tiles / 2;
    for (int64_t b = 0; b < g->c_blocks; b++) { /* in two parts, as groups are */
        const float *plane = x + b * k->h * k->w * g->loops->block;
        g->loops->read_input(&g->x, plane, 0, half, g->x_points + b * row, g->x_step);
        float *second = g->x_points + b * row + half * g->loops->block;
        g->loops->read_input(&g->x, plane, half, g->tiles - half, second, g->x_step);
    }
}

static void spread_weights(const group *g, const problem *k, const double *w)
{
    int block = g->loops->block;
    float *taps = malloc(sizeof *taps * (size_t)(k->c * 9 * block)); /* (rows, 9, block) */
    assert_non_null(taps);
    for (int64_t b = 0; b < g->o_blocks; b++) {
        for (int64_t i = 0; i < k->c * 9 * block; i++) {
            const int64_t c = i / (9 * block), tap = i / block % 9, o = b * block + i % block;
            taps[i] = (float)w[(o * k->c + c) * 9 + tap];
        }
        int64_t panel = b * block / g->loops->columns, inside = b * block % g->loops->columns;
        g->loops->spread_weights(k->c, taps, g->w_points + panel * g->loops->columns * k->c + inside,
                                 columns_of(g, k, panel), g->w_step);
    }
    g->loops->spread_end();
    free(taps);
}

/* multiply, or correlate for the gradient of the weights: twice, the second time adding. */
static void multiply_all(const group *g, const problem *k, bool correlates)
{
    int64_t panels = (k->o + g->loops->columns - 1) / g->loops->columns;
    for (int64_t i = 0; i < POINTS * panels; i++) {
        int64_t point = i / panels, panel = i % panels;
        brn__winograd_product p = {.blocks = g->c_blocks, .tiles = g->tiles, .columns = columns_of(g, k, panel)};
        float *w = g->w_points + point * g->w_step + panel * g->loops->columns * k->c;
        float *y = g->y_points + point * g->y_step + panel * g->loops->columns * g->tiles;
        p.v = g->x_points + point * g->x_step;
        p.u = correlates ? y : w;
        p.out = correlates ? w : y;
        if (!correlates) g->loops->multiply(&p);
        for (int time = 0; correlates && time < 2; time++, p.adds = true) g->loops->correlate(&p);
    }
}

static void check_forward_loops(const group *g, const problem *k, const double *x, const double *w)
{
    int block = g->loops->block;
    int64_t pixels = high_of(k) * wide_of(k);
    double *want = made(y_count(k), 0), *bias = made(k->o, 3), *residual = made(y_count(k), 4);
    float *from = to_blocks(x, x_count(k), k->c, k->h * k->w, block), *b = to_blocks(bias, k->o, k->o, 1, block);
    float *y = to_blocks(residual, y_count(k), k->o, pixels, block); /* y in the residual's place */
    reference(k, Y, x, w, want);
    const double scale = rms(want, y_count(k));
    read_x(g, k, from);
    spread_weights(g, k, w);
    multiply_all(g, k, false);
    for (int64_t i = 0; i < g->o_blocks; i++)
        g->loops->write(&g->y, g->y_points + i * g->tiles * block, g->y_step, 0, g->tiles, b + i * block,
                        y + i * pixels * block, BRN_ACTIVATION_RELU, y + i * pixels * block);
    for (int64_t i = 0; i < y_count(k); i++)
        compare(g->loops->name, "y", k, (double)y[blocked(i, k->o, pixels, block)],
                fmax(0, want[i] + bias[i / pixels % k->o] + residual[i]), scale, i);
    drop(from, x_count(k)), drop(b, k->o), drop(y, y_count(k));
    free(want), free(bias), free(residual);
}

static void check_weight_loops(const group *g, const problem *k, const double *x)
{
    int block = g->loops->block;
    int64_t pixels = high_of(k) * wide_of(k);
    double *want = made(w_count(k), 0), *dy = made(y_count(k), 5);
    float *from = to_blocks(x, x_count(k), k->c, k->h * k->w, block);
    float *gradient = to_blocks(dy, y_count(k), k->o, pixels, block), *dw = fresh(9 * block);
    reference(k, DW, x, dy, want);
    const double scale = 2 * rms(want, w_count(k));
    read_x(g, k, from);
    for (int64_t b = 0; b < g->o_blocks; b++)
        g->loops->read_gradient(&g->y, gradient + b * pixels * block, 0, g->tiles, g->y_points + b * g->tiles * block,
                                g->y_step);
    multiply_all(g, k, true);
    for (int64_t i = 0; i < g->o_blocks * k->c; i++) {
        int64_t b = i / k->c, c = i % k->c, panel = b * block / g->loops->columns;
        g->loops->gather_weight(g->w_points + panel * g->loops->columns * k->c + c * columns_of(g, k, panel) +
                                    b * block % g->loops->columns, g->w_step, dw);
        for (int j = 0; j < 9 * block; j++) {
            int64_t at = ((b * block + j % block) * k->c + c) * 9 + j / block;
            compare(g->loops->name, "dw", k, (double)dw[j], 2 * want[at], scale, at);
        }
    }
    drop(from, x_count(k)), drop(gradient, y_count(k)), drop(dw, 9 * block);
    free(want), free(dy);
}

TEST(loops_of_winograd_convolution_agree_with_double_in_every_instruction_set)
{
    static const int64_t sizes[][2] = {{1, 1}, {1, 2}, {3, 1}, {2, 3}, {4, 4}, {5, 6}, {7, 7}, {6, 15}, {13, 9}};
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__winograd *loops = brn__winograd_of((brn__isa)isa);
        for (size_t s = 0; loops && s < sizeof sizes / sizeof *sizes; s++)
            for (int64_t pad = 0; pad <= 2; pad++) {
                off = ((int64_t)s + pad) % 2;
                int64_t c = loops->block * (1 + (int64_t)s % 3), o = loops->block * (1 + (int64_t)s / 3 % 3);
                problem k = {1 + (int64_t)s % 2 * 2, c, o, sizes[s][0], sizes[s][1], pad};
                if (high_of(&k) < 1 || wide_of(&k) < 1) continue;
                double *x = made(x_count(&k), 1), *w = made(w_count(&k), 2);
                group g = group_of(loops, &k);
                check_forward_loops(&g, &k, x, w);
                check_weight_loops(&g, &k, x);
                drop_group(&g);
                free(x), free(w);
            }
    }
}

/* ---- the kernels ---- */

static const brn__op *const ops[3] = {&brn__op_conv2d, &brn__op_conv2d_grad_input, &brn__op_conv2d_grad_weight};

static brn_shape x_shape(const problem *k) { return brn_shape_of(4, (int64_t[]){k->n, k->c, k->h, k->w}); }
static brn_shape w_shape(const problem *k) { return brn_shape_of(4, (int64_t[]){k->o, k->c, 3, 3}); }
static brn_shape y_shape(const problem *k) { return brn_shape_of(4, (int64_t[]){k->n, k->o, high_of(k), wide_of(k)}); }

/* `what` of a and b. */
static void run_kernel(const problem *k, int what, int threads, const double *a, const double *b, one_step *one)
{
    static const brn__kernel *const kernels[3] = {&brn__winograd_conv2d, &brn__winograd_grad_input,
                                                  &brn__winograd_grad_weight};
    brn__conv2d_attributes attributes = {.stride = {1, 1}, .dilation = {1, 1}, .padding = {(int)k->pad, (int)k->pad},
                                         .groups = 1};
    if (what == DX) attributes.x_shape = x_shape(k);
    if (what == DW) attributes.w_shape = w_shape(k);
    one_input inputs[] = {{what == DX ? y_shape(k) : x_shape(k), a, false},
                          {what == DW ? y_shape(k) : w_shape(k), b, false}};
    one_step_make(one, ops[what], &attributes, inputs, 2, NCHW, threads);
    one->step.kernel = kernels[what];
    brn__all_canonical(&one->step);
    one_step_run(one, what == DW ? 3 : 1, false, &(brn__run){0});
}

static int64_t count_of(const problem *k, int what)
{
    return what == Y ? y_count(k) : what == DX ? x_count(k) : w_count(k);
}

static void check_kernel(const problem *k, int what)
{
    int64_t n = count_of(k, what), pixels = high_of(k) * wide_of(k);
    double *a = made(what == DX ? y_count(k) : x_count(k), 11), *b = made(what == DW ? y_count(k) : w_count(k), 12);
    double *want = made(n, 0), *db = made(k->o, 0);
    reference(k, what, a, b, want);
    for (int64_t i = 0; what == DW && i < y_count(k); i++) db[i / pixels % k->o] += b[i];
    one_step one, three;
    run_kernel(k, what, 1, a, b, &one);
    run_kernel(k, what, 3, a, b, &three);
    double worst = 0;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs(one.outputs[0][i] - want[i]));
    if (!(worst <= 2e-5 * rms(want, n))) {
        print_error("%s of %lld pictures, %lld -> %lld channels, %lldx%lld, padding %lld: off by %g\n", ops[what]->name,
                    (long long)k->n, (long long)k->c, (long long)k->o, (long long)k->h, (long long)k->w,
                    (long long)k->pad, worst);
        fail();
    }
    /* one thread, three: the same bits */
    assert_memory_equal(one.outputs[0], three.outputs[0], (size_t)n * sizeof(double));
    if (what == DW) {
        assert_all_close("db", k->o, one.outputs[1], db, 1e-5);
        assert_memory_equal(one.outputs[1], three.outputs[1], (size_t)k->o * sizeof(double));
    }
    one_step_free(&one), one_step_free(&three);
    free(a), free(b), free(want), free(db);
}

TEST(winograd_convolution_takes_any_number_of_channels_pictures_and_threads)
{
    static const problem problems[] = {
        {1, 16, 16, 7, 7, 1},   {3, 32, 48, 5, 4, 1}, {3, 48, 16, 1, 1, 1},  {1, 16, 32, 3, 3, 0},
        {2, 64, 80, 14, 13, 1}, {3, 16, 16, 1, 2, 2}, {1, 80, 16, 9, 10, 0}, {3, 32, 32, 20, 28, 1},
        {1, 16, 48, 150, 151, 1}, /* each thread has several groups */
    };
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        for (int what = 0; what < 3; what++) check_kernel(&problems[i], what);
}

/* ---- how exact ---- */

/* What activations, weights and gradients of trained networks are like: none negative, smooth, with channels of very
 * different size; weights and gradients with long tails. */
static double *drawn(int64_t n, int64_t plane, uint32_t stream, bool activations)
{
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) {
        double u = noise(stream, i), smooth = sin(0.11 * (double)(i % plane) + noise(stream + 50, i / plane) * 3);
        double channel = exp(2 * noise(stream + 90, i / plane));
        values[i] = (double)(float)(activations ? fmax(0, smooth + 0.4 * u) * channel : 0.05 * u * u * u);
    }
    return values;
}

/* Errors by the root mean square of the result: their root mean square, and the largest. */
static void check_exactness(const problem *k, int what, bool real)
{
    double *a = real ? drawn(what == DX ? y_count(k) : x_count(k), k->h * k->w, 21, what != DX)
                     : made(what == DX ? y_count(k) : x_count(k), 21);
    double *b = real ? drawn(what == DW ? y_count(k) : w_count(k), 1, 22, false)
                     : made(what == DW ? y_count(k) : w_count(k), 22);
    double *want = made(count_of(k, what), 0);
    reference(k, what, a, b, want);
    one_step one;
    run_kernel(k, what, 1, a, b, &one);
    int64_t n = count_of(k, what);
    double largest = 0, scale = rms(want, n);
    for (int64_t i = 0; i < n; i++) {
        one.outputs[0][i] -= want[i];
        largest = fmax(largest, fabs(one.outputs[0][i]));
    }
    double usual = rms(one.outputs[0], n) / scale;
    largest /= scale;
    if (!(usual <= 2e-6 && largest <= 2e-5)) {
        print_error("%s of %lld -> %lld channels, %lldx%lld, %s data: errors of %.1e, at most %.1e\n", ops[what]->name,
                    (long long)k->c, (long long)k->o, (long long)k->h, (long long)k->w, real ? "real" : "random", usual,
                    largest);
        fail();
    }
    one_step_free(&one);
    free(a), free(b), free(want);
}

static const problem measured[] = {
    {3, 64, 64, 1, 1, 1},    {3, 32, 64, 4, 4, 0},   {3, 64, 64, 7, 7, 1},     {1, 512, 128, 7, 7, 1},
    {1, 128, 64, 14, 14, 0}, {3, 64, 32, 28, 28, 1}, {1, 512, 64, 14, 14, 1}, {1, 64, 64, 56, 56, 1},
    {1, 16, 16, 224, 224, 1},
};

TEST(winograd_convolution_is_as_exact_as_documented)
{
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
        for (int what = 0; what < 3; what++)
            for (int real = 0; real < 2; real++) check_exactness(&measured[i], what, real);
}

/* ---- in plans ---- */

typedef struct network {
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    void *memory[4]; /* x, v, w, b in the backend's type */
} network;

static const problem planned = {2, 32, 48, 14, 13, 1}; /* 32 tiles of 4x4, some of them cut */

static void *in_type(brn_dtype dtype, int64_t n, uint32_t stream)
{
    void *values = malloc((size_t)n * brn_dtype_bytes(dtype));
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) {
        float value = (float)noise(stream, i);
        if (dtype == BRN_DTYPE_F64) ((double *)values)[i] = (double)value;
        else ((float *)values)[i] = value;
    }
    return values;
}

/* y = relu(conv(x) + b); the loss is the sum of y v. */
static network network_new(const char *backend, brn_dtype dtype, bool learns)
{
    const problem *k = &planned;
    network net = {0};
    brn_node *x, *w, *b, *v, *y;
    assert_ok(brn_graph_new(&net.graph));
    x = brn_input(net.graph, "x", BRN_DTYPE_F32, x_shape(k).dims, 4);
    v = brn_input(net.graph, "v", BRN_DTYPE_F32, y_shape(k).dims, 4);
    w = brn_parameter(net.graph, "w", w_shape(k).dims, 4, BRN_PARAMETER_WEIGHT, (brn_init){0});
    b = brn_parameter(net.graph, "b", &k->o, 1, BRN_PARAMETER_BIAS, (brn_init){0});
    y = brn_activate(brn_conv2d(x, w, b, &(brn_conv2d_options){.padding = {1, 1}}), BRN_ACTIVATION_RELU);
    brn_node *loss = brn_reduce(brn_mul(y, v), BRN_REDUCE_SUM, 15, false);
    assert_ok(brn_parameters_new(net.graph, dtype, &net.store));
    const int64_t counts[] = {x_count(k), y_count(k), w_count(k), k->o};
    for (int i = 0; i < 4; i++) net.memory[i] = in_type(dtype, counts[i], (uint32_t)i + 31);
    assert_ok(brn_parameters_write(net.store, brn_parameters_find(net.store, "w"), dtype, net.memory[2], w_count(k)));
    assert_ok(brn_parameters_write(net.store, brn_parameters_find(net.store, "b"), dtype, net.memory[3], k->o));
    assert_ok(brn_runner_new(net.store, backend, 2, &net.runner));
    brn_plan_options wanted = brn_plan_defaults();
    wanted.outputs[wanted.output_count++] = y;
    if (learns) {
        wanted.loss = loss;
        wanted.input_gradients[wanted.input_gradient_count++] = x;
    }
    assert_ok(brn_runner_plan(net.runner, &wanted, &net.plan));
    assert_ok(brn_plan_bind(net.plan, "x", net.memory[0]));
    if (learns) assert_ok(brn_plan_bind(net.plan, "v", net.memory[1]));
    assert_ok(brn_plan_run(net.plan, &(brn_run){0}));
    return net;
}

static void network_free(network *net)
{
    brn_runner_free(net->runner);
    brn_parameters_free(net->store);
    brn_graph_free(net->graph);
    for (int i = 0; i < 4; i++) free(net->memory[i]);
}

static void assert_near(const char *what, int64_t n, const void *got, const void *want)
{
    double scale = rms(want, n);
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)((const float *)got)[i] - ((const double *)want)[i]) <= 1e-5 * scale)) {
            print_error("%s: element %lld is %.9g, expected %.9g\n", what, (long long)i,
                        (double)((const float *)got)[i], ((const double *)want)[i]);
            fail();
        }
}

static int steps_of_winograd(const brn_plan *plan)
{
    int count = 0;
    for (int i = 0; i < brn_plan_step_count(plan); i++)
        count += strstr(brn_plan_step(plan, i).implementation, "winograd") != NULL;
    return count;
}

TEST(plans_choose_winograd_convolution_and_equal_the_reference)
{
    const problem *k = &planned;
    network cpu = network_new("cpu", BRN_DTYPE_F32, true), exact = network_new("reference", BRN_DTYPE_F64, true);
    assert_int_equal(steps_of_winograd(cpu.plan), 5); /* two layouts of the weights, and three kernels */
    assert_near("y", y_count(k), brn_plan_output(cpu.plan, 0), brn_plan_output(exact.plan, 0));
    assert_near("dx", x_count(k), brn_plan_output(cpu.plan, 1), brn_plan_output(exact.plan, 1));
    void *got, *want;
    assert_ok(brn_parameters_gradients(cpu.store, &got));
    assert_ok(brn_parameters_gradients(exact.store, &want));
    for (int i = 0; i < 2; i++) {
        brn_parameter_info info = brn_parameters_info(cpu.store, i);
        assert_near(info.name, info.count, (float *)got + info.offset, (double *)want + info.offset);
    }
    network_free(&cpu), network_free(&exact);
}

TEST(plans_transform_weights_anew_when_they_change)
{
    const problem *k = &planned;
    network net = network_new("cpu", BRN_DTYPE_F32, false);
    int64_t n = y_count(k);
    float *first = malloc((size_t)n * sizeof *first), *w = net.memory[2], none[48] = {0};
    memcpy(first, brn_plan_output(net.plan, 0), (size_t)n * sizeof *first);
    assert_ok(brn_plan_run(net.plan, &(brn_run){0})); /* with the weights of the run before */
    assert_memory_equal(first, brn_plan_output(net.plan, 0), (size_t)n * sizeof *first);
    for (int64_t i = 0; i < w_count(k); i++) w[i] *= 2; /* exact, so that y doubles to the bit */
    assert_ok(brn_parameters_write(net.store, brn_parameters_find(net.store, "b"), BRN_DTYPE_F32, none, k->o));
    assert_ok(brn_plan_run(net.plan, &(brn_run){0}));
    memcpy(first, brn_plan_output(net.plan, 0), (size_t)n * sizeof *first);
    assert_ok(brn_parameters_write(net.store, brn_parameters_find(net.store, "w"), BRN_DTYPE_F32, w, w_count(k)));
    assert_ok(brn_plan_run(net.plan, &(brn_run){0}));
    for (int64_t i = 0; i < n; i++) assert_true(((const float *)brn_plan_output(net.plan, 0))[i] == 2 * first[i]);
    free(first);
    network_free(&net);
}
