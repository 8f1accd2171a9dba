/* SPDX-License-Identifier: Apache-2.0
 *
 * In what the large products of a network are computed. Weights, statistics, sums, losses, optimizers and what lies
 * between the products stay float32, but for values that only convolutions and the batch norms between them read: they lie
 * in bfloat16. So do residuals in plans that differentiate nothing.
 */
#ifndef BURNISH_PRECISION_H
#define BURNISH_PRECISION_H

#include "burnish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_precision {
    BRN_PRECISION_FP32,
    BRN_PRECISION_BF16, /* factors rounded to bfloat16 (8 bits of precision), products added up in float32 */
    BRN_PRECISION_AUTO, /* BF16 where the processor multiplies bfloat16 faster, else FP32 */
} brn_precision;

BRN_API const char *brn_precision_name(brn_precision precision); /* "fp32", "bf16", "auto" */
/* What a wish comes to on this processor: FP32 or BF16. BF16 is FP32 where the processor has no products of
 * bfloat16 (AVX-512 BF16), or the environment's BRN_ISA takes them away. */
BRN_API brn_precision brn_precision_here(brn_precision wish);

#ifdef __cplusplus
}
#endif
#endif
