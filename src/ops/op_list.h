/* SPDX-License-Identifier: Apache-2.0
 * The one list of ops: ids, backends' tables and the op suite come from it. Adding an op adds a line
 * here and files elsewhere (docs/add_an_op.md). */
#ifndef BRN__OPS_OP_LIST_H
#define BRN__OPS_OP_LIST_H

#include "graph/graph.h"

/* What the plan itself provides, and what backends have kernels for. */
#define BRN__OP_LIST(X)                                                                            \
    X(input)                                                                                       \
    X(parameter)                                                                                   \
    X(pick)                                                                                        \
    BRN__KERNEL_OP_LIST(X)

#define BRN__KERNEL_OP_LIST(X)                                                                     \
    X(reorder)                                                                                     \
    X(sum)                                                                                         \
    X(fill)                                                                                        \
    X(activation)                                                                                  \
    X(activation_grad)                                                                             \
    X(add)                                                                                         \
    X(mul)                                                                                         \
    X(scale)                                                                                       \
    X(conv2d)                                                                                      \
    X(conv2d_grad_input)                                                                           \
    X(conv2d_grad_weight)                                                                          \
    X(batch_norm)                                                                                  \
    X(batch_norm_grad)                                                                             \
    X(batch_norm_fold)                                                                             \
    X(running_update)                                                                              \
    X(pool2d)                                                                                      \
    X(pool2d_grad)                                                                                 \
    X(global_pool)                                                                                 \
    X(global_pool_grad)                                                                            \
    X(matmul)                                                                                      \
    X(dropout)                                                                                     \
    X(locked_dropout)                                                                              \
    X(embedding_dropout)                                                                           \
    X(reshape)                                                                                     \
    X(transpose)                                                                                   \
    X(concat)                                                                                      \
    X(slice)                                                                                       \
    X(slice_grad)                                                                                  \
    X(reduce)                                                                                      \
    X(reduce_max_grad)                                                                             \
    X(broadcast)                                                                                   \
    X(log_softmax)                                                                                 \
    X(log_softmax_grad)                                                                            \
    X(cross_entropy)                                                                               \
    X(cross_entropy_grad)                                                                          \
    X(linear_cross_entropy)                                                                        \
    X(class_targets)                                                                               \
    X(focal_loss)                                                                                  \
    X(focal_loss_grad)                                                                             \
    X(pointwise_loss)                                                                              \
    X(pointwise_loss_grad)                                                                         \
    X(activation_penalty)                                                                          \
    X(activation_penalty_grad)                                                                     \
    X(sequence_pool)                                                                               \
    X(sequence_pool_grad)                                                                          \
    X(embedding)                                                                                   \
    X(embedding_grad)                                                                              \
    X(column_indices)                                                                              \
    X(category_linear)                                                                             \
    X(category_linear_grad)                                                                        \
    X(lstm)                                                                                        \
    X(lstm_grad)                                                                                   \
    X(qrnn)                                                                                        \
    X(qrnn_grad)                                                                                   \
    X(time_window)                                                                                 \
    X(time_window_grad)

typedef enum brn__op_id {
#define X(name) BRN__OP_##name,
    BRN__OP_LIST(X)
#undef X
        BRN__OP_COUNT
} brn__op_id;

#define X(name) extern const brn__op brn__op_##name;
BRN__OP_LIST(X)
#undef X

/* By id. */
extern const brn__op *const brn__op_table[BRN__OP_COUNT];

#endif
