/* SPDX-License-Identifier: Apache-2.0
 * The kinds of layers of described networks: a record `brn__layer_NAME` in network_layers.c or
 * network_parts.c, one line here. */
#ifndef BRN__MODELS_NETWORK_LIST_H
#define BRN__MODELS_NETWORK_LIST_H

#include "models/network.h"

#define BRN__LAYER_KIND_LIST(X)                                                                    \
    X(conv)                                                                                        \
    X(linear)                                                                                      \
    X(batch_norm)                                                                                  \
    X(embedding)                                                                                   \
    X(ratio_bag)                                                                                   \
    X(relu)                                                                                        \
    X(relu6)                                                                                       \
    X(leaky_relu)                                                                                  \
    X(sigmoid)                                                                                     \
    X(tanh)                                                                                        \
    X(silu)                                                                                        \
    X(gelu)                                                                                        \
    X(hard_swish)                                                                                  \
    X(dropout)                                                                                     \
    X(max_pool)                                                                                    \
    X(average_pool)                                                                                \
    X(global_pool)                                                                                 \
    X(flatten)                                                                                     \
    X(reshape)                                                                                     \
    X(columns)                                                                                     \
    X(identity)                                                                                    \
    X(sequential)                                                                                  \
    X(residual)                                                                                    \
    X(branches)                                                                                    \
    X(gate)

#define X(name) extern const brn__layer_kind brn__layer_##name;
BRN__LAYER_KIND_LIST(X)
#undef X

#endif
