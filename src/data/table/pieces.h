/* SPDX-License-Identifier: Apache-2.0
 * Cuts a text into pieces that begin and end between records, so that threads can read them.
 *
 * A piece nominally begins behind a line end. Whether that line end ends a record or stands inside
 * quotes depends on all that is before it; so each piece is walked for both cases, which takes one
 * look at each quote, and then the cases are strung together from the top. */
#ifndef BRN__DATA_TABLE_PIECES_H
#define BRN__DATA_TABLE_PIECES_H

#include "base/threads.h"
#include "data/table/csv_reader.h"

typedef struct brn__piece {
    const char *begin, *stop; /* records that begin in [begin, stop) */
    int64_t most;             /* there are no more records than this: line ends, quoted or not */
} brn__piece;

/* Runs a job in the pool, or at once where there is none. */
static inline void brn__run(brn__pool *pool, brn__job *job, void *argument)
{
    if (pool)
        brn__pool_submit(pool, job, argument);
    else
        job(argument);
}

static inline void brn__finish(brn__pool *pool)
{
    if (pool) brn__pool_wait(pool);
}

/* (*count) pieces of about `piece_bytes`, owned by the caller (brn__free). */
brn_status brn__csv_cut(const brn__csv *csv, brn__pool *pool, size_t piece_bytes,
                        brn__piece **pieces, int64_t *count);

#endif
