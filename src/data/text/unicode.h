/* SPDX-License-Identifier: Apache-2.0
 * Code points of texts that are known to be UTF-8, and what Python's regular expressions, which fast.ai's
 * rules are written in, take for a blank, a word character, a lower-case letter. */
#ifndef BRN__DATA_TEXT_UNICODE_H
#define BRN__DATA_TEXT_UNICODE_H

#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of a text; the bytes are someone else's. */
typedef struct brn__span {
    const char *bytes;
    size_t length;
} brn__span;

/* The code point at `p`, and the bytes it takes. */
static inline int brn__code_point(const char *p, int32_t *code)
{
    const unsigned char *u = (const unsigned char *)p;
    if (u[0] < 0x80) return *code = u[0], 1;
    if (u[0] < 0xE0) return *code = (u[0] & 31) << 6 | (u[1] & 63), 2;
    if (u[0] < 0xF0) return *code = (u[0] & 15) << 12 | (u[1] & 63) << 6 | (u[2] & 63), 3;
    *code = (u[0] & 7) << 18 | (u[1] & 63) << 12 | (u[2] & 63) << 6 | (u[3] & 63);
    return 4;
}

/* The one that ends before `p`; `p` is not the beginning of the text. */
static inline int brn__code_point_before(const char *p, int32_t *code)
{
    const char *start = p - 1;
    while (((unsigned char)*start & 0xC0) == 0x80) start--;
    return brn__code_point(start, code);
}

/* Bytes of the code point, written to `out`, which has room for 4. */
int brn__code_point_write(int32_t code, char *out);
void brn__text_add_code(brn__text *text, int32_t code);
int64_t brn__code_point_count(brn__span text);

bool brn__is_space_above(int32_t code);
bool brn__is_word_above(int32_t code);

/* Python's \s, which is str.isspace. */
static inline bool brn__is_space(int32_t code)
{
    if (code < 0x80) return code == ' ' || (code >= 9 && code <= 13) || (code >= 28 && code <= 31);
    return brn__is_space_above(code);
}

/* Python's \w: letters, numbers of all kinds, the low line. */
static inline bool brn__is_word(int32_t code)
{
    if (code < 0x80)
        return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
               (code >= '0' && code <= '9') || code == '_';
    return brn__is_word_above(code);
}

bool brn__is_letter(int32_t code);  /* of any case or none */
bool brn__is_lower(int32_t code);   /* a letter that is no capital */
bool brn__is_upper(int32_t code);   /* a letter that is not small */
bool brn__is_symbol(int32_t code);  /* Unicode's So */
bool brn__is_digit(int32_t code);
int32_t brn__upper(int32_t code); /* the capital of a small letter, one code point */

/* Adds `text` as Python's str.lower() makes it, the final sigma among it. */
void brn__text_add_lower(brn__text *out, brn__span text);
/* str.isupper(): there is a cased letter and none is small. */
bool brn__is_all_upper(brn__span text);
/* Without the blanks at both ends, as str.strip(). */
brn__span brn__strip(brn__span text);

#endif
