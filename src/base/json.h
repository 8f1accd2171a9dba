/* SPDX-License-Identifier: Apache-2.0
 * What jansson leaves to its users: freeing a text of json_dumps by the allocator that the program chose
 * for jansson, which need not be libc's. */
#ifndef BRN__BASE_JSON_H
#define BRN__BASE_JSON_H

#include <jansson.h>

static inline void brn__json_free_text(char *text)
{
    json_free_t release = NULL;
    json_get_alloc_funcs(NULL, &release);
    if (text) release(text);
}

#endif
