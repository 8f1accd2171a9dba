/* SPDX-License-Identifier: Apache-2.0
 * A recurrent layer of the AWD-LSTM encoder, of either kind that fast.ai has: what it is made of, by its names.
 *
 *     LSTM: its recurrent matrix is dropped, weight by weight. State: h and c.
 *     QRNN (Bradbury et al. 2017): a linear layer whose matrix is dropped, over each step and, in layer 0, the one
 *           before (window 2); then a recurrence without weights. State: c and, in layer 0, x, the step before.
 *
 * Names are those of fast.ai's checkpoints: 0.rnns.1.weight_hh_l0_raw, 0.rnns.1.module.weight_ih_l0 ...;
 * 0.rnns.1.layers.0.linear.weight_raw, 0.rnns.1.layers.0.linear.module.bias. */
#ifndef BRN__MODELS_RECURRENT_LAYER_H
#define BRN__MODELS_RECURRENT_LAYER_H

#include "burnish/ops.h"

enum { BRN__RECURRENT_PARTS = 2, BRN__RECURRENT_NAME = 64 };

typedef struct brn__recurrent_layer {
    bool qrnn;
    int number;            /* from 0 */
    int64_t inputs, width; /* I, H */
} brn__recurrent_layer;

/* Layer `number` of `layers` in an encoder whose words and last layer have E numbers, the others `hidden`. */
brn__recurrent_layer brn__recurrent_layer_of(bool qrnn, int number, int layers, int64_t embedding, int64_t hidden);

typedef struct brn__recurrent_part {
    const char *name; /* "h" */
    int64_t width;
} brn__recurrent_part;
/* The parts of its state, each (N, width); their count, at most BRN__RECURRENT_PARTS. */
int brn__recurrent_parts(const brn__recurrent_layer *layer, brn__recurrent_part *out);

/* Weights in its matrices. */
double brn__recurrent_weights(const brn__recurrent_layer *layer);

/* Name of the matrix that is dropped: what tells of a file which layers it has. */
void brn__recurrent_matrix(bool qrnn, int number, char name[BRN__RECURRENT_NAME]);
/* H, by that matrix's shape. */
int64_t brn__recurrent_width(bool qrnn, brn_shape matrix);

/* x (T, N, I), state before it by part -> all states (T, N, H), whose output 1 is the last step's; next: the state
 * behind it. PyTorch's start: an LSTM's weights from U(+-1/sqrt(H)), a linear layer's from U(+-1/sqrt(columns)).
 * drop_slot: of the matrix's dropout; -1: none. */
brn_node *brn__recurrent_run(brn_node *x, const brn__recurrent_layer *layer, int drop_slot, brn_node *const *state,
                             brn_node **next);

#endif
