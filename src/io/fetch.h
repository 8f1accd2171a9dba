/* SPDX-License-Identifier: Apache-2.0
 * One file over HTTP, into a partial file that a later call goes on with. libcurl is loaded when
 * the first file is fetched. */
#ifndef BRN__IO_FETCH_H
#define BRN__IO_FETCH_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct brn__fetch {
    const char *url;  /* http or https; a redirection never leaves https */
    int descriptor;   /* of the partial file: what it holds is not fetched again */
    int64_t limit;    /* bytes of the whole file */
    int stall_seconds; /* without a connection, or with less than 1000 bytes a second */
    bool public_only; /* never connects to this machine or a private network, also when redirected;
                         a proxy that the environment names is trusted to see to it */
    int (*progress)(void *context, int64_t done, int64_t total); /* or NULL; non-zero stops */
    void *context;
    bool refused; /* out: the server has no such file (a status from 400 to 499) */
    bool resumed; /* out: the partial file was not empty, and was gone on with */
} brn__fetch;

/* BRN_ERROR_NETWORK, BRN_ERROR_INTERRUPTED, or BRN_ERROR_IO when the partial file can't be
 * written. Retries when the connection breaks. The message says what failed, not the URL. */
brn_status brn__fetch_file(brn__fetch *fetch);

#endif
