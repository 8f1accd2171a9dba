/* SPDX-License-Identifier: Apache-2.0
 * Each file in its turn: a table gives a document a row, a text file one, or one a line. */
#include "data/text/sources.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/files.h"
#include "data/table/csv_reader.h"
#include "data/table/source.h"
#include "data/text/rows.h"
#include "data/text/source_list.h"

#include <string.h>
#include <strings.h>

enum { MOST_COLUMNS = 256 };

struct brn__sources {
    brn_text_options options; /* borrowed lists */
    const brn__tokenizer *tokenizer; /* borrowed */
    brn__source_list list;
    int64_t next; /* file to open */
    int64_t done; /* bytes of files before it */

    brn__csv_text text; /* the text file that is open; its `begin` moves */
    const char *text_begin;
    bool text_open;
    brn__rows *rows; /* or the table */
    int64_t text_columns[MOST_COLUMNS], label_columns[MOST_COLUMNS], text_count, label_count;
    int64_t valid_column; /* or -1 */
    int64_t row;
    const char *label_names[MOST_COLUMNS]; /* of the table that was opened last; in the list's arena */
    brn__span labels[MOST_COLUMNS];
    brn__text joined; /* what is made of a document's columns */
};

static brn__source_file *current(const brn__sources *s) { return &s->list.files[s->next - 1]; }

brn_status brn__sources_open(const char *const *inputs, int64_t count, const brn_text_options *options,
                             const brn__tokenizer *tokenizer, brn__sources **out)
{
    *out = NULL;
    if (options->text_column_count > MOST_COLUMNS || options->label_column_count > MOST_COLUMNS)
        return brn__fail(BRN_ERROR_USAGE, "texts: more than %d columns", MOST_COLUMNS);
    brn__sources *s = brn__alloc_zero(1, sizeof *s);
    if (!s) return BRN_ERROR_NO_MEMORY;
    s->options = *options;
    s->tokenizer = tokenizer;
    brn_status status = brn__source_list_make(inputs, count, &s->list);
    if (status == BRN_OK)
        *out = s;
    else
        brn__sources_close(s);
    return status;
}

static void close_file(brn__sources *s)
{
    if (s->text_open) brn__csv_text_free(&s->text);
    s->text_open = false;
    brn__rows_close(s->rows);
    s->rows = NULL;
}

void brn__sources_close(brn__sources *s)
{
    if (!s) return;
    close_file(s);
    brn__source_list_free(&s->list);
    brn__text_free(&s->joined);
    brn__free(s);
}

/* ---- text files ---- */

static brn_status check_text(const brn__sources *s, const char *name)
{
    const char *bad = brn__csv_bad_byte(s->text.begin, s->text.end);
    if (bad == s->text.end) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: line %lld, byte %zu of the file: 0x%02X is not text in UTF-8", name,
                     (long long)brn__csv_count_lines(s->text.begin, bad) + 1, (size_t)(bad - s->text.begin) + 1,
                     (unsigned)(unsigned char)*bad);
}

static brn__csv_options csv_options(const brn__sources *s)
{
    brn__csv_options options = brn__csv_defaults();
    options.separator = s->options.separator;
    options.header = !s->options.no_header;
    if (s->options.latin1) options.encoding = BRN__CSV_LATIN1;
    return options;
}

static brn_status open_text(brn__sources *s)
{
    const brn__csv_options options = csv_options(s);
    BRN__TRY(brn__csv_text_of_file(current(s)->path, &options, &s->text));
    s->text_open = true;
    s->text_begin = s->text.begin;
    return check_text(s, current(s)->path);
}

static brn__span next_line(brn__sources *s)
{
    const char *p = s->text.begin;
    const char *stop = memchr(p, '\n', (size_t)(s->text.end - p));
    const char *end = stop ? stop : s->text.end;
    s->text.begin = stop ? stop + 1 : s->text.end;
    s->row++;
    return brn__strip((brn__span){p, (size_t)(end - p)});
}

/* Text with a field's mark before it, where rules or options want one. */
static brn_status mark_field(brn__sources *s, brn__span text, brn__span *out)
{
    s->joined.length = 0;
    brn__tokenizer_add_field_mark(s->tokenizer, 0, s->options.mark_fields, &s->joined);
    *out = text;
    if (!s->joined.length) return brn__text_finish(&s->joined);
    brn__text_add_bytes(&s->joined, text.bytes, text.length);
    *out = (brn__span){s->joined.bytes, s->joined.length};
    return brn__text_finish(&s->joined);
}

/* An empty line is no document; an empty file is none either. */
static brn_status next_of_text(brn__sources *s, brn__document *document, bool *there)
{
    const brn__source_file *file = current(s);
    brn__span text = {0};
    while (s->text.begin < s->text.end && !text.length) {
        if (s->options.document == BRN_TEXT_PER_LINE) {
            text = next_line(s);
            continue;
        }
        text = (brn__span){s->text.begin, (size_t)(s->text.end - s->text.begin)};
        s->text.begin = s->text.end;
        if (!brn__strip(text).length) text.length = 0;
    }
    *there = text.length > 0;
    if (!*there) return BRN_OK;
    *document = (brn__document){.split = file->split,
                                .row = s->options.document == BRN_TEXT_PER_LINE ? s->row : 0};
    if (file->label) {
        s->labels[0] = (brn__span){file->label, strlen(file->label)};
        document->labels = s->labels;
        document->label_count = 1;
    }
    return mark_field(s, text, &document->text);
}

/* ---- tables ---- */

static const char *const TEXT_NAMES[] = {"text", "review", "sentence", "comment", "content", "body"};
static const char *const LABEL_NAMES[] = {"label", "sentiment", "class", "target"};
static const char *const TAG_NAMES[] = {"tags", "labels", "label"};

static int64_t find_any(const brn__rows *rows, const char *const *names, size_t count)
{
    int64_t found = -1;
    for (size_t i = 0; i < count && found < 0; i++) found = brn__rows_find(rows, names[i]);
    return found;
}

static brn_status find_text_columns(brn__sources *s)
{
    s->text_count = s->options.text_column_count;
    for (int64_t i = 0; i < s->text_count; i++)
        BRN__TRY(brn__rows_need(s->rows, s->options.text_columns[i], &s->text_columns[i]));
    if (s->text_count) return BRN_OK;
    s->text_count = 1;
    s->text_columns[0] = find_any(s->rows, TEXT_NAMES, sizeof TEXT_NAMES / sizeof *TEXT_NAMES);
    if (s->text_columns[0] < 0 && brn__rows_column_count(s->rows) == 1) s->text_columns[0] = 0;
    return s->text_columns[0] >= 0 ? BRN_OK : brn__rows_need(s->rows, "text", &s->text_columns[0]);
}

static brn_status name_label(brn__sources *s, int64_t i)
{
    const char *name = brn__rows_name(s->rows, s->label_columns[i]);
    s->label_names[i] = brn__arena_strdup(&s->list.arena, name);
    return s->label_names[i] ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status find_label_columns(brn__sources *s)
{
    bool tags = s->options.target == BRN_TEXT_TAGS;
    s->label_count = s->options.target == BRN_TEXT_NO_TARGET ? 0 : s->options.label_column_count;
    for (int64_t i = 0; i < s->label_count; i++) {
        BRN__TRY(brn__rows_need(s->rows, s->options.label_columns[i], &s->label_columns[i]));
        BRN__TRY(name_label(s, i));
    }
    if (s->label_count || s->options.target == BRN_TEXT_NO_TARGET) return BRN_OK;
    s->label_columns[0] = tags ? find_any(s->rows, TAG_NAMES, sizeof TAG_NAMES / sizeof *TAG_NAMES)
                               : find_any(s->rows, LABEL_NAMES, sizeof LABEL_NAMES / sizeof *LABEL_NAMES);
    if (s->label_columns[0] < 0) return BRN_OK; /* texts without answers */
    s->label_count = 1;
    return name_label(s, 0);
}

/* Every column that may be asked for. */
static brn_status open_database(brn__sources *s, const char *source)
{
    const char *names[2 * MOST_COLUMNS + 32];
    int64_t count = 0;
    for (int64_t i = 0; i < s->options.text_column_count; i++) names[count++] = s->options.text_columns[i];
    for (int64_t i = 0; i < s->options.label_column_count; i++) names[count++] = s->options.label_columns[i];
    for (size_t i = 0; i < sizeof TEXT_NAMES / sizeof *TEXT_NAMES; i++) names[count++] = TEXT_NAMES[i];
    for (size_t i = 0; i < sizeof LABEL_NAMES / sizeof *LABEL_NAMES; i++) names[count++] = LABEL_NAMES[i];
    for (size_t i = 0; i < sizeof TAG_NAMES / sizeof *TAG_NAMES; i++) names[count++] = TAG_NAMES[i];
    names[count++] = s->options.valid_column ? s->options.valid_column : "is_valid";
    return brn__rows_open_database(source, names, count, &s->rows);
}

static brn_status open_rows(brn__sources *s, const brn__source_file *file)
{
    const brn__csv_options options = csv_options(s);
    return file->database ? open_database(s, file->database) : brn__rows_open_file(file->path, &options, &s->rows);
}

static brn_status open_table(brn__sources *s)
{
    BRN__TRY(open_rows(s, current(s)));
    BRN__TRY(find_text_columns(s));
    BRN__TRY(find_label_columns(s));
    s->valid_column = brn__rows_find(s->rows, s->options.valid_column ? s->options.valid_column : "is_valid");
    if (s->valid_column < 0 && s->options.valid_column)
        return brn__rows_need(s->rows, s->options.valid_column, &s->valid_column);
    return BRN_OK;
}

static bool is_word(brn__span field, const char *word)
{
    return field.length == strlen(word) && strncasecmp(field.bytes, word, field.length) == 0;
}

static brn_status split_of(const brn__sources *s, brn__span field, uint8_t *out)
{
    static const struct {
        const char *word;
        brn__text_split split;
    } WORDS[] = {{"true", BRN__TEXT_VALID},  {"1", BRN__TEXT_VALID},   {"valid", BRN__TEXT_VALID},
                 {"yes", BRN__TEXT_VALID},   {"validation", BRN__TEXT_VALID}, {"test", BRN__TEXT_TEST},
                 {"false", BRN__TEXT_TRAIN}, {"0", BRN__TEXT_TRAIN},   {"train", BRN__TEXT_TRAIN},
                 {"no", BRN__TEXT_TRAIN},    {"", BRN__TEXT_TRAIN},    {"unsup", BRN__TEXT_UNLABELLED}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (is_word(field, WORDS[i].word)) return *out = (uint8_t)WORDS[i].split, BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s, row %lld: \"%.*s\" in the column \"%s\"; expected True or False",
                     current(s)->path, (long long)s->row, (int)(field.length < 40 ? field.length : 40), field.bytes,
                     brn__rows_name(s->rows, s->valid_column));
}

static brn__span span_of(brn__slice field) { return (brn__span){field.bytes, field.length}; }

static brn_status join_columns(brn__sources *s, const brn__slice *fields, brn__span *out)
{
    if (s->text_count == 1) return mark_field(s, span_of(fields[s->text_columns[0]]), out);
    s->joined.length = 0;
    for (int64_t i = 0; i < s->text_count; i++) {
        brn__slice field = fields[s->text_columns[i]];
        brn__tokenizer_add_field_mark(s->tokenizer, i, true, &s->joined);
        brn__text_add_bytes(&s->joined, field.bytes, field.length);
    }
    *out = (brn__span){s->joined.bytes, s->joined.length};
    return brn__text_finish(&s->joined);
}

static brn_status next_of_table(brn__sources *s, brn__document *document, bool *there)
{
    const brn__slice *fields;
    BRN__TRY(brn__rows_next(s->rows, &fields));
    *there = fields != NULL;
    if (!*there) return BRN_OK;
    s->row++;
    *document = (brn__document){.split = current(s)->split, .row = s->row};
    for (int64_t i = 0; i < s->label_count; i++) {
        s->labels[i] = span_of(fields[s->label_columns[i]]);
        if (s->labels[i].length) document->label_count = s->label_count;
    }
    document->labels = s->labels;
    if (s->valid_column >= 0)
        BRN__TRY(split_of(s, brn__strip(span_of(fields[s->valid_column])), &document->split));
    return join_columns(s, fields, &document->text);
}

/* ---- all ---- */

static brn_status open_next(brn__sources *s)
{
    if (s->next) s->done += current(s)->bytes;
    close_file(s);
    s->next++;
    s->row = 0;
    return current(s)->table ? open_table(s) : open_text(s);
}

brn_status brn__sources_next(brn__sources *s, brn__document *document, bool *there)
{
    *there = false;
    for (;;) {
        if (s->rows) BRN__TRY(next_of_table(s, document, there));
        if (s->text_open) BRN__TRY(next_of_text(s, document, there));
        if (*there) break;
        if (s->next == s->list.count) return BRN_OK;
        BRN__TRY(open_next(s));
    }
    document->source = (int32_t)(s->next - 1);
    return BRN_OK;
}

int64_t brn__sources_count(const brn__sources *s) { return s->list.count; }

const char *brn__sources_name(const brn__sources *s, int64_t number) { return s->list.files[number].path; }

int64_t brn__sources_bytes(const brn__sources *s) { return s->list.bytes; }

int64_t brn__sources_done(const brn__sources *s)
{
    int64_t begun = s->text_open ? s->text.begin - s->text_begin : 0;
    if (s->rows) begun = brn__rows_done(s->rows);
    int64_t most = s->next ? current(s)->bytes : 0; /* a packed file's text is longer */
    return s->done + (begun < most ? begun : most);
}

const char *const *brn__sources_label_names(const brn__sources *s, int64_t *count)
{
    *count = s->label_count;
    return s->label_names;
}

/* A database is read for it, and once more for its texts: what it holds may change. */
static brn_status digest_one(brn__sources *s, const brn__source_file *file, char hex[65])
{
    if (!file->database) return brn__sha256_of_file(file->path, hex);
    BRN__TRY(open_rows(s, file));
    brn_status status = brn__rows_digest(s->rows, hex);
    close_file(s);
    return status;
}

brn_status brn__sources_digest(brn__sources *s, brn__sha256 *digest)
{
    char hex[65];
    for (int64_t i = 0; i < s->list.count; i++) {
        const brn__source_file *file = &s->list.files[i];
        BRN__TRY(digest_one(s, file, hex));
        BRN__TRY(brn__sha256_add(digest, hex, sizeof hex));
        BRN__TRY(brn__sha256_add(digest, &file->split, 1));
        if (file->label) BRN__TRY(brn__sha256_add(digest, file->label, strlen(file->label)));
    }
    return BRN_OK;
}
