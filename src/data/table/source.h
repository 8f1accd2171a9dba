/* SPDX-License-Identifier: Apache-2.0
 * Where a table comes from: one text that names a file, a table or query of a database, or a table in
 * memory (brn_table_open). Every job reads its tables through brn_table_open; this is what else there is
 * to know of such a text. */
#ifndef BRN__DATA_TABLE_SOURCE_H
#define BRN__DATA_TABLE_SOURCE_H

#include "burnish/table_data.h"

/* The same source from any working folder: files with their whole path. NULL when there is no such
 * file, or no memory. brn__free. */
char *brn__source_absolute(const char *source);
/* The source without the password of its address: what may be told and kept. NULL without memory.
 * brn__free. */
char *brn__source_public(const char *source);
/* Is it a query (SELECT, WITH, VALUES, TABLE), and no name of a table? */
bool brn__is_query(const char *text);

/* SHA-256 of all that a table holds: names, types, values. Of a file, digest the file. */
brn_status brn__table_digest(const brn_table *table, char hex[65]);

/* The readers behind brn_table_open. */
brn_status brn__table_of_sqlite(const char *source, const brn_table_options *options,
                                brn_table **out);
brn_status brn__table_of_memory(const char *source, const brn_table_options *options, brn_table **out);
brn_status brn__table_of_postgresql(const char *source, const brn_table_options *options,
                                    brn_table **out);

#define BRN__SOURCE_MEMORY_HEAD "memory:"

/* By "sqlite:", "postgresql://", "postgres://" or "memory:" at its head. */
typedef enum brn__source_kind {
    BRN__SOURCE_FILE,
    BRN__SOURCE_SQLITE,
    BRN__SOURCE_POSTGRESQL,
    BRN__SOURCE_MEMORY,
} brn__source_kind;
brn__source_kind brn__source_kind_of(const char *source);
/* Where the table or query begins, behind its "?"; NULL when there is none. */
const char *brn__source_table(const char *source);

#endif
