/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/postgresql_copy.h"
#include "base/alloc.h"
#include "base/text.h"
#include "data/table/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DAY = INT64_C(86400000000), DAYS_TO_2000 = 10957;
enum { HEAD = 19, SIGNATURE = 11 };

bool brn__pg_form_of(unsigned type, brn__pg_form *out)
{
    static const struct {
        unsigned type;
        brn__pg_form form;
    } forms[] = {
        {16, BRN__PG_BOOLEAN},   {19, BRN__PG_TEXT} /* name */, {20, BRN__PG_INTEGER},
        {21, BRN__PG_INTEGER},   {23, BRN__PG_INTEGER},         {25, BRN__PG_TEXT},
        {700, BRN__PG_FLOAT4},   {701, BRN__PG_FLOAT8},         {1043, BRN__PG_TEXT} /* varchar */,
        {1082, BRN__PG_DATE},    {1114, BRN__PG_TIMESTAMP},     {1184, BRN__PG_TIMESTAMP},
        {1700, BRN__PG_NUMERIC},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        *out = forms[i].form;
        if (forms[i].type == type) return true;
    }
    return false;
}

static uint64_t big_endian(const unsigned char *p, size_t length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) value = value << 8 | p[i];
    return value;
}

static int16_t int16_at(const unsigned char *p)
{
    return (int16_t)big_endian(p, 2);
}

static int32_t int32_at(const unsigned char *p)
{
    return (int32_t)big_endian(p, 4);
}

/* ---- one value ---- */

static brn_status broken(const brn__pg_copy *copy, int64_t column)
{
    return brn__builder_refuse(copy->builder, column, "bytes that are no value of its type");
}

static brn_status add_integer(brn__pg_copy *copy, int64_t column, const unsigned char *p,
                              size_t length)
{
    if (length == 2) return brn__builder_integer(copy->builder, column, int16_at(p));
    if (length == 4) return brn__builder_integer(copy->builder, column, int32_at(p));
    if (length == 8) return brn__builder_integer(copy->builder, column, (int64_t)big_endian(p, 8));
    return broken(copy, column);
}

/* The double of the shortest decimal text that gives the float again: .1f is .1 */
static double widened(float value)
{
    for (int digits = 6; digits < 9; digits++) {
        char text[32];
        double read;
        int length = snprintf(text, sizeof text, "%.*g", digits, (double)value);
        for (char *p = text; *p; p++)
            if (*p == ',') *p = '.'; /* whatever the locale */
        brn__slice field = {text, (size_t)length};
        if (brn__read_real(field, '.', &read) && (float)read == value) return read;
    }
    return (double)value;
}

static brn_status add_float(brn__pg_copy *copy, int64_t column, const unsigned char *p,
                            size_t length)
{
    if (length == 4) {
        uint32_t bits = (uint32_t)big_endian(p, 4);
        float value;
        memcpy(&value, &bits, sizeof value);
        return brn__builder_real(copy->builder, column,
                                 isfinite(value) ? widened(value) : (double)value);
    }
    uint64_t bits = length == 8 ? big_endian(p, 8) : 0;
    double value;
    memcpy(&value, &bits, sizeof value);
    return length == 8 ? brn__builder_real(copy->builder, column, value) : broken(copy, column);
}

/* The head of a numeric: how many digits to the base 10,000, the power of the first, the sign, and
 * how many decimals are shown. */
typedef struct numeric {
    int count, weight, scale;
    unsigned sign;
    const unsigned char *digits; /* (count) of 2 bytes */
} numeric;

enum {
    POSITIVE = 0,
    NEGATIVE = 0x4000,
    NOT_A_NUMBER = 0xC000,
    INFINITE = 0xD000,
    MINUS_INFINITE = 0xF000
};

static int digit_at(const numeric *n, int place)
{
    int index = n->weight - place; /* of the digit that counts 10000^place */
    return index >= 0 && index < n->count ? int16_at(n->digits + 2 * index) : 0;
}

/* The decimal text of a numeric, as the server writes it. */
static void write_numeric(const numeric *n, brn__text *out)
{
    if (n->sign == NEGATIVE) brn__text_add(out, "-");
    if (n->weight < 0) brn__text_add(out, "0");
    for (int place = n->weight; place >= 0; place--)
        brn__text_printf(out, place == n->weight ? "%d" : "%04d", digit_at(n, place));
    if (!n->scale) return;
    brn__text_add(out, ".");
    for (int shown = 0, place = -1; shown < n->scale; shown += 4, place--) {
        char four[8];
        int left = n->scale - shown;
        snprintf(four, sizeof four, "%04d", digit_at(n, place));
        brn__text_add_bytes(out, four, (size_t)(left < 4 ? left : 4));
    }
}

static brn_status add_numeric_text(brn__pg_copy *copy, int64_t column, const numeric *n)
{
    brn__text text = {0};
    write_numeric(n, &text);
    brn_status status = brn__text_finish(&text);
    brn__slice field = {text.bytes, text.length};
    int64_t whole;
    double real;
    if (status == BRN_OK && brn__read_integer(field, &whole))
        status = brn__builder_integer(copy->builder, column, whole);
    else if (status == BRN_OK && brn__read_real(field, '.', &real))
        status = brn__builder_real(copy->builder, column, real);
    else if (status == BRN_OK)
        status = broken(copy, column);
    brn__text_free(&text);
    return status;
}

static brn_status add_numeric(brn__pg_copy *copy, int64_t column, const unsigned char *p,
                              size_t length)
{
    if (length < 8) return broken(copy, column);
    const numeric n = {.count = int16_at(p),
                       .weight = int16_at(p + 2),
                       .sign = (unsigned)big_endian(p + 4, 2),
                       .scale = int16_at(p + 6),
                       .digits = p + 8};
    if (n.sign == NOT_A_NUMBER) return brn__builder_missing(copy->builder, column);
    if (n.sign == INFINITE) return brn__builder_real(copy->builder, column, (double)INFINITY);
    if (n.sign == MINUS_INFINITE)
        return brn__builder_real(copy->builder, column, (double)-INFINITY);
    if (n.count < 0 || length != 8 + 2 * (size_t)n.count || n.scale < 0 ||
        (n.sign != POSITIVE && n.sign != NEGATIVE))
        return broken(copy, column);
    for (int i = 0; i < n.count; i++)
        if (int16_at(n.digits + 2 * i) < 0 || int16_at(n.digits + 2 * i) > 9999)
            return broken(copy, column);
    return add_numeric_text(copy, column, &n);
}

/* Both ends of the range stand for infinity, which the builder refuses. */
static brn_status add_moment(brn__pg_copy *copy, int64_t column, const unsigned char *p,
                             size_t length, bool date)
{
    if (length != (date ? 4u : 8u)) return broken(copy, column);
    int64_t value = date ? (int64_t)int32_at(p) : (int64_t)big_endian(p, 8), moment;
    bool wrong = date ? __builtin_mul_overflow(value, DAY, &moment) : (moment = value, false);
    wrong = wrong || __builtin_add_overflow(moment, DAYS_TO_2000 * DAY, &moment);
    return brn__builder_date(copy->builder, column, wrong ? INT64_MAX : moment);
}

static brn_status add_value(brn__pg_copy *copy, int64_t column, const unsigned char *p,
                            size_t length)
{
    switch (copy->forms[column]) {
    case BRN__PG_TEXT:
        return brn__builder_text(copy->builder, column, (brn__slice){(const char *)p, length});
    case BRN__PG_BOOLEAN:
        if (length != 1 || *p > 1) return broken(copy, column);
        return brn__builder_boolean(copy->builder, column, *p);
    case BRN__PG_INTEGER: return add_integer(copy, column, p, length);
    case BRN__PG_FLOAT4:
    case BRN__PG_FLOAT8: return add_float(copy, column, p, length);
    case BRN__PG_NUMERIC: return add_numeric(copy, column, p, length);
    default: return add_moment(copy, column, p, length, copy->forms[column] == BRN__PG_DATE);
    }
}

/* ---- the stream ---- */

static brn_status no_stream(void)
{
    return brn__fail(BRN_ERROR_INPUT, "the server's answer is no binary COPY");
}

/* Bytes of the head or tuple at `p`; 0: it is not whole. Negative: none can be so. */
static int64_t tuple_length(const brn__pg_copy *copy, const unsigned char *p, size_t left)
{
    if (left < 2) return 0;
    if (int16_at(p) == -1) return 2;
    if (int16_at(p) != copy->columns) return -1;
    size_t at = 2;
    for (int64_t i = 0; i < copy->columns; i++) {
        if (left - at < 4) return 0;
        int32_t length = int32_at(p + at);
        at += 4;
        if (length < -1) return -1;
        if (length > 0 && (size_t)length > left - at) return 0;
        if (length > 0) at += (size_t)length;
    }
    return (int64_t)at;
}

static brn_status add_tuple(brn__pg_copy *copy, const unsigned char *p)
{
    p += 2;
    for (int64_t i = 0; i < copy->columns; i++) {
        int32_t length = int32_at(p);
        p += 4;
        if (length < 0) {
            BRN__TRY(brn__builder_missing(copy->builder, i));
            continue;
        }
        BRN__TRY(add_value(copy, i, p, (size_t)length));
        p += length;
    }
    return BRN_OK;
}

/* The head and all tuples that are whole; *used of the bytes. */
static brn_status take_whole(brn__pg_copy *copy, const unsigned char *p, size_t length,
                             size_t *used)
{
    *used = 0;
    if (!copy->headed) {
        if (length < HEAD) return BRN_OK;
        uint64_t extension = big_endian(p + 15, 4);
        if (memcmp(p, "PGCOPY\n\377\r\n\0", SIGNATURE) != 0 || extension > 1 << 20)
            return no_stream();
        if (length < HEAD + extension) return BRN_OK;
        *used = HEAD + extension;
        copy->headed = true;
    }
    while (!copy->ended && *used < length) {
        int64_t bytes = tuple_length(copy, p + *used, length - *used);
        if (bytes < 0) return no_stream();
        if (bytes == 0) return BRN_OK;
        copy->ended = bytes == 2 && int16_at(p + *used) == -1;
        if (!copy->ended) BRN__TRY(add_tuple(copy, p + *used));
        *used += (size_t)bytes;
    }
    return *used == length ? BRN_OK : no_stream();
}

static brn_status keep(brn__pg_copy *copy, const unsigned char *bytes, size_t length)
{
    if (copy->length + length > copy->capacity) {
        size_t capacity = 2 * (copy->length + length);
        unsigned char *pending = brn__realloc(copy->pending, capacity);
        if (!pending) return BRN_ERROR_NO_MEMORY;
        copy->pending = pending;
        copy->capacity = capacity;
    }
    if (length) memcpy(copy->pending + copy->length, bytes, length);
    copy->length += length;
    return BRN_OK;
}

/* A server sends one tuple at a time, so that nothing is pending as a rule. */
brn_status brn__pg_copy_take(brn__pg_copy *copy, const void *bytes, size_t length)
{
    size_t used;
    if (copy->length == 0) {
        BRN__TRY(take_whole(copy, bytes, length, &used));
        return keep(copy, (const unsigned char *)bytes + used, length - used);
    }
    BRN__TRY(keep(copy, bytes, length));
    BRN__TRY(take_whole(copy, copy->pending, copy->length, &used));
    memmove(copy->pending, copy->pending + used, copy->length - used);
    copy->length -= used;
    return BRN_OK;
}

brn_status brn__pg_copy_end(const brn__pg_copy *copy)
{
    if (copy->ended && copy->length == 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "the server's answer is cut off");
}

void brn__pg_copy_deinit(brn__pg_copy *copy)
{
    brn__free(copy->pending);
    *copy = (brn__pg_copy){0};
}
