/* SPDX-License-Identifier: Apache-2.0
 * qrnn, qrnn_grad: the recurrence of a quasi-recurrent network, with its gates' functions. Bradbury, Merity, Xiong and
 * Socher 2017, "Quasi-Recurrent Neural Networks", in the form of fast.ai: f is how much of the step's own
 * value is taken. The rest of a layer is a linear layer over all steps at once.
 *
 * The gradient reads the gates once more and the states of all steps: functions are cheaper than memory. */
#include "ops/rules.h"

/* (T, N, H) of a node whose gates (T,N,3H) are input `gates` and c0 (N,H) the next one. */
static brn_status expect_gates(const brn_node *node, int gates, int64_t dims[3])
{
    BRN__TRY(brn__expect_real(node, gates, "gates"));
    BRN__TRY(brn__expect_rank(node, gates, "gates", 3, 3));
    BRN__TRY(brn__expect_real(node, gates + 1, "c0"));
    BRN__TRY(brn__expect_rank(node, gates + 1, "c0", 2, 2));
    const brn_shape z = brn__input_shape(node, gates), c0 = brn__input_shape(node, gates + 1);
    if (z.dims[0] < 1)
        return brn__fail(BRN_ERROR_INPUT, "%s: gates %s have no time step", node->op->name, BRN__SHAPE(z));
    if (c0.dims[1] < 1 || z.dims[1] != c0.dims[0] || z.dims[2] != 3 * c0.dims[1])
        return brn__fail(BRN_ERROR_INPUT, "%s: gates must be (T, N, 3 H) for c0 (N, H) = %s, got %s", node->op->name,
                         BRN__SHAPE(c0), BRN__SHAPE(z));
    dims[0] = z.dims[0], dims[1] = z.dims[1], dims[2] = c0.dims[1];
    return BRN_OK;
}

/* Input is absent, or of `rank` dimensions: (T, N, H) or (N, H). */
static brn_status expect_part(const brn_node *node, int input, const char *what, int rank, const int64_t dims[3])
{
    if (!brn__has(node, input)) return BRN_OK;
    const brn_shape got = brn__input_shape(node, input), expected = brn_shape_of(rank, dims + 3 - rank);
    BRN__TRY(brn__expect_real(node, input, what));
    if (brn_shape_equal(got, expected)) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %s must be %s = %s, got %s", node->op->name, what,
                     rank == 3 ? "(T, N, H)" : "(N, H)", BRN__SHAPE(expected), BRN__SHAPE(got));
}

static brn_status infer_qrnn(brn_node *node)
{
    int64_t dims[3];
    BRN__TRY(expect_gates(node, 0, dims));
    BRN__TRY(expect_part(node, 2, "keep", 3, dims));
    brn__set_output(node, 0, BRN_DTYPE_F32, brn_shape_of(3, dims));
    brn__set_output(node, 1, BRN_DTYPE_F32, brn_shape_of(2, dims + 1));
    brn__set_output(node, 2, BRN_DTYPE_F32, brn_shape_of(2, dims + 1));
    brn__set_output(node, 3, BRN_DTYPE_F32, brn_shape_of(3, dims));
    return BRN_OK;
}

static brn_status gradient_qrnn(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    BRN__TRY(brn__rule_refuse_output(gradient, 3, "the cells"));
    brn__value inputs[] = {gradient->dy[0],
                           gradient->dy[1],
                           gradient->dy[2],
                           node->inputs[0],
                           node->inputs[1],
                           brn__rule_output(gradient, 3),
                           brn__has(node, 2) ? node->inputs[2] : (brn__value){0}};
    brn__value dgates = brn__rule_backward(gradient, &brn__op_qrnn_grad, node->attributes, inputs, 7);
    if (gradient->needed[0]) gradient->dx[0] = dgates;
    if (gradient->needed[1]) gradient->dx[1] = brn__output(dgates.node, 1);
    return brn__rule_status(gradient);
}

static brn_status infer_qrnn_grad(brn_node *node)
{
    int64_t dims[3];
    BRN__TRY(expect_gates(node, 3, dims));
    BRN__TRY(expect_part(node, 0, "dy", 3, dims));
    BRN__TRY(expect_part(node, 1, "dh_n", 2, dims));
    BRN__TRY(expect_part(node, 2, "dc_n", 2, dims));
    BRN__TRY(expect_part(node, 5, "the cells", 3, dims));
    BRN__TRY(expect_part(node, 6, "keep", 3, dims));
    brn__set_output(node, 0, BRN_DTYPE_F32, brn__input_shape(node, 3));
    brn__set_output(node, 1, BRN_DTYPE_F32, brn__input_shape(node, 4));
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__qrnn_attributes *attributes = node->attributes;
    if (attributes->backward) brn__text_printf(out, "backward");
}

const brn__op brn__op_qrnn = {.name = "qrnn",
                              .id = BRN__OP_qrnn,
                              .inputs_min = 2,
                              .inputs_max = 3,
                              .output_count = 4,
                              .attributes_size = sizeof(brn__qrnn_attributes),
                              .infer = infer_qrnn,
                              .gradient = gradient_qrnn,
                              .describe = describe};
const brn__op brn__op_qrnn_grad = {.name = "qrnn_grad",
                                   .id = BRN__OP_qrnn_grad,
                                   .inputs_min = 6,
                                   .inputs_max = 7,
                                   .output_count = 2,
                                   .attributes_size = sizeof(brn__qrnn_attributes),
                                   .infer = infer_qrnn_grad,
                                   .describe = describe};

brn_node *brn_qrnn(brn_node *gates, brn_node *c0, brn_node *keep, bool backward)
{
    const brn__qrnn_attributes attributes = {.backward = backward};
    return brn__apply(&brn__op_qrnn, &attributes, (brn_node *[]){gates, c0, keep}, 3);
}

/* Dropout of ones: in inference they are left. */
brn_node *brn_zoneout(brn_node *gates, int probability_slot)
{
    if (brn__is_poison(gates)) return gates;
    const brn_shape shape = brn_node_shape(gates);
    if (shape.rank != 3 || shape.dims[2] < 3 || shape.dims[2] % 3)
        return brn__graph_fail(brn_node_graph(gates),
                               brn__fail(BRN_ERROR_INPUT, "zoneout: gates must be (T, N, 3 H), got %s", BRN__SHAPE(shape)));
    return brn_dropout(brn_scale(brn_slice(gates, 2, 0, shape.dims[2] / 3), 0, 1), probability_slot);
}
