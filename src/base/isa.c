/* SPDX-License-Identifier: Apache-2.0 */
#include "base/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <stdlib.h>
#include <string.h>

static brn__isa isa_of_processor(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return BRN__ISA_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return BRN__ISA_AVX2;
#endif
    return BRN__ISA_PORTABLE;
}

brn__isa brn__isa_best(void)
{
    static int known = -1; /* every thread computes the same value */
    int isa = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (isa >= 0) return (brn__isa)isa;
    isa = isa_of_processor();
    const char *wish = getenv("BRN_ISA");
    if (wish && strcmp(wish, "portable") == 0) isa = BRN__ISA_PORTABLE;
    if (wish && strcmp(wish, "avx2") == 0 && isa > BRN__ISA_AVX2) isa = BRN__ISA_AVX2;
    __atomic_store_n(&known, isa, __ATOMIC_RELAXED);
    return (brn__isa)isa;
}

bool brn__isa_has_bf16(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return !getenv("BRN_ISA") && isa_of_processor() == BRN__ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

bool brn__isa_has_amx(void)
{
#if defined(__x86_64__)
    static int known = -1; /* every thread computes the same value; asking takes long on virtual machines */
    int has = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (has < 0) {
        /* Intel's manual, CPUID leaf 7, EDX bit 22: compilers' words for it differ. */
        unsigned a, b, c, d;
        has = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1);
        __atomic_store_n(&known, has, __ATOMIC_RELAXED);
    }
    return has && brn__isa_has_bf16();
#else
    return false;
#endif
}

bool brn__isa_has(brn__isa isa) { return isa <= isa_of_processor(); }

const char *brn__isa_name(brn__isa isa)
{
    static const char *const names[BRN__ISA_COUNT] = {
#define X(name, word) #word,
        BRN__ISA_LIST(X)
#undef X
    };
    return names[isa];
}
