/* SPDX-License-Identifier: Apache-2.0
 * Dropouts of texts' networks as options. */
#ifndef BRN__JOBS_DROPOUTS_H
#define BRN__JOBS_DROPOUTS_H

#include "burnish/dropouts.h"

#include <jansson.h>
#include <stdbool.h>

/* BRN_ERROR_USAGE names the one that is out of range. */
brn_status brn__dropouts_check(const brn_dropouts *dropouts);
/* Adds "dropouts" to an object, where one is given; false without memory. */
bool brn__dropouts_write(const brn_dropouts *dropouts, json_t *object);
/* Reads them back; BRN_ERROR_INPUT. */
brn_status brn__dropouts_read(const json_t *object, brn_dropouts *out);
/* What is given, else what the form has. */
double brn__dropout_or(double given, double otherwise);

#endif
