/* SPDX-License-Identifier: Apache-2.0
 * What the commands that use a model of ratings share: lists of items, and filters. */
#ifndef CLI_RATINGS_ITEMS_H
#define CLI_RATINGS_ITEMS_H

#include "burnish/ratings.h"
#include "commands.h"

/* The model of the first input. An exit code; failures are told, as of the others. */
int cli_ratings_open(const cli_call *call, brn_ratings_model **out);

/* --rated-by, --among and --with-seen. `among` is the caller's: brn_ratings_pairs_free in any case. */
int cli_ratings_filter(const cli_call *call, const brn_ratings_model *model,
                       brn_ratings_pairs *among, brn_ratings_filter *out);

/* Ids with ratings of --ratings FILE. */
int cli_ratings_pairs(const cli_call *call, const brn_ratings_model *model, bool of_items,
                      brn_ratings_pairs *out);

/* One line an item, with its title; `event` names the lines of JSON. */
void cli_ratings_items(const brn_ratings_model *model, const char *event,
                       const brn_ratings_item *items, int64_t count);
/* The last line of JSON. */
void cli_ratings_done(int64_t count, double seconds);

#endif
