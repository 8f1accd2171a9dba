/* SPDX-License-Identifier: Apache-2.0
 * cross_entropy, cross_entropy_grad, pointwise_loss, pointwise_loss_grad: scalar means.
 *
 * cross_entropy: with t = (1 - s) target + s / K (Szegedy et al. 2016: label smoothing), one item's
 * loss is -sum_k t_k log p_k, p = softmax(x); d loss / d x_k = (p_k sum_j t_j - t_k) / N.
 * Targets are data: only the pointwise losses pass a gradient on to them. */
#include "ops/rules.h"

/* logits (N, K) with target int64 (N) or real (N, K), as inputs `first` and `first` + 1. */
static brn_status expect_classes(const brn_node *node, int first)
{
    BRN__TRY(brn__expect_real(node, first, "logits"));
    BRN__TRY(brn__expect_rank(node, first, "logits", 2, 2));
    brn_shape logits = brn__input_shape(node, first), target = brn__input_shape(node, first + 1);
    bool indices = brn__input_dtype(node, first + 1) == BRN_DTYPE_I64;
    if (!indices) BRN__TRY(brn__expect_real(node, first + 1, "target"));
    bool fits = indices ? target.rank == 1 && target.dims[0] == logits.dims[0]
                        : brn_shape_equal(target, logits);
    if (fits) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: target must be int64 (N) or float32 (N, K) for logits %s, got %s %s",
                     node->op->name, BRN__SHAPE(logits),
                     brn_dtype_name(brn__input_dtype(node, first + 1)), BRN__SHAPE(target));
}

static brn_status infer_cross_entropy(brn_node *node)
{
    BRN__TRY(expect_classes(node, 0));
    int64_t items = brn__input_shape(node, 0).dims[0];
    brn__set_output(node, 0, BRN_DTYPE_F32, (brn_shape){0});
    brn__set_output(node, 1, BRN_DTYPE_F32, brn_shape_of(1, &items));
    return BRN_OK;
}

static brn_status gradient_cross_entropy(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    BRN__TRY(brn__rule_refuse_output(gradient, 1, "the loss of each item"));
    BRN__TRY(brn__rule_refuse_input(gradient, 1, "the target"));
    brn__value inputs[] = {gradient->dy[0], node->inputs[0], node->inputs[1]};
    gradient->dx[0] =
        brn__rule_backward(gradient, &brn__op_cross_entropy_grad, node->attributes, inputs, 3);
    return brn__rule_status(gradient);
}

static brn_status infer_cross_entropy_grad(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "dloss"));
    BRN__TRY(brn__expect_rank(node, 0, "dloss", 0, 0));
    BRN__TRY(expect_classes(node, 1));
    brn__same_as_input(node, 0, 1);
    return BRN_OK;
}

/* x and target of one shape, as inputs `first` and `first` + 1. */
static brn_status expect_pair(const brn_node *node, int first)
{
    const brn__pointwise_loss_attributes *attributes = node->attributes;
    if ((unsigned)attributes->kind > BRN_LOSS_MSE)
        return brn__fail(BRN_ERROR_USAGE, "%s: there is no loss %d", node->op->name,
                         (int)attributes->kind);
    BRN__TRY(brn__expect_real(node, first, "x"));
    BRN__TRY(brn__expect_real(node, first + 1, "target"));
    return brn__expect_same_shape(node, first, "x", first + 1, "target");
}

static brn_status infer_pointwise_loss(brn_node *node)
{
    BRN__TRY(expect_pair(node, 0));
    brn__set_output(node, 0, BRN_DTYPE_F32, (brn_shape){0});
    return BRN_OK;
}

static brn_status gradient_pointwise_loss(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    const brn__pointwise_loss_attributes *attributes = node->attributes;
    brn__value x = node->inputs[0], dloss = gradient->dy[0];
    brn__value inputs[] = {dloss, x, node->inputs[1]};
    bool difference = attributes->kind != BRN_LOSS_BCE_WITH_LOGITS; /* a function of x - target */
    if (gradient->needed[0] || (gradient->needed[1] && difference))
        gradient->dx[0] =
            brn__rule_backward(gradient, &brn__op_pointwise_loss_grad, attributes, inputs, 3);
    if (gradient->needed[1] && difference) {
        gradient->dx[1] = brn__rule_scale(gradient, gradient->dx[0], -1);
    } else if (gradient->needed[1]) {
        double count = (double)brn_shape_elements(brn__type_of(x)->shape);
        brn__value product =
            brn__rule_node(gradient, &brn__op_mul, NULL, (brn__value[]){x, dloss}, 2);
        gradient->dx[1] = brn__rule_scale(gradient, product, -1 / count);
    }
    return brn__rule_status(gradient);
}

static brn_status infer_pointwise_loss_grad(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "dloss"));
    BRN__TRY(brn__expect_rank(node, 0, "dloss", 0, 0));
    BRN__TRY(expect_pair(node, 1));
    brn__same_as_input(node, 0, 1);
    return BRN_OK;
}

static void describe_pointwise(const brn_node *node, brn__text *out)
{
    static const char *const kinds[] = {[BRN_LOSS_BCE_WITH_LOGITS] = "binary cross-entropy",
                                        [BRN_LOSS_L1] = "l1",
                                        [BRN_LOSS_MSE] = "mse"};
    const brn__pointwise_loss_attributes *attributes = node->attributes;
    brn__text_add(out, kinds[attributes->kind]);
}

const brn__op brn__op_cross_entropy = {.name = "cross_entropy",
                                       .id = BRN__OP_cross_entropy,
                                       .inputs_min = 2,
                                       .inputs_max = 2,
                                       .output_count = 2,
                                       .attributes_size = sizeof(brn__cross_entropy_attributes),
                                       .infer = infer_cross_entropy,
                                       .gradient = gradient_cross_entropy};
const brn__op brn__op_cross_entropy_grad = {.name = "cross_entropy_grad",
                                            .id = BRN__OP_cross_entropy_grad,
                                            .inputs_min = 3,
                                            .inputs_max = 3,
                                            .output_count = 1,
                                            .attributes_size =
                                                sizeof(brn__cross_entropy_attributes),
                                            .infer = infer_cross_entropy_grad};
const brn__op brn__op_pointwise_loss = {.name = "pointwise_loss",
                                        .id = BRN__OP_pointwise_loss,
                                        .inputs_min = 2,
                                        .inputs_max = 2,
                                        .output_count = 1,
                                        .attributes_size = sizeof(brn__pointwise_loss_attributes),
                                        .infer = infer_pointwise_loss,
                                        .gradient = gradient_pointwise_loss,
                                        .describe = describe_pointwise};
const brn__op brn__op_pointwise_loss_grad = {.name = "pointwise_loss_grad",
                                             .id = BRN__OP_pointwise_loss_grad,
                                             .inputs_min = 3,
                                             .inputs_max = 3,
                                             .output_count = 1,
                                             .attributes_size =
                                                 sizeof(brn__pointwise_loss_attributes),
                                             .infer = infer_pointwise_loss_grad,
                                             .describe = describe_pointwise};

brn_node *brn_cross_entropy(brn_node *logits, brn_node *target, int smoothing_slot)
{
    brn__cross_entropy_attributes attributes = {smoothing_slot};
    if (smoothing_slot < -1 || smoothing_slot >= brn_node_graph(logits)->scalar_count)
        return brn__graph_fail(brn_node_graph(logits),
                               brn__fail(BRN_ERROR_USAGE,
                                         "cross_entropy: there is no scalar slot %d",
                                         smoothing_slot));
    return brn__apply(&brn__op_cross_entropy, &attributes, (brn_node *[]){logits, target}, 2);
}

brn_node *brn_loss(brn_node *x, brn_node *target, brn_pointwise_loss kind)
{
    brn__pointwise_loss_attributes attributes = {kind};
    return brn__apply(&brn__op_pointwise_loss, &attributes, (brn_node *[]){x, target}, 2);
}
