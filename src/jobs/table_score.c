/* SPDX-License-Identifier: Apache-2.0
 * The numbers of a score, by name. Which of them a kind of target has, those show that are numbers.
 */
#include "jobs/table_job.h"

#include <math.h>
#include <stddef.h>

static const struct {
    const char *name;
    size_t offset;
} metrics[] = {
    {"accuracy", offsetof(brn_table_score, accuracy)},
    {"error_rate", offsetof(brn_table_score, error_rate)},
    {"rmse", offsetof(brn_table_score, rmse)},
    {"mae", offsetof(brn_table_score, mae)},
    {"exp_rmspe", offsetof(brn_table_score, exp_rmspe)},
    {"valid_loss", offsetof(brn_table_score, loss)},
};

_Static_assert(sizeof metrics / sizeof *metrics == BRN__TABLE_METRICS,
               "as many as the header says");

const char *brn__table_metric_name(int index)
{
    return metrics[index].name;
}

double *brn__table_metric(brn_table_score *score, int index)
{
    return (double *)(void *)((char *)score + metrics[index].offset);
}

brn_table_score brn__table_no_score(void)
{
    brn_table_score score = {0};
    for (int i = 0; i < BRN__TABLE_METRICS; i++) *brn__table_metric(&score, i) = (double)NAN;
    return score;
}

int brn__table_metrics(const brn_table_score *score, brn_metric out[BRN__TABLE_METRICS])
{
    brn_table_score copy = *score;
    int count = 0;
    for (int i = 0; i < BRN__TABLE_METRICS; i++) {
        double value = *brn__table_metric(&copy, i);
        if (!isnan(value)) out[count++] = (brn_metric){metrics[i].name, value};
    }
    return count;
}
