/* SPDX-License-Identifier: Apache-2.0
 * What the registry's files share. */
#ifndef BRN__IO_REGISTRY_H
#define BRN__IO_REGISTRY_H

#include "base/status.h"
#include "burnish/weights.h"
#include <stdbool.h>

/* imagenet_classes.c, cifar10_classes.c */
extern const brn_weights_classes brn__classes_imagenet, brn__classes_cifar10;

/* By architecture or alias; the failure lists the names. */
brn_status brn__weights_entry_of(const char *name, const brn_weights_entry **out);
/* The path of a file in the cache; brn__free. */
brn_status brn__weights_cache_path(const char *name, char **out);
/* folder + rest into `out`. */
brn_status brn__weights_write_path(char *out, size_t size, const char *folder, const char *rest);
/* The digest begins as the registry says; any does where it says nothing. */
bool brn__weights_digest_fits(const brn_weights_file *file, const char *sha256);
/* The file out of its archive, which lies in `bytes`; its sha256 is the registry's. It has
 * file->bytes bytes; brn__free. */
brn_status brn__weights_unpack(const brn_weights_file *file, const void *bytes, size_t length,
                               unsigned char **out);

#endif
