/* SPDX-License-Identifier: Apache-2.0
 * config.json of a run folder: {"job", "library", "instruction_set", "data_sha256", "options"}. */
#ifndef BRN__JOBS_RUN_CONFIG_H
#define BRN__JOBS_RUN_CONFIG_H

#include "base/status.h"

#include <jansson.h>

/* `options` is taken; NULL (a text in it was not UTF-8, or no memory) fails. */
brn_status brn__run_config_write(const char *run, const char *job, const char *data_digest,
                                 json_t *options);
/* BRN_ERROR_INPUT when there is none, or one of another job. The caller owns *out. */
brn_status brn__run_config_read(const char *run, const char *job, json_t **out);
const char *brn__run_config_digest(const json_t *config); /* "" when it has none */

#endif
