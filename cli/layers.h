/* SPDX-License-Identifier: Apache-2.0
 * The options --hidden, --dropout and --range: lists of numbers. */
#ifndef CLI_LAYERS_H
#define CLI_LAYERS_H

#include "commands.h"

/* "200,100": a number before each comma and at the end. How many; -1 when it is something else, or more
 * than `most`. */
int cli_numbers_of(const char *text, double *out, int most);

/* --hidden and --dropout (count each, at most `most`), where they were given. An exit code; failures are
 * told, as of the next one. */
int cli_take_layers(const cli_call *call, int *count, int64_t *hidden, double *dropout, int most);
/* --range LOW,HIGH, where it was given. */
int cli_take_range(const cli_call *call, bool *has_range, double *low, double *high);

#endif
