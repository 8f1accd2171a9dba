/* SPDX-License-Identifier: Apache-2.0
 * Texts to jansson's values and back. jansson's own reader takes a token that it had no memory for as
 * malformed, or ends the process by an assertion, so texts are read here; its values fail properly. */
#include "base/json.h"
#include "base/alloc.h"
#include "base/text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 512, NUMBER_MAX = 400 };

typedef struct reader {
    const char *at, *end;
    const char *reason; /* why `at` is wrong; NULL: no memory */
    int depth;
} reader;

static json_t *read_value(reader *r);

static bool wrong(reader *r, const char *reason)
{
    r->reason = reason;
    return false;
}

static void skip_space(reader *r)
{
    while (r->at < r->end && *r->at && strchr(" \t\r\n", *r->at)) r->at++;
}

static bool take(reader *r, char letter)
{
    if (r->at == r->end || *r->at != letter) return false;
    r->at++;
    return true;
}

/* ------------------------------------------------------------------ strings */

/* Four hex digits at `from`; -1 when they are none. */
static int hex_unit(const char *from, const char *end)
{
    int unit = 0;
    if (end - from < 4) return -1;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = from[i] ? strchr(digits, from[i]) : NULL;
        if (!digit) return -1;
        unit = unit * 16 + (int)((digit - digits) % 16);
    }
    return unit;
}

static char *add_character(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xC0, 0xE0, 0xF0};
    *to++ = (char)(heads[more] | code >> 6 * more);
    for (int i = more - 1; i >= 0; i--) *to++ = (char)(0x80 | (code >> 6 * i & 63));
    return to;
}

/* What follows "\\u", with its second half where it is a surrogate. */
static bool read_code(reader *r, char **to)
{
    const int first = hex_unit(r->at, r->end);
    if (first < 0) return wrong(r, "four hex digits expected");
    if (first == 0) return wrong(r, "\\u0000 is not allowed");
    r->at += 4;
    uint32_t code = (uint32_t)first;
    if (first >= 0xD800 && first < 0xE000) {
        const bool pair = first < 0xDC00 && r->end - r->at > 6 && r->at[0] == '\\' && r->at[1] == 'u';
        const int second = pair ? hex_unit(r->at + 2, r->end) : -1;
        if (second < 0xDC00 || second >= 0xE000) return wrong(r, "half a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)second - 0xDC00);
        r->at += 6;
    }
    *to = add_character(*to, code);
    return true;
}

static bool read_escape(reader *r, char **to)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (take(r, 'u')) return read_code(r, to);
    const char *letter = r->at < r->end && *r->at ? strchr(letters, *r->at) : NULL;
    if (!letter) return wrong(r, "unknown escape");
    *(*to)++ = meanings[letter - letters];
    r->at++;
    return true;
}

/* The bytes between two quotes; never more than their source. NULL with the reason. */
static char *read_text(reader *r)
{
    if (!take(r, '"')) {
        r->reason = "string expected";
        return NULL;
    }
    const char *closing = r->at;
    while (closing < r->end && *closing != '"') closing += *closing == '\\' && closing + 1 < r->end ? 2 : 1;
    const size_t room = closing < r->end ? (size_t)(closing - r->at) : 0;
    char *text = brn__alloc(room + 1), *to = text;
    r->reason = NULL;
    if (!text) return NULL;
    bool good = closing < r->end || wrong(r, "a string without its end");
    while (good && *r->at != '"') {
        if ((unsigned char)*r->at < 0x20) good = wrong(r, "control character in a string");
        else if (take(r, '\\')) good = read_escape(r, &to);
        else *to++ = *r->at++;
    }
    *to = '\0';
    if (good && !brn__is_utf8(text)) good = wrong(r, "a string that is not UTF-8");
    if (good && take(r, '"')) return text;
    brn__free(text);
    return NULL;
}

static json_t *read_string(reader *r)
{
    char *text = read_text(r);
    json_t *value = text ? json_string_nocheck(text) : NULL;
    brn__free(text);
    return value;
}

/* ------------------------------------------------------------------ numbers and words */

static bool skip_digits(reader *r)
{
    const char *first = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return r->at > first || wrong(r, "a digit expected");
}

static bool skip_number(reader *r, bool *whole)
{
    take(r, '-');
    if (!take(r, '0') && !skip_digits(r)) return false;
    const char *integer_end = r->at;
    if (take(r, '.') && !skip_digits(r)) return false;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+')) take(r, '-');
        if (!skip_digits(r)) return false;
    }
    *whole = r->at == integer_end;
    return true;
}

/* strtod reads the decimal point of the program's locale. */
static double real_of(char *text)
{
    char *point = strchr(text, '.');
    if (point) *point = localeconv()->decimal_point[0];
    return strtod(text, NULL);
}

static json_t *read_number(reader *r)
{
    char text[NUMBER_MAX + 1];
    const char *first = r->at;
    bool whole;
    if (!skip_number(r, &whole)) return NULL;
    const size_t length = (size_t)(r->at - first);
    if (length > NUMBER_MAX) return wrong(r, "a number of too many digits"), NULL;
    memcpy(text, first, length);
    text[length] = '\0';
    errno = 0;
    const long long integer = whole ? strtoll(text, NULL, 10) : 0;
    if (whole && errno) return wrong(r, "too big integer"), NULL;
    const double real = whole ? 0 : real_of(text);
    if (!isfinite(real)) return wrong(r, "real number overflow"), NULL;
    r->reason = NULL;
    return whole ? json_integer(integer) : json_real(real);
}

static json_t *read_word(reader *r)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        const size_t length = strlen(words[i]);
        if ((size_t)(r->end - r->at) < length || memcmp(r->at, words[i], length) != 0) continue;
        r->at += length;
        return i == 0 ? json_true() : i == 1 ? json_false() : json_null();
    }
    return wrong(r, "a value expected"), NULL;
}

/* ------------------------------------------------------------------ lists and objects */

static bool read_element(reader *r, json_t *list)
{
    json_t *value = read_value(r);
    if (!value) return false;
    r->reason = NULL;
    return json_array_append_new(list, value) == 0;
}

static bool read_member(reader *r, json_t *object)
{
    skip_space(r);
    const char *start = r->at;
    char *name = read_text(r);
    if (!name) return false;
    bool good = !json_object_get(object, name);
    if (!good) {
        r->at = start;
        wrong(r, "duplicate object key");
    }
    skip_space(r);
    if (good && !take(r, ':')) good = wrong(r, "':' expected");
    json_t *value = good ? read_value(r) : NULL;
    if (value) r->reason = NULL;
    good = value && json_object_set_new_nocheck(object, name, value) == 0;
    brn__free(name);
    return good;
}

/* Up to the closing bracket of a list or an object, behind its opening one. */
static json_t *read_members(reader *r, bool keyed)
{
    const char closing = keyed ? '}' : ']';
    json_t *all = keyed ? json_object() : json_array();
    r->reason = NULL;
    bool good = all != NULL, more = true;
    skip_space(r);
    if (take(r, closing)) more = false;
    while (good && more) {
        good = keyed ? read_member(r, all) : read_element(r, all);
        skip_space(r);
        more = good && take(r, ',');
        if (good && !more && !take(r, closing))
            good = wrong(r, keyed ? "',' or '}' expected" : "',' or ']' expected");
    }
    if (good) return all;
    json_decref(all);
    return NULL;
}

static json_t *read_value(reader *r)
{
    skip_space(r);
    if (r->at == r->end) return wrong(r, "it ends early"), NULL;
    const char first = *r->at;
    if (first == '"') return read_string(r);
    if (first == '-' || (first >= '0' && first <= '9')) return read_number(r);
    if (first != '{' && first != '[') return read_word(r);
    if (r->depth == DEPTH_MAX) return wrong(r, "nested too deeply"), NULL;
    r->at++;
    r->depth++;
    json_t *all = read_members(r, first == '{');
    r->depth--;
    return all;
}

brn_status brn__json_load(const char *bytes, size_t length, json_t **out, brn__json_error *error)
{
    reader r = {.at = bytes, .end = bytes + length};
    skip_space(&r);
    const bool opens = r.at < r.end && (*r.at == '{' || *r.at == '[');
    *out = opens ? read_value(&r) : (wrong(&r, "'{' or '[' expected"), NULL);
    if (*out) {
        skip_space(&r);
        if (r.at == r.end) return BRN_OK;
        json_decref(*out);
        *out = NULL;
        wrong(&r, "end of the text expected");
    }
    if (!r.reason) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to read %zu bytes of JSON", length);
    *error = (brn__json_error){.reason = r.reason, .position = (size_t)(r.at - bytes)};
    return BRN_ERROR_INPUT;
}

/* Not by json_dumps, which in jansson 2.14 passes over a key that it had no memory for: into a buffer of
 * known size nothing can be lost. */
brn_status brn__json_dump(json_t *taken, size_t flags, char **out)
{
    const size_t length = taken ? json_dumpb(taken, NULL, 0, flags) : 0;
    char *text = length ? brn__alloc(length + 1) : NULL;
    const bool whole = text && json_dumpb(taken, text, length, flags) == length;
    json_decref(taken);
    if (!whole) {
        brn__free(text);
        return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to write JSON");
    }
    text[length] = '\0';
    *out = text;
    return BRN_OK;
}
