/* SPDX-License-Identifier: Apache-2.0
 * Pictures a second, of rounds that were timed. */
#ifndef CLI_RATES_H
#define CLI_RATES_H

#include "json.h"

#include <stdint.h>

typedef struct cli_rates {
    double median, minimum, maximum;
} cli_rates;

/* Of `pictures` a round; sorts the seconds. */
cli_rates cli_rates_of(double *seconds, int rounds, int64_t pictures);
/* "rounds", "images_per_second", "minimum", "maximum". */
void cli_json_rates(cli_json *json, const cli_rates *rates, int rounds);

#endif
