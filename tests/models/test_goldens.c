/* SPDX-License-Identifier: Apache-2.0
 *
 * One training step of every model in the three forms of batch norm, and its logits in inference
 * behaviour, against what PyTorch in float64 computes from the same generated weights
 * (tests/golden/make_models.py): loss, logits, gradients of the input and of every parameter,
 * running statistics. `reference` computes in double and must agree to 1e-9. `cpu` computes in
 * float:
 *
 * - With running statistics ("fixed" in the files) every tensor must agree to 1e-4. This is the
 *   strong check of every gradient but batch statistics' own. It is the only form of a network
 *   without batch norm.
 * - With batch statistics ("train") so must loss, logits, running statistics and, where the net is
 *   shallow, all gradients. A deep net is chaotic there: one activation that rounding moves across
 *   ReLU's kink changes every gradient before it by about 1 %, single values by more. So of its
 *   gradients the norm and the dot product of each and the median error over all must agree, to
 *   tolerances that the file derives from the errors of PyTorch's own float32; a wrong formula in
 *   batch norm is off by 10 % and more.
 */
#include "burnish/model_zoo.h"
#include "burnish/runner.h"
#include "burnish/weights.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "graph/backend.h"
#include "graph/graph.h"
#include "models/model_list.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The largest error of loss, logits and running statistics; of gradients the largest error of a
 * norm, of a dot product, of everything in a summary, and the median of the last. Or what each may
 * be. */
typedef struct measures {
    double outputs, norm, dot, full, median;
} measures;

enum { GRADIENT_MAX = 1024 };

typedef struct golden_case {
    json_t *golden;
    const char *backend, *name; /* name: the golden's "model" */
    const char *form;           /* the folder in the golden: "train" or "fixed" */
    brn_graph *graph;
    brn_node *x, *logits, *loss;
    brn_parameters *store;
    brn_runner *runner;
    measures tolerance, worst;
    double errors[GRADIENT_MAX]; /* of the step's gradients */
    int error_count;
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

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The whole network, or what stands for it in make_models.py: a body with another head, or a
 * classifier alone. */
static brn_node *new_logits(const golden_case *c, const brn_model *model)
{
    const brn_nn_head_options head = {.outputs = 10, .hidden_count = 1, .hidden = {512}};
    const brn_init init = {.kind = BRN_INIT_LINEAR_UNIFORM};
    if (strcmp(c->name, "vgg_classifier") == 0) return brn_model_classifier(model, c->x, 10);
    brn_node *features = brn_model_body(model, c->x);
    if (strcmp(c->name, "resnet18_head") == 0) return brn_model_head(model, features, &head);
    if (starts_with(c->name, "vgg"))
        return brn_nn_linear(brn_global_pool(features, BRN_POOL_AVERAGE), "linear", 10, true, init);
    return brn_model_classifier(model, features, brn_weights_find(model->name)->classes->count);
}

static void build(golden_case *c, const char *model_name)
{
    const brn_model *model = brn_model_find(model_name);
    assert_ok(brn_graph_new(&c->graph));
    int64_t dims[4];
    const json_t *shape = golden_at(golden_at(c->golden, c->form), "input_shape");
    for (size_t i = 0; i < 4; i++) dims[i] = json_integer_value(json_array_get(shape, i));
    c->x = brn_input(c->graph, "image", BRN_DTYPE_F32, dims, 4);
    c->logits = new_logits(c, model);
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
    const int64_t count = golden_input_count(c->golden, c->form),
                  items = brn_node_shape(c->x).dims[0];
    double *input = doubles(count);
    golden_input(c->golden, c->form, input);
    void *image = narrowed(c, input, count);
    int64_t *target = allocate((size_t)items, sizeof *target);
    golden_targets(items, brn_node_shape(c->logits).dims[1], target);
    for (int i = 0; i < c->graph->scalar_count; i++) /* of the dropouts of a classifier */
        assert_ok(brn_plan_set_scalar(plan, c->graph->scalars[i].name, 0));
    assert_ok(brn_plan_bind(plan, "image", image));
    if (options->loss) assert_ok(brn_plan_bind(plan, "target", target));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    free(input);
    free(image);
    free(target);
    return plan;
}

/* ------------------------------------------------------------------ checking */

/* Keeps the larger and fails above the tolerance. */
static void hold(const golden_case *c, const char *name, const char *measure, double error,
                 double *worst, double tolerance)
{
    if (!(error <= tolerance))
        fail_msg("%s on %s: the %s of %s/%s is off by %.3g, tolerance %.3g", c->name, c->backend,
                 measure, c->form, name, error, tolerance);
    *worst = fmax(*worst, error);
}

static golden_error compare(const golden_case *c, const char *folder, const char *name,
                            const void *values, int64_t count)
{
    const json_t *form = golden_at(c->golden, c->form);
    const json_t *summary = json_object_get(*folder ? golden_at(form, folder) : form, name);
    if (!summary) fail_msg("%s: the golden file has no %s/%s/%s", c->name, c->form, folder, name);
    double *wide = widened(c, values, count);
    const golden_error error = golden_compare(summary, name, wide, count);
    free(wide);
    return error;
}

static void check_value(golden_case *c, const char *folder, const char *name, const void *values,
                        int64_t count)
{
    const golden_error error = compare(c, folder, name, values, count);
    hold(c, name, "value", error.full, &c->worst.outputs, c->tolerance.outputs);
}

static void check_gradient(golden_case *c, const char *folder, const char *name, const void *values,
                           int64_t count)
{
    const golden_error error = compare(c, folder, name, values, count);
    hold(c, name, "norm", error.norm, &c->worst.norm, c->tolerance.norm);
    hold(c, name, "dot product", error.dot, &c->worst.dot, c->tolerance.dot);
    hold(c, name, "summary", error.full, &c->worst.full, c->tolerance.full);
    assert_true(c->error_count < GRADIENT_MAX);
    c->errors[c->error_count++] = error.full;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_median(golden_case *c)
{
    qsort(c->errors, (size_t)c->error_count, sizeof *c->errors, ascending);
    hold(c, "gradients", "median", c->errors[c->error_count / 2], &c->worst.median,
         c->tolerance.median);
    c->error_count = 0;
}

/* Every parameter's gradient or, for a buffer, its value after the step. */
static void check_parameters(golden_case *c, brn_norm_form form)
{
    const size_t bytes = is_double(c) ? sizeof(double) : sizeof(float);
    void *gradients;
    assert_ok(brn_parameters_gradients(c->store, &gradients));
    const char *values = brn_parameters_values(c->store);
    size_t seen = 0, buffers = 0;
    for (int i = 0; i < brn_parameters_count(c->store); i++) {
        const brn_parameter_info info = brn_parameters_info(c->store, i);
        const size_t at = (size_t)info.offset * bytes;
        if (info.kind == BRN_PARAMETER_BUFFER) {
            if (form != BRN_NORM_BATCH) continue;
            check_value(c, "buffers", info.name, values + at, info.count);
            buffers++;
        } else {
            const bool learns = info.kind != BRN_PARAMETER_NORM || form != BRN_NORM_FIXED;
            if (learns)
                check_gradient(c, "gradients", info.name, (char *)gradients + at, info.count);
            seen++;
        }
    }
    const json_t *golden = golden_at(c->golden, c->form);
    assert_int_equal(seen, json_object_size(golden_at(golden, "gradients")));
    if (form == BRN_NORM_BATCH)
        assert_int_equal(buffers, json_object_size(golden_at(golden, "buffers")));
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

static double tolerance_of(const golden_case *c, const char *measure)
{
    const json_t *file = golden_at(golden_at(c->golden, "tolerance"), c->form);
    return golden_has(file, measure) ? golden_number(file, measure) : INFINITY;
}

/* In double 1e-9 everywhere; else what the file says, and no limit for what it leaves out. */
static void choose_form(golden_case *c, const char *form)
{
    c->form = form;
    c->worst = (measures){0};
    c->tolerance = (measures){1e-9, 1e-9, 1e-9, 1e-9, 1e-9};
    if (is_double(c)) return;
    c->tolerance = (measures){.outputs = tolerance_of(c, "outputs"),
                              .norm = tolerance_of(c, "norm"),
                              .dot = tolerance_of(c, "dot"),
                              .full = tolerance_of(c, "full"),
                              .median = tolerance_of(c, "median")};
    assert_true(isfinite(c->tolerance.outputs));
    assert_true(isfinite(c->tolerance.full) || isfinite(c->tolerance.median));
}

/* Into the log: what the tolerances leave to spare. */
static void report(const golden_case *c)
{
    const measures *m = &c->worst;
    print_message("%s on %s, %s: outputs %.2g; gradients: norm %.2g, dot %.2g, full %.2g, "
                  "median %.2g\n",
                  c->name, c->backend, c->form, m->outputs, m->norm, m->dot, m->full, m->median);
}

static int64_t output_elements(const brn_plan *plan, int output)
{
    return brn_shape_elements(brn_plan_output_shape(plan, output));
}

static void check_step(golden_case *c, brn_norm_form norm_form)
{
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = c->loss;
    options.outputs[options.output_count++] = c->loss;
    options.outputs[options.output_count++] = c->logits;
    options.input_gradients[options.input_gradient_count++] = c->x;
    memset(options.norm_form, (int)norm_form, sizeof options.norm_form);
    const brn_plan *plan = run(c, &options);
    double *loss = widened(c, brn_plan_output(plan, 0), 1);
    const double want = golden_number(golden_at(c->golden, c->form), "loss");
    hold(c, "loss", "value", fabs(*loss - want) / fmax(1, fabs(want)), &c->worst.outputs,
         c->tolerance.outputs);
    free(loss);
    check_value(c, "", "logits", brn_plan_output(plan, 1), output_elements(plan, 1));
    check_gradient(c, "", "input_gradient", brn_plan_output(plan, 2), output_elements(plan, 2));
    check_parameters(c, norm_form);
    check_median(c);
    if (norm_form != BRN_NORM_BATCH) check_buffers_kept(c);
}

static void check_inference(golden_case *c)
{
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = c->logits;
    const brn_plan *plan = run(c, &options);
    check_value(c, "", "logits", brn_plan_output(plan, 0), output_elements(plan, 0));
    check_buffers_kept(c);
}

static void begin(golden_case *c, const char *form, const char *model)
{
    choose_form(c, form);
    build(c, model);
    fill(c); /* no step but the last, with batch statistics, changes a value */
}

static void end(golden_case *c)
{
    report(c);
    brn_runner_free(c->runner);
    brn_parameters_free(c->store);
    brn_graph_free(c->graph);
}

typedef enum check_what { INFERENCE_ONLY, EVERYTHING } check_what;

static void check_model(const char *name, const char *model, const char *backend, check_what what)
{
    if (!brn__backend_find(backend)) skip();
    char path[128];
    snprintf(path, sizeof path, "tests/golden/models/%s.json", name);
    golden_case c = {.golden = golden_open(path), .backend = backend, .name = name};
    begin(&c, "fixed", model);
    check_inference(&c);
    if (what == EVERYTHING) check_step(&c, BRN_NORM_FIXED);
    if (what == EVERYTHING && golden_has(c.golden, "train")) {
        check_step(&c, BRN_NORM_AFFINE);
        end(&c);
        begin(&c, "train", model);
        check_step(&c, BRN_NORM_BATCH);
    }
    end(&c);
    json_decref(c.golden);
}

/* ------------------------------------------------------------------ the models */

/* The reference backend is plain loops, so that training steps of every network are not for it. */
static check_what on_reference(const char *name)
{
    static const char *const light[] = {"efficientnet_lite0", "resnet18",     "mobilenet_v2",
                                        "squeezenet1_1",      "resnet20_cifar"};
    for (size_t i = 0; i < sizeof light / sizeof *light; i++)
        if (strcmp(name, light[i]) == 0) return EVERYTHING;
    return INFERENCE_ONLY;
}

/* Two tests for every architecture there is. */
#define X(name)                                                                                    \
    TEST(name##_on_cpu_equals_pytorch)                                                             \
    {                                                                                              \
        check_model(#name, #name, "cpu", EVERYTHING);                                              \
    }                                                                                              \
    TEST(name##_on_reference_equals_pytorch)                                                       \
    {                                                                                              \
        check_model(#name, #name, "reference", on_reference(#name));                               \
    }
BRN__MODEL_LIST(X)
#undef X

#define PART(name, model)                                                                          \
    TEST(name##_on_cpu_equals_pytorch)                                                             \
    {                                                                                              \
        check_model(#name, #model, "cpu", EVERYTHING);                                             \
    }                                                                                              \
    TEST(name##_on_reference_equals_pytorch)                                                       \
    {                                                                                              \
        check_model(#name, #model, "reference", EVERYTHING);                                       \
    }
PART(resnet18_head, resnet18)
PART(vgg_classifier, vgg11)
#undef PART
