/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "burnish/model_zoo.h"
#include "burnish/runner.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A store with the model's own classifier (classes > 0) or its body alone. */
static brn_parameters *new_store(const brn_model *model, int64_t classes, int64_t size)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "image", BRN_DTYPE_F32, (int64_t[]){2, 3, size, size}, 4);
    x = brn_model_body(model, x);
    const brn_shape shape = brn_node_shape(x);
    assert_int_equal(shape.dims[1], model->features);
    assert_int_equal(shape.dims[2], (size + 31) / 32);
    if (classes) {
        x = brn_model_classifier(model, x, classes);
        assert_int_equal(brn_node_shape(x).dims[1], classes);
    }
    brn_parameters *store;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    brn_graph_free(graph);
    return store;
}

static int64_t learnable(const brn_parameters *store)
{
    int64_t count = 0;
    for (int i = 0; i < brn_parameters_count(store); i++) {
        const brn_parameter_info info = brn_parameters_info(store, i);
        if (info.kind != BRN_PARAMETER_BUFFER) count += info.count;
    }
    return count;
}

TEST(every_model_has_the_known_number_of_parameters)
{
    static const struct {
        const char *name;
        int64_t parameters;
    } known[] = {
        {"resnet18", 11689512},          {"resnet34", 21797672},  {"resnet50", 25557032},
        {"resnet101", 44549160},         {"resnet152", 60192808}, {"resnext50_32x4d", 25028904},
        {"efficientnet_lite0", 4652008},
    };
    assert_int_equal(brn_model_count(), sizeof known / sizeof *known);
    for (int i = 0; i < brn_model_count(); i++) {
        const brn_model *model = brn_model_find(known[i].name);
        assert_non_null(model);
        brn_parameters *store = new_store(model, 1000, 224);
        if (learnable(store) != known[i].parameters)
            fail_msg("%s has %lld parameters, not %lld", model->name, (long long)learnable(store),
                     (long long)known[i].parameters);
        brn_parameters_free(store);
    }
}

TEST(the_resnext50_of_fastai_has_its_numbers)
{
    const brn_model *model = brn_model_find("resnext50");
    assert_string_equal(model->name, "resnext50_32x4d");
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "image", BRN_DTYPE_F32, (int64_t[]){2, 3, 64, 64}, 4);
    const brn_nn_head_options head = brn_nn_head_defaults(2);
    brn_model_head(model, brn_model_body(model, x), &head);
    brn_parameters *store;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    int64_t body = 0, head_count = 0;
    for (int i = 0; i < brn_parameters_count(store); i++) {
        const brn_parameter_info info = brn_parameters_info(store, i);
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        *(info.group < model->body_groups ? &body : &head_count) += info.count;
    }
    assert_int_equal(body, 22979904);
    assert_int_equal(head_count, 2107906);
    brn_parameters_free(store);
    brn_graph_free(graph);
}

TEST(names_are_found_or_listed)
{
    assert_null(brn_model_find("resnet99"));
    test_assert_message("no architecture is called \"resnet99\"; there are efficientnet_lite0, ",
                        __FILE__, __LINE__);
    test_assert_message("resnet18, ", __FILE__, __LINE__);
    assert_ptr_equal(brn_model_find("resnet50"), brn_model_find(brn_model_find("resnet50")->name));
    assert_null(brn_model_at(-1));
    assert_null(brn_model_at(brn_model_count()));
}

static int group_of(const brn_parameters *store, const char *name)
{
    const int index = brn_parameters_find(store, name);
    if (index < 0) fail_msg("no parameter %s", name);
    return brn_parameters_info(store, index).group;
}

TEST(layer_groups_are_fastais)
{
    brn_parameters *store = new_store(brn_model_find("resnet34"), 1000, 64);
    assert_int_equal(brn_parameters_group_count(store), 3);
    assert_int_equal(group_of(store, "conv1.weight"), 0);
    assert_int_equal(group_of(store, "layer2.3.bn2.bias"), 0);
    assert_int_equal(group_of(store, "layer2.3.bn2.running_var"), 0);
    assert_int_equal(group_of(store, "layer3.0.conv1.weight"), 1);
    assert_int_equal(group_of(store, "layer3.0.downsample.0.weight"), 1);
    assert_int_equal(group_of(store, "layer4.2.bn2.weight"), 1);
    assert_int_equal(group_of(store, "fc.weight"), 2);
    brn_parameters_free(store);
    store = new_store(brn_model_find("efficientnet_lite0"), 1000, 64);
    assert_int_equal(group_of(store, "_conv_stem.weight"), 0);
    assert_int_equal(group_of(store, "_blocks.4._bn2.running_mean"), 0);
    assert_int_equal(group_of(store, "_blocks.5._expand_conv.weight"), 1);
    assert_int_equal(group_of(store, "_conv_head.weight"), 1);
    assert_int_equal(group_of(store, "_bn1.weight"), 1);
    assert_int_equal(group_of(store, "_fc.bias"), 2);
    assert_int_equal(brn_parameters_find(store, "_blocks.0._expand_conv.weight"), -1);
    brn_parameters_free(store);
}

TEST(pictures_of_any_size_but_three_channels_fit)
{
    const brn_model *model = brn_model_find("efficientnet_lite0");
    brn_parameters_free(new_store(model, 10, 75));
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "image", BRN_DTYPE_F32, (int64_t[]){2, 1, 64, 64}, 4);
    brn_model_classifier(model, brn_model_body(model, x), 10);
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT,
                 "efficientnet_lite0 needs pictures (N, 3, H, W), got (2, 1, 64, 64)");
    brn_graph_free(graph);
}

/* ------------------------------------------------------------------ loading */

/* A file in memory: the tensors of a store, which a test may then change. Tensor i holds the value
 * i + element / 1024 so that every place can be told. */
typedef struct fake_file {
    int count, failing;
    struct {
        char name[96];
        brn_shape shape;
    } tensors[512];
} fake_file;

static brn_status fake_describe(void *context, int index, const char **name, brn_shape *shape)
{
    fake_file *file = context;
    *name = file->tensors[index].name;
    *shape = file->tensors[index].shape;
    return BRN_OK;
}

static brn_status fake_read(void *context, int index, brn_dtype dtype, void *out, int64_t count)
{
    const fake_file *file = context;
    assert_int_equal(dtype, BRN_DTYPE_F32);
    assert_int_equal(count, brn_shape_elements(file->tensors[index].shape));
    if (index == file->failing) return BRN_ERROR_IO;
    for (int64_t i = 0; i < count; i++) ((float *)out)[i] = (float)index + (float)(i % 1024) / 1024;
    return BRN_OK;
}

static void add_tensor(fake_file *file, const char *name, brn_shape shape)
{
    assert_true(file->count < 512);
    snprintf(file->tensors[file->count].name, sizeof file->tensors->name, "%s", name);
    file->tensors[file->count++].shape = shape;
}

static int place_of(const fake_file *file, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return i;
    fail_msg("no tensor %s", name);
    return -1;
}

static const brn_model *resnet18(void)
{
    return brn_model_find("resnet18");
}

/* What torchvision's resnet18 file holds. */
static fake_file *new_file(const char *prefix)
{
    fake_file *file = calloc(1, sizeof *file);
    assert_non_null(file);
    file->failing = -1;
    brn_parameters *store = new_store(resnet18(), 1000, 64);
    for (int i = brn_parameters_count(store) - 1; i >= 0; i--) {
        const brn_parameter_info info = brn_parameters_info(store, i);
        char name[128];
        snprintf(name, sizeof name, "%s%s", prefix, info.name);
        add_tensor(file, name, info.shape);
        char *end = strstr(name, "running_var");
        if (!end) continue;
        strcpy(end, "num_batches_tracked");
        add_tensor(file, name, brn_shape_of(0, NULL));
    }
    brn_parameters_free(store);
    return file;
}

static brn_status load(fake_file *file, brn_parameters *store, brn_model_part part)
{
    const brn_model_source source = {.context = file,
                                     .name = "weights.pth",
                                     .count = file->count,
                                     .describe = fake_describe,
                                     .read = fake_read};
    return brn_model_load(resnet18(), store, &source, part);
}

static void assert_loaded(const brn_parameters *store, const fake_file *file, const char *name,
                          const char *file_name)
{
    const int index = brn_parameters_find(store, name);
    const int64_t count = brn_parameters_info(store, index).count;
    float *values = malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    assert_ok(brn_parameters_read(store, index, BRN_DTYPE_F32, values, count));
    assert_float_equal(values[1], (float)place_of(file, file_name) + 1.f / 1024, 0);
    free(values);
}

TEST(weights_are_loaded_by_name)
{
    fake_file *file = new_file("");
    brn_parameters *store = new_store(resnet18(), 1000, 64);
    assert_ok(load(file, store, BRN_MODEL_WHOLE));
    for (int i = 0; i < brn_parameters_count(store); i++) {
        const char *name = brn_parameters_info(store, i).name;
        assert_loaded(store, file, name, name);
    }
    brn_parameters_free(store);
    free(file);
}

TEST(a_module_prefix_is_ignored)
{
    fake_file *file = new_file("module.");
    brn_parameters *store = new_store(resnet18(), 1000, 64);
    assert_ok(load(file, store, BRN_MODEL_WHOLE));
    assert_loaded(store, file, "layer1.0.bn1.running_var", "module.layer1.0.bn1.running_var");
    brn_parameters_free(store);
    free(file);
}

TEST(a_body_leaves_the_classifier_of_the_file_aside)
{
    fake_file *file = new_file("");
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "image", BRN_DTYPE_F32, (int64_t[]){2, 3, 64, 64}, 4);
    const brn_nn_head_options head = brn_nn_head_defaults(2);
    brn_model_head(resnet18(), brn_model_body(resnet18(), x), &head);
    brn_parameters *store;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    assert_ok(load(file, store, BRN_MODEL_BODY));
    assert_loaded(store, file, "layer4.1.bn2.running_mean", "layer4.1.bn2.running_mean");
    assert_fails(load(file, store, BRN_MODEL_WHOLE), BRN_ERROR_INPUT, "head.linear1.weight");
    brn_parameters_free(store);
    brn_graph_free(graph);
    free(file);
}

TEST(a_classifier_of_another_width_is_an_error_with_both_shapes)
{
    fake_file *file = new_file("");
    brn_parameters *store = new_store(resnet18(), 10, 64);
    assert_fails(load(file, store, BRN_MODEL_WHOLE), BRN_ERROR_INPUT,
                 "its tensor fc.weight is (1000, 512), the model needs (10, 512)");
    assert_fails(load(file, store, BRN_MODEL_WHOLE), BRN_ERROR_INPUT,
                 "weights.pth does not hold weights of resnet18: ");
    const float *values = brn_parameters_values(store); /* nothing is written */
    for (int64_t i = 0; i < brn_parameters_elements(store); i++) assert_true(values[i] == 0);
    assert_ok(load(file, store, BRN_MODEL_BODY));
    brn_parameters_free(store);
    free(file);
}

TEST(missing_and_unknown_tensors_are_named)
{
    fake_file *file = new_file("");
    brn_parameters *store = new_store(resnet18(), 1000, 64);
    strcpy(file->tensors[place_of(file, "layer3.1.bn2.bias")].name, "layer3.1.bn2.beta");
    assert_fails(load(file, store, BRN_MODEL_WHOLE), BRN_ERROR_INPUT,
                 "its tensor layer3.1.bn2.beta (256) is not in the model; "
                 "layer3.1.bn2.bias (256) is missing");
    strcpy(file->tensors[place_of(file, "layer3.1.bn2.beta")].name, "conv1.weight");
    assert_fails(load(file, store, BRN_MODEL_WHOLE), BRN_ERROR_INPUT, "conv1.weight twice");
    file->count = 1;
    assert_fails(load(file, store, BRN_MODEL_BODY), BRN_ERROR_INPUT, "is missing; and ");
    brn_parameters_free(store);
    free(file);
}

TEST(a_tensor_that_cannot_be_read_is_named)
{
    fake_file *file = new_file("");
    brn_parameters *store = new_store(resnet18(), 1000, 64);
    file->failing = place_of(file, "layer2.0.conv1.weight");
    assert_fails(load(file, store, BRN_MODEL_WHOLE), BRN_ERROR_IO,
                 "weights.pth: tensor layer2.0.conv1.weight");
    brn_parameters_free(store);
    free(file);
}

TEST(no_memory_while_loading_is_an_error_at_every_allocation)
{
    fake_file *file = new_file("");
    file->count--; /* so that a sentence is built as well */
    brn_parameters *store = new_store(resnet18(), 1000, 64);
    uint64_t failing = 1;
    for (; failing < 100; failing++) {
        brn__alloc_fail_after(failing, 0);
        const brn_status status = load(file, store, BRN_MODEL_WHOLE);
        brn__alloc_fail_after(0, 0);
        if (status == BRN_ERROR_INPUT) break;
        assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
    assert_true(failing > 1 && failing < 100);
    brn_parameters_free(store);
    free(file);
}
