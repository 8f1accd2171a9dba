/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/pieces.h"
#include "base/alloc.h"

#include <string.h>

enum { OUTSIDE, INSIDE, STATES };

typedef struct text_part {
    const brn__csv *csv;
    const char *begin, *end;
    const char *record[STATES]; /* where the first record begins, by the state at `begin` */
    int after[STATES];          /* the state at `end`, by the state at `begin` */
    int64_t most;               /* records in it */
} text_part;

/* A quote opens a field when it stands in front of it. */
static bool opens(const brn__csv *csv, const char *quote)
{
    if (quote == csv->body) return true;
    char before = quote[-1];
    return before == csv->options.separator || before == '\n' || before == '\r';
}

/* The byte behind the quote that closes, or NULL; `p` is inside quotes. */
static const char *find_close(const brn__csv *csv, const char *p, const char *end)
{
    char quote = csv->options.quote;
    for (;; p += 2) {
        p = memchr(p, quote, (size_t)(end - p));
        if (!p) return NULL;
        if (p + 1 >= csv->text.end || p[1] != quote) return p + 1;
        if (p + 2 > end) return NULL;
    }
}

/* Walks from quote to quote; says whether `end` is inside quotes. */
static int walk(const brn__csv *csv, const char *p, const char *end, int state)
{
    char quote = csv->options.quote;
    while (p < end) {
        if (state == INSIDE) {
            p = find_close(csv, p, end);
            if (!p) return INSIDE;
            state = OUTSIDE;
        } else {
            p = memchr(p, quote, (size_t)(end - p));
            if (!p) return OUTSIDE;
            if (opens(csv, p)) state = INSIDE;
            p++;
        }
    }
    return state;
}

static const char *after_line(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != '\r') p++;
    if (p < end && *p == '\r' && p + 1 < end && p[1] == '\n') p++;
    return p < end ? p + 1 : end;
}

/* The first record behind a place that is inside quotes: quoted fields are passed over until a line
 * ends outside; `end` when none does. */
static const char *first_record_behind(const brn__csv *csv, const char *p, const char *end)
{
    for (;;) {
        p = find_close(csv, p, end);
        if (!p) return end;
        while (p < end && *p != '\n' && *p != '\r' && !(*p == csv->options.quote && opens(csv, p)))
            p++;
        if (p == end || *p != csv->options.quote) return after_line(p, csv->text.end);
        p++;
    }
}

/* The number of line ends, and one more for a last line without. */
static int64_t count_records_at_most(const brn__csv_look *look, const char *begin, const char *end)
{
    const int64_t count = look->returns ? brn__csv_count_lines(begin, end) : look->ends; /* CR LF are two ends */
    return count + (end > begin && end[-1] != '\n' && end[-1] != '\r');
}

static void examine(void *argument)
{
    text_part *part = argument;
    const brn__csv *csv = part->csv;
    const brn__csv_look look = brn__csv_look_at(part->begin, part->end, csv->options.quote);
    part->most = count_records_at_most(&look, part->begin, part->end);
    part->record[OUTSIDE] = part->record[INSIDE] = part->begin;
    part->after[OUTSIDE] = OUTSIDE;
    if (!csv->options.quote) return;
    part->record[INSIDE] = part->end; /* as long as no quote closes */
    part->after[INSIDE] = INSIDE;
    if (!look.quotes) return;
    part->after[OUTSIDE] = walk(csv, part->begin, part->end, OUTSIDE);
    part->record[INSIDE] = first_record_behind(csv, part->begin, part->end);
    part->after[INSIDE] = walk(csv, part->begin, part->end, INSIDE);
}

/* Cuts behind the first line end after every `piece_bytes`. */
static int64_t cut_lines(const brn__csv *csv, size_t piece_bytes, text_part *parts)
{
    int64_t count = 0;
    for (const char *p = csv->body, *end = csv->text.end; p < end; count++) {
        const char *next = (size_t)(end - p) > piece_bytes ? after_line(p + piece_bytes, end) : end;
        parts[count] = (text_part){.csv = csv, .begin = p, .end = next};
        p = next;
    }
    return count;
}

/* A piece stops where the next record begins in a later one; one in which no record begins, as it
 * lies inside a long field, becomes empty. */
static void join(const text_part *parts, int64_t count, const char *end, brn__piece *pieces)
{
    int state = OUTSIDE;
    for (int64_t i = 0; i < count; i++) {
        pieces[i].begin = parts[i].record[state] < parts[i].end ? parts[i].record[state] : NULL;
        pieces[i].most = parts[i].most;
        state = parts[i].after[state];
    }
    for (int64_t i = count - 1; i >= 0; i--) {
        pieces[i].stop = end;
        if (pieces[i].begin)
            end = pieces[i].begin;
        else
            pieces[i].begin = end;
    }
}

brn_status brn__csv_cut(const brn__csv *csv, brn__pool *pool, size_t piece_bytes,
                        brn__piece **pieces, int64_t *count)
{
    size_t most = (size_t)(csv->text.end - csv->body) / piece_bytes + 1;
    *pieces = NULL;
    text_part *parts = brn__alloc_array(most, sizeof *parts);
    brn__piece *cut = brn__alloc_array(most, sizeof *cut);
    if (!parts || !cut) {
        brn__free(parts);
        brn__free(cut);
        return BRN_ERROR_NO_MEMORY;
    }
    *count = cut_lines(csv, piece_bytes, parts);
    for (int64_t i = 0; i < *count; i++) brn__run(pool, examine, &parts[i]);
    brn__finish(pool);
    join(parts, *count, csv->text.end, cut);
    brn__free(parts);
    *pieces = cut;
    return BRN_OK;
}
