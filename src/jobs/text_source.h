/* SPDX-License-Identifier: Apache-2.0
 * How a job's texts are read and split, as JSON both ways. */
#ifndef BRN__JOBS_TEXT_SOURCE_H
#define BRN__JOBS_TEXT_SOURCE_H

#include "base/arena.h"
#include "burnish/text_data.h"

#include <jansson.h>

/* New reference; NULL without memory or for a text that is not UTF-8. threads and progress are left out. */
json_t *brn__text_source_write(const brn_text_options *options);
/* BRN_ERROR_INPUT names the first text that is not UTF-8, which JSON can't hold. */
brn_status brn__text_source_check(const brn_text_options *options);
/* Texts point into `object`, lists into the arena. */
brn_status brn__text_source_read(const json_t *object, brn__arena *arena, brn_text_options *out);

/* A list of texts, both ways. `what` is for the message. */
json_t *brn__text_list_write(const char *const *texts, int64_t count);
brn_status brn__text_list_read(const json_t *list, const char *what, brn__arena *arena,
                               const char *const **out, int64_t *count);

#endif
