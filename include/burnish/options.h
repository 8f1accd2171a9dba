/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a job by name: for bindings of other languages, and for whatever fills them from a file
 * or a form.
 *
 *     int count;
 *     const brn_option *list = brn_image_option_list(&count);
 *     for (int i = 0; i < count; i++)
 *         if (strcmp(list[i].name, "epochs") == 0)
 *             *(int *)((char *)&options + list[i].offset) = 3;
 */
#ifndef BURNISH_OPTIONS_H
#define BURNISH_OPTIONS_H

#include "burnish/status.h"
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_option_type {
    BRN_OPTION_TEXT,  /* const char *, UTF-8, borrowed; NULL where the option may be left out */
    BRN_OPTION_FLAG,  /* bool */
    BRN_OPTION_WHOLE, /* int */
    BRN_OPTION_BIG,   /* int64_t or uint64_t */
    BRN_OPTION_REAL,  /* double */
    BRN_OPTION_WORD,  /* an enumeration: int, the place of one of `words` */
} brn_option_type;

typedef struct brn_option {
    const char *name; /* of the member, and in config.json */
    brn_option_type type;
    size_t offset; /* in the options, bytes */
    const char *const *words; /* WORD: of 0, 1 ...; NULL ends them. NULL for the others */
    bool later; /* files from before it was an option lack it: it is then what it is by default */
} brn_option; /* lists are constant and belong to the library */

#ifdef __cplusplus
}
#endif
#endif
