/* SPDX-License-Identifier: Apache-2.0
 *
 * What training will see: a contact sheet of augmented pictures, and the words that say how.
 *
 *     brn_preview_options options = brn_preview_defaults();
 *     options.data = "photos";
 *     options.augment = "top-down,zoom:1.2,cutout:2,16";
 *     options.out = "sheet.html";
 *     if (brn_preview_write(&options, NULL) != BRN_OK) puts(brn_error_message());
 */
#ifndef BURNISH_PREVIEW_H
#define BURNISH_PREVIEW_H

#include "burnish/status.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_preview_options {
    const char *data;    /* folder of class folders or a list, as for training */
    const char *images;  /* of a list: the folder that its names begin at; NULL: beside it */
    const char *augment; /* sets and words (brn_augment_words); NULL: side-on, as training does */
    const char *out;     /* sheet to write, which is replaced: NAME.png or NAME.html */
    int size;            /* pixels a side of each view, 16 to 1024 */
    int pictures;        /* rows: pictures of the training part, chosen by the seed; 1 to 200 */
    int copies;          /* columns beside the plain view; 1 to 50 */
    uint64_t seed;       /* copy k is what epoch k of a training with this seed sees */
} brn_preview_options;

/* 224 pixels, 8 pictures, 6 copies, seed 42. */
BRN_API brn_preview_options brn_preview_defaults(void);

typedef struct brn_preview_result {
    int64_t pictures, bad_count; /* shown; not readable, and passed over */
    char augment[1024];          /* the shortest line that says the same */
} brn_preview_result;

/* BRN_ERROR_USAGE when a word or number makes no sense, BRN_ERROR_INPUT when no picture can be read.
 * A page shows beside each view what was drawn for it. `result` may be NULL. */
BRN_API brn_status brn_preview_write(const brn_preview_options *options, brn_preview_result *result);

/* All sets and words, a line each. Freed with brn_text_free (runner.h). */
BRN_API brn_status brn_augment_words(char **out);

#ifdef __cplusplus
}
#endif
#endif
