/* SPDX-License-Identifier: Apache-2.0
 * fastai 2's rules in their order: fix_html, replace_rep, replace_wrep, spec_add_spaces,
 * rm_useless_spaces, replace_all_caps, replace_maj, lowercase. Where fast.ai searches by a regular
 * expression the comment says what it finds. */
#include "data/text/rules.h"

#include <string.h>

/* What people find in scraped texts, in this order, before references are resolved. */
static const struct {
    const char *from, *to;
} REPAIRS[] = {
    {"#39;", "'"},       {"amp;", "&"},     {"#146;", "'"},   {"nbsp;", " "},  {"#36;", "$"},
    {"\\n", "\n"},       {"quot;", "'"},    {"<br />", "\n"}, {"\\\"", "\""},  {"<unk>", "xxunk"},
    {" @.@ ", "."},      {" @-@ ", "-"},    {"...", " \xE2\x80\xA6"},
};

static void repeated(brn__span text, brn__text *out) { brn__rule_repeated(text, 2, "xxrep", out); }

static void spaced(brn__span text, brn__text *out) { brn__rule_spaced(text, "/#\\", out); }

/* ---- repeated words ---- */

static const char *skip_word(const char *p, const char *end)
{
    int32_t code;
    while (p < end) {
        int bytes = brn__code_point(p, &code);
        if (!brn__is_word(code)) break;
        p += bytes;
    }
    return p;
}

static const char *skip_space(const char *p, const char *end)
{
    int32_t code;
    while (p < end) {
        int bytes = brn__code_point(p, &code);
        if (!brn__is_space(code)) break;
        p += bytes;
    }
    return p;
}

typedef struct repetition {
    brn__span word;
    int64_t count;   /* how often it stands there */
    brn__span after; /* the blank or mark behind the last one; empty at the end of the text */
} repetition;

/* Is `word` at `p`, and at an end: of the text, or before what is no part of a word? */
static bool is_word_at(brn__span word, const char *p, const char *end, brn__span *after)
{
    int32_t code;
    if ((size_t)(end - p) < word.length || memcmp(p, word.bytes, word.length) != 0) return false;
    p += word.length;
    *after = (brn__span){p, 0};
    if (p == end) return true;
    after->length = (size_t)brn__code_point(p, &code);
    return !brn__is_word(code);
}

/* A word at `p` that stands there at least three times with blanks between:
 * (\w+)\s+((?:\1\s+)+)\1(\s|\W|$) */
static bool repeats(const char *p, const char *end, repetition *out)
{
    const char *word_end = skip_word(p, end), *next = skip_space(word_end, end);
    if (word_end == p || next == word_end) return false;
    *out = (repetition){.word = {p, (size_t)(word_end - p)}, .count = 1};
    brn__span after;
    while (is_word_at(out->word, next, end, &after)) {
        out->count++;
        out->after = after;
        const char *past = after.bytes;
        next = skip_space(past, end);
        if (next == past) break; /* a mark, or the end */
    }
    return out->count >= 3;
}

/* Words are looked for at the beginning and behind each blank, which goes with them. */
static void repeated_words(brn__span text, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length, *copied = p;
    repetition found;
    bool first = true;
    while (p < end) {
        int32_t code = ' ';
        int bytes = brn__code_point(p, &code);
        bool blank = brn__is_space(code);
        const char *word = blank ? p + bytes : p;
        if ((blank || first) && repeats(word, end, &found)) {
            brn__text_add_bytes(out, copied, (size_t)(p - copied));
            brn__text_printf(out, " xxwrep %lld ", (long long)found.count);
            brn__text_add_bytes(out, found.word.bytes, found.word.length);
            brn__text_add_bytes(out, " ", 1);
            brn__text_add_bytes(out, found.after.bytes, found.after.length);
            copied = p = found.after.bytes + found.after.length;
        } else {
            p += bytes;
        }
        first = false;
    }
    brn__text_add_bytes(out, copied, (size_t)(end - copied));
}

/* ---- capitals ---- */

/* Calls `mark_of` for what stands between blanks and puts its mark before it, in lower case. */
static void mark_capitals(brn__span text, bool (*fits)(brn__span word), const char *mark, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length, *copied = p;
    while (p < end) {
        int32_t code;
        int bytes = brn__code_point(p, &code);
        if (brn__is_space(code)) {
            p += bytes;
            continue;
        }
        const char *begin = p;
        while (p < end && (bytes = brn__code_point(p, &code), !brn__is_space(code))) p += bytes;
        brn__span word = {begin, (size_t)(p - begin)};
        if (*begin < 'A' || *begin > 'Z' || !fits(word)) continue;
        brn__text_add_bytes(out, copied, (size_t)(begin - copied));
        if (word.length > 1) brn__text_add(out, mark);
        brn__text_add_lower(out, word);
        copied = p;
    }
    brn__text_add_bytes(out, copied, (size_t)(end - copied));
}

/* [A-Z]+[^a-z\s]* */
static bool has_no_small(brn__span word)
{
    for (size_t i = 0; i < word.length; i++)
        if (word.bytes[i] >= 'a' && word.bytes[i] <= 'z') return false;
    return true;
}

/* [A-Z][^A-Z\s]* */
static bool has_one_capital(brn__span word)
{
    for (size_t i = 1; i < word.length; i++)
        if (word.bytes[i] >= 'A' && word.bytes[i] <= 'Z') return false;
    return true;
}

static void all_capitals(brn__span text, brn__text *out)
{
    mark_capitals(text, has_no_small, "xxup ", out);
}

static void first_capitals(brn__span text, brn__text *out)
{
    mark_capitals(text, has_one_capital, "xxmaj ", out);
}

static void lowered(brn__span text, brn__text *out) { brn__text_add_lower(out, text); }

void brn__rules_fastai2(brn__rewriting *r)
{
    for (size_t i = 0; i < sizeof REPAIRS / sizeof *REPAIRS; i++)
        brn__rewrite_all(r, REPAIRS[i].from, REPAIRS[i].to);
    if (r->text.length && memchr(r->text.bytes, '&', r->text.length)) brn__rewrite(r, brn__rule_unescape);
    brn__rewrite(r, repeated);
    brn__rewrite(r, repeated_words);
    brn__rewrite(r, spaced);
    brn__rewrite(r, brn__rule_single_blanks);
    brn__rewrite(r, all_capitals);
    brn__rewrite(r, first_capitals);
    brn__rewrite(r, lowered);
    r->text = brn__strip(r->text);
}
