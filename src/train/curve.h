/* SPDX-License-Identifier: Apache-2.0
 * curve.csv: the smoothed training loss, the momentum and every layer group's rate within the epochs, for
 * plots. It lies beside history.csv and goes on over all fits of a run, and over a resumed one. */
#ifndef BRN__TRAIN_CURVE_H
#define BRN__TRAIN_CURVE_H

#include "train/callbacks.h"

typedef struct brn__curve {
    brn__callback callback;
    const brn__history *history; /* borrowed: path, stage, earlier epochs */
    brn__text text;
} brn__curve;

/* Replaces the file with what is known so far: it is also done at each epoch's end. */
brn_status brn__curve_write(const brn__curve *curve);
void brn__curve_init(brn__curve *curve, const brn__history *history);
void brn__curve_deinit(brn__curve *curve); /* a zeroed one is fine */

#endif
