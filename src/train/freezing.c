/* SPDX-License-Identifier: Apache-2.0
 * Which layer groups learn. */
#include "train/fine_tuning.h"

static uint64_t up_to(int groups) { return groups >= 64 ? UINT64_MAX : (1ull << groups) - 1; }

uint64_t brn__freeze_to(int groups, int first)
{
    if (first < 0) first += groups;
    if (first <= 0) return up_to(groups);
    return first >= groups ? 0 : up_to(groups) & ~up_to(first);
}

uint64_t brn__freeze_all_but(int groups, int group)
{
    if (group < 0) group += groups;
    return group >= 0 && group < groups ? 1ull << group : 0;
}

uint64_t brn__unfreeze_gradually(int groups, int stage)
{
    return stage < groups ? brn__freeze_to(groups, -(stage + 1)) : up_to(groups);
}

void brn__norm_forms(int groups, uint64_t learning_groups, brn_norm_form frozen, uint64_t norms_frozen,
                     unsigned char *out)
{
    for (int g = 0; g < groups; g++) {
        const bool learns = learning_groups >> g & 1, is_fixed = norms_frozen >> g & 1;
        const brn_norm_form form = is_fixed ? BRN_NORM_AFFINE : BRN_NORM_BATCH;
        out[g] = (unsigned char)(learns ? form : frozen);
    }
}

void brn__rates_by_factor(double rate, double factor, int groups, double *out)
{
    for (int g = groups - 1; g >= 0; g--, rate /= factor) out[g] = rate;
}
