/* SPDX-License-Identifier: Apache-2.0
 * A scenario of a text classifier. */
#ifndef BRN_TESTS_FAULTS_TEXT_CLASSIFIER_SCENARIO_H
#define BRN_TESTS_FAULTS_TEXT_CLASSIFIER_SCENARIO_H

#include "walk.h"

/* Trains a classifier for an epoch, answers, explains, lists mistakes. */
brn_status scenario_text_classifier(const world *w, outcome *out);

#endif
