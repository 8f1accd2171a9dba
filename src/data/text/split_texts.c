/* SPDX-License-Identifier: Apache-2.0
 * Texts of a program into tokens, without a corpus. */
#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "data/text/tokenizer.h"

#include <string.h>

typedef struct split {
    brn_split_texts texts; /* first, as it is what the caller has */
    brn__tokenizing work;  /* owns what texts points to, but `ends` */
    int64_t *ends;
} split;

static brn_status split_all(const brn__tokenizer *tokenizer, const char *const *texts, int64_t count, split *s)
{
    for (int64_t i = 0; i < count; i++) {
        if (!brn__is_utf8(texts[i])) return brn__fail(BRN_ERROR_INPUT, "text %lld is not UTF-8", (long long)i);
        BRN__TRY(brn__tokenize(tokenizer, (brn__span){texts[i], strlen(texts[i])}, BRN__PIECE_LAST, &s->work));
        s->ends[i] = s->work.tokens.count;
    }
    const brn__token_list *tokens = &s->work.tokens;
    s->texts = (brn_split_texts){count, tokens->count, s->ends, tokens->lengths, tokens->bytes.bytes};
    return BRN_OK;
}

brn_status brn_text_split(const brn_text_options *options, const char *const *texts, int64_t count,
                          brn_split_texts **out)
{
    brn__tokenizer *tokenizer;
    *out = NULL;
    BRN__TRY(brn__tokenizer_new(options, &tokenizer));
    split *s = brn__alloc_zero(1, sizeof *s);
    if (s) s->ends = brn__alloc_zero((size_t)count + 1, sizeof *s->ends);
    const brn_status status = s && s->ends ? split_all(tokenizer, texts, count, s) : BRN_ERROR_NO_MEMORY;
    brn__tokenizer_free(tokenizer);
    if (status == BRN_OK) *out = &s->texts;
    else if (s) brn_split_texts_free(&s->texts);
    return status;
}

void brn_split_texts_free(brn_split_texts *texts)
{
    split *s = (split *)texts;
    if (!s) return;
    brn__tokenizing_deinit(&s->work);
    brn__free(s->ends);
    brn__free(s);
}
