/* SPDX-License-Identifier: Apache-2.0
 * state.safetensors of a run folder: all that a run must find again to go on to the same bits as if it
 * had never stopped. Two generations: the file before it is state.previous.safetensors. A kill or a power
 * cut at any moment leaves at least one of them whole. The file carries the sha256 of its tensors.
 *
 * Tensors: those of the fit's memory (train/memory.c). Metadata "burnish":
 *
 *     {"format": 1, "kind": "training state", "library": "0.1.0", "stage": 1, "epochs_before": 1,
 *      "threads": 2, "instruction_set": "avx512", "sha256": "..."} */
#ifndef BRN__JOBS_RUN_STATE_H
#define BRN__JOBS_RUN_STATE_H

#include "train/learner.h"

typedef struct brn__run_state_facts {
    int stage;         /* number of the fit in the recipe, from 0 */
    int epochs_before; /* finished in the fits before it */
    int threads;       /* that compute */
} brn__run_state_facts;

/* Replaces the state of the run. */
brn_status brn__run_state_write(const char *run, const brn__run_state_facts *facts,
                                const brn__memory_item *items, int count);

typedef struct brn__run_state brn__run_state;

/* The newest whole state; *out is NULL when the run has not saved one yet. `note` (of `size` bytes) gets
 * a sentence for the user, or "": an older generation is used, or the bits may differ. BRN_ERROR_INPUT
 * when there are only damaged ones. */
brn_status brn__run_state_open(const char *run, int threads, brn__run_state **out, char *note,
                               size_t size);
void brn__run_state_close(brn__run_state *state); /* NULL is fine */
brn__run_state_facts brn__run_state_facts_of(const brn__run_state *state);
/* Fills the parameters alone. */
brn_status brn__run_state_parameters(const brn__run_state *state, brn_parameters *parameters);
/* A brn__memory_visit over a brn__run_state: every item must be in the file, of its type and shape. */
brn_status brn__run_state_restore(void *state, const brn__memory_item *items, int count);

/* Takes the older generation away, once a run is finished. */
void brn__run_state_tidy(const char *run);

#endif
