/* SPDX-License-Identifier: Apache-2.0
 * Which build of the loops in simd/ this processor runs. */
#ifndef BRN__BACKENDS_CPU_ISA_H
#define BRN__BACKENDS_CPU_ISA_H

#include "backends/cpu/simd/simd.h"

typedef enum brn__isa {
    BRN__ISA_PORTABLE,
    BRN__ISA_AVX2,
    BRN__ISA_AVX512,
    BRN__ISA_COUNT
} brn__isa;

/* The best that the processor has; the environment's BRN_ISA=avx2|portable may lower it. Read
 * once. */
brn__isa brn__isa_best(void);
/* The loops of an instruction set, or NULL when the processor lacks it. */
const brn__simd *brn__simd_of(brn__isa isa);
/* The loops in use. */
const brn__simd *brn__simd_now(void);

#endif
