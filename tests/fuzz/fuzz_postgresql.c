/* SPDX-License-Identifier: Apache-2.0
 * What a PostgreSQL server sends: binary COPY of seven columns of every form, in two pieces. */
#include "data/table/postgresql_copy.h"
#include "fuzz.h"

static const brn__pg_form forms[] = {BRN__PG_TEXT,     BRN__PG_BOOLEAN, BRN__PG_INTEGER,
                                     BRN__PG_FLOAT4,   BRN__PG_FLOAT8,  BRN__PG_NUMERIC,
                                     BRN__PG_TIMESTAMP};
enum { COLUMNS = sizeof forms / sizeof *forms };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const brn_table_options options = brn_table_defaults();
    brn__builder *builder;
    if (size < 1 || brn__builder_new("fuzz", &options, &builder) != BRN_OK) return 0;
    brn__pg_copy copy = {.builder = builder, .forms = forms, .columns = COLUMNS};
    for (int i = 0; i < COLUMNS; i++)
        brn__fuzz_require(brn__builder_name(builder, (char[]){(char)('a' + i), 0}) == BRN_OK);
    size_t cut = data[0] < size ? data[0] : size - 1;
    brn_status status = brn__pg_copy_take(&copy, data + 1, cut);
    if (status == BRN_OK) status = brn__pg_copy_take(&copy, data + 1 + cut, size - 1 - cut);
    if (status == BRN_OK) status = brn__pg_copy_end(&copy);
    brn__pg_copy_deinit(&copy);
    brn_table *table = NULL;
    if (status == BRN_OK) status = brn__builder_finish(builder, &table);
    if (status != BRN_OK)
        brn__fuzz_require(status == BRN_ERROR_INPUT || status == BRN_ERROR_NO_MEMORY);
    brn_table_close(table);
    brn__builder_free(builder);
    return 0;
}
