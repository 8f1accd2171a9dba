/* SPDX-License-Identifier: Apache-2.0
 * burnish table describe FILE */
#include "json.h"
#include "output.h"
#include "table_source.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void number_text(double value, brn_column_type type, char *out, size_t size)
{
    if (isnan(value))
        snprintf(out, size, "-");
    else if (type == BRN_COLUMN_DATE)
        brn_date_text(value, out, (int64_t)size);
    else
        snprintf(out, size, "%.6g", value);
}

static void print_line(const brn_column_summary *s)
{
    char name[256], low[32], mean[32], high[32];
    number_text(s->minimum, s->type, low, sizeof low);
    number_text(s->mean, s->type, mean, sizeof mean);
    number_text(s->maximum, s->type, high, sizeof high);
    cli_print("%-24s %-8s %9" PRId64 " %9" PRId64 " %12s %12s %12s ",
              cli_visible(s->name, name, sizeof name), brn_column_type_name(s->type), s->missing,
              s->distinct, low, mean, high);
    int64_t shown = s->top_count < 3 ? s->top_count : 3;
    for (int64_t i = 0; i < shown; i++) {
        char text[4 * BRN_VALUE_TEXT_BYTES];
        cli_print(" %s (%" PRId64 ")%s", cli_visible(s->top[i].text, text, sizeof text),
                  s->top[i].count, i + 1 < shown ? "," : "");
    }
    cli_print("\n");
}

/* Dates as text: a number would have to be told in words. */
static void json_number(cli_json *json, const char *key, double value, brn_column_type type)
{
    char text[32];
    if (type != BRN_COLUMN_DATE || isnan(value)) {
        cli_json_real(json, key, value);
        return;
    }
    brn_date_text(value, text, sizeof text);
    cli_json_text(json, key, text);
}

static void print_json(const brn_column_summary *s)
{
    cli_json json = cli_json_event("column");
    cli_json_text(&json, "name", s->name);
    cli_json_text(&json, "type", brn_column_type_name(s->type));
    cli_json_whole(&json, "count", s->count);
    cli_json_whole(&json, "missing", s->missing);
    cli_json_whole(&json, "distinct", s->distinct);
    json_number(&json, "min", s->minimum, s->type);
    json_number(&json, "mean", s->mean, s->type);
    json_number(&json, "max", s->maximum, s->type);
    cli_json_real(&json, "std", s->deviation);
    cli_json_array(&json, "top");
    for (int64_t i = 0; i < s->top_count; i++) {
        cli_json_object(&json, NULL);
        cli_json_text(&json, "value", s->top[i].text);
        cli_json_whole(&json, "count", s->top[i].count);
        cli_json_close(&json);
    }
    cli_json_close(&json);
    cli_json_end(&json);
}

static int describe(const brn_table *table)
{
    int64_t rows = brn_table_row_count(table), columns = brn_table_column_count(table);
    if (cli_is_json()) {
        cli_json json = cli_json_event("rows");
        cli_json_whole(&json, "count", rows);
        cli_json_whole(&json, "columns", columns);
        cli_json_end(&json);
    }
    cli_print("%" PRId64 " rows, %" PRId64 " columns\n", rows, columns);
    cli_say("%-24s %-8s %9s %9s %12s %12s %12s  %s\n", "column", "type", "missing", "distinct",
            "min", "mean", "max", "most frequent");
    for (int64_t i = 0; i < columns && !cli_output_broken(); i++) {
        brn_column_summary summary;
        brn_status status = brn_table_summarise(table, i, &summary);
        if (status != BRN_OK) return cli_fail_status(status);
        if (cli_is_json())
            print_json(&summary);
        else
            print_line(&summary);
    }
    return CLI_DONE;
}

static int run(const cli_call *call)
{
    static cli_table_source source;
    brn_table *table = NULL;
    double began = cli_seconds();
    int code = cli_check_table(call->inputs[0]);
    if (code != CLI_DONE) return code;
    code = cli_table_source_take(call, &source);
    if (code == CLI_DONE)
        code = cli_fail_status(brn_table_open(call->inputs[0], &source.options, &table));
    cli_table_source_free(&source);
    if (code != CLI_DONE) return code;
    code = describe(table);
    brn_table_close(table);
    if (code != CLI_DONE || !cli_is_json()) return code;
    cli_json json = cli_json_event("done");
    cli_json_real(&json, "seconds", cli_seconds() - began);
    cli_json_end(&json);
    return CLI_DONE;
}

const cli_command cli_command_table_describe = {
    .noun = "table",
    .verb = "describe",
    .arguments = "FILE",
    .summary = "Shows the columns of a table as they were understood",
    .details =
        "FILE holds separated values, perhaps packed with gzip, or is sqlite:FILE?TABLE or\n"
        "postgresql://...?TABLE (or a query). A column is whole numbers, numbers,\n"
        "dates or true/false when all of its values are; else it is text. Empty fields, NA, NaN,\n"
        "null and None are missing.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_TABLE_SOURCE_OPTIONS, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
