/* SPDX-License-Identifier: Apache-2.0
 * Matrix factorisation with biases (Koren, Bell and Volinsky 2009), as fast.ai's EmbeddingDotBias:
 *
 *     y = u_weight[user] . i_weight[item] + u_bias[user] + i_bias[item]
 *     with a range: sigmoid(y) * (high - low) + low
 *
 * Names are fastai 2's: u_weight.weight (users, factors), i_weight.weight (items, factors),
 * u_bias.weight (users, 1), i_bias.weight (items, 1). All of them are decayed, as fastai does. One
 * layer group. */
#ifndef BRN__MODELS_DOT_BIAS_H
#define BRN__MODELS_DOT_BIAS_H

#include "burnish/nn.h"

typedef enum brn__dot_bias_form {
    BRN__DOT_BIAS_FASTAI2, /* .01 fmod(N(0, 1), 2) */
    BRN__DOT_BIAS_COURSE,  /* 0.7: U(-.05, .05) */
} brn__dot_bias_form;

typedef struct brn__dot_bias_options {
    brn__dot_bias_form form;
    int64_t users, items, factors; /* rows of the tables, #na# (row 0) among them; their width */
    bool has_range;                /* answers in (low, high) */
    double low, high;
} brn__dot_bias_options;

/* x (N, C) holds codes of users in column 0 and of items in column `item_column`, below 2^24
 * (brn_column_indices) -> (N, 1). Errors poison the graph. Called again on one graph it uses the
 * same tables. */
brn_node *brn__dot_bias(brn_node *x, const brn__dot_bias_options *options, int64_t item_column);

#endif
