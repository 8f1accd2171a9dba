/* SPDX-License-Identifier: Apache-2.0
 * A user's own replacements, by PCRE2. */
#ifndef BRN__DATA_TEXT_PATTERNS_H
#define BRN__DATA_TEXT_PATTERNS_H

#include "burnish/text_data.h"
#include "data/text/unicode.h"

typedef struct brn__patterns brn__patterns;

/* BRN_ERROR_USAGE names a pattern that is not one, and where. */
brn_status brn__patterns_new(const brn_text_replacement *list, int64_t count, brn__patterns **out);
void brn__patterns_free(brn__patterns *patterns); /* NULL is fine */
int64_t brn__patterns_count(const brn__patterns *patterns);
const brn_text_replacement *brn__patterns_list(const brn__patterns *patterns);

/* All matches of one pattern replaced, into `out`. May be called by several threads at once.
 * BRN_ERROR_INPUT when a pattern takes too many steps on this text. */
brn_status brn__patterns_apply(const brn__patterns *patterns, int64_t number, brn__span text,
                               brn__text *out);

#endif
