/* SPDX-License-Identifier: Apache-2.0
 *
 * Cuts a blocked value into the spans that the loops of simd/ work on (simd/simd.h).
 *
 * Panel: the channels that share parameter vectors of `period` floats. For blocks of 1 .. 16 a
 * panel is one channel block and the period 16; for channels-last rows there is one panel, all C
 * channels. Unit: one contiguous piece of a panel. Units depend on the shape alone, never on the
 * number of threads, so sums over units in order give the same bits for any number of threads.
 */
#ifndef BRN__BACKENDS_CPU_SPANS_H
#define BRN__BACKENDS_CPU_SPANS_H

#include "backends/cpu/blocking.h"

typedef struct brn__spans {
    brn__blocking blocking;
    int64_t panels, period;
    int64_t run;    /* floats of one panel that lie together */
    int64_t pieces; /* units in one run */
    int64_t unit;   /* floats in a unit, but for the last of a run */
    int64_t units;  /* of one panel */
} brn__spans;

brn__spans brn__spans_of(const brn__blocking *blocking);

/* Place and length of a unit. */
static inline int64_t brn__span_at(const brn__spans *s, int64_t panel, int64_t unit,
                                   int64_t *length)
{
    int64_t n = unit / s->pieces, begin = unit % s->pieces * s->unit;
    *length = s->run - begin < s->unit ? s->run - begin : s->unit;
    return (n * s->panels + panel) * s->run + begin;
}

/* Channel of a lane, or -1 for padding. Lane l of a panel and lane l + channels_in_panel hold the
 * same channel. */
static inline int64_t brn__span_channels(const brn__spans *s, int64_t panel)
{
    int64_t rest = s->blocking.channels - panel * s->blocking.block;
    return rest < s->blocking.block ? rest : s->blocking.block;
}

#endif
