/* SPDX-License-Identifier: Apache-2.0
 * Rows by their code, and the items of each user, sorted: what may not be recommended again, and
 * what no negative sample may be. Compressed rows, built in linear time. */
#ifndef BRN__DATA_RATINGS_SEEN_H
#define BRN__DATA_RATINGS_SEEN_H

#include "data/ratings/ratings.h"

/* The rows of code k are rows[starts[k]] .. rows[starts[k + 1] - 1], in their order. */
typedef struct brn__grouping {
    int64_t groups;
    int64_t *starts; /* (groups + 1), owned */
    int64_t *rows;   /* owned */
} brn__grouping;     /* zeroed = empty */

/* Codes are 0 .. groups - 1. */
brn_status brn__group_rows(const int32_t *codes, int64_t count, int64_t groups, brn__grouping *out);
void brn__grouping_free(brn__grouping *grouping); /* zeroed is fine */

typedef struct brn__seen {
    int64_t users;         /* with code 0 */
    const int64_t *starts; /* (users + 1) */
    const int32_t *items;  /* codes, ascending within a user */
    bool borrowed;         /* the arrays are another's */
} brn__seen;               /* zeroed = nothing is seen */

typedef enum brn__seen_rows { BRN__SEEN_ALL, BRN__SEEN_TRAIN, BRN__SEEN_VALID } brn__seen_rows;

brn_status brn__seen_build(const brn__ratings *ratings, brn__seen_rows which, brn__seen *out);
void brn__seen_free(brn__seen *seen); /* zeroed is fine */

/* Items of a user; *count of them. */
static inline const int32_t *brn__seen_of(const brn__seen *seen, int64_t user, int64_t *count)
{
    *count = user < seen->users ? seen->starts[user + 1] - seen->starts[user] : 0;
    return *count ? seen->items + seen->starts[user] : NULL;
}
bool brn__seen_has(const brn__seen *seen, int64_t user, int32_t item);

#endif
