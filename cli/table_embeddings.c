/* SPDX-License-Identifier: Apache-2.0
 * burnish table embeddings RUN */
#include "commands.h"
#include "output.h"

#include "burnish/table.h"

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

static int run(const cli_call *call)
{
    brn_table_model *model;
    int code = cli_fail_status(brn_table_model_open(call->inputs[0], 1, &model));
    if (code != CLI_DONE) return code;
    int64_t count = brn_table_model_embedding_count(model), widest = 0;
    for (int64_t i = 0; i < count; i++) {
        brn_table_embedding e = brn_table_model_embedding(model, i);
        if (e.width > widest) widest = e.width;
    }
    cli_print("column,value");
    for (int64_t i = 1; i <= widest; i++) cli_print(",e%" PRId64, i);
    cli_print("\n");
    for (int64_t i = 0; i < count; i++) print_embedding(model, i, widest);
    brn_table_model_close(model);
    return CLI_DONE;
}

const cli_command cli_command_table_embeddings = {
    .noun = "table",
    .verb = "embeddings",
    .arguments = "RUN",
    .summary = "Prints the learned vectors of all categories as CSV",
    .details =
        "One line a value of a category column: column, value, and the numbers of its vector,\n"
        "which other models can use in its place. #na# stands for missing and unknown values.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_HELP},
    .run = run,
};
