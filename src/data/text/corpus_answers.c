/* SPDX-License-Identifier: Apache-2.0
 * What documents answer to, and which of them validate. */
#include "base/alloc.h"
#include "data/split.h"
#include "data/text/corpus_build.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_DOCUMENTS = 20, MOST_CLASSES = 1 << 16 };

/* Room for one more in a growing array. */
static brn_status grow(void **array, int64_t count, int64_t *capacity, size_t bytes)
{
    if (count < *capacity) return BRN_OK;
    int64_t larger = *capacity ? *capacity + *capacity / 2 : 1024;
    void *moved = brn__realloc(*array, (size_t)larger * bytes);
    if (!moved) return BRN_ERROR_NO_MEMORY;
    *array = moved;
    *capacity = larger;
    return BRN_OK;
}

static brn_status fail_at(const brn__corpus_build *b, const brn__document *document, const char *what,
                          brn__span field)
{
    return brn__fail(BRN_ERROR_INPUT, "%s%s%.0lld: \"%.*s\" %s", brn__sources_name(b->sources, document->source),
                     document->row ? ", row " : "", (long long)document->row,
                     (int)(field.length < 60 ? field.length : 60), field.bytes, what);
}

static brn_status label_of(brn__corpus_build *b, const brn__document *document, brn__span field, int32_t *out)
{
    int64_t found = brn__words_find(&b->labels, field.bytes, field.length);
    if (found < 0 && b->classes) return fail_at(b, document, "is not one of the model's classes", field);
    uint32_t number = (uint32_t)found;
    if (found < 0) {
        if (b->labels.count == MOST_CLASSES)
            return fail_at(b, document, "is one label too many: there are 65536 already; are these numbers?", field);
        BRN__TRY(brn__words_add(&b->labels, field.bytes, field.length, &number));
    }
    *out = (int32_t)number;
    return BRN_OK;
}

static brn_status note_tags(brn__corpus_build *b, const brn__document *document)
{
    const char separator = b->options->tag_separator ? b->options->tag_separator : ' ';
    for (int64_t i = 0; i < document->label_count; i++) {
        const char *p = document->labels[i].bytes, *end = p + document->labels[i].length;
        while (p < end) {
            const char *stop = memchr(p, separator, (size_t)(end - p));
            if (!stop) stop = end;
            brn__span tag = brn__strip((brn__span){p, (size_t)(stop - p)});
            p = stop + 1;
            if (!tag.length) continue;
            BRN__TRY(grow((void **)&b->tags, b->tag_count, &b->tag_capacity, sizeof *b->tags));
            BRN__TRY(label_of(b, document, tag, &b->tags[b->tag_count]));
            b->tag_count++;
        }
    }
    return BRN_OK;
}

static brn_status note_numbers(brn__corpus_build *b, const brn__document *document)
{
    if (document->label_count && b->number_count && document->label_count != b->number_columns)
        return fail_at(b, document, "has another number of answers than the texts before", document->labels[0]);
    if (document->label_count) b->number_columns = document->label_count;
    for (int64_t i = 0; i < document->label_count; i++) {
        char text[64], *end;
        brn__span field = brn__strip(document->labels[i]);
        if (!field.length || field.length >= sizeof text) return fail_at(b, document, "is no number", field);
        memcpy(text, field.bytes, field.length);
        text[field.length] = '\0';
        double value = strtod(text, &end);
        if (*end || !isfinite(value)) return fail_at(b, document, "is no number", field);
        BRN__TRY(grow((void **)&b->numbers, b->number_count, &b->number_capacity, sizeof *b->numbers));
        b->numbers[b->number_count++] = (float)value;
    }
    return BRN_OK;
}

brn_status brn__corpus_note(void *build, const brn__document *document)
{
    brn__corpus_build *b = build;
    BRN__TRY(grow((void **)&b->documents, b->count, &b->capacity, sizeof *b->documents));
    brn__document_facts *facts = &b->documents[b->count];
    brn_text_target target = b->options->target;
    if (document->row > UINT32_MAX)
        return brn__fail(BRN_ERROR_INPUT, "%s: more than %u rows", brn__sources_name(b->sources, document->source),
                         UINT32_MAX);
    *facts = (brn__document_facts){.row = (uint32_t)document->row,
                                   .source = document->source,
                                   .label = -1,
                                   .split = document->split};
    bool answered = target != BRN_TEXT_NO_TARGET && document->label_count && document->split != BRN__TEXT_UNLABELLED;
    if (target != BRN_TEXT_NO_TARGET && !answered) facts->split = BRN__TEXT_UNLABELLED;
    if (answered && target == BRN_TEXT_LABEL)
        BRN__TRY(label_of(b, document, brn__strip(document->labels[0]), &facts->label));
    if (target == BRN_TEXT_TAGS || target == BRN_TEXT_NUMBERS) {
        BRN__TRY(grow((void **)&b->answers, b->count, &b->answer_capacity, sizeof *b->answers));
        b->answers[b->count] = !answered ? -1 : target == BRN_TEXT_TAGS ? b->tag_count : b->number_count;
    }
    if (answered && target == BRN_TEXT_TAGS) BRN__TRY(note_tags(b, document));
    if (answered && target == BRN_TEXT_NUMBERS) BRN__TRY(note_numbers(b, document));
    b->count++;
    return BRN_OK;
}

/* ---- classes ---- */

typedef struct named {
    const char *name;
    int32_t label;
} named;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

brn_status brn__corpus_sort_classes(brn__corpus_build *b)
{
    int64_t count = b->labels.count;
    named *list = brn__alloc_array((size_t)count + 1, sizeof *list);
    b->class_of = brn__alloc_array((size_t)count + 1, sizeof *b->class_of);
    b->class_names = brn__alloc_array((size_t)count + 1, sizeof *b->class_names);
    bool enough = list && b->class_of && b->class_names;
    for (int64_t i = 0; enough && i < count; i++)
        list[i] = (named){brn__words_get(&b->labels, (uint32_t)i), (int32_t)i};
    if (enough && !b->classes) qsort(list, (size_t)count, sizeof *list, by_name);
    for (int64_t i = 0; enough && i < count; i++) {
        b->class_of[list[i].label] = (int32_t)i;
        b->class_names[i] = list[i].name;
    }
    brn__free(list);
    return enough ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* ---- which documents validate ---- */

static bool may_train(const brn__document_facts *facts)
{
    return facts->split == BRN__NO_SPLIT || facts->split == BRN__TEXT_TRAIN;
}

/* The first of each class, in an order drawn for it: as the splits of pictures. Documents of one class:
 * `items` (n). */
static void draw(brn__corpus_build *b, int64_t class_number, const int64_t *items, int64_t n, int64_t *order)
{
    brn__split_order(b->options->seed, class_number, order, n);
    int64_t valid = n > 1 ? brn__split_share(b->options->valid, n) : 0;
    for (int64_t i = 0; i < valid; i++) b->documents[items[order[i]]].split = BRN__TEXT_VALID;
}

/* Documents by class; a counting sort keeps their order. */
static brn_status draw_all(brn__corpus_build *b)
{
    int64_t classes = b->options->target == BRN_TEXT_LABEL ? b->labels.count : 1;
    int64_t *ends = brn__alloc_zero((size_t)classes + 1, sizeof *ends);
    int64_t *items = brn__alloc_array((size_t)b->count + 1, sizeof *items);
    int64_t *order = brn__alloc_array((size_t)b->count + 1, sizeof *order);
    bool enough = ends && items && order;
    for (int64_t pass = 0; enough && pass < 2; pass++) {
        for (int64_t d = 0; d < b->count; d++) {
            const brn__document_facts *facts = &b->documents[d];
            if (!may_train(facts)) continue;
            int64_t class_number = facts->label >= 0 ? b->class_of[facts->label] : 0;
            if (pass == 0)
                ends[class_number + 1]++;
            else
                items[ends[class_number]++] = d;
        }
        for (int64_t c = 0; pass == 0 && c < classes; c++) ends[c + 1] += ends[c];
    }
    for (int64_t c = 0, begin = 0; enough && c < classes; begin = ends[c++])
        draw(b, c, items + begin, ends[c] - begin, order);
    brn__free(ends);
    brn__free(items);
    brn__free(order);
    return enough ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* Few long documents: the last `valid` of all tokens validate, and the document where they begin is cut. */
static brn_status cut_end(brn__corpus_build *b)
{
    int64_t from = b->token_count - (int64_t)(b->options->valid * (double)b->token_count);
    int64_t d = b->count - 1;
    while (d > 0 && b->documents[d].start > from) d--;
    BRN__TRY(grow((void **)&b->documents, b->count, &b->capacity, sizeof *b->documents));
    memmove(&b->documents[d + 1], &b->documents[d], (size_t)(b->count - d) * sizeof *b->documents);
    b->documents[d + 1].start = from;
    b->count++;
    for (int64_t i = d + 1; i < b->count; i++)
        if (may_train(&b->documents[i])) b->documents[i].split = BRN__TEXT_VALID;
    return BRN_OK;
}

brn_status brn__corpus_split(brn__corpus_build *b)
{
    bool said = !(b->options->valid > 0);
    int64_t open = 0;
    for (int64_t d = 0; d < b->count; d++) {
        said |= b->documents[d].split == BRN__TEXT_VALID;
        open += may_train(&b->documents[d]);
    }
    if (!said && open && open == b->count && open < FEW_DOCUMENTS && b->options->target == BRN_TEXT_NO_TARGET)
        BRN__TRY(cut_end(b));
    else if (!said && open)
        BRN__TRY(draw_all(b));
    for (int64_t d = 0; d < b->count; d++)
        if (b->documents[d].split == BRN__NO_SPLIT) b->documents[d].split = BRN__TEXT_TRAIN;
    return BRN_OK;
}
