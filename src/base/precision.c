/* SPDX-License-Identifier: Apache-2.0 */
#include "burnish/precision.h"
#include "base/isa.h"

const char *brn_precision_name(brn_precision precision)
{
    static const char *const names[] = {"fp32", "bf16", "auto"};
    return names[precision];
}

brn_precision brn_precision_here(brn_precision wish)
{
    return wish != BRN_PRECISION_FP32 && brn__isa_has_bf16() ? BRN_PRECISION_BF16 : BRN_PRECISION_FP32;
}
