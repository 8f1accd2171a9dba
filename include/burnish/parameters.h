/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameter store: every learnable value of a model in ONE flat buffer in canonical (PyTorch,
 * row-major) layout, in the order of the layer groups; inside a group first the decayed weights,
 * then biases and normalisations; after the last group the buffers (running statistics). So a layer
 * group is one range for optimizers, freezing, norms and files. Each parameter starts on a 64-byte
 * boundary; the gap is zero. Gradients have the same offsets in a second buffer.
 *
 * The store is shared by any number of graphs (by parameter name) and runners. Reading at the same
 * time is fine; writing needs that nobody runs.
 */
#ifndef BURNISH_PARAMETERS_H
#define BURNISH_PARAMETERS_H

#include "burnish/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_parameters brn_parameters;

typedef struct brn_parameter_info {
    const char *name;
    brn_shape shape;
    brn_parameter_kind kind;
    int group;
    int64_t offset, count; /* elements in the flat buffers */
} brn_parameter_info;

/* All parameters that `graph` declares, zeroed. `real` is F32, or F64 for the reference backend. */
BRN_API brn_status brn_parameters_new(const brn_graph *graph, brn_dtype real, brn_parameters **out);
BRN_API void brn_parameters_free(brn_parameters *parameters);

BRN_API int brn_parameters_count(const brn_parameters *parameters);
BRN_API brn_parameter_info brn_parameters_info(const brn_parameters *parameters, int index);
BRN_API int brn_parameters_find(const brn_parameters *parameters, const char *name); /* -1: none */
BRN_API brn_dtype brn_parameters_dtype(const brn_parameters *parameters);

/* Draws initial values as the graph declared them, keyed by (seed, parameter name): independent of
 * order, group and threads. `group` -1 = all groups. */
BRN_API brn_status brn_parameters_initialise(brn_parameters *parameters, uint64_t seed, int group);

/* Copies one parameter out of / into the store, converting the type; `count` must match. */
BRN_API brn_status brn_parameters_read(const brn_parameters *parameters, int index, brn_dtype dtype,
                                       void *out, int64_t count);
BRN_API brn_status brn_parameters_write(brn_parameters *parameters, int index, brn_dtype dtype,
                                        const void *values, int64_t count);

/* The flat buffers (elements of brn_parameters_dtype). The gradient buffer is made on first use; who
 * writes into it asks for it anew after each run (optimizers skip rows of tables that the run has left
 * at zero, and asking makes them look at all).
 * After writing through `values`, call brn_parameters_touch for the range (plans keep packed copies
 * keyed by the parameter's version). */
BRN_API void *brn_parameters_values(brn_parameters *parameters);
BRN_API brn_status brn_parameters_gradients(brn_parameters *parameters, void **out);
BRN_API int64_t brn_parameters_elements(const brn_parameters *parameters); /* with buffers */
BRN_API int brn_parameters_group_count(const brn_parameters *parameters);
/* Range [begin, middle) holds the group's decayed weights, [middle, end) its undecayed values. */
BRN_API void brn_parameters_group(const brn_parameters *parameters, int group, int64_t *begin,
                                  int64_t *middle, int64_t *end);
BRN_API void brn_parameters_touch(brn_parameters *parameters, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif
#endif
