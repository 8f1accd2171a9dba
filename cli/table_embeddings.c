/* SPDX-License-Identifier: Apache-2.0
 * burnish table embeddings RUN */
#include "commands.h"
#include "output.h"

#include "burnish/table_interpret.h"

#include <inttypes.h>
#include <string.h>

/* A field as RFC 4180 wants it. */
static void print_field(const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        cli_print("%s", text);
        return;
    }
    cli_print("\"");
    for (; *text; text++) cli_print(*text == '"' ? "\"\"" : "%c", *text);
    cli_print("\"");
}

static void print_embedding(const brn_table_model *model, int64_t index, int64_t widest)
{
    brn_table_embedding e = brn_table_model_embedding(model, index);
    for (int64_t value = 0; value < e.count && !cli_output_broken(); value++) {
        print_field(e.column);
        cli_print(",");
        print_field(brn_table_model_embedding_value(model, index, value));
        for (int64_t i = 0; i < widest; i++) {
            cli_print(",");
            if (i < e.width) cli_print("%.9g", (double)e.vectors[value * e.width + i]);
        }
        cli_print("\n");
    }
}

static bool is_wanted(const brn_table_model *model, int64_t index, const char *column)
{
    return !column || strcmp(brn_table_model_embedding(model, index).column, column) == 0;
}

static int print_all(const brn_table_model *model, const char *column)
{
    int64_t count = brn_table_model_embedding_count(model), widest = 0;
    for (int64_t i = 0; i < count; i++) {
        brn_table_embedding e = brn_table_model_embedding(model, i);
        if (is_wanted(model, i, column) && e.width > widest) widest = e.width;
    }
    if (column && widest == 0)
        return cli_fail(CLI_BAD_INPUT, "--column %s: the model has no embedding of such a column", column);
    cli_print("column,value");
    for (int64_t i = 1; i <= widest; i++) cli_print(",e%" PRId64, i);
    cli_print("\n");
    for (int64_t i = 0; i < count; i++)
        if (is_wanted(model, i, column)) print_embedding(model, i, widest);
    return CLI_DONE;
}

static int draw(const brn_table_model *model, const char *column, const char *svg)
{
    char path[4160];
    int code = cli_fail_status(brn_table_embedding_map(model, column, svg));
    if (code == CLI_DONE) cli_say("map %s\n", cli_visible(svg, path, sizeof path));
    return code;
}

static int run(const cli_call *call)
{
    const char *column = call->values[CLI_COLUMN].text, *svg = call->values[CLI_SVG].text;
    if (svg && !column)
        return cli_fail(CLI_WRONG_USE, "--svg: expected --column beside it: a map shows one column");
    brn_table_model *model;
    int code = cli_fail_status(brn_table_model_open(call->inputs[0], 1, &model));
    if (code != CLI_DONE) return code;
    code = svg ? draw(model, column, svg) : print_all(model, column);
    brn_table_model_close(model);
    return code;
}

const cli_command cli_command_table_embeddings = {
    .noun = "table",
    .verb = "embeddings",
    .arguments = "RUN",
    .summary = "Prints the learned vectors of categories as CSV, or draws a map of them",
    .details =
        "One line a value of a category column: column, value, and the numbers of its vector,\n"
        "which other models can use in its place. #na# stands for missing and unknown values.\n"
        "--column Store --svg map.svg draws those of one column on a map: near is alike.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_COLUMN, CLI_SVG, CLI_QUIET, CLI_HELP},
    .run = run,
};
