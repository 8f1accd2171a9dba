/* SPDX-License-Identifier: Apache-2.0
 * Which build of the loops in simd/ this processor runs. */
#ifndef BRN__BACKENDS_CPU_ISA_H
#define BRN__BACKENDS_CPU_ISA_H

#include "backends/cpu/simd/simd.h"
#include "base/isa.h"

/* The loops of an instruction set, or NULL when the processor lacks it. */
const brn__simd *brn__simd_of(brn__isa isa);
/* The loops in use. */
const brn__simd *brn__simd_now(void);

#endif
