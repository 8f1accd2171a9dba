/* SPDX-License-Identifier: Apache-2.0
 * A model's parameters as tensors of a file, both ways. */
#ifndef BRN__JOBS_MODEL_TENSORS_H
#define BRN__JOBS_MODEL_TENSORS_H

#include "burnish/parameters.h"
#include "io/safetensors.h"
#include "io/state.h"

/* One item a parameter, in the store's order; they point into the store. `items` has room for
 * brn_parameters_count of them. */
void brn__model_tensors_list(const brn_parameters *parameters, brn__safetensors_item *items);
/* Fills the store. Files are not trusted: every parameter must be there, float32, of its shape and
 * finite. `path` is for messages. */
brn_status brn__model_tensors_load(const char *path, const brn__state *state,
                                   brn_parameters *parameters);
/* Parameter `index` from an entry of the file; NULL: it has none. */
brn_status brn__model_entry_load(const char *path, const brn__entry *entry,
                                 brn_parameters *parameters, int index);
/* The parameter from the entry of its name. */
brn_status brn__model_tensor_load(const char *path, const brn__state *state,
                                  brn_parameters *parameters, int index);

#endif
