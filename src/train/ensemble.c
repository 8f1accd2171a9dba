/* SPDX-License-Identifier: Apache-2.0
 * The mean of what several models say. */
#include "base/alloc.h"
#include "base/status.h"
#include "train/snapshots.h"

static brn_status add_members(int members, brn__ensemble_member *predict, void *context,
                              int64_t count, double *sum, float *one)
{
    for (int m = 0; m < members; m++) {
        BRN__TRY(predict(context, m, one));
        for (int64_t i = 0; i < count; i++) sum[i] += (double)one[i];
    }
    return BRN_OK;
}

brn_status brn__ensemble_predict(int members, brn__ensemble_member *predict, void *context,
                                 int64_t count, float *mean)
{
    if (members < 1)
        return brn__fail(BRN_ERROR_USAGE, "ensemble: %d members; expected one or more", members);
    double *sum = brn__alloc_zero((size_t)count, sizeof *sum);
    if (!sum) return BRN_ERROR_NO_MEMORY;
    const brn_status status = add_members(members, predict, context, count, sum, mean);
    if (status == BRN_OK)
        for (int64_t i = 0; i < count; i++) mean[i] = (float)(sum[i] / members);
    brn__free(sum);
    return status;
}
