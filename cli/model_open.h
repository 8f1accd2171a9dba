/* SPDX-License-Identifier: Apache-2.0
 * The classifier that a command names: what image evaluate and predict begin with. */
#ifndef CLI_MODEL_OPEN_H
#define CLI_MODEL_OPEN_H

#include "commands.h"

#include "burnish/image.h"

/* Opens the call's first input by its --threads, --mirror and --offline, showing a download.
 * `name`: of the command. An exit code; failures are told. */
int cli_model_open(const cli_call *call, const char *name, brn_image_model **out);

#endif
