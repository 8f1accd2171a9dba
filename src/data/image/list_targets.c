/* SPDX-License-Identifier: Apache-2.0
 * From the fields of a list to labels, tags or numbers. */
#include "base/alloc.h"
#include "data/image/list.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const brn__list *list;
    brn_image_data *data;
    char separator;       /* between tags; 0: the whole field is one */
    const char **words;   /* owned: every word of every row, then the classes */
    int64_t word_count, word_capacity;
    brn__arena words_arena;
} reader;

/* ------------------------------------------------------------------ numbers */

/* A finite decimal number, with blanks around it or not. A comma is never its point: no program's
 * locale counts. */
static bool read_number(const char *text, float *out)
{
    static const char allowed[] = "0123456789+-.eE";
    char copy[64];
    while (*text == ' ' || *text == '\t') text++;
    size_t length = strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
    if (!length || length >= sizeof copy || strspn(text, allowed) < length) return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *end, *point = strchr(copy, '.');
    if (point) *point = *localeconv()->decimal_point;
    const double value = strtod(copy, &end);
    *out = (float)value;
    return !*end && isfinite(*out);
}

static bool all_numbers(const brn__list *list)
{
    float number;
    for (int64_t i = 0; i < list->count; i++)
        for (int64_t k = 0; k < list->column_count; k++)
            if (!read_number(list->rows[i].fields[k], &number)) return false;
    return true;
}

static brn_status make_numbers(reader *r, brn__item_list *all)
{
    const brn__list *list = r->list;
    const size_t bytes = (size_t)list->column_count * sizeof(float);
    r->data->kind = BRN_TARGET_NUMBERS;
    r->data->columns = brn__arena_alloc(&r->data->arena, bytes * (sizeof(char *) / sizeof(float)));
    if (!r->data->columns) return BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; k < list->column_count; k++) {
        r->data->columns[k] = brn__arena_strdup(&r->data->arena, list->columns[k]);
        if (!r->data->columns[k]) return BRN_ERROR_NO_MEMORY;
    }
    r->data->column_count = list->column_count;
    for (int64_t i = 0; i < list->count; i++) {
        const brn__list_row *row = &list->rows[i];
        float *target = brn__arena_alloc(&r->data->arena, bytes);
        if (!target) return BRN_ERROR_NO_MEMORY;
        for (int64_t k = 0; k < list->column_count; k++)
            if (!read_number(row->fields[k], &target[k]))
                return brn__fail(BRN_ERROR_INPUT, "%s line %lld: %s is \"%.40s\"; expected a number",
                                 list->path, (long long)row->line, list->columns[k], row->fields[k]);
        BRN__TRY(brn__item_add(all, row->path, -1, target));
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ words */

/* The next word of *text, whose end is written to *length; NULL when there is none. */
static const char *next_word(const reader *r, const char **text, size_t *length)
{
    const char separator[2] = {r->separator, '\0'};
    if (r->separator) *text += strspn(*text, separator);
    if (!**text) return NULL;
    const char *word = *text;
    *length = r->separator ? strcspn(word, separator) : strlen(word);
    *text += *length;
    return word;
}

static brn_status keep_word(reader *r, const char *word, size_t length)
{
    if (r->word_count == r->word_capacity) {
        int64_t larger = r->word_capacity ? 2 * r->word_capacity : 1024;
        const char **words = brn__realloc(r->words, (size_t)larger * sizeof *words);
        if (!words) return BRN_ERROR_NO_MEMORY;
        r->words = words;
        r->word_capacity = larger;
    }
    char *copy = brn__arena_alloc(&r->words_arena, length + 1);
    if (!copy) return BRN_ERROR_NO_MEMORY;
    memcpy(copy, word, length);
    r->words[r->word_count++] = copy;
    return BRN_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All different words in the order of their bytes: the classes. */
static brn_status find_classes(reader *r)
{
    const brn__list *list = r->list;
    for (int64_t i = 0; i < list->count; i++) {
        const char *text = list->rows[i].fields[0], *word;
        size_t length;
        while ((word = next_word(r, &text, &length))) BRN__TRY(keep_word(r, word, length));
    }
    if (r->word_count == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: column %s is empty in every row; expected labels",
                         list->path, list->columns[0]);
    qsort(r->words, (size_t)r->word_count, sizeof *r->words, by_bytes);
    int64_t kept = 0;
    for (int64_t i = 0; i < r->word_count; i++)
        if (i == 0 || strcmp(r->words[kept - 1], r->words[i]) != 0) r->words[kept++] = r->words[i];
    brn_image_data *data = r->data;
    data->classes = brn__arena_alloc(&data->arena, (size_t)kept * sizeof *data->classes);
    if (!data->classes) return BRN_ERROR_NO_MEMORY;
    for (data->class_count = 0; data->class_count < kept; data->class_count++) {
        const char *name = brn__arena_strdup(&data->arena, r->words[data->class_count]);
        if (!name) return BRN_ERROR_NO_MEMORY;
        data->classes[data->class_count] = name;
    }
    return BRN_OK;
}

static int64_t class_of(const brn_image_data *data, const char *word, size_t length)
{
    int64_t low = 0, high = data->class_count - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        const int order = strncmp(data->classes[middle], word, length);
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return low; /* every word is a class, and the shortest of one beginning comes first */
}

/* n-hot targets; *single when every row has exactly one tag. */
static brn_status make_tags(reader *r, brn__item_list *all, bool *single)
{
    const brn__list *list = r->list;
    *single = true;
    for (int64_t i = 0; i < list->count; i++) {
        const char *text = list->rows[i].fields[0], *word;
        size_t length;
        int64_t tags = 0, last = -1;
        float *target =
            brn__arena_alloc(&r->data->arena, (size_t)r->data->class_count * sizeof *target);
        if (!target) return BRN_ERROR_NO_MEMORY;
        while ((word = next_word(r, &text, &length))) {
            last = class_of(r->data, word, length);
            tags += target[last] == 0;
            target[last] = 1;
        }
        *single = *single && tags == 1;
        BRN__TRY(brn__item_add(all, list->rows[i].path, tags == 1 ? last : -1, target));
    }
    return BRN_OK;
}

static brn_status refuse_unlabelled(const reader *r, const brn__item_list *all)
{
    const brn__list *list = r->list;
    for (int64_t i = 0; i < all->count; i++)
        if (all->items[i].label < 0)
            return brn__fail(BRN_ERROR_INPUT, "%s line %lld: %s is empty; expected a label",
                             list->path, (long long)list->rows[i].line, list->columns[0]);
    return BRN_OK;
}

static brn_status make_words(reader *r, brn_target_choice choice, brn__item_list *all)
{
    bool single;
    if (r->list->column_count != 1)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: %lld columns of targets that are not all numbers; expected one of labels "
                         "or tags: name it",
                         r->list->path, (long long)r->list->column_count);
    BRN__TRY(find_classes(r));
    BRN__TRY(make_tags(r, all, &single));
    if (choice == BRN_TARGET_AS_LABEL) BRN__TRY(refuse_unlabelled(r, all));
    const bool labels = choice == BRN_TARGET_AS_LABEL || (choice == BRN_TARGET_AUTO && single);
    r->data->kind = labels ? BRN_TARGET_LABEL : BRN_TARGET_TAGS;
    for (int64_t i = 0; i < all->count; i++) {
        if (labels) all->items[i].target = NULL;
        else all->items[i].label = -1;
    }
    return BRN_OK;
}

brn_status brn__list_targets(const brn__list *list, const brn_image_data_options *options,
                             brn_image_data *data, brn__item_list *all)
{
    brn_target_choice choice = options->target;
    reader r = {.list = list, .data = data};
    if (choice != BRN_TARGET_AS_LABEL)
        r.separator = options->tag_separator ? options->tag_separator : ' ';
    if (choice == BRN_TARGET_AUTO && all_numbers(list)) choice = BRN_TARGET_AS_NUMBERS;
    brn_status status = choice == BRN_TARGET_AS_NUMBERS ? make_numbers(&r, all)
                                                        : make_words(&r, choice, all);
    brn__free(r.words);
    brn__arena_free(&r.words_arena);
    return status;
}
