/* SPDX-License-Identifier: Apache-2.0
 * fast.ai 0.7's rules: the repairs of its IMDb lesson, then text.py's repeated characters and words,
 * capitals, blanks. */
#include "data/text/rules.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *from, *to;
} REPAIRS[] = {
    {"#39;", "'"},    {"amp;", "&"},  {"#146;", "'"},   {"nbsp;", " "}, {"#36;", "$"},  {"\\n", "\n"},
    {"quot;", "'"},   {"<br />", "\n"}, {"\\\"", "\""}, {"<unk>", "u_n"}, {" @.@ ", "."}, {" @-@ ", "-"},
    {"\\", " \\ "},
};

static void repeated(brn__span text, brn__text *out) { brn__rule_repeated(text, 3, "tk_rep", out); }

static void spaced(brn__span text, brn__text *out) { brn__rule_spaced(text, "/#", out); }

/* The end of the run of word characters (or of others) at `p`. */
static const char *run_end(const char *p, const char *end, bool words)
{
    int32_t code;
    while (p < end) {
        int bytes = brn__code_point(p, &code);
        if (brn__is_word(code) != words) break;
        p += bytes;
    }
    return p;
}

static size_t times(const char *p, const char *end, size_t bytes)
{
    size_t count = 1;
    while ((size_t)(end - p) >= (count + 1) * bytes && memcmp(p, p + count * bytes, bytes) == 0) count++;
    return count;
}

/* A word and some of what is behind it that stand there four times or more: (\b\w+\W+)(\1{3,}), which
 * takes as much of what is behind as it can. Gives the bytes of one; 0: there is none. */
static size_t repeated_part(const char *p, const char *end, size_t *count)
{
    const char *word_end = run_end(p, end, true), *part_end = run_end(word_end, end, false);
    while (part_end > word_end) {
        int32_t code;
        size_t bytes = (size_t)(part_end - p);
        *count = times(p, end, bytes);
        if (*count > 3) return bytes;
        part_end -= brn__code_point_before(part_end, &code);
    }
    return 0;
}

static size_t word_count(brn__span text)
{
    size_t count = 0;
    bool inside = false;
    for (size_t i = 0; i < text.length;) {
        int32_t code;
        i += (size_t)brn__code_point(text.bytes + i, &code);
        bool blank = brn__is_space(code);
        count += !blank && !inside;
        inside = !blank;
    }
    return count;
}

static void repeated_words(brn__span text, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length, *copied = p;
    while (p < end) {
        p = run_end(p, end, false);
        if (p == end) break;
        size_t count, bytes = repeated_part(p, end, &count);
        if (!bytes) {
            p = run_end(p, end, true);
            continue;
        }
        brn__text_add_bytes(out, copied, (size_t)(p - copied));
        brn__text_printf(out, " tk_wrep %zu ", word_count((brn__span){p + bytes, bytes * (count - 1)}) + 1);
        brn__text_add_bytes(out, p, bytes);
        brn__text_add_bytes(out, " ", 1);
        copied = p += bytes * count;
    }
    brn__text_add_bytes(out, copied, (size_t)(end - copied));
}

static void capitals(brn__span text, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length;
    while (p < end) {
        const char *words = run_end(p, end, true), *stop = words > p ? words : run_end(p, end, false);
        brn__span run = {p, (size_t)(stop - p)};
        if (words > p && brn__is_all_upper(run) && brn__code_point_count(run) > 2)
            brn__text_add(out, " t_up ");
        brn__text_add_lower(out, run);
        p = stop;
    }
}

/* <br>, < br/>, <BR /> -> a line end. */
static void breaks(brn__span text, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length, *copied = p;
    while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
        const char *begin = p++;
        while (p < end && strchr(" \t\n\r\f\v", *p) && *p) p++;
        if (end - p < 2 || strncasecmp(p, "br", 2) != 0) continue;
        p += 2;
        while (p < end && strchr(" \t\n\r\f\v", *p) && *p) p++;
        if (p < end && *p == '/') p++;
        if (p == end || *p != '>') continue;
        p++;
        brn__text_add_bytes(out, copied, (size_t)(begin - copied));
        brn__text_add_bytes(out, "\n", 1);
        copied = p;
    }
    brn__text_add_bytes(out, copied, (size_t)(end - copied));
}

void brn__rules_fastai07(brn__rewriting *r)
{
    for (size_t i = 0; i < sizeof REPAIRS / sizeof *REPAIRS; i++)
        brn__rewrite_all(r, REPAIRS[i].from, REPAIRS[i].to);
    if (r->text.length && memchr(r->text.bytes, '&', r->text.length)) brn__rewrite(r, brn__rule_unescape);
    brn__rewrite(r, brn__rule_single_blanks);
    brn__rewrite(r, repeated);
    brn__rewrite(r, repeated_words);
    brn__rewrite(r, capitals);
    brn__rewrite(r, spaced);
    brn__rewrite(r, brn__rule_single_blanks);
    brn__rewrite(r, breaks);
}
