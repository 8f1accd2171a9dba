/* SPDX-License-Identifier: Apache-2.0
 * The plot of a rate finder: losses over rates, with the suggestions marked. */
#ifndef BURNISH_LR_PLOT_H
#define BURNISH_LR_PLOT_H

#include "burnish/lr_finder.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes an SVG picture that needs nothing else, replacing the file as a whole. Without the last five
 * points, as fastai 2 shows it. */
BRN_API brn_status brn_lr_curve_svg(const brn_lr_curve *curve, const char *path);

#ifdef __cplusplus
}
#endif
#endif
