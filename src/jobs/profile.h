/* SPDX-License-Identifier: Apache-2.0
 * The parts of a profile: steps of a plan, and the machine's peaks. */
#ifndef BRN__JOBS_PROFILE_H
#define BRN__JOBS_PROFILE_H

#include "burnish/profile.h"
#include "burnish/runner.h"

/* The first round of a plan that was just run once with profiling on gives the steps, later ones the
 * least of their times. */
brn_status brn__profile_round(const brn_plan *plan, brn_profile *profile);
/* Drops what did not run, and adds up. `profile->peak` is known. */
void brn__profile_finish(brn_profile *profile);
brn_status brn__machine_peak(int threads, brn_precision precision, brn_machine_peak *out);

#endif
