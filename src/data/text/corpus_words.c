/* SPDX-License-Identifier: Apache-2.0
 * The vocabulary of a corpus as fast.ai makes it: the most frequent words first, of equally frequent ones
 * the one that came first; special tokens before all. */
#include "base/alloc.h"
#include "data/text/corpus_build.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_FREQ = 3, MOST_WORDS = 60000, MULTIPLE = 8, SPECIALS = 9 };

static const char *const FASTAI2[SPECIALS] = {"xxunk", "xxpad",  "xxbos", "xxeos", "xxfld",
                                              "xxrep", "xxwrep", "xxup",  "xxmaj"};
static const char *const FASTAI07[] = {"_unk_", "_pad_"};

/* Words are counted in the table itself. */
typedef struct counts {
    uint32_t *seen; /* (words): in which order they came, of those that did */
    uint32_t distinct;
} counts;

static void count_document(const brn__corpus_build *b, const brn__document_facts *facts, int64_t end,
                           const int32_t *tokens, counts *c)
{
    for (int64_t i = facts->start; i < end; i++) {
        brn__word_entry *entry = brn__words_entry(&b->words, (uint32_t)tokens[i]);
        if (!entry->count) c->seen[tokens[i]] = c->distinct++;
        if (entry->count < UINT32_MAX) entry->count++;
    }
}

static void count_all(const brn__corpus_build *b, const int32_t *tokens, counts *c)
{
    for (int64_t d = 0; d < b->count; d++) {
        const brn__document_facts *facts = &b->documents[d];
        int64_t end = d + 1 < b->count ? b->documents[d + 1].start : b->token_count;
        if (facts->split == BRN__TEXT_TRAIN || facts->split == BRN__TEXT_UNLABELLED)
            count_document(b, facts, end, tokens, c);
    }
}

typedef struct candidate {
    uint32_t times, seen, word;
} candidate;

static int by_times(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->times != y->times) return x->times > y->times ? -1 : 1;
    return x->seen < y->seen ? -1 : x->seen > y->seen;
}

static brn_status sorted_candidates(const brn__corpus_build *b, const counts *c, candidate **out, int64_t *count)
{
    const int64_t least = b->options->min_freq > 0 ? b->options->min_freq : MIN_FREQ;
    *count = 0;
    for (uint32_t w = 0; w < b->words.count; w++) *count += brn__words_entry(&b->words, w)->count >= least;
    *out = brn__alloc_array((size_t)*count + 1, sizeof **out);
    if (!*out) return BRN_ERROR_NO_MEMORY;
    candidate *to = *out;
    for (uint32_t w = 0; w < b->words.count; w++) {
        uint32_t times = brn__words_entry(&b->words, w)->count;
        if (times >= least) *to++ = (candidate){times, c->seen[w], w};
    }
    qsort(*out, (size_t)*count, sizeof **out, by_times);
    return BRN_OK;
}

static bool is_special(const char *word)
{
    for (int i = 0; i < SPECIALS; i++)
        if (strcmp(word, FASTAI2[i]) == 0) return true;
    return false;
}

/* fastai 2: the special tokens and words together are at most `most`; xxfake fills up to a multiple of 8
 * and, as there, adds eight where nothing need be filled. 0.7: `most` words behind two special ones. */
static int64_t list_words(const brn__corpus_build *b, const candidate *candidates, int64_t count, const char **words)
{
    bool fastai07 = b->options->rules == BRN_TEXT_RULES_FASTAI07;
    int64_t used = fastai07 ? 2 : SPECIALS;
    int64_t most = b->options->max_vocabulary > 0 ? b->options->max_vocabulary : MOST_WORDS;
    memcpy(words, fastai07 ? FASTAI07 : FASTAI2, (size_t)used * sizeof *words);
    if (fastai07) most += 2;
    for (int64_t i = 0; i < count && used < most; i++) {
        const char *word = brn__words_get(&b->words, candidates[i].word);
        if (fastai07 || !is_special(word)) words[used++] = word;
    }
    if (fastai07) return used;
    if (used > most) used = most;
    for (int64_t fake = MULTIPLE - used % MULTIPLE; fake > 0; fake--) words[used++] = "xxfake";
    return used;
}

static brn_status choose(const brn__corpus_build *b, const counts *c, brn__vocabulary **vocabulary)
{
    candidate *candidates;
    int64_t count;
    BRN__TRY(sorted_candidates(b, c, &candidates, &count));
    const char **words = brn__alloc_array((size_t)count + SPECIALS + MULTIPLE, sizeof *words);
    brn_status status = words ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK)
        status = brn__vocabulary_new(b->options->rules, words, list_words(b, candidates, count, words), vocabulary);
    brn__free(candidates);
    brn__free(words);
    return status;
}

brn_status brn__corpus_vocabulary(const brn__corpus_build *b, const int32_t *tokens, brn__vocabulary **vocabulary,
                                  int32_t **final_of)
{
    size_t words = (size_t)b->words.count;
    counts c = {.seen = brn__alloc_array(words + 1, sizeof *c.seen)};
    brn_status status = c.seen ? BRN_OK : BRN_ERROR_NO_MEMORY;
    *vocabulary = NULL;
    *final_of = NULL;
    if (status == BRN_OK) {
        count_all(b, tokens, &c);
        status = choose(b, &c, vocabulary);
    }
    brn__free(c.seen);
    if (status != BRN_OK) return status;
    *final_of = brn__alloc_array(words + 1, sizeof **final_of);
    for (size_t w = 0; *final_of && w < words; w++) {
        const char *word = brn__words_get(&b->words, (uint32_t)w);
        (*final_of)[w] = brn__vocabulary_number(*vocabulary, word, strlen(word));
    }
    if (*final_of) return BRN_OK;
    brn__vocabulary_free(*vocabulary);
    *vocabulary = NULL;
    return BRN_ERROR_NO_MEMORY;
}
