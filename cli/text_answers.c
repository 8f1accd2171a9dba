/* SPDX-License-Identifier: Apache-2.0 */
#include "text_answers.h"
#include "output.h"
#include "table_source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int take_columns(const char *text, cli_text_labels *labels, brn_text_options *out)
{
    if (!text) return CLI_DONE;
    labels->bytes = strdup(text);
    if (!labels->bytes) return cli_fail(CLI_NO_ROOM, "no memory");
    const int count = cli_split_words(labels->bytes, labels->columns, CLI_TEXT_COLUMNS_MAX);
    if (count < 0) return cli_fail(CLI_WRONG_USE, "--label-column: more than %d columns", CLI_TEXT_COLUMNS_MAX);
    out->label_columns = labels->columns;
    out->label_column_count = count;
    return CLI_DONE;
}

int cli_text_labels_take(const cli_call *call, cli_text_labels *labels, brn_text_options *out)
{
    const cli_value *v = call->values;
    *labels = (cli_text_labels){0};
    int code = cli_text_source_take(call, &labels->source, out);
    if (code == CLI_DONE) code = take_columns(v[CLI_LABEL_COLUMN].text, labels, out);
    if (code == CLI_DONE) code = cli_take_separator("tag-separator", v[CLI_TAG_SEPARATOR].text, &out->tag_separator);
    if (v[CLI_TEXT_TARGET].set)
        out->target = v[CLI_TEXT_TARGET].text[0] == 't'   ? BRN_TEXT_TAGS
                      : v[CLI_TEXT_TARGET].text[0] == 'n' ? BRN_TEXT_NUMBERS
                                                          : BRN_TEXT_LABEL;
    return code;
}

void cli_text_labels_free(cli_text_labels *labels)
{
    cli_text_source_free(&labels->source);
    free(labels->bytes);
    labels->bytes = NULL;
}

int cli_text_open(const cli_call *call, brn_text_model **out)
{
    const char *other = call->values[CLI_BACKWARD_MODEL].text;
    int code = cli_fail_status(brn_text_model_open(call->inputs[0], (int)call->values[CLI_THREADS].whole, out));
    if (code != CLI_DONE || !other) return code;
    code = cli_fail_status(brn_text_model_join(*out, other));
    if (code != CLI_DONE) brn_text_model_close(*out);
    return code;
}

void cli_text_score_print(const brn_text_score *s, cli_json *json)
{
    const brn_metric metrics[] = {{"accuracy", s->accuracy}, {"error_rate", 1 - s->accuracy}, {"f1", s->f1},
                                  {"rmse", s->rmse},         {"mae", s->mae},                 {"valid_loss", s->loss}};
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        if (isnan(metrics[i].value)) continue;
        if (json) cli_json_real(json, metrics[i].name, metrics[i].value);
        cli_print("%s %.4f\n", metrics[i].name, metrics[i].value);
    }
}
