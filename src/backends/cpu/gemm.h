/* SPDX-License-Identifier: Apache-2.0
 *
 * A matrix product inside a kernel that runs several: C = op(A) op(B) [+ bias] [+ C], all row-major and
 * dense float32. B may be packed once and used many times. Prepared in the kernel's prepare, on its team; a run
 * allocates nothing of ours.
 *
 * In a step of precision BF16 a product that gains by it rounds A and B to bfloat16 and adds up in float32. */
#ifndef BRN__BACKENDS_CPU_GEMM_H
#define BRN__BACKENDS_CPU_GEMM_H

#include "burnish/ops.h"
#include "graph/backend.h"

typedef struct brn__gemm_case {
    int64_t rows, inner, columns;  /* C is (rows, columns) */
    bool transpose_a, transpose_b; /* A is given as (inner, rows), B as (columns, inner) */
    bool bias;                     /* (columns) */
    bool accumulate;               /* adds to what C holds */
    brn_activation activation;     /* NONE, RELU, RELU6: of the sum; not with accumulate */
    bool pack;                     /* brn__gemm_run takes what brn__gemm_pack made of B */
    int64_t uses;                  /* pack: runs to expect of a packed B; 0 counts as 1 */
} brn__gemm_case;

typedef struct brn__gemm brn__gemm;

/* `step` gives the team and the precision. */
brn_status brn__gemm_new(const brn__step *step, const brn__gemm_case *of, brn__gemm **out);
void brn__gemm_free(brn__gemm *gemm); /* NULL is fine */
/* Whether the product in bfloat16 saves more time than rounding its factors takes. */
bool brn__gemm_gains(const brn__gemm_case *of);
size_t brn__gemm_packed_bytes(const brn__gemm *gemm);  /* 0 when B is not packed */
size_t brn__gemm_scratch_bytes(const brn__gemm *gemm); /* of a pack or a run */
const char *brn__gemm_implementation(const brn__gemm *gemm);
brn_status brn__gemm_pack(const brn__gemm *gemm, const float *b, void *packed, void *scratch);
brn_status brn__gemm_run(const brn__gemm *gemm, const float *a, const void *b, const float *bias, float *c,
                         void *scratch);

#endif
