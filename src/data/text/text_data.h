/* SPDX-License-Identifier: Apache-2.0
 * Texts as the jobs see them: settings that a model keeps, a corpus of numbered tokens in a mapped
 * file, and its batches for the loader.
 *
 * A language model:
 *
 *     brn__text_open(inputs, input_count, &options, NULL, run_folder, &corpus); // builds the vocabulary
 *     brn__text_part(corpus, BRN__TEXT_TRAIN, documents, &count);
 *     brn__lm_options lm = brn__lm_defaults();
 *     brn__lm_dataset_new(corpus, documents, count, &lm, &dataset);
 *     brn__loader_options load = {.batch_size = lm.batch_size, .prefetch = 1, .seed = seed};
 *     brn__loader_new(dataset, NULL, 0, &load, &loader);       // brn__lm_loader does both
 *
 *     // Each batch: inputs and targets (N, T), T = batch.length, row r goes on where row r of the batch
 *     // before stopped. brn__loader_start_at(loader, epoch, number) gives the very same batches again.
 *
 * A classifier on its encoder:
 *
 *     brn__text_settings_read(card_json, &settings);           // of the language model
 *     brn__text_open(inputs, input_count, &options, settings, run_folder, &corpus);
 *     brn__text_loader(corpus, documents, count, &batches, true, &dataset, &loader);
 *     // inputs (N, T) padded in front with settings->vocabulary.pad; targets (N) class numbers, or
 *     // (N, K) floats of tags and numbers.
 *
 * One text of a user: brn__text_encode(settings, text, length, &tokens, &count).
 */
#ifndef BRN__DATA_TEXT_DATA_H
#define BRN__DATA_TEXT_DATA_H

#include "burnish/text_data.h"
#include "data/loader.h"
#include "data/text/vocabulary.h"

/* ------------------------------------------------------------------ settings: what a model keeps */

typedef struct brn__tokenizer brn__tokenizer; /* tokenizer.h */

typedef struct brn__text_settings {
    brn__tokenizer *tokenizer; /* may be used by several threads at once */
    brn__vocabulary *vocabulary;
} brn__text_settings;

/* {"tokenizer": {...}, "vocabulary": ["xxunk", ...]}; the caller frees by brn__free. */
brn_status brn__text_settings_write(const brn__text_settings *settings, char **json);
brn_status brn__text_settings_read(const char *json, brn__text_settings **out);
/* Rules and tokens of `options` with a vocabulary, which is taken (also on failure). */
brn_status brn__text_settings_new(const brn_text_options *options, brn__vocabulary *vocabulary,
                                  brn__text_settings **out);
/* Same rules and same words in the same places? Else BRN_ERROR_INPUT, which names `path`. */
brn_status brn__text_settings_alike(const brn__text_settings *settings, const brn__text_settings *expected,
                                    const char *path);
brn_status brn__text_settings_copy(const brn__text_settings *settings, brn__text_settings **out);
void brn__text_settings_free(brn__text_settings *settings); /* NULL is fine */

/* Numbers of a text's tokens, the mark of the beginning first; the caller frees `*tokens` by brn__free.
 * BRN_ERROR_INPUT when it is not UTF-8. */
brn_status brn__text_encode(const brn__text_settings *settings, const char *text, size_t length,
                            int32_t **tokens, int64_t *count);
/* Tokens as a text a person would write: marks of capitals and repetitions undone, no blank before a
 * comma. Special tokens that stand for nothing are left out. brn__free. */
brn_status brn__text_decode(const brn__text_settings *settings, const int32_t *tokens, int64_t count,
                            char **text);
/* The same with a blank between tokens as they stand in the vocabulary. */
brn_status brn__text_spell(const brn__text_settings *settings, const int32_t *tokens, int64_t count,
                           char **text);

/* ------------------------------------------------------------------ corpus */

typedef enum brn__text_split {
    BRN__TEXT_TRAIN,
    BRN__TEXT_VALID,
    BRN__TEXT_TEST,      /* a folder called test: neither trains nor validates */
    BRN__TEXT_UNLABELLED, /* a folder called unsup, or no label in its row: a language model's */
} brn__text_split;

/* Everything is valid until brn__corpus_free. */
typedef struct brn__corpus {
    brn__text_settings *settings; /* a copy of what was given, or built from what trains; owned */
    int64_t document_count, token_count;
    const int32_t *tokens; /* (token_count), in the order of the sources; mapped */
    const int64_t *starts; /* (document_count + 1): document d is tokens[starts[d]] .. [starts[d+1] - 1] */
    const uint8_t *splits; /* (document_count): brn__text_split */

    brn_text_target target;
    int64_t class_count;         /* LABEL, TAGS: classes; NUMBERS: numbers; else 0 */
    const char *const *classes;  /* (class_count), sorted by bytes; NUMBERS: the columns */
    const int32_t *labels;       /* LABEL: (document_count), -1 where there is none; else NULL */
    const float *targets;        /* TAGS, NUMBERS: (document_count, class_count); else NULL */

    char digest[65]; /* of all that the tokens depend on: sources and options */
    bool cached;     /* the tokens were there already */
    struct brn__corpus_file *file;
} brn__corpus;

typedef struct brn__text_classes { /* of a model: what labels may be */
    const char *const *names;
    int64_t count;
} brn__text_classes;

/* Reads `inputs`: text files, folders of them (CLASS/ below train/, valid/, test/ and unsup/ or not),
 * tables (.csv .tsv and what brn_table_options reads). With `settings` NULL the vocabulary is built of
 * what trains, else `settings` (copied) are used. With `classes` those are the classes, in their order, and
 * labels must be among them. The tokens are a file in `folder` (made when absent), named by its content key: opened as
 * it is when it is there, else written whole or not at all; without a folder in TMPDIR, for this process.
 * Memory does not grow with the texts.
 *
 * BRN_ERROR_INPUT names file and line: not UTF-8, a damaged table, a column that is not there, no text
 * at all, a label that is not known; BRN_ERROR_IO what the disk says; BRN_ERROR_INTERRUPTED when
 * `progress` stops it. */
brn_status brn__text_open(const char *const *inputs, int64_t input_count,
                          const brn_text_options *options, const brn__text_settings *settings,
                          const brn__text_classes *classes, const char *folder, brn__corpus **out);
void brn__corpus_free(brn__corpus *corpus); /* NULL is fine */

/* The documents of one part in order; `documents` has room for all. For a language model's training take
 * TRAIN and UNLABELLED: brn__text_parts with both bits. */
void brn__text_parts(const brn__corpus *corpus, unsigned split_bits, int64_t *documents,
                     int64_t *count);
static inline void brn__text_part(const brn__corpus *corpus, brn__text_split split,
                                  int64_t *documents, int64_t *count)
{
    brn__text_parts(corpus, 1u << split, documents, count);
}

/* Writes "reviews.csv, row 12" (from 1, without the header) or the file's path, for messages and reports. */
void brn__text_place(const brn__corpus *corpus, int64_t document, char *out, size_t size);

/* ------------------------------------------------------------------ batches of a language model */

typedef enum brn__lm_form {
    BRN__LM_FIXED,    /* fastai 2: every batch `length` long, the last one what is left */
    BRN__LM_VARIABLE, /* 0.7: the first length + 25, then normal(length or, one in twenty, length / 2; 5), at least 5 */
} brn__lm_form;

typedef struct brn__lm_options {
    int64_t batch_size, length; /* 64, 72 */
    brn__lm_form form;
    bool shuffle;   /* documents in a new order each epoch, keyed by (seed, epoch) of the loader */
    bool backwards; /* each document from its end */
} brn__lm_options;

brn__lm_options brn__lm_defaults(void);

/* The documents (copied; NULL: all) one behind the other, cut into batch_size streams of equal length.
 * Item i is row i % batch_size of batch i / batch_size, so the loader must take batch_size items in their
 * order: brn__lm_loader makes one that does. Input and target: int64 (T), T as in batch.length.
 *
 * AWD-LSTM multiplies the rate by batch.length / options.length where lengths vary; fast.ai does not:
 * a job that wants it does so before the step.
 *
 * BRN_ERROR_INPUT when there are fewer than 2 tokens a row. One loader at a time may use the dataset. */
brn_status brn__lm_dataset_new(const brn__corpus *corpus, const int64_t *documents, int64_t count,
                               const brn__lm_options *options, brn__dataset **out);
brn_status brn__lm_loader(const brn__corpus *corpus, const int64_t *documents, int64_t count,
                          const brn__lm_options *options, uint64_t seed, brn__dataset **dataset,
                          brn__loader **loader);

/* ------------------------------------------------------------------ batches of a classifier */

typedef enum brn__text_padding {
    BRN__PAD_FRONT,  /* all in front */
    BRN__PAD_CHUNKS, /* fastai 2: whole chunks of `chunk` tokens in front, the rest behind */
} brn__text_padding;

typedef struct brn__text_batches {
    int64_t batch_size; /* 64 */
    int64_t limit;      /* of longer texts the last `limit` tokens are kept; 32768 */
    int64_t multiple;   /* lengths are rounded up to a multiple of this; 8 */
    brn__text_padding padding;
    int64_t chunk; /* 72 */
    bool backwards;
    uint64_t seed;
} brn__text_batches;

brn__text_batches brn__text_batches_defaults(void);

/* Item d is document d. Input int64 (T), T as in batch.length: the longest of the batch, rounded up;
 * target int64 () for labels, float32 (K) for tags and numbers; without a target int64 () 0. */
brn_status brn__text_dataset_new(const brn__corpus *corpus, const brn__text_batches *options,
                                 brn__dataset **out);
/* Tokens of document `item` that a batch shows: what is not padding. */
int64_t brn__text_dataset_length(const brn__dataset *dataset, int64_t item);

/* A dataset and a loader of these documents (NULL: all). `training`: in the order of fast.ai's
 * SortishSampler, drawn anew each epoch; else longest first (SortSampler). */
brn_status brn__text_loader(const brn__corpus *corpus, const int64_t *documents, int64_t count,
                            const brn__text_batches *options, bool training, brn__dataset **dataset,
                            brn__loader **loader);
/* A loader of a text dataset that was made already. */
brn_status brn__text_loader_of(const brn__dataset *dataset, const int64_t *documents, int64_t count,
                               const brn__text_batches *options, bool training, brn__loader **loader);

#endif
