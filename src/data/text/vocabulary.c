/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/vocabulary.h"
#include "base/alloc.h"
#include "base/text.h"
#include "data/text/words_table.h"

#include <string.h>

struct brn__vocabulary {
    brn__words words; /* the distinct ones, in their order */
    int64_t *number_of; /* (distinct): the first place of a word; owned */
    int64_t *word_of;   /* (count): the distinct word of a place; owned */
    int64_t count;
    int32_t unknown, pad, begin;
    brn_text_rules rules;
};

static brn_status check_word(const char *word, int64_t number)
{
    if (strlen(word) <= BRN__TOKEN_BYTES && brn__is_utf8(word)) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "vocabulary: word %lld is not UTF-8, or longer than %d bytes", (long long)number,
                     BRN__TOKEN_BYTES);
}

static brn_status fill(brn__vocabulary *v, const char *const *words)
{
    for (int64_t i = 0; i < v->count; i++) {
        BRN__TRY(check_word(words[i], i));
        int64_t before = v->words.count;
        uint32_t word;
        BRN__TRY(brn__words_add(&v->words, words[i], strlen(words[i]), &word));
        if (v->words.count > before) v->number_of[word] = i;
        v->word_of[i] = word;
    }
    return BRN_OK;
}

static int32_t special(const brn__vocabulary *v, const char *fastai2, const char *fastai07, int32_t otherwise)
{
    const char *word = v->rules == BRN_TEXT_RULES_FASTAI07 ? fastai07 : fastai2;
    int32_t found = brn__vocabulary_find(v, word, strlen(word));
    return found >= 0 ? found : otherwise;
}

brn_status brn__vocabulary_new(brn_text_rules rules, const char *const *words, int64_t count,
                               brn__vocabulary **out)
{
    *out = NULL;
    if (count < 1 || count > BRN__VOCABULARY_MOST)
        return brn__fail(BRN_ERROR_INPUT, "vocabulary: %lld words; expected 1 to %d", (long long)count,
                         BRN__VOCABULARY_MOST);
    brn__vocabulary *v = brn__alloc_zero(1, sizeof *v);
    if (!v) return BRN_ERROR_NO_MEMORY;
    v->rules = rules;
    v->count = count;
    v->number_of = brn__alloc_array((size_t)count, sizeof *v->number_of);
    v->word_of = brn__alloc_array((size_t)count, sizeof *v->word_of);
    brn_status status = v->number_of && v->word_of ? fill(v, words) : BRN_ERROR_NO_MEMORY;
    if (status != BRN_OK) {
        brn__vocabulary_free(v);
        return status;
    }
    v->unknown = special(v, "xxunk", "_unk_", 0);
    v->pad = special(v, "xxpad", "_pad_", count > 1);
    v->begin = special(v, "xxbos", "xbos", -1);
    *out = v;
    return BRN_OK;
}

void brn__vocabulary_free(brn__vocabulary *v)
{
    if (!v) return;
    brn__words_free(&v->words);
    brn__free(v->number_of);
    brn__free(v->word_of);
    brn__free(v);
}

int64_t brn__vocabulary_count(const brn__vocabulary *v) { return v->count; }

const char *brn__vocabulary_word(const brn__vocabulary *v, int64_t number)
{
    return brn__words_get(&v->words, (uint32_t)v->word_of[number]);
}

int32_t brn__vocabulary_find(const brn__vocabulary *v, const char *token, size_t length)
{
    int64_t word = brn__words_find(&v->words, token, length);
    return word < 0 ? -1 : (int32_t)v->number_of[word];
}

/* xxfake fills up fastai's lists and is no word. */
int32_t brn__vocabulary_number(const brn__vocabulary *v, const char *token, size_t length)
{
    int32_t number = brn__vocabulary_find(v, token, length);
    bool fake = length == 6 && memcmp(token, "xxfake", 6) == 0;
    return number < 0 || fake ? v->unknown : number;
}

int32_t brn__vocabulary_unknown(const brn__vocabulary *v) { return v->unknown; }
int32_t brn__vocabulary_pad(const brn__vocabulary *v) { return v->pad; }
int32_t brn__vocabulary_begin(const brn__vocabulary *v) { return v->begin; }
brn_text_rules brn__vocabulary_rules(const brn__vocabulary *v) { return v->rules; }

void brn__vocabulary_map(const brn__vocabulary *from, const brn__vocabulary *to, int64_t *rows)
{
    for (int64_t i = 0; i < to->count; i++) {
        const char *word = brn__vocabulary_word(to, i);
        rows[i] = brn__vocabulary_find(from, word, strlen(word));
    }
}

static void mean_row(const float *weight, int64_t count, int64_t width, int64_t column, float *out)
{
    double sum = 0;
    for (int64_t row = 0; row < count; row++) sum += (double)weight[row * width + column];
    *out = (float)(sum / (double)count);
}

void brn__vocabulary_transfer(const int64_t *rows, int64_t to_count, const float *weight_from,
                              int64_t from_count, int64_t width, float *weight_to)
{
    int64_t fresh = -1; /* the first row that got the mean: the others copy it */
    for (int64_t i = 0; i < to_count; i++) {
        float *to = weight_to + i * width;
        if (rows[i] >= 0)
            memcpy(to, weight_from + rows[i] * width, (size_t)width * sizeof *to);
        else if (fresh >= 0)
            memcpy(to, weight_to + fresh * width, (size_t)width * sizeof *to);
        else
            for (int64_t c = 0; c < width; c++) mean_row(weight_from, from_count, width, c, to + c);
        if (rows[i] < 0) fresh = i;
    }
}
