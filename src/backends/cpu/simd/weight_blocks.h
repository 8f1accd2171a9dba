/* SPDX-License-Identifier: Apache-2.0
 * Between a dense weight (O, I, K) in canonical order (K = kernel height x width) and oneDNN's blocks
 * of 16 x 16 channels, [O / 16][I / 16][K][16][16]: inner order i, o ("16i16o": forward and weight
 * gradient) or o, i ("16o16i": input gradient). In bfloat16 two neighbours of the outer of the two stand side by side,
 * i / 2, o, i % 2 ("8i16o2i") or o / 2, i, o % 2 ("8o16i2o"). One call works on one block of 16 x 16 channels. */
#ifndef BRN__BACKENDS_CPU_SIMD_WEIGHT_BLOCKS_H
#define BRN__BACKENDS_CPU_SIMD_WEIGHT_BLOCKS_H

#include <stdint.h>

typedef struct brn__weight_blocks {
    const char *name, *name_bf16;
    /* `row` = I K: floats between output channels of the canonical weight. */
    void (*pack_io)(const float *canonical, int64_t row, int64_t kernel, float *block);
    void (*pack_oi)(const float *canonical, int64_t row, int64_t kernel, float *block);
    void (*unpack_io)(const float *block, int64_t row, int64_t kernel, float *canonical);
    /* Of 1x1; rounded to the nearest. Around the caches where `block` is aligned, so that each thread says when it has
     * packed its last. NULL where the processor has no bfloat16. */
    void (*pack_io_bf16)(const float *canonical, int64_t row, uint16_t *block);
    void (*pack_oi_bf16)(const float *canonical, int64_t row, uint16_t *block);
    void (*pack_end)(void);
} brn__weight_blocks;

/* NULL where the processor (or BRN_ISA) has no such loops. */
const brn__weight_blocks *brn__weight_blocks_now(void);

#endif
