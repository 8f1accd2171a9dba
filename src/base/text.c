/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int reserve(brn__text *text, size_t extra)
{
    if (text->failed) return 0;
    size_t need = text->length + extra + 1;
    if (need <= text->capacity) return 1;
    size_t capacity = text->capacity ? text->capacity * 2 : 128;
    while (capacity < need) capacity *= 2;
    char *bytes = brn__realloc(text->bytes, capacity);
    if (!bytes) {
        text->failed = 1;
        return 0;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return 1;
}

void brn__text_add_bytes(brn__text *text, const char *part, size_t length)
{
    if (!reserve(text, length)) return;
    memcpy(text->bytes + text->length, part, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void brn__text_add(brn__text *text, const char *part)
{
    brn__text_add_bytes(text, part, strlen(part));
}

void brn__text_printf(brn__text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(text, (size_t)length)) return;
    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void brn__text_csv(brn__text *text, const char *field)
{
    if (!strpbrk(field, ",\"\r\n")) {
        brn__text_add(text, field);
        return;
    }
    brn__text_add(text, "\"");
    for (; *field; field++) brn__text_add_bytes(text, *field == '"' ? "\"\"" : field, *field == '"' ? 2 : 1);
    brn__text_add(text, "\"");
}

brn_status brn__text_finish(const brn__text *text)
{
    return text->failed ? brn__fail(BRN_ERROR_NO_MEMORY, "no memory for a text of %zu bytes",
                                    text->length)
                        : BRN_OK;
}

void brn__text_free(brn__text *text)
{
    brn__free(text->bytes);
    *text = (brn__text){0};
}

/* Bytes of the character that begins with `first`; 0 when none does. */
static int utf8_length(unsigned char first)
{
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

bool brn__is_utf8(const char *text)
{
    for (const unsigned char *byte = (const unsigned char *)text; *byte;) {
        const int length = utf8_length(*byte);
        if (length == 0) return false;
        for (int i = 1; i < length; i++)
            if ((byte[i] & 0xC0) != 0x80) return false;
        /* Longer than needed, surrogates, past U+10FFFF. */
        if (*byte == 0xE0 && byte[1] < 0xA0) return false;
        if (*byte == 0xED && byte[1] >= 0xA0) return false;
        if (*byte == 0xF0 && byte[1] < 0x90) return false;
        if (*byte == 0xF4 && byte[1] >= 0x90) return false;
        byte += length;
    }
    return true;
}
