/* SPDX-License-Identifier: Apache-2.0
 * The options that say how a table's file is to be read. */
#ifndef CLI_TABLE_SOURCE_H
#define CLI_TABLE_SOURCE_H

#include "burnish/table_data.h"
#include "commands.h"

/* In a command's list of options. */
#define CLI_TABLE_SOURCE_OPTIONS                                                                   \
    CLI_SEPARATOR, CLI_NO_HEADER, CLI_ENCODING, CLI_DECIMAL_COMMA, CLI_DATE_ORDER, CLI_MISSING,    \
        CLI_TEXT_COLUMNS

enum { CLI_TABLE_WORDS_MAX = 256 };

/* Words that the options below point to. */
typedef struct cli_table_source {
    brn_table_options options;
    char *bytes; /* copies of comma-separated lists */
    const char *missing[CLI_TABLE_WORDS_MAX];
    brn_column_choice types[CLI_TABLE_WORDS_MAX];
} cli_table_source;

/* An exit code; failures are told. Freed by cli_table_source_free in any case. */
int cli_table_source_take(const cli_call *call, cli_table_source *out);
void cli_table_source_free(cli_table_source *source);

/* CLI_DONE when the source is a file that can be read, or a database; else tells why not. */
int cli_check_table(const char *source);

/* The character that `text` means ("tab" too; NULL: *out stays); `option` is for the message. */
int cli_take_separator(const char *option, const char *text, char *out);

/* Splits "a,b" in place; the number of words, or -1 when there are more than `most`. */
int cli_split_words(char *text, const char **words, int most);

#endif
