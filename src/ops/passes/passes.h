/* SPDX-License-Identifier: Apache-2.0
 * Passes that know ops' attributes. A backend lists those it wants, in order (backend.h). */
#ifndef BRN__OPS_PASSES_H
#define BRN__OPS_PASSES_H

#include "graph/backend.h"

/* Chooses each batch norm's form from the plan's options and adds the updates of running statistics;
 * takes dropout out in inference behaviour. Every backend needs it. */
extern const brn__pass brn__pass_batch_norm_form;
extern const brn__pass brn__pass_dropout_off;
/* Convolution + batch norm with fixed statistics, neither learning: one convolution with folded
 * weights, computed from the parameters alone. */
extern const brn__pass brn__pass_fold_batch_norm;
/* Addition and ReLU / ReLU6 that follow a convolution, a batch norm or a matmul become part of it. */
extern const brn__pass brn__pass_fuse_activation;
/* A linear layer over embeddings of few categories becomes category_linear where the plan differentiates and that is
 * less work. */
extern const brn__pass brn__pass_by_category;
/* Late: the two contributions to a batch norm's dy are added inside its gradient. */
extern const brn__pass brn__pass_fuse_gradient_sum;

/* How many node inputs, roots and updates read this value. */
int brn__pass_uses(const brn__pass_context *context, brn__value value);
/* Replaces a value everywhere, roots included. */
void brn__pass_replace(brn__pass_context *context, brn__value from, brn__value to);

#endif
