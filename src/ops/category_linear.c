/* SPDX-License-Identifier: Apache-2.0
 * category_linear (a linear layer over embeddings, multiplied once a category) and category_linear_grad. */
#include "ops/rules.h"

int64_t brn__category_rows(const brn__category_linear_attributes *attributes)
{
    int64_t rows = 0;
    for (int i = 0; i < attributes->count; i++) rows += attributes->columns[i].rows;
    return rows;
}

static brn_status expect_columns(const brn_node *node, brn_shape x, int64_t inputs)
{
    const brn__category_linear_attributes *attributes = node->attributes;
    for (int i = 0; i < attributes->count; i++) {
        const brn__category_column *c = &attributes->columns[i];
        if (c->column < 0 || c->column >= x.dims[1])
            return brn__fail(BRN_ERROR_USAGE, "%s: there is no column %lld in x %s", node->op->name,
                             (long long)c->column, BRN__SHAPE(x));
        if (c->rows < 1 || c->width < 1 || c->at < 0 || c->at + c->width > inputs)
            return brn__fail(BRN_ERROR_USAGE, "%s: table %d (%lld, %lld) at column %lld does not fit a weight of %lld columns",
                             node->op->name, i, (long long)c->rows, (long long)c->width, (long long)c->at,
                             (long long)inputs);
    }
    for (int i = 0; i < attributes->run_count; i++)
        if (attributes->runs[i].width < 1 || attributes->runs[i].at < 0 ||
            attributes->runs[i].at + attributes->runs[i].width > inputs)
            return brn__fail(BRN_ERROR_USAGE, "%s: run %d does not fit a weight of %lld columns", node->op->name, i,
                             (long long)inputs);
    return BRN_OK;
}

/* The operands, of which the first is input `x`: x, tables, weight, [dense]. */
static brn_status expect_operands(const brn_node *node, int x)
{
    const brn__category_linear_attributes *attributes = node->attributes;
    static const char *const names[] = {"x", "tables", "weight", "dense"};
    int64_t elements = 0, inputs = 0, dense = 0;
    for (int i = 0; i < 4; i++) {
        if (i == 3 && !brn__has(node, x + i)) continue;
        BRN__TRY(brn__expect_real(node, x + i, names[i]));
        BRN__TRY(brn__expect_rank(node, x + i, names[i], i == 1 ? 1 : 2, i == 1 ? 1 : 2));
    }
    for (int i = 0; i < attributes->count; i++) {
        elements += attributes->columns[i].rows * attributes->columns[i].width;
        inputs += attributes->columns[i].width;
    }
    for (int i = 0; i < attributes->run_count; i++) dense += attributes->runs[i].width;
    brn_shape rows = brn__input_shape(node, x), weight = brn__input_shape(node, x + 2);
    if (attributes->count < 1) return brn__fail(BRN_ERROR_USAGE, "%s: no column", node->op->name);
    BRN__TRY(brn__expect_vector(node, x + 1, "tables", elements, "T"));
    if (weight.dims[1] != inputs + dense)
        return brn__fail(BRN_ERROR_INPUT, "%s: weight %s must have %lld columns", node->op->name, BRN__SHAPE(weight),
                         (long long)(inputs + dense));
    const int64_t dims[] = {rows.dims[0], dense};
    if (brn__has(node, x + 3) != (dense > 0) ||
        (dense && !brn_shape_equal(brn__input_shape(node, x + 3), brn_shape_of(2, dims))))
        return brn__fail(BRN_ERROR_INPUT, "%s: dense must be %s", node->op->name, BRN__SHAPE(brn_shape_of(2, dims)));
    return expect_columns(node, rows, weight.dims[1]);
}

static brn_status infer_category_linear(brn_node *node)
{
    const brn__category_linear_attributes *attributes = node->attributes;
    if (attributes->activation > BRN_ACTIVATION_RELU6)
        return brn__fail(BRN_ERROR_USAGE, "category_linear: %s can't be fused",
                         brn__activation_name(attributes->activation));
    BRN__TRY(expect_operands(node, 0));
    const int64_t dims[] = {brn__input_shape(node, 0).dims[0], brn__input_shape(node, 2).dims[0]};
    if (brn__has(node, 4)) BRN__TRY(brn__expect_vector(node, 4, "bias", dims[1], "O"));
    brn__set_output(node, 0, BRN_DTYPE_F32, brn_shape_of(2, dims));
    return BRN_OK;
}

static brn_status gradient_category_linear(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    const bool *needed = gradient->needed;
    const brn__category_linear_attributes *attributes = node->attributes;
    brn__value dz = brn__rule_activation(gradient, attributes->activation, gradient->dy[0]);
    if (needed[1] || needed[2] || needed[3]) {
        brn__value inputs[] = {dz, node->inputs[0], node->inputs[1], node->inputs[2], node->inputs[3]};
        brn__value grad = brn__rule_backward(gradient, &brn__op_category_linear_grad, attributes, inputs, 5);
        if (needed[1]) gradient->dx[1] = brn__output(grad.node, 0);
        if (needed[2]) gradient->dx[2] = brn__output(grad.node, 1);
        if (needed[3]) gradient->dx[3] = brn__output(grad.node, 2);
    }
    if (brn__has(node, 4) && needed[4])
        gradient->dx[4] = brn__rule_reduce_to(gradient, dz, brn__input_shape(node, 4));
    return brn__rule_status(gradient);
}

static brn_status infer_category_linear_grad(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    BRN__TRY(expect_operands(node, 1));
    brn_shape dy = brn__input_shape(node, 0);
    const int64_t dims[] = {brn__input_shape(node, 1).dims[0], brn__input_shape(node, 3).dims[0]};
    if (!brn_shape_equal(dy, brn_shape_of(2, dims)))
        return brn__fail(BRN_ERROR_INPUT, "category_linear_grad: dy must be %s, got %s",
                         BRN__SHAPE(brn_shape_of(2, dims)), BRN__SHAPE(dy));
    brn__same_as_input(node, 0, 2);
    brn__same_as_input(node, 1, 3);
    brn__same_as_input(node, 2, brn__has(node, 4) ? 4 : 1); /* without dense nobody reads it */
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__category_linear_attributes *attributes = node->attributes;
    brn__text_printf(out, "%d columns of %lld categories", attributes->count,
                     (long long)brn__category_rows(attributes));
    if (attributes->activation) brn__text_printf(out, " + %s", brn__activation_name(attributes->activation));
}

/* Multiplications and additions of one product with the weight, and one addition a row and column. */
static double work(const brn_node *node, int64_t rows, int64_t outputs)
{
    const brn__category_linear_attributes *attributes = node->attributes;
    double products = 0;
    for (int i = 0; i < attributes->count; i++)
        products += (double)(attributes->columns[i].rows * attributes->columns[i].width);
    for (int i = 0; i < attributes->run_count; i++) products += (double)(rows * attributes->runs[i].width);
    return (double)outputs * (2 * products + (double)(rows * attributes->count));
}

static double flops(const brn_node *node)
{
    return work(node, brn__input_shape(node, 0).dims[0], brn__input_shape(node, 2).dims[0]);
}

/* Two products. */
static double flops_grad(const brn_node *node)
{
    return 2 * work(node, brn__input_shape(node, 1).dims[0], brn__input_shape(node, 3).dims[0]);
}

const brn__op brn__op_category_linear = {.name = "category_linear",
                                         .id = BRN__OP_category_linear,
                                         .inputs_min = 3,
                                         .inputs_max = 5,
                                         .output_count = 1,
                                         .attributes_size = sizeof(brn__category_linear_attributes),
                                         .infer = infer_category_linear,
                                         .gradient = gradient_category_linear,
                                         .describe = describe,
                                         .flops = flops};
const brn__op brn__op_category_linear_grad = {.name = "category_linear_grad",
                                              .id = BRN__OP_category_linear_grad,
                                              .inputs_min = 4,
                                              .inputs_max = 5,
                                              .output_count = 3,
                                              .attributes_size = sizeof(brn__category_linear_attributes),
                                              .infer = infer_category_linear_grad,
                                              .describe = describe,
                                              .flops = flops_grad};
