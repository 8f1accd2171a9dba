/* SPDX-License-Identifier: Apache-2.0
 * Walking two canonical values that are broadcast against each other (add, mul, broadcast, reduce):
 * dimensions are merged until the innermost is one run in which each is an array or one number. */
#ifndef BRN__BACKENDS_CPU_PAIRING_H
#define BRN__BACKENDS_CPU_PAIRING_H

#include "burnish/tensor.h"

/* Merged dimensions, outermost first; a stride of 0 repeats. The last dimension is the run: its
 * strides are 0 or 1. */
typedef struct brn__pairing {
    int rank;
    int64_t dims[BRN_RANK_MAX], a[BRN_RANK_MAX], b[BRN_RANK_MAX];
} brn__pairing;

/* a and b broadcast to y. */
brn__pairing brn__pair(brn_shape a, brn_shape b, brn_shape y);
int64_t brn__pairing_runs(const brn__pairing *pairing);
/* Where run number `run` begins in a and in b; in y it begins at run * dims[rank - 1]. */
void brn__pairing_at(const brn__pairing *pairing, int64_t run, int64_t *at_a, int64_t *at_b);

#endif
