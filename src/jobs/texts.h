/* SPDX-License-Identifier: Apache-2.0
 * Many texts as two tensors of a file: NAME.bytes, each text with a zero behind it, and NAME.ends,
 * where each ends. They are used as they lie in a mapped file. */
#ifndef BRN__JOBS_TEXTS_H
#define BRN__JOBS_TEXTS_H

#include "base/arena.h"
#include "data/table/dictionary.h"
#include "io/safetensors.h"
#include "io/state.h"

typedef struct brn__texts {
    int64_t count;
    const char *bytes;
    const int64_t *ends; /* (count): past the zero */
} brn__texts;            /* zeroed = none */

static inline const char *brn__text_at(const brn__texts *texts, int64_t index)
{
    return texts->bytes + (index ? texts->ends[index - 1] : 0);
}

/* Of slices (count); memory is the caller's: brn__free of both arrays. */
brn_status brn__texts_pack(const brn__slice *slices, int64_t count, brn__texts *out);
void brn__texts_free(brn__texts *packed); /* of brn__texts_pack; zeroed is fine */

/* Writes the two items, ends and bytes; names go to the arena. */
brn_status brn__texts_list(const char *name, const brn__texts *texts, brn__arena *arena,
                           brn__safetensors_item *ends, brn__safetensors_item *bytes);
/* Borrows from the state. `count` -1: any number. BRN_ERROR_INPUT names what is wrong with them. */
brn_status brn__texts_read(const char *path, const brn__state *state, const char *name,
                           int64_t count, brn__texts *out);
/* All of them as words that point into the texts. BRN_ERROR_INPUT when two are equal. */
brn_status brn__texts_index(const char *path, const brn__texts *texts, brn__dictionary *out);

/* An entry that can be used where it lies: of that type and shape (count), in its alignment. */
brn_status brn__tensor_in_place(const char *path, const brn__state *state, const char *name,
                                brn_dtype dtype, int64_t count, const void **out);

#endif
