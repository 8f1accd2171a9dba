/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/isa.h"

const brn__simd *brn__simd_of(brn__isa isa)
{
    static const brn__simd *const tables[BRN__ISA_COUNT] = {
        [BRN__ISA_PORTABLE] = &brn__simd_portable,
        [BRN__ISA_AVX2] = &brn__simd_avx2,
        [BRN__ISA_AVX512] = &brn__simd_avx512,
    };
    return brn__isa_has(isa) ? tables[isa] : NULL;
}

const brn__simd *brn__simd_now(void)
{
    return brn__simd_of(brn__isa_best());
}
