/* SPDX-License-Identifier: Apache-2.0
 * A net of two layers on made-up points, and a callback that plays the losses it was given: fits whose
 * course a test decides. */
#ifndef BRN_TESTS_TRAIN_SMALL_FIT_H
#define BRN_TESTS_TRAIN_SMALL_FIT_H

#include "train/callbacks.h"

enum { SMALL_ITEMS = 64, SMALL_VALID = 32, SMALL_BATCH = 16, SMALL_FEATURES = 2 };

typedef struct small_fit {
    brn__dataset dataset;
    brn_graph *graph;
    brn_parameters *parameters;
    brn__learner *learner;
    brn__fit_options fit;
    brn__loader *train, *valid;
} small_fit;

/* x -> "a" (linear, 8) -> relu -> "n" (batch norm) -> "b" (linear, 2) -> cross-entropy. Group 0 is "a",
 * group 1 the rest. 4 training batches of 16 items, 2 validation batches. */
void small_fit_new(small_fit *s);
/* With so many layers "h0", "h1" ... (linear, 8 to 8) before "b". */
void small_fit_new_deep(small_fit *s, int layers);
void small_fit_free(small_fit *s);
void small_fit_use(small_fit *s, const brn__callback *callback);
/* The first value of a parameter. */
float *small_fit_parameter(small_fit *s, const char *name);
/* Sets it, and tells the plans. */
void small_fit_set(small_fit *s, const char *name, int64_t index, float value);

/* Puts values[epoch] in place of what validation measured, as valid_loss and as the metric `name`. */
typedef struct small_script {
    brn__callback callback;
    const double *values;
    const char *name; /* NULL: valid_loss alone */
} small_script;
void small_script_init(small_script *script, const double *values, const char *name);

#endif
