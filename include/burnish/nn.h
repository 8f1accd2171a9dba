/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers: functions that take a node x first, make the layer's parameters under its name, and
 * return a node. Blocks and networks are built from them (model_zoo.h).
 *
 *     brn_node *x = brn_input(g, "image", BRN_DTYPE_F32, (int64_t[]){16, 3, 224, 224}, 4);
 *     x = brn_nn_conv2d(x, "conv1", &(brn_nn_conv2d_options){
 *                                       .channels = 64, .kernel = 7, .stride = 2, .padding = 3});
 *     x = brn_relu(brn_nn_batch_norm(x, "bn1", NULL));            // (N, 64, 112, 112)
 *     brn_nn_head_options head = brn_nn_head_defaults(2);
 *     brn_node *logits = brn_nn_head(x, &head);                   // (N, 2)
 *
 * Names are PyTorch's: a layer NAME has NAME.weight and NAME.bias, a batch norm also the buffers
 * NAME.running_mean and NAME.running_var, all inside the scopes that are open (brn_scope_push).
 * Kinds: weights of convolutions and linear layers WEIGHT, their biases BIAS, scale and shift of a
 * normalisation NORM. Errors poison the graph (graph.h): no function here returns NULL.
 */
#ifndef BURNISH_NN_H
#define BURNISH_NN_H

#include "burnish/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_nn_conv2d_options {
    int64_t channels;   /* out */
    int kernel;         /* height = width */
    int stride, groups; /* 0 counts as 1 */
    int padding;        /* zeros on each side */
    bool same;          /* TensorFlow's SAME instead of `padding` (ops.h) */
    bool bias;          /* starts at zero */
} brn_nn_conv2d_options;

/* x (N, C, H, W) -> (N, channels, H', W'). Weight (channels, C / groups, kernel, kernel), drawn
 * from N(0, sqrt(2 / fan_out)): He et al. 2015, as torchvision does. */
BRN_API brn_node *brn_nn_conv2d(brn_node *x, const char *name,
                                const brn_nn_conv2d_options *options);

/* x (N, C, H, W) or (N, C). Scale starts at 1, shift at 0, running mean at 0, running variance
 * at 1. `options` NULL: epsilon 1e-5, momentum .1. */
BRN_API brn_node *brn_nn_batch_norm(brn_node *x, const char *name,
                                    const brn_batch_norm_options *options);

typedef struct brn_nn_conv_norm_options {
    const char *conv_name, *norm_name;
    brn_nn_conv2d_options conv;
    const brn_batch_norm_options *norm; /* NULL: as brn_nn_batch_norm */
    brn_activation activation;
} brn_nn_conv_norm_options;
/* Convolution, batch norm, activation. */
BRN_API brn_node *brn_nn_conv_norm(brn_node *x, const brn_nn_conv_norm_options *options);

/* x (..., F) -> (..., outputs); weight (outputs, F) from `init`, bias zero (absent if !bias). */
BRN_API brn_node *brn_nn_linear(brn_node *x, const char *name, int64_t outputs, bool bias,
                                brn_init init);

/* Dropout whose probability is the scalar slot NAME (brn_plan_set_scalar), starting at
 * `probability`. A probability of 0 leaves the layer out: x is returned. */
BRN_API brn_node *brn_nn_dropout(brn_node *x, const char *name, double probability);

enum { BRN_NN_HEAD_HIDDEN_MAX = 7 };
typedef struct brn_nn_head_options {
    int64_t outputs; /* classes, or numbers to predict */
    int hidden_count;
    int64_t hidden[BRN_NN_HEAD_HIDDEN_MAX];     /* widths of the layers before the last */
    double dropout[BRN_NN_HEAD_HIDDEN_MAX + 1]; /* one for each linear layer; 0 leaves it out */
} brn_nn_head_options;

/* fast.ai's head: hidden {512}, dropout {.25, .5}. */
BRN_API brn_nn_head_options brn_nn_head_defaults(int64_t outputs);

/* The fast.ai head of a body's features:
 *
 *     concat pool (maximum first)                 (N, C, H, W) -> (N, 2C)
 *     for each hidden width:  batch norm -> dropout -> linear -> ReLU
 *     batch norm -> dropout -> linear             -> (N, outputs)
 *
 * Features (N, F) are taken as pooled already (cached ones). Layers are named head.bn1,
 * head.dropout1, head.linear1, head.bn2 ...; linear weights start from N(0, sqrt(2 / fan_in)),
 * biases at 0. No activation at the end: it belongs to the loss. */
BRN_API brn_node *brn_nn_head(brn_node *features, const brn_nn_head_options *options);

/* x and target of one shape; scalar mean over all elements of max(q d, (q - 1) d) with d = target - x
 * (Koenker and Bassett 1978): smallest where x is the quantile q of the targets. 0 < quantile < 1. */
BRN_API brn_node *brn_nn_quantile_loss(brn_node *x, brn_node *target, double quantile);

#ifdef __cplusplus
}
#endif
#endif
