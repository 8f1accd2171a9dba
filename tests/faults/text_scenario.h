/* SPDX-License-Identifier: Apache-2.0
 * Texts from a table to batches, and settings through a model card. */
#ifndef BRN_TESTS_FAULTS_TEXT_SCENARIO_H
#define BRN_TESTS_FAULTS_TEXT_SCENARIO_H

#include "walk.h"

brn_status scenario_texts(const world *w, outcome *out);

#endif
