/* SPDX-License-Identifier: Apache-2.0
 * Options of a job by their list (burnish/options.h), for JSON both ways. */
#ifndef BRN__JOBS_OPTION_FIELDS_H
#define BRN__JOBS_OPTION_FIELDS_H

#include "base/json.h"
#include "burnish/options.h"

#include <stddef.h>
#include <stdint.h>

/* A list of texts; NULL when there is no memory, or a text is not UTF-8. */
json_t *brn__json_words(const char *const *words, int64_t count);

/* The hidden layers of a network, as "hidden" and "dropout" of an object: false when there is no memory. */
bool brn__json_layers_write(json_t *object, int count, const int64_t *hidden, const double *dropout);
/* Reads them into arrays of `most`; false when they are more, or not as many of both. */
bool brn__json_layers_read(const json_t *object, int most, int *count, int64_t *hidden, double *dropout);

/* BRN_ERROR_USAGE with the option's name and both ends unless low <= value <= high. */
brn_status brn__check_real(const char *name, double value, double low, double high);

/* Adds each field of `options` to the object; false when there is no memory, or a text is not UTF-8. */
bool brn__option_fields_write(const brn_option *fields, int count, const void *options,
                              json_t *object);
/* BRN_ERROR_INPUT names the first text that is not UTF-8, which JSON can't hold. */
brn_status brn__option_fields_check(const brn_option *fields, int count, const void *options);
/* Reads one; false when it is of another type. A text may be absent or null, and what
 * is an option only since later absent: it stays what it is. */
bool brn__option_field_read(const brn_option *field, const json_t *value, void *options);
/* Reads them; texts point into the object. BRN_ERROR_INPUT names the field that is not there or of
 * another type; `what` is for the message. */
brn_status brn__option_fields_read(const brn_option *fields, int count, const json_t *object,
                                   const char *what, void *options);

#endif
