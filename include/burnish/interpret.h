/* SPDX-License-Identifier: Apache-2.0
 *
 * What a classifier gets wrong, and why: losses picture by picture, confused pairs, labels that are
 * likely wrong, and the report of a run.
 *
 *     brn_image_interpret_options options = brn_image_interpret_defaults();
 *     brn_image_interpretation found;
 *     if (brn_image_interpret(model, "photos", &options, &found) == BRN_OK) {
 *         for (int64_t i = 0; i < found.count && i < 9; i++)
 *             printf("%s %.2f\n", found.pictures[i].path, found.pictures[i].loss);
 *         brn_image_interpretation_free(&found);
 *     }
 */
#ifndef BURNISH_INTERPRET_H
#define BURNISH_INTERPRET_H

#include "burnish/image.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_image_interpret_options {
    int batch_size;
    int tta;           /* as in training */
    double tta_beta;
    bool whole;        /* all pictures of the folder, those that trained too */
    int64_t min_count; /* pictures that a confused pair needs */
    int threads;       /* of brn_image_report, which opens the model; 0 = all */
    brn_event_handler *on_event; /* may be NULL */
    void *context;
} brn_image_interpret_options;

/* 32 a batch, no augmented passes, the validation pictures, pairs from 2 on. */
BRN_API brn_image_interpret_options brn_image_interpret_defaults(void);

typedef struct brn_image_judged {
    const char *path;
    int64_t item;             /* in the order of the data */
    int64_t label, answer;    /* the model's class numbers */
    double label_probability, probability; /* of the label, of the answer */
    double loss;              /* -log of the label's probability */
    bool trained;             /* was among the training pictures of this split */
} brn_image_judged;

typedef struct brn_image_confused {
    int64_t label, answer, count;
} brn_image_confused;

typedef struct brn_image_bad_file {
    const char *path, *reason;
} brn_image_bad_file;

typedef struct brn_image_interpretation {
    double accuracy, error_rate, top5, valid_loss;
    int64_t count;
    brn_image_judged *pictures;     /* (count): highest loss first */
    int64_t pair_count;
    brn_image_confused *pairs;      /* (pair_count): most frequent first */
    int64_t suspect_count;
    int64_t *suspects;              /* (suspect_count): numbers into `pictures`, most suspect first */
    int64_t bad_count;
    brn_image_bad_file *bad;        /* (bad_count): files that could not be read */
    int64_t classes;                /* K */
    const char *const *class_names; /* (K) */
    int64_t *confusion;             /* (K, K): row = label, column = answer */
    struct brn_image_data *data;    /* keeps the paths */
} brn_image_interpretation;         /* zeroed = empty; all it points to is its own */

/* Asks the model about the validation pictures of a folder (the split of its training).
 *
 * Likely mislabelled are pictures that the model gives to another class with at least the confidence that
 * it has, on average, in that class for pictures labelled so (the off-diagonal of Northcutt, Jiang and
 * Chuang's confident joint, 2021), in the order of p(other) - p(label). It holds for pictures that did
 * not train; with `whole` it finds less in those that did. */
BRN_API brn_status brn_image_interpret(brn_image_model *model, const char *data,
                                       const brn_image_interpret_options *options,
                                       brn_image_interpretation *out);
BRN_API void brn_image_interpretation_free(brn_image_interpretation *interpretation);

/* The likely mislabelled pictures as a CSV file (RFC 4180), most suspect first: file, label, suggested,
 * label_probability, probability (of the suggestion), trained (0 or 1). Look at them, correct or remove
 * the files, and train again. The file appears whole or not at all; without suspects it is a header. */
BRN_API brn_status brn_image_suspects_csv(const brn_image_interpretation *interpretation,
                                          const char *path);

typedef struct brn_image_report_options {
    brn_image_interpret_options interpret;
    int top;         /* pictures of each section, 1 to 60 */
    const char *out; /* file to write; NULL: report.html in the run folder */
} brn_image_report_options;

BRN_API brn_image_report_options brn_image_report_defaults(void); /* 12 pictures */

/* Writes the report of a run (a run folder, or its model.safetensors) about `data`; NULL: the data that it
 * was trained on; when these are gone the report has no pictures, and says so. `out` may be NULL; else
 * it gets what was found (freed by the caller) and `path` (size bytes, may be NULL) where the report is. */
BRN_API brn_status brn_image_report(const char *run, const char *data,
                                    const brn_image_report_options *options,
                                    brn_image_interpretation *out, char *path, unsigned long size);

#ifdef __cplusplus
}
#endif
#endif
