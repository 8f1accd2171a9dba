/* SPDX-License-Identifier: Apache-2.0
 * The seeded choice behind every split: the items of one class in an order of their own, of which
 * the first validate. */
#ifndef BRN__DATA_SPLIT_H
#define BRN__DATA_SPLIT_H

#include "burnish/data_split.h"

/* order[0 .. count - 1] = 0 .. count - 1, shuffled by seed and label. */
void brn__split_order(uint64_t seed, int64_t label, int64_t *order, int64_t count);

/* How many of `count` items validate: round(share * count), at least one where the share is not 0
 * and never all. */
int64_t brn__split_share(double share, int64_t count);

#endif
