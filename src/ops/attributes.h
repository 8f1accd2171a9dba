/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract between op records and kernels: for each op its inputs, outputs and attributes.
 * Inputs in [brackets] are optional. r = real (F32 in the graph). Shapes as in docs/shapes.md.
 * Formulas here are the definition; the reference backend is the definition in code.
 */
#ifndef BRN__OPS_ATTRIBUTES_H
#define BRN__OPS_ATTRIBUTES_H

#include "burnish/ops.h"
#include "burnish/runner.h"
#include "graph/graph.h"

/* activation (x) -> y, elementwise.
 * activation_grad (dy, s) -> dx: s = y for RELU, RELU6, SIGMOID, TANH; s = x for SILU.
 *   relu: dx = y > 0 ? dy : 0;  relu6: dx = 0 < y < 6 ? dy : 0;  sigmoid: dy y (1 - y);
 *   tanh: dy (1 - y^2);  silu: dy (g + x g (1 - g)), g = sigmoid(x). */
typedef struct brn__activation_attributes {
    brn_activation kind;
} brn__activation_attributes;

/* add, mul (a, b) -> y: broadcasting of trailing dimensions; gradients are reduced back with `reduce`.
 * scale (x) -> a x + b. */
typedef struct brn__scale_attributes {
    double a, b;
} brn__scale_attributes;

/* conv2d (x (N,C,H,W), w (O,C/G,KH,KW), [bias (O)], [residual (N,O,H',W')]) -> y (N,O,H',W')
 *   y = activation(conv(x, w) + bias + residual)
 * conv2d_grad_input (dy, w) -> dx (x_shape)                 [no activation, no residual: see gradient]
 * conv2d_grad_weight (x, dy) -> dw, db (O): db optional output, dw always wanted. */
typedef struct brn__conv2d_attributes {
    int stride[2], dilation[2], padding[2], groups;
    bool same;
    brn_activation activation; /* conv2d only; NONE, RELU or RELU6 (set by fusion) */
    brn_shape x_shape;         /* conv2d_grad_input: the shape of x */
    brn_shape w_shape;         /* conv2d_grad_weight: the shape of w */
} brn__conv2d_attributes;

/* Resolved geometry of a convolution or its gradients. */
typedef struct brn__conv2d_geometry {
    int64_t n, c, h, w;                   /* x */
    int64_t o, kh, kw, oh, ow;            /* kernel, y */
    int64_t groups, stride[2], dilation[2];
    int64_t pad_begin[2], pad_end[2];     /* top/left, bottom/right; pad_end may exceed what is read */
} brn__conv2d_geometry;
brn__conv2d_geometry brn__conv2d_geometry_of(const brn__conv2d_attributes *attributes,
                                             brn_shape x_shape, brn_shape w_shape);

/* batch_norm (x, gamma, beta, mean, var, [residual]) -> y, batch_mean (C), batch_var (C, biased)
 *   form BATCH: m, v = statistics of x over N, H, W (outputs 1, 2);  FIXED and AFFINE: m, v = mean, var
 *   y = activation(gamma (x - m) / sqrt(v + epsilon) + beta + residual)
 *   In the user's graph `resolved` is false; the pass batch_norm_form sets form and resolved. An
 *   unresolved batch_norm runs as FIXED.
 * batch_norm_grad (dy, x, gamma, m, v, [y], [dy2], [beta]) -> dx, dgamma, dbeta, dresidual (all optional)
 *   y is there when activation is not NONE (its mask), or in its place beta: y is then computed again, to the bit as the
 *   forward pass did, whose outputs 1 and 2 m and v are; without a residual. dy2 is added to dy first.
 *   dz = (dy + dy2) masked by the activation (relu: y > 0; relu6: 0 < y < 6); dresidual = dz
 *   dbeta = sum dz; dgamma = sum dz xhat; xhat = (x - m) / sqrt(v + epsilon)
 *   BATCH: dx = gamma / sqrt(v + epsilon) (dz - dbeta / M - xhat dgamma / M), M = N H W
 *   FIXED, AFFINE: dx = gamma / sqrt(v + epsilon) dz
 * batch_norm_fold (w (O,...), gamma, beta, mean, var, [bias]) -> w', bias' (O)
 *   s = gamma / sqrt(var + epsilon); w'[o] = s[o] w[o]; bias' = beta + (bias - mean) s
 * running_update (running (C), batch (C)) -> (1 - momentum) running + momentum correction batch */
typedef struct brn__batch_norm_attributes {
    double epsilon, momentum;
    brn_norm_form form;
    bool resolved;
    brn_activation activation; /* NONE, RELU, RELU6 */
} brn__batch_norm_attributes;
typedef struct brn__running_update_attributes {
    double momentum, correction; /* correction: M / (M - 1) for variances, 1 for means */
} brn__running_update_attributes;

/* pool2d (x) -> y, workspace (opaque, backend's own, optional: built only if read)
 *   AVERAGE with count_padding whose last window reaches past the padding (ceil) is refused.
 * pool2d_grad (dy, [workspace]) -> dx (x_shape); workspace is there for MAX. Ties: the first maximum in
 * scan order gets the gradient. */
typedef struct brn__pool2d_attributes {
    brn_pool2d_options options; /* strides resolved */
    brn_shape x_shape;          /* pool2d_grad */
} brn__pool2d_attributes;
/* Output size of one axis. */
int64_t brn__pool2d_size(const brn_pool2d_options *options, int axis, int64_t size);

/* global_pool (x (N,C,H,W)) -> y (N,C) or, with both, (N,2C): maximum first, then average
 * global_pool_grad (dy, x) -> dx. Ties of the maximum: the first. */
typedef struct brn__global_pool_attributes {
    bool maximum, average;
} brn__global_pool_attributes;

/* matmul (a, b, [bias (N)]) -> y = activation(op(a) op(b) + bias)
 *   op transposes the last two dimensions. b may be of rank 2 while a has leading dimensions
 *   (they are then rows). Linear is matmul(x, w, bias) with transpose_b. */
typedef struct brn__matmul_attributes {
    bool transpose_a, transpose_b;
    brn_activation activation; /* NONE, RELU or RELU6 (set by fusion) */
} brn__matmul_attributes;

/* dropout (x) -> y: element i of sample n (dimension 0) is kept when u >= p, then scaled by 1/(1-p).
 *   u = brn__uniform_float(word[i % 4] of brn__philox(brn__philox_key(run->seed, stream),
 *       i / 4, sample, run->step, run->micro_batch << 16 | run->rank)), i = index inside the sample.
 *   The gradient is the same op with the same stream on dy. */
typedef struct brn__dropout_attributes { /* of the three kinds */
    int slot;
    const char *stream; /* node's name; lives as long as the graph */
} brn__dropout_attributes;
/* locked_dropout (x (T,N,...)) -> y: one mask for all of the time: element i of sample n is kept or not as
 * by dropout, i = index inside x[t][n].
 * embedding_dropout (x (...,E), indices (...)) -> y: x's row for index v is kept when u >= p, u as above
 * with word[v % 4] of the block v / 4 of sample 0: whole words, alike wherever they stand.
 * The gradient is the same op with the same stream. */

/* reshape (x) -> y: a view. dims as in brn_reshape.  transpose (x) -> y */
typedef struct brn__dims_attributes {
    int rank;
    int64_t dims[BRN_RANK_MAX];
} brn__dims_attributes; /* reshape: dims; broadcast: target dims; transpose: the order */

/* concat (x0 .. x7) -> y.  slice (x) -> y;  slice_grad (dy) -> dx (x_shape), zero outside */
typedef struct brn__slice_attributes {
    int axis;
    int64_t begin, end; /* concat uses only axis */
    brn_shape x_shape;  /* slice_grad */
} brn__slice_attributes;

/* reduce (x) -> y.  reduce_max_grad (dy, x) -> dx.  broadcast (x) -> y (dims attributes) */
typedef struct brn__reduce_attributes {
    brn_reduction kind;
    unsigned axes;
    bool keep_dims;
} brn__reduce_attributes;

/* log_softmax (x) -> y;  log_softmax_grad (dy, y) -> dx. Last axis. No attributes.
 * cross_entropy (logits, target) -> loss (), item_loss (N)
 * cross_entropy_grad (dloss (), logits, target) -> dlogits; only output 0 is differentiable. */
typedef struct brn__cross_entropy_attributes {
    int smoothing_slot; /* -1: none */
} brn__cross_entropy_attributes;

/* linear_cross_entropy (x (...,E), w (V,E), target int64 (...), [bias (V)])
 *     -> loss (), hits (), dx (...,E), dw (V,E), db (V)
 *   Of the rows n whose target t is not `ignored`, M of them, with z = w x[n] + bias:
 *     loss = mean of log sum_v exp z_v - z_t;  hits = share of them with argmax z = t (ties: the first)
 *   dx, dw, db: the gradients of loss, each made only where it is read. All are 0 when M is 0. */
typedef struct brn__linear_cross_entropy_attributes {
    int64_t ignored; /* -1: none */
    int64_t chunk;   /* rows of logits that exist at a time; 0: the backend's choice */
} brn__linear_cross_entropy_attributes;

/* class_targets (labels (N)) -> targets (N, K), no gradient:
 * targets[n][k] = ((1 - s) [k = label n] + s / K) weight k N / sum over the batch of its labels' weights;
 * all 0 where that sum is. */
typedef struct brn__class_targets_attributes {
    int64_t classes;      /* K */
    const float *weights; /* (K), at least 0; lives as long as the graph */
    int smoothing_slot;   /* -1: none */
} brn__class_targets_attributes;

/* focal_loss (x (N,K), labels (N)) -> loss ();  focal_loss_grad (dloss (), x, labels) -> dx:
 * the mean of -(1 - p)^gamma log p, p = softmax(x) at the label. */
typedef struct brn__focal_loss_attributes {
    double gamma; /* at least 0; 0: cross-entropy */
} brn__focal_loss_attributes;

/* pointwise_loss (x, target) -> loss ();  pointwise_loss_grad (dloss (), x, target) -> dx */
typedef struct brn__pointwise_loss_attributes {
    brn_pointwise_loss kind;
} brn__pointwise_loss_attributes;

/* activation_penalty (raw (T,N,H), dropped (T,N,H)) -> loss ()
 *   alpha / (T N H) sum dropped^2 + beta / ((T - 1) N H) sum over t > 0 of (raw[t] - raw[t-1])^2, the second
 *   part 0 where T is 1; alpha and beta are scalar slots.
 * activation_penalty_grad (dloss (), raw, dropped) -> draw, ddropped (both optional) */
typedef struct brn__activation_penalty_attributes {
    int alpha_slot, beta_slot;
} brn__activation_penalty_attributes;

/* sequence_pool (x (T,N,E), [tokens int64 (T,N)]) -> y (N,3E): of the steps whose token is not `padding` (all
 *   steps without tokens) the last one's row, the maximum and the mean; 0 where there are none.
 * sequence_pool_grad (dy, x, [tokens]) -> dx. Ties of the maximum: the first. */
typedef struct brn__sequence_pool_attributes {
    int64_t padding;
} brn__sequence_pool_attributes;

/* embedding (weight (V,E), indices) -> y;  embedding_grad (dy, indices) -> dweight (V,E). Rows are
 * summed in the order of the indices, so the result does not depend on threads; with step->rows the rows
 * that were summed are listed there (graph/rows.h). */
typedef struct brn__embedding_attributes {
    int64_t rows;     /* embedding_grad: V */
    bool by_category; /* embedding: nobody needs the list of rows, so category_linear may take its place */
} brn__embedding_attributes;

/* column_indices (x (N,F)) -> indices (N): the whole number nearest to x[n, column], halves up; of all columns
 * (N,F). Nothing flows back. */
#define BRN__ALL_COLUMNS INT64_MIN
typedef struct brn__column_attributes {
    int64_t column; /* or BRN__ALL_COLUMNS */
} brn__column_attributes;

/* category_linear (x (N,F), tables (T), weight (O,I), [dense (N,D)], [bias (O)]) -> y (N,O): a linear layer over
 * embeddings side by side with `dense`, without the rows that it would multiply (passes/by_category.c makes it).
 *   tables: the embeddings (rows, width) one behind the other, as `columns` lists them
 *   z[n] = bias + sum over columns of weight[:, at .. at + width - 1] table[code], code = the whole number nearest
 *          to x[n, column], as column_indices rounds
 *        + sum over runs of weight[:, at .. at + width - 1] (the next `width` columns of dense)[n]
 *   y = activation(z)
 *   A code outside its table is an error of the run. I is all the widths together.
 * category_linear_grad (dy, x, tables, weight, [dense]) -> dtables (T), dweight (O,I), ddense (N,D) (all optional;
 *   dy is that of z). Nothing flows back to the codes. */
typedef struct brn__category_column {
    int64_t column;      /* of x */
    int64_t rows, width; /* of its table */
    int64_t at;          /* its first column of the weight */
} brn__category_column;
typedef struct brn__dense_run {
    int64_t at, width;
} brn__dense_run;
typedef struct brn__category_linear_attributes {
    int count, run_count;
    const brn__category_column *columns; /* (count), at least 1; live as long as the graph, like the runs */
    const brn__dense_run *runs;          /* (run_count) */
    brn_activation activation;           /* NONE, RELU or RELU6 */
} brn__category_linear_attributes;
/* Rows of all tables together. */
int64_t brn__category_rows(const brn__category_linear_attributes *attributes);

/* lstm (x (T,N,I), h0 (N,H), c0 (N,H), w_ih (4H,I), w_hh (4H,H), [b_ih (4H)], [b_hh (4H)])
 *     -> y (T,N,H), h_n (N,H), c_n (N,H), record (T,N,5H; a backend's own note, built only if read)
 *   For t = 0 .. T-1, with h and c of the step before (h0, c0 at first):
 *     z = w_ih x[t] + b_ih + w_hh h + b_hh, cut in four: i, f, o = sigmoid of parts 0, 1, 3, g = tanh of part 2
 *     c' = f c + i g;  h' = o tanh(c');  y[t] = h'
 *   h_n, c_n: the state after the last step.
 * lstm_grad ([dy], [dh_n], [dc_n], record, c0, w_hh, y, h0) -> dz (T,N,4H), dh0, dc0, dw_hh (all optional)
 *   dz: the gradient of z of every step. An absent gradient is zero. No attributes. */

/* qrnn (gates (T,N,3H), c0 (N,H), [keep (T,N,H)])
 *     -> y (T,N,H), h_n (N,H), c_n (N,H), cells (T,N,H; the gradient's, built only if read)
 *   gates are cut in three: z, f, o. For t = 0 .. T-1 (backward: T-1 .. 0), c being that of the step before
 *   (c0 at first):
 *     F = sigmoid(f[t]) keep[t];  c' = F tanh(z[t]) + (1 - F) c;  y[t] = sigmoid(o[t]) c';  cells[t] = c'
 *   h_n, c_n: y and c of the step that comes last. Nothing flows back into keep.
 * qrnn_grad ([dy], [dh_n], [dc_n], gates, c0, cells, [keep]) -> dgates (T,N,3H), dc0 (N,H) (both optional)
 *   An absent gradient is zero. */
typedef struct brn__qrnn_attributes {
    bool backward;
} brn__qrnn_attributes;

/* time_window (x (T,N,I), before (N,I)) -> y (T,N,2I), last (N,I)
 *   y[t] = x[t], x[t-1] side by side, x[-1] being `before`; last = x[T-1].
 *   backward: y[t] = x[t], x[t+1], x[T] being `before`; last = x[0].
 * time_window_grad ([dy], [dlast]) -> dx (x_shape), dbefore (both optional). An absent gradient is zero. */
typedef struct brn__time_window_attributes {
    bool backward;
    brn_shape x_shape; /* time_window_grad */
} brn__time_window_attributes;

#endif
