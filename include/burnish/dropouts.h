/* SPDX-License-Identifier: Apache-2.0
 * The dropouts of an AWD-LSTM one by one, for language models (lm.h) and classifiers of texts (text.h). */
#ifndef BURNISH_DROPOUTS_H
#define BURNISH_DROPOUTS_H

#include "burnish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Probabilities, 0 to .999; -1: the form's, times its factor. */
typedef struct brn_dropouts {
    double words;  /* of whole words of the vocabulary (0.7: dropoute) */
    double input;  /* of the words' vectors (dropouti) */
    double weight; /* of recurrent weights (wdrop) */
    double hidden; /* between layers (dropouth) */
    double output; /* behind the last layer (dropout) */
    double head;   /* of a classifier: before the last linear layer */
} brn_dropouts;

BRN_API brn_dropouts brn_dropouts_by_factor(void); /* all -1 */

#ifdef __cplusplus
}
#endif
#endif
