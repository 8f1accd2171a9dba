/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/unicode.h"

#include <string.h>
#include <utf8proc.h>

int brn__code_point_write(int32_t code, char *out)
{
    if (code < 0x80) return out[0] = (char)code, 1;
    return (int)utf8proc_encode_char(code, (utf8proc_uint8_t *)out);
}

void brn__text_add_code(brn__text *text, int32_t code)
{
    char bytes[4];
    brn__text_add_bytes(text, bytes, (size_t)brn__code_point_write(code, bytes));
}

int64_t brn__code_point_count(brn__span text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.length; i++) count += ((unsigned char)text.bytes[i] & 0xC0) != 0x80;
    return count;
}

bool brn__is_space_above(int32_t code)
{
    return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
           code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

bool brn__is_letter(int32_t code)
{
    utf8proc_category_t c = utf8proc_category(code);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool brn__is_word_above(int32_t code)
{
    utf8proc_category_t c = utf8proc_category(code);
    return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) ||
           (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO);
}

bool brn__is_lower(int32_t code)
{
    if (code < 0x80) return code >= 'a' && code <= 'z';
    utf8proc_category_t c = utf8proc_category(code);
    return c == UTF8PROC_CATEGORY_LL || c == UTF8PROC_CATEGORY_LO;
}

bool brn__is_upper(int32_t code)
{
    if (code < 0x80) return code >= 'A' && code <= 'Z';
    utf8proc_category_t c = utf8proc_category(code);
    return c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LO;
}

bool brn__is_symbol(int32_t code)
{
    return code >= 0x80 && utf8proc_category(code) == UTF8PROC_CATEGORY_SO;
}

bool brn__is_digit(int32_t code) { return code >= '0' && code <= '9'; }

/* ---- lower case ---- */

static bool is_cased(int32_t code)
{
    utf8proc_category_t c = utf8proc_category(code);
    return c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LL || c == UTF8PROC_CATEGORY_LT;
}

/* Unicode's Case_Ignorable: marks, modifiers, and the points and apostrophes inside words. */
static bool is_case_ignorable(int32_t code)
{
    if (strchr("'.:^`", code < 0x80 && code > 0 ? code : 'x')) return true;
    if (code == 0xB7 || code == 0x2018 || code == 0x2019 || code == 0x2024 || code == 0x2027) return true;
    utf8proc_category_t c = utf8proc_category(code);
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME || c == UTF8PROC_CATEGORY_CF ||
           c == UTF8PROC_CATEGORY_LM || c == UTF8PROC_CATEGORY_SK;
}

/* A sigma at `at` ends a word: a letter stands before it and none behind, past what does not count. */
static bool is_final_sigma(brn__span text, size_t at)
{
    int32_t code;
    const char *p = text.bytes + at, *end = text.bytes + text.length;
    bool before = false;
    while (p > text.bytes) {
        p -= brn__code_point_before(p, &code);
        if (is_case_ignorable(code)) continue;
        before = is_cased(code);
        break;
    }
    if (!before) return false;
    for (p = text.bytes + at + 2; p < end;) {
        p += brn__code_point(p, &code);
        if (!is_case_ignorable(code)) return !is_cased(code);
    }
    return true;
}

void brn__text_add_lower(brn__text *out, brn__span text)
{
    char run[256];
    size_t used = 0;
    for (size_t i = 0; i < text.length;) {
        int32_t code;
        size_t bytes = (size_t)brn__code_point(text.bytes + i, &code);
        if (used + 8 > sizeof run) {
            brn__text_add_bytes(out, run, used);
            used = 0;
        }
        if (code < 0x80) {
            run[used++] = (char)(code >= 'A' && code <= 'Z' ? code + 32 : code);
        } else if (code == 0x130) { /* a dotted capital i is two code points in lower case */
            memcpy(run + used, "i\xCC\x87", 3);
            used += 3;
        } else {
            bool final = code == 0x3A3 && is_final_sigma(text, i);
            used += (size_t)brn__code_point_write(final ? 0x3C2 : utf8proc_tolower(code), run + used);
        }
        i += bytes;
    }
    brn__text_add_bytes(out, run, used);
}

bool brn__is_all_upper(brn__span text)
{
    bool cased = false;
    for (size_t i = 0; i < text.length;) {
        int32_t code;
        i += (size_t)brn__code_point(text.bytes + i, &code);
        utf8proc_category_t c = utf8proc_category(code);
        if (c == UTF8PROC_CATEGORY_LL || c == UTF8PROC_CATEGORY_LT) return false;
        cased |= c == UTF8PROC_CATEGORY_LU;
    }
    return cased;
}

brn__span brn__strip(brn__span text)
{
    int32_t code;
    const char *begin = text.bytes, *end = text.bytes + text.length;
    while (begin < end) {
        int bytes = brn__code_point(begin, &code);
        if (!brn__is_space(code)) break;
        begin += bytes;
    }
    while (end > begin) {
        int bytes = brn__code_point_before(end, &code);
        if (!brn__is_space(code)) break;
        end -= bytes;
    }
    return (brn__span){begin, (size_t)(end - begin)};
}

int32_t brn__upper(int32_t code) { return utf8proc_toupper(code); }
