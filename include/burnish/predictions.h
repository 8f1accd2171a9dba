/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers about many pictures as files: a table of predictions, or the form that a competition asks for.
 *
 *     brn_image_files files;
 *     brn_image_files_find((const char *[]){"photos"}, 1, &files);
 *     float *p = malloc(files.count * brn_image_model_classes(model) * sizeof *p);
 *     bool *ok = malloc(files.count);
 *     brn_image_predict_options options = brn_image_predict_defaults();
 *     brn_image_predict_list(model, files.paths, files.count, &options, p, ok);
 *     brn_image_predictions answers = {model, files.paths, files.count, p, ok};
 *     brn_image_predictions_csv(&answers, false, "predictions.csv");
 */
#ifndef BURNISH_PREDICTIONS_H
#define BURNISH_PREDICTIONS_H

#include "burnish/image.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_image_files {
    const char *const *paths; /* (count) */
    int64_t count;
} brn_image_files;

/* Files as they are given, and in place of a folder the pictures in it, at any depth: files whose names
 * end in jpg, jpeg, jpe, jfif, png or webp (in any case), hidden ones and hidden folders aside. Entries of
 * a folder come in natural order: numbers in names count as numbers ("9.jpg" before "10.jpg"), all else by
 * bytes. BRN_ERROR_INPUT for a folder without pictures. */
BRN_API brn_status brn_image_files_find(const char *const *inputs, int64_t count, brn_image_files *out);
BRN_API void brn_image_files_free(brn_image_files *files); /* a zeroed one is fine */

typedef struct brn_image_predict_options {
    int batch_size;
    int tta;                     /* augmented passes averaged with the plain one, as in training */
    brn_event_handler *on_event; /* hears of batches; may be NULL */
    void *context;
} brn_image_predict_options;

BRN_API brn_image_predict_options brn_image_predict_defaults(void); /* 16 a batch, no augmented passes */

/* As brn_image_predict_files, with test-time augmentation. The random views of a picture depend on the
 * model's seed and on the picture's place in the list. */
BRN_API brn_status brn_image_predict_list(brn_image_model *model, const char *const *paths, int64_t count,
                                          const brn_image_predict_options *options, float *probabilities,
                                          bool *ok);

/* What files are written from: all is the caller's. */
typedef struct brn_image_predictions {
    const brn_image_model *model;
    const char *const *paths;   /* (count) */
    int64_t count;
    const float *probabilities; /* (count, K) */
    const bool *ok;             /* (count): false for what could not be read */
} brn_image_predictions;

enum { BRN_PREDICTIONS_CLASSES = 20 };

/* A CSV file (RFC 4180) with a row for each picture, in order: file, label, probability, and a column
 * "p_CLASS" for each class when there are at most BRN_PREDICTIONS_CLASSES of them or `all` is set. The
 * row of a picture that could not be read has the file alone. Of a model of tags there is a column labels
 * (those above its threshold, blanks between) in place of label and probability; of numbers, after file, a
 * column for each. The file appears whole or not at all. */
BRN_API brn_status brn_image_predictions_csv(const brn_image_predictions *predictions, bool all,
                                             const char *path);

/* A submission in the form of `sample`, a CSV file whose first column has the ids of pictures: names of
 * files, with or without their extension, or their paths as given. With one more column, which is not
 * named after a class, that column gets the labels; else every other column is named after a class and
 * gets its probability. Of tags the one column gets those above the threshold, blanks between; of numbers
 * each column is named after one, or is the only one. Header, rows and their order are the sample's. BRN_ERROR_INPUT names an id
 * without a file, with several, or with one that could not be read, and a column that is no class. */
BRN_API brn_status brn_image_predictions_submission(const brn_image_predictions *predictions,
                                                    const char *sample, const char *path);

#ifdef __cplusplus
}
#endif
#endif
