/* SPDX-License-Identifier: Apache-2.0
 *
 * Which pictures there are, what they show, and which of them validate.
 *
 *     brn_image_data *data;
 *     brn_image_data_options options = brn_image_data_defaults();
 *     if (brn_image_data_open("photos", &options, &data) != BRN_OK) ...brn_error_message()...
 *     for (int64_t k = 0; k < brn_image_data_class_count(data); k++)
 *         puts(brn_image_data_class_name(data, k));
 *     brn_image_data_close(data);
 *
 * Two layouts are understood: photos/train/CLASS/file with photos/valid/CLASS/file (or val, or
 * test), and photos/CLASS/file, of which a share of every class validates. Items are numbered from
 * 0: the training items first, then the validation items, each in the order of class and file name.
 * Files are not opened here: what is no picture shows when it is read.
 */
#ifndef BURNISH_IMAGE_DATA_H
#define BURNISH_IMAGE_DATA_H

#include "burnish/status.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_split {
    BRN_SPLIT_TRAIN,
    BRN_SPLIT_VALID,
    BRN_SPLIT_TEST, /* without labels */
    BRN_SPLIT_COUNT
} brn_split;

typedef struct brn_image_data_options {
    double valid;  /* share of each class that validates where there is no folder for it; 0 to below
                      1 */
    uint64_t seed; /* which ones */
} brn_image_data_options;

BRN_API brn_image_data_options brn_image_data_defaults(void); /* 0.2, seed 42 */

typedef struct brn_image_data brn_image_data;

/* Lists a folder. BRN_ERROR_INPUT when it has no class folders, a class has no files, or the
 * training and the validation folder do not have the same classes; BRN_ERROR_IO when it can't be
 * listed. Names that begin with a dot are passed over, and so are folders inside a class folder and
 * what is no file. What might be taken for a picture is listed all the same, to be told as bad when
 * it is read: a folder named like one ("x.jpg"), a link to nothing. */
BRN_API brn_status brn_image_data_open(const char *path, const brn_image_data_options *options,
                                       brn_image_data **out);

/* A list of files to predict: all of BRN_SPLIT_TEST, label -1, no classes. The paths are copied. */
BRN_API brn_status brn_image_data_from_files(const char *const *paths, int64_t count,
                                             brn_image_data **out);

BRN_API void brn_image_data_close(brn_image_data *data); /* NULL is fine */

BRN_API int64_t brn_image_data_class_count(const brn_image_data *data);
/* Sorted by bytes. Owned by the data; NULL when there is no such class. */
BRN_API const char *brn_image_data_class_name(const brn_image_data *data, int64_t label);

BRN_API int64_t brn_image_data_count(const brn_image_data *data); /* all items */
BRN_API int64_t brn_image_data_split_count(const brn_image_data *data, brn_split split);
/* Items of a split that have this label. */
BRN_API int64_t brn_image_data_label_count(const brn_image_data *data, brn_split split,
                                           int64_t label);
/* The number of the split's first item; its items follow one another. */
BRN_API int64_t brn_image_data_split_start(const brn_image_data *data, brn_split split);

/* Of item 0 .. count - 1. The path is owned by the data. */
BRN_API const char *brn_image_data_path(const brn_image_data *data, int64_t item);
BRN_API int64_t brn_image_data_label(const brn_image_data *data, int64_t item); /* -1: none */
BRN_API brn_split brn_image_data_split(const brn_image_data *data, int64_t item);

#ifdef __cplusplus
}
#endif
#endif
