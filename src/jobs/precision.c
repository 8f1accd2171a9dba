/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/precision.h"
#include "base/status.h"

const char *const brn__precision_words[] = {"fp32", "bf16", "auto", NULL};

brn_status brn__precision_check(brn_precision precision)
{
    if (precision >= BRN_PRECISION_FP32 && precision <= BRN_PRECISION_AUTO) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "precision %d; expected fp32, bf16 or auto", (int)precision);
}

brn_status brn__precision_tell(brn__progress *progress, brn_precision wish)
{
    if (wish != BRN_PRECISION_BF16 || brn_precision_here(wish) == wish) return BRN_OK;
    return brn__progress_send(progress,
                              brn__event_of(BRN_EVENT_WARNING, "precision bf16: this processor has no products of "
                                                               "bfloat16 (AVX-512 BF16); computing in fp32"));
}
