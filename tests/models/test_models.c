/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "burnish/model_zoo.h"
#include "burnish/runner.h"
#include "graph/graph.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With the model's own classifier (classes > 0) or its body alone, whose features have `side` rows.
 */
static brn_graph *graph_of(const brn_model *model, int64_t classes, int64_t size, int64_t side)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "image", BRN_DTYPE_F32, (int64_t[]){2, 3, size, size}, 4);
    x = brn_model_body(model, x);
    const brn_shape shape = brn_node_shape(x);
    assert_ok(brn_graph_status(graph));
    assert_int_equal(shape.dims[1], model->features);
    assert_int_equal(shape.dims[2], side);
    if (classes) {
        x = brn_model_classifier(model, x, classes);
        assert_int_equal(brn_node_shape(x).dims[1], classes);
    }
    return graph;
}

static brn_parameters *new_store(const brn_model *model, int64_t classes, int64_t size)
{
    brn_graph *graph = graph_of(model, classes, size, (size + 31) / 32);
    brn_parameters *store;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    brn_graph_free(graph);
    return store;
}

static int64_t learnable(const brn_graph *graph)
{
    int64_t count = 0;
    for (int i = 0; i < graph->parameter_count; i++)
        if (graph->parameters[i].kind != BRN_PARAMETER_BUFFER)
            count += brn_shape_elements(graph->parameters[i].shape);
    return count;
}

TEST(every_model_has_the_known_number_of_parameters)
{
    static const struct {
        const char *name;
        int64_t parameters, side; /* rows of the features of a picture of its input size */
    } known[] = {
        {"efficientnet_lite0", 4652008, 7}, {"resnet18", 11689512, 7},
        {"resnet34", 21797672, 7},          {"resnet50", 25557032, 7},
        {"resnet101", 44549160, 7},         {"resnet152", 60192808, 7},
        {"resnext50_32x4d", 25028904, 7},   {"resnext101_32x8d", 88791336, 7},
        {"wide_resnet50_2", 68883240, 7},   {"vgg11", 132863336, 7},
        {"vgg11_bn", 132868840, 7},         {"vgg13", 133047848, 7},
        {"vgg13_bn", 133053736, 7},         {"vgg16", 138357544, 7},
        {"vgg16_bn", 138365992, 7},         {"vgg19", 143667240, 7},
        {"vgg19_bn", 143678248, 7},         {"squeezenet1_0", 1248424, 13},
        {"squeezenet1_1", 1235496, 13},     {"mobilenet_v2", 3504872, 7},
        {"densenet121", 7978856, 7},        {"resnet20_cifar", 269722, 8},
        {"resnet56_cifar", 853018, 8},
    };
    assert_int_equal(brn_model_count(), sizeof known / sizeof *known);
    for (int i = 0; i < brn_model_count(); i++) {
        const brn_model *model = brn_model_find(known[i].name);
        assert_non_null(model);
        const int size = model->input_size;
        brn_graph *graph = graph_of(model, size == 32 ? 10 : 1000, size, known[i].side);
        if (learnable(graph) != known[i].parameters)
            fail_msg("%s has %lld parameters, not %lld", model->name, (long long)learnable(graph),
                     (long long)known[i].parameters);
        assert_int_equal(brn_graph_group_count(graph), 3);
        brn_graph_free(graph);
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

static int declared_group(const brn_graph *graph, const char *name)
{
    for (int i = 0; i < graph->parameter_count; i++)
        if (strcmp(graph->parameters[i].name, name) == 0) return graph->parameters[i].group;
    fail_msg("no parameter %s", name);
    return -1;
}

static void assert_groups(const char *name, const char *last, const char *first,
                          const char *classifier)
{
    const brn_model *model = brn_model_find(name);
    const int64_t side = model->input_size == 32 ? 16 : strncmp(name, "squeeze", 7) == 0 ? 3 : 2;
    brn_graph *graph = graph_of(model, 10, 64, side);
    assert_int_equal(declared_group(graph, last), 0);
    assert_int_equal(declared_group(graph, first), 1);
    assert_int_equal(declared_group(graph, classifier), 2);
    brn_graph_free(graph);
}

/* The last parameter of the first group, the first of the second. */
TEST(layer_groups_split_where_the_design_says)
{
    static const char fc[] = "fc.bias", linear[] = "linear.bias",
                      classifier[] = "classifier.6.bias";
    assert_groups("wrn", "layer2.3.bn3.bias", "layer3.0.conv1.weight", fc);
    assert_groups("resnext101_32x8d", "layer2.3.bn3.bias", "layer3.0.conv1.weight", fc);
    assert_groups("vgg16_bn", "features.21.bias", "features.24.weight", classifier);
    assert_groups("vgg16", "features.14.bias", "features.17.weight", classifier);
    assert_groups("vgg19_bn", "features.21.bias", "features.23.weight", classifier);
    assert_groups("vgg19", "features.14.bias", "features.16.weight", classifier);
    assert_groups("vgg13_bn", "features.21.bias", "features.22.weight", classifier);
    assert_groups("vgg13", "features.15.bias", "features.17.weight", classifier);
    assert_groups("vgg11_bn", "features.19.bias", "features.22.weight", classifier);
    assert_groups("vgg11", "features.13.bias", "features.16.weight", classifier);
    assert_groups("squeezenet1_0", "features.4.expand3x3.bias", "features.5.squeeze.weight",
                  "classifier.1.bias");
    assert_groups("squeezenet1_1", "features.4.expand3x3.bias", "features.6.squeeze.weight",
                  "classifier.1.bias");
    assert_groups("mobilenet_v2", "features.6.conv.3.bias", "features.7.conv.0.0.weight",
                  "classifier.1.bias");
    assert_groups("dn121", "features.denseblock2.denselayer12.conv2.weight",
                  "features.transition2.norm.weight", "classifier.bias");
    assert_groups("resnet20_cifar", "layer2.2.bn2.bias", "layer3.0.conv1.weight", linear);
}

TEST(pictures_of_any_size_but_three_channels_fit)
{
    const brn_model *model = brn_model_find("efficientnet_lite0");
    brn_parameters_free(new_store(model, 10, 75));
    brn_graph_free(graph_of(brn_model_find("vgg11"), 10, 75, 2));
    brn_graph_free(graph_of(brn_model_find("squeezenet1_0"), 10, 75, 4));
    brn_graph_free(graph_of(brn_model_find("resnet20_cifar"), 10, 75, 19));
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
enum { TENSORS_MAX = 1024 };
typedef struct fake_file {
    int count, failing;
    struct {
        char name[96];
        brn_shape shape;
    } tensors[TENSORS_MAX];
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
    assert_true(file->count < TENSORS_MAX);
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

/* What torchvision's file of a model holds. */
static fake_file *file_of(const brn_model *model, const char *prefix)
{
    fake_file *file = calloc(1, sizeof *file);
    assert_non_null(file);
    file->failing = -1;
    brn_parameters *store = new_store(model, 1000, 64);
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

static fake_file *new_file(const char *prefix)
{
    return file_of(resnet18(), prefix);
}

static brn_status load_as(const brn_model *model, fake_file *file, brn_parameters *store,
                          brn_model_part part)
{
    const brn_model_source source = {.context = file,
                                     .name = "weights.pth",
                                     .count = file->count,
                                     .describe = fake_describe,
                                     .read = fake_read};
    return brn_model_load(model, store, &source, part);
}

static brn_status load(fake_file *file, brn_parameters *store, brn_model_part part)
{
    return load_as(resnet18(), file, store, part);
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

/* denselayer1.norm1.weight -> denselayer1.norm.1.weight, as in the files of before 2018. */
static void make_old(char *name, size_t size)
{
    char *end = strstr(name, "denselayer"), rest[96];
    if (!end) return;
    end = strchr(end, '.') + 1 + strlen("norm"); /* or conv */
    snprintf(rest, sizeof rest, "%s", end);
    snprintf(end, size - (size_t)(end - name), ".%s", rest);
}

TEST(the_old_names_of_densenet_are_read_as_todays)
{
    const brn_model *model = brn_model_find("densenet121");
    fake_file *file = file_of(model, "module.");
    for (int i = 0; i < file->count; i++)
        make_old(file->tensors[i].name, sizeof file->tensors[i].name);
    brn_parameters *store = new_store(model, 1000, 64);
    assert_ok(load_as(model, file, store, BRN_MODEL_WHOLE));
    assert_loaded(store, file, "features.denseblock4.denselayer16.norm2.running_var",
                  "module.features.denseblock4.denselayer16.norm.2.running_var");
    assert_loaded(store, file, "features.denseblock1.denselayer1.conv1.weight",
                  "module.features.denseblock1.denselayer1.conv.1.weight");
    assert_loaded(store, file, "features.transition1.norm.bias",
                  "module.features.transition1.norm.bias");
    brn_parameters_free(store);
    free(file);
    file = file_of(model, ""); /* and today's as they are */
    store = new_store(model, 1000, 64);
    assert_ok(load_as(model, file, store, BRN_MODEL_WHOLE));
    assert_loaded(store, file, "features.denseblock4.denselayer16.norm2.weight",
                  "features.denseblock4.denselayer16.norm2.weight");
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
