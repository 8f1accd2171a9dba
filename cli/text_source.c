/* SPDX-License-Identifier: Apache-2.0 */
#include "text_source.h"
#include "output.h"
#include "table_source.h"

#include <stdlib.h>
#include <string.h>

static int place_of(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(word, words[i])) return i;
    return 0;
}

#define X(name, word) word,
static const char *const tokens[] = {BRN_TEXT_TOKENS_LIST(X)};
static const char *const rules[] = {BRN_TEXT_RULES_LIST(X)};
#undef X

static int take_columns(const char *text, cli_text_source *source, brn_text_options *out)
{
    if (!text) return CLI_DONE;
    source->bytes = strdup(text);
    if (!source->bytes) return cli_fail(CLI_NO_ROOM, "no memory");
    int count = cli_split_words(source->bytes, source->columns, CLI_TEXT_COLUMNS_MAX);
    if (count < 0) return cli_fail(CLI_WRONG_USE, "--text-column: more than %d columns", CLI_TEXT_COLUMNS_MAX);
    out->text_columns = source->columns;
    out->text_column_count = count;
    return CLI_DONE;
}

int cli_text_source_take(const cli_call *call, cli_text_source *source, brn_text_options *out)
{
    const cli_value *v = call->values;
    *source = (cli_text_source){0};
    if (v[CLI_TEXT_TOKENS].given)
        out->tokens = (brn_text_tokens)place_of(v[CLI_TEXT_TOKENS].text, tokens, BRN_TEXT_TOKENS_COUNT);
    if (v[CLI_TEXT_RULES].given) out->rules = (brn_text_rules)place_of(v[CLI_TEXT_RULES].text, rules, BRN_TEXT_RULES_COUNT);
    if (v[CLI_PIECES].given) out->pieces = v[CLI_PIECES].text;
    if (v[CLI_PIECES].given && !v[CLI_TEXT_TOKENS].given) out->tokens = BRN_TEXT_PIECES;
    if (v[CLI_PIECES].given && !v[CLI_TEXT_RULES].given) out->rules = BRN_TEXT_RULES_NONE;
    if (v[CLI_MIN_FREQ].given) out->min_freq = v[CLI_MIN_FREQ].whole;
    if (v[CLI_MAX_VOCABULARY].given) out->max_vocabulary = v[CLI_MAX_VOCABULARY].whole;
    if (v[CLI_DOCUMENT].given)
        out->document = strcmp(v[CLI_DOCUMENT].text, "line") == 0 ? BRN_TEXT_PER_LINE : BRN_TEXT_PER_FILE;
    if (v[CLI_NO_HEADER].given) out->no_header = true;
    if (v[CLI_ENCODING].given) out->latin1 = strcmp(v[CLI_ENCODING].text, "latin-1") == 0;
    int code = cli_take_separator("sep", v[CLI_SEPARATOR].text, &out->separator);
    return code == CLI_DONE ? take_columns(v[CLI_TEXT_COLUMN].text, source, out) : code;
}

void cli_text_source_free(cli_text_source *source)
{
    free(source->bytes);
    source->bytes = NULL;
}

int cli_check_texts(const char *const *inputs, int count)
{
    int code = CLI_DONE;
    for (int i = 0; i < count && code == CLI_DONE; i++) code = cli_check_data(inputs[i]);
    return code;
}
