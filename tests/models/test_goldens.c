/* SPDX-License-Identifier: Apache-2.0
 *
 * One training step of every model, and its logits in inference behaviour, against what PyTorch in
 * float64 computes from the same generated weights (tests/golden/make_models.py): loss, logits,
 * gradients of the input and of every parameter, running statistics. `reference` computes in double
 * and must agree to 1e-9; `cpu` computes in float.
 */
#include "burnish/model_zoo.h"
#include "burnish/runner.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "graph/backend.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct golden_case {
    const json_t *golden;
    const char *backend, *name; /* name: the golden's "model" */
    double tolerance;
    brn_graph *graph;
    brn_node *x, *logits, *loss;
    brn_parameters *store;
    brn_runner *runner;
    double worst;
    char worst_name[128];
} golden_case;

static bool is_double(const golden_case *c)
{
    return strcmp(c->backend, "reference") == 0;
}

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count, bytes);
    if (!memory) abort();
    return memory;
}

static double *doubles(int64_t count)
{
    return allocate((size_t)count, sizeof(double));
}

/* `count` values of the backend's real type as doubles, and the other way. The caller frees. */
static double *widened(const golden_case *c, const void *values, int64_t count)
{
    double *out = doubles(count);
    for (int64_t i = 0; i < count; i++)
        out[i] = is_double(c) ? ((const double *)values)[i] : ((const float *)values)[i];
    return out;
}

static void *narrowed(const golden_case *c, const double *values, int64_t count)
{
    double *out = doubles(count);
    for (int64_t i = 0; i < count; i++)
        if (is_double(c))
            out[i] = values[i];
        else
            ((float *)(void *)out)[i] = (float)values[i];
    return out;
}

/* ------------------------------------------------------------------ building */

static void build(golden_case *c, const char *model_name)
{
    const brn_model *model = brn_model_find(model_name);
    assert_ok(brn_graph_new(&c->graph));
    int64_t dims[4];
    const json_t *shape = golden_at(c->golden, "input_shape");
    for (size_t i = 0; i < 4; i++) dims[i] = json_integer_value(json_array_get(shape, i));
    c->x = brn_input(c->graph, "image", BRN_DTYPE_F32, dims, 4);
    brn_node *features = brn_model_body(model, c->x);
    if (strcmp(c->name, "resnet18_head") == 0) {
        const brn_nn_head_options head = {.outputs = 10, .hidden_count = 1, .hidden = {512}};
        c->logits = brn_model_head(model, features, &head);
    } else {
        c->logits = brn_model_classifier(model, features, 1000);
    }
    brn_node *target = brn_input(c->graph, "target", BRN_DTYPE_I64, dims, 1);
    c->loss = brn_cross_entropy(c->logits, target, -1);
    assert_ok(
        brn_parameters_new(c->graph, is_double(c) ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &c->store));
    assert_ok(brn_runner_new(c->store, c->backend, 0, &c->runner));
}

static void fill(golden_case *c)
{
    for (int i = 0; i < brn_parameters_count(c->store); i++) {
        const brn_parameter_info info = brn_parameters_info(c->store, i);
        double *values = doubles(info.count);
        golden_fill(c->name, info.name, info.shape.rank, info.shape.dims, values);
        assert_ok(brn_parameters_write(c->store, i, BRN_DTYPE_F64, values, info.count));
        free(values);
    }
}

static brn_plan *run(golden_case *c, const brn_plan_options *options)
{
    brn_plan *plan;
    assert_ok(brn_runner_plan(c->runner, options, &plan));
    const int64_t count = golden_input_count(c->golden), items = brn_node_shape(c->x).dims[0];
    double *input = doubles(count);
    golden_input(c->golden, input);
    void *image = narrowed(c, input, count);
    int64_t *target = allocate((size_t)items, sizeof *target);
    golden_targets(items, brn_node_shape(c->logits).dims[1], target);
    assert_ok(brn_plan_bind(plan, "image", image));
    if (options->loss) assert_ok(brn_plan_bind(plan, "target", target));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    free(input);
    free(image);
    free(target);
    return plan;
}

/* ------------------------------------------------------------------ checking */

static void check(golden_case *c, const char *folder, const char *name, const void *values,
                  int64_t count)
{
    const json_t *summary = json_object_get(golden_at(c->golden, folder), name);
    if (!summary) fail_msg("%s: the golden file has no %s/%s", c->name, folder, name);
    double *wide = widened(c, values, count);
    const double error = golden_check_summary(summary, name, wide, count, c->tolerance);
    free(wide);
    if (!(error <= c->tolerance))
        fail_msg("%s on %s: %s/%s is off by %.3g", c->name, c->backend, folder, name, error);
    if (error <= c->worst) return;
    c->worst = error;
    snprintf(c->worst_name, sizeof c->worst_name, "%s", name);
}

static void check_output(golden_case *c, const brn_plan *plan, int output, const char *folder,
                         const char *name)
{
    check(c, folder, name, brn_plan_output(plan, output),
          brn_shape_elements(brn_plan_output_shape(plan, output)));
}

/* Every parameter's gradient or, for a buffer, its value after the step. */
static void check_parameters(golden_case *c, const char *form)
{
    char gradients_folder[64], buffers_folder[64];
    snprintf(gradients_folder, sizeof gradients_folder, "%s/gradients", form);
    snprintf(buffers_folder, sizeof buffers_folder, "%s/buffers", form);
    const bool statistics = strcmp(form, "train") == 0;
    const bool norms_learn = strcmp(form, "fixed") != 0;
    const size_t bytes = is_double(c) ? sizeof(double) : sizeof(float);
    void *gradients;
    assert_ok(brn_parameters_gradients(c->store, &gradients));
    const char *values = brn_parameters_values(c->store);
    size_t checked = 0, buffers = 0;
    for (int i = 0; i < brn_parameters_count(c->store); i++) {
        const brn_parameter_info info = brn_parameters_info(c->store, i);
        const size_t at = (size_t)info.offset * bytes;
        if (info.kind == BRN_PARAMETER_BUFFER) {
            if (!statistics) continue;
            check(c, buffers_folder, info.name, values + at, info.count);
            buffers++;
        } else if (info.kind != BRN_PARAMETER_NORM || norms_learn) {
            check(c, gradients_folder, info.name, (char *)gradients + at, info.count);
            checked++;
        }
    }
    assert_int_equal(checked, json_object_size(golden_at(c->golden, gradients_folder)));
    if (statistics)
        assert_int_equal(buffers, json_object_size(golden_at(c->golden, buffers_folder)));
}

/* Buffers as they were filled. */
static void check_buffers_kept(const golden_case *c)
{
    for (int i = 0; i < brn_parameters_count(c->store); i++) {
        const brn_parameter_info info = brn_parameters_info(c->store, i);
        if (info.kind != BRN_PARAMETER_BUFFER) continue;
        double *filled = doubles(info.count), *now = doubles(info.count);
        golden_fill(c->name, info.name, info.shape.rank, info.shape.dims, filled);
        assert_ok(brn_parameters_read(c->store, i, BRN_DTYPE_F64, now, info.count));
        for (int64_t k = 0; k < info.count; k++)
            assert_true(now[k] == (is_double(c) ? filled[k] : (float)filled[k]));
        free(filled);
        free(now);
    }
}

static void check_step(golden_case *c, const char *form, brn_norm_form norm_form)
{
    fill(c);
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = c->loss;
    options.outputs[options.output_count++] = c->loss;
    options.outputs[options.output_count++] = c->logits;
    options.input_gradients[options.input_gradient_count++] = c->x;
    memset(options.norm_form, (int)norm_form, sizeof options.norm_form);
    const brn_plan *plan = run(c, &options);
    char path[64];
    snprintf(path, sizeof path, "%s/loss", form);
    double *loss = widened(c, brn_plan_output(plan, 0), 1);
    assert_close(*loss, golden_number(c->golden, path), c->tolerance);
    free(loss);
    check_output(c, plan, 1, form, "logits");
    check_output(c, plan, 2, form, "input_gradient");
    check_parameters(c, form);
    if (norm_form != BRN_NORM_BATCH) check_buffers_kept(c);
}

static void check_inference(golden_case *c)
{
    fill(c);
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = c->logits;
    check_output(c, run(c, &options), 0, "eval", "logits");
    check_buffers_kept(c);
}

/* Batch statistics over a few values magnify float's rounding, so the golden file says how near its
 * own float32 can come with them; with running statistics it is 1e-4 everywhere. */
static double tolerance_of(const golden_case *c, const char *path)
{
    return is_double(c) ? 1e-9 : golden_number(c->golden, path);
}

/* Into the log: what the tolerance leaves to spare. */
static void report(golden_case *c, const char *statistics)
{
    if (c->worst > 0)
        print_message("%s on %s, %s statistics: worst error %.2g (%s)\n", c->name, c->backend,
                      statistics, c->worst, c->worst_name);
    c->worst = 0;
}

typedef enum check_what { INFERENCE_ONLY, EVERYTHING } check_what;

static void check_model(const char *name, const char *model, const char *backend, check_what what)
{
    if (!brn__backend_find(backend)) skip();
    char path[128];
    snprintf(path, sizeof path, "tests/golden/models/%s.json", name);
    json_t *golden = golden_open(path);
    golden_case c = {.golden = golden, .backend = backend, .name = name};
    build(&c, model);
    c.tolerance = tolerance_of(&c, "float32/tolerance");
    if (what == EVERYTHING) check_step(&c, "train", BRN_NORM_BATCH);
    report(&c, "batch");
    c.tolerance = tolerance_of(&c, "float32/fixed_tolerance");
    if (what == EVERYTHING && golden_has(golden, "fixed")) {
        check_step(&c, "fixed", BRN_NORM_FIXED);
        check_step(&c, "fixed_learn", BRN_NORM_AFFINE);
    }
    check_inference(&c);
    report(&c, "running");
    brn_runner_free(c.runner);
    brn_parameters_free(c.store);
    brn_graph_free(c.graph);
    json_decref(golden);
}

/* The reference backend is plain loops, so that not every network is for it. */
TEST(resnet18_on_reference_in_three_norm_forms_equals_pytorch)
{
    check_model("resnet18", "resnet18", "reference", EVERYTHING);
}

TEST(the_fastai_head_on_resnet18_on_reference_equals_pytorch)
{
    check_model("resnet18_head", "resnet18", "reference", EVERYTHING);
}

TEST(resnext50_inference_on_reference_equals_pytorch)
{
    check_model("resnext50_32x4d", "resnext50_32x4d", "reference", INFERENCE_ONLY);
}

TEST(efficientnet_lite0_on_reference_equals_pytorch)
{
    check_model("efficientnet_lite0", "efficientnet_lite0", "reference", EVERYTHING);
}

#define ON_CPU(name, model) check_model(name, model, "cpu", EVERYTHING)
TEST(resnet18_on_cpu_in_three_norm_forms_equals_pytorch)
{
    ON_CPU("resnet18", "resnet18");
}
TEST(the_fastai_head_on_resnet18_on_cpu_equals_pytorch)
{
    ON_CPU("resnet18_head", "resnet18");
}
TEST(resnet34_on_cpu_equals_pytorch)
{
    ON_CPU("resnet34", "resnet34");
}
TEST(resnet50_on_cpu_equals_pytorch)
{
    ON_CPU("resnet50", "resnet50");
}
TEST(resnet101_on_cpu_equals_pytorch)
{
    ON_CPU("resnet101", "resnet101");
}
TEST(resnet152_on_cpu_equals_pytorch)
{
    ON_CPU("resnet152", "resnet152");
}
TEST(resnext50_on_cpu_equals_pytorch)
{
    ON_CPU("resnext50_32x4d", "resnext50_32x4d");
}
TEST(efficientnet_lite0_on_cpu_equals_pytorch)
{
    ON_CPU("efficientnet_lite0", "efficientnet_lite0");
}
