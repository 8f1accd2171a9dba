/* SPDX-License-Identifier: Apache-2.0
 * Values worked out by hand on the reference backend: what a gradient check can't see, since it
 * takes the forward value as given. */
#include "graph/backend.h"
#include "ops/cases.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    brn_graph *graph;
    brn_parameters *parameters;
    brn_runner *runner;
    brn_plan_options options;
    const char *names[6];
    const void *values[6];
    int count;
} fixture;

static fixture *begin(void)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    assert_ok(brn_graph_new(&f.graph));
    f.options = brn_plan_defaults();
    return &f;
}

static brn_node *give(fixture *f, brn_dtype dtype, const void *values, const int64_t *dims,
                      int rank)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    f->names[f->count] = names[f->count];
    f->values[f->count] = values;
    return brn_input(f->graph, names[f->count++], dtype, dims, rank);
}

/* Runs the graph and compares output `index` of y. */
static void expect(fixture *f, brn_node *y, int index, const double *expected, int64_t count)
{
    brn_plan *plan;
    f->options.outputs[f->options.output_count++] = brn_node_output(y, index);
    assert_ok(brn_graph_status(f->graph));
    assert_ok(brn_parameters_new(f->graph, BRN_DTYPE_F64, &f->parameters));
    assert_ok(brn_runner_new(f->parameters, "reference", 1, &f->runner));
    assert_ok(brn_runner_plan(f->runner, &f->options, &plan));
    for (int i = 0; i < f->count; i++) assert_ok(brn_plan_bind(plan, f->names[i], f->values[i]));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    assert_int_equal(brn_shape_elements(brn_plan_output_shape(plan, 0)), count);
    const double *got = brn_plan_output(plan, 0);
    for (int64_t i = 0; i < count; i++) assert_close(got[i], expected[i], 1e-12);
    brn_runner_free(f->runner);
    brn_parameters_free(f->parameters);
    brn_graph_free(f->graph);
}

static const double counting[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                                  14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25};

TEST(same_padding_puts_the_odd_pixel_below_and_right)
{
    fixture *f = begin();
    static const double ones[] = {1, 1, 1, 1};
    brn_node *x = give(f, BRN_DTYPE_F32, counting, DIMS(1, 1, 2, 3));
    brn_node *w = give(f, BRN_DTYPE_F32, ones, DIMS(1, 1, 2, 2));
    /* rows 1 2 3 | 4 5 6; zeros below and to the right */
    expect(f, brn_conv2d(x, w, NULL, &(brn_conv2d_options){.same = true}), 0,
           (const double[]){12, 16, 9, 9, 11, 6}, 6);
}

TEST(a_convolution_is_a_cross_correlation_with_stride_and_bias)
{
    fixture *f = begin();
    static const double kernel[] = {1, 0, 0, 2}, bias[] = {.5};
    brn_node *x = give(f, BRN_DTYPE_F32, counting, DIMS(1, 1, 4, 4));
    brn_node *w = give(f, BRN_DTYPE_F32, kernel, DIMS(1, 1, 2, 2));
    brn_node *b = give(f, BRN_DTYPE_F32, bias, DIMS(1));
    expect(f, brn_conv2d(x, w, b, &(brn_conv2d_options){.stride = {2, 2}}), 0,
           (const double[]){1 + 12.5, 3 + 16.5, 9 + 28.5, 11 + 32.5}, 4);
}

TEST(groups_see_only_their_own_channels)
{
    fixture *f = begin();
    static const double kernel[] = {10, 1, 100, 1000};
    brn_node *x = give(f, BRN_DTYPE_F32, counting, DIMS(1, 4, 1, 1)); /* 1 2 3 4 */
    brn_node *w = give(f, BRN_DTYPE_F32, kernel, DIMS(2, 2, 1, 1));
    expect(f, brn_conv2d(x, w, NULL, &(brn_conv2d_options){.groups = 2}), 0,
           (const double[]){12, 4300}, 2);
}

TEST(batch_norm_uses_biased_statistics_of_the_batch)
{
    fixture *f = begin();
    static const double x[] = {1, 3, 5, 7};
    brn_node *gamma =
        brn_parameter(f->graph, "gamma", DIMS(1), BRN_PARAMETER_NORM, (brn_init){BRN_INIT_ONES, 0});
    brn_node *beta =
        brn_parameter(f->graph, "beta", DIMS(1), BRN_PARAMETER_NORM, (brn_init){BRN_INIT_ZEROS, 0});
    brn_node *mean = brn_parameter(f->graph, "mean", DIMS(1), BRN_PARAMETER_BUFFER,
                                   (brn_init){BRN_INIT_ZEROS, 0});
    brn_node *var =
        brn_parameter(f->graph, "var", DIMS(1), BRN_PARAMETER_BUFFER, (brn_init){BRN_INIT_ONES, 0});
    brn_node *y =
        brn_batch_norm(give(f, BRN_DTYPE_F32, x, DIMS(4, 1)), gamma, beta, mean, var, NULL);
    f->options.training = true;
    expect(f, y, 2, (const double[]){5}, 1);
}

TEST(maxima_and_averages_are_taken_over_windows)
{
    fixture *f = begin();
    brn_pool2d_options options = {
        .kind = BRN_POOL_AVERAGE, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}};
    brn_node *x = give(f, BRN_DTYPE_F32, counting, DIMS(1, 1, 3, 3));
    expect(f, brn_pool2d(x, &options), 0, (const double[]){3, 4, 6, 7}, 4);
    f = begin();
    options.count_padding = true;
    x = give(f, BRN_DTYPE_F32, counting, DIMS(1, 1, 3, 3));
    expect(f, brn_pool2d(x, &options), 0, (const double[]){12. / 9, 16. / 9, 24. / 9, 28. / 9}, 4);
    f = begin();
    options.kind = BRN_POOL_MAX;
    x = give(f, BRN_DTYPE_F32, counting, DIMS(1, 1, 3, 3));
    expect(f, brn_pool2d(x, &options), 0, (const double[]){5, 6, 8, 9}, 4);
}

TEST(rounding_up_adds_only_windows_that_start_inside)
{
    brn_pool2d_options options = {.kernel = {3, 3}, .stride = {2, 2}, .ceil = true};
    assert_int_equal(brn__pool2d_size(&options, 0, 112), 56); /* SqueezeNet's: 55.5 */
    assert_int_equal(brn__pool2d_size(&options, 0, 5), 2);
    options =
        (brn_pool2d_options){.kernel = {2, 2}, .stride = {3, 3}, .padding = {1, 1}, .ceil = true};
    assert_int_equal(brn__pool2d_size(&options, 0, 5), 2); /* a third would start at 5, outside */
    options.ceil = false;
    assert_int_equal(brn__pool2d_size(&options, 0, 5), 2);
}

TEST(concat_pool_gives_the_maximum_first)
{
    fixture *f = begin();
    brn_node *x = give(f, BRN_DTYPE_F32, counting, DIMS(1, 2, 1, 2));
    expect(f, brn_concat_pool(x), 0, (const double[]){2, 4, 1.5, 3.5}, 4);
}

/* The gradient of a (1, channels, 4, 4) picture of ones through `pool`, an average and a cross
 * entropy for class 0, in double: the caller frees. */
static double *gradient_of_ties(const char *backend, int64_t channels,
                                brn_node *(*pool)(brn_node *x))
{
    fixture *f = begin();
    const bool wide = strcmp(backend, "reference") == 0;
    const int64_t count = channels * 16, target[] = {0};
    double *out = calloc((size_t)count, sizeof *out);
    double *values = calloc((size_t)count, sizeof *values);
    assert_true(out && values);
    for (int64_t i = 0; i < count; i++)
        if (wide)
            values[i] = 1;
        else
            ((float *)(void *)values)[i] = 1;
    brn_node *x = give(f, BRN_DTYPE_F32, values, DIMS(1, channels, 4, 4));
    brn_node *t = give(f, BRN_DTYPE_I64, target, DIMS(1));
    brn_plan *plan;
    f->options.training = true;
    f->options.loss = brn_cross_entropy(pool(x), t, -1);
    f->options.input_gradients[f->options.input_gradient_count++] = x;
    assert_ok(brn_parameters_new(f->graph, wide ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &f->parameters));
    assert_ok(brn_runner_new(f->parameters, backend, 1, &f->runner));
    assert_ok(brn_runner_plan(f->runner, &f->options, &plan));
    for (int i = 0; i < f->count; i++) assert_ok(brn_plan_bind(plan, f->names[i], f->values[i]));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    const void *got = brn_plan_output(plan, 0);
    for (int64_t i = 0; i < count; i++)
        out[i] = wide ? ((const double *)got)[i] : ((const float *)got)[i];
    brn_runner_free(f->runner);
    brn_parameters_free(f->parameters);
    brn_graph_free(f->graph);
    free(values);
    return out;
}

static brn_node *pool_of_resnet(brn_node *x)
{
    const brn_pool2d_options options = {
        .kind = BRN_POOL_MAX, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}};
    return brn_global_pool(brn_pool2d(x, &options), BRN_POOL_AVERAGE);
}

static brn_node *pool_of_everything(brn_node *x)
{
    return brn_global_pool(x, BRN_POOL_MAX);
}

/* As in PyTorch. The networks cannot show it: there ties are ReLU's zeros, which pass nothing on.
 */
TEST(of_equal_maxima_the_first_takes_the_gradient)
{
    static const char *const backends[] = {"reference", "cpu"};
    static const int64_t channels[] = {3, 16, 24};
    for (int k = 0; k < 6; k++) {
        if (!brn__backend_find(backends[k / 3])) continue;
        const int64_t c = channels[k % 3];
        double *windows = gradient_of_ties(backends[k / 3], c, pool_of_resnet);
        double *whole = gradient_of_ties(backends[k / 3], c, pool_of_everything);
        for (int64_t i = 0; i < c * 16; i++) {
            const int64_t at = i % 16;
            const double d = 1. / (double)c - (i < 16);
            assert_close(windows[i], at == 0 || at == 1 || at == 4 || at == 5 ? d / 4 : 0, 1e-6);
            assert_close(whole[i], at == 0 ? d : 0, 1e-6);
        }
        free(windows);
        free(whole);
    }
}

TEST(cross_entropy_is_the_mean_over_the_batch)
{
    fixture *f = begin();
    static const double logits[] = {0, 0, 0, 0};
    static const int64_t target[] = {0, 1};
    brn_node *x = give(f, BRN_DTYPE_F32, logits, DIMS(2, 2));
    brn_node *t = give(f, BRN_DTYPE_I64, target, DIMS(2));
    expect(f, brn_cross_entropy(x, t, -1), 0, (const double[]){log(2)}, 1);
}

TEST(label_smoothing_spreads_over_all_classes)
{
    fixture *f = begin();
    static const double logits[] = {1, 0};
    static const int64_t target[] = {0};
    double log_p0 = -log1p(exp(-1)), log_p1 = -1 - log1p(exp(-1));
    brn_node *x = give(f, BRN_DTYPE_F32, logits, DIMS(1, 2));
    brn_node *t = give(f, BRN_DTYPE_I64, target, DIMS(1));
    int slot = brn_scalar(f->graph, "smoothing", .2);
    expect(f, brn_cross_entropy(x, t, slot), 1, (const double[]){-.9 * log_p0 - .1 * log_p1}, 1);
}

TEST(an_index_outside_the_table_is_an_error_of_the_run)
{
    fixture *f = begin();
    static const int64_t indices[] = {1, 3};
    brn_plan *plan;
    brn_node *w = give(f, BRN_DTYPE_F32, counting, DIMS(3, 2));
    brn_node *y = brn_embedding(w, give(f, BRN_DTYPE_I64, indices, DIMS(2)));
    f->options.outputs[f->options.output_count++] = y;
    assert_ok(brn_parameters_new(f->graph, BRN_DTYPE_F64, &f->parameters));
    assert_ok(brn_runner_new(f->parameters, "reference", 1, &f->runner));
    assert_ok(brn_runner_plan(f->runner, &f->options, &plan));
    assert_ok(brn_plan_bind(plan, "a", counting));
    assert_ok(brn_plan_bind(plan, "b", indices));
    assert_fails(brn_plan_run(plan, &(brn_run){0}), BRN_ERROR_INPUT,
                 "embedding: index 3 at place 1 is not in 0..2");
    brn_runner_free(f->runner);
    brn_parameters_free(f->parameters);
    brn_graph_free(f->graph);
}

/* Folding is an identity: conv then norm with fixed statistics = conv with the folded weights. */
TEST(a_folded_batch_norm_gives_the_same_numbers)
{
    static const double x[] = {1, -2}, w[] = {2, 3}, gamma[] = {1.5}, beta[] = {.25}, mean[] = {-1},
                        var[] = {4};
    double y = 1.5 * ((2 * 1 + 3 * -2) + 1) / sqrt(4 + .5) + .25;
    fixture *f = begin();
    brn__batch_norm_attributes attributes = {.epsilon = .5};
    brn_node *picture = give(f, BRN_DTYPE_F32, x, DIMS(1, 2, 1, 1));
    brn_node *inputs[5] = {
        give(f, BRN_DTYPE_F32, w, DIMS(1, 2, 1, 1)), give(f, BRN_DTYPE_F32, gamma, DIMS(1)),
        give(f, BRN_DTYPE_F32, beta, DIMS(1)), give(f, BRN_DTYPE_F32, mean, DIMS(1)),
        give(f, BRN_DTYPE_F32, var, DIMS(1))};
    brn_node *folded = case_apply(&brn__op_batch_norm_fold, &attributes, inputs, 5);
    expect(f, brn_conv2d(picture, folded, brn_node_output(folded, 1), NULL), 0, &y, 1);
}

TEST(the_work_of_products_is_counted)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, DIMS(2, 6, 5, 5));
    brn_node *w = brn_input(graph, "w", BRN_DTYPE_F32, DIMS(4, 3, 3, 3));
    brn_node *y = brn_conv2d(x, w, NULL, &(brn_conv2d_options){.groups = 2, .stride = {2, 2}});
    assert_close(brn__op_conv2d.flops(y), 2. * 3 * 3 * 3 * (2 * 4 * 2 * 2), 0);
    brn_node *a = brn_input(graph, "a", BRN_DTYPE_F32, DIMS(5, 7));
    brn_node *b = brn_input(graph, "b", BRN_DTYPE_F32, DIMS(5, 3));
    assert_close(brn__op_matmul.flops(brn_matmul(a, b, true, false)), 2. * 7 * 3 * 5, 0);
    brn_graph_free(graph);
}
