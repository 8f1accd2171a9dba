/* SPDX-License-Identifier: Apache-2.0
 * A language model is trained, measured and made to write. */
#ifndef BRN_TESTS_FAULTS_LM_SCENARIO_H
#define BRN_TESTS_FAULTS_LM_SCENARIO_H

#include "walk.h"

brn_status scenario_lm(const world *w, outcome *out);

#endif
