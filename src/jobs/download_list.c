/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "data/table/csv.h"
#include "data/table/csv_reader.h"
#include "jobs/data_download.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIST_MAX = 256 << 20, LABEL_MAX = 200, URL_MAX = 8000 };

/* A name that makes one folder, and not a hidden one. */
static bool is_label(const char *label)
{
    if (!*label || *label == '.' || strlen(label) > LABEL_MAX) return false;
    for (const char *p = label; *p; p++)
        if (*p == '/' || (unsigned char)*p < 0x20 || *p == 0x7F) return false;
    return true;
}

static bool is_text(brn__slice text)
{
    const char *end = text.bytes + text.length;
    return brn__csv_bad_byte(text.bytes, end) == end;
}

/* The address with %NN for what may not stand in one: blanks, controls, bytes that are not ASCII. */
static const char *encode(brn__arena *arena, brn__slice url)
{
    char *out = brn__arena_alloc(arena, 3 * url.length + 1);
    size_t used = 0;
    for (size_t i = 0; out && i < url.length; i++) {
        const unsigned char byte = (unsigned char)url.bytes[i];
        if (byte > 0x20 && byte < 0x7F) out[used++] = (char)byte;
        else used += (size_t)snprintf(out + used, 4, "%%%02X", byte);
    }
    return out;
}

/* `label` may be empty: none. */
static brn_status add_address(brn__address_list *list, const char *path, int64_t line, brn__slice url,
                              brn__slice label)
{
    if (url.length > URL_MAX || (url.length && memchr(url.bytes, 0, url.length)))
        return brn__fail(BRN_ERROR_INPUT, "%s line %lld: an address of %zu bytes; expected at most %d, "
                                          "and no NUL",
                         path, (long long)line, url.length, URL_MAX);
    if (list->count == list->capacity) {
        int64_t larger = list->capacity ? 2 * list->capacity : 256;
        brn__address *items = brn__realloc(list->items, (size_t)larger * sizeof *items);
        if (!items) return BRN_ERROR_NO_MEMORY;
        list->items = items;
        list->capacity = larger;
    }
    brn__address *address = &list->items[list->count];
    *address = (brn__address){.number = list->count + 1, .next = -1};
    address->url = encode(&list->arena, url);
    if (!address->url) return BRN_ERROR_NO_MEMORY;
    list->count++;
    if (!label.length) return BRN_OK;
    address->label = brn__arena_printf(&list->arena, "%.*s", (int)label.length, label.bytes);
    if (!address->label) return BRN_ERROR_NO_MEMORY;
    if (!is_label(address->label) || !is_text(label))
        return brn__fail(BRN_ERROR_INPUT,
                         "%s line %lld: label \"%.40s\"; expected the name of a folder: UTF-8, no "
                         "slash, no dot at its begin, at most %d bytes",
                         path, (long long)line, address->label, LABEL_MAX);
    return BRN_OK;
}

/* ------------------------------------------------------------------ texts */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* "URL" or "URL label", blanks around them. */
static brn_status add_line(brn__address_list *list, const char *path, int64_t number,
                           const char *line, const char *end)
{
    while (line < end && is_blank(*line)) line++;
    while (end > line && is_blank(end[-1])) end--;
    if (line == end || *line == '#') return BRN_OK;
    brn__slice url = {.bytes = line}, label = {.bytes = end};
    while (line < end && !is_blank(*line)) line++;
    url.length = (size_t)(line - url.bytes);
    while (line < end && is_blank(*line)) line++;
    if (line < end) label = (brn__slice){.bytes = line, .length = (size_t)(end - line)};
    return add_address(list, path, number, url, label);
}

static brn_status read_text(brn__address_list *list, const char *path)
{
    char *text;
    size_t length;
    BRN__TRY(brn__read_file(path, LIST_MAX, &text, &length));
    brn_status status = BRN_OK;
    const char *line = text, *end = text + length;
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) line += 3;
    for (int64_t number = 1; status == BRN_OK && line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) stop = end;
        status = add_line(list, path, number, line, stop);
        line = stop + 1;
    }
    brn__free(text);
    return status;
}

/* ------------------------------------------------------------------ tables */

static bool is_table(const char *path)
{
    static const char *const endings[] = {".csv", ".tsv", ".csv.gz", ".tsv.gz"};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(path + length - ending, endings[i]) == 0) return true;
    }
    return false;
}

static brn_status read_rows(brn__address_list *list, const char *path, brn__csv *csv)
{
    int64_t url = brn__csv_column_find(csv, "url"), label = brn__csv_column_find(csv, "label");
    if (url < 0) url = 0;
    if (label < 0 && url == 0 && brn__csv_column_count(csv) > 1) label = 1;
    for (;;) {
        brn__csv_row row;
        BRN__TRY(brn__csv_next(csv, &row));
        if (row.count == 0) return BRN_OK;
        const brn__slice none = {.bytes = ""};
        BRN__TRY(add_address(list, path, row.line, row.fields[url],
                             label < 0 ? none : row.fields[label]));
    }
}

/* A first line that is an address is no header. */
static brn_status read_table(brn__address_list *list, const char *path)
{
    brn__csv_options options = brn__csv_defaults();
    brn__csv *csv;
    BRN__TRY(brn__csv_open(path, &options, &csv));
    if (strncasecmp(brn__csv_column_name(csv, 0), "http", 4) == 0) {
        brn__csv_close(csv);
        options.header = false;
        BRN__TRY(brn__csv_open(path, &options, &csv));
    }
    brn_status status = read_rows(list, path, csv);
    brn__csv_close(csv);
    return status;
}

/* ------------------------------------------------------------------ the whole */

static int by_url(const void *a, const void *b)
{
    const brn__address *x = *(brn__address *const *)a, *y = *(brn__address *const *)b;
    const int order = strcmp(x->url, y->url);
    return order ? order : x->number < y->number ? -1 : 1;
}

/* What can't be fetched is known now: a second time, and other schemes. */
static brn_status judge(brn__address_list *list)
{
    brn__address **sorted = brn__alloc_array((size_t)list->count, sizeof *sorted);
    if (!sorted) return BRN_ERROR_NO_MEMORY;
    bool room = true;
    for (int64_t i = 0; i < list->count; i++) {
        brn__address *address = sorted[i] = &list->items[i];
        if (strncasecmp(address->url, "http://", 7) == 0 ||
            strncasecmp(address->url, "https://", 8) == 0)
            continue;
        address->problem = brn__strdup("not an http or https address");
        room = room && address->problem;
    }
    qsort(sorted, (size_t)list->count, sizeof *sorted, by_url);
    for (int64_t i = 1; i < list->count; i++) {
        if (strcmp(sorted[i - 1]->url, sorted[i]->url) != 0 || sorted[i]->problem) continue;
        sorted[i]->problem = brn__strdup("stands in the list before");
        room = room && sorted[i]->problem;
    }
    brn__free(sorted);
    return room ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn__address_list_read(const char *path, brn__address_list *out)
{
    *out = (brn__address_list){0};
    brn_status status = is_table(path) ? read_table(out, path) : read_text(out, path);
    if (status == BRN_OK && out->count == 0)
        status = brn__fail(BRN_ERROR_INPUT, "%s: no addresses; expected one a line", path);
    if (status == BRN_OK) status = judge(out);
    if (status != BRN_OK) brn__address_list_free(out);
    return status;
}

void brn__address_list_free(brn__address_list *list)
{
    for (int64_t i = 0; i < list->count; i++) brn__free(list->items[i].problem);
    brn__free(list->items);
    brn__arena_free(&list->arena);
    *list = (brn__address_list){0};
}
