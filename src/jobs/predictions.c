/* SPDX-License-Identifier: Apache-2.0
 * Answers as CSV files (RFC 4180). */
#include "burnish/predictions.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLE_MAX = 1 << 30, COLUMNS_MAX = 100000 };

static brn_status write_text(const char *path, brn__text *text)
{
    brn_status status = brn__text_finish(text);
    if (status == BRN_OK) status = brn__replace_file(path, text->bytes, text->length);
    brn__text_free(text);
    return status;
}

/* ------------------------------------------------------------------ predictions.csv */

static void add_class_columns(brn__text *text, const brn_image_model *model)
{
    brn__text name = {0};
    for (int64_t k = 0; k < brn_image_model_classes(model); k++) {
        name.length = 0;
        brn__text_printf(&name, "p_%s", brn_image_model_class(model, k));
        brn__text_add(text, ",");
        if (brn__text_finish(&name) == BRN_OK) brn__text_csv(text, name.bytes);
        else text->failed = 1;
    }
    brn__text_free(&name);
}

/* Tags above the threshold with blanks between, as competitions write them. */
static void add_tags(brn__text *text, const brn_image_predictions *p, const float *row)
{
    const double threshold = brn_image_model_threshold(p->model);
    brn__text tags = {0};
    brn__text_add(&tags, "");
    for (int64_t k = 0; k < brn_image_model_classes(p->model); k++)
        if ((double)row[k] > threshold)
            brn__text_printf(&tags, "%s%s", tags.length ? " " : "", brn_image_model_class(p->model, k));
    if (brn__text_finish(&tags) == BRN_OK) brn__text_csv(text, tags.bytes);
    else text->failed = 1;
    brn__text_free(&tags);
}

/* Up to the columns of all classes. */
static void add_head(brn__text *text, const brn_image_predictions *p)
{
    switch (brn_image_model_target(p->model)) {
    case BRN_TARGET_LABEL: brn__text_add(text, "file,label,probability"); break;
    case BRN_TARGET_TAGS: brn__text_add(text, "file,labels"); break;
    case BRN_TARGET_NUMBERS:
        brn__text_add(text, "file");
        for (int64_t k = 0; k < brn_image_model_classes(p->model); k++) {
            brn__text_add(text, ",");
            brn__text_csv(text, brn_image_model_class(p->model, k));
        }
    }
}

/* A row with `numbers` of the model's answers behind the labels; of numbers there are no others. */
static void add_answers(brn__text *text, const brn_image_predictions *p, int64_t i, int64_t numbers)
{
    const int64_t classes = brn_image_model_classes(p->model);
    const float *row = p->probabilities + i * classes;
    brn__text_csv(text, p->paths[i]);
    if (brn_image_model_target(p->model) == BRN_TARGET_TAGS) {
        brn__text_add(text, ",");
        if (p->ok[i]) add_tags(text, p, row);
    }
    for (int64_t k = 0; k < numbers; k++)
        if (p->ok[i]) brn__text_printf(text, ",%.6g", (double)row[k]);
        else brn__text_add(text, ",");
    brn__text_add(text, "\n");
}

static void add_prediction(brn__text *text, const brn_image_predictions *p, int64_t i, bool all)
{
    const int64_t classes = brn_image_model_classes(p->model);
    const float *row = p->probabilities + i * classes;
    brn__text_csv(text, p->paths[i]);
    brn__text_add(text, ",");
    if (p->ok[i]) {
        const int64_t best = brn_image_best(row, classes);
        brn__text_csv(text, brn_image_model_class(p->model, best));
        brn__text_printf(text, ",%.6g", (double)row[best]);
    } else {
        brn__text_add(text, ",");
    }
    for (int64_t k = 0; all && k < classes; k++)
        if (p->ok[i]) brn__text_printf(text, ",%.6g", (double)row[k]);
        else brn__text_add(text, ",");
    brn__text_add(text, "\n");
}

brn_status brn_image_predictions_csv(const brn_image_predictions *p, bool all, const char *path)
{
    brn__text text = {0};
    const int64_t classes = brn_image_model_classes(p->model);
    const brn_target_kind kind = brn_image_model_target(p->model);
    all |= classes <= BRN_PREDICTIONS_CLASSES;
    add_head(&text, p);
    if (all && kind != BRN_TARGET_NUMBERS) add_class_columns(&text, p->model);
    brn__text_add(&text, "\n");
    for (int64_t i = 0; i < p->count; i++) {
        if (kind == BRN_TARGET_LABEL) add_prediction(&text, p, i, all);
        else add_answers(&text, p, i, all || kind == BRN_TARGET_NUMBERS ? classes : 0);
    }
    return write_text(path, &text);
}

/* ------------------------------------------------------------------ reading the sample */

typedef struct sample {
    const char *path;
    char *text, *next; /* next: what was not read yet */
    int64_t line;      /* of the record that was read last, from 1 */
    int64_t lines;     /* that it takes */
    char **fields;     /* (count) of the record, in `text` */
    int count, capacity;
} sample;

static brn_status add_column(sample *s, char *field)
{
    if (s->count == COLUMNS_MAX)
        return brn__fail(BRN_ERROR_INPUT, "%s: line %lld has more than %d columns", s->path,
                         (long long)s->line, COLUMNS_MAX);
    if (s->count == s->capacity) {
        int larger = s->capacity ? 2 * s->capacity : 16;
        char **fields = brn__realloc(s->fields, (size_t)larger * sizeof *fields);
        if (!fields) return BRN_ERROR_NO_MEMORY;
        s->fields = fields;
        s->capacity = larger;
    }
    s->fields[s->count++] = field;
    return BRN_OK;
}

/* One field, shortened in place; *end is the byte behind it. */
static brn_status read_field(sample *s, char **field, char *end)
{
    char *from = s->next, *to = s->next;
    *field = to;
    bool open = *from == '"';
    for (from += open; open && *from;) {
        open = !(*from == '"' && *++from != '"');
        if (!open) break;
        s->lines += *from == '\n';
        *to++ = *from++;
    }
    if (open)
        return brn__fail(BRN_ERROR_INPUT, "%s: line %lld: a quote is not closed", s->path,
                         (long long)s->line);
    while (*from && *from != ',' && *from != '\n' && *from != '\r') *to++ = *from++;
    *end = *from;
    s->next = from;
    *to = '\0'; /* perhaps on the byte in *end */
    return BRN_OK;
}

/* The next record with anything in it; count 0 at the end. */
static brn_status read_record(sample *s)
{
    s->count = 0;
    while (*s->next == '\n' || *s->next == '\r') s->line += *s->next++ == '\n';
    s->line += s->lines;
    s->lines = 0;
    if (!*s->next) return BRN_OK;
    for (char end = ',', *field; end == ',';) {
        BRN__TRY(read_field(s, &field, &end));
        BRN__TRY(add_column(s, field));
        if (end == '\r' && s->next[1] == '\n') s->next++, end = '\n';
        s->lines += end == '\n';
        if (end) s->next++;
    }
    return BRN_OK;
}

static brn_status open_sample(sample *s, const char *path)
{
    size_t length;
    *s = (sample){.path = path, .line = 1};
    BRN__TRY(brn__read_file(path, SAMPLE_MAX, &s->text, &length));
    if (strlen(s->text) != length)
        return brn__fail(BRN_ERROR_INPUT, "%s: expected CSV text; it holds a zero byte", path);
    s->next = s->text + (strncmp(s->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    return read_record(s);
}

static void close_sample(sample *s)
{
    brn__free(s->fields);
    brn__free(s->text);
}

/* ------------------------------------------------------------------ from ids to files */

typedef struct key {
    const char *name; /* of `length` bytes */
    size_t length;
    int64_t item;
} key;

typedef struct file_index {
    key *keys; /* sorted by name; each file under its path, its name, its name without extension */
    int64_t count;
} file_index;

static int compare_names(const char *a, size_t m, const char *b, size_t n)
{
    int order = memcmp(a, b, m < n ? m : n);
    return order ? order : (m > n) - (m < n);
}

static int by_name(const void *x, const void *y)
{
    const key *a = x, *b = y;
    int order = compare_names(a->name, a->length, b->name, b->length);
    return order ? order : (a->item > b->item) - (a->item < b->item);
}

static brn_status make_index(const brn_image_predictions *p, file_index *out)
{
    *out = (file_index){.keys = brn__alloc_array((size_t)p->count * 3 + 1, sizeof(key))};
    if (!out->keys) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < p->count; i++) {
        const char *path = p->paths[i], *name = brn__path_name(path), *dot = strrchr(name, '.');
        out->keys[out->count++] = (key){path, strlen(path), i};
        if (name != path) out->keys[out->count++] = (key){name, strlen(name), i};
        if (dot && dot != name) out->keys[out->count++] = (key){name, (size_t)(dot - name), i};
    }
    qsort(out->keys, (size_t)out->count, sizeof *out->keys, by_name);
    return BRN_OK;
}

/* The file of an id. */
static brn_status find_item(const brn_image_predictions *p, const file_index *files, const sample *s,
                            const char *id, int64_t *out)
{
    const size_t length = strlen(id);
    int64_t low = 0, high = files->count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        const key *k = &files->keys[middle];
        if (compare_names(k->name, k->length, id, length) < 0) low = middle + 1;
        else high = middle;
    }
    const key *k = &files->keys[low];
    if (low == files->count || compare_names(k->name, k->length, id, length) != 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: line %lld: no file for the id \"%s\"", s->path,
                         (long long)s->line, id);
    for (int64_t other = low + 1; other < files->count; other++) {
        const key *o = &files->keys[other];
        if (compare_names(o->name, o->length, id, length) != 0) break;
        if (o->item != k->item)
            return brn__fail(BRN_ERROR_INPUT, "%s: line %lld: several files for the id \"%s\": %s and %s",
                             s->path, (long long)s->line, id, p->paths[k->item], p->paths[o->item]);
    }
    *out = k->item;
    if (p->ok[k->item]) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: line %lld: the file of the id \"%s\", %s, could not be read",
                     s->path, (long long)s->line, id, p->paths[k->item]);
}

/* ------------------------------------------------------------------ submission */

static int64_t class_of(const brn_image_model *model, const char *name)
{
    for (int64_t k = 0; k < brn_image_model_classes(model); k++)
        if (strcmp(brn_image_model_class(model, k), name) == 0) return k;
    return -1;
}

/* The class of each column but the first; -1 in the one column that takes labels. */
static brn_status read_columns(const brn_image_predictions *p, const sample *s, int64_t *columns)
{
    if (s->count < 2)
        return brn__fail(BRN_ERROR_INPUT, "%s: expected a header with an id column and one more at least",
                         s->path);
    for (int c = 1; c < s->count; c++) {
        columns[c] = class_of(p->model, s->fields[c]);
        const bool number = brn_image_model_target(p->model) == BRN_TARGET_NUMBERS;
        if (columns[c] < 0 && s->count == 2 && number && brn_image_model_classes(p->model) == 1)
            columns[c] = 0; /* the only one, whatever it is called there */
        if (columns[c] < 0 && (s->count > 2 || number))
            return brn__fail(BRN_ERROR_INPUT, "%s: the column \"%s\" is no class of the model (%s ...)",
                             s->path, s->fields[c], brn_image_model_class(p->model, 0));
    }
    return BRN_OK;
}

static void add_row(brn__text *text, const brn_image_predictions *p, const char *id, int64_t item,
                    const int64_t *columns, int count)
{
    const int64_t classes = brn_image_model_classes(p->model);
    const float *row = p->probabilities + item * classes;
    brn__text_csv(text, id);
    for (int c = 1; c < count; c++) {
        brn__text_add(text, ",");
        if (columns[c] >= 0) brn__text_printf(text, "%.6g", (double)row[columns[c]]);
        else if (brn_image_model_target(p->model) == BRN_TARGET_TAGS) add_tags(text, p, row);
        else brn__text_csv(text, brn_image_model_class(p->model, brn_image_best(row, classes)));
    }
    brn__text_add(text, "\n");
}

static brn_status add_rows(brn__text *text, const brn_image_predictions *p, sample *s, const file_index *files,
                           const int64_t *columns, int count)
{
    for (;;) {
        int64_t item;
        BRN__TRY(read_record(s));
        if (s->count == 0) return BRN_OK;
        if (s->count != count)
            return brn__fail(BRN_ERROR_INPUT, "%s: line %lld has %d columns; the header has %d", s->path,
                             (long long)s->line, s->count, count);
        BRN__TRY(find_item(p, files, s, s->fields[0], &item));
        add_row(text, p, s->fields[0], item, columns, count);
    }
}

static brn_status fill(brn__text *text, const brn_image_predictions *p, sample *s, const file_index *files)
{
    const int count = s->count;
    int64_t *columns = brn__alloc_array((size_t)count + 1, sizeof *columns);
    if (!columns) return BRN_ERROR_NO_MEMORY;
    brn_status status = read_columns(p, s, columns);
    for (int c = 0; status == BRN_OK && c < count; c++) {
        if (c) brn__text_add(text, ",");
        brn__text_csv(text, s->fields[c]);
    }
    brn__text_add(text, "\n");
    if (status == BRN_OK) status = add_rows(text, p, s, files, columns, count);
    brn__free(columns);
    return status;
}

brn_status brn_image_predictions_submission(const brn_image_predictions *p, const char *path,
                                            const char *out)
{
    sample s;
    file_index found = {0};
    brn__text text = {0};
    brn_status status = open_sample(&s, path);
    if (status == BRN_OK) status = make_index(p, &found);
    if (status == BRN_OK) status = fill(&text, p, &s, &found);
    if (status == BRN_OK) status = write_text(out, &text);
    else brn__text_free(&text);
    brn__free(found.keys);
    close_sample(&s);
    return status;
}
