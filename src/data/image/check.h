/* SPDX-License-Identifier: Apache-2.0
 * The inside of brn_data_check: check.c looks at each file, check_pairs.c at pairs of pictures,
 * check_sizes.c at how they compare, check_changes.c renames and moves. */
#ifndef BRN__DATA_IMAGE_CHECK_H
#define BRN__DATA_IMAGE_CHECK_H

#include "burnish/data_check.h"
#include "data/image/fingerprint.h"
#include "data/image/sniff.h"
#include "data/image/walk.h"

typedef struct brn__checked {
    const brn__walk_file *file;
    const brn__picture_type *type; /* NULL: no picture that is read */
    brn_status status;             /* of memory: ends the check */
    brn_data_finding_kind failure; /* BRN_FINDING_KINDS: it can be read */
    char *reason;                  /* of the failure; owned */
    int width, height;
    brn__fingerprint print;
    bool fixed, moved; /* got its extension; went away */
} brn__checked;

struct brn_data_check {
    char *folder;
    brn_data_check_options options;
    brn__walk walk;
    brn__checked *files; /* (file_count) */
    int64_t file_count, picture_count;
    brn_data_finding *findings; /* (count) */
    int64_t *owners;            /* (count): the finding's file */
    int64_t count, capacity;
    brn__arena arena;           /* holds the findings' texts */
};

/* Reads, decodes and fingerprints one file; all it finds is in *out. Any thread. */
void brn__check_file(const brn_data_check *check, brn__checked *out);
/* Runs brn__check_file on every file, in threads. */
brn_status brn__check_files(brn_data_check *check);

/* Walks and reads, and compares nothing: a check without findings. Closed by brn_data_check_close. */
brn_status brn__check_scan(const char *folder, const brn_data_check_options *options,
                           brn_data_check **out);
/* group_of[i] (file_count) = the first file that file i is the same as or looks like, by any number of
 * steps; i itself when there is none. */
brn_status brn__check_groups(const brn_data_check *check, int64_t *group_of);

/* Adds a finding about file `owner`; the reason is made of the format. A kind that nobody asked for
 * is passed over. */
brn_status brn__check_add(brn_data_check *check, int64_t owner, brn_data_finding_kind kind,
                          int64_t partner, int distance, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

static inline bool brn__is_readable(const brn__checked *file)
{
    return file->failure == BRN_FINDING_KINDS;
}

/* Each adds what it finds. */
brn_status brn__check_pairs(brn_data_check *check);
brn_status brn__check_sizes(brn_data_check *check);

#endif
