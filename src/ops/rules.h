/* SPDX-License-Identifier: Apache-2.0
 * What the gradient rules and shape rules of several ops share. */
#ifndef BRN__OPS_RULES_H
#define BRN__OPS_RULES_H

#include "ops/attributes.h"
#include "ops/op_list.h"

/* Appends a node named like the node that is differentiated; its output 0. */
brn__value brn__rule_node(brn__gradient *gradient, const brn__op *op, const void *attributes,
                          const brn__value *inputs, int input_count);
/* The same for a backward primitive: it names the differentiated node as its forward node. */
brn__value brn__rule_backward(brn__gradient *gradient, const brn__op *op, const void *attributes,
                              const brn__value *inputs, int input_count);

/* Output `index` of the node that is differentiated. */
brn__value brn__rule_output(const brn__gradient *gradient, int index);

/* dy masked by an activation that was fused into the node, read back from the node's output 0. */
brn__value brn__rule_activation(brn__gradient *gradient, brn_activation kind, brn__value dy);

brn__value brn__rule_scale(brn__gradient *gradient, brn__value x, double a);
brn__value brn__rule_reshape(brn__gradient *gradient, brn__value x, brn_shape shape);
/* The transpose of broadcasting from `shape`: sums over the dimensions that were repeated. */
brn__value brn__rule_reduce_to(brn__gradient *gradient, brn__value x, brn_shape shape);

/* Fails when somebody differentiates output `index`, which has no gradient. */
brn_status brn__rule_refuse_output(const brn__gradient *gradient, int index, const char *what);
/* Fails when the gradient of input `index` is needed, which has none. */
brn_status brn__rule_refuse_input(const brn__gradient *gradient, int index, const char *what);

/* BRN_OK, or what a builder called by the rule met. */
brn_status brn__rule_status(const brn__gradient *gradient);

/* Input is int64. */
brn_status brn__expect_indices(const brn_node *node, int input, const char *what);
/* Inputs a and b have one shape. */
brn_status brn__expect_same_shape(const brn_node *node, int a, const char *name_a, int b,
                                  const char *name_b);
/* Input is a real vector of that length: "conv2d: bias must be (O) = (8), got (4)". */
brn_status brn__expect_vector(const brn_node *node, int input, const char *what, int64_t length,
                              const char *meaning);

/* A dropout of some kind with a stream of its own; attributes are brn__dropout_attributes. */
brn_node *brn__dropout_of(const brn__op *op, brn_node *const *inputs, int input_count, int probability_slot);

const char *brn__activation_name(brn_activation kind);

#endif
