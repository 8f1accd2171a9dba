/* SPDX-License-Identifier: Apache-2.0 */
#include "burnish/ops.h"
#include "burnish/parameters.h"
#include "graph/graph.h"
#include "ops/op_list.h"
#include "test.h"

#include <string.h>

static brn_node *input(brn_graph *graph, const char *name, int rank, const int64_t *dims)
{
    return brn_input(graph, name, BRN_DTYPE_F32, dims, rank);
}

TEST(graph_layer_ops_have_the_ids_of_the_list)
{
    for (int i = 0; i < BRN__OP_COUNT; i++) {
        assert_non_null(brn__op_table[i]);
        assert_int_equal(brn__op_table[i]->id, i);
    }
}

TEST(a_wrong_shape_poisons_the_graph_with_both_shapes)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = input(graph, "x", 4, (int64_t[]){32, 1, 224, 224});
    brn_node *w = input(graph, "w", 4, (int64_t[]){64, 3, 7, 7});
    brn_node *y = brn_conv2d(x, w, NULL, &(brn_conv2d_options){.stride = {2, 2}});
    assert_true(brn__is_poison(y));
    assert_true(brn__is_poison(brn_relu(brn_add(y, x)))); /* later builders pass it on */
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, "(64, 3, 7, 7)");
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, "(32, 1, 224, 224)");
    brn_graph_free(graph);
}

TEST(nodes_of_two_graphs_do_not_mix)
{
    brn_graph *a, *b;
    assert_ok(brn_graph_new(&a));
    assert_ok(brn_graph_new(&b));
    brn_add(input(a, "x", 1, (int64_t[]){3}), input(b, "x", 1, (int64_t[]){3}));
    assert_fails(brn_graph_status(a), BRN_ERROR_USAGE, "another graph");
    assert_ok(brn_graph_status(b));
    brn_graph_free(a);
    brn_graph_free(b);
}

TEST(scopes_name_parameters_and_unbalanced_ones_are_errors)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_scope_push(graph, "layer%d", 1);
    brn_scope_push(graph, "0");
    brn_node *w = brn_parameter(graph, "weight", (int64_t[]){2}, 1, BRN_PARAMETER_WEIGHT, (brn_init){0});
    assert_string_equal(brn_node_name(w), "layer1.0.weight");
    brn_scope_pop(graph);
    brn_scope_pop(graph);
    brn_node *v = brn_parameter(graph, "layer1.0.weight", (int64_t[]){2}, 1, BRN_PARAMETER_WEIGHT, (brn_init){0});
    assert_ptr_equal(v, w);
    brn_parameter(graph, "layer1.0.weight", (int64_t[]){3}, 1, BRN_PARAMETER_WEIGHT, (brn_init){0});
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, "declared with (2)");
    brn_graph_free(graph);
}

TEST(parameters_lie_by_group_with_decayed_weights_first_and_buffers_last)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    const struct {
        const char *name;
        int group;
        brn_parameter_kind kind;
    } declared[] = {{"a.bias", 1, BRN_PARAMETER_BIAS},   {"a.weight", 1, BRN_PARAMETER_WEIGHT},
                    {"n.mean", 0, BRN_PARAMETER_BUFFER}, {"n.weight", 0, BRN_PARAMETER_NORM},
                    {"b.weight", 0, BRN_PARAMETER_WEIGHT}};
    for (int i = 0; i < 5; i++) {
        brn_graph_set_group(graph, declared[i].group);
        brn_parameter(graph, declared[i].name, (int64_t[]){5}, 1, declared[i].kind, (brn_init){BRN_INIT_ONES});
    }
    brn_parameters *store;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    const char *expected[] = {"b.weight", "n.weight", "a.weight", "a.bias", "n.mean"};
    for (int i = 0; i < 5; i++) {
        assert_string_equal(brn_parameters_info(store, i).name, expected[i]);
        assert_int_equal(brn_parameters_info(store, i).offset, 16 * i);
    }
    int64_t begin, middle, end;
    brn_parameters_group(store, 0, &begin, &middle, &end);
    assert_int_equal(begin, 0);
    assert_int_equal(middle, 16);
    assert_int_equal(end, 32);
    brn_parameters_group(store, 1, &begin, &middle, &end);
    assert_int_equal(begin, 32);
    assert_int_equal(middle, 48);
    assert_int_equal(end, 64);
    assert_ok(brn_parameters_initialise(store, 1, 1));
    const float *values = brn_parameters_values(store);
    assert_close(values[0], 0, 0);
    assert_close(values[32], 1, 0);
    assert_close(values[37], 0, 0); /* the gap stays zero */
    brn_parameters_free(store);
    brn_graph_free(graph);
}

TEST(initial_values_depend_on_seed_and_name_only)
{
    float first[30], second[30];
    for (int turn = 0; turn < 2; turn++) {
        brn_graph *graph;
        brn_parameters *store;
        assert_ok(brn_graph_new(&graph));
        if (turn) brn_parameter(graph, "other", (int64_t[]){7}, 1, BRN_PARAMETER_WEIGHT, (brn_init){BRN_INIT_NORMAL, 1});
        brn_parameter(graph, "w", (int64_t[]){5, 6}, 2, BRN_PARAMETER_WEIGHT, (brn_init){BRN_INIT_KAIMING_NORMAL});
        assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
        assert_ok(brn_parameters_initialise(store, 9, -1));
        assert_ok(brn_parameters_read(store, brn_parameters_find(store, "w"), BRN_DTYPE_F32, turn ? second : first, 30));
        brn_parameters_free(store);
        brn_graph_free(graph);
    }
    assert_memory_equal(first, second, sizeof first);
    assert_true(first[0] != first[1]);
}
