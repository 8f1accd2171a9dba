/* SPDX-License-Identifier: Apache-2.0
 * The inside of brn_data_download: download_list.c reads the list, download_log.c what earlier calls
 * have done, data_download.c fetches. */
#ifndef BRN__JOBS_DATA_DOWNLOAD_H
#define BRN__JOBS_DATA_DOWNLOAD_H

#include "base/arena.h"
#include "base/status.h"
#include "burnish/data_tools.h"

typedef struct brn__address {
    const char *url, *label; /* label NULL: none; all texts are in the arena */
    int64_t number;          /* in the list, from 1 */
    const char *file;        /* below the folder, once it is there */
    char *problem;           /* why it is not; owned */
    bool done;
    int64_t next;            /* of the same host, -1: the last */
} brn__address;

typedef struct brn__address_list {
    brn__address *items; /* owned */
    int64_t count, capacity;
    brn__arena arena;
} brn__address_list;

brn_status brn__address_list_read(const char *path, brn__address_list *out);
void brn__address_list_free(brn__address_list *list);

/* folder/download.csv. */
typedef struct brn__download_record {
    const char *url, *file, *status;
} brn__download_record;

typedef struct brn__download_log {
    brn__download_record *records; /* owned; of earlier calls, in the order of addresses */
    int64_t count, capacity;
    brn__arena arena;
} brn__download_log;

/* A log that is not there is empty; a line that was cut short is the last. */
brn_status brn__download_log_read(const char *path, brn__download_log *out);
void brn__download_log_free(brn__download_log *log);
/* NULL: nothing is known. */
const brn__download_record *brn__download_log_find(const brn__download_log *log, const char *url);
brn_status brn__download_log_append(const char *path, const brn__address *address);
/* Everything anew: the list's addresses in order, then those of earlier calls that it lacks. */
brn_status brn__download_log_write(const char *path, const brn__address_list *list,
                                   const brn__download_log *log);

#endif
