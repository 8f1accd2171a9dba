/* SPDX-License-Identifier: Apache-2.0
 * What table train and table lr-find ask for: which table, what is learned of it, by which network. */
#ifndef CLI_TABLE_REQUEST_H
#define CLI_TABLE_REQUEST_H

#include "burnish/table.h"
#include "table_source.h"

/* In a command's list of options. */
#define CLI_TABLE_REQUEST_OPTIONS                                                                  \
    CLI_JOIN, CLI_EVENTS, CLI_EVENTS_PER, CLI_EVENTS_BY, CLI_EVENTS_WINDOW, CLI_WHERE, CLI_TARGET,  \
        CLI_CLASS, CLI_LOG, CLI_LOSS, CLI_QUANTILE, CLI_GAMMA, CLI_CAT, CLI_CONT, CLI_IGNORE,      \
        CLI_ONLY_NAMED, CLI_ROW_SPLIT, CLI_SPLIT_BY, CLI_SPLIT_FROM, CLI_VALID, CLI_FORM,          \
        CLI_HIDDEN, CLI_DROPOUT, CLI_EMBEDDING_DROPOUT, CLI_ONE_HOT, CLI_RANGE, CLI_BATCH_SIZE,                 \
        CLI_WEIGHT_DECAY, CLI_LAZY, CLI_TABLE_SOURCE_OPTIONS, CLI_SEED, CLI_THREADS, CLI_PRECISION

enum {
    CLI_TABLE_LISTS = 5, /* --cat, --cont, --ignore, --events, --target */
    CLI_TABLE_JOINS_MAX = 16,
    CLI_TABLE_KEYS_MAX = 16
};

/* The options, and what they point to. */
typedef struct cli_table_request {
    cli_table_source source;
    brn_table_train_options options;
    brn_table_join joins[CLI_TABLE_JOINS_MAX];
    const char *keys[CLI_TABLE_JOINS_MAX][CLI_TABLE_KEYS_MAX];
    char *joined; /* a copy of --join */
    char *lists[CLI_TABLE_LISTS];
    const char *words[CLI_TABLE_LISTS][CLI_TABLE_WORDS_MAX];
} cli_table_request; /* zeroed = empty */

void cli_table_request_defaults(cli_value *values);
/* Of a call whose first input is the table; epochs, rate, folds and run folder as well, where the command takes
 * them. An exit code; failures are told. Freed by cli_table_request_free in any case. */
int cli_table_request_take(const cli_call *call, cli_table_request *out);
void cli_table_request_free(cli_table_request *request);

#endif
