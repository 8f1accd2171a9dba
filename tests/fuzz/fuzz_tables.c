/* SPDX-License-Identifier: Apache-2.0
 * The CSV files of a run folder: history.csv and skipped.csv. */
#include "fuzz.h"
#include "jobs/image_interpret.h"
#include "report/run_table.h"

#include <string.h>

static void read_table(const uint8_t *data, size_t size)
{
    brn__run_table table = {0};
    brn_status status = brn__run_table_read(brn__fuzz_file("history.csv", data, size), &table);
    if (status != BRN_OK) {
        brn__fuzz_refused(status, "history.csv");
        return;
    }
    double sum = 0;
    for (int column = 0; column < table.columns; column++) {
        const double *values = brn__run_table_column(&table, table.names[column]);
        for (int64_t row = 0; row < table.rows; row++) sum += values[row];
    }
    (void)sum;
    for (int64_t row = 0; row < table.rows; row++) brn__fuzz_require(table.words[row] != NULL);
    brn__run_table_free(&table);
}

static void read_skipped(const uint8_t *data, size_t size)
{
    brn__image_skipped skipped;
    brn__fuzz_file("skipped.csv", data, size);
    brn_status status = brn__image_skipped_read(brn__fuzz_folder(), &skipped);
    brn__fuzz_require(status == BRN_OK || status == BRN_ERROR_NO_MEMORY);
    for (int64_t i = 0; status == BRN_OK && i < skipped.count; i++)
        brn__fuzz_require(strlen(skipped.paths[i]) + strlen(skipped.reasons[i]) <= size);
    brn__image_skipped_free(&skipped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == '"')
        read_skipped(data, size);
    else
        read_table(data, size);
    return 0;
}
