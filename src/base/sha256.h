/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 by OpenSSL's EVP interface. */
#ifndef BRN__BASE_SHA256_H
#define BRN__BASE_SHA256_H

#include "base/status.h"
#include <stddef.h>

typedef struct brn__sha256 brn__sha256; /* a running digest */

brn_status brn__sha256_new(brn__sha256 **out);
brn_status brn__sha256_add(brn__sha256 *digest, const void *bytes, size_t length);
/* Writes 64 hex digits and a NUL. The digest can't be added to afterwards. */
brn_status brn__sha256_hex(brn__sha256 *digest, char out[65]);
void brn__sha256_free(brn__sha256 *digest);

brn_status brn__sha256_of(const void *bytes, size_t length, char out[65]);
brn_status brn__sha256_of_file(const char *path, char out[65]);

#endif
