/* SPDX-License-Identifier: Apache-2.0
 * Scenarios of learners that are trained step by step. */
#ifndef BRN_TESTS_FAULTS_LEARNER_SCENARIOS_H
#define BRN_TESTS_FAULTS_LEARNER_SCENARIOS_H

#include "walk.h"

brn_status scenario_table_learner(const world *w, outcome *out);
brn_status scenario_ratings_learner(const world *w, outcome *out);
brn_status scenario_text_learner(const world *w, outcome *out);

#endif
