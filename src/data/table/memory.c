/* SPDX-License-Identifier: Apache-2.0
 * Tables that a program has in memory, by name: "memory:NAME" is a source like any other. A job gets a copy,
 * built anew by its own options, so that it may add columns and leave out rows. */
#include "base/alloc.h"
#include "base/status.h"
#include "data/table/builder.h"
#include "data/table/source.h"

#include <pthread.h>
#include <string.h>

typedef struct kept {
    char *name;       /* owned */
    brn_table *table; /* owned */
    struct kept *next;
} kept;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kept *all; /* under the lock */

/* Where the pointer to the entry of that name is, or the end of the list. */
static kept **find(const char *name)
{
    kept **at = &all;
    while (*at && strcmp((*at)->name, name) != 0) at = &(*at)->next;
    return at;
}

static void drop(kept **at)
{
    kept *entry = *at;
    if (!entry) return;
    *at = entry->next;
    brn_table_close(entry->table);
    brn__free(entry->name);
    brn__free(entry);
}

brn_status brn_table_keep(const char *name, brn_table *table)
{
    if (!name || !*name) return brn__fail(BRN_ERROR_USAGE, "a table in memory: expected a name for it");
    kept *entry = NULL;
    if (table) {
        entry = brn__alloc_zero(1, sizeof *entry);
        char *copy = brn__strdup(name);
        if (!entry || !copy) {
            brn__free(entry);
            brn__free(copy);
            return BRN_ERROR_NO_MEMORY;
        }
        *entry = (kept){.name = copy, .table = table};
    }
    pthread_mutex_lock(&lock);
    drop(find(name));
    if (entry) {
        entry->next = all;
        all = entry;
    }
    pthread_mutex_unlock(&lock);
    return BRN_OK;
}

/* ------------------------------------------------------------------ copies */

static brn_status copy_value(brn__builder *builder, const brn__column *c, int64_t column, int64_t row)
{
    if (brn__column_is_missing(c, row)) return brn__builder_missing(builder, column);
    switch (c->type) {
    case BRN_COLUMN_INTEGER: return brn__builder_integer(builder, column, c->integers[row]);
    case BRN_COLUMN_REAL: return brn__builder_real(builder, column, c->reals[row]);
    case BRN_COLUMN_DATE: return brn__builder_date(builder, column, c->integers[row]);
    case BRN_COLUMN_BOOLEAN:
        if (c->codes[row] == BRN__NO_CODE) return brn__builder_missing(builder, column);
        return brn__builder_boolean(builder, column, c->codes[row] != 0);
    default:
        if (c->codes[row] == BRN__NO_CODE) return brn__builder_missing(builder, column);
        return brn__builder_text(builder, column, c->words.words[c->codes[row]]);
    }
}

static brn_status copy(const char *source, const brn_table *table, const brn_table_options *options,
                       brn_table **out)
{
    brn__builder *builder;
    BRN__TRY(brn__builder_new(source, options, &builder));
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < table->column_count; i++)
        status = brn__builder_name(builder, table->columns[i].name);
    for (int64_t i = 0; status == BRN_OK && i < table->column_count; i++)
        for (int64_t row = 0; status == BRN_OK && row < table->row_count; row++)
            status = copy_value(builder, &table->columns[i], i, row);
    if (status == BRN_OK) status = brn__builder_finish(builder, out);
    brn__builder_free(builder);
    return status;
}

brn_status brn__table_of_memory(const char *source, const brn_table_options *options, brn_table **out)
{
    const char *name = source + strlen(BRN__SOURCE_MEMORY_HEAD);
    pthread_mutex_lock(&lock); /* nobody takes the table away while it is copied */
    const kept *entry = *find(name);
    brn_status status = entry ? copy(source, entry->table, options, out)
                              : brn__fail(BRN_ERROR_INPUT, "%s: no table of that name is kept in memory", source);
    pthread_mutex_unlock(&lock);
    return status;
}
