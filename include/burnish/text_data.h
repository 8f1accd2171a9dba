/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts: where they come from and how they become numbers.
 *
 *     brn_text_options options = brn_text_defaults();
 *     options.target = BRN_TEXT_LABEL;      // a classifier's texts; BRN_TEXT_NO_TARGET: a language model's
 *     options.label_column = "sentiment";
 *
 * A text is normalised by rules, split into tokens, and each token becomes its number in a vocabulary.
 * docs/text.md has the rules and special tokens. Texts are UTF-8.
 */
#ifndef BURNISH_TEXT_DATA_H
#define BURNISH_TEXT_DATA_H

#include "burnish/options.h"
#include "burnish/status.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, word). What is done to a text before it is split, and its special tokens. */
#define BRN_TEXT_RULES_LIST(X)                                                                     \
    X(FASTAI2, "fastai2")   /* xxunk xxpad xxbos ..., as fastai 1 and 2 */                         \
    X(FASTAI07, "fastai07") /* _unk_ _pad_ ... tk_rep tk_wrep t_up xbos xfld */                    \
    X(NONE, "none")         /* fastai 2's tokens, but the text stays as it is: no capital marks, no repairs */

typedef enum brn_text_rules {
#define X(name, word) BRN_TEXT_RULES_##name,
    BRN_TEXT_RULES_LIST(X)
#undef X
        BRN_TEXT_RULES_COUNT
} brn_text_rules;

/* X(NAME, word). What a token is. */
#define BRN_TEXT_TOKENS_LIST(X)                                                                    \
    X(WORDS, "words")           /* words, punctuation, contractions: close to spaCy's English */   \
    X(BLANKS, "blanks")         /* what stands between blanks: fastai's BaseTokenizer */           \
    X(CHARACTERS, "characters") /* code points */                                                  \
    X(PIECES, "pieces")         /* pieces of a SentencePiece model */

typedef enum brn_text_tokens {
#define X(name, word) BRN_TEXT_##name,
    BRN_TEXT_TOKENS_LIST(X)
#undef X
        BRN_TEXT_TOKENS_COUNT
} brn_text_tokens;

/* X(NAME, word). What a text answers to. */
#define BRN_TEXT_TARGET_LIST(X)                                                                    \
    X(NO_TARGET, "none")                                                                           \
    X(LABEL, "label") /* one of several classes */                                                 \
    X(TAGS, "tags")   /* any of several, separated by `tag_separator` */                           \
    X(NUMBERS, "numbers") /* one number, or as many as there are label columns */

typedef enum brn_text_target {
#define X(name, word) BRN_TEXT_##name,
    BRN_TEXT_TARGET_LIST(X)
#undef X
        BRN_TEXT_TARGET_COUNT
} brn_text_target;

/* What one document of a plain text file is. */
typedef enum brn_text_document { BRN_TEXT_PER_FILE, BRN_TEXT_PER_LINE } brn_text_document;

/* A change made before all others: a PCRE2 pattern (UTF, Unicode classes) and its replacement ($1, ${name}). */
typedef struct brn_text_replacement {
    const char *pattern, *replacement;
} brn_text_replacement;

typedef struct brn_text_options {
    /* Tokens. A vocabulary that is given brings its own. */
    brn_text_rules rules;
    brn_text_tokens tokens;
    const brn_text_replacement *replacements; /* (replacement_count), in order */
    int64_t replacement_count;
    const char *pieces;  /* PIECES: the .model file (unigram or BPE), which the trained model keeps. Such a model has
                            * rules of its own: RULES_NONE goes with it, or FASTAI2 if it was trained on such texts */
    int64_t min_freq;    /* a token must be met so often to have a number; 0: 3 (fastai 2), 3 (0.7: above 2) */
    int64_t max_vocabulary; /* 0: 60000 */

    /* Sources. */
    brn_text_document document;
    const char *const *text_columns; /* (text_column_count) of tables; none: the first there is of "text",
                                       "review", "sentence", "comment", "content", "body", else the only column */
    int64_t text_column_count;
    bool mark_fields; /* a mark before each of several columns; with several they always are */
    char separator;   /* as brn_table_options */
    bool no_header, latin1;

    /* Answers. */
    brn_text_target target;
    const char *const *label_columns; /* (label_column_count); none: the first there is of "label",
                                        "sentiment", "class", "target" (TAGS: "tags", "labels", "label") */
    int64_t label_column_count;
    char tag_separator;       /* 0: a blank */
    const char *valid_column; /* NULL: "is_valid", where there is one */

    /* Which texts validate where neither folders nor a column say so: this share, drawn. */
    double valid; /* 0.1 */
    uint64_t seed;

    int threads; /* that tokenise; 0: one a processor. The tokens do not depend on it */
    int (*progress)(void *context, int64_t bytes_done, int64_t bytes_total); /* or NULL; non-zero stops */
    void *context;
} brn_text_options;

/* fastai 2's rules, words, a document a file, no target; a tenth validates, seed 0. What options
 * point to is borrowed. */
BRN_API brn_text_options brn_text_defaults(void);
/* All options but columns, replacements, separators and threads. */
BRN_API const brn_option *brn_text_option_list(int *count);

/* Texts split into their tokens, which stand one behind the other. */
typedef struct brn_split_texts {
    int64_t text_count, token_count;
    const int64_t *ends;     /* (text_count): how many tokens the texts up to this one have */
    const uint32_t *lengths; /* (token_count): bytes */
    const char *bytes;       /* UTF-8 */
} brn_split_texts;
/* By the rules, replacements and tokens of `options`, each text without the mark of its beginning. BRN_ERROR_INPUT
 * names the first text that is not UTF-8. The caller frees by brn_split_texts_free. */
BRN_API brn_status brn_text_split(const brn_text_options *options, const char *const *texts, int64_t count,
                                  brn_split_texts **out);
BRN_API void brn_split_texts_free(brn_split_texts *texts); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
