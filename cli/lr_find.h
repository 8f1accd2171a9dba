/* SPDX-License-Identifier: Apache-2.0
 * What the lr-find commands of all jobs share: the finder's options, and showing what it found. */
#ifndef CLI_LR_FIND_H
#define CLI_LR_FIND_H

#include "burnish/lr_finder.h"
#include "options.h"

/* In a command's list of options. */
#define CLI_LR_FIND_OPTIONS                                                                        \
    CLI_FINDER, CLI_START_RATE, CLI_END_RATE, CLI_ITERATIONS, CLI_LINEAR, CLI_STOP, CLI_SVG

void cli_lr_find_defaults(cli_value *values);
brn_lr_finder_options cli_lr_find_options(const cli_value *values);

/* The points, as a plot in text or as JSON, and the suggestions; `svg` (may be NULL) is a plot to
 * write. The failures are those of writing it. */
brn_status cli_lr_find_show(const brn_lr_curve *curve, const char *svg, double seconds);

#endif
