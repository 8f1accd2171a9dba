/* SPDX-License-Identifier: Apache-2.0 */
#include "rates.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

cli_rates cli_rates_of(double *seconds, int rounds, int64_t pictures)
{
    qsort(seconds, (size_t)rounds, sizeof *seconds, ascending);
    const double middle = (seconds[(rounds - 1) / 2] + seconds[rounds / 2]) / 2;
    return (cli_rates){(double)pictures / middle, (double)pictures / seconds[rounds - 1], (double)pictures / seconds[0]};
}

void cli_json_rates(cli_json *json, const cli_rates *rates, int rounds)
{
    cli_json_whole(json, "rounds", rounds);
    cli_json_real(json, "images_per_second", rates->median);
    cli_json_real(json, "minimum", rates->minimum);
    cli_json_real(json, "maximum", rates->maximum);
}
