/* SPDX-License-Identifier: Apache-2.0
 * Training phases (fast.ai 0.7's TrainingPhase) as the stages of a recipe. The option `phases` is a JSON list:
 *
 *     [{"epochs": 1, "optimizer": "sgd", "learning_rate": 1e-2, "frozen": true, "size": 128},
 *      {"epochs": 0.5, "learning_rate": 1e-3, "end_rate": 1e-2, "shape": "linear", "momentum": [0.95, 0.85]},
 *      {"epochs": 1.5, "learning_rate": 1e-2, "end_rate": 0, "shape": "cosine", "momentum": [0.85, 0.95]}]
 *
 * Phases that differ in rate, length and momentum alone are one stage: its optimizer remembers through them,
 * and they may end in mid-epoch. Any other difference begins a stage, with a fresh optimizer. */
#ifndef BRN__JOBS_IMAGE_PHASES_H
#define BRN__JOBS_IMAGE_PHASES_H

#include "jobs/image_recipe.h"

/* BRN_ERROR_USAGE names the phase and what was expected. Without a size of the options, the last phase's is
 * that of the model. */
brn_status brn__image_phases_check(brn__image_plan *plan);
/* The stages of phases that were checked. */
brn_status brn__image_phases_stages(const brn__image_plan *plan, brn__image_recipe *recipe);

#endif
