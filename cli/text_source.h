/* SPDX-License-Identifier: Apache-2.0
 * How a command's texts are read: the options that its file, folder or table takes. */
#ifndef CLI_TEXT_SOURCE_H
#define CLI_TEXT_SOURCE_H

#include "commands.h"

#include "burnish/text_data.h"

/* In a command's list of options: where texts are, and what they become. */
#define CLI_TEXT_PLACE_OPTIONS CLI_DOCUMENT, CLI_TEXT_COLUMN, CLI_SEPARATOR, CLI_NO_HEADER, CLI_ENCODING
#define CLI_TEXT_SOURCE_OPTIONS                                                                    \
    CLI_TEXT_PLACE_OPTIONS, CLI_TEXT_TOKENS, CLI_TEXT_RULES, CLI_PIECES, CLI_MIN_FREQ, CLI_MAX_VOCABULARY

enum { CLI_TEXT_COLUMNS_MAX = 64 };

/* What the options point to. */
typedef struct cli_text_source {
    char *bytes; /* owned */
    const char *columns[CLI_TEXT_COLUMNS_MAX];
} cli_text_source;

/* What the user gave, over what stands in `out`. An exit code; failures are told. */
int cli_text_source_take(const cli_call *call, cli_text_source *source, brn_text_options *out);
void cli_text_source_free(cli_text_source *source);

/* Every input is a folder, a file or a table. */
int cli_check_texts(const char *const *inputs, int count);

#endif
