/* SPDX-License-Identifier: Apache-2.0
 * JSON texts to jansson's values and back, whole or not at all. */
#ifndef BRN__BASE_JSON_H
#define BRN__BASE_JSON_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct brn__json_error {
    const char *reason; /* static */
    size_t position;    /* byte, from 0 */
} brn__json_error;

/* Reads an object or a list (RFC 8259) of at most 512 levels; keys must differ, texts must be UTF-8
 * without NUL, whole numbers must fit into 64 bits. BRN_ERROR_INPUT with its reason in `error`, and no
 * message: the caller words it; BRN_ERROR_NO_MEMORY with one. The caller frees by json_decref. */
brn_status brn__json_load(const char *bytes, size_t length, json_t **out, brn__json_error *error);

/* An object or a list as text, which the caller frees by brn__free; takes the value; `flags` are jansson's.
 * NULL is taken for a lack of memory: check texts by brn__is_utf8 before you give them to jansson. */
brn_status brn__json_dump(json_t *taken, size_t flags, char **out);

/* Adds a value, which it takes, to an object or a list; false when there is no memory (or no object, no
 * list, no value). What jansson's packers lack: they lose values when memory is short. */
static inline bool brn__json_put(json_t *object, const char *name, json_t *taken)
{
    return json_object_set_new(object, name, taken) == 0;
}
static inline bool brn__json_add(json_t *list, json_t *taken)
{
    return json_array_append_new(list, taken) == 0;
}
/* The value if it is whole, else NULL: it is freed then. */
static inline json_t *brn__json_whole(bool good, json_t *value)
{
    if (good) return value;
    json_decref(value);
    return NULL;
}

#endif
