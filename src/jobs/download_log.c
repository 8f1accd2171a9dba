/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "base/text.h"
#include "data/table/csv.h"
#include "jobs/data_download.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "url,file,status\n";

static void add_line(brn__text *text, const char *url, const char *file, const char *status)
{
    brn__text_csv(text, url);
    brn__text_add(text, ",");
    brn__text_csv(text, file);
    brn__text_add(text, ",");
    brn__text_csv(text, status);
    brn__text_add(text, "\n");
}

static void add_address(brn__text *text, const brn__address *address)
{
    add_line(text, address->url, address->file ? address->file : "",
             address->problem ? address->problem : "ok");
}

/* ------------------------------------------------------------------ reading */

static const char *keep(brn__arena *arena, brn__slice field)
{
    return brn__arena_printf(arena, "%.*s", (int)field.length, field.length ? field.bytes : "");
}

static brn_status add_record(brn__download_log *log, const brn__csv_row *row)
{
    if (log->count == log->capacity) {
        int64_t larger = log->capacity ? 2 * log->capacity : 256;
        brn__download_record *records = brn__realloc(log->records, (size_t)larger * sizeof *records);
        if (!records) return BRN_ERROR_NO_MEMORY;
        log->records = records;
        log->capacity = larger;
    }
    brn__download_record record = {.url = keep(&log->arena, row->fields[0]),
                                   .file = keep(&log->arena, row->fields[1]),
                                   .status = keep(&log->arena, row->fields[2])};
    if (!record.url || !record.file || !record.status) return BRN_ERROR_NO_MEMORY;
    log->records[log->count++] = record;
    return BRN_OK;
}

/* Of several records of an address the successful one counts, else the last: it is put first. */
static int by_url(const void *a, const void *b)
{
    const brn__download_record *x = a, *y = b;
    const int order = strcmp(x->url, y->url);
    if (order) return order;
    return (strcmp(y->status, "ok") == 0) - (strcmp(x->status, "ok") == 0);
}

static brn_status read_records(brn__download_log *log, const char *path, brn__csv *csv)
{
    brn__csv_row row = {.count = 1};
    if (brn__csv_column_count(csv) != 3 || brn__csv_column_find(csv, "url") != 0 ||
        brn__csv_column_find(csv, "file") != 1 || brn__csv_column_find(csv, "status") != 2)
        return brn__fail(BRN_ERROR_INPUT, "%s: another's file; expected the columns url,file,status",
                         path);
    for (;;) {
        brn_status status = brn__csv_next(csv, &row);
        if (status == BRN_ERROR_NO_MEMORY) return status;
        if (status != BRN_OK || row.count == 0) return BRN_OK; /* cut short, or the end */
        BRN__TRY(add_record(log, &row));
    }
}

brn_status brn__download_log_read(const char *path, brn__download_log *out)
{
    *out = (brn__download_log){0};
    if (brn__file_bytes(path) <= 0) return BRN_OK;
    brn__csv *csv;
    const brn__csv_options options = brn__csv_defaults();
    BRN__TRY(brn__csv_open(path, &options, &csv));
    brn_status status = read_records(out, path, csv);
    brn__csv_close(csv);
    if (status != BRN_OK) {
        brn__download_log_free(out);
        return status;
    }
    if (out->count) qsort(out->records, (size_t)out->count, sizeof *out->records, by_url);
    int64_t kept = 0;
    for (int64_t i = 0; i < out->count; i++)
        if (i == 0 || strcmp(out->records[kept - 1].url, out->records[i].url) != 0)
            out->records[kept++] = out->records[i];
    out->count = kept;
    return BRN_OK;
}

void brn__download_log_free(brn__download_log *log)
{
    brn__free(log->records);
    brn__arena_free(&log->arena);
    *log = (brn__download_log){0};
}

static int is_record_of(const void *url, const void *record)
{
    return strcmp(url, ((const brn__download_record *)record)->url);
}

const brn__download_record *brn__download_log_find(const brn__download_log *log, const char *url)
{
    if (log->count == 0) return NULL;
    return bsearch(url, log->records, (size_t)log->count, sizeof *log->records, is_record_of);
}

/* ------------------------------------------------------------------ writing */

brn_status brn__download_log_append(const char *path, const brn__address *address)
{
    brn__text text = {0};
    add_address(&text, address);
    brn_status status = brn__text_finish(&text);
    if (status == BRN_OK) status = brn__append_file(path, text.bytes, text.length);
    brn__text_free(&text);
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Those of earlier calls whose addresses are not in `urls`, which is sorted. */
static void add_others(brn__text *text, const brn__download_log *log, const char *const *urls,
                       int64_t count)
{
    for (int64_t i = 0; i < log->count; i++) {
        const brn__download_record *r = &log->records[i];
        if (count && bsearch(&r->url, urls, (size_t)count, sizeof *urls, by_text)) continue;
        add_line(text, r->url, r->file, r->status);
    }
}

brn_status brn__download_log_write(const char *path, const brn__address_list *list,
                                   const brn__download_log *log)
{
    brn__text text = {0};
    int64_t count = 0;
    const char **urls = brn__alloc_array((size_t)list->count, sizeof *urls);
    if (!urls) return BRN_ERROR_NO_MEMORY;
    brn__text_add(&text, header);
    for (int64_t i = 0; i < list->count; i++) {
        if (!list->items[i].done) continue;
        add_address(&text, &list->items[i]);
        urls[count++] = list->items[i].url;
    }
    qsort(urls, (size_t)count, sizeof *urls, by_text);
    add_others(&text, log, urls, count);
    brn_status status = brn__text_finish(&text);
    if (status == BRN_OK) status = brn__replace_file(path, text.bytes, text.length);
    brn__text_free(&text);
    brn__free(urls);
    return status;
}
