/* SPDX-License-Identifier: Apache-2.0
 * What spaCy's English rules take for punctuation at the beginning of a word, at its end and inside. */
#include "data/text/tokens.h"

#include <string.h>

/* Marks that stand alone wherever they begin or end a word; each is one code point. */
static const char MARKS[] = ",:;!?()[]{}<>_#*&\xC2\xBF\xC2\xA1\xC2\xB7\xD8\x9F\xD8\x8C\xD8\x9B\xD9\xAA\xDB\x94"
                            "\xE0\xA5\xA4\xE2\x80\xA6\xE3\x80\x82\xE3\x80\x81\xEF\xBC\x9F\xEF\xBC\x81"
                            "\xEF\xBC\x8C\xEF\xBC\x9B\xEF\xBC\x9A\xEF\xBD\x9E";
static const char QUOTES[] = "'\"`\xC2\xB4\xC2\xBB\xC2\xAB\xE2\x80\x98\xE2\x80\x99\xE2\x80\x9A\xE2\x80\x9C"
                             "\xE2\x80\x9D\xE2\x80\x9E\xE3\x80\x8C\xE3\x80\x8D\xE3\x80\x8E\xE3\x80\x8F"
                             "\xE3\x80\x94\xE3\x80\x95\xE3\x80\x90\xE3\x80\x91\xE3\x80\x8A\xE3\x80\x8B"
                             "\xE3\x80\x88\xE3\x80\x89\xE2\x8C\xA9\xE2\x8C\xAA\xE2\x9F\xA6\xE2\x9F\xA7"
                             "\xEF\xBC\x88\xEF\xBC\x89";
static const char *const UNITS[] = {
    "km/h", "m/s", "km\xC2\xB2", "km\xC2\xB3", "dm\xC2\xB2", "dm\xC2\xB3", "cm\xC2\xB2", "cm\xC2\xB3",
    "mm\xC2\xB2", "mm\xC2\xB3", "m\xC2\xB2", "m\xC2\xB3", "\xC2\xB5g", "kmh", "mph", "hPa", "mbar", "km",
    "dm", "cm", "mm", "ha", "\xC2\xB5m", "nm", "yd", "in", "ft", "kg", "mg", "lb", "oz", "Pa", "mb", "MB",
    "kb", "KB", "gb", "GB", "tb", "TB", "m", "g", "t", "T", "G", "M", "K", "%"};

static bool is_in(const char *list, const char *p, size_t bytes)
{
    if (bytes == 1) return *p > ' ' && strchr(list, *p);
    return memmem(list, strlen(list), p, bytes);
}

/* A dollar, pound, euro ... */
static bool is_currency(int32_t code)
{
    return code == '$' || code == 0xA3 || code == 0xA5 || code == 0xE3F || code == 0xFDFC ||
           (code >= 0x20A0 && code <= 0x20BF);
}

static bool is_icon(int32_t code) { return brn__is_symbol(code); }

static bool is_mark(const char *p, size_t bytes, int32_t code)
{
    return is_in(MARKS, p, bytes) || is_in(QUOTES, p, bytes) || is_icon(code);
}

/* Two marks that stay together: quotes, and faces. */
static bool is_pair(const char *p)
{
    static const char pairs[][3] = {"''", "):", ":)", ";)", "(:", "(;", ":(", ":*", ":]"};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (memcmp(p, pairs[i], 2) == 0) return true;
    return false;
}

static size_t dots(const char *p, const char *end)
{
    size_t count = 0;
    while (p + count < end && p[count] == '.') count++;
    return count > 1 ? count : 0;
}

/* US$, C$, A$ */
static size_t named_dollar(brn__span word)
{
    if (word.length > 2 && memcmp(word.bytes, "US$", 3) == 0) return 3;
    return word.length > 1 && (*word.bytes == 'C' || *word.bytes == 'A') && word.bytes[1] == '$' ? 2 : 0;
}

size_t brn__word_prefix(brn__span word)
{
    int32_t code;
    const char *p = word.bytes;
    size_t bytes = (size_t)brn__code_point(p, &code);
    if (word.length > 2 && is_pair(p)) return 2;
    if (is_mark(p, bytes, code) || is_currency(code)) return bytes;
    if (code == '=' || code == '%' || code == 0xA7 || code == 0x2013 || code == 0x2014) return bytes;
    if (code == '+') return word.length > 1 && brn__is_digit(p[1]) ? 0 : 1;
    if (code == '.') return dots(p, p + word.length);
    return named_dollar(word);
}

/* ---- the end ---- */

static bool ends_with(brn__span word, const char *part)
{
    size_t length = strlen(part);
    return word.length >= length && memcmp(word.bytes + word.length - length, part, length) == 0;
}

/* Is there a digit `bytes` before the end? */
static bool digit_before(brn__span word, size_t bytes)
{
    return word.length > bytes && brn__is_digit(word.bytes[word.length - bytes - 1]);
}

static size_t unit_suffix(brn__span word)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (ends_with(word, UNITS[i]) && digit_before(word, strlen(UNITS[i]))) return strlen(UNITS[i]);
    return 0;
}

/* A full stop ends a word behind a small letter, a digit, punctuation or two capitals, so that "U." and
 * "J.R." keep it. */
static bool stop_is_suffix(brn__span word)
{
    int32_t code, other = 0;
    const char *end = word.bytes + word.length - 1;
    if (end == word.bytes) return false;
    size_t bytes = (size_t)brn__code_point_before(end, &code);
    const char *p = end - bytes;
    if (brn__is_digit(code) || brn__is_lower(code) || is_in(MARKS, p, bytes) || is_in(QUOTES, p, bytes))
        return true;
    if (code == '%' || code == 0xB2 || code == '-' || code == '+') return true;
    if (p > word.bytes) brn__code_point_before(p, &other);
    if (strchr("CFKcfk", code < 0x80 && code ? code : '-') && other == 0xB0) return true;
    return brn__is_upper(code) && brn__is_upper(other);
}

/* The run of full stops at the end; 1 where there is one that ends the word. */
static size_t stop_suffix(brn__span word)
{
    size_t count = 0;
    while (count < word.length && word.bytes[word.length - 1 - count] == '.') count++;
    if (count != 1) return count;
    return stop_is_suffix(word);
}

static const char *const POSSESSIVES[] = {"'s", "'S", "\xE2\x80\x99s", "\xE2\x80\x99S"};

size_t brn__word_suffix(brn__span word)
{
    int32_t code;
    size_t bytes = (size_t)brn__code_point_before(word.bytes + word.length, &code);
    const char *p = word.bytes + word.length - bytes;
    if (code == '.') return stop_suffix(word);
    if (bytes == 1 && word.length > 2 && is_pair(p - 1)) return 2;
    if (is_mark(p, bytes, code) || code == 0x2013 || code == 0x2014) return bytes;
    for (size_t i = 0; i < sizeof POSSESSIVES / sizeof *POSSESSIVES; i++)
        if (ends_with(word, POSSESSIVES[i])) return strlen(POSSESSIVES[i]);
    if ((code == '+' || is_currency(code)) && digit_before(word, bytes)) return bytes;
    return unit_suffix(word);
}

/* ---- inside ---- */

static bool is_quote(const char *p, size_t bytes) { return is_in(QUOTES, p, bytes); }

/* Hyphens and dashes that join words: - -- --- en and em dashes, a tilde. Gives their bytes at `p`. */
static size_t hyphen(const char *p, const char *end)
{
    int32_t code;
    size_t bytes = (size_t)brn__code_point(p, &code), count = 0;
    if (code == '~' || code == 0x2013) return bytes;
    if (code == 0x2014) return (size_t)(end - p) >= 6 && memcmp(p, p + 3, 3) == 0 ? 6 : 3;
    while (p + count < end && p[count] == '-' && count < 4) count++;
    return count < 4 ? count : 0;
}

static bool is_between_numbers(int32_t before, int32_t code, int32_t after)
{
    return brn__is_digit(before) && (code == '+' || code == '-' || code == '*' || code == '^') &&
           (brn__is_digit(after) || after == '-');
}

size_t brn__word_infix(brn__span word, size_t at)
{
    int32_t before, code, after = 0;
    const char *p = word.bytes + at, *end = word.bytes + word.length;
    size_t before_bytes = (size_t)brn__code_point_before(p, &before);
    size_t bytes = (size_t)brn__code_point(p, &code), after_bytes = 0;
    if (p + bytes < end) after_bytes = (size_t)brn__code_point(p + bytes, &after);
    if (code == '.' && dots(p, end)) return dots(p, end);
    if (code == 0x2026 || is_icon(code)) return bytes;
    if (!after_bytes) return 0;
    if (is_between_numbers(before, code, after)) return bytes;
    bool joins = brn__is_letter(before) || brn__is_digit(before);
    if (code == '.')
        return (brn__is_lower(before) || is_quote(p - before_bytes, before_bytes)) &&
               (brn__is_upper(after) || is_quote(p + bytes, after_bytes));
    if (code == ',') return brn__is_letter(before) && brn__is_letter(after);
    if (joins && strchr(":<>=/", code < 0x80 && code ? code : 'x')) return brn__is_letter(after);
    size_t dash = joins ? hyphen(p, end) : 0;
    if (!dash || p + dash >= end) return 0;
    brn__code_point(p + dash, &after);
    return brn__is_letter(after) ? dash : 0;
}

/* ---- addresses ---- */

static bool is_name_character(int32_t code)
{
    return brn__is_word(code) || code == '-' || code >= 0xA1;
}

/* labels.with.dots.tld, then perhaps :port and /path; perhaps scheme:// before. */
bool brn__is_address(brn__span word)
{
    const char *end = word.bytes + word.length, *scheme = memmem(word.bytes, word.length, "://", 3);
    const char *p = scheme ? scheme + 3 : word.bytes, *label = p;
    int labels = 0;
    int64_t letters = 0, characters = 0;
    while (p < end && !strchr(":/?#", *p)) {
        int32_t code;
        int bytes = brn__code_point(p, &code);
        if (code == '.' && p > label && p[-1] != '-') {
            labels++;
            label = p + 1;
            letters = characters = 0;
        } else if (is_name_character(code) && !(code == '-' && p == label)) {
            letters += brn__is_letter(code);
            characters++;
        } else {
            return false;
        }
        p += bytes;
    }
    if (labels == 0 || letters < 2 || letters != characters) return false;
    return p == end || *p != ':' || (p + 1 < end && brn__is_digit(p[1]));
}
