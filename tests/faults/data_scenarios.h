/* SPDX-License-Identifier: Apache-2.0
 * Scenarios that read and write lists: tables, answers, the log of runs, the check of a folder. */
#ifndef BRN_TESTS_FAULTS_DATA_SCENARIOS_H
#define BRN_TESTS_FAULTS_DATA_SCENARIOS_H

#include "walk.h"

brn_status scenario_table(const world *w, outcome *out);
brn_status scenario_table_report(const world *w, outcome *out);
brn_status scenario_answers(const world *w, outcome *out);
brn_status scenario_runs(const world *w, outcome *out);
brn_status scenario_ratings(const world *w, outcome *out);
brn_status scenario_check(const world *w, outcome *out);

#endif
