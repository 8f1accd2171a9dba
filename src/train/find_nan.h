/* SPDX-License-Identifier: Apache-2.0
 * Where a loss that is not finite comes from. */
#ifndef BRN__TRAIN_FIND_NAN_H
#define BRN__TRAIN_FIND_NAN_H

#include "train/learner.h"

typedef enum brn__nan_source {
    BRN__NAN_INPUT,     /* a value of the batch */
    BRN__NAN_PARAMETER, /* a value that was learned, before this batch */
    BRN__NAN_LAYER,     /* an operation made it of finite values */
    BRN__NAN_GONE,      /* the same batch gives finite values now */
} brn__nan_source;

typedef struct brn__nan_found {
    brn__nan_source source;
    char text[512]; /* "the first value that is not finite comes out of layer3.0.conv2 (conv2d; ...)" */
} brn__nan_found;

/* Looks through the batch in use, then the parameters in the order of the store, then runs the forward
 * operations of the training graph again on that batch, with its counters, in order. Buffers keep what
 * they have. For the end of a run: it takes time and memory, and fit->plan is no longer valid. */
brn_status brn__find_nan(brn__fit *fit, brn__nan_found *out);

/* The first parameter that holds a value that is not finite, as a phrase; false when there is none.
 * Running statistics count with `buffers`. */
bool brn__find_nan_parameter(brn_parameters *parameters, bool buffers, char *out, size_t size);

#endif
