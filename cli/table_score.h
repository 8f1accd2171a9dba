/* SPDX-License-Identifier: Apache-2.0
 * How a score of the table job is told. */
#ifndef CLI_TABLE_SCORE_H
#define CLI_TABLE_SCORE_H

#include "json.h"

#include "burnish/table.h"

/* One line a number that the score has. */
void cli_table_score_print(const brn_table_score *score);
/* "metrics": {...} */
void cli_table_score_json(cli_json *json, const brn_table_score *score);

#endif
