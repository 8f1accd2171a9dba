/* SPDX-License-Identifier: Apache-2.0
 * A value that callbacks watch from epoch to epoch: a loss, or a metric by its name. */
#ifndef BRN__TRAIN_MONITOR_H
#define BRN__TRAIN_MONITOR_H

#include "train/learner.h"

typedef struct brn__monitor {
    const char *name;
    bool rises;       /* larger is better */
    double min_delta; /* a change of this much or less is none */
} brn__monitor;

/* valid_loss, train_loss, or a metric that is known to rise or to fall. BRN_ERROR_USAGE for other names
 * and for a negative min_delta. `name` is borrowed. */
brn_status brn__monitor_init(brn__monitor *monitor, const char *name, double min_delta);

/* `value` is better than `best` by more than min_delta. A NaN is never better; anything else is better
 * than a best that is NaN, which stands for "none so far". Equal values are not better. */
bool brn__monitor_improves(const brn__monitor *monitor, double value, double best);

/* BRN_ERROR_USAGE, which begins with `who`, when a fit that begins will not have the value: there is
 * nothing to validate on. */
brn_status brn__monitor_check(const brn__monitor *monitor, const brn__fit *fit, const char *who);
/* The value of the epoch that has just ended. BRN_ERROR_USAGE when the fit has no such metric. */
brn_status brn__monitor_read(const brn__monitor *monitor, const brn__fit *fit, const char *who,
                             double *out);

#endif
