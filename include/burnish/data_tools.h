/* SPDX-License-Identifier: Apache-2.0
 *
 * From nothing to a data set: pictures are downloaded, checked and split. */
#ifndef BURNISH_DATA_TOOLS_H
#define BURNISH_DATA_TOOLS_H

#include "burnish/data_check.h"
#include "burnish/data_split.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes all findings of a check as one HTML page, each with its picture and its partner beside it
 * (the first 300 pictures; then names only). The files must still be where the check found them. The
 * page appears whole or not at all. */
BRN_API brn_status brn_data_check_page(const brn_data_check *check, const char *path);

/* ------------------------------------------------------------------ download */

typedef enum brn_download_outcome {
    BRN_DOWNLOAD_SAVED,
    BRN_DOWNLOAD_KEPT,   /* an earlier call has saved it */
    BRN_DOWNLOAD_FAILED, /* `problem` says why */
} brn_download_outcome;

typedef struct brn_download_event {
    int64_t done, total; /* addresses */
    const char *url;
    const char *file;    /* below the folder; NULL when it failed */
    const char *problem; /* NULL unless it failed */
    brn_download_outcome outcome;
} brn_download_event;

typedef struct brn_data_download_options {
    int connections;     /* at once; 1 to 64; 8 */
    int per_host;        /* of these to one host; 1 to 64; 4 */
    int64_t file_bytes;  /* of one file; 32 MiB */
    int64_t total_bytes; /* of all together; 10 GiB */
    int stall_seconds;   /* without a connection, or with next to nothing coming; 20 */
    int file_seconds;    /* for one file, redirections and new attempts included; 120 */
    bool allow_private;  /* addresses of this machine and of private networks too; false. Behind a proxy
                            that the environment names this can't be told, and is left to it */
    /* Or NULL; non-zero stops. Called by several threads, one at a time; `on_file` once an address is
     * done with, `waiting` now and then. */
    int (*on_file)(void *context, const brn_download_event *event);
    int (*waiting)(void *context);
    void *context;
} brn_data_download_options;

BRN_API brn_data_download_options brn_data_download_defaults(void);

typedef struct brn_data_download_result {
    int64_t saved, kept, failed;
    int64_t bytes; /* that came */
} brn_data_download_result;

/* Fetches the pictures of a list into a folder, which is made: folder/NNNNNN.jpg, or
 * folder/LABEL/NNNNNN.jpg, with the number that the address has in the list and the extension of what
 * came. Only what decodes as a picture is kept. What an earlier call has saved is not fetched again,
 * and nothing is overwritten: a name that is taken gets -2, -3 ... behind.
 *
 * The list is a text with an address a line, and behind it, after blanks, a label if one is wanted (#
 * begins a remark); or a CSV or TSV file with the columns url and label (else the first two). Addresses
 * are http or https. folder/download.csv (url,file,status) says what became of each: status is "ok" or
 * why not.
 *
 * BRN_OK also when some or all failed. BRN_ERROR_INPUT for a list that can't be read or holds no
 * address, a label that is no folder name (the line is named), or a folder in which another call is at
 * work; BRN_ERROR_INTERRUPTED when a handler said so: what was saved by then stays, and a later call goes
 * on. */
BRN_API brn_status brn_data_download(const char *list, const char *folder,
                                     const brn_data_download_options *options,
                                     brn_data_download_result *result);

#ifdef __cplusplus
}
#endif
#endif
