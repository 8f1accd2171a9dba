/* SPDX-License-Identifier: Apache-2.0
 * The kernels of the CPU backend, brn__cpu_NAME for op NAME: defined in kernel_FAMILY.c, gathered
 * by cpu.c. */
#ifndef BRN__BACKENDS_CPU_KERNELS_H
#define BRN__BACKENDS_CPU_KERNELS_H

#include "graph/backend.h"

/* Every op but those that the runner carries out itself: input, parameter, pick. */
#define BRN__CPU_KERNEL_LIST(X)                                                                    \
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
    X(pointwise_loss)                                                                              \
    X(pointwise_loss_grad)                                                                         \
    X(embedding)                                                                                   \
    X(embedding_grad)

#define X(name) extern const brn__kernel brn__cpu_##name;
BRN__CPU_KERNEL_LIST(X)
#undef X

#endif
