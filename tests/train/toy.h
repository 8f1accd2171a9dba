/* SPDX-License-Identifier: Apache-2.0
 * A small problem for tests of the loop and its callbacks: two classes of points told apart by the sign of
 * the product of two coordinates, and a net of two layer groups with a batch norm and a dropout. */
#ifndef BRN_TESTS_TRAIN_TOY_H
#define BRN_TESTS_TRAIN_TOY_H

#include "train/callbacks.h"

enum { TOY_ITEMS = 320, TOY_VALID = 64, TOY_FEATURES = 2, TOY_BATCH = 32 };

typedef struct toy {
    brn__dataset dataset;
    brn_graph *graph;
    brn_parameters *parameters;
    brn__learner *learner;
    brn__fit_options fit; /* two epochs of Adam at 1e-2, all groups */
    brn__loader *train, *valid;
} toy;

void toy_new(toy *t);
void toy_new_without_dropout(toy *t);
void toy_free(toy *t);
/* A loader of the caller's over items first .. first + count - 1, shuffled when `training`. */
brn__loader *toy_loader(const toy *t, int64_t first, int64_t count, int64_t batch_size, bool training);
void toy_use(toy *t, const brn__callback *callback);
/* A hash of the bytes of all parameters and buffers. */
uint64_t toy_hash(const toy *t);

#endif
