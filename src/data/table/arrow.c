/* SPDX-License-Identifier: Apache-2.0
 * Arrow's arrays into a table, batch by batch and column by column. A column's format is a short
 * text ("l": 64-bit integers, "u": UTF-8, "tdD": days ...). */
#include "burnish/arrow.h"
#include "base/alloc.h"
#include "data/table/builder.h"
#include "data/table/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DAY = INT64_C(86400000000);
enum { VIEW_BYTES = 16, INLINE_BYTES = 12 };

/* One column of one batch, or a dictionary's values. */
typedef struct arrow_column {
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    brn__builder *builder;
    int64_t number; /* of the builder's column */
} arrow_column;

/* Adds the value at `index`, which counts from the buffers' start and is not missing. */
typedef brn_status add_value(const arrow_column *c, int64_t index);

static const void *buffer(const arrow_column *c, int number)
{
    return c->array->buffers[number];
}

/* ---- numbers ---- */

#define INTEGERS(name, type)                                                                       \
    static brn_status add_##name(const arrow_column *c, int64_t index)                             \
    {                                                                                              \
        return brn__builder_integer(c->builder, c->number, ((const type *)buffer(c, 1))[index]);   \
    }
INTEGERS(int8, int8_t)
INTEGERS(uint8, uint8_t)
INTEGERS(int16, int16_t)
INTEGERS(uint16, uint16_t)
INTEGERS(int32, int32_t)
INTEGERS(uint32, uint32_t)
INTEGERS(int64, int64_t)
#undef INTEGERS

static brn_status add_uint64(const arrow_column *c, int64_t index)
{
    uint64_t value = ((const uint64_t *)buffer(c, 1))[index];
    return value <= INT64_MAX ? brn__builder_integer(c->builder, c->number, (int64_t)value)
                              : brn__builder_real(c->builder, c->number, (double)value);
}

/* Sign, 5 bits of exponent, 10 of fraction. */
static double half_of(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 0    ? ldexp(fraction, -24)
                   : exponent == 31 ? fraction ? (double)NAN : (double)INFINITY
                                    : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 ? -value : value;
}

static brn_status add_half(const arrow_column *c, int64_t index)
{
    return brn__builder_real(c->builder, c->number,
                             half_of(((const uint16_t *)buffer(c, 1))[index]));
}

static brn_status add_float(const arrow_column *c, int64_t index)
{
    return brn__builder_real(c->builder, c->number, (double)((const float *)buffer(c, 1))[index]);
}

static brn_status add_double(const arrow_column *c, int64_t index)
{
    return brn__builder_real(c->builder, c->number, ((const double *)buffer(c, 1))[index]);
}

static brn_status add_truth(const arrow_column *c, int64_t index)
{
    const uint8_t *bits = buffer(c, 1);
    return brn__builder_boolean(c->builder, c->number, bits[index / 8] >> index % 8 & 1);
}

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

/* value * 10^-scale: its decimal text is read, so that it is rounded once. */
static brn_status add_decimal(const arrow_column *c, int64_t index)
{
    char text[64], *p = text + sizeof text;
    int scale = (int)strtol(strchr(c->schema->format, ',') + 1, NULL, 10);
    wide value;
    memcpy(&value, (const char *)buffer(c, 1) + (size_t)index * sizeof value, sizeof value);
    unsigned_wide left = value < 0 ? -(unsigned_wide)value : (unsigned_wide)value;
    int exponent_bytes = snprintf(text, sizeof text, "e%d", -scale);
    p -= exponent_bytes;
    memmove(p, text, (size_t)exponent_bytes);
    const char *end = p;
    do *--p = (char)('0' + (int)(left % 10));
    while (left /= 10);
    if (value < 0) *--p = '-';
    brn__slice whole = {p, (size_t)(end - p)}, all = {p, whole.length + (size_t)exponent_bytes};
    int64_t integer;
    double real = 0;
    if (scale == 0 && brn__read_integer(whole, &integer))
        return brn__builder_integer(c->builder, c->number, integer);
    brn__read_real(all, '.', &real);
    return brn__builder_real(c->builder, c->number, real);
}

/* ---- dates ---- */

static brn_status add_moment(const arrow_column *c, int64_t value, int64_t factor)
{
    int64_t moment; /* the builder refuses what lies too far away */
    if (__builtin_mul_overflow(value, factor, &moment)) moment = INT64_MAX;
    return brn__builder_date(c->builder, c->number, moment);
}

static brn_status add_days(const arrow_column *c, int64_t index)
{
    return add_moment(c, ((const int32_t *)buffer(c, 1))[index], DAY);
}

static int64_t long_at(const arrow_column *c, int64_t index)
{
    return ((const int64_t *)buffer(c, 1))[index];
}

static brn_status add_seconds(const arrow_column *c, int64_t index)
{
    return add_moment(c, long_at(c, index), 1000000);
}

static brn_status add_milliseconds(const arrow_column *c, int64_t index)
{
    return add_moment(c, long_at(c, index), 1000);
}

static brn_status add_microseconds(const arrow_column *c, int64_t index)
{
    return add_moment(c, long_at(c, index), 1);
}

/* Rounded down, before 1970 too. */
static brn_status add_nanoseconds(const arrow_column *c, int64_t index)
{
    int64_t value = long_at(c, index), rest = value % 1000;
    return add_moment(c, value / 1000 - (rest < 0), 1);
}

/* ---- texts ---- */

static brn_status add_bytes(const arrow_column *c, int64_t begin, int64_t end)
{
    const char *bytes = buffer(c, 2);
    if (begin < 0 || end < begin)
        return brn__builder_refuse(c->builder, c->number, "offsets that go back");
    return brn__builder_text(c->builder, c->number,
                             (brn__slice){bytes ? bytes + begin : "", (size_t)(end - begin)});
}

static brn_status add_text(const arrow_column *c, int64_t index)
{
    const int32_t *offsets = buffer(c, 1);
    return add_bytes(c, offsets[index], offsets[index + 1]);
}

static brn_status add_large_text(const arrow_column *c, int64_t index)
{
    const int64_t *offsets = buffer(c, 1);
    return add_bytes(c, offsets[index], offsets[index + 1]);
}

/* A length and its 12 bytes, or 4 of them, the number of a buffer and a place in it. */
static brn_status add_text_view(const arrow_column *c, int64_t index)
{
    const char *view = (const char *)buffer(c, 1) + VIEW_BYTES * index;
    int32_t length, place[2];
    memcpy(&length, view, sizeof length);
    memcpy(place, view + 8, sizeof place);
    if (length >= 0 && length <= INLINE_BYTES)
        return brn__builder_text(c->builder, c->number, (brn__slice){view + 4, (size_t)length});
    if (length < 0 || place[0] < 0 || place[0] + 3 >= c->array->n_buffers || place[1] < 0)
        return brn__builder_refuse(c->builder, c->number, "a view of bytes that are not there");
    const char *bytes = buffer(c, 2 + place[0]);
    return brn__builder_text(c->builder, c->number, (brn__slice){bytes + place[1], (size_t)length});
}

static brn_status add_null(const arrow_column *c, int64_t index)
{
    (void)index;
    return brn__builder_missing(c->builder, c->number);
}

/* ---- formats ---- */

typedef struct arrow_format {
    const char *text; /* the format, or its beginning where `parameters` follow */
    bool parameters;
    int64_t buffers; /* at least */
    add_value *add;
} arrow_format;

static const arrow_format formats[] = {
    {"n", false, 0, add_null},           {"b", false, 2, add_truth},
    {"c", false, 2, add_int8},           {"C", false, 2, add_uint8},
    {"s", false, 2, add_int16},          {"S", false, 2, add_uint16},
    {"i", false, 2, add_int32},          {"I", false, 2, add_uint32},
    {"l", false, 2, add_int64},          {"L", false, 2, add_uint64},
    {"e", false, 2, add_half},           {"f", false, 2, add_float},
    {"g", false, 2, add_double},         {"u", false, 3, add_text},
    {"U", false, 3, add_large_text},     {"vu", false, 3, add_text_view},
    {"tdD", false, 2, add_days},         {"tdm", false, 2, add_milliseconds},
    {"tss:", true, 2, add_seconds},      {"tsm:", true, 2, add_milliseconds},
    {"tsu:", true, 2, add_microseconds}, {"tsn:", true, 2, add_nanoseconds},
    {"d:", true, 2, add_decimal},
};

/* Decimals have "precision,scale[,bits]"; others than 128 bits are refused. */
static bool is_format(const arrow_format *format, const char *text)
{
    if (!format->parameters) return strcmp(text, format->text) == 0;
    if (strncmp(text, format->text, strlen(format->text)) != 0) return false;
    if (format->add != add_decimal) return true;
    const char *comma = strchr(text, ',');
    const char *bits = comma ? strchr(comma + 1, ',') : NULL;
    return comma && (!bits || strcmp(bits, ",128") == 0);
}

static const arrow_format *format_of(const char *text)
{
    for (size_t i = 0; text && i < sizeof formats / sizeof *formats; i++)
        if (is_format(&formats[i], text)) return &formats[i];
    return NULL;
}

/* ---- columns ---- */

static brn_status check_array(const arrow_column *c, const arrow_format *format)
{
    const struct ArrowArray *a = c->array;
    bool good = a->length >= 0 && a->offset >= 0 && a->n_buffers >= format->buffers;
    for (int64_t i = 1; good && i < format->buffers && a->length; i++)
        good = a->buffers && (a->buffers[i] || i == 2 /* texts may all be empty */);
    return good ? BRN_OK : brn__builder_refuse(c->builder, c->number, "an array that is not whole");
}

static bool is_missing(const struct ArrowArray *array, int64_t index)
{
    const uint8_t *valid = array->n_buffers ? array->buffers[0] : NULL;
    return valid && !(valid[index / 8] >> index % 8 & 1);
}

static brn_status add_plain(const arrow_column *c)
{
    const arrow_format *format = format_of(c->schema->format);
    BRN__TRY(check_array(c, format));
    for (int64_t i = 0; i < c->array->length; i++) {
        int64_t index = c->array->offset + i;
        BRN__TRY(is_missing(c->array, index) ? brn__builder_missing(c->builder, c->number)
                                             : format->add(c, index));
    }
    return BRN_OK;
}

static int64_t index_at(const arrow_column *c, int64_t index)
{
    const void *indices = buffer(c, 1);
    switch (*c->schema->format) {
    case 'c': return ((const int8_t *)indices)[index];
    case 'C': return ((const uint8_t *)indices)[index];
    case 's': return ((const int16_t *)indices)[index];
    case 'S': return ((const uint16_t *)indices)[index];
    case 'i': return ((const int32_t *)indices)[index];
    case 'I': return ((const uint32_t *)indices)[index];
    default: return ((const int64_t *)indices)[index];
    }
}

static brn_status add_dictionary(const arrow_column *c)
{
    const arrow_column words = {c->schema->dictionary, c->array->dictionary, c->builder, c->number};
    const arrow_format *format = format_of(words.schema->format);
    if (!words.array) return brn__builder_refuse(c->builder, c->number, "no dictionary");
    BRN__TRY(check_array(c, format_of(c->schema->format)));
    BRN__TRY(check_array(&words, format));
    for (int64_t i = 0; i < c->array->length; i++) {
        int64_t index = c->array->offset + i;
        int64_t word = is_missing(c->array, index) ? -1 : index_at(c, index);
        if (word >= words.array->length)
            return brn__builder_refuse(c->builder, c->number, "an index beyond the dictionary");
        word += word < 0 ? 0 : words.array->offset;
        BRN__TRY(word < 0 || is_missing(words.array, word)
                     ? brn__builder_missing(c->builder, c->number)
                     : format->add(&words, word));
    }
    return BRN_OK;
}

static brn_status refuse_format(const struct ArrowSchema *schema)
{
    const struct ArrowSchema *values = schema->dictionary ? schema->dictionary : schema;
    return brn__fail(BRN_ERROR_INPUT,
                     "arrow: column \"%s\" has the format \"%s\"; expected numbers, truths, texts, "
                     "dates or timestamps",
                     schema->name ? schema->name : "", values->format ? values->format : "");
}

static brn_status take_names(const struct ArrowSchema *schema, brn__builder *builder)
{
    if (!schema->format || strcmp(schema->format, "+s") != 0)
        return brn__fail(BRN_ERROR_INPUT,
                         "arrow: a stream of \"%s\"; expected record batches (\"+s\")",
                         schema->format ? schema->format : "");
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *child = schema->children[i];
        char number[32];
        snprintf(number, sizeof number, "column%lld", (long long)i + 1);
        bool named = child->name && *child->name;
        BRN__TRY(brn__builder_name(builder, named ? child->name : number));
        bool known = format_of(child->format) != NULL;
        if (child->dictionary)
            known =
                known && strchr("cCsSiIlL", *child->format) && format_of(child->dictionary->format);
        if (!known) return refuse_format(child);
    }
    return BRN_OK;
}

static brn_status add_batch(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                            brn__builder *builder)
{
    if (batch->n_children != schema->n_children)
        return brn__fail(BRN_ERROR_INPUT, "arrow: a batch of %lld columns; expected %lld",
                         (long long)batch->n_children, (long long)schema->n_children);
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct ArrowArray child = *batch->children[i];
        if (batch->offset < 0 || batch->length < 0 || child.length < batch->offset + batch->length)
            return brn__builder_refuse(builder, i, "fewer values than the batch has rows");
        child.offset += batch->offset;
        child.length = batch->length;
        const arrow_column column = {schema->children[i], &child, builder, i};
        BRN__TRY(schema->children[i]->dictionary ? add_dictionary(&column) : add_plain(&column));
    }
    return BRN_OK;
}

/* ---- the stream ---- */

static brn_status stream_failed(struct ArrowArrayStream *stream, int code)
{
    const char *why = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    return brn__fail(BRN_ERROR_INPUT, "arrow: the stream failed: %s", why ? why : strerror(code));
}

static brn_status read_batches(struct ArrowArrayStream *stream, const struct ArrowSchema *schema,
                               brn__builder *builder)
{
    for (;;) {
        struct ArrowArray batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code) return stream_failed(stream, code);
        if (!batch.release) return BRN_OK; /* the end */
        brn_status status = add_batch(schema, &batch, builder);
        batch.release(&batch);
        BRN__TRY(status);
    }
}

static brn_status read_stream(struct ArrowArrayStream *stream, const brn_table_options *options,
                              brn_table **out)
{
    struct ArrowSchema schema = {0};
    int code = stream->get_schema(stream, &schema);
    if (code) return stream_failed(stream, code);
    brn__builder *builder;
    brn_status status = brn__builder_new("arrow", options, &builder);
    if (status == BRN_OK) status = take_names(&schema, builder);
    if (status == BRN_OK) status = read_batches(stream, &schema, builder);
    if (status == BRN_OK) status = brn__builder_finish(builder, out);
    brn__builder_free(builder);
    if (schema.release) schema.release(&schema);
    return status;
}

brn_status brn_table_open_arrow(struct ArrowArrayStream *stream, const brn_table_options *options,
                                brn_table **out)
{
    *out = NULL;
    if (!stream || !stream->release)
        return brn__fail(BRN_ERROR_USAGE, "arrow: expected a stream that is not released yet");
    brn_status status = read_stream(stream, options, out);
    stream->release(stream);
    return status;
}
