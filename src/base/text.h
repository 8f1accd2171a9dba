/* SPDX-License-Identifier: Apache-2.0
 * A growing string. A failure to grow is sticky and is reported by brn__text_finish. */
#ifndef BRN__BASE_TEXT_H
#define BRN__BASE_TEXT_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct brn__text {
    char *bytes; /* NUL-terminated once anything was added; owned */
    size_t length, capacity;
    int failed;
} brn__text; /* zeroed = empty */

void brn__text_add(brn__text *text, const char *part);
void brn__text_add_bytes(brn__text *text, const char *part, size_t length);
void brn__text_printf(brn__text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A field of a CSV file (RFC 4180): quoted where it must be. */
void brn__text_csv(brn__text *text, const char *field);
/* BRN_OK, or no memory when any addition failed. */
brn_status brn__text_finish(const brn__text *text);
void brn__text_free(brn__text *text);

/* Shortest forms only, no surrogates, nothing past U+10FFFF. */
bool brn__is_utf8(const char *text);

#endif
