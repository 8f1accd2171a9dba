/* SPDX-License-Identifier: Apache-2.0
 *
 * Products in bfloat16: the cpu backend against the reference, which rounds the same factors and adds up in double. An
 * element that lies between two bfloat16 numbers may round to the other one where it was computed in float32 itself, so
 * the bounds of what is computed on the way (states of an LSTM, gradients) are wider than those of plain products; a
 * factor that is not rounded, or rounded twice, is off by 1e-3. */
#include "base/isa.h"
#include "ops/experiment.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct matmul_case {
    brn_shape a, b;
    bool transpose_a, transpose_b, bias;
    brn_activation activation;
} matmul_case;

static brn_node *build_matmul(case_builder *b, const void *argument)
{
    const matmul_case *k = argument;
    brn__matmul_attributes attributes = {k->transpose_a, k->transpose_b, k->activation};
    const int64_t columns = k->b.dims[k->transpose_b ? 0 : 1];
    brn_node *inputs[3] = {case_input(b, "a", k->a.dims, k->a.rank), case_parameter(b, "b", k->b.dims, k->b.rank),
                           k->bias ? case_parameter(b, "bias", DIMS(columns)) : NULL};
    return case_apply(&brn__op_matmul, &attributes, inputs, 3);
}

typedef struct conv_case {
    int64_t n, c, h, w, o, kernel;
    int stride, padding, groups;
    bool bias, residual;
    brn_activation activation;
} conv_case;

static brn_node *build_conv(case_builder *b, const void *argument)
{
    const conv_case *k = argument;
    const int stride = k->stride ? k->stride : 1, groups = k->groups ? k->groups : 1;
    brn__conv2d_attributes attributes = {.stride = {stride, stride}, .dilation = {1, 1},
                                         .padding = {k->padding, k->padding}, .groups = groups,
                                         .activation = k->activation};
    brn_node *inputs[4] = {case_input(b, "x", DIMS(k->n, k->c, k->h, k->w)),
                           case_parameter(b, "weight", DIMS(k->o, k->c / groups, k->kernel, k->kernel))};
    const brn__conv2d_geometry g =
        brn__conv2d_geometry_of(&attributes, brn_node_shape(inputs[0]), brn_node_shape(inputs[1]));
    if (k->bias) inputs[2] = case_parameter(b, "bias", DIMS(k->o));
    if (k->residual) inputs[3] = case_input(b, "residual", DIMS(k->n, k->o, g.oh, g.ow));
    return case_apply(&brn__op_conv2d, &attributes, inputs, 4);
}

/* What lies between two convolutions is rounded once, by the one that makes it or the one that reads it. */
static brn_node *build_chain(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(2, 64, 9, 9)), *first = case_parameter(b, "first", DIMS(128, 64, 3, 3));
    const brn_conv2d_options padded = {.padding = {1, 1}}, plain_one = {0};
    return brn_conv2d(brn_conv2d(x, first, NULL, &padded), case_parameter(b, "second", DIMS(144, 128, 1, 1)), NULL, &plain_one);
}

/* What is added again and again is rounded each time, as it lies between convolutions. */
static brn_node *build_residuals(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(2, 128, 7, 7)), *w = case_parameter(b, "w", DIMS(128, 128, 1, 1));
    case_range(b, -.1, .1, 0);
    for (int i = 0; i < 8; i++) x = brn_relu(brn_add(brn_conv2d(x, w, NULL, NULL), x));
    return x;
}

typedef struct lstm_case {
    int64_t steps, items, inputs, hidden;
} lstm_case;

static brn_node *build_lstm(case_builder *b, const void *argument)
{
    const lstm_case *k = argument;
    brn_node *x = case_input(b, "x", DIMS(k->steps, k->items, k->inputs));
    brn_node *h0 = case_input(b, "h0", DIMS(k->items, k->hidden));
    brn_node *c0 = case_input(b, "c0", DIMS(k->items, k->hidden));
    brn_lstm_weights w = {.w_ih = case_parameter(b, "w_ih", DIMS(4 * k->hidden, k->inputs)),
                          .w_hh = case_parameter(b, "w_hh", DIMS(4 * k->hidden, k->hidden))};
    case_range(b, -.1, .1, 0);
    w.b_ih = case_parameter(b, "b_ih", DIMS(4 * k->hidden));
    return brn_lstm(x, h0, c0, &w);
}

typedef struct decoder_case {
    int64_t rows, width, words, chunk;
} decoder_case;

static brn_node *build_decoder(case_builder *b, const void *argument)
{
    const decoder_case *k = argument;
    brn__linear_cross_entropy_attributes attributes = {.ignored = -100, .chunk = k->chunk};
    brn_node *inputs[4] = {case_input(b, "x", DIMS(k->rows, k->width)),
                           case_parameter(b, "w", DIMS(k->words, k->width)),
                           case_indices(b, "target", k->words, DIMS(k->rows)), case_parameter(b, "bias", DIMS(k->words))};
    return case_apply(&brn__op_linear_cross_entropy, &attributes, inputs, 4);
}

#define SHAPE(...) {sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}}
#define MATMUL(title, ...)                                                                                             \
    {"matmul", title, build_matmul, &(const matmul_case){__VA_ARGS__}, .precision = BRN_PRECISION_BF16}
/* Some of its gradients would be too small to gain. */
#define FORWARD(title, ...)                                                                                            \
    {"matmul", title, build_matmul, &(const matmul_case){__VA_ARGS__}, .precision = BRN_PRECISION_BF16,                 \
     .not_differentiable = true}
#define LSTM(title, ...)                                                                                               \
    {"lstm", title, build_lstm, &(const lstm_case){__VA_ARGS__}, .outputs = 3, .precision = BRN_PRECISION_BF16}
#define DECODER(title, ...)                                                                                            \
    {"linear_cross_entropy", title, build_decoder, &(const decoder_case){__VA_ARGS__}, .precision = BRN_PRECISION_BF16}

static const op_case plain[] = {
    FORWARD("a product", SHAPE(211, 33), SHAPE(33, 217)),
    FORWARD("one column of factors", SHAPE(211, 1), SHAPE(1, 217)),
    FORWARD("a transposed", SHAPE(47, 307), SHAPE(47, 331), .transpose_a = true),
    FORWARD("b transposed, bias, relu", SHAPE(3, 97, 65), SHAPE(231, 65), .transpose_b = true, .bias = true,
            .activation = BRN_ACTIVATION_RELU),
    FORWARD("both transposed", SHAPE(19, 401), SHAPE(222, 19), .transpose_a = true, .transpose_b = true),
    FORWARD("several pieces of a, the last shorter", SHAPE(701, 1603), SHAPE(1603, 101), .bias = true),
    FORWARD("several pieces of a transposed", SHAPE(1603, 701), SHAPE(1603, 131), .transpose_a = true),
    MATMUL("a product and its gradients", SHAPE(211, 223), SHAPE(223, 219)),
    MATMUL("of transposed factors", SHAPE(241, 213), SHAPE(217, 241), .transpose_a = true, .transpose_b = true),
};

#define CONV(title, ...)                                                                                               \
    {"conv2d", title, build_conv, &(const conv_case){__VA_ARGS__}, .precision = BRN_PRECISION_BF16}
static const op_case convolutions[] = {
    CONV("3x3", 2, 32, 9, 7, 48, 3, .padding = 1),
    CONV("3x3, odd channels, bias", 2, 35, 9, 7, 41, 3, .padding = 1, .bias = true),
    CONV("1x1, many channels", 3, 144, 5, 6, 112, 1),
    CONV("1x1, stride 2", 3, 192, 9, 9, 256, 1, .stride = 2),
    CONV("3x3, stride 2", 2, 64, 11, 8, 64, 3, .stride = 2, .padding = 1),
    CONV("pictures of three channels", 2, 3, 23, 19, 32, 7, .stride = 2, .padding = 3),
    CONV("groups of 64 channels", 2, 128, 7, 7, 128, 3, .padding = 1, .groups = 2),
    {"conv2d", "bias, residual, relu", build_conv,
     &(const conv_case){2, 64, 9, 9, 96, 3, .padding = 1, .bias = true, .residual = true,
                        .activation = BRN_ACTIVATION_RELU},
     .precision = BRN_PRECISION_BF16, .not_differentiable = true},
};

static const op_case on_the_way[] = {
    LSTM("lstm", 5, 43, 149, 153),
    LSTM("lstm of one step", 1, 170, 201, 160),
    DECODER("decoder", 311, 201, 257, 0),
    DECODER("decoder in pieces", 520, 201, 257, 200),
};

/* |a - b| / |b|, in the L2 norm. */
static double difference(const experiment *a, const void *got, const experiment *b, const void *expected, int64_t count)
{
    double error = 0, norm = 0;
    for (int64_t i = 0; i < count; i++) {
        const double g = experiment_element(a, got, i), r = experiment_element(b, expected, i);
        error += isfinite(g) ? (g - r) * (g - r) : HUGE_VAL;
        norm += r * r;
    }
    return sqrt(error) / fmax(sqrt(norm), 1e-30);
}

static void check(const op_case *of, const char *what, double got, double most)
{
    if (!(got <= most)) fail_msg("%s: %s is off by %.3g of its norm, %.3g allowed", of->name, what, got, most);
}

static void check_gradients(const experiment *tested, const experiment *reference, double most)
{
    for (int i = 0; i < tested->tensor_count; i++) {
        if (tested->tensors[i].of.fixed) continue;
        check(tested->of, tested->tensors[i].of.name,
              difference(tested, experiment_gradient(tested, i), reference, experiment_gradient(reference, i),
                         tested->tensors[i].count),
              most);
    }
}

/* Whether every step with an op of products runs in bfloat16. */
static bool all_in_bf16(const experiment *e)
{
    static const char *const ops[] = {"matmul", "lstm", "lstm_grad", "linear_cross_entropy",
                                      "conv2d", "conv2d_grad_input", "conv2d_grad_weight"};
    bool all = true;
    for (int k = 0; k < brn_plan_step_count(e->plan); k++) {
        const brn_step_info step = brn_plan_step(e->plan, k);
        for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
            if (!strcmp(step.op, ops[i])) all &= strstr(step.implementation, "bf16") != NULL;
    }
    return all;
}

static void check_case(const op_case *of, double most)
{
    experiment tested, reference;
    experiment_open(&reference, of, "reference");
    experiment_open(&tested, of, "cpu");
    if (!all_in_bf16(&tested)) fail_msg("%s: not all of its products are in bfloat16", of->name);
    experiment_run(&reference);
    experiment_run(&tested);
    experiment_run(&tested); /* a second run finds the arena used */
    experiment_check_guards(&tested);
    for (int i = 0; i < tested.output_count; i++)
        check(of, "an output",
              difference(&tested, brn_plan_output(tested.plan, i), &reference, brn_plan_output(reference.plan, i),
                         brn_shape_elements(brn_plan_output_shape(reference.plan, i))),
              most);
    if (!of->not_differentiable) check_gradients(&tested, &reference, most);
    experiment_close(&tested);
    experiment_close(&reference);
}

static void need_bf16(void)
{
    if (brn_precision_here(BRN_PRECISION_AUTO) != BRN_PRECISION_BF16) skip();
}

TEST(products_in_bfloat16_agree_with_the_reference)
{
    need_bf16();
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) check_case(&plain[i], 2e-6);
}

TEST(convolutions_in_bfloat16_agree_with_the_reference)
{
    need_bf16();
    for (size_t i = 0; i < sizeof convolutions / sizeof *convolutions; i++) check_case(&convolutions[i], 2e-6);
}

/* What learns rounds it just as well, in the reorder that each reader would have. */
TEST(values_that_only_convolutions_read_lie_in_bfloat16)
{
    need_bf16();
    op_case chain = {"conv2d", "a chain", build_chain, NULL, .precision = BRN_PRECISION_BF16, .not_differentiable = true};
    for (int learns = 0; learns < 2; learns++) {
        experiment e;
        char *text;
        chain.not_differentiable = !learns;
        check_case(&chain, 2e-4);
        experiment_open(&e, &chain, "cpu");
        assert_ok(brn_plan_describe(e.plan, &text));
        const char *made = strstr(text, "(2, 128, 9, 9)");
        if (!made) fail_msg("no value between them in\n%s", text);
        const bool narrow = strncmp(made, "(2, 128, 9, 9) bf16:", 20) == 0;
        brn_text_free(text);
        experiment_close(&e);
        assert_true(narrow);
    }
}

/* Where something learns, what is added stays float32, though y could lie in bfloat16: the last of three convolutions with
 * a residual between is good to float32's sums. */
static brn_node *build_shortcut(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(2, 128, 7, 7)), *w = case_parameter(b, "w", DIMS(128, 128, 1, 1));
    case_range(b, -.1, .1, 0);
    return brn_conv2d(brn_add(brn_conv2d(x, w, NULL, NULL), x), w, NULL, NULL);
}

TEST(residuals_stay_float32_where_something_learns)
{
    need_bf16();
    const op_case shortcut = {"conv2d", "a shortcut", build_shortcut, NULL, .precision = BRN_PRECISION_BF16};
    check_case(&shortcut, 2e-4);
}

/* The reference keeps what is added in float32: 8 bits of precision make 2^-9 at a time. */
TEST(sums_between_convolutions_are_good_to_bfloat16_where_nothing_learns)
{
    need_bf16();
    const op_case sums = {"conv2d", "residuals", build_residuals, NULL, .precision = BRN_PRECISION_BF16,
                          .not_differentiable = true};
    check_case(&sums, 8e-3);
}

TEST(layers_in_bfloat16_agree_with_the_reference)
{
    need_bf16();
    for (size_t i = 0; i < sizeof on_the_way / sizeof *on_the_way; i++) check_case(&on_the_way[i], 2e-4);
}

/* The reference rounds: else the tests above would compare float32 with float32. */
TEST(the_reference_rounds_factors_in_bfloat16)
{
    op_case exact = plain[0];
    experiment rounded, plain_one;
    exact.precision = BRN_PRECISION_FP32;
    experiment_open(&rounded, &plain[0], "reference");
    experiment_open(&plain_one, &exact, "reference");
    experiment_run(&rounded);
    experiment_run(&plain_one);
    const double off = difference(&rounded, brn_plan_output(rounded.plan, 0), &plain_one,
                                  brn_plan_output(plain_one.plan, 0),
                                  brn_shape_elements(brn_plan_output_shape(rounded.plan, 0)));
    assert_true(off > 1e-3 && off < 8e-3);
    experiment_close(&rounded);
    experiment_close(&plain_one);
}

/* A runner's precision is that of its plans; BRN_ISA takes bfloat16 away, and plans are then in float32. */
TEST(bfloat16_falls_back_to_float32)
{
    op_case of = plain[0];
    experiment e;
    const char *isa = getenv("BRN_ISA");
    char *before = isa ? strdup(isa) : NULL;
    of.precision = BRN_PRECISION_FP32;
    experiment_open(&e, &of, "cpu");
    assert_false(all_in_bf16(&e));
    setenv("BRN_ISA", "avx512", 1);
    assert_int_equal(brn_precision_here(BRN_PRECISION_BF16), BRN_PRECISION_FP32);
    brn_runner_set_precision(e.runner, BRN_PRECISION_BF16);
    assert_int_equal(brn_runner_precision(e.runner), BRN_PRECISION_FP32);
    if (before) setenv("BRN_ISA", before, 1);
    else unsetenv("BRN_ISA");
    free(before);
    brn_plan *plan = e.plan;
    brn_runner_set_precision(e.runner, BRN_PRECISION_AUTO);
    assert_ok(brn_runner_plan(e.runner, &e.options, &e.plan));
    const bool here = brn_precision_here(BRN_PRECISION_AUTO) == BRN_PRECISION_BF16;
    assert_int_equal(brn_runner_precision(e.runner), here ? BRN_PRECISION_BF16 : BRN_PRECISION_FP32);
    assert_int_equal(e.plan != plan, here);
    assert_int_equal(all_in_bf16(&e), here);
    experiment_close(&e);
}
