/* SPDX-License-Identifier: Apache-2.0
 * A file as torch.save wrote it, into a network: convolutions in half and norms in float, as
 * torchvision's wide ResNets have them; DenseNet's old names; the prefix of DataParallel; nested in
 * a checkpoint (tests/golden/make_containers.py, mixed()). */
#include "burnish/model_zoo.h"
#include "io/state.h"
#include "test.h"

#include <stdio.h>

/* One dense layer of 4 channels, without the concatenation. */
static brn_node *body(const brn_model *model, brn_node *x)
{
    (void)model;
    brn_graph *graph = brn_node_graph(x);
    brn_scope_push(graph, "features");
    brn_scope_push(graph, "denseblock1");
    brn_scope_push(graph, "denselayer1");
    x = brn_relu(brn_nn_batch_norm(x, "norm1", NULL));
    x = brn_nn_conv2d(x, "conv1", &(brn_nn_conv2d_options){.channels = 4, .kernel = 1});
    x = brn_relu(brn_nn_batch_norm(x, "norm2", NULL));
    x = brn_nn_conv2d(x, "conv2",
                      &(brn_nn_conv2d_options){.channels = 4, .kernel = 3, .padding = 1});
    for (int i = 0; i < 3; i++) brn_scope_pop(graph);
    return x;
}

static brn_node *classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    (void)model;
    return brn_nn_linear(brn_global_pool(features, BRN_POOL_AVERAGE), "classifier", classes, true,
                         (brn_init){.kind = BRN_INIT_LINEAR_UNIFORM});
}

static brn_status describe(void *context, int index, const char **name, brn_shape *shape)
{
    const brn__entry *entry = brn__state_entry(context, index);
    *name = entry->name;
    *shape = entry->shape;
    return BRN_OK;
}

static brn_status read_tensor(void *context, int index, brn_dtype dtype, void *out, int64_t count)
{
    (void)count;
    return brn__state_read(brn__state_entry(context, index), dtype, out);
}

/* ((7 k + seed) mod 23 - 11) / 4: exact in half. */
static void check_parameter(const brn_parameters *store, const char *name, int seed, int count)
{
    double values[256];
    const int index = brn_parameters_find(store, name);
    if (index < 0) fail_msg("no parameter %s", name);
    assert_int_equal(brn_parameters_info(store, index).count, count);
    assert_ok(brn_parameters_read(store, index, BRN_DTYPE_F64, values, count));
    for (int k = 0; k < count; k++)
        assert_close(values[k], ((7 * k + seed) % 23 - 11) / 4., 0);
}

static void check_loaded(const brn_parameters *store)
{
    static const char *const parts[] = {"weight", "bias", "running_mean", "running_var"};
    char name[128];
    for (int layer = 1; layer <= 2; layer++) {
        for (int part = 0; part < 4; part++) {
            snprintf(name, sizeof name, "features.denseblock1.denselayer1.norm%d.%s", layer,
                     parts[part]);
            check_parameter(store, name, 10 * layer + part, 4);
        }
        snprintf(name, sizeof name, "features.denseblock1.denselayer1.conv%d.weight", layer);
        check_parameter(store, name, 10 * layer + 4, layer == 1 ? 16 : 144);
    }
    check_parameter(store, "classifier.weight", 30, 8);
    check_parameter(store, "classifier.bias", 31, 2);
}

TEST(a_half_file_with_densenets_old_names_fills_a_network)
{
    brn_model model = *brn_model_find("densenet121");
    model.features = 4;
    model.body = body;
    model.classifier_of = classifier;
    brn_graph *graph;
    brn_parameters *store;
    brn__state *state;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "image", BRN_DTYPE_F32, (int64_t[]){2, 4, 8, 8}, 4);
    brn_node *logits = model.classifier_of(&model, model.body(&model, x), 2);
    assert_int_equal(brn_node_shape(logits).dims[1], 2);
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    assert_ok(brn__state_open(test_source_path("tests/golden/containers/mixed.legacy.pt"), &state));
    int halves = 0;
    for (int64_t i = 0; i < brn__state_count(state); i++)
        halves += brn__state_entry(state, i)->dtype == BRN_DTYPE_F16;
    assert_int_equal(halves, 4);
    const brn_model_source source = {.context = state,
                                     .name = "mixed.legacy.pt",
                                     .count = (int)brn__state_count(state),
                                     .describe = describe,
                                     .read = read_tensor};
    assert_ok(brn_model_load(&model, store, &source, BRN_MODEL_WHOLE));
    check_loaded(store);
    brn__state_close(state);
    brn_parameters_free(store);
    brn_graph_free(graph);
}
