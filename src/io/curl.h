/* SPDX-License-Identifier: Apache-2.0
 * libcurl by dlopen, so that a program which fetches nothing starts without it. */
#ifndef BRN__IO_CURL_H
#define BRN__IO_CURL_H

#define CURL_DISABLE_TYPECHECK
#include "base/status.h"
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

/* X(member, function) */
#define BRN__CURL_LIST(X)                                                                          \
    X(global_init, curl_global_init)                                                               \
    X(init, curl_easy_init)                                                                        \
    X(setopt, curl_easy_setopt)                                                                    \
    X(getinfo, curl_easy_getinfo)                                                                  \
    X(perform, curl_easy_perform)                                                                  \
    X(cleanup, curl_easy_cleanup)                                                                  \
    X(strerror, curl_easy_strerror)

typedef struct brn__curl {
#define X(member, function) __typeof__(function) *member;
    BRN__CURL_LIST(X)
#undef X
} brn__curl;

/* Loads it at the first call. BRN_ERROR_UNSUPPORTED when it is absent. */
brn_status brn__curl_load(const brn__curl **out);

#endif
