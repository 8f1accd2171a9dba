/* SPDX-License-Identifier: Apache-2.0
 * Internal side of status codes: recording a failure and passing it on. */
#ifndef BRN__BASE_STATUS_H
#define BRN__BASE_STATUS_H

#include "burnish/status.h"

enum { BRN__MESSAGE_BYTES = 1024 };

/* Records the formatted sentence for this thread and returns `status`. */
brn_status brn__fail(brn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* As brn__fail, with ": <last message>" of this thread appended: adds context to a failure. */
brn_status brn__fail_within(brn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* Publishes in this thread a failure that was recorded in another one. */
brn_status brn__fail_again(brn_status status, const char *message)
    __attribute__((warn_unused_result));

/* Returns from the calling function when `expression` is not BRN_OK. */
#define BRN__TRY(expression)                                                                       \
    do {                                                                                           \
        brn_status brn__try_status = (expression);                                                 \
        if (brn__try_status != BRN_OK) return brn__try_status;                                     \
    } while (0)

#endif
