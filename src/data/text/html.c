/* SPDX-License-Identifier: Apache-2.0
 * References to characters in HTML, resolved as browsers and Python's html.unescape do: &#233; &#xe9;
 * &eacute; and, for the old names, &eacute alone. */
#include "data/text/html_entities.h"
#include "data/text/rules.h"

#include <string.h>

enum { MOST_CHARACTERS = 32 }; /* of a name */

/* What the numbers 0x80 to 0x9F mean in texts of Windows' code page 1252; 0: themselves. */
static const uint16_t WINDOWS[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* Numbers that stand for no character of a text. */
static bool is_no_character(uint32_t number)
{
    return (number >= 1 && number <= 8) || number == 0xB || (number >= 0xE && number <= 0x1F) ||
           (number >= 0x7F && number <= 0x9F) || (number >= 0xFDD0 && number <= 0xFDEF) ||
           (number & 0xFFFE) == 0xFFFE;
}

static void add_number(brn__text *out, uint32_t number)
{
    if (number >= 0x80 && number <= 0x9F)
        brn__text_add_code(out, WINDOWS[number - 0x80] ? WINDOWS[number - 0x80] : (int32_t)number);
    else if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > 0x10FFFF)
        brn__text_add_code(out, 0xFFFD);
    else if (!is_no_character(number))
        brn__text_add_code(out, (int32_t)number);
}

static int digit_value(char c, uint32_t base)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (base == 16 && c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (base == 16 && c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* "#233;" at `p`: adds its character and returns what is behind; `p` when it is none. */
static const char *number_at(const char *p, const char *end, brn__text *out)
{
    uint32_t base = 10, number = 0;
    const char *digits = p + 1;
    if (digits < end && (*digits == 'x' || *digits == 'X')) base = 16, digits++;
    const char *q = digits;
    for (int value; q < end && (value = digit_value(*q, base)) >= 0; q++)
        if (number <= 0x10FFFF) number = number * base + (uint32_t)value;
    if (q == digits) return p;
    add_number(out, number);
    return q < end && *q == ';' ? q + 1 : q;
}

static const char *value_of(const char *name, size_t length)
{
    int low = 0, high = brn__html_entity_count;
    while (low < high) {
        int middle = (low + high) / 2;
        int order = strncmp(brn__html_entities[middle].name, name, length);
        if (order == 0 && brn__html_entities[middle].name[length]) order = 1; /* longer */
        if (order == 0) return brn__html_entities[middle].value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The end of what may be a name: up to 32 characters, and a semicolon. */
static const char *name_end(const char *p, const char *end)
{
    int32_t code;
    for (int i = 0; i < MOST_CHARACTERS && p < end; i++) {
        if (strchr("\t\n\f <&#;", *p) && *p) break;
        p += brn__code_point(p, &code);
    }
    return p < end && *p == ';' ? p + 1 : p;
}

/* A name at `p`, the longest that there is; as above. */
static const char *name_at(const char *p, const char *end, brn__text *out)
{
    const char *stop = name_end(p, end);
    const char *value = stop == p ? NULL : value_of(p, (size_t)(stop - p));
    while (!value && stop - p > 2) {
        int32_t code;
        stop -= brn__code_point_before(stop, &code);
        if (stop - p >= 2) value = value_of(p, (size_t)(stop - p));
    }
    if (!value) return p;
    brn__text_add(out, value);
    return stop;
}

void brn__rule_unescape(brn__span text, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length;
    while (p < end) {
        const char *mark = memchr(p, '&', (size_t)(end - p));
        if (!mark) break;
        brn__text_add_bytes(out, p, (size_t)(mark - p));
        p = mark + 1;
        const char *past = p < end && *p == '#' ? number_at(p, end, out) : name_at(p, end, out);
        if (past == p) brn__text_add_bytes(out, "&", 1);
        p = past;
    }
    brn__text_add_bytes(out, p, (size_t)(end - p));
}
