/* SPDX-License-Identifier: Apache-2.0
 * Bytes as letters (RFC 4648), four for three. */
#ifndef BRN__BASE_BASE64_H
#define BRN__BASE_BASE64_H

#include "base/text.h"

void brn__base64_add(brn__text *out, const void *bytes, size_t length);
/* Adds the bytes that the letters stand for; false when they are none. */
bool brn__base64_read(const char *letters, brn__text *out);

#endif
