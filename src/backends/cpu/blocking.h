/* SPDX-License-Identifier: Apache-2.0
 * What our own kernels need to know of a layout, and short hands for their prepare functions. */
#ifndef BRN__BACKENDS_CPU_BLOCKING_H
#define BRN__BACKENDS_CPU_BLOCKING_H

#include "graph/backend.h"

/* An (N, C, H, W) or (N, C) value in memory: dense, in the order n, channel block, spatial, lane.
 *   nChw16c  channel_blocks = ceil(C / 16), block 16
 *   nchw     channel_blocks = C, block 1
 *   nhwc     channel_blocks = 1, block = C; so is (N, C)
 * Lanes past C (24 stored as 32) are zero and must stay zero. */
typedef struct brn__blocking {
    int64_t n, channel_blocks, spatial, block;
    int64_t channels; /* C */
} brn__blocking;

/* False for what does not fit: the kernel then asks for the canonical layout. */
bool brn__blocking_of(const brn__layout *layout, brn_shape shape, brn__blocking *out);

/* Floats in memory, padding included. */
static inline int64_t brn__blocking_elements(const brn__blocking *b)
{
    return b->n * b->channel_blocks * b->spatial * b->block;
}
static inline bool brn__blocking_padded(const brn__blocking *b)
{
    return b->channel_blocks * b->block != b->channels;
}

/* The canonical layout of input `input` / output `output`. */
brn__layout brn__canonical_input(const brn__step *step, int input);
brn__layout brn__canonical_output(const brn__step *step, int output);
/* Every input and output of the step canonical. */
void brn__all_canonical(brn__step *step);
/* The first non-canonical layout among the inputs `first` .. that have the shape of `first`, so
 * that the others are reordered to it; canonical when all are. */
brn__layout brn__common_layout(const brn__step *step, int first, int count);
/* 1 for steps that touch less than 256 KB, else the step's threads. */
int brn__threads_for(const brn__step *step, size_t bytes);

/* db (channels) of one channel block of `lanes` (at most 16): the sums of dy (n, blocks, pixels, lanes) over
 * pictures and pixels, in order and in double. */
void brn__block_sums(int64_t n, int64_t channels, int64_t pixels, int64_t lanes, int64_t block, const float *dy,
                     float *db);
/* The same of blocks of 16 lanes in bfloat16. */
void brn__block_sums_bf16(int64_t n, int64_t channels, int64_t pixels, int64_t block, const uint16_t *dy, float *db);

static inline int64_t brn__divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Part `part` of `parts` equal parts of 0 .. count - 1, borders on multiples of `unit`. */
static inline void brn__part(int64_t count, int64_t unit, int part, int parts, int64_t *begin,
                             int64_t *end)
{
    int64_t units = (count + unit - 1) / unit;
    int64_t first = units * part / parts * unit, last = units * (part + 1) / parts * unit;
    *begin = first < count ? first : count;
    *end = last < count ? last : count;
}

/* Rows begin .. end - 1 of a step's work. */
typedef void brn__rows_function(const brn__step *step, const void *context, int64_t begin, int64_t end);
/* All n rows, shared out among `threads`; one thread calls straight away: OpenMP makes and frees a team of one each
 * time, which costs more than copying a small batch. */
void brn__share_rows(const brn__step *step, int threads, int64_t n, brn__rows_function *rows, const void *context);

#endif
