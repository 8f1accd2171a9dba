/* SPDX-License-Identifier: Apache-2.0
 * Described networks: against PyTorch, against architectures of the list built anew, and against descriptions
 * that are none. */
#include "base/alloc.h"
#include "burnish/network.h"
#include "burnish/runner.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "graph/graph.h"
#include "models/network.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static brn_network *network_of(const char *text)
{
    brn_network *network;
    assert_ok(brn_network_read(text, strlen(text), &network));
    return network;
}

/* ------------------------------------------------------------------ against PyTorch */

typedef struct machine {
    brn_graph *graph;
    brn_node *logits, *loss;
    brn_parameters *store;
    brn_runner *runner;
} machine;

static void machine_free(machine *m)
{
    brn_runner_free(m->runner);
    brn_parameters_free(m->store);
    brn_graph_free(m->graph);
}

static void fill(brn_parameters *store)
{
    for (int i = 0; i < brn_parameters_count(store); i++) {
        const brn_parameter_info info = brn_parameters_info(store, i);
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        double *u = malloc((size_t)info.count * sizeof *u);
        golden_uniform(info.name, info.count, u);
        const bool norm = info.kind == BRN_PARAMETER_NORM;
        const bool scale = strcmp(info.name + strlen(info.name) - 6, "weight") == 0;
        for (int64_t k = 0; k < info.count; k++) u[k] = !norm ? .5 * u[k] : scale ? 1 + .2 * u[k] : .1 * u[k];
        assert_ok(brn_parameters_write(store, i, BRN_DTYPE_F64, u, info.count));
        free(u);
    }
}

static void check_step(const char *name, const char *backend, double tolerance)
{
    json_t *golden = golden_open("tests/golden/networks.json");
    const json_t *c = json_object_get(golden, name), *shape = json_object_get(c, "shape");
    const int64_t classes = json_integer_value(json_object_get(c, "classes"));
    const bool is_double = !strcmp(backend, "reference");
    machine m = {0};
    int64_t dims[4], target[16], count = 1;
    const int rank = (int)json_array_size(shape);
    for (int i = 0; i < rank; i++) count *= dims[i] = json_integer_value(json_array_get(shape, (size_t)i));
    brn_network *network = network_of(json_string_value(json_object_get(c, "description")));
    assert_ok(brn_graph_new(&m.graph));
    brn_node *x = brn_input(m.graph, "x", BRN_DTYPE_F32, dims, rank);
    m.logits = brn_network_build(network, x, classes);
    m.loss = brn_cross_entropy(m.logits, brn_input(m.graph, "target", BRN_DTYPE_I64, dims, 1), -1);
    assert_ok(brn_graph_status(m.graph));
    assert_ok(brn_parameters_new(m.graph, is_double ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &m.store));
    assert_ok(brn_parameters_initialise(m.store, 1, -1));
    fill(m.store);
    assert_ok(brn_runner_new(m.store, backend, 1, &m.runner));
    brn_plan_options options = brn_plan_defaults();
    options.training = true, options.loss = m.loss;
    options.outputs[options.output_count++] = m.logits;
    options.outputs[options.output_count++] = m.loss;
    brn_plan *plan;
    assert_ok(brn_runner_plan(m.runner, &options, &plan));
    double *input = malloc((size_t)count * sizeof *input);
    float *single = malloc((size_t)count * sizeof *single);
    for (int64_t i = 0; i < count; i++)
        single[i] = (float)(input[i] = json_number_value(json_array_get(json_object_get(c, "input"), (size_t)i)));
    golden_targets(dims[0], classes, target);
    assert_ok(brn_plan_bind(plan, "x", is_double ? (void *)input : (void *)single));
    assert_ok(brn_plan_bind(plan, "target", target));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    const void *logits = brn_plan_output(plan, 0), *loss = brn_plan_output(plan, 1);
    assert_close(is_double ? *(const double *)loss : (double)*(const float *)loss,
                 json_number_value(json_object_get(c, "loss")), tolerance);
    double *values = malloc(65536 * sizeof *values);
    for (int64_t i = 0; i < dims[0] * classes; i++)
        values[i] = is_double ? ((const double *)logits)[i] : (double)((const float *)logits)[i];
    assert_true(golden_check_array(json_object_get(c, "logits"), "logits", values, dims[0] * classes, tolerance) <= tolerance);
    void *gradients;
    int learned = 0;
    assert_ok(brn_parameters_gradients(m.store, &gradients));
    for (int i = 0; i < brn_parameters_count(m.store); i++) {
        const brn_parameter_info info = brn_parameters_info(m.store, i);
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        const json_t *want = json_object_get(json_object_get(c, "gradients"), info.name);
        if (!want) fail_msg("PyTorch has no parameter %s", info.name);
        for (int64_t k = 0; k < info.count; k++)
            values[k] = is_double ? ((double *)gradients)[info.offset + k] : (double)((float *)gradients)[info.offset + k];
        if (golden_check_array(want, info.name, values, info.count, tolerance) > tolerance) fail_msg("%s", info.name);
        learned++;
    }
    assert_int_equal(learned, json_object_size(json_object_get(c, "gradients")));
    free(values);
    free(single);
    free(input);
    machine_free(&m);
    brn_network_free(network);
    json_decref(golden);
}

TEST(described_networks_step_as_pytorch_in_double)
{
    check_step("pictures", "reference", 1e-9);
    check_step("rows", "reference", 1e-9);
}

TEST(described_networks_step_as_pytorch_on_cpu)
{
    check_step("pictures", "cpu", 2e-5);
    check_step("rows", "cpu", 2e-5);
}

/* ------------------------------------------------------------------ against the list */

/* ResNet-18 in a description: names, groups and bits must be those of the list's. */
static char *resnet18_text(void)
{
    static char text[8192];
    int n = snprintf(text, sizeof text,
                     "{\"format\": 1, \"name\": \"eighteen\", \"size\": 224, \"groups\": [6, 8], \"layers\": ["
                     "{\"layer\": \"conv\", \"name\": \"conv1\", \"channels\": 64, \"kernel\": 7, \"stride\": 2, "
                     "\"padding\": 3, \"bias\": false}, {\"layer\": \"batch_norm\", \"name\": \"bn1\"}, {\"layer\": \"relu\"}, "
                     "{\"layer\": \"max_pool\", \"kernel\": 3, \"stride\": 2, \"padding\": 1}");
    for (int stage = 0; stage < 4; stage++) {
        n += snprintf(text + n, sizeof text - (size_t)n, ", {\"layer\": \"sequential\", \"name\": \"layer%d\", \"layers\": [",
                      stage + 1);
        for (int i = 0; i < 2; i++) {
            const int width = 64 << stage, stride = stage && !i ? 2 : 1;
            n += snprintf(text + n, sizeof text - (size_t)n,
                          "%s{\"layer\": \"residual\", \"activation\": \"relu\", \"layers\": ["
                          "{\"layer\": \"conv\", \"name\": \"conv1\", \"channels\": %d, \"kernel\": 3, \"stride\": %d, "
                          "\"padding\": 1, \"bias\": false}, {\"layer\": \"batch_norm\", \"name\": \"bn1\"}, {\"layer\": \"relu\"}, "
                          "{\"layer\": \"conv\", \"name\": \"conv2\", \"channels\": %d, \"kernel\": 3, \"padding\": 1, "
                          "\"bias\": false}, {\"layer\": \"batch_norm\", \"name\": \"bn2\"}]",
                          i ? ", " : "", width, stride, width);
            if (stride == 2)
                n += snprintf(text + n, sizeof text - (size_t)n,
                              ", \"shortcut\": {\"layer\": \"sequential\", \"name\": \"downsample\", \"layers\": ["
                              "{\"layer\": \"conv\", \"channels\": %d, \"kernel\": 1, \"stride\": 2, \"bias\": false}, "
                              "{\"layer\": \"batch_norm\"}]}", width);
            n += snprintf(text + n, sizeof text - (size_t)n, "}");
        }
        n += snprintf(text + n, sizeof text - (size_t)n, "]}");
    }
    snprintf(text + n, sizeof text - (size_t)n,
             ", {\"layer\": \"global_pool\"}, {\"layer\": \"linear\", \"name\": \"fc\", \"outputs\": \"classes\"}]}");
    return text;
}

enum { ITEMS = 3, SIDE = 40, CLASSES = 5 };

/* Two batches in training behaviour, a step of plain descent after each: all values and gradients then. */
static void train_a_little(const brn_model *model, float **out, int64_t *count, brn_parameters **store)
{
    static float pixels[ITEMS * 3 * SIDE * SIDE];
    const int64_t target[ITEMS] = {1, 4, 0};
    machine m = {0};
    for (size_t i = 0; i < sizeof pixels / sizeof *pixels; i++) pixels[i] = (float)(i * 2654435761u % 2000) / 1000 - 1;
    assert_ok(brn_graph_new(&m.graph));
    brn_node *x = brn_input(m.graph, "image", BRN_DTYPE_F32, (int64_t[]){ITEMS, 3, SIDE, SIDE}, 4);
    m.logits = brn_model_classifier(model, brn_model_body(model, x), CLASSES);
    m.loss = brn_cross_entropy(m.logits, brn_input(m.graph, "target", BRN_DTYPE_I64, (int64_t[]){ITEMS}, 1), -1);
    assert_ok(brn_parameters_new(m.graph, BRN_DTYPE_F32, &m.store));
    assert_ok(brn_parameters_initialise(m.store, 9, -1));
    assert_ok(brn_runner_new(m.store, "cpu", 1, &m.runner));
    brn_plan_options options = brn_plan_defaults();
    options.training = true, options.loss = m.loss;
    brn_plan *plan;
    assert_ok(brn_runner_plan(m.runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "image", pixels));
    assert_ok(brn_plan_bind(plan, "target", target));
    const int64_t elements = brn_parameters_elements(m.store);
    float *values = brn_parameters_values(m.store);
    void *gradients;
    assert_ok(brn_parameters_gradients(m.store, &gradients));
    int64_t learned = 0, middle, begin;
    brn_parameters_group(m.store, brn_parameters_group_count(m.store) - 1, &begin, &middle, &learned);
    for (uint32_t step = 0; step < 2; step++) {
        assert_ok(brn_plan_run(plan, &(brn_run){.seed = 9, .step = step}));
        for (int64_t i = 0; i < learned; i++) values[i] -= .05f * ((float *)gradients)[i];
        brn_parameters_touch(m.store, 0, elements);
    }
    *count = elements + learned;
    *out = malloc((size_t)*count * sizeof **out);
    memcpy(*out, values, (size_t)elements * sizeof **out);
    memcpy(*out + elements, gradients, (size_t)learned * sizeof **out);
    *store = m.store;
    m.store = NULL;
    brn_runner_free(m.runner);
    brn_graph_free(m.graph);
}

static void assert_same_training(const brn_model *a, const brn_model *b)
{
    float *of_a, *of_b;
    int64_t count_a, count_b;
    brn_parameters *store_a, *store_b;
    train_a_little(a, &of_a, &count_a, &store_a);
    train_a_little(b, &of_b, &count_b, &store_b);
    assert_int_equal(count_a, count_b);
    assert_int_equal(brn_parameters_count(store_a), brn_parameters_count(store_b));
    for (int i = 0; i < brn_parameters_count(store_a); i++) {
        const brn_parameter_info one = brn_parameters_info(store_a, i), other = brn_parameters_info(store_b, i);
        assert_string_equal(one.name, other.name);
        assert_int_equal(one.group, other.group);
        assert_int_equal(one.kind, other.kind);
        assert_true(brn_shape_equal(one.shape, other.shape));
    }
    for (int64_t i = 0; i < count_a; i++)
        if (memcmp(&of_a[i], &of_b[i], sizeof *of_a)) fail_msg("value %lld: %g is not %g", (long long)i, (double)of_a[i], (double)of_b[i]);
    free(of_a);
    free(of_b);
    brn_parameters_free(store_a);
    brn_parameters_free(store_b);
}

TEST(a_described_resnet18_learns_to_the_bits_of_the_lists)
{
    brn_network *network = network_of(resnet18_text());
    assert_int_equal(brn_network_groups(network), 3);
    assert_same_training(brn_network_model(network), brn_model_find("resnet18"));
    brn_network_free(network);
}

/* Dropout draws by the layer's path, so that two of them differ and a network is the same every time. */
TEST(described_dropouts_draw_apart)
{
    static const char text[] = "{\"format\": 1, \"layers\": [{\"layer\": \"flatten\"}, "
                               "{\"layer\": \"branches\", \"layers\": [{\"layer\": \"dropout\", \"probability\": 0.5}, "
                               "{\"layer\": \"sequential\", \"layers\": [{\"layer\": \"dropout\", \"probability\": 0.25}]}]}]}";
    enum { WIDTH = 64 };
    brn_network *network = network_of(text);
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    float ones[2 * WIDTH];
    for (int i = 0; i < 2 * WIDTH; i++) ones[i] = 1;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){2, WIDTH}, 2);
    brn_node *y = brn_network_build(network, x, 2 * WIDTH);
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    assert_ok(brn_runner_new(store, "cpu", 1, &runner));
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.outputs[options.output_count++] = y;
    assert_ok(brn_runner_plan(runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "x", ones));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 3}));
    const float *out = brn_plan_output(plan, 0);
    int differ = 0;
    for (int i = 0; i < WIDTH; i++) {
        assert_true(out[i] == 0 || fabsf(out[i] - 2) < 1e-6f);
        assert_true(out[WIDTH + i] == 0 || fabsf(out[WIDTH + i] - 4.f / 3) < 1e-6f);
        differ += (out[i] == 0) != (out[WIDTH + i] == 0);
    }
    assert_true(differ > 5);
    brn_runner_free(runner);
    brn_parameters_free(store);
    brn_graph_free(graph);
    brn_network_free(network);
}

/* ------------------------------------------------------------------ shapes, groups, texts */

static void note(void *context, const brn_network_layer *layer)
{
    char *text = context;
    snprintf(text + strlen(text), 1024 - strlen(text), "%s %s %d %lld", layer->path, layer->kind, layer->group,
             (long long)layer->parameters);
    for (int i = 0; i < layer->shape.rank; i++)
        snprintf(text + strlen(text), 1024 - strlen(text), " %lld", (long long)layer->shape.dims[i]);
    snprintf(text + strlen(text), 1024 - strlen(text), "\n");
}

static const char small[] =
    "{\"format\":1,\"name\":\"small\",\"layers\":[{\"layer\":\"sequential\",\"layers\":["
    "{\"layer\":\"conv\",\"channels\":4,\"kernel\":3},{\"layer\":\"relu\"}]},"
    "{\"layer\":\"sequential\",\"name\":\"more\",\"layers\":[{\"layer\":\"conv\",\"channels\":8,\"kernel\":3,\"stride\":2},"
    "{\"layer\":\"batch_norm\"}]},{\"layer\":\"global_pool\"},{\"layer\":\"dropout\",\"probability\":0.5},"
    "{\"layer\":\"linear\",\"outputs\":\"classes\"}]}";

TEST(a_trace_has_every_layers_shape_group_and_size)
{
    brn_network *network = network_of(small);
    char text[1024] = "";
    assert_ok(brn_network_trace(network, (int64_t[]){3, 12, 10}, 3, 7, note, text));
    assert_string_equal(text, "0.0 conv 0 112 1 4 10 8\n0.1 relu 0 0 1 4 10 8\nmore.0 conv 1 296 1 8 4 3\n"
                              "more.1 batch_norm 1 32 1 8 4 3\n2 global_pool 1 0 1 8\n3 dropout 1 0 1 8\n4 linear 2 63 1 7\n");
    brn_network_free(network);
}

TEST(a_networks_text_gives_the_same_network)
{
    brn_network *network = network_of(small), *again = network_of(brn_network_text(network));
    assert_string_equal(brn_network_text(again), brn_network_text(network));
    assert_non_null(strstr(brn_network_text(network), "\"groups\":[1,4]"));
    assert_string_equal(brn_network_name(again), "small");
    assert_int_equal(brn_network_groups(again), 3);
    brn_network_free(again);
    brn_network_free(network);
}

static int groups_of(const char *layers)
{
    char text[1024];
    snprintf(text, sizeof text, "{\"format\": 1, \"layers\": [%s]}", layers);
    brn_network *network = network_of(text);
    const int groups = brn_network_groups(network);
    brn_network_free(network);
    return groups;
}

#define LINEAR "{\"layer\": \"linear\", \"outputs\": 3}"
#define RELU "{\"layer\": \"relu\"}"
TEST(layer_groups_follow_the_outermost_list)
{
    assert_int_equal(groups_of(RELU), 1);
    assert_int_equal(groups_of(LINEAR), 1);
    assert_int_equal(groups_of(LINEAR ", " RELU ", " LINEAR ", " RELU), 2);
    assert_int_equal(groups_of("{\"layer\": \"flatten\"}, {\"layer\": \"sequential\", \"layers\": [" LINEAR "]}, " LINEAR), 2);
    assert_int_equal(groups_of(LINEAR ", {\"layer\": \"sequential\", \"layers\": [" LINEAR "]}"), 2);
}

/* ------------------------------------------------------------------ what is no network */

static void expect_refusal(const char *text, const char *part)
{
    brn_network *network = (brn_network *)&network;
    assert_fails(brn_network_read(text, strlen(text), &network), BRN_ERROR_INPUT, part);
    assert_null(network);
}

static void expect_layer_refusal(const char *layers, const char *part)
{
    char text[2048];
    snprintf(text, sizeof text, "{\"format\": 1, \"layers\": [%s]}", layers);
    expect_refusal(text, part);
}

TEST(what_is_no_description_is_refused)
{
    expect_refusal("", "not JSON");
    expect_refusal("[]", "a JSON object");
    expect_refusal("{}", "\"format\": expected 1");
    expect_refusal("{\"format\": 1}", "\"layers\": expected a list");
    expect_refusal("{\"format\": 1, \"layers\": []}", "1 to 4096 layers");
    expect_refusal("{\"format\": 1, \"layers\": [" RELU "], \"run\": \"x\"}", "there is no \"run\"");
    expect_refusal("{\"format\": 1, \"name\": \"../x\", \"layers\": [" RELU "]}", "\"name\": expected 1 to 48 letters");
    expect_refusal("{\"format\": 1, \"size\": 9, \"layers\": [" RELU "]}", "from 32 to 2048");
    expect_refusal("{\"format\": 1, \"mean\": [1, 2], \"layers\": [" RELU "]}", "\"mean\": expected three");
    expect_refusal("{\"format\": 1, \"deviation\": [1, 2, 0], \"layers\": [" RELU "]}", "\"deviation\": expected three");
    expect_refusal("{\"format\": 1, \"groups\": [0], \"layers\": [" RELU "]}", "\"groups\"");
    expect_refusal("{\"format\": 1, \"groups\": [1, 1], \"layers\": [" RELU ", " RELU "]}", "\"groups\"");
    expect_refusal("{\"format\": 1, \"groups\": [2], \"layers\": [" RELU ", " RELU "]}", "\"groups\"");
    expect_layer_refusal("{\"layer\": \"linear\", \"outputs\": \"classes\"}, " LINEAR, "layer 0: \"classes\" before the last");
    brn_network *network;
    assert_fails(brn_network_read("{\"format\": 2}", 13, &network), BRN_ERROR_UNSUPPORTED, "reads format 1");
    assert_fails(brn_network_open("/nowhere/x.json", &network), BRN_ERROR_INPUT, "/nowhere/x.json");
    assert_fails(brn_network_read(small, BRN_NETWORK_TEXT_MAX + 1, &network), BRN_ERROR_INPUT, "at most 1048576");
}

TEST(what_is_no_layer_is_refused_by_its_path)
{
    expect_layer_refusal("7", "layer 0: \"layer\"");
    expect_layer_refusal(RELU ", {\"layer\": \"system\"}", "layer 1: there is no layer \"system\"");
    expect_layer_refusal("{\"layer\": \"relu\", \"kernel\": 3}", "a relu has no \"kernel\"");
    expect_layer_refusal("{\"layer\": \"conv\", \"kernel\": 3}", "layer 0: \"channels\": expected to be there");
    expect_layer_refusal("{\"layer\": \"conv\", \"channels\": 2.5, \"kernel\": 3}", "a whole number from 1 to 1048576");
    expect_layer_refusal("{\"layer\": \"conv\", \"channels\": 4, \"kernel\": 4096}", "\"kernel\": expected a whole number");
    expect_layer_refusal("{\"layer\": \"conv\", \"channels\": 4, \"kernel\": 3, \"bias\": 1}", "\"bias\": expected true");
    expect_layer_refusal("{\"layer\": \"dropout\", \"probability\": 1}", "\"probability\": expected a number from 0");
    expect_layer_refusal("{\"layer\": \"global_pool\", \"kind\": \"least\"}", "one of average, max, concat");
    expect_layer_refusal("{\"layer\": \"reshape\", \"dims\": [1, 0]}", "a list of 1 to 3");
    expect_layer_refusal("{\"layer\": \"relu\", \"name\": \"a.b\"}", "layer 0: \"name\"");
    expect_layer_refusal("{\"layer\": \"relu\", \"name\": \"1\"}, " RELU, "two of the name \"1\"");
    expect_layer_refusal("{\"layer\": \"residual\", \"layers\": [{\"layer\": \"relu\", \"name\": \"shortcut\"}], \"shortcut\": "
                         RELU "}", "two of the name \"shortcut\"");
    expect_layer_refusal("{\"layer\": \"sequential\", \"layers\": [" RELU ", {\"layer\": \"x\"}]}", "layer 0.1: there is no layer");
}

TEST(what_is_too_much_is_refused)
{
    char *text = malloc(1 << 20);
    int n = sprintf(text, "{\"format\": 1, \"layers\": [");
    for (int i = 0; i < 11; i++) n += sprintf(text + n, "{\"layer\": \"sequential\", \"layers\": [");
    n += sprintf(text + n, RELU);
    for (int i = 0; i < 11; i++) n += sprintf(text + n, "]}");
    sprintf(text + n, "]}");
    expect_refusal(text, "10 or fewer lists");
    n = sprintf(text, "{\"format\": 1, \"layers\": [");
    for (int i = 0; i < 3; i++) {
        n += sprintf(text + n, "%s{\"layer\": \"sequential\", \"layers\": [", i ? ", " : "");
        for (int k = 0; k < 2000; k++) n += sprintf(text + n, "%s" RELU, k ? "," : "");
        n += sprintf(text + n, "]}");
    }
    sprintf(text + n, "]}");
    expect_refusal(text, "more than 4096 layers");
    free(text);
}

static void expect_misfit(const char *layers, const int64_t *dims, int rank, const char *part)
{
    char text[2048];
    snprintf(text, sizeof text, "{\"format\": 1, \"name\": \"n\", \"layers\": [%s]}", layers);
    brn_network *network = network_of(text);
    assert_fails(brn_network_trace(network, dims, rank, 3, NULL, NULL), BRN_ERROR_INPUT, part);
    brn_network_free(network);
}

TEST(what_does_not_fit_is_told_with_layer_and_shapes)
{
    const int64_t picture[] = {3, 8, 8}, row[] = {5};
    expect_misfit(LINEAR ", {\"layer\": \"conv\", \"channels\": 2, \"kernel\": 3}", row, 1, "layer 1 (conv) on x (1, 3)");
    expect_misfit("{\"layer\": \"sequential\", \"name\": \"a\", \"layers\": [{\"layer\": \"conv\", \"channels\": 2, \"kernel\": 9}]}",
                  picture, 3, "layer a.0 (conv) on x (1, 3, 8, 8)");
    expect_misfit("{\"layer\": \"conv\", \"channels\": 3, \"kernel\": 3}", picture, 3, "its last layer gives (1, 3, 6, 6); expected (1, 3)");
    expect_misfit("{\"layer\": \"residual\", \"layers\": [{\"layer\": \"conv\", \"channels\": 3, \"kernel\": 3}]}", picture, 3,
                  "layer 0 (residual) on x (1, 3, 8, 8): its layers and its shortcut must give the same shape, got (1, 3, 6, 6) and (1, 3, 8, 8)");
    expect_misfit("{\"layer\": \"gate\", \"layers\": [{\"layer\": \"global_pool\"}, {\"layer\": \"linear\", \"outputs\": 2}]}", picture, 3,
                  "one number a channel");
    expect_misfit("{\"layer\": \"branches\", \"layers\": [" RELU ", {\"layer\": \"max_pool\", \"kernel\": 2}]}", picture, 3, "layer 0 (branches)");
    expect_misfit("{\"layer\": \"reshape\", \"dims\": [7]}", picture, 3, "with as many values");
    expect_misfit("{\"layer\": \"columns\", \"begin\": 2, \"end\": 9}", row, 1, "begin below end");
    expect_misfit("{\"layer\": \"embedding\", \"rows\": 2, \"width\": 2, \"column\": 5}", row, 1, "there is no column 5");
    expect_misfit("{\"layer\": \"linear\", \"outputs\": 1048576}, {\"layer\": \"linear\", \"outputs\": 1048576}", row, 1,
                  "layer 1 (linear) on x (1, 1048576): the network has more than");
    expect_misfit("{\"layer\": \"conv\", \"channels\": 1048576, \"kernel\": 1, \"padding\": 1024}", picture, 3, "more than 268435456 for one item");
    expect_misfit("{\"layer\": \"conv\", \"channels\": 2, \"kernel\": 1}, {\"layer\": \"conv\", \"channels\": 1048576, \"kernel\": 1024, \"same\": true},"
                  "{\"layer\": \"conv\", \"channels\": 1048576, \"kernel\": 1024, \"same\": true}", picture, 3, "more than 1073741824 parameters");
}

TEST(every_failing_allocation_is_told)
{
    brn_network *network = NULL;
    for (uint64_t n = 1;; n++) {
        const int64_t live = brn__alloc_live();
        brn__alloc_fail_after(n, 0);
        const brn_status status = brn_network_read(small, strlen(small), &network);
        brn__alloc_fail_after(0, 0);
        if (status == BRN_OK) break;
        assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        assert_null(network);
        assert_int_equal(brn__alloc_live(), live);
    }
    brn_network_free(network);
}
