/* SPDX-License-Identifier: Apache-2.0
 * Cuts plain records, from one set bit to the next. */
#include "data/table/csv_reader.h"

enum { PAGE_BYTES = BRN__CSV_BLOCK * BRN__CSV_PAGE };

/* Where the walk is: a block of the reader's page, and its bits that are still to come. */
typedef struct walk {
    brn__csv_reader *reader;
    size_t block;
    uint64_t mask;
    const char *odd; /* the first odd byte at or behind the record's begin; the page's end: none */
} walk;

static const char *page_end(const walk *w)
{
    return w->reader->page + PAGE_BYTES;
}

static void find_odd(walk *w, size_t block, uint64_t mask)
{
    w->odd = page_end(w);
    for (;; mask = w->reader->odd[block]) {
        if (mask) {
            w->odd = w->reader->page + BRN__CSV_BLOCK * block + __builtin_ctzll(mask);
            return;
        }
        if (++block == BRN__CSV_PAGE) return;
    }
}

/* Turns to `p`, which lies in the page, or begins another one. */
static inline void turn_to(walk *w, const char *p)
{
    brn__csv_reader *reader = w->reader;
    size_t at = (size_t)(p - reader->page);
    if (!reader->page || at >= PAGE_BYTES) {
        brn__csv_reader_scan(reader, p);
        at = 0;
        w->odd = NULL;
    }
    w->block = at / BRN__CSV_BLOCK;
    w->mask = reader->masks[w->block] & ~(uint64_t)0 << at % BRN__CSV_BLOCK;
    if (w->odd < p)
        find_odd(w, w->block, reader->odd[w->block] & ~(uint64_t)0 << at % BRN__CSV_BLOCK);
}

/* The next end of a field; NULL behind the last one. An odd byte of an earlier page stays known. */
static inline const char *next_end(walk *w)
{
    brn__csv_reader *reader = w->reader;
    while (!w->mask) {
        if (++w->block < BRN__CSV_PAGE) {
            w->mask = reader->masks[w->block];
            continue;
        }
        const char *page = page_end(w);
        if (w->odd < page || page >= reader->csv->text.end) return NULL;
        brn__csv_reader_scan(reader, page);
        w->block = 0;
        w->mask = reader->masks[0];
        find_odd(w, 0, reader->odd[0]);
    }
    const char *end = reader->page + BRN__CSV_BLOCK * w->block + __builtin_ctzll(w->mask);
    w->mask &= w->mask - 1;
    return end;
}

/* The line end of a record of `columns` fields that begins at `p`; NULL when it is not plain. */
static inline const char *cut_record(walk *w, const char *p, int64_t columns, brn__slice *fields)
{
    const char separator = w->reader->csv->options.separator;
    for (int64_t i = 0; i < columns; i++) {
        const char *end = next_end(w);
        if (!end) return NULL;
        fields[i] = (brn__slice){p, (size_t)(end - p)};
        if ((*end == separator) != (i + 1 < columns)) return NULL;
        p = end + 1;
    }
    return p - 1;
}

int64_t brn__csv_reader_plain(brn__csv_reader *reader, int64_t most, brn__slice *fields,
                              int64_t *lines)
{
    const brn__csv *csv = reader->csv;
    const char *text_end = csv->text.end, *p = reader->position;
    int64_t columns = csv->column_count, rows = 0;
    walk w = {.reader = reader};
    for (; rows < most && p < reader->stop; rows++) {
        turn_to(&w, p);
        const char *end = cut_record(&w, p, columns, fields);
        if (!end || w.odd < end || end == p || (size_t)(end - p) > csv->options.limit_field_bytes)
            break;
        lines[rows] = reader->line++;
        fields += columns;
        p = end + 1;
        if (*end == '\r' && p < text_end && *p == '\n') p++;
    }
    reader->position = p;
    return rows;
}
