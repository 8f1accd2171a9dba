/* SPDX-License-Identifier: Apache-2.0
 * batch_norm, batch_norm_grad, batch_norm_fold, running_update.
 * Ioffe and Szegedy, "Batch normalization", 2015.
 *
 * With xhat = (x - m) / sqrt(v + epsilon), z = gamma xhat + beta + residual, y = activation(z) and
 * dz = dy masked by the activation: dbeta = sum dz, dgamma = sum dz xhat, dresidual = dz. Where m
 * and v are statistics of the batch they depend on x too, which removes from dz its mean and its
 * component along xhat; where they are fixed, dx is only a scaling. (That FIXED has a scale and
 * shift that do not learn is the plan's doing: it does not ask for their gradients.) */
#include "ops/rules.h"

static brn_status expect_options(const brn_node *node)
{
    const brn__batch_norm_attributes *attributes = node->attributes;
    if (attributes->activation > BRN_ACTIVATION_RELU6)
        return brn__fail(BRN_ERROR_USAGE, "%s: %s can't be fused", node->op->name,
                         brn__activation_name(attributes->activation));
    if (!(attributes->epsilon > 0))
        return brn__fail(BRN_ERROR_USAGE, "%s: epsilon must be positive, got %g", node->op->name,
                         attributes->epsilon);
    return BRN_OK;
}

static brn_status expect_features(const brn_node *node, int input, const char *what)
{
    BRN__TRY(brn__expect_real(node, input, what));
    brn_shape x = brn__input_shape(node, input);
    if (x.rank == 2 || x.rank == 4) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %s must be (N, C) or (N, C, H, W), got %s",
                     node->op->name, what, BRN__SHAPE(x));
}

static brn_status infer_batch_norm(brn_node *node)
{
    static const char *const vectors[] = {NULL, "gamma", "beta", "running_mean", "running_var"};
    BRN__TRY(expect_options(node));
    BRN__TRY(expect_features(node, 0, "x"));
    int64_t channels = brn__input_shape(node, 0).dims[1];
    for (int i = 1; i <= 4; i++) BRN__TRY(brn__expect_vector(node, i, vectors[i], channels, "C"));
    if (brn__has(node, 5)) {
        BRN__TRY(brn__expect_real(node, 5, "residual"));
        BRN__TRY(brn__expect_same_shape(node, 0, "x", 5, "residual"));
    }
    brn__same_as_input(node, 0, 0);
    brn__set_output(node, 1, BRN_DTYPE_F32, brn_shape_of(1, &channels));
    brn__set_output(node, 2, BRN_DTYPE_F32, brn_shape_of(1, &channels));
    return BRN_OK;
}

static brn_status gradient_batch_norm(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    const bool *needed = gradient->needed;
    const brn__batch_norm_attributes *attributes = node->attributes;
    bool batch = attributes->form == BRN_NORM_BATCH;
    bool masked = attributes->activation != BRN_ACTIVATION_NONE;
    BRN__TRY(brn__rule_refuse_output(gradient, 1, "the batch's mean"));
    BRN__TRY(brn__rule_refuse_output(gradient, 2, "the batch's variance"));
    if (!batch) {
        BRN__TRY(brn__rule_refuse_input(gradient, 3, "the running mean"));
        BRN__TRY(brn__rule_refuse_input(gradient, 4, "the running variance"));
    }
    brn__value inputs[] = {gradient->dy[0],
                           node->inputs[0],
                           node->inputs[1],
                           batch ? brn__rule_output(gradient, 1) : node->inputs[3],
                           batch ? brn__rule_output(gradient, 2) : node->inputs[4],
                           brn__rule_output(gradient, 0),
                           {0},
                           {0}};
    /* The mask may come from x, which the batch's statistics need anyway: y is then not read. */
    const bool by_x = masked && batch && !brn__has(node, 5);
    if (by_x) inputs[5] = (brn__value){0}, inputs[7] = node->inputs[2];
    brn__value dx =
        brn__rule_backward(gradient, &brn__op_batch_norm_grad, attributes, inputs, by_x ? 8 : masked ? 6 : 5);
    if (needed[0]) gradient->dx[0] = dx;
    for (int i = 1; i <= 2; i++)
        if (needed[i]) gradient->dx[i] = brn__output(dx.node, i);
    if (brn__has(node, 5) && needed[5])
        gradient->dx[5] = masked ? brn__output(dx.node, 3) : gradient->dy[0];
    return brn__rule_status(gradient);
}

static brn_status infer_batch_norm_grad(brn_node *node)
{
    static const char *const names[] = {"dy", "x", "gamma", "mean", "var", "y", "dy2", "beta"};
    const brn__batch_norm_attributes *attributes = node->attributes;
    BRN__TRY(expect_options(node));
    BRN__TRY(expect_features(node, 0, "dy"));
    int64_t channels = brn__input_shape(node, 0).dims[1];
    for (int i = 1; i < 8; i++) {
        if (!brn__has(node, i)) continue;
        if ((i >= 2 && i <= 4) || i == 7) {
            BRN__TRY(brn__expect_vector(node, i, names[i], channels, "C"));
            continue;
        }
        BRN__TRY(brn__expect_real(node, i, names[i]));
        BRN__TRY(brn__expect_same_shape(node, 0, "dy", i, names[i]));
    }
    if (attributes->activation != BRN_ACTIVATION_NONE && !brn__has(node, 5) && !brn__has(node, 7))
        return brn__fail(BRN_ERROR_INTERNAL, "batch_norm_grad: y and beta are missing: %s needs one of them",
                         brn__activation_name(attributes->activation));
    brn__same_as_input(node, 0, 0);
    brn__set_output(node, 1, BRN_DTYPE_F32, brn_shape_of(1, &channels));
    brn__set_output(node, 2, BRN_DTYPE_F32, brn_shape_of(1, &channels));
    brn__same_as_input(node, 3, 0);
    return BRN_OK;
}

static brn_status infer_batch_norm_fold(brn_node *node)
{
    static const char *const names[] = {"weight", "gamma", "beta", "mean", "var", "bias"};
    BRN__TRY(expect_options(node));
    BRN__TRY(brn__expect_real(node, 0, "weight"));
    BRN__TRY(brn__expect_rank(node, 0, "weight", 1, BRN_RANK_MAX));
    int64_t channels = brn__input_shape(node, 0).dims[0];
    for (int i = 1; i < 6; i++)
        if (brn__has(node, i)) BRN__TRY(brn__expect_vector(node, i, names[i], channels, "O"));
    brn__same_as_input(node, 0, 0);
    brn__set_output(node, 1, BRN_DTYPE_F32, brn_shape_of(1, &channels));
    return BRN_OK;
}

static brn_status infer_running_update(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "running"));
    BRN__TRY(brn__expect_real(node, 1, "batch"));
    BRN__TRY(brn__expect_same_shape(node, 0, "running", 1, "batch"));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    static const char *const forms[] = {
        [BRN_NORM_BATCH] = "batch", [BRN_NORM_FIXED] = "fixed", [BRN_NORM_AFFINE] = "affine"};
    const brn__batch_norm_attributes *attributes = node->attributes;
    brn__text_printf(out, "%s epsilon %g",
                     attributes->resolved ? forms[attributes->form] : "unresolved",
                     attributes->epsilon);
    if (node->op->id == BRN__OP_batch_norm && brn__has(node, 5)) brn__text_add(out, " + residual");
    if (attributes->activation)
        brn__text_printf(out, " + %s", brn__activation_name(attributes->activation));
}

static void describe_update(const brn_node *node, brn__text *out)
{
    const brn__running_update_attributes *attributes = node->attributes;
    brn__text_printf(out, "momentum %g", attributes->momentum);
}

const brn__op brn__op_batch_norm = {.name = "batch_norm",
                                    .id = BRN__OP_batch_norm,
                                    .inputs_min = 5,
                                    .inputs_max = 6,
                                    .output_count = 3,
                                    .attributes_size = sizeof(brn__batch_norm_attributes),
                                    .infer = infer_batch_norm,
                                    .gradient = gradient_batch_norm,
                                    .describe = describe};
const brn__op brn__op_batch_norm_grad = {.name = "batch_norm_grad",
                                         .id = BRN__OP_batch_norm_grad,
                                         .inputs_min = 5,
                                         .inputs_max = 8,
                                         .output_count = 4,
                                         .attributes_size = sizeof(brn__batch_norm_attributes),
                                         .infer = infer_batch_norm_grad,
                                         .describe = describe};
const brn__op brn__op_batch_norm_fold = {.name = "batch_norm_fold",
                                         .id = BRN__OP_batch_norm_fold,
                                         .inputs_min = 5,
                                         .inputs_max = 6,
                                         .output_count = 2,
                                         .attributes_size = sizeof(brn__batch_norm_attributes),
                                         .infer = infer_batch_norm_fold,
                                         .describe = describe};
const brn__op brn__op_running_update = {.name = "running_update",
                                        .id = BRN__OP_running_update,
                                        .inputs_min = 2,
                                        .inputs_max = 2,
                                        .output_count = 1,
                                        .attributes_size = sizeof(brn__running_update_attributes),
                                        .infer = infer_running_update,
                                        .describe = describe_update};

brn_node *brn_batch_norm(brn_node *x, brn_node *gamma, brn_node *beta, brn_node *running_mean,
                         brn_node *running_var, const brn_batch_norm_options *options)
{
    brn__batch_norm_attributes attributes = {.epsilon = options ? options->epsilon : 1e-5,
                                             .momentum = options ? options->momentum : .1,
                                             .form = BRN_NORM_FIXED};
    return brn__apply(&brn__op_batch_norm, &attributes,
                      (brn_node *[]){x, gamma, beta, running_mean, running_var}, 5);
}
