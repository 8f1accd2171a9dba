/* SPDX-License-Identifier: Apache-2.0
 * The options of a training on ratings, which ratings train and lr-find share. */
#ifndef CLI_RATINGS_SOURCE_H
#define CLI_RATINGS_SOURCE_H

#include "burnish/ratings.h"
#include "table_source.h"

/* In a command's list of options. */
#define CLI_RATINGS_OPTIONS                                                                        \
    CLI_USER_COLUMN, CLI_ITEM_COLUMN, CLI_RATING_COLUMN, CLI_TIME_COLUMN, CLI_RATINGS_LOSS,        \
        CLI_NEGATIVES, CLI_CONFIDENCE, CLI_RATINGS_SPLIT, CLI_VALID, CLI_SPLIT_BY, CLI_SPLIT_FROM, \
        CLI_VALID_DATA, CLI_RATINGS_MODEL, CLI_FORM, CLI_FACTORS, CLI_HIDDEN, CLI_DROPOUT,         \
        CLI_EMBEDDING_DROPOUT, CLI_RANGE, CLI_BATCH_SIZE, CLI_WEIGHT_DECAY, CLI_LAZY,              \
        CLI_TABLE_SOURCE_OPTIONS, CLI_SEED, CLI_THREADS, CLI_PRECISION

void cli_ratings_defaults(cli_value *values);
/* An exit code; failures are told. `source` must outlive `out`; freed by cli_table_source_free in any
 * case. */
int cli_ratings_take(const cli_call *call, cli_table_source *source, brn_ratings_options *out);

#endif
