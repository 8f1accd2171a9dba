/* SPDX-License-Identifier: Apache-2.0
 * From sources to the file of a corpus. Words are numbered as they come while tokens go to a file of
 * their own; when all have come, the documents that train are known and counted, the vocabulary is
 * chosen, and the tokens are written anew by their final numbers. */
#ifndef BRN__DATA_TEXT_CORPUS_BUILD_H
#define BRN__DATA_TEXT_CORPUS_BUILD_H

#include "data/text/corpus_file.h"
#include "data/text/sources.h"
#include "data/text/words_table.h"

/* What is kept of each document while it is read: there may be tens of millions. */
typedef struct brn__document_facts {
    int64_t start; /* of its tokens */
    uint32_t row;
    int32_t source;
    int32_t label; /* LABEL: in the order in which labels came; -1: none */
    uint8_t split;
} brn__document_facts;

typedef struct brn__corpus_build {
    const brn_text_options *options;
    brn__sources *sources;
    const brn__text_settings *given; /* NULL: a vocabulary is to be built */
    const brn__text_classes *classes; /* NULL: what comes */
    const brn__tokenizer *tokenizer;

    brn__document_facts *documents; /* (count), owned */
    int64_t count, capacity;
    brn__words labels; /* classes and tags as they come, or as given */
    int64_t *answers;  /* TAGS, NUMBERS: (count), where a document's begin in `tags` or `numbers`; -1: none; owned */
    int64_t answer_capacity;
    int32_t *tags;     /* (tag_count), owned */
    int64_t tag_count, tag_capacity;
    float *numbers; /* (number_count), owned */
    int64_t number_count, number_capacity;
    int64_t number_columns;

    int64_t begun;       /* documents whose tokens have begun to come */
    int64_t token_count;
    brn__words words;
    int32_t *class_of; /* (labels.count): the class of a label; owned */
    const char **class_names; /* (labels.count), sorted unless given; owned */
} brn__corpus_build;

/* The document sink: notes what is known of it. corpus_answers.c */
brn_status brn__corpus_note(void *build, const brn__document *document);
/* Sorts the classes. */
brn_status brn__corpus_sort_classes(brn__corpus_build *build);
/* Decides which documents validate where nothing has said so. May cut the last document in two, for a
 * language model that has few. */
brn_status brn__corpus_split(brn__corpus_build *build);

/* The vocabulary of what trains: `tokens` (token_count) are numbers in build->words. *final_of: the final number of
 * each word, brn__free. corpus_words.c */
brn_status brn__corpus_vocabulary(const brn__corpus_build *build, const int32_t *tokens,
                                  brn__vocabulary **vocabulary, int32_t **final_of);

/* All of it. `digest` is kept in the file. */
brn_status brn__corpus_build_file(brn__corpus_build *build, const char *path, const char *digest);
void brn__corpus_build_deinit(brn__corpus_build *build);

#endif
