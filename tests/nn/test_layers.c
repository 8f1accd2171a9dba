/* SPDX-License-Identifier: Apache-2.0 */
#include "burnish/nn.h"
#include "burnish/parameters.h"
#include "graph/graph.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static brn_graph *new_graph(void)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    return graph;
}

static brn_node *pictures(brn_graph *graph, int64_t channels)
{
    return brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){2, channels, 8, 8}, 4);
}

static void assert_shape(const brn_node *node, brn_shape expected)
{
    const brn_shape shape = brn_node_shape(node);
    char a[128], b[128];
    if (!brn_shape_equal(shape, expected))
        fail_msg("shape %s, expected %s", brn_shape_text(shape, a, sizeof a),
                 brn_shape_text(expected, b, sizeof b));
}
#define SHAPE(...)                                                                                 \
    brn_shape_of((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),                        \
                 (const int64_t[]){__VA_ARGS__})

/* "name kind (shape)" of every parameter of the store, in order. */
static void assert_parameters(brn_graph *graph, const char *const *expected)
{
    static const char *const kinds[] = {"weight", "bias", "norm", "buffer"};
    brn_parameters *store;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    int count = 0;
    for (; expected[count]; count++) {
        assert_true(count < brn_parameters_count(store));
        const brn_parameter_info info = brn_parameters_info(store, count);
        char shape[128], line[256];
        snprintf(line, sizeof line, "%s %s %s", info.name, kinds[info.kind],
                 brn_shape_text(info.shape, shape, sizeof shape));
        assert_string_equal(line, expected[count]);
    }
    assert_int_equal(count, brn_parameters_count(store));
    brn_parameters_free(store);
}

TEST(layers_have_the_names_and_shapes_of_pytorch)
{
    brn_graph *graph = new_graph();
    brn_scope_push(graph, "layer%d", 1);
    brn_node *x = brn_nn_conv_norm(
        pictures(graph, 4),
        &(brn_nn_conv_norm_options){
            .conv_name = "conv",
            .norm_name = "bn",
            .conv =
                {.channels = 6, .kernel = 3, .stride = 2, .padding = 1, .groups = 2, .bias = true},
            .activation = BRN_ACTIVATION_RELU});
    brn_scope_pop(graph);
    assert_shape(x, SHAPE(2, 6, 4, 4));
    x = brn_nn_linear(brn_flatten(x), "fc", 5, true, (brn_init){.kind = BRN_INIT_LINEAR_UNIFORM});
    assert_shape(x, SHAPE(2, 5));
    assert_parameters(graph,
                      (const char *const[]){"layer1.conv.weight weight (6, 2, 3, 3)",
                                            "fc.weight weight (5, 96)", "layer1.conv.bias bias (6)",
                                            "layer1.bn.weight norm (6)", "layer1.bn.bias norm (6)",
                                            "fc.bias bias (5)", "layer1.bn.running_mean buffer (6)",
                                            "layer1.bn.running_var buffer (6)", NULL});
    brn_graph_free(graph);
}

TEST(the_default_head_is_fastais)
{
    brn_graph *graph = new_graph();
    const brn_nn_head_options options = brn_nn_head_defaults(3);
    brn_node *x = brn_nn_head(pictures(graph, 20), &options);
    assert_shape(x, SHAPE(2, 3));
    assert_parameters(
        graph,
        (const char *const[]){
            "head.linear1.weight weight (512, 40)", "head.linear2.weight weight (3, 512)",
            "head.bn1.weight norm (40)", "head.bn1.bias norm (40)", "head.linear1.bias bias (512)",
            "head.bn2.weight norm (512)", "head.bn2.bias norm (512)", "head.linear2.bias bias (3)",
            "head.bn1.running_mean buffer (40)", "head.bn1.running_var buffer (40)",
            "head.bn2.running_mean buffer (512)", "head.bn2.running_var buffer (512)", NULL});
    assert_int_equal(graph->scalar_count, 2);
    assert_string_equal(graph->scalars[0].name, "head.dropout1");
    assert_close(graph->scalars[0].initial, .25, 0);
    assert_string_equal(graph->scalars[1].name, "head.dropout2");
    assert_close(graph->scalars[1].initial, .5, 0);
    brn_graph_free(graph);
}

/* The ops of a chain of first inputs, from x backwards. */
static void assert_chain(const brn_node *node, const char *expected)
{
    char chain[256] = "";
    for (; node->op != &brn__op_input; node = node->inputs[0].node) {
        strncat(chain, node->op->name, sizeof chain - strlen(chain) - 1);
        strncat(chain, " ", sizeof chain - strlen(chain) - 1);
    }
    assert_string_equal(chain, expected);
}

TEST(a_head_is_norm_dropout_linear_relu_and_no_relu_at_the_end)
{
    brn_graph *graph = new_graph();
    brn_nn_head_options options = brn_nn_head_defaults(3);
    brn_node *x = brn_nn_head(pictures(graph, 4), &options);
    assert_chain(x, "matmul dropout batch_norm activation matmul dropout batch_norm global_pool ");
    brn_graph_free(graph);

    /* dropout 0 leaves the layer out, no hidden layer is a linear probe, (N, F) is pooled already
     */
    graph = new_graph();
    options = (brn_nn_head_options){.outputs = 3};
    x = brn_nn_head(brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){2, 9}, 2), &options);
    assert_chain(x, "matmul batch_norm ");
    assert_int_equal(graph->scalar_count, 0);
    brn_graph_free(graph);
}

TEST(dropouts_of_a_head_have_streams_of_their_own)
{
    brn_graph *graph = new_graph();
    const brn_nn_head_options options = {
        .outputs = 3, .hidden_count = 2, .hidden = {16, 8}, .dropout = {.1, .2, .3}};
    brn_nn_head(pictures(graph, 4), &options);
    const char *names[3];
    int count = 0;
    for (int i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i]->op->name, "dropout") == 0)
            names[count++] = graph->nodes[i]->name;
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "head.dropout1.dropout");
    assert_string_equal(names[1], "head.dropout2.dropout");
    assert_string_equal(names[2], "head.dropout3.dropout");
    brn_graph_free(graph);
}

/* Standard deviation of a freshly drawn parameter. */
static double drawn_deviation(const brn_parameters *store, const char *name, double *mean)
{
    const int index = brn_parameters_find(store, name);
    const int64_t count = brn_parameters_info(store, index).count;
    double *values = malloc((size_t)count * sizeof *values), sum = 0, squares = 0;
    assert_non_null(values);
    assert_ok(brn_parameters_read(store, index, BRN_DTYPE_F64, values, count));
    for (int64_t i = 0; i < count; i++) sum += values[i], squares += values[i] * values[i];
    free(values);
    *mean = sum / (double)count;
    return sqrt(squares / (double)count - *mean * *mean);
}

TEST(initial_values_are_kaimings)
{
    brn_graph *graph = new_graph();
    brn_node *x = brn_nn_conv2d(pictures(graph, 32), "conv",
                                &(brn_nn_conv2d_options){.channels = 64, .kernel = 3});
    const brn_nn_head_options options = brn_nn_head_defaults(2);
    brn_nn_head(x, &options);
    brn_parameters *store;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    assert_ok(brn_parameters_initialise(store, 7, -1));
    double mean;
    assert_close(drawn_deviation(store, "conv.weight", &mean) / sqrt(2. / (64 * 9)), 1, .02);
    assert_close(drawn_deviation(store, "head.linear1.weight", &mean) / sqrt(2. / 128), 1, .02);
    assert_close(drawn_deviation(store, "head.linear1.bias", &mean), 0, 0);
    assert_close(drawn_deviation(store, "head.bn1.running_var", &mean), 0, 0);
    assert_close(mean, 1, 0);
    drawn_deviation(store, "head.bn1.weight", &mean);
    assert_close(mean, 1, 0);
    drawn_deviation(store, "head.bn1.running_mean", &mean);
    assert_close(mean, 0, 0);
    brn_parameters_free(store);
    brn_graph_free(graph);
}

TEST(a_layer_that_does_not_fit_names_itself_and_the_shape)
{
    brn_graph *graph = new_graph();
    brn_nn_conv2d(pictures(graph, 4), "stem",
                  &(brn_nn_conv2d_options){.channels = 6, .kernel = 3, .groups = 3});
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT,
                 "conv2d stem: 6 channels in 3 groups with kernel 3 do not fit x (2, 4, 8, 8)");
    brn_graph_free(graph);

    graph = new_graph();
    brn_nn_head_options options = brn_nn_head_defaults(2);
    options.dropout[1] = 1;
    brn_node *x = brn_nn_head(pictures(graph, 4), &options);
    assert_true(brn__is_poison(x));
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, "dropout head.dropout2");
    /* what is built on it stays poisoned and says the same */
    x = brn_nn_linear(brn_nn_batch_norm(x, "bn", NULL), "fc", 0, true, (brn_init){0});
    assert_true(brn__is_poison(x));
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, "dropout head.dropout2");
    brn_graph_free(graph);

    graph = new_graph();
    options = brn_nn_head_defaults(0);
    brn_nn_head(pictures(graph, 4), &options);
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, "linear head.linear2: 0 outputs");
    brn_graph_free(graph);
}
