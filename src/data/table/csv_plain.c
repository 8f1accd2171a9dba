/* SPDX-License-Identifier: Apache-2.0
 * Cuts plain records: where vectors can list the places of set bits, all of a block's at once; else, and where
 * records are not of the plainest form, from one set bit to the next. */
#include "data/table/csv_reader.h"
#include "base/isa.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

static int64_t walk_records(brn__csv_reader *reader, int64_t most, brn__slice *fields, int64_t *lines)
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

/* ------------------------------------------------------------------ a block at once */

#if defined(__x86_64__)
#define BLOCKWISE __attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt,lzcnt")))

/* Fields that were listed one behind the other: ends are separators and LF, without regard to records. */
typedef struct listing {
    int64_t count, feeds; /* of fields; of LF among their ends */
    const char *end;      /* what was looked at ends here: the text's last block, one with CR or an odd byte, or enough */
} listing;

/* Writes {begin, length} of `count` fields whose ends are at `from` plus the bytes of `places`; the field before the
 * first one ends at `last`. Up to seven more are written. */
BLOCKWISE static inline void write_fields(const char *from, __m512i places, int64_t count, uintptr_t last,
                                          brn__slice *fields)
{
    const __m512i base = _mm512_set1_epi64((long long)(uintptr_t)from), one = _mm512_set1_epi64(1);
    const __m512i lower = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), upper = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    __m512i before = _mm512_set1_epi64((long long)last);
    unsigned char bytes[BRN__CSV_BLOCK];
    _mm512_storeu_si512(bytes, places);
    for (int64_t i = 0; i < count; i += 8) {
        const __m128i eight = _mm_loadl_epi64((const __m128i *)(const void *)(bytes + i));
        const __m512i ends = _mm512_add_epi64(_mm512_cvtepu8_epi64(eight), base);
        const __m512i begins = _mm512_add_epi64(_mm512_alignr_epi64(ends, before, 7), one);
        const __m512i lengths = _mm512_sub_epi64(ends, begins);
        _mm512_storeu_si512(fields + i, _mm512_permutex2var_epi64(begins, lower, lengths));
        _mm512_storeu_si512(fields + i + 4, _mm512_permutex2var_epi64(begins, upper, lengths));
        before = ends;
    }
}

BLOCKWISE static listing list_fields(const brn__csv_reader *reader, int64_t wanted, brn__slice *fields)
{
    const brn__csv_options *options = &reader->csv->options;
    const __m512i separators = _mm512_set1_epi8(options->separator), quotes = _mm512_set1_epi8(options->quote);
    const __m512i feeds = _mm512_set1_epi8('\n'), returns = _mm512_set1_epi8('\r');
    const __m512i numbers = _mm512_set_epi64(0x3F3E3D3C3B3A3938, 0x3736353433323130, 0x2F2E2D2C2B2A2928, 0x2726252423222120,
                                             0x1F1E1D1C1B1A1918, 0x1716151413121110, 0x0F0E0D0C0B0A0908, 0x0706050403020100);
    const char *p = reader->position;
    uintptr_t last = (uintptr_t)p - 1;
    listing list = {0};
    for (; list.count < wanted && p < reader->stop && reader->csv->text.end - p >= BRN__CSV_BLOCK; p += BRN__CSV_BLOCK) {
        const __m512i x = _mm512_loadu_si512((const void *)p);
        const uint64_t lines = _mm512_cmpeq_epi8_mask(x, feeds), ends = lines | _mm512_cmpeq_epi8_mask(x, separators);
        if (_mm512_cmpeq_epi8_mask(x, quotes) | _mm512_cmpeq_epi8_mask(x, returns) |
            _mm512_cmple_epi8_mask(x, _mm512_setzero_si512()))
            break;
        if (!ends) continue;
        const int64_t count = __builtin_popcountll(ends);
        write_fields(p, _mm512_maskz_compress_epi8(ends, numbers), count, last, fields + list.count);
        last = (uintptr_t)p + 63 - (unsigned)__builtin_clzll(ends);
        list.count += count;
        list.feeds += __builtin_popcountll(lines);
    }
    list.end = p;
    return list;
}

static int64_t count_feeds(const char *p, const char *end)
{
    int64_t count = 0;
    for (; p < end; p++) count += *p == '\n';
    return count;
}

/* Records whose last fields end in LF, and no other field does. An LF elsewhere, as of an empty line, is seen when
 * all are listed: what is left of the piece is walked then. */
static int64_t list_records(brn__csv_reader *reader, int64_t most, brn__slice *fields, int64_t *lines)
{
    const brn__csv *csv = reader->csv;
    const int64_t columns = csv->column_count;
    const listing list = list_fields(reader, most * columns, fields);
    const char *p = reader->position;
    int64_t rows = 0;
    for (; rows < most && (rows + 1) * columns <= list.count && p < reader->stop; rows++) {
        const brn__slice *field = &fields[(rows + 1) * columns - 1];
        const char *end = field->bytes + field->length;
        if (*end != '\n' || end == p || (size_t)(end - p) > csv->options.limit_field_bytes) break;
        p = end + 1;
    }
    reader->walks = list.feeds - count_feeds(p, list.end) != rows;
    if (reader->walks) return 0;
    for (int64_t i = 0; i < rows; i++) lines[i] = reader->line++;
    reader->position = p;
    return rows;
}

static bool lists_fields(void)
{
    return brn__isa_best() == BRN__ISA_AVX512 && __builtin_cpu_supports("avx512vbmi2");
}
#else
static bool lists_fields(void)
{
    return false;
}
static int64_t list_records(brn__csv_reader *reader, int64_t most, brn__slice *fields, int64_t *lines)
{
    (void)reader, (void)most, (void)fields, (void)lines;
    return 0;
}
#endif

int64_t brn__csv_reader_plain(brn__csv_reader *reader, int64_t most, brn__slice *fields, int64_t *lines)
{
    const int64_t listed = lists_fields() && !reader->walks ? list_records(reader, most, fields, lines) : 0;
    if (listed == most) return most;
    return listed + walk_records(reader, most - listed, fields + listed * reader->csv->column_count, lines + listed);
}
