/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/column_part.h"
#include "base/alloc.h"
#include "data/table/value.h"

#include <math.h>
#include <string.h>

size_t brn__column_value_bytes(brn_column_type type)
{
    static const size_t bytes[] = {[BRN_COLUMN_INTEGER] = sizeof(int64_t),
                                   [BRN_COLUMN_REAL] = sizeof(double),
                                   [BRN_COLUMN_TEXT] = sizeof(int32_t),
                                   [BRN_COLUMN_DATE] = sizeof(int64_t),
                                   [BRN_COLUMN_BOOLEAN] = sizeof(int32_t)};
    return bytes[type];
}

bool brn__field_is_missing(const brn__field_rules *rules, brn__slice field)
{
    if (brn__is_missing(field)) return true;
    for (int64_t i = 0; i < rules->missing_count; i++)
        if (strlen(rules->missing[i]) == field.length &&
            memcmp(rules->missing[i], field.bytes, field.length) == 0)
            return true;
    return false;
}

brn_column_type brn__kind_of_field(const brn__field_rules *rules, brn__slice field)
{
    int64_t integer;
    double real;
    bool truth;
    if (brn__read_integer(field, &integer)) return BRN_COLUMN_INTEGER;
    if (brn__read_real(field, rules->point, &real)) return BRN_COLUMN_REAL;
    if (brn__read_boolean(field, &truth)) return BRN_COLUMN_BOOLEAN;
    if (brn__read_date(field, rules->date_order, &integer)) return BRN_COLUMN_DATE;
    return BRN_COLUMN_TEXT;
}

brn_column_type brn__type_of_seen(unsigned seen)
{
    const unsigned integer = 1u << BRN_COLUMN_INTEGER, real = 1u << BRN_COLUMN_REAL;
    seen &= ~(unsigned)BRN__SEEN_MINUS_ZERO;
    if (seen == 0) return BRN_COLUMN_REAL;
    if (seen == integer) return BRN_COLUMN_INTEGER;
    if ((seen & ~(integer | real)) == 0) return BRN_COLUMN_REAL;
    if (seen == 1u << BRN_COLUMN_DATE) return BRN_COLUMN_DATE;
    if (seen == 1u << BRN_COLUMN_BOOLEAN) return BRN_COLUMN_BOOLEAN;
    return BRN_COLUMN_TEXT;
}

/* The double of a whole number is the double of its text, but for a zero with a minus. */
bool brn__column_part_serves(const brn__column_part *part, brn_column_type type)
{
    if (part->broken) return false;
    if (part->seen == 0 || part->type == type) return true;
    return part->type == BRN_COLUMN_INTEGER && type == BRN_COLUMN_REAL &&
           !(part->seen & BRN__SEEN_MINUS_ZERO);
}

void brn__column_part_clear(brn__column_part *part)
{
    brn__free(part->missing);
    brn__dictionary_free(&part->words);
    *part = (brn__column_part){.type = part->type,
                               .given = part->given,
                               .values = part->values,
                               .capacity = part->capacity};
}

static void store_nothing(brn__column_part *part, int64_t row)
{
    switch (part->type) {
    case BRN_COLUMN_INTEGER:
    case BRN_COLUMN_DATE: ((int64_t *)part->values)[row] = 0; break;
    case BRN_COLUMN_REAL: ((double *)part->values)[row] = (double)NAN; break;
    default: ((int32_t *)part->values)[row] = BRN__NO_CODE; break;
    }
}

static brn_status add_missing(brn__column_part *part, int64_t row)
{
    if (!part->missing) {
        part->missing = brn__alloc_zero((size_t)part->capacity / 64 + 1, sizeof *part->missing);
        if (!part->missing) return BRN_ERROR_NO_MEMORY;
    }
    part->missing[row / 64] |= (uint64_t)1 << row % 64;
    part->missing_count++;
    store_nothing(part, row);
    return BRN_OK;
}

/* Integers become doubles where they stand: both take eight bytes. */
void brn__column_part_make_real(brn__column_part *part, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        bool missing = part->missing && (part->missing[i / 64] >> i % 64 & 1);
        double real = missing ? (double)NAN : (double)((const int64_t *)part->values)[i];
        memcpy((char *)part->values + 8 * i, &real, sizeof real);
    }
    part->type = BRN_COLUMN_REAL;
}

/* Stores a field when it is of the part's type. */
static bool store(brn__column_part *part, const brn__field_rules *rules, int64_t row,
                  brn__slice field)
{
    bool truth;
    switch (part->type) {
    case BRN_COLUMN_INTEGER:;
        int64_t *integer = (int64_t *)part->values + row;
        if (!brn__read_integer(field, integer)) return false;
        if (*integer == 0 && memchr(field.bytes, '-', field.length))
            part->seen |= BRN__SEEN_MINUS_ZERO;
        return true;
    case BRN_COLUMN_REAL: return brn__read_real(field, rules->point, (double *)part->values + row);
    case BRN_COLUMN_DATE:
        return brn__read_date(field, rules->date_order, (int64_t *)part->values + row);
    case BRN_COLUMN_BOOLEAN:
        if (!brn__read_boolean(field, &truth)) return false;
        ((int32_t *)part->values)[row] = truth;
        return true;
    default: return false;
    }
}

static brn_status add_word(brn__column_part *part, const brn__field_rules *rules, int64_t row,
                           brn__slice field)
{
    bool copy = field.bytes < rules->text_begin || field.bytes >= rules->text_end;
    part->seen |= 1u << BRN_COLUMN_TEXT;
    return brn__dictionary_add(&part->words, field, copy, (int32_t *)part->values + row);
}

/* A value of another kind than the part's type. */
static brn_status add_other(brn__column_part *part, const brn__field_rules *rules, int64_t row,
                            brn__slice field)
{
    if (part->given)
        return brn__fail(BRN_ERROR_INPUT, "\"%.*s\"; expected %s%s",
                         (int)(field.length < 60 ? field.length : 60), field.bytes,
                         part->type == BRN_COLUMN_INTEGER ? "an " : "a ",
                         brn_column_type_name(part->type));
    brn_column_type kind = brn__kind_of_field(rules, field);
    bool widens = part->type == BRN_COLUMN_INTEGER && kind == BRN_COLUMN_REAL && !part->broken &&
                  !(part->seen & BRN__SEEN_MINUS_ZERO);
    part->seen |= 1u << kind;
    if (widens) {
        brn__column_part_make_real(part, row);
        return store(part, rules, row, field) ? BRN_OK : BRN_ERROR_INTERNAL;
    }
    part->broken = true;
    store_nothing(part, row);
    return BRN_OK;
}

brn_status brn__column_part_add(brn__column_part *part, const brn__field_rules *rules, int64_t row,
                                brn__slice field)
{
    if (part->type != BRN_COLUMN_TEXT && field.length && store(part, rules, row, field)) {
        if (rules->missing_count && brn__field_is_missing(rules, field))
            return add_missing(part, row);
        part->seen |= 1u << part->type;
        return BRN_OK;
    }
    if (brn__field_is_missing(rules, field)) return add_missing(part, row);
    if (part->type == BRN_COLUMN_TEXT) return add_word(part, rules, row, field);
    return add_other(part, rules, row, field);
}

/* The codes of short words met before, by their bytes. */
enum { KNOWN_BITS = 6, KNOWN_BYTES = 8 };
typedef struct known_word {
    uint64_t bytes; /* 0: none; no text has a byte of 0 */
    int32_t code;
} known_word;

/* A word of at most eight bytes as a number, by one load that ends where it ends; 0 where that can't be. */
static inline uint64_t short_word(const brn__field_rules *rules, brn__slice field)
{
    const char *end = field.bytes + field.length;
    uint64_t word;
    if (field.length - 1 >= KNOWN_BYTES || field.bytes < rules->text_begin || end > rules->text_end ||
        end - rules->text_begin < KNOWN_BYTES)
        return 0;
    memcpy(&word, end - KNOWN_BYTES, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return word >> 8 * (KNOWN_BYTES - field.length);
#else
    return word << 8 * (KNOWN_BYTES - field.length);
#endif
}

/* Words are added up to the first that may stand for a missing value. */
static brn_status add_words(brn__column_part *part, const brn__field_rules *rules, int64_t row,
                            const brn__slice *fields, int64_t stride, int64_t count, int64_t *done)
{
    int32_t *codes = (int32_t *)part->values + row;
    known_word known[1 << KNOWN_BITS] = {0};
    for (; *done < count; ++*done) {
        brn__slice field = fields[*done * stride];
        const uint64_t word = short_word(rules, field);
        known_word *place = &known[word * 0x9E3779B97F4A7C15 >> (64 - KNOWN_BITS)];
        if (word && place->bytes == word) {
            codes[*done] = place->code;
            continue;
        }
        if (brn__field_is_missing(rules, field)) return BRN_OK;
        bool copy = field.bytes < rules->text_begin || field.bytes >= rules->text_end;
        part->seen |= 1u << BRN_COLUMN_TEXT;
        BRN__TRY(brn__dictionary_add(&part->words, field, copy, &codes[*done]));
        *place = (known_word){word, codes[*done]};
    }
    return BRN_OK;
}

/* Reads what is of the plainest form; the number read. */
static int64_t add_plain(brn__column_part *part, const brn__field_rules *rules, int64_t row,
                         const brn__slice *fields, int64_t stride, int64_t count)
{
    void *to = (char *)part->values + (size_t)row * brn__column_value_bytes(part->type);
    const brn__slice text = {rules->text_begin, (size_t)(rules->text_end - rules->text_begin)};
    int64_t done = 0;
    if (rules->missing_count || part->broken) return 0; /* a plain number may be such a word */
    if (part->type == BRN_COLUMN_INTEGER)
        done = brn__read_plain_integers(fields, stride, count, text, to);
    else if (part->type == BRN_COLUMN_REAL)
        done = brn__read_plain_reals(fields, stride, count, text, rules->point, to);
    else if (part->type == BRN_COLUMN_DATE && rules->date_order == BRN_DATE_YMD)
        done = brn__read_plain_dates(fields, stride, count, to);
    else if (part->type == BRN_COLUMN_BOOLEAN)
        done = brn__read_plain_booleans(fields, stride, count, to);
    if (done) part->seen |= 1u << part->type;
    return done;
}

brn_status brn__column_part_add_many(brn__column_part *part, const brn__field_rules *rules,
                                     int64_t row, const brn__slice *fields, int64_t stride,
                                     int64_t count, int64_t *done)
{
    for (*done = 0; *done < count; ++*done) {
        if (part->type == BRN_COLUMN_TEXT)
            BRN__TRY(add_words(part, rules, row, fields, stride, count, done));
        else
            *done +=
                add_plain(part, rules, row + *done, fields + *done * stride, stride, count - *done);
        if (*done == count) break;
        BRN__TRY(brn__column_part_add(part, rules, row + *done, fields[*done * stride]));
    }
    return BRN_OK;
}
