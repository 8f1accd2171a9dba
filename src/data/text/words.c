/* SPDX-License-Identifier: Apache-2.0
 * Words and punctuation, close to spaCy's English tokeniser: what stands between blanks is looked up
 * among the exceptions; else punctuation is taken from both ends until there is none or an exception
 * is left; the rest is cut at punctuation inside, unless it is an address. A blank between words is no
 * token; further ones and line ends are one, with "_" (U+2581) in place of each blank as in fastai. */
#include "data/text/tokens.h"

#include <string.h>

/* fastai's replace_space: a blank inside of a token is U+2581. */
static void add_space(brn__token_list *out, brn__span space)
{
    char buffer[768];
    size_t used = 0;
    for (size_t i = 0; i < space.length; i++) {
        if (used + 4 > sizeof buffer) {
            brn__tokens_add(out, buffer, used);
            used = 0;
        }
        if (space.bytes[i] == ' ') {
            memcpy(buffer + used, "\xE2\x96\x81", 3);
            used += 3;
        } else {
            buffer[used++] = space.bytes[i];
        }
    }
    brn__tokens_add(out, buffer, used);
}

static bool add_exception(brn__token_list *out, brn__span word)
{
    size_t parts[BRN__WORD_PARTS];
    int count = brn__word_exception(word, parts);
    const char *p = word.bytes;
    for (int i = 0; i < count; i++) {
        brn__tokens_add(out, p, parts[i]);
        p += parts[i];
    }
    return count > 0;
}

static void add_inside(brn__token_list *out, brn__span word)
{
    size_t begin = 0, at = 0;
    int32_t code;
    while (at < word.length) {
        size_t bytes = at ? brn__word_infix(word, at) : 0;
        if (!bytes) {
            at += (size_t)brn__code_point(word.bytes + at, &code);
            continue;
        }
        if (at > begin) brn__tokens_add(out, word.bytes + begin, at - begin);
        brn__tokens_add(out, word.bytes + at, bytes);
        begin = at += bytes;
    }
    if (at > begin) brn__tokens_add(out, word.bytes + begin, at - begin);
}

static bool is_exception(brn__span word)
{
    size_t parts[BRN__WORD_PARTS];
    return brn__word_exception(word, parts) > 0;
}

enum { MOST_SUFFIXES = 64 };

/* Adds the prefixes and notes the bytes of the suffixes, the outermost first. One of each a step, as in
 * spaCy: what both could take goes to the one in front. Gives what is left between. */
static brn__span strip(brn__token_list *out, brn__span middle, size_t *cuts, int *cut_count)
{
    int count = 0;
    while (middle.length && count < MOST_SUFFIXES && !is_exception(middle)) {
        size_t prefix = brn__word_prefix(middle);
        brn__span rest = {middle.bytes + prefix, middle.length - prefix};
        if (prefix) brn__tokens_add(out, middle.bytes, prefix);
        bool found = prefix && rest.length && is_exception(rest);
        size_t suffix = found || !rest.length ? 0 : brn__word_suffix(rest);
        middle = (brn__span){rest.bytes, rest.length - suffix};
        if (suffix) cuts[count++] = suffix;
        if (found || (!prefix && !suffix)) break;
    }
    *cut_count = count;
    return middle;
}

/* Most words are: nothing can be taken from them. */
static bool is_plain(brn__span word)
{
    for (size_t i = 0; i < word.length; i++) {
        unsigned letter = (unsigned char)word.bytes[i] | 32u;
        if (letter < 'a' || letter > 'z') return false;
    }
    return true;
}

static void add_word(brn__token_list *out, brn__span word)
{
    size_t cuts[MOST_SUFFIXES];
    int count;
    if (add_exception(out, word)) return;
    if (is_plain(word)) {
        brn__tokens_add(out, word.bytes, word.length);
        return;
    }
    brn__span middle = strip(out, word, cuts, &count);
    if (middle.length && !add_exception(out, middle)) {
        if (brn__is_address(middle))
            brn__tokens_add(out, middle.bytes, middle.length);
        else
            add_inside(out, middle);
    }
    const char *behind = middle.bytes + middle.length;
    while (count--) {
        brn__tokens_add(out, behind, cuts[count]);
        behind += cuts[count];
    }
}

void brn__split_words(brn__span text, brn__token_list *out)
{
    const char *p = text.bytes, *end = p + text.length, *begin = p;
    bool blank = false;
    int32_t code;
    if (p < end) brn__code_point(p, &code), blank = brn__is_space(code);
    while (p < end) {
        int bytes = brn__code_point(p, &code);
        if (brn__is_space(code) != blank) {
            brn__span run = {begin, (size_t)(p - begin)};
            if (run.length && blank) add_space(out, run);
            if (run.length && !blank) add_word(out, run);
            begin = !blank && code == ' ' ? p + bytes : p; /* the blank behind a word goes with it */
            blank = !blank;
        }
        p += bytes;
    }
    brn__span run = {begin, (size_t)(p - begin)};
    if (run.length && blank) add_space(out, run);
    if (run.length && !blank) add_word(out, run);
}
