/* SPDX-License-Identifier: Apache-2.0
 * Reads a table and tells how long it took, in seconds of the clock and of all threads:
 *
 *     bench-table_read FILE THREADS */
#include <burnish/table_data.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int count, char **words)
{
    brn_table *table;
    brn_table_options options = brn_table_defaults();
    if (count != 3) {
        fprintf(stderr, "usage: bench-table_read FILE THREADS\n");
        return 2;
    }
    options.threads = atoi(words[2]);
    double began = seconds(CLOCK_MONOTONIC), computed = seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (brn_table_open(words[1], &options, &table) != BRN_OK) {
        fprintf(stderr, "%s\n", brn_error_message());
        return 1;
    }
    printf("{\"rows\": %" PRId64 ", \"seconds\": %.4f, \"processor_seconds\": %.4f}\n",
           brn_table_row_count(table), seconds(CLOCK_MONOTONIC) - began,
           seconds(CLOCK_PROCESS_CPUTIME_ID) - computed);
    brn_table_close(table);
    return 0;
}
