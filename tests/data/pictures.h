/* SPDX-License-Identifier: Apache-2.0
 * Folders of generated pictures for the tests of check and split. */
#ifndef BRN_TESTS_DATA_PICTURES_H
#define BRN_TESTS_DATA_PICTURES_H

#include "base/text.h"
#include <stdbool.h>

/* A smooth picture of coloured waves, another for each seed, as a JPEG. The caller frees the text. */
void make_jpeg(int seed, int width, int height, int quality, brn__text *out);
/* Writes root/name, with its folders. */
void put_bytes(const char *root, const char *name, const void *bytes, size_t length);
void put_text(const char *root, const char *name, const char *text);
void put_jpeg(const char *root, const char *name, int seed, int width, int height, int quality);
bool is_there(const char *root, const char *name);

#endif
