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
 * Two layouts of folders are understood: photos/train/CLASS/file with photos/valid/CLASS/file (or
 * val, or test), and photos/CLASS/file, of which a share of every class validates. Items are numbered
 * from 0: the training items first, then the validation items, each in the order of class and file
 * name, then the test items.
 *
 * And lists: a CSV or TSV file (.csv, .tsv, or these with .gz) whose first column names pictures in
 * the folder images beside it, or in the list's own folder where there is none. The extension may be
 * missing (.jpg, .jpeg, .png and .webp are tried). The other columns are what the pictures show:
 *
 *     name,tags                 one column, one word in every row: a label of each picture
 *     1.jpg,beach sea           one column, any number of words: tags (multi-label)
 *     1.jpg,0.5,12              columns of numbers: regression
 *
 * A column is_valid (0, 1, true, false, yes, no) is the split; without it a share validates, of every
 * class where pictures have one label. Items are in the order of rows within each split.
 *
 * Files are not opened here: what is no picture shows when it is read.
 */
#ifndef BURNISH_IMAGE_DATA_H
#define BURNISH_IMAGE_DATA_H

#include "burnish/status.h"
#include <stdbool.h>
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

/* What an item is to be answered with. */
typedef enum brn_target_kind {
    BRN_TARGET_LABEL,   /* one of K classes: int64 () */
    BRN_TARGET_TAGS,    /* any of K classes: float32 (K), 1 where it has the tag, else 0 */
    BRN_TARGET_NUMBERS, /* K numbers: float32 (K) */
} brn_target_kind;

typedef enum brn_target_choice {
    BRN_TARGET_AUTO, /* numbers where all fields are, a label where each row has one word, else tags */
    BRN_TARGET_AS_LABEL, /* the whole field is the label, blanks included */
    BRN_TARGET_AS_TAGS,
    BRN_TARGET_AS_NUMBERS,
} brn_target_choice;

typedef enum brn_split_rule {
    BRN_SPLIT_BY_CLASS, /* a seeded choice of round(valid * n) of every class; of all items where they
                           have tags or numbers */
    BRN_SPLIT_FASTAI07, /* fast.ai 0.7's get_cv_idxs(n, fold, valid, seed) of all items in order */
} brn_split_rule;

/* Zeroed members mean their default. All but `valid` and `seed` may be left so. */
typedef struct brn_image_data_options {
    double valid;  /* share of each class that validates where nothing else says so; 0 to below 1 */
    uint64_t seed; /* which ones */
    brn_split_rule split;
    int folds;     /* 2 or more: items are dealt into so many folds instead (brn_stratified_folds), and */
    int fold;      /* this one validates, from 0; with BRN_SPLIT_FASTAI07 its part number */
    const char *test; /* pictures for BRN_SPLIT_TEST: a folder of files, whose labels are not known, or
                         of class folders; or a list of names, a line each (.txt) or the first column
                         (.csv, .tsv). Looked for beside the data first; NULL: none */
    /* Of lists: */
    const char *images;  /* the folder that names begin at; NULL: as told above */
    const char *targets; /* columns with commas between; NULL: all but the first and is_valid */
    brn_target_choice target;
    char tag_separator;  /* 0: a blank */
    char separator;      /* of fields; 0: a comma, in .tsv a tab */
    bool no_header;      /* the columns are column1, column2, ... */
} brn_image_data_options;

BRN_API brn_image_data_options brn_image_data_defaults(void); /* 0.2, seed 42 */

typedef struct brn_image_data brn_image_data;

/* Lists a folder. BRN_ERROR_INPUT when it has no class folders, a class has no files, or the
 * training and the validation folder do not have the same classes; BRN_ERROR_IO when it can't be
 * listed. Names that begin with a dot are passed over, and so are folders inside a class folder and
 * what is no file. What might be taken for a picture is listed all the same, to be told as bad when
 * it is read: a folder named like one ("x.jpg"), a link to nothing.
 *
 * Or reads a list. BRN_ERROR_INPUT names the line and what was expected: a picture that is not there
 * or is listed twice, a row with another number of fields, an unknown column, a field that is no
 * number or no answer to is_valid, bytes that are not UTF-8, no rows. */
BRN_API brn_status brn_image_data_open(const char *path, const brn_image_data_options *options,
                                       brn_image_data **out);

/* A list of files to predict: all of BRN_SPLIT_TEST, label -1, no classes. The paths are copied. */
BRN_API brn_status brn_image_data_from_files(const char *const *paths, int64_t count,
                                             brn_image_data **out);

BRN_API void brn_image_data_close(brn_image_data *data); /* NULL is fine */

BRN_API brn_target_kind brn_image_data_target_kind(const brn_image_data *data);
/* Classes of labels or tags; 0 for numbers. */
BRN_API int64_t brn_image_data_class_count(const brn_image_data *data);
/* Sorted by bytes. Owned by the data; NULL when there is no such class. */
BRN_API const char *brn_image_data_class_name(const brn_image_data *data, int64_t label);

BRN_API int64_t brn_image_data_count(const brn_image_data *data); /* all items */
BRN_API int64_t brn_image_data_split_count(const brn_image_data *data, brn_split split);
/* Items of a split that have this label, or this tag. */
BRN_API int64_t brn_image_data_label_count(const brn_image_data *data, brn_split split,
                                           int64_t label);
/* The number of the split's first item; its items follow one another. */
BRN_API int64_t brn_image_data_split_start(const brn_image_data *data, brn_split split);

/* Of item 0 .. count - 1. The path is owned by the data. */
BRN_API const char *brn_image_data_path(const brn_image_data *data, int64_t item);
BRN_API int64_t brn_image_data_label(const brn_image_data *data, int64_t item); /* -1: none */
/* K, the floats of a target of tags or numbers; 0 for labels. */
BRN_API int64_t brn_image_data_target_width(const brn_image_data *data);
/* What float k of a target stands for: a tag, or the name of a column. NULL when there is none. */
BRN_API const char *brn_image_data_target_name(const brn_image_data *data, int64_t k);
/* (K), owned by the data. NULL for labels, and for test items without a target. */
BRN_API const float *brn_image_data_target(const brn_image_data *data, int64_t item);
BRN_API brn_split brn_image_data_split(const brn_image_data *data, int64_t item);

#ifdef __cplusplus
}
#endif
#endif
