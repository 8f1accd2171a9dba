/* SPDX-License-Identifier: Apache-2.0
 * Cuts one record after another into slices of the text. Nothing is copied but fields with doubled
 * quotes. */
#include "data/table/csv_reader.h"
#include "base/alloc.h"

#include <string.h>

enum { PAGE_BYTES = BRN__CSV_BLOCK * BRN__CSV_PAGE };

void brn__csv_reader_init(brn__csv_reader *reader, const brn__csv *csv, const char *begin,
                          const char *stop, int64_t line)
{
    *reader = (brn__csv_reader){.csv = csv, .position = begin, .stop = stop, .line = line};
}

void brn__csv_reader_deinit(brn__csv_reader *reader)
{
    brn__free(reader->fields);
    brn__free(reader->scratch);
    brn__arena_free(&reader->kept);
    *reader = (brn__csv_reader){0};
}

/* Bytes behind the text have no bits. */
void brn__csv_reader_scan(brn__csv_reader *reader, const char *page)
{
    size_t left = (size_t)(reader->csv->text.end - page);
    int whole = (int)(left < PAGE_BYTES ? left / BRN__CSV_BLOCK : BRN__CSV_PAGE);
    char separator = reader->csv->options.separator, quote = reader->csv->options.quote;
    size_t rest = left % BRN__CSV_BLOCK, none = (size_t)(BRN__CSV_PAGE - whole) * sizeof(uint64_t);
    brn__csv_scan_odd(page, whole, separator, quote, reader->masks, reader->odd);
    memset(reader->masks + whole, 0, none);
    memset(reader->odd + whole, 0, none);
    if (whole < BRN__CSV_PAGE && rest) {
        char last[BRN__CSV_BLOCK] = {0};
        memcpy(last, page + BRN__CSV_BLOCK * whole, rest);
        brn__csv_scan_odd(last, 1, separator, quote, reader->masks + whole, reader->odd + whole);
        reader->odd[whole] &= ((uint64_t)1 << rest) - 1;
    }
    reader->page = page;
}

/* The first separator or line end at `p` or behind; the text's end when there is none. */
static const char *find_field_end(brn__csv_reader *reader, const char *p)
{
    const char *end = reader->csv->text.end;
    while (p < end) {
        size_t at = (size_t)(p - reader->page);
        if (!reader->page || at >= PAGE_BYTES) brn__csv_reader_scan(reader, p), at = 0;
        size_t block = at / BRN__CSV_BLOCK;
        uint64_t mask = reader->masks[block] >> at % BRN__CSV_BLOCK;
        if (mask) return p + __builtin_ctzll(mask);
        while (++block < BRN__CSV_PAGE)
            if (reader->masks[block])
                return reader->page + BRN__CSV_BLOCK * block +
                       __builtin_ctzll(reader->masks[block]);
        p = reader->page + PAGE_BYTES;
    }
    return end;
}

static brn_status make_room(brn__csv_reader *reader)
{
    const brn__csv *csv = reader->csv;
    if (reader->count >= csv->options.limit_columns)
        return brn__fail(BRN_ERROR_INPUT, "%s: line %lld has more than the limit of %lld columns",
                         csv->name, (long long)reader->line, (long long)csv->options.limit_columns);
    int64_t capacity = reader->capacity ? 2 * reader->capacity : 16;
    brn__slice *fields = brn__realloc(reader->fields, (size_t)capacity * sizeof *fields);
    if (!fields) return BRN_ERROR_NO_MEMORY;
    reader->fields = fields;
    reader->capacity = capacity;
    return BRN_OK;
}

static brn_status too_long(const brn__csv_reader *reader, int64_t line)
{
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: the field that begins in line %lld is longer than the limit of %zu bytes",
                     reader->csv->name, (long long)line, reader->csv->options.limit_field_bytes);
}

/* A quoted field; *p is its opening quote and becomes the byte after the closing one. `inside`
 * counts the lines of the record so far, `doubled` is set when quotes need to be made single. */
static brn_status read_quoted(const brn__csv_reader *reader, const char **p, brn__slice *field,
                              int64_t *inside, bool *doubled)
{
    const brn__csv *csv = reader->csv;
    const char *end = csv->text.end, *start = *p + 1, *from = start, *close;
    char quote = csv->options.quote;
    int64_t line = reader->line + *inside;
    for (;; from = close + 2) {
        close = memchr(from, quote, (size_t)(end - from));
        if (!close)
            return brn__fail(BRN_ERROR_INPUT,
                             "%s: the quote that opens in line %lld is never closed", csv->name,
                             (long long)line);
        if (close + 1 >= end || close[1] != quote) break;
        *doubled = true;
    }
    *field = (brn__slice){.bytes = start, .length = (size_t)(close - start)};
    *inside += brn__csv_count_lines(start, close);
    *p = close + 1;
    if (*p < end && **p != csv->options.separator && **p != '\n' && **p != '\r')
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: line %lld: text after the closing quote of field %lld; expected a "
                         "separator or the end of the line (a quote inside is written twice)",
                         csv->name, (long long)(reader->line + *inside),
                         (long long)reader->count + 1);
    return BRN_OK;
}

/* Reads fields up to the line's end; *p is left on it. */
static brn_status read_fields(brn__csv_reader *reader, const char **p, int64_t *inside,
                              bool *doubled)
{
    const brn__csv *csv = reader->csv;
    const char *at = *p, *end = csv->text.end;
    const char quote = csv->options.quote, separator = csv->options.separator;
    const size_t limit = csv->options.limit_field_bytes;
    for (reader->count = 0;;) {
        if (reader->count == reader->capacity) BRN__TRY(make_room(reader));
        brn__slice *field = &reader->fields[reader->count];
        int64_t line = reader->line + *inside;
        if (at < end && *at == quote && quote) {
            BRN__TRY(read_quoted(reader, &at, field, inside, doubled));
        } else {
            const char *stop = find_field_end(reader, at);
            *field = (brn__slice){.bytes = at, .length = (size_t)(stop - at)};
            at = stop;
        }
        if (field->length > limit) return too_long(reader, line);
        reader->count++;
        if (at == end || *at != separator) break;
        at++;
    }
    *p = at;
    return BRN_OK;
}

static char *room_for(brn__csv_reader *reader, size_t bytes)
{
    if (reader->keeps) return brn__arena_alloc(&reader->kept, bytes);
    if (bytes <= reader->scratch_bytes) return reader->scratch;
    char *scratch = brn__realloc(reader->scratch, bytes);
    if (!scratch) return NULL;
    reader->scratch = scratch;
    reader->scratch_bytes = bytes;
    return scratch;
}

void brn__csv_reader_forget(brn__csv_reader *reader)
{
    brn__arena_free(&reader->kept);
}

/* Makes doubled quotes single, elsewhere. Only a quoted field stands behind a quote. */
static brn_status unescape(brn__csv_reader *reader, const char *record, const char *record_end)
{
    char *to = room_for(reader, (size_t)(record_end - record));
    if (!to) return BRN_ERROR_NO_MEMORY;
    char quote = reader->csv->options.quote;
    for (int64_t i = 0; i < reader->count; i++) {
        brn__slice *field = &reader->fields[i];
        if (field->bytes == record || field->bytes[-1] != quote) continue;
        const char *from = field->bytes, *stop = from + field->length;
        field->bytes = to;
        while (from < stop) {
            if (*from == quote) from++;
            *to++ = *from++;
        }
        field->length = (size_t)(to - field->bytes);
    }
    return BRN_OK;
}

static brn_status check_bytes(const brn__csv_reader *reader, const char *record, const char *end)
{
    const char *bad = brn__csv_bad_byte(record, end);
    if (bad == end) return BRN_OK;
    int64_t line = reader->line + brn__csv_count_lines(record, bad);
    if (*bad == '\0')
        return brn__fail(BRN_ERROR_INPUT, "%s: line %lld holds a zero byte; expected text",
                         reader->csv->name, (long long)line);
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: line %lld: byte %02X is not UTF-8; is the file's encoding Latin-1?",
                     reader->csv->name, (long long)line, (unsigned)(unsigned char)*bad);
}

static brn_status check_count(const brn__csv_reader *reader)
{
    const brn__csv *csv = reader->csv;
    if (csv->column_count == 0 || reader->count == csv->column_count) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: line %lld has %lld field%s; expected %lld, as in the %s",
                     csv->name, (long long)reader->line, (long long)reader->count,
                     reader->count == 1 ? "" : "s", (long long)csv->column_count,
                     csv->options.header ? "header" : "first line");
}

/* The byte after the line end at `p` (CR LF is one). */
static const char *after_line_end(const char *p, const char *end)
{
    if (p == end) return end;
    return p + 1 + (*p == '\r' && p + 1 < end && p[1] == '\n');
}

static void skip_empty_lines(brn__csv_reader *reader)
{
    const char *end = reader->csv->text.end;
    while (reader->position < reader->stop &&
           (*reader->position == '\n' || *reader->position == '\r')) {
        reader->position = after_line_end(reader->position, end);
        reader->line++;
    }
}

brn_status brn__csv_reader_next(brn__csv_reader *reader, brn__csv_row *row)
{
    *row = (brn__csv_row){0};
    skip_empty_lines(reader);
    if (reader->position >= reader->stop) return BRN_OK;
    const char *record = reader->position, *p = record;
    int64_t inside = 0;
    bool doubled = false;
    BRN__TRY(read_fields(reader, &p, &inside, &doubled));
    BRN__TRY(check_bytes(reader, record, p));
    BRN__TRY(check_count(reader));
    if (doubled) BRN__TRY(unescape(reader, record, p));
    *row = (brn__csv_row){.fields = reader->fields, .count = reader->count, .line = reader->line};
    const char *end = reader->csv->text.end;
    reader->line += inside + (p < end);
    reader->position = after_line_end(p, end);
    return BRN_OK;
}
