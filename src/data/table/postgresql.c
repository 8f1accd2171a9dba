/* SPDX-License-Identifier: Apache-2.0
 * Tables of PostgreSQL servers: the query is described, for names and types; then its rows come by
 * COPY in binary form (postgresql_copy.h). All happens in one transaction that only reads. */
#include "base/alloc.h"
#include "base/text.h"
#include "data/table/libpq.h"
#include "data/table/postgresql_copy.h"
#include "data/table/source.h"

#include <string.h>

typedef struct reading {
    const brn__libpq *pq;
    char *name;    /* the source without its password; owned */
    char *address; /* what libpq is given; owned */
    PGconn *connection;
    brn__text query, copy; /* what is asked for, and the COPY of it */
    brn__pg_form *forms;   /* (columns), owned */
    int columns;
    brn__builder *builder;
} reading;

/* The first line of what the server or libpq says, without the head that says that it is an error.
 */
static brn_status fail(const reading *r, brn_status status)
{
    const char *message = r->pq->error(r->connection);
    static const char head[] = "ERROR:  ";
    if (strncmp(message, head, sizeof head - 1) == 0) message += sizeof head - 1;
    return brn__fail(status, "%s: %.*s", r->name, (int)strcspn(message, "\n"), message);
}

/* Frees the result; the error that it is, if it is not `expected`. */
static brn_status check(const reading *r, PGresult *result, ExecStatusType expected)
{
    bool good = result && r->pq->result_status(result) == expected;
    r->pq->clear(result);
    return good ? BRN_OK : fail(r, BRN_ERROR_INPUT);
}

static brn_status connect(reading *r, const char *source)
{
    const char *table = brn__source_table(source);
    if (!table || !*table)
        return brn__fail(BRN_ERROR_INPUT, "%s: expected postgresql://...?TABLE_OR_QUERY", r->name);
    r->address = brn__alloc_zero((size_t)(table - source), 1);
    if (!r->address) return BRN_ERROR_NO_MEMORY;
    memcpy(r->address, source, (size_t)(table - source) - 1);
    /* What the address says comes after and wins. */
    const char *const keys[] = {"connect_timeout", "fallback_application_name", "dbname",
                                "client_encoding", NULL};
    const char *const values[] = {"30", "burnish", r->address, "UTF8", NULL};
    r->connection = r->pq->connect(keys, values, true);
    if (!r->connection) return BRN_ERROR_NO_MEMORY;
    if (r->pq->status(r->connection) != CONNECTION_OK) return fail(r, BRN_ERROR_NETWORK);
    return check(r, r->pq->exec(r->connection, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
                 PGRES_COMMAND_OK);
}

/* The table's name as SQL: as it is written, else as the server reads it (folded, with a schema).
 */
static brn_status name_table(reading *r, const char *table)
{
    static const char query[] =
        "SELECT coalesce(to_regclass(quote_ident($1))::text, to_regclass($1)::text)";
    PGresult *result = r->pq->exec_with(r->connection, query, 1, NULL, &table, NULL, NULL, 0);
    brn_status status = BRN_OK;
    if (r->pq->result_status(result) != PGRES_TUPLES_OK)
        status = fail(r, BRN_ERROR_INPUT);
    else if (r->pq->is_null(result, 0, 0))
        status = brn__fail(BRN_ERROR_INPUT, "%s: there is no table \"%s\"", r->name, table);
    else
        brn__text_printf(&r->query, "SELECT * FROM %s", r->pq->value(result, 0, 0));
    r->pq->clear(result);
    return status;
}

static brn_status write_query(reading *r, const char *source)
{
    const char *table = brn__source_table(source);
    if (!brn__is_query(table)) {
        BRN__TRY(name_table(r, table));
    } else {
        size_t length = strlen(table);
        while (length && strchr(" \t\r\n;", table[length - 1])) length--;
        brn__text_add_bytes(&r->query, table, length);
    }
    return brn__text_finish(&r->query);
}

static void add_quoted(brn__text *text, const char *name)
{
    brn__text_add(text, "\"");
    for (const char *p = name; *p; p++)
        brn__text_add_bytes(text, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    brn__text_add(text, "\"");
}

/* Types whose binary form is not known here come as text. */
static brn_status take_columns(reading *r, const PGresult *described)
{
    int count = r->columns = r->pq->field_count(described);
    r->forms = brn__alloc_array((size_t)count + 1, sizeof *r->forms);
    if (!r->forms) return BRN_ERROR_NO_MEMORY;
    brn__text_add(&r->copy, "COPY (SELECT ");
    for (int i = 0; i < count; i++) {
        const char *name = r->pq->field_name(described, i);
        bool known = brn__pg_form_of(r->pq->field_type(described, i), &r->forms[i]);
        if (!known) r->forms[i] = BRN__PG_TEXT;
        BRN__TRY(brn__builder_name(r->builder, name));
        brn__text_add(&r->copy, i ? ", " : "");
        add_quoted(&r->copy, name);
        if (!known) brn__text_add(&r->copy, "::text");
    }
    brn__text_printf(&r->copy, " FROM (%s) AS burnish) TO STDOUT (FORMAT binary)", r->query.bytes);
    return brn__text_finish(&r->copy);
}

static brn_status describe(reading *r)
{
    BRN__TRY(
        check(r, r->pq->prepare(r->connection, "", r->query.bytes, 0, NULL), PGRES_COMMAND_OK));
    PGresult *described = r->pq->describe(r->connection, "");
    brn_status status = r->pq->result_status(described) == PGRES_COMMAND_OK
                            ? take_columns(r, described)
                            : fail(r, BRN_ERROR_INPUT);
    r->pq->clear(described);
    return status;
}

/* Rows until the server has no more, or until one is refused. */
static brn_status take_rows(reading *r, brn__pg_copy *copy)
{
    char *bytes;
    int length;
    brn_status status = BRN_OK;
    while (status == BRN_OK && (length = r->pq->copy_data(r->connection, &bytes, false)) > 0) {
        status = brn__pg_copy_take(copy, bytes, (size_t)length);
        r->pq->free(bytes);
    }
    if (status != BRN_OK) return status;
    if (length == -2) return fail(r, BRN_ERROR_NETWORK);
    return check(r, r->pq->result(r->connection), PGRES_COMMAND_OK);
}

static brn_status read_rows(reading *r)
{
    BRN__TRY(check(r, r->pq->exec(r->connection, r->copy.bytes), PGRES_COPY_OUT));
    brn__pg_copy copy = {.builder = r->builder, .forms = r->forms, .columns = r->columns};
    brn_status status = take_rows(r, &copy);
    if (status == BRN_OK) status = brn__pg_copy_end(&copy);
    brn__pg_copy_deinit(&copy);
    return status;
}

static brn_status read_all(reading *r, const char *source, const brn_table_options *options,
                           brn_table **out)
{
    BRN__TRY(brn__libpq_load(&r->pq));
    r->name = brn__source_public(source);
    if (!r->name) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(connect(r, source));
    BRN__TRY(write_query(r, source));
    BRN__TRY(brn__builder_new(r->name, options, &r->builder));
    BRN__TRY(describe(r));
    BRN__TRY(read_rows(r));
    return brn__builder_finish(r->builder, out);
}

brn_status brn__table_of_postgresql(const char *source, const brn_table_options *options,
                                    brn_table **out)
{
    reading r = {0};
    brn_status status = read_all(&r, source, options, out);
    brn__builder_free(r.builder);
    brn__free(r.forms);
    brn__text_free(&r.query);
    brn__text_free(&r.copy);
    if (r.connection) r.pq->finish(r.connection);
    brn__free(r.address);
    brn__free(r.name);
    return status;
}
