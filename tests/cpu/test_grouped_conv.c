/* SPDX-License-Identifier: Apache-2.0
 * Our grouped and depthwise convolutions against the reference backend: value, both gradients, bias,
 * over sizes that leave partial tiles. */
#include "base/alloc.h"
#include "base/philox.h"
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "test.h"

#include <math.h>
#include <string.h>

typedef struct grouped {
    int64_t n, c, groups, h, w;
    int stride, side;
    bool same;
} grouped;

typedef struct answer {
    double *y, *dx, *dw, *db;
    int64_t y_count;
} answer;

static double *copy_values(const void *from, brn_dtype dtype, int64_t count)
{
    double *to = brn__alloc_array((size_t)count, sizeof *to);
    assert_non_null(to);
    for (int64_t i = 0; i < count; i++) to[i] = dtype == BRN_DTYPE_F64 ? ((const double *)from)[i] : (double)((const float *)from)[i];
    return to;
}

static void *draw(brn_dtype dtype, int64_t count, uint32_t stream)
{
    brn__random random = brn__random_new(5, stream, 0, 0);
    void *values = brn__alloc_array((size_t)count, brn_dtype_bytes(dtype));
    assert_non_null(values);
    for (int64_t i = 0; i < count; i++) {
        float value = (float)brn__random_between(&random, -1, 1); /* the same for both backends */
        if (dtype == BRN_DTYPE_F64) ((double *)values)[i] = (double)value;
        else ((float *)values)[i] = value;
    }
    return values;
}

static answer run(const grouped *g, const char *backend, brn_dtype dtype, bool *own_kernel)
{
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    assert_ok(brn_graph_new(&graph));
    int64_t x_dims[4] = {g->n, g->c, g->h, g->w}, w_dims[4] = {g->c, g->c / g->groups, g->side, g->side};
    int64_t x_count = g->n * g->c * g->h * g->w, w_count = g->c * w_dims[1] * g->side * g->side;
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, x_dims, 4);
    brn_node *w = brn_parameter(graph, "w", w_dims, 4, BRN_PARAMETER_WEIGHT, (brn_init){0});
    brn_node *b = brn_parameter(graph, "b", &g->c, 1, BRN_PARAMETER_BIAS, (brn_init){0});
    brn_conv2d_options options = {.stride = {g->stride, g->stride}, .padding = {g->side / 2, g->side / 2},
                                  .groups = (int)g->groups, .same = g->same};
    brn_node *y = brn_conv2d(x, w, b, &options);
    brn_node *v = brn_input(graph, "v", BRN_DTYPE_F32, brn_node_shape(y).dims, 4);
    brn_node *loss = brn_reduce(brn_mul(y, v), BRN_REDUCE_SUM, 15, false);
    assert_ok(brn_parameters_new(graph, dtype, &store));
    void *weights = draw(dtype, w_count, 1), *bias = draw(dtype, g->c, 2), *pixels = draw(dtype, x_count, 3);
    int64_t y_count = brn_shape_elements(brn_node_shape(y));
    void *factors = draw(dtype, y_count, 4);
    assert_ok(brn_parameters_write(store, brn_parameters_find(store, "w"), dtype, weights, w_count));
    assert_ok(brn_parameters_write(store, brn_parameters_find(store, "b"), dtype, bias, g->c));
    assert_ok(brn_runner_new(store, backend, 2, &runner));
    brn_plan_options wanted = brn_plan_defaults();
    wanted.outputs[wanted.output_count++] = y;
    wanted.loss = loss;
    wanted.input_gradients[wanted.input_gradient_count++] = x;
    assert_ok(brn_runner_plan(runner, &wanted, &plan));
    assert_ok(brn_plan_bind(plan, "x", pixels));
    assert_ok(brn_plan_bind(plan, "v", factors));
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    *own_kernel = false;
    for (int i = 0; i < brn_plan_step_count(plan); i++)
        *own_kernel |= strstr(brn_plan_step(plan, i).implementation, g->side == 3 ? "grouped" : "depthwise") != NULL;
    char *gradients;
    assert_ok(brn_parameters_gradients(store, (void **)&gradients));
    size_t size = brn_dtype_bytes(dtype);
    answer result = {copy_values(brn_plan_output(plan, 0), dtype, y_count),
                     copy_values(brn_plan_output(plan, 1), dtype, x_count),
                     copy_values(gradients + size * (size_t)brn_parameters_info(store, 0).offset, dtype, w_count),
                     copy_values(gradients + size * (size_t)brn_parameters_info(store, 1).offset, dtype, g->c), y_count};
    brn_runner_free(runner);
    brn_parameters_free(store);
    brn_graph_free(graph);
    brn__free(weights);
    brn__free(bias);
    brn__free(pixels);
    brn__free(factors);
    return result;
}

static void assert_near(const double *got, const double *want, int64_t count, const char *what, const grouped *g)
{
    double difference = 0, norm = 0, worst = 0;
    for (int64_t i = 0; i < count; i++) {
        difference += (got[i] - want[i]) * (got[i] - want[i]);
        norm += want[i] * want[i];
        worst = fmax(worst, fabs(got[i] - want[i]));
    }
    if (sqrt(difference) <= 1e-5 * sqrt(norm)) return;
    print_error("%s: relative error %g, largest difference %g (n %d c %d groups %d %dx%d stride %d)\n", what,
                sqrt(difference / norm), worst, (int)g->n, (int)g->c, (int)g->groups, (int)g->h, (int)g->w, g->stride);
    fail();
}

static void check_cases(const grouped *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool own, unused;
        const grouped *g = &cases[i];
        answer want = run(g, "reference", BRN_DTYPE_F64, &unused), got = run(g, "cpu", BRN_DTYPE_F32, &own);
        assert_true(own); /* 5x5 depthwise weight gradients, and groups of 4 and 8: in every instruction set */
        assert_near(got.y, want.y, want.y_count, "y", g);
        assert_near(got.dx, want.dx, g->n * g->c * g->h * g->w, "dx", g);
        assert_near(got.dw, want.dw, g->c * g->c / g->groups * g->side * g->side, "dw", g);
        assert_near(got.db, want.db, g->c, "db", g);
        double *all[] = {want.y, want.dx, want.dw, want.db, got.y, got.dx, got.dw, got.db};
        for (int k = 0; k < 8; k++) brn__free(all[k]);
    }
}

TEST(grouped_convolution_equals_the_reference)
{
    static const grouped cases[] = {
        {1, 16, 4, 7, 7, 1, 3, false},   {3, 32, 8, 8, 5, 1, 3, false},  {2, 32, 4, 7, 9, 1, 3, false},
        {1, 64, 8, 14, 15, 1, 3, false}, {2, 48, 12, 1, 1, 1, 3, false}, {1, 16, 4, 7, 7, 2, 3, false},
        {3, 32, 8, 8, 5, 2, 3, false},   {2, 32, 4, 7, 9, 2, 3, false},  {1, 64, 8, 16, 14, 2, 3, false},
        {2, 16, 2, 2, 3, 2, 3, false},
    };
    check_cases(cases, sizeof cases / sizeof *cases);
}

TEST(depthwise_5x5_equals_the_reference)
{
    static const grouped cases[] = {
        {1, 16, 16, 7, 7, 1, 5, true},  {3, 32, 32, 8, 5, 1, 5, true},  {2, 16, 16, 1, 1, 1, 5, true},
        {2, 48, 48, 3, 9, 2, 5, true},  {1, 16, 16, 14, 14, 2, 5, true}, {2, 32, 32, 15, 13, 2, 5, true},
        {2, 16, 16, 9, 6, 1, 5, false}, {2, 16, 16, 9, 6, 2, 5, false},
    };
    check_cases(cases, sizeof cases / sizeof *cases);
}
