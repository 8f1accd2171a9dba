/* SPDX-License-Identifier: Apache-2.0
 * What a file is by its bytes, beside what its name says. */
#ifndef BRN__DATA_IMAGE_SNIFF_H
#define BRN__DATA_IMAGE_SNIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct brn__picture_type {
    const char *name;       /* "JPEG" */
    const char *extension;  /* ".jpg" */
    const char *extensions; /* all that fit, each with a space behind: ".jpg .jpeg " */
    /* Whether the file stops before what it announces: the end marker, chunk or length. */
    bool (*ends_early)(const uint8_t *bytes, size_t length);
} brn__picture_type;

/* NULL when it is no picture that is read. */
const brn__picture_type *brn__picture_type_of(const uint8_t *bytes, size_t length);

/* The extension of a file name with its dot; "" when it has none, or begins with its only dot. */
const char *brn__extension(const char *path);
/* In any case of letters. */
bool brn__extension_fits(const brn__picture_type *type, const char *extension);
/* One that promises a picture of any format, also those that are not read. */
bool brn__extension_is_picture(const char *extension);

#endif
