/* SPDX-License-Identifier: Apache-2.0
 * The instruction set that this processor runs: hot loops are compiled once for each. */
#ifndef BRN__BASE_ISA_H
#define BRN__BASE_ISA_H

#include <stdbool.h>

/* X(name): from the least to the best. The builds of meson.build's simd libraries. */
#define BRN__ISA_LIST(X) X(PORTABLE, portable) X(AVX2, avx2) X(AVX512, avx512)

typedef enum brn__isa {
#define X(name, word) BRN__ISA_##name,
    BRN__ISA_LIST(X)
#undef X
        BRN__ISA_COUNT
} brn__isa;

/* The best that the processor has; the environment's BRN_ISA=avx2|portable may lower it. Read
 * once. */
brn__isa brn__isa_best(void);
/* Products of bfloat16 (AVX-512 BF16). Any BRN_ISA=avx512|avx2|portable takes them away. */
bool brn__isa_has_bf16(void);
/* Tiles of bfloat16 (AMX), which only oneDNN uses. */
bool brn__isa_has_amx(void);
bool brn__isa_has(brn__isa isa);         /* does the processor have it? */
const char *brn__isa_name(brn__isa isa); /* "portable" ... */

#endif
