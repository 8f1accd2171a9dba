/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/builder.h"
#include "base/alloc.h"
#include "data/table/column_part.h"
#include "data/table/csv_reader.h"
#include "data/table/levels.h"
#include "data/table/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_ROWS = 1024, SMALLEST_DATE_YEAR = 1, LARGEST_DATE_YEAR = 9999 };

/* A column of words (TEXT) holds fields until it is finished: then they are understood, unless
 * `words_stay`. */
typedef struct building {
    brn__column column;
    bool begun;      /* there was a value: the column has a type */
    bool words_stay; /* a text was among the values */
    bool given;      /* `wanted` must hold */
    brn_column_type wanted;
    int64_t rows, capacity;
} building;

struct brn__builder {
    const char *name; /* borrowed */
    const brn_table_options *options;
    brn__field_rules rules;
    building *columns; /* (count), owned */
    int64_t count, capacity;
    brn__dictionary names;
};

brn_status brn__builder_new(const char *name, const brn_table_options *options, brn__builder **out)
{
    brn__builder *builder = *out = brn__alloc_zero(1, sizeof *builder);
    if (!builder) return BRN_ERROR_NO_MEMORY;
    builder->name = name;
    builder->options = options;
    builder->rules = (brn__field_rules){.point = options->decimal_comma ? ',' : '.',
                                        .date_order = options->date_order,
                                        .missing = options->missing,
                                        .missing_count = options->missing_count};
    return BRN_OK;
}

static void free_column(brn__column *column)
{
    brn__free_aligned(column->values);
    brn__free(column->missing);
    brn__dictionary_free(&column->words);
}

void brn__builder_free(brn__builder *builder)
{
    if (!builder) return;
    for (int64_t i = 0; i < builder->count; i++) free_column(&builder->columns[i].column);
    brn__free(builder->columns);
    brn__dictionary_free(&builder->names);
    brn__free(builder);
}

brn_status brn__builder_name(brn__builder *builder, const char *name)
{
    int32_t code;
    BRN__TRY(brn__dictionary_add(&builder->names, (brn__slice){name, strlen(name)}, true, &code));
    if (code != builder->count)
        return brn__fail(BRN_ERROR_INPUT, "%s: columns %lld and %lld are both called \"%s\"",
                         builder->name, (long long)code + 1, (long long)builder->count + 1, name);
    if (builder->count == builder->capacity) {
        int64_t capacity = builder->capacity ? 2 * builder->capacity : 16;
        building *columns = brn__realloc(builder->columns, (size_t)capacity * sizeof *columns);
        if (!columns) return BRN_ERROR_NO_MEMORY;
        builder->columns = columns;
        builder->capacity = capacity;
    }
    building *b = &builder->columns[builder->count++];
    *b = (building){.column = {.type = BRN_COLUMN_REAL}};
    for (int64_t i = 0; i < builder->options->type_count; i++) {
        if (strcmp(builder->options->types[i].name, name) != 0) continue;
        b->given = true;
        b->wanted = builder->options->types[i].type;
    }
    return BRN_OK;
}

static brn__slice name_of(const brn__builder *builder, int64_t column)
{
    return builder->names.words[column];
}

static brn_status refuse_row(const brn__builder *builder, int64_t column, int64_t row,
                             const char *sentence)
{
    brn__slice name = name_of(builder, column);
    return brn__fail(BRN_ERROR_INPUT, "%s: row %lld, column \"%.*s\": %s", builder->name,
                     (long long)row + 1, (int)name.length, name.bytes, sentence);
}

brn_status brn__builder_refuse(const brn__builder *builder, int64_t column, const char *sentence)
{
    return refuse_row(builder, column, builder->columns[column].rows, sentence);
}

/* ---- room ---- */

static void put_nothing(brn__column *column, int64_t row)
{
    if (column->type == BRN_COLUMN_REAL)
        column->reals[row] = (double)NAN;
    else if (brn__column_value_bytes(column->type) == 8)
        column->integers[row] = 0;
    else
        column->codes[row] = BRN__NO_CODE;
}

static brn_status grow(building *b)
{
    brn__column *column = &b->column;
    size_t bytes = brn__column_value_bytes(column->type);
    int64_t capacity = b->capacity ? 2 * b->capacity : FIRST_ROWS;
    void *values = brn__alloc_aligned((size_t)capacity * bytes);
    if (!values) return BRN_ERROR_NO_MEMORY;
    if (b->rows) memcpy(values, column->values, (size_t)b->rows * bytes);
    brn__free_aligned(column->values);
    column->values = values;
    if (column->missing) {
        size_t words = (size_t)capacity / 64, had = (size_t)b->capacity / 64;
        uint64_t *missing = brn__realloc(column->missing, words * sizeof *missing);
        if (!missing) return BRN_ERROR_NO_MEMORY;
        memset(missing + had, 0, (words - had) * sizeof *missing);
        column->missing = missing;
    }
    b->capacity = capacity;
    return BRN_OK;
}

/* The column's rows so far, all missing, get values of a type; there is room for the widest. */
static void begin(building *b, brn_column_type type)
{
    b->begun = true;
    b->column.type = type;
    for (int64_t row = 0; row < b->rows; row++) put_nothing(&b->column, row);
}

brn_status brn__builder_missing(brn__builder *builder, int64_t number)
{
    building *b = &builder->columns[number];
    if (b->rows == b->capacity) BRN__TRY(grow(b));
    if (!b->column.missing) {
        b->column.missing = brn__alloc_zero((size_t)b->capacity / 64, sizeof(uint64_t));
        if (!b->column.missing) return BRN_ERROR_NO_MEMORY;
    }
    b->column.missing[b->rows / 64] |= (uint64_t)1 << b->rows % 64;
    b->column.missing_count++;
    put_nothing(&b->column, b->rows++);
    return BRN_OK;
}

/* ---- values of kinds that do not go together ---- */

enum { VALUE_BYTES = BRN__LEVEL_TEXT_BYTES };

static brn__slice text_of(const brn__column *column, int64_t row, char *buffer)
{
    switch (column->type) {
    case BRN_COLUMN_INTEGER:
        snprintf(buffer, VALUE_BYTES, "%" PRId64, column->integers[row]);
        break;
    case BRN_COLUMN_REAL: return brn__real_text(column->reals[row], buffer);
    case BRN_COLUMN_DATE:
        brn_date_text((double)column->integers[row] * 1e-6, buffer, VALUE_BYTES);
        break;
    case BRN_COLUMN_BOOLEAN:
        return column->codes[row] ? (brn__slice){"True", 4} : (brn__slice){"False", 5};
    default: return column->words.words[column->codes[row]];
    }
    return (brn__slice){buffer, strlen(buffer)};
}

/* Values so far become fields. */
static brn_status make_fields(building *b)
{
    brn__column old = b->column;
    if (!b->begun) begin(b, BRN_COLUMN_TEXT);
    if (b->column.type == BRN_COLUMN_TEXT) return BRN_OK;
    int32_t *codes = brn__alloc_aligned((size_t)b->capacity * sizeof *codes);
    if (!codes) return BRN_ERROR_NO_MEMORY;
    b->column.type = BRN_COLUMN_TEXT;
    b->column.codes = codes;
    brn_status status = BRN_OK;
    for (int64_t row = 0; status == BRN_OK && row < b->rows; row++) {
        char buffer[VALUE_BYTES];
        codes[row] = BRN__NO_CODE;
        if (brn__column_is_missing(&old, row)) continue;
        brn__slice text = text_of(&old, row, buffer);
        status = brn__dictionary_add(&b->column.words, text, true, &codes[row]);
    }
    brn__free_aligned(old.values);
    return status;
}

static void make_real(brn__column *column, int64_t rows)
{
    for (int64_t row = 0; row < rows; row++) {
        bool missing = brn__column_is_missing(column, row);
        double real = missing ? (double)NAN : (double)column->integers[row];
        memcpy(&column->integers[row], &real, sizeof real);
    }
    column->type = BRN_COLUMN_REAL;
}

/* Makes room for a value of a type. *fields: it must be stored as a field. */
static brn_status expect(building *b, brn_column_type type, bool *fields)
{
    const brn_column_type had = b->column.type;
    if (!b->begun)
        begin(b, type);
    else if (had == BRN_COLUMN_INTEGER && type == BRN_COLUMN_REAL)
        make_real(&b->column, b->rows);
    else if (had != type && !(had == BRN_COLUMN_REAL && type == BRN_COLUMN_INTEGER))
        BRN__TRY(make_fields(b));
    *fields = b->column.type == BRN_COLUMN_TEXT;
    return b->rows == b->capacity ? grow(b) : BRN_OK;
}

static brn_status add_word(brn__builder *builder, int64_t number, brn__slice word)
{
    building *b = &builder->columns[number];
    if (brn__field_is_missing(&builder->rules, word)) return brn__builder_missing(builder, number);
    const char *end = word.bytes + word.length;
    if (brn__csv_bad_byte(word.bytes, end) != end)
        return brn__builder_refuse(builder, number, "bytes that are not UTF-8 text");
    BRN__TRY(make_fields(b));
    if (b->rows == b->capacity) BRN__TRY(grow(b));
    BRN__TRY(brn__dictionary_add(&b->column.words, word, true, &b->column.codes[b->rows]));
    b->rows++;
    return BRN_OK;
}

brn_status brn__builder_field(brn__builder *builder, int64_t number, brn__slice value)
{
    return add_word(builder, number, value);
}

brn_status brn__builder_text(brn__builder *builder, int64_t number, brn__slice value)
{
    if (!brn__field_is_missing(&builder->rules, value)) builder->columns[number].words_stay = true;
    return add_word(builder, number, value);
}

/* A value that stands alone in a column of its own: for its text. */
static bool says_missing(const brn__builder *builder, const brn__column *alone)
{
    char buffer[VALUE_BYTES];
    return builder->rules.missing_count &&
           brn__field_is_missing(&builder->rules, text_of(alone, 0, buffer));
}

static brn_status add_field_of(brn__builder *builder, int64_t number, const brn__column *alone)
{
    char buffer[VALUE_BYTES];
    return add_word(builder, number, text_of(alone, 0, buffer));
}

brn_status brn__builder_integer(brn__builder *builder, int64_t number, int64_t value)
{
    building *b = &builder->columns[number];
    const brn__column alone = {.type = BRN_COLUMN_INTEGER, .integers = &value};
    bool fields;
    if (says_missing(builder, &alone)) return brn__builder_missing(builder, number);
    BRN__TRY(expect(b, BRN_COLUMN_INTEGER, &fields));
    if (fields) return add_field_of(builder, number, &alone);
    if (b->column.type == BRN_COLUMN_REAL)
        b->column.reals[b->rows++] = (double)value;
    else
        b->column.integers[b->rows++] = value;
    return BRN_OK;
}

brn_status brn__builder_real(brn__builder *builder, int64_t number, double value)
{
    building *b = &builder->columns[number];
    const brn__column alone = {.type = BRN_COLUMN_REAL, .reals = &value};
    bool fields;
    if (isnan(value) || says_missing(builder, &alone)) return brn__builder_missing(builder, number);
    BRN__TRY(expect(b, BRN_COLUMN_REAL, &fields));
    if (fields) return add_field_of(builder, number, &alone);
    b->column.reals[b->rows++] = value;
    return BRN_OK;
}

brn_status brn__builder_boolean(brn__builder *builder, int64_t number, bool value)
{
    building *b = &builder->columns[number];
    int32_t code = value;
    const brn__column alone = {.type = BRN_COLUMN_BOOLEAN, .codes = &code};
    bool fields;
    if (says_missing(builder, &alone)) return brn__builder_missing(builder, number);
    BRN__TRY(expect(b, BRN_COLUMN_BOOLEAN, &fields));
    if (fields) return add_field_of(builder, number, &alone);
    b->column.codes[b->rows++] = code;
    return BRN_OK;
}

brn_status brn__builder_date(brn__builder *builder, int64_t number, int64_t value)
{
    const int64_t day = INT64_C(86400000000);
    building *b = &builder->columns[number];
    const brn__column alone = {.type = BRN_COLUMN_DATE, .integers = &value};
    bool fields;
    if (value < brn__days_of_date(SMALLEST_DATE_YEAR, 1, 1) * day ||
        value >= brn__days_of_date(LARGEST_DATE_YEAR + 1, 1, 1) * day)
        return brn__builder_refuse(builder, number, "a date outside the years 1 to 9999");
    if (says_missing(builder, &alone)) return brn__builder_missing(builder, number);
    BRN__TRY(expect(b, BRN_COLUMN_DATE, &fields));
    if (fields) return add_field_of(builder, number, &alone);
    b->column.integers[b->rows++] = value;
    return BRN_OK;
}

/* ---- the end ---- */

/* The type that all fields are of. */
static brn_column_type type_of_fields(const brn__builder *builder, const building *b)
{
    unsigned seen = 0;
    if (b->words_stay) return BRN_COLUMN_TEXT;
    for (int64_t i = 0; i < b->column.words.count; i++)
        seen |= 1u << brn__kind_of_field(&builder->rules, b->column.words.words[i]);
    return brn__type_of_seen(seen);
}

static brn_status refuse_word(const brn__builder *builder, int64_t number, int64_t row,
                              brn_column_type type)
{
    const brn__column *column = &builder->columns[number].column;
    brn__slice word = column->words.words[column->codes[row]];
    char sentence[160];
    snprintf(sentence, sizeof sentence, "\"%.*s\"; expected %s%s",
             (int)(word.length < 60 ? word.length : 60), word.bytes,
             type == BRN_COLUMN_INTEGER ? "an " : "a ", brn_column_type_name(type));
    return refuse_row(builder, number, row, sentence);
}

static bool read_word(const brn__builder *builder, brn_column_type type, brn__slice word,
                      brn__column *to, int64_t row)
{
    bool truth = false;
    switch (type) {
    case BRN_COLUMN_INTEGER: return brn__read_integer(word, &to->integers[row]);
    case BRN_COLUMN_REAL: return brn__read_real(word, builder->rules.point, &to->reals[row]);
    case BRN_COLUMN_DATE:
        return brn__read_date(word, builder->rules.date_order, &to->integers[row]);
    default:
        if (!brn__read_boolean(word, &truth)) return false;
        to->codes[row] = truth;
        return true;
    }
}

/* Fields become values of another type than words. */
static brn_status understand(brn__builder *builder, int64_t number, brn_column_type type)
{
    building *b = &builder->columns[number];
    brn__column read = {.name = b->column.name, .type = type};
    read.values = brn__alloc_aligned((size_t)b->capacity * brn__column_value_bytes(type));
    if (!read.values) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (int64_t row = 0; status == BRN_OK && row < b->rows; row++) {
        put_nothing(&read, row);
        if (b->column.codes[row] == BRN__NO_CODE) continue;
        brn__slice word = b->column.words.words[b->column.codes[row]];
        if (!read_word(builder, type, word, &read, row))
            status = refuse_word(builder, number, row, type);
    }
    if (status != BRN_OK) {
        brn__free_aligned(read.values);
        return status;
    }
    read.missing = b->column.missing;
    read.missing_count = b->column.missing_count;
    b->column.missing = NULL;
    free_column(&b->column);
    b->column = read;
    return BRN_OK;
}

static brn_status settle(brn__builder *builder, int64_t number)
{
    building *b = &builder->columns[number];
    if (!b->begun) begin(b, b->given ? b->wanted : BRN_COLUMN_REAL);
    if (!b->given && b->column.type != BRN_COLUMN_TEXT) return BRN_OK;
    if (b->given && b->column.type == b->wanted) return BRN_OK;
    if (b->given && b->column.type == BRN_COLUMN_INTEGER && b->wanted == BRN_COLUMN_REAL) {
        make_real(&b->column, b->rows);
        return BRN_OK;
    }
    BRN__TRY(make_fields(b));
    brn_column_type type = b->given ? b->wanted : type_of_fields(builder, b);
    return type == BRN_COLUMN_TEXT ? BRN_OK : understand(builder, number, type);
}

static brn_status check_given(const brn__builder *builder)
{
    const brn_table_options *o = builder->options;
    for (int64_t i = 0; i < o->type_count && !o->spare_types; i++) {
        brn__slice name = {o->types[i].name, strlen(o->types[i].name)};
        if (brn__dictionary_find(&builder->names, name) < 0)
            return brn__fail(BRN_ERROR_INPUT, "%s: no column \"%s\"", builder->name,
                             o->types[i].name);
    }
    return BRN_OK;
}

/* Hands the columns over. */
static brn_status give(brn__builder *builder, brn_table *table)
{
    table->name = brn__strdup(builder->name);
    table->columns = brn__alloc_zero((size_t)builder->count + 1, sizeof *table->columns);
    if (!table->name || !table->columns) return BRN_ERROR_NO_MEMORY;
    table->row_count = builder->count ? builder->columns[0].rows : 0;
    for (int64_t i = 0; i < builder->count; i++) {
        brn__slice name = name_of(builder, i);
        char *copy = brn__arena_alloc(&table->arena, name.length + 1);
        if (!copy) return BRN_ERROR_NO_MEMORY;
        memcpy(copy, name.bytes, name.length);
        if (builder->columns[i].rows != table->row_count)
            return brn__fail(BRN_ERROR_INPUT, "%s: column \"%s\" has %lld rows; expected %lld",
                             builder->name, copy, (long long)builder->columns[i].rows,
                             (long long)table->row_count);
        table->columns[table->column_count] = builder->columns[i].column;
        table->columns[table->column_count++].name = copy;
        builder->columns[i] = (building){0};
    }
    return BRN_OK;
}

/* No column has no values, not even where there are no rows. */
static brn_status finish_columns(brn__builder *builder)
{
    if (builder->count == 0) return brn__fail(BRN_ERROR_INPUT, "%s: has no columns", builder->name);
    BRN__TRY(check_given(builder));
    for (int64_t i = 0; i < builder->count; i++) {
        if (!builder->columns[i].capacity) BRN__TRY(grow(&builder->columns[i]));
        BRN__TRY(settle(builder, i));
    }
    return BRN_OK;
}

brn_status brn__builder_finish(brn__builder *builder, brn_table **out)
{
    *out = NULL;
    BRN__TRY(finish_columns(builder));
    brn_table *table = brn__alloc_zero(1, sizeof *table);
    if (!table) return BRN_ERROR_NO_MEMORY;
    brn_status status = give(builder, table);
    if (status == BRN_OK)
        *out = table;
    else
        brn_table_close(table);
    return status;
}
