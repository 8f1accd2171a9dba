/* SPDX-License-Identifier: Apache-2.0
 * The network of structured data with entity embeddings (Guo and Berkhahn 2016), in the forms of
 * fast.ai 0.7 and of fastai 2:
 *
 *     codes    -> an embedding a column -> concat -> dropout  \
 *                                                              concat
 *     numbers  -> batch norm                                  /
 *     each hidden width:  linear -> ReLU -> batch norm -> dropout
 *     linear -> (N, outputs); with a range: sigmoid * (high - low) + low
 *
 * With one_hot the codes are not embedded but go as zeros and a one straight into the first layer, whose weight
 * has a column for each value then: embeds.i.weight (cardinality, width of the first layer) is that part of it,
 * transposed, and what is added up are the columns of the row's values. That is what embeddings are compared with.
 *
 * Names are fastai 2's: embeds.0.weight, bn_cont.weight, layers.0.0.weight (linear),
 * layers.0.2.weight (batch norm) ... Layer groups: 0 embeddings and bn_cont, 1 hidden, 2 output. */
#ifndef BRN__MODELS_TABLE_NET_H
#define BRN__MODELS_TABLE_NET_H

#include "burnish/nn.h"

enum { BRN__TABLE_HIDDEN_MAX = 8, BRN__TABLE_GROUPS = 3 };

typedef enum brn__table_form {
    BRN__TABLE_FASTAI2, /* widths min(600, round(1.6 c^.56)); embeddings .01 fmod(N(0, 1), 2);
                           linear layers U(+-1/sqrt(fan_in)), without bias before a batch norm */
    BRN__TABLE_COURSE,  /* 0.7: widths min(50, (c + 1) / 2); embeddings U(+-2/(width + 1)); linear
                           layers N(0, sqrt(2/fan_in)), all with bias */
} brn__table_form;

typedef struct brn__table_net_options {
    brn__table_form form;
    int64_t category_count, number_count; /* columns of x: codes first, then numbers */
    const int64_t *cardinalities;         /* (category_count): codes are 0 .. cardinality - 1 */
    const int64_t *widths; /* (category_count), or NULL: by the form's rule; 0 in it as well */
    const brn_init *embedding_init; /* NULL: the form's */
    int hidden_count;
    int64_t hidden[BRN__TABLE_HIDDEN_MAX];
    double dropout[BRN__TABLE_HIDDEN_MAX]; /* behind each hidden layer */
    double embedding_dropout;
    bool by_category; /* no step needs the rows that embeddings' gradients name (a lazy one does): where it is less
                         work, a plan multiplies each category by the first layer once (ops/passes/by_category.c) */
    bool one_hot; /* no embeddings: each value has its own column of the first layer */
    bool norm_numbers, norm_hidden; /* batch norms */
    bool has_range;                 /* outputs in (low, high) */
    double low, high;
    int64_t outputs;
} brn__table_net_options;

/* fastai 2: hidden 200 and 100, no dropout, both norms. 0.7: 1000 and 500, dropout .001 and .01,
 * embeddings .04, no norm of hidden layers (the Rossmann lesson). */
brn__table_net_options brn__table_net_defaults(brn__table_form form);

/* The width of an embedding of `cardinality` codes, #na# among them. */
int64_t brn__embedding_width(brn__table_form form, int64_t cardinality);

/* x (N, category_count + number_count) -> (N, outputs). Errors poison the graph. */
brn_node *brn__table_net(brn_node *x, const brn__table_net_options *options);

#endif
