/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/patterns.h"
#include "base/alloc.h"
#include "base/arena.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

enum { MOST_STEPS = 1000000, MOST_KIB = 65536 };

struct brn__patterns {
    brn__arena arena;
    brn_text_replacement *list; /* (count) */
    pcre2_code **codes;         /* (count) */
    pcre2_match_context *limits;
    pcre2_general_context *memory;
    int64_t count;
};

static void *allocate(size_t bytes, void *data)
{
    (void)data;
    return brn__alloc(bytes);
}

static void release(void *pointer, void *data)
{
    (void)data;
    brn__free(pointer);
}

static brn_status compile(brn__patterns *p, pcre2_compile_context *context, int64_t i,
                          const brn_text_replacement *from)
{
    int error;
    PCRE2_SIZE at;
    p->list[i].pattern = brn__arena_strdup(&p->arena, from->pattern);
    p->list[i].replacement = brn__arena_strdup(&p->arena, from->replacement);
    if (!p->list[i].pattern || !p->list[i].replacement) return BRN_ERROR_NO_MEMORY;
    p->codes[i] = pcre2_compile((PCRE2_SPTR)from->pattern, PCRE2_ZERO_TERMINATED,
                                PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &at, context);
    if (p->codes[i]) return BRN_OK;
    PCRE2_UCHAR reason[256];
    if (error == PCRE2_ERROR_NOMEMORY || error == 121)
        return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for the pattern \"%.200s\"", from->pattern);
    pcre2_get_error_message(error, reason, sizeof reason);
    return brn__fail(BRN_ERROR_USAGE, "replacement pattern \"%.200s\": %s, at character %zu", from->pattern,
                     (const char *)reason, at + 1);
}

static brn_status compile_all(brn__patterns *p, const brn_text_replacement *list)
{
    p->list = brn__arena_alloc(&p->arena, (size_t)(p->count + 1) * sizeof *p->list);
    p->codes = brn__arena_alloc(&p->arena, (size_t)(p->count + 1) * sizeof *p->codes);
    p->memory = pcre2_general_context_create(allocate, release, NULL);
    p->limits = p->memory ? pcre2_match_context_create(p->memory) : NULL;
    pcre2_compile_context *context = p->memory ? pcre2_compile_context_create(p->memory) : NULL;
    brn_status status = BRN_OK;
    if (!p->list || !p->codes || !p->limits || !context)
        status = brn__fail(BRN_ERROR_NO_MEMORY, "no memory for patterns");
    if (p->limits) {
        pcre2_set_match_limit(p->limits, MOST_STEPS);
        pcre2_set_heap_limit(p->limits, MOST_KIB);
    }
    for (int64_t i = 0; status == BRN_OK && i < p->count; i++) status = compile(p, context, i, &list[i]);
    pcre2_compile_context_free(context);
    return status;
}

brn_status brn__patterns_new(const brn_text_replacement *list, int64_t count, brn__patterns **out)
{
    *out = NULL;
    brn__patterns *patterns = brn__alloc_zero(1, sizeof *patterns);
    if (!patterns) return BRN_ERROR_NO_MEMORY;
    patterns->count = count;
    brn_status status = compile_all(patterns, list);
    if (status == BRN_OK)
        *out = patterns;
    else
        brn__patterns_free(patterns);
    return status;
}

void brn__patterns_free(brn__patterns *patterns)
{
    if (!patterns) return;
    for (int64_t i = 0; patterns->codes && i < patterns->count; i++) pcre2_code_free(patterns->codes[i]);
    pcre2_match_context_free(patterns->limits);
    pcre2_general_context_free(patterns->memory);
    brn__arena_free(&patterns->arena);
    brn__free(patterns);
}

int64_t brn__patterns_count(const brn__patterns *patterns) { return patterns ? patterns->count : 0; }

const brn_text_replacement *brn__patterns_list(const brn__patterns *patterns) { return patterns->list; }

static brn_status fail(const brn__patterns *p, int64_t number, int error)
{
    PCRE2_UCHAR reason[256];
    if (error == PCRE2_ERROR_NOMEMORY) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to match a pattern");
    pcre2_get_error_message(error, reason, sizeof reason);
    return brn__fail(BRN_ERROR_INPUT, "replacement \"%.100s\" by \"%.100s\": %s", p->list[number].pattern,
                     p->list[number].replacement, (const char *)reason);
}

brn_status brn__patterns_apply(const brn__patterns *p, int64_t number, brn__span text, brn__text *out)
{
    const uint32_t flags = PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY |
                           PCRE2_SUBSTITUTE_OVERFLOW_LENGTH | PCRE2_NO_UTF_CHECK;
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(p->codes[number], p->memory);
    if (!match) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to match a pattern");
    size_t room = text.length + text.length / 8 + 256;
    int result = PCRE2_ERROR_NOMEMORY;
    char *bytes = NULL;
    for (int attempt = 0; attempt < 2 && result == PCRE2_ERROR_NOMEMORY; attempt++) {
        brn__free(bytes);
        bytes = brn__alloc(room);
        if (!bytes) break;
        result = pcre2_substitute(p->codes[number], (PCRE2_SPTR)text.bytes, text.length, 0, flags, match, p->limits,
                                  (PCRE2_SPTR)p->list[number].replacement, PCRE2_ZERO_TERMINATED,
                                  (PCRE2_UCHAR *)bytes, &room);
    }
    if (result >= 0) brn__text_add_bytes(out, bytes, room);
    pcre2_match_data_free(match);
    brn__free(bytes);
    return result >= 0 ? brn__text_finish(out) : fail(p, number, result);
}
