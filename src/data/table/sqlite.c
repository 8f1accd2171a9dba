/* SPDX-License-Identifier: Apache-2.0
 * Tables of SQLite files. SQLite has numbers, texts and nothing else: a text is a field, as in a
 * file of separated values, so that dates and truths are what they are there.
 *
 * The file is opened for reading only, and the one statement must be one that only reads. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/text.h"
#include "data/table/builder.h"
#include "data/table/source.h"

#include <sqlite3.h>
#include <string.h>

enum { BUSY_MILLISECONDS = 10000 };

typedef struct reading {
    const char *source;
    char *path; /* owned */
    sqlite3 *database;
    sqlite3_stmt *statement;
    brn__builder *builder;
} reading;

static brn_status fail(const reading *r)
{
    const int code = sqlite3_errcode(r->database) & 0xff;
    brn_status status = code == SQLITE_NOMEM ? BRN_ERROR_NO_MEMORY
                        : code == SQLITE_IOERR || code == SQLITE_BUSY || code == SQLITE_PERM
                            ? BRN_ERROR_IO
                            : BRN_ERROR_INPUT;
    return brn__fail(status, "%s: %s", r->source, sqlite3_errmsg(r->database));
}

static brn_status open_database(reading *r)
{
    const char *path = r->source + strlen("sqlite:"), *mark = strchr(path, '?');
    size_t length = mark ? (size_t)(mark - path) : strlen(path);
    r->path = brn__alloc_zero(length + 1, 1);
    if (!r->path) return BRN_ERROR_NO_MEMORY;
    memcpy(r->path, path, length);
    if (!brn__is_file(r->path))
        return brn__fail(BRN_ERROR_INPUT, "%s: there is no file \"%s\"; expected sqlite:FILE?TABLE",
                         r->source, r->path);
    if (sqlite3_open_v2(r->path, &r->database, SQLITE_OPEN_READONLY | SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK)
        return r->database ? fail(r) : BRN_ERROR_NO_MEMORY;
    sqlite3_busy_timeout(r->database, BUSY_MILLISECONDS);
    return BRN_OK;
}

/* The names of all tables and views, with commas between. */
static brn_status list_tables(const reading *r, brn__text *names, int64_t *count)
{
    static const char query[] =
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND "
        "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
    sqlite3_stmt *statement;
    *count = 0;
    if (sqlite3_prepare_v2(r->database, query, -1, &statement, NULL) != SQLITE_OK) return fail(r);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        brn__text_printf(names, "%s%s", *count ? ", " : "", name ? name : "");
        ++*count;
    }
    brn_status status = code == SQLITE_DONE ? brn__text_finish(names) : fail(r);
    sqlite3_finalize(statement);
    return status;
}

/* Where no table is named, there must be one. */
static brn_status name_only_table(const reading *r, brn__text *out)
{
    int64_t count;
    BRN__TRY(list_tables(r, out, &count));
    if (count == 1) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: has %lld tables%s%s; expected sqlite:FILE?TABLE_OR_QUERY", r->source,
                     (long long)count, count ? ": " : "", count ? out->bytes : "");
}

static void add_quoted(brn__text *text, const char *name)
{
    brn__text_add(text, "\"");
    for (const char *p = name; *p; p++) {
        if (*p == '"') brn__text_add(text, "\"");
        brn__text_add_bytes(text, p, 1);
    }
    brn__text_add(text, "\"");
}

static brn_status write_query(const reading *r, brn__text *query)
{
    const char *table = brn__source_table(r->source);
    if (table && brn__is_query(table)) {
        brn__text_add(query, table);
        return brn__text_finish(query);
    }
    brn__text name = {0};
    brn_status status = BRN_OK;
    if (table && *table)
        brn__text_add(&name, table);
    else
        status = name_only_table(r, &name);
    if (status == BRN_OK) status = brn__text_finish(&name);
    if (status == BRN_OK) {
        brn__text_add(query, "SELECT * FROM ");
        add_quoted(query, name.bytes);
        status = brn__text_finish(query);
    }
    brn__text_free(&name);
    return status;
}

static brn_status prepare(reading *r)
{
    brn__text query = {0};
    const char *rest = NULL;
    brn_status status = write_query(r, &query);
    if (status == BRN_OK &&
        sqlite3_prepare_v2(r->database, query.bytes, -1, &r->statement, &rest) != SQLITE_OK)
        status = fail(r);
    if (status == BRN_OK && rest && rest[strspn(rest, " \t\r\n;")])
        status = brn__fail(BRN_ERROR_INPUT, "%s: expected one query", r->source);
    else if (status == BRN_OK && !sqlite3_stmt_readonly(r->statement))
        status = brn__fail(BRN_ERROR_INPUT, "%s: expected a query that only reads", r->source);
    brn__text_free(&query);
    return status;
}

static brn_status add_value(reading *r, int column)
{
    switch (sqlite3_column_type(r->statement, column)) {
    case SQLITE_INTEGER:
        return brn__builder_integer(r->builder, column, sqlite3_column_int64(r->statement, column));
    case SQLITE_FLOAT:
        return brn__builder_real(r->builder, column, sqlite3_column_double(r->statement, column));
    case SQLITE_NULL: return brn__builder_missing(r->builder, column);
    case SQLITE_BLOB:
        return brn__builder_refuse(r->builder, column, "a blob; expected numbers or text");
    default: break;
    }
    const char *text = (const char *)sqlite3_column_text(r->statement, column);
    if (!text) return BRN_ERROR_NO_MEMORY;
    size_t length = (size_t)sqlite3_column_bytes(r->statement, column);
    return brn__builder_field(r->builder, column, (brn__slice){text, length});
}

static brn_status read_rows(reading *r)
{
    int columns = sqlite3_column_count(r->statement), code;
    for (int i = 0; i < columns; i++)
        BRN__TRY(brn__builder_name(r->builder, sqlite3_column_name(r->statement, i)));
    while ((code = sqlite3_step(r->statement)) == SQLITE_ROW)
        for (int i = 0; i < columns; i++) BRN__TRY(add_value(r, i));
    return code == SQLITE_DONE ? BRN_OK : fail(r);
}

brn_status brn__table_of_sqlite(const char *source, const brn_table_options *options,
                                brn_table **out)
{
    reading r = {.source = source};
    brn_status status = open_database(&r);
    if (status == BRN_OK) status = prepare(&r);
    if (status == BRN_OK) status = brn__builder_new(source, options, &r.builder);
    if (status == BRN_OK) status = read_rows(&r);
    if (status == BRN_OK) status = brn__builder_finish(r.builder, out);
    brn__builder_free(r.builder);
    sqlite3_finalize(r.statement);
    sqlite3_close(r.database);
    brn__free(r.path);
    return status;
}
