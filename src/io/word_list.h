/* SPDX-License-Identifier: Apache-2.0
 * Lists of words as fast.ai publishes them beside its language models: a pickled list of texts
 * (itos_wt103.pkl). */
#ifndef BRN__IO_WORD_LIST_H
#define BRN__IO_WORD_LIST_H

#include "base/arena.h"
#include "base/status.h"
#include <stdint.h>

/* The words in their order, zero-terminated in the arena. A pair of two lists, words and labels (what
 * fastai 2's learners save), gives the first. BRN_ERROR_INPUT when the file is no such list, or a word is not
 * UTF-8 or has a zero in it. */
brn_status brn__word_list_read(const char *path, brn__arena *arena, const char *const **words, int64_t *count);

#endif
