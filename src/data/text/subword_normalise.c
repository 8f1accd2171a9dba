/* SPDX-License-Identifier: Apache-2.0
 * A text as a SentencePiece model wants to see it: its rules, longest first, then blanks. The rules are a double
 * array (Aoe 1989; the layout is darts-clone's): a unit of 32 bits is
 *
 *     bits 0-7 the byte that leads here, 8 "a rule ends here", 10-30 the way to the children, times 256 if bit 9;
 *     or, with bit 31, the value of a rule: where its replacement begins. */
#include "data/text/subword_model.h"

#include <string.h>

static const char BLANK[] = "\xE2\x96\x81";

static bool unit_at(const brn__subwords *s, uint32_t at, uint32_t *out)
{
    if (at >= s->units.length / 4) return false;
    const unsigned char *p = (const unsigned char *)s->units.bytes + (size_t)at * 4;
    *out = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    return true;
}

static uint32_t children_of(uint32_t unit) { return (unit >> 10) << (unit >> 6 & 8); }

static bool is_inside(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

/* The longest rule at the beginning of the text: the bytes it takes (0: there is none), and what stands for them. */
static size_t find_rule(const brn__subwords *s, brn__span text, brn__span *replacement)
{
    size_t longest = 0;
    uint32_t unit, value;
    if (!unit_at(s, 0, &unit)) return 0;
    uint32_t at = children_of(unit);
    for (size_t i = 0; i < text.length; i++) {
        const uint32_t byte = (unsigned char)text.bytes[i];
        at ^= byte;
        if (!unit_at(s, at, &unit) || (unit & 0x800000FFu) != byte) break;
        at ^= children_of(unit);
        if (!(unit >> 8 & 1) || !unit_at(s, at, &value)) continue;
        value &= 0x7FFFFFFFu;
        if (value >= s->replacements.length) continue;
        const char *found = s->replacements.bytes + value;
        if (is_inside(*found) || (i + 1 < text.length && is_inside(text.bytes[i + 1]))) continue;
        longest = i + 1;
        *replacement = (brn__span){found, strlen(found)};
    }
    return longest;
}

/* What stands for the beginning of the text, and the bytes it stands for. */
static size_t take_next(const brn__subwords *s, brn__span text, brn__span *out)
{
    int32_t code;
    size_t bytes = brn__subword_user_prefix(s, text);
    if (!bytes) {
        bytes = find_rule(s, text, out);
        if (bytes) return bytes;
        bytes = (size_t)brn__code_point(text.bytes, &code);
    }
    *out = (brn__span){text.bytes, bytes};
    return bytes;
}

static void add_blank(const brn__subwords *s, brn__text *out)
{
    if (s->escapes) brn__text_add_bytes(out, BLANK, sizeof BLANK - 1);
    else brn__text_add_bytes(out, " ", 1);
}

static void add_part(const brn__subwords *s, brn__span part, brn__text *out)
{
    while (part.length) {
        const char *blank = memchr(part.bytes, ' ', part.length);
        const size_t length = blank ? (size_t)(blank - part.bytes) : part.length;
        if (length) brn__text_add_bytes(out, part.bytes, length);
        if (!blank) break;
        add_blank(s, out);
        part.bytes += length + 1, part.length -= length + 1;
    }
}

static void trim_end(const brn__subwords *s, brn__text *out)
{
    const char *blank = s->escapes ? BLANK : " ";
    const size_t bytes = strlen(blank);
    while (out->length >= bytes && memcmp(out->bytes + out->length - bytes, blank, bytes) == 0) out->length -= bytes;
}

static brn__span without(brn__span text, size_t bytes)
{
    return (brn__span){text.bytes + bytes, text.length - bytes};
}

void brn__subword_normalise(const brn__subwords *s, brn__span text, brn__text *out)
{
    brn__span part;
    bool after_blank = s->trims;
    while (s->trims && text.length) {
        const size_t bytes = take_next(s, text, &part);
        if (part.length != 1 || *part.bytes != ' ') break;
        text = without(text, bytes);
    }
    if (!text.length) return;
    if (s->prefix && !s->suffix) add_blank(s, out);
    while (text.length) {
        text = without(text, take_next(s, text, &part));
        while (after_blank && part.length && *part.bytes == ' ') part = without(part, 1);
        if (part.length) after_blank = s->trims && part.bytes[part.length - 1] == ' ';
        add_part(s, part, out);
    }
    if (s->trims) trim_end(s, out);
    if (s->prefix && s->suffix) add_blank(s, out);
}
