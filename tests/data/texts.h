/* SPDX-License-Identifier: Apache-2.0
 * Corpora that tests make. */
#ifndef BRN_TESTS_TEXTS_H
#define BRN_TESTS_TEXTS_H

#include "data/text/text_data.h"

#include <jansson.h>

/* `folder`/`name` with these bytes; folders are made on the way. The path in a static buffer. */
const char *texts_write(const char *folder, const char *name, const char *bytes, size_t length);
const char *texts_write_string(const char *folder, const char *name, const char *text);

/* A corpus of one input; fails the test when it can't be opened. */
brn__corpus *texts_open(const char *input, const brn_text_options *options, const char *folder);

/* A corpus whose tokens are the numbers in `documents` (lists of numbers below 100): its vocabulary is the
 * words "0", "1" ... */
brn__corpus *texts_of_numbers(const json_t *documents);

/* The word of a token, for messages and comparisons. */
const char *texts_word(const brn__corpus *corpus, int64_t at);

#endif
