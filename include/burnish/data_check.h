/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with a folder of pictures before anyone trains on it.
 *
 *     brn_data_check *check;
 *     brn_data_check_options options = brn_data_check_defaults();
 *     if (brn_data_check_open("photos", &options, &check) != BRN_OK) ...brn_error_message()...
 *     for (int64_t i = 0; i < brn_data_check_count(check); i++) {
 *         brn_data_finding f = brn_data_check_finding(check, i);
 *         printf("%s: %s: %s\n", f.path, brn_data_finding_name(f.kind), f.reason);
 *     }
 *     brn_data_check_close(check);
 *
 * All files below the folder are read and decoded. Passed over are names that begin with a dot,
 * links to folders, and what is no picture but lies in the folder itself beside sub-folders (lists,
 * licences). A label is the name of the first folder on a file's way; where the folder holds train
 * and one of valid, val and test, these are splits, and labels begin below them.
 *
 * Nothing is ever deleted or overwritten.
 */
#ifndef BURNISH_DATA_CHECK_H
#define BURNISH_DATA_CHECK_H

#include "burnish/status.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file may have several findings. They come in the order of paths, then in this order. */
typedef enum brn_data_finding_kind {
    BRN_FINDING_UNREADABLE,     /* can't be opened or read; links to nothing */
    BRN_FINDING_NOT_A_PICTURE,
    BRN_FINDING_UNSUPPORTED,    /* a picture of a format that is not read: GIF, TIFF, ... */
    BRN_FINDING_TRUNCATED,      /* the file ends before the picture does */
    BRN_FINDING_CORRUPT,        /* can't be decoded for another reason */
    BRN_FINDING_WRONG_EXTENSION,
    BRN_FINDING_NO_EXTENSION,
    BRN_FINDING_TWO_LABELS,     /* the same picture, or one that looks alike, under another label:
                                   both are listed */
    BRN_FINDING_LEAK,           /* the same or alike in another split; the later path is listed */
    BRN_FINDING_DUPLICATE,      /* the same bytes as an earlier file of its split and label */
    BRN_FINDING_NEAR_DUPLICATE, /* looks like an earlier file of its split and label */
    BRN_FINDING_TINY,
    BRN_FINDING_SIZE,           /* number of pixels far from the others' */
    BRN_FINDING_ASPECT,         /* width : height far from the others' */
    BRN_FINDING_KINDS
} brn_data_finding_kind;

/* "unreadable", "not-a-picture", "unsupported", "truncated", "corrupt", "wrong-extension",
 * "no-extension", "two-labels", "leak", "duplicate", "near-duplicate", "tiny", "size", "aspect". */
BRN_API const char *brn_data_finding_name(brn_data_finding_kind kind);

typedef struct brn_data_finding {
    const char *path;    /* below the folder; all texts are owned by the check */
    brn_data_finding_kind kind;
    const char *reason;  /* a sentence's rest: "looks like b.jpg (2 of 64 bits differ)" */
    const char *partner; /* the other picture's path, or NULL */
    int distance;        /* bits that differ, 0 for equal bytes; -1 without a partner */
} brn_data_finding;

typedef struct brn_data_check_options {
    int min_side;   /* a shorter side below it is tiny; 32 pixels */
    int near_bits;  /* 0 to 16: two pictures look alike when at most so many of the 64 bits of their
                       difference hashes differ, their mean colours differ by at most 40 of 255 levels,
                       and beside that their 16 x 16 copies by at most 12 on average; -1: equal
                       bytes only; 8 */
    uint32_t kinds; /* bit 1 << kind: what to find; 0: everything */
    int threads;    /* that read; 0: as many as processors */
    int (*progress)(void *context, int64_t done, int64_t total); /* or NULL; non-zero stops */
    void *context;
} brn_data_check_options;

BRN_API brn_data_check_options brn_data_check_defaults(void);

typedef struct brn_data_check brn_data_check;

/* The result does not depend on the number of threads. Time grows with the square of the number of
 * pictures once they are read (100,000: half a minute on one processor). BRN_ERROR_INPUT when the
 * folder holds no files, BRN_ERROR_USAGE for options out of range, BRN_ERROR_INTERRUPTED when
 * `progress` said so. */
BRN_API brn_status brn_data_check_open(const char *folder, const brn_data_check_options *options,
                                       brn_data_check **out);
BRN_API void brn_data_check_close(brn_data_check *check); /* NULL is fine */

BRN_API const char *brn_data_check_folder(const brn_data_check *check);
BRN_API int64_t brn_data_check_files(const brn_data_check *check);    /* looked at */
BRN_API int64_t brn_data_check_pictures(const brn_data_check *check); /* that can be read */
BRN_API int64_t brn_data_check_count(const brn_data_check *check);    /* findings */
BRN_API brn_data_finding brn_data_check_finding(const brn_data_check *check, int64_t number);
BRN_API int64_t brn_data_check_kind_count(const brn_data_check *check, brn_data_finding_kind kind);

/* Told of each file that changes its place: paths as they were given, or below the folder. `problem`
 * is NULL when it did, else why it did not. */
typedef void (*brn_data_change_handler)(void *context, const char *from, const char *to,
                                        const char *problem);

/* Gives the files of WRONG_EXTENSION and NO_EXTENSION the extension of what they hold: an extension
 * of another picture format is replaced, .jpg, .png or .webp is added to any other name. A name that is
 * taken stays taken: that file keeps its own, and the handler is told. These findings are then done
 * with: brn_data_check_move passes them over. */
BRN_API brn_status brn_data_check_fix_extensions(brn_data_check *check,
                                                 brn_data_change_handler handler, void *context,
                                                 int64_t *renamed);

/* Moves every file that has findings to the same path below `into`, which is made, and which lies
 * outside the checked folder on the same file system. What is taken there is left alone, and told.
 * Each move is first written to into/moved.csv (from,to): moving back is undoing. */
BRN_API brn_status brn_data_check_move(brn_data_check *check, const char *into,
                                       brn_data_change_handler handler, void *context,
                                       int64_t *moved);

#ifdef __cplusplus
}
#endif
#endif
