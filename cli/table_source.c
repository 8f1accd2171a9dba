/* SPDX-License-Identifier: Apache-2.0 */
#include "table_source.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_split_words(char *text, const char **words, int most)
{
    int count = 0;
    while (count < most) {
        words[count++] = text;
        text = strchr(text, ',');
        if (!text) return count;
        *text++ = '\0';
    }
    return -1;
}

int cli_check_table(const char *source)
{
    return brn_source_is_database(source) ? CLI_DONE : cli_check_file(source);
}

int cli_take_separator(const char *option, const char *text, char *out)
{
    if (!text) return CLI_DONE;
    bool tab = !strcmp(text, "tab") || !strcmp(text, "\\t");
    if (!tab && (text[1] || (unsigned char)text[0] >= 0x80))
        return cli_fail(CLI_WRONG_USE, "--%s %s: expected one ASCII character, or tab", option,
                        text);
    *out = tab ? '\t' : text[0];
    return CLI_DONE;
}

static brn_date_order order_of(const char *text)
{
    if (!text || !strcmp(text, "ymd")) return BRN_DATE_YMD;
    return strcmp(text, "dmy") == 0 ? BRN_DATE_DMY : BRN_DATE_MDY;
}

static int take_words(const cli_call *call, cli_table_source *out)
{
    const char *missing = call->values[CLI_MISSING].text,
               *texts = call->values[CLI_TEXT_COLUMNS].text;
    const char *names[CLI_TABLE_WORDS_MAX];
    size_t first = missing ? strlen(missing) + 1 : 0, second = texts ? strlen(texts) + 1 : 0;
    out->bytes = malloc(first + second + 1);
    if (!out->bytes) return cli_fail(CLI_NO_ROOM, "no memory");
    if (missing) memcpy(out->bytes, missing, first);
    if (texts) memcpy(out->bytes + first, texts, second);
    int missing_count =
        missing ? cli_split_words(out->bytes, out->missing, CLI_TABLE_WORDS_MAX) : 0;
    int text_count = texts ? cli_split_words(out->bytes + first, names, CLI_TABLE_WORDS_MAX) : 0;
    if (missing_count < 0 || text_count < 0)
        return cli_fail(CLI_WRONG_USE, "--%s: more than %d words", texts ? "text" : "missing",
                        CLI_TABLE_WORDS_MAX);
    for (int i = 0; i < text_count; i++)
        out->types[i] = (brn_column_choice){names[i], BRN_COLUMN_TEXT};
    out->options.missing = out->missing;
    out->options.missing_count = missing_count;
    out->options.types = out->types;
    out->options.type_count = text_count;
    return CLI_DONE;
}

int cli_table_source_take(const cli_call *call, cli_table_source *out)
{
    const cli_value *v = call->values;
    out->bytes = NULL;
    out->options = brn_table_defaults();
    int code = cli_take_separator("sep", v[CLI_SEPARATOR].text, &out->options.separator);
    if (code != CLI_DONE) return code;
    out->options.no_header = v[CLI_NO_HEADER].flag;
    out->options.latin1 = v[CLI_ENCODING].text && !strcmp(v[CLI_ENCODING].text, "latin-1");
    out->options.decimal_comma = v[CLI_DECIMAL_COMMA].flag;
    out->options.date_order = order_of(v[CLI_DATE_ORDER].text);
    out->options.threads = (int)v[CLI_THREADS].whole;
    return take_words(call, out);
}

void cli_table_source_free(cli_table_source *source)
{
    free(source->bytes);
}
