/* SPDX-License-Identifier: Apache-2.0
 * Shows how good a model of ratings is. */
#ifndef CLI_RATINGS_SCORE_H
#define CLI_RATINGS_SCORE_H

#include "burnish/ratings.h"
#include "json.h"

/* A table: a line a metric, a column each for the model and for what needs none. */
void cli_ratings_score_print(const brn_ratings_score *score);
/* Members "metrics" (of the model), "baselines" and "count" of an open object. */
void cli_ratings_score_json(cli_json *json, const brn_ratings_score *score);

#endif
