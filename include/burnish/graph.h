/* SPDX-License-Identifier: Apache-2.0
 *
 * A model is a graph of nodes. Nodes are built by functions that return nodes (ops.h, nn.h), so a
 * network reads as an expression:
 *
 *     brn_graph *g;
 *     brn_graph_new(&g);
 *     brn_node *x = brn_input(g, "x", BRN_DTYPE_F32, (int64_t[]){64, 20}, 2);      // (N, F)
 *     brn_node *w = brn_parameter(g, "w", (int64_t[]){5, 20}, 2, BRN_PARAMETER_WEIGHT,
 *                                 (brn_init){BRN_INIT_KAIMING_NORMAL});
 *     brn_node *y = brn_linear(x, w, NULL);                                         // (N, 5)
 *     if (brn_graph_status(g) != BRN_OK) puts(brn_error_message());
 *
 * Errors are sticky: the first bad shape poisons the graph with a sentence that shows the shapes;
 * builders then return poisoned nodes (never NULL), and brn_graph_status and brn_runner_plan report
 * it. Shapes given here are nominal: a plan may bind other batch and image sizes.
 * A graph is built by one thread; afterwards it is read-only and may be shared.
 */
#ifndef BURNISH_GRAPH_H
#define BURNISH_GRAPH_H

#include "burnish/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_graph brn_graph;
typedef struct brn_node brn_node; /* owned by its graph */

BRN_API brn_status brn_graph_new(brn_graph **out);
BRN_API void brn_graph_free(brn_graph *graph); /* NULL is fine */
/* BRN_OK, or the first error met while building (its sentence becomes this thread's message). */
BRN_API brn_status brn_graph_status(const brn_graph *graph);

/* A value given at every run. Names are unique in a graph. */
BRN_API brn_node *brn_input(brn_graph *graph, const char *name, brn_dtype dtype,
                            const int64_t *dims, int rank);

typedef enum brn_parameter_kind {
    BRN_PARAMETER_WEIGHT, /* learns; weight decay applies */
    BRN_PARAMETER_BIAS,   /* learns; no decay */
    BRN_PARAMETER_NORM,   /* learns; scale and shift of a normalisation; no decay */
    BRN_PARAMETER_BUFFER, /* state: running statistics; does not learn */
} brn_parameter_kind;

typedef enum brn_init_kind {
    BRN_INIT_ZEROS,
    BRN_INIT_ONES,
    BRN_INIT_UNIFORM,         /* U(-a, a) */
    BRN_INIT_NORMAL,          /* N(0, a) */
    BRN_INIT_NORMAL_WITHIN_2, /* a fmod(N(0, 1), 2), fastai 2's embeddings: |value| < 2 a */
    BRN_INIT_KAIMING_NORMAL,  /* N(0, sqrt(2 / fan_in)), He et al. 2015 */
    BRN_INIT_KAIMING_FAN_OUT, /* N(0, sqrt(2 / fan_out)), torchvision's convolutions */
    BRN_INIT_LINEAR_UNIFORM,  /* U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's linear default */
} brn_init_kind;

typedef struct brn_init {
    brn_init_kind kind;
    double a;
} brn_init;

/* A named parameter ("scope.name" with the scopes that are open). Asking again for the same name
 * gives the same node; another shape is an error. fan_in = product of dims[1:], fan_out =
 * dims[0] * product of dims[2:]. */
BRN_API brn_node *brn_parameter(brn_graph *graph, const char *name, const int64_t *dims, int rank,
                                brn_parameter_kind kind, brn_init init);

/* Names of parameters and nodes built until the matching pop start with "scope.". printf-like. */
BRN_API void brn_scope_push(brn_graph *graph, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
BRN_API void brn_scope_pop(brn_graph *graph);

/* Parameters and nodes built from now on belong to layer group `group` (0..63; starts at 0). */
BRN_API void brn_graph_set_group(brn_graph *graph, int group);
BRN_API int brn_graph_group_count(const brn_graph *graph);

/* A number that may change at every run without a new plan (a dropout probability, a label
 * smoothing). Returns its slot. Asking again for the same name gives the same slot. */
BRN_API int brn_scalar(brn_graph *graph, const char *name, double initial);

BRN_API brn_graph *brn_node_graph(const brn_node *node);
BRN_API brn_shape brn_node_shape(const brn_node *node); /* nominal */
BRN_API brn_dtype brn_node_dtype(const brn_node *node);
BRN_API const char *brn_node_name(const brn_node *node);
/* Output `index` of a node with several outputs, as a node. */
BRN_API brn_node *brn_node_output(brn_node *node, int index);

#ifdef __cplusplus
}
#endif
#endif
