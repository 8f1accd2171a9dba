/* SPDX-License-Identifier: Apache-2.0 */
#include "precision.h"

brn_precision cli_precision(const cli_value *values)
{
    const char first = values[CLI_PRECISION].set ? values[CLI_PRECISION].text[0] : 'f';
    return first == 'b' ? BRN_PRECISION_BF16 : first == 'a' ? BRN_PRECISION_AUTO : BRN_PRECISION_FP32;
}
