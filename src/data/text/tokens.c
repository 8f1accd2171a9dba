/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/tokens.h"
#include "base/alloc.h"
#include "data/text/vocabulary.h"

#include <string.h>

static bool reserve(brn__token_list *list)
{
    if (list->failed) return false;
    if (list->count < list->capacity) return true;
    int64_t larger = list->capacity ? 2 * list->capacity : 1024;
    uint32_t *lengths = brn__realloc(list->lengths, (size_t)larger * sizeof *lengths);
    if (!lengths) return list->failed = true, false;
    list->lengths = lengths;
    list->capacity = larger;
    return true;
}

static void add(brn__token_list *list, const char *bytes, size_t length)
{
    if (!reserve(list)) return;
    brn__text_add_bytes(&list->bytes, bytes, length);
    list->lengths[list->count++] = (uint32_t)length;
}

void brn__tokens_add(brn__token_list *list, const char *bytes, size_t length)
{
    while (length > BRN__TOKEN_BYTES) {
        size_t cut = BRN__TOKEN_BYTES;
        while (((unsigned char)bytes[cut] & 0xC0) == 0x80) cut--;
        add(list, bytes, cut);
        bytes += cut, length -= cut;
    }
    add(list, bytes, length);
}

void brn__tokens_clear(brn__token_list *list)
{
    list->count = 0;
    list->bytes.length = 0;
}

brn_status brn__tokens_finish(const brn__token_list *list)
{
    return list->failed ? BRN_ERROR_NO_MEMORY : brn__text_finish(&list->bytes);
}

void brn__tokens_deinit(brn__token_list *list)
{
    brn__text_free(&list->bytes);
    brn__free(list->lengths);
}

void brn__split_blanks(brn__span text, brn__token_list *out)
{
    const char *p = text.bytes, *end = p + text.length;
    while (p < end) {
        const char *blank = memchr(p, ' ', (size_t)(end - p));
        const char *stop = blank ? blank : end;
        if (stop > p) brn__tokens_add(out, p, (size_t)(stop - p));
        p = stop + 1;
    }
}

void brn__split_spaces(brn__span text, brn__token_list *out)
{
    int32_t code;
    const char *p = text.bytes, *end = p + text.length, *begin = p;
    while (p < end) {
        int bytes = brn__code_point(p, &code);
        if (brn__is_space(code)) {
            if (p > begin) brn__tokens_add(out, begin, (size_t)(p - begin));
            begin = p + bytes;
        }
        p += bytes;
    }
    if (p > begin) brn__tokens_add(out, begin, (size_t)(p - begin));
}

void brn__split_characters(brn__span text, brn__token_list *out)
{
    int32_t code;
    for (size_t i = 0; i < text.length;) {
        size_t bytes = (size_t)brn__code_point(text.bytes + i, &code);
        brn__tokens_add(out, text.bytes + i, bytes);
        i += bytes;
    }
}
