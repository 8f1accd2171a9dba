/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/source.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/sha256.h"
#include "base/text.h"
#include "data/table/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char SQLITE[] = "sqlite:";

static bool begins_with(const char *text, const char *head)
{
    return strncmp(text, head, strlen(head)) == 0;
}

brn__source_kind brn__source_kind_of(const char *source)
{
    if (begins_with(source, SQLITE)) return BRN__SOURCE_SQLITE;
    if (begins_with(source, "postgresql://") || begins_with(source, "postgres://"))
        return BRN__SOURCE_POSTGRESQL;
    if (begins_with(source, BRN__SOURCE_MEMORY_HEAD)) return BRN__SOURCE_MEMORY;
    return BRN__SOURCE_FILE;
}

bool brn_source_is_database(const char *source)
{
    return brn__source_kind_of(source) != BRN__SOURCE_FILE;
}

brn_status brn_table_open(const char *source, const brn_table_options *options, brn_table **out)
{
    *out = NULL;
    switch (brn__source_kind_of(source)) {
    case BRN__SOURCE_SQLITE: return brn__table_of_sqlite(source, options, out);
    case BRN__SOURCE_POSTGRESQL: return brn__table_of_postgresql(source, options, out);
    case BRN__SOURCE_MEMORY: return brn__table_of_memory(source, options, out);
    default: return brn__table_read(source, NULL, 0, options, 0, out);
    }
}

/* Is the text "name=value&name=value?"... : parameters, and the table behind them? Nothing that is
 * a table or a query looks so. */
static const char *behind_parameters(const char *text)
{
    const char *end = strchr(text, '?');
    while (end) {
        const char *p = text;
        while (islower((unsigned char)*p) || *p == '_') p++;
        if (p == text || *p != '=') return NULL;
        p += strcspn(p, "&?");
        if (p == end) return end + 1;
        text = p + 1;
    }
    return NULL;
}

const char *brn__source_table(const char *source)
{
    const char *mark = strchr(source, '?');
    if (!mark) return NULL;
    const char *behind =
        brn__source_kind_of(source) == BRN__SOURCE_POSTGRESQL ? behind_parameters(mark + 1) : NULL;
    return behind ? behind : mark + 1;
}

bool brn__is_query(const char *text)
{
    static const char *const words[] = {"select", "with", "values", "table"};
    while (isspace((unsigned char)*text) || *text == '(') text++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if (strncasecmp(text, words[i], length) != 0) continue;
        unsigned char next = (unsigned char)text[length];
        if (isspace(next) || next == '(' || next == '*' || next == '"' || next == '\'') return true;
    }
    return false;
}

/* "sqlite:" + the file's whole path + "?..." */
static char *absolute_sqlite(const char *source)
{
    const char *path = source + strlen(SQLITE), *mark = strchr(path, '?');
    brn__arena arena = {0};
    char *name =
        brn__arena_printf(&arena, "%.*s", (int)(mark ? mark - path : (long)strlen(path)), path);
    char *whole = name ? realpath(name, NULL) : NULL;
    char *made =
        whole ? brn__arena_printf(&arena, "%s%s%s", SQLITE, whole, mark ? mark : "") : NULL;
    char *out = made ? brn__strdup(made) : NULL;
    free(whole);
    brn__arena_free(&arena);
    return out;
}

char *brn__source_absolute(const char *source)
{
    switch (brn__source_kind_of(source)) {
    case BRN__SOURCE_SQLITE: return absolute_sqlite(source);
    case BRN__SOURCE_POSTGRESQL:
    case BRN__SOURCE_MEMORY: return brn__strdup(source);
    default: break;
    }
    char *path = realpath(source, NULL), *out = path ? brn__strdup(path) : NULL;
    free(path);
    return out;
}

/* "user:password@host/database" without the password. */
static void add_place(brn__text *out, const char *place, size_t length)
{
    size_t server = strcspn(place, "/?");
    const char *at = memrchr(place, '@', server < length ? server : length);
    const char *colon = at ? memchr(place, ':', (size_t)(at - place)) : NULL;
    if (colon) {
        brn__text_add_bytes(out, place, (size_t)(colon - place));
        length -= (size_t)(at - place);
        place = at;
    }
    brn__text_add_bytes(out, place, length);
}

/* "a=1&password=x&b=2" up to `end`, without passwords, and a ? before it and behind it. */
static void add_parameters(brn__text *out, const char *p, const char *end)
{
    char before = '?';
    while (p < end) {
        size_t length = strcspn(p, "&?");
        if (!begins_with(p, "password=") && !begins_with(p, "sslpassword=")) {
            brn__text_add_bytes(out, &before, 1);
            brn__text_add_bytes(out, p, length);
            before = '&';
        }
        p += length + 1;
    }
    brn__text_add(out, "?");
}

char *brn__source_public(const char *source)
{
    if (brn__source_kind_of(source) != BRN__SOURCE_POSTGRESQL) return brn__strdup(source);
    brn__text out = {0};
    const char *place = strstr(source, "://") + 3, *mark = strchr(place, '?');
    const char *table = brn__source_table(source);
    brn__text_add_bytes(&out, source, (size_t)(place - source));
    add_place(&out, place, mark ? (size_t)(mark - place) : strlen(place));
    if (mark) add_parameters(&out, mark + 1, table);
    if (table) brn__text_add(&out, table);
    char *text = brn__text_finish(&out) == BRN_OK ? brn__strdup(out.bytes) : NULL;
    brn__text_free(&out);
    return text;
}

/* ---- digests ---- */

static brn_status digest_column(brn__sha256 *digest, const brn__column *column, int64_t rows)
{
    size_t bytes = (size_t)rows * brn__column_value_bytes(column->type);
    BRN__TRY(brn__sha256_add(digest, column->name, strlen(column->name) + 1));
    BRN__TRY(brn__sha256_add(digest, brn_column_type_name(column->type), 4));
    if (bytes) BRN__TRY(brn__sha256_add(digest, column->values, bytes));
    for (int64_t row = 0; row < rows && column->missing; row++) {
        if (!brn__column_is_missing(column, row)) continue;
        BRN__TRY(brn__sha256_add(digest, &row, sizeof row));
    }
    for (int64_t i = 0; i < column->words.count; i++) {
        brn__slice word = column->words.words[i];
        BRN__TRY(brn__sha256_add(digest, &word.length, sizeof word.length));
        BRN__TRY(brn__sha256_add(digest, word.bytes, word.length));
    }
    return BRN_OK;
}

brn_status brn__table_digest(const brn_table *table, char hex[65])
{
    brn__sha256 *digest;
    BRN__TRY(brn__sha256_new(&digest));
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < table->column_count; i++)
        status = digest_column(digest, &table->columns[i], table->row_count);
    if (status == BRN_OK) status = brn__sha256_hex(digest, hex);
    brn__sha256_free(digest);
    return status;
}
