/* SPDX-License-Identifier: Apache-2.0
 * What the commands on runs share (runs_list.c). */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "burnish/runs.h"
#include "json.h"
#include <stddef.h>

/* All that a record says of the run as a whole, into an open object. */
void cli_run_json(cli_json *json, const brn_run_record *run);
/* "0.9412", or "-". Returns `out`. */
const char *cli_run_number(double value, char *out, size_t size);
/* At the end, else of the last epoch. */
double cli_run_valid_loss(const brn_run_record *run);

#endif
