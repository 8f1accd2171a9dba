/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations as functions on nodes. Shapes use the letters of docs/shapes.md: N batch, C
 * channels, H W image, F features, K classes, V vocabulary, E embedding. An argument said to be
 * optional may be NULL. A wrong shape poisons the graph (graph.h).
 */
#ifndef BURNISH_OPS_H
#define BURNISH_OPS_H

#include "burnish/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_activation {
    BRN_ACTIVATION_NONE,
    BRN_ACTIVATION_RELU,    /* max(x, 0) */
    BRN_ACTIVATION_RELU6,   /* min(max(x, 0), 6) */
    BRN_ACTIVATION_SIGMOID, /* 1 / (1 + exp(-x)) */
    BRN_ACTIVATION_TANH,
    BRN_ACTIVATION_SILU,    /* x sigmoid(x) */
    BRN_ACTIVATION_COUNT
} brn_activation;

BRN_API brn_node *brn_activate(brn_node *x, brn_activation kind);
BRN_API brn_node *brn_relu(brn_node *x);
BRN_API brn_node *brn_relu6(brn_node *x);
BRN_API brn_node *brn_sigmoid(brn_node *x);
BRN_API brn_node *brn_tanh(brn_node *x);
BRN_API brn_node *brn_silu(brn_node *x);

/* Elementwise with broadcasting: trailing dimensions must be equal or 1 (NumPy's rule). */
BRN_API brn_node *brn_add(brn_node *a, brn_node *b);
BRN_API brn_node *brn_mul(brn_node *a, brn_node *b);
/* a x + b with constants. */
BRN_API brn_node *brn_scale(brn_node *x, double a, double b);

typedef struct brn_conv2d_options {
    int stride[2], dilation[2]; /* height, width; 0 counts as 1 */
    int padding[2];             /* symmetric zero padding: height, width */
    int groups;                 /* 0 counts as 1; = C for depthwise */
    bool same;                  /* TensorFlow's SAME: output = ceil(input / stride), the odd
                                 * padding pixel below and right; `padding` is ignored */
} brn_conv2d_options;
/* x (N, C, H, W), weight (O, C / groups, KH, KW), optional bias (O) -> (N, O, H', W'). Cross-
 * correlation, as everywhere in deep learning. */
BRN_API brn_node *brn_conv2d(brn_node *x, brn_node *weight, brn_node *bias,
                             const brn_conv2d_options *options);

typedef struct brn_batch_norm_options {
    double epsilon;  /* 1e-5 in PyTorch's networks, 1e-3 in TensorFlow's */
    double momentum; /* running = (1 - momentum) running + momentum batch; .1 */
} brn_batch_norm_options;
/* x (N, C, H, W) or (N, C); gamma, beta, running_mean, running_var (C). What it does depends on the
 * plan: batch statistics with updates of the running ones (unbiased variance), or running
 * statistics (brn_norm_form). Ioffe and Szegedy 2015. */
BRN_API brn_node *brn_batch_norm(brn_node *x, brn_node *gamma, brn_node *beta,
                                 brn_node *running_mean, brn_node *running_var,
                                 const brn_batch_norm_options *options);

typedef enum brn_pool_kind { BRN_POOL_MAX, BRN_POOL_AVERAGE } brn_pool_kind;
typedef struct brn_pool2d_options {
    brn_pool_kind kind;
    int kernel[2], stride[2], padding[2]; /* stride 0 = kernel */
    bool count_padding;                   /* average: padding counts in the divisor */
    bool ceil;                            /* output size rounds up, as PyTorch's ceil_mode */
} brn_pool2d_options;
BRN_API brn_node *brn_pool2d(brn_node *x, const brn_pool2d_options *options);

/* x (N, C, H, W) -> (N, C). */
BRN_API brn_node *brn_global_pool(brn_node *x, brn_pool_kind kind);
/* x (N, C, H, W) -> (N, 2C): maximum first, then average (fast.ai). */
BRN_API brn_node *brn_concat_pool(brn_node *x);

/* x (..., F), weight (O, F), optional bias (O) -> (..., O). */
BRN_API brn_node *brn_linear(brn_node *x, brn_node *weight, brn_node *bias);
/* a (..., M, K) b (..., K, N) -> (..., M, N); transposed operands are given as (..., K, M) and
 * (..., N, K). Leading dimensions must be equal. */
BRN_API brn_node *brn_matmul(brn_node *a, brn_node *b, bool transpose_a, bool transpose_b);

/* Zeroes elements with probability p (the value of a scalar slot) and scales the rest by 1/(1-p),
 * in training behaviour only. The mask is a function of (seed, node name, step, micro-batch, rank,
 * sample, element). Srivastava et al. 2014. */
BRN_API brn_node *brn_dropout(brn_node *x, int probability_slot);
/* x (T, N, ...): the same, with one mask for all of the time, another for each sequence (Gal and Ghahramani
 * 2016; the locked dropout of AWD-LSTM). */
BRN_API brn_node *brn_locked_dropout(brn_node *x, int probability_slot);
/* x (..., E) = brn_embedding(weight, indices): zeroes whole words of the vocabulary, alike wherever they
 * stand (Merity et al. 2017), and scales the rest by 1/(1-p). */
BRN_API brn_node *brn_embedding_dropout(brn_node *x, brn_node *indices, int probability_slot);

/* dims: 0 copies the input's dimension of that place, one -1 is inferred. */
BRN_API brn_node *brn_reshape(brn_node *x, const int64_t *dims, int rank);
BRN_API brn_node *brn_flatten(brn_node *x); /* (N, ...) -> (N, F) */
/* out dim i = in order[i]; x may be int64. */
BRN_API brn_node *brn_transpose(brn_node *x, const int *order, int rank);
BRN_API brn_node *brn_concat(brn_node **parts, int count, int axis); /* 1..8 parts */
BRN_API brn_node *brn_slice(brn_node *x, int axis, int64_t begin, int64_t end); /* [begin, end) */

typedef enum brn_reduction { BRN_REDUCE_SUM, BRN_REDUCE_MEAN, BRN_REDUCE_MAX } brn_reduction;
/* Over the axes whose bit is set; kept as 1 when keep_dims. Ties of MAX: the first element. */
BRN_API brn_node *brn_reduce(brn_node *x, brn_reduction kind, unsigned axes, bool keep_dims);
/* Repeats along dimensions of size 1 (and new leading ones) up to `dims`. */
BRN_API brn_node *brn_broadcast(brn_node *x, const int64_t *dims, int rank);

/* Over the last axis. */
BRN_API brn_node *brn_log_softmax(brn_node *x);

/* logits (N, K); target int64 (N) or soft float (N, K). Scalar mean over the batch of
 * -sum_k t_k log softmax(x)_k with t = (1 - s) target + s / K, s = the slot's value (-1: no slot).
 * Output 1 is the loss of each item (N). */
BRN_API brn_node *brn_cross_entropy(brn_node *logits, brn_node *target, int smoothing_slot);

/* x (..., E), weight (V, E), bias (V) or NULL, target int64 (...): the mean over the targets other than
 * `ignored` (-1: all count) of the cross-entropy of the logits x weight^T + bias. The logits are made and
 * used a few rows at a time and never exist as a whole, nor does their gradient: a vocabulary's decoder.
 * Output 1: the share of targets that have the largest logit. 0 where no target counts. */
BRN_API brn_node *brn_linear_cross_entropy(brn_node *x, brn_node *weight, brn_node *bias, brn_node *target,
                                           int64_t ignored);

/* labels int64 (N) -> soft float targets (N, K) with which brn_cross_entropy (its own slot -1) is the mean
 * weighted by class, as PyTorch's with weight and label_smoothing: the sum over items of weight[label]
 * times its loss, over the sum of these weights. `weights` (classes), at least 0 and finite, are copied. */
BRN_API brn_node *brn_class_targets(brn_node *labels, const float *weights, int64_t classes,
                                    int smoothing_slot);

/* logits (N, K), labels int64 (N). Scalar mean over the batch of -(1 - p)^gamma log p, p the softmax
 * at the label (Lin et al. 2017; their gamma is 2). gamma is at least 0; 0 is cross-entropy. */
BRN_API brn_node *brn_focal_loss(brn_node *logits, brn_node *labels, double gamma);

typedef enum brn_pointwise_loss {
    BRN_LOSS_BCE_WITH_LOGITS, /* max(x,0) - x t + log(1 + exp(-|x|)) */
    BRN_LOSS_L1,
    BRN_LOSS_MSE,
} brn_pointwise_loss;
/* x and target of one shape; scalar mean over all elements. */
BRN_API brn_node *brn_loss(brn_node *x, brn_node *target, brn_pointwise_loss kind);

/* Of the states of a recurrent layer (T, N, H), before and after dropout: alpha times the mean square of
 * `dropped` plus beta times the mean square of the change of `raw` from step to step, alpha and beta being
 * the values of scalar slots. Merity et al. 2017: activation and temporal activation regularisation. */
BRN_API brn_node *brn_activation_penalty(brn_node *raw, brn_node *dropped, int alpha_slot, int beta_slot);

/* x (T, N, E), tokens int64 (T, N) -> (N, 3 E): the last step, the maximum and the mean over the steps whose
 * token is not `padding`; 0 where there is none (ULMFiT's concat pooling, Howard and Ruder 2018, masked as in
 * fastai 2). tokens NULL: over all steps, as in 0.7. */
BRN_API brn_node *brn_sequence_pool(brn_node *x, brn_node *tokens, int64_t padding);

/* weight (V, E), indices int64 (...) -> (..., E). An index outside 0..V-1 is an error of the run. */
BRN_API brn_node *brn_embedding(brn_node *weight, brn_node *indices);
/* x (N, F) -> int64 (N): the whole numbers nearest to x[:, column], which must be below 2^24 to be
 * exact in float32. So one input holds codes and numbers side by side, as rows of a table do. */
BRN_API brn_node *brn_column_indices(brn_node *x, int64_t column);
/* x (N, F) -> int64 (N, F): all columns so. */
BRN_API brn_node *brn_all_indices(brn_node *x);

/* At the end of every run, in training and in inference behaviour, the buffer `state` (a parameter that
 * does not learn) takes `value`, of its shape, as the run computed it; the run itself read what the buffer
 * held before. No gradient passes from run to run. For state that is carried from batch to batch. */
BRN_API void brn_carry(brn_node *state, brn_node *value);

/* Of a recurrent layer of H units on I inputs, gates in PyTorch's order i f g o; biases may be NULL. */
typedef struct brn_lstm_weights {
    brn_node *w_ih, *w_hh; /* (4 H, I), (4 H, H) */
    brn_node *b_ih, *b_hh; /* (4 H) */
} brn_lstm_weights;
/* x (T, N, I), time first, with the state before it, h0 and c0 (N, H) -> the hidden states of all steps
 * (T, N, H). Outputs 1 and 2 (brn_node_output) are the state after the last step, h and c (N, H).
 * Hochreiter and Schmidhuber 1997. */
BRN_API brn_node *brn_lstm(brn_node *x, brn_node *h0, brn_node *c0, const brn_lstm_weights *weights);

/* The recurrence of a quasi-recurrent layer of H units (Bradbury et al. 2017, fo-pooling). gates (T, N, 3 H), time
 * first, are z, f and o of every step, as a linear layer gives them; c0 (N, H) is the state before them:
 *     F = sigmoid(f[t]) keep[t],  c[t] = F tanh(z[t]) + (1 - F) c[t-1],  y[t] = sigmoid(o[t]) c[t]
 * -> y (T, N, H). Outputs 1 and 2 are y and c of the last step (N, H). keep (T, N, H) is brn_zoneout's, or NULL for
 * 1; nothing learns through it. backward: from the last step to the first, c0 being the state behind them. */
BRN_API brn_node *brn_qrnn(brn_node *gates, brn_node *c0, brn_node *keep, bool backward);
/* gates (T, N, 3 H) -> keep (T, N, H): in training 0 with the probability p of a scalar slot, where a unit keeps its
 * state, else 1 / (1 - p); in inference 1. That is fastai's zoneout; 0.7's is brn_scale(keep, 1 - p, 0). */
BRN_API brn_node *brn_zoneout(brn_node *gates, int probability_slot);
/* x (T, N, I), before (N, I) -> (T, N, 2 I): every step beside the one before it, `before` beside the first: what
 * the linear layer of a quasi-recurrent layer of window 2 sees. backward: beside the one behind it. Output 1 (N, I):
 * the step that the next stretch of the sequence wants for its `before`. */
BRN_API brn_node *brn_time_window(brn_node *x, brn_node *before, bool backward);

#ifdef __cplusplus
}
#endif
#endif
