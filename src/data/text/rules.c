/* SPDX-License-Identifier: Apache-2.0
 * What the rules of both fast.ai's share. */
#include "data/text/rules.h"

#include <string.h>

void brn__rewrite(brn__rewriting *r, brn__rule *rule)
{
    brn__text *out = &r->buffers[r->next];
    out->length = 0;
    rule(r->text, out);
    r->text = (brn__span){out->bytes, out->length};
    r->next = 1 - r->next;
}

void brn__rewrite_all(brn__rewriting *r, const char *from, const char *to)
{
    const char *at = r->text.bytes, *end = at + r->text.length;
    size_t from_length = strlen(from), to_length = strlen(to);
    const char *found = r->text.length ? memmem(at, r->text.length, from, from_length) : NULL;
    if (!found) return; /* which is nearly always so */
    brn__text *out = &r->buffers[r->next];
    out->length = 0;
    while (found) {
        brn__text_add_bytes(out, at, (size_t)(found - at));
        brn__text_add_bytes(out, to, to_length);
        at = found + from_length;
        found = at < end ? memmem(at, (size_t)(end - at), from, from_length) : NULL;
    }
    brn__text_add_bytes(out, at, (size_t)(end - at));
    r->text = (brn__span){out->bytes, out->length};
    r->next = 1 - r->next;
}

brn_status brn__rewriting_finish(const brn__rewriting *r)
{
    BRN__TRY(brn__text_finish(&r->buffers[0]));
    return brn__text_finish(&r->buffers[1]);
}

void brn__rewriting_deinit(brn__rewriting *r)
{
    brn__text_free(&r->buffers[0]);
    brn__text_free(&r->buffers[1]);
}

/* How many times the code point at `p` (`bytes` long) stands there in a row. */
static size_t run_length(const char *p, const char *end, size_t bytes)
{
    size_t count = 1;
    while ((size_t)(end - p) >= (count + 1) * bytes && memcmp(p, p + count * bytes, bytes) == 0) count++;
    return count;
}

void brn__rule_repeated(brn__span text, size_t most, const char *mark, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length, *copied = p;
    while (p < end) {
        int32_t code;
        size_t bytes = (size_t)brn__code_point(p, &code);
        size_t count = run_length(p, end, bytes);
        if (count > most && !brn__is_space(code)) {
            brn__text_add_bytes(out, copied, (size_t)(p - copied));
            brn__text_printf(out, " %s %zu %.*s ", mark, count, (int)bytes, p);
            copied = p + count * bytes;
        }
        p += count * bytes;
    }
    brn__text_add_bytes(out, copied, (size_t)(end - copied));
}

void brn__rule_spaced(brn__span text, const char *characters, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length, *copied = p;
    for (; p < end; p++) {
        if (!*p || !strchr(characters, *p)) continue;
        brn__text_add_bytes(out, copied, (size_t)(p - copied));
        const char spaced[3] = {' ', *p, ' '};
        brn__text_add_bytes(out, spaced, 3);
        copied = p + 1;
    }
    brn__text_add_bytes(out, copied, (size_t)(end - copied));
}

void brn__rule_single_blanks(brn__span text, brn__text *out)
{
    const char *p = text.bytes, *end = p + text.length, *copied = p;
    while (p < end) {
        const char *blank = memchr(p, ' ', (size_t)(end - p));
        if (!blank) break;
        for (p = blank + 1; p < end && *p == ' ';) p++;
        if (p == blank + 1) continue;
        brn__text_add_bytes(out, copied, (size_t)(blank + 1 - copied));
        copied = p;
    }
    brn__text_add_bytes(out, copied, (size_t)(end - copied));
}
