/* SPDX-License-Identifier: Apache-2.0 */
#include "train/tta.h"

brn_status brn__tta_check(const brn__tta *tta)
{
    if (tta->passes < 0 || tta->passes > 1000)
        return brn__fail(BRN_ERROR_USAGE, "tta: %d passes; expected 0 to 1000", tta->passes);
    if (!(tta->beta <= 1)) /* not a number, too */
        return brn__fail(BRN_ERROR_USAGE, "tta: beta %g; expected 0 to 1", tta->beta);
    return BRN_OK;
}

double brn__tta_weight(const brn__tta *tta, bool plain)
{
    if (tta->passes == 0) return plain;
    if (tta->beta >= 0) return plain ? tta->beta : (1 - tta->beta) / tta->passes;
    const int plain_passes = (tta->passes + 3) / 4;
    return (plain ? plain_passes : 1.0) / (tta->passes + plain_passes);
}

void brn__tta_add(const brn__tta *tta, bool plain, const float *p, int64_t classes, float *result)
{
    const double weight = brn__tta_weight(tta, plain);
    for (int64_t k = 0; k < classes; k++) {
        if (!tta->use_max || tta->passes == 0)
            result[k] += (float)(weight * (double)p[k]);
        else if (p[k] > result[k])
            result[k] = p[k];
    }
}
