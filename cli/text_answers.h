/* SPDX-License-Identifier: Apache-2.0
 * What the commands of text classifiers share: options of the answers, opening models, scores. */
#ifndef CLI_TEXT_ANSWERS_H
#define CLI_TEXT_ANSWERS_H

#include "json.h"
#include "text_source.h"

#include "burnish/text.h"

/* What the options of texts and their answers point to. */
typedef struct cli_text_labels {
    cli_text_source source;
    char *bytes; /* owned */
    const char *columns[CLI_TEXT_COLUMNS_MAX];
} cli_text_labels;

/* What the user gave, over what stands in `out`. An exit code; failures are told. */
int cli_text_labels_take(const cli_call *call, cli_text_labels *labels, brn_text_options *out);
void cli_text_labels_free(cli_text_labels *labels);

/* The model of the first input, with that of --backward-model. */
int cli_text_open(const cli_call *call, brn_text_model **out);

/* Numbers that there are, one a line; with --json into `json`. */
void cli_text_score_print(const brn_text_score *score, cli_json *json);

#endif
