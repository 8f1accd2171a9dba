/* SPDX-License-Identifier: Apache-2.0
 *
 * What a backend is: a table of kernels {prepare, run, release} by op, an idea of layouts, and the
 * passes that it wants to see run over a work graph. docs/add_a_backend.md tells how to add one.
 *
 * Layouts. A value's layout is chosen by the step that makes it. NULL description = canonical
 * (row-major, dense). Any other description is the backend's own and is only compared and reordered
 * by the backend. prepare is called in execution order: step->have[i] holds the layout in which
 * input i was made; prepare sets step->in[i] to what it wants (equal to have[i] where it can live
 * with it; the plan inserts a reorder where they differ) and step->out[j] to what it makes.
 */
#ifndef BRN__GRAPH_BACKEND_H
#define BRN__GRAPH_BACKEND_H

#include "burnish/precision.h"
#include "graph/graph.h"
#include "graph/rows.h"

typedef struct brn__layout {
    const void *description; /* NULL: canonical */
    size_t bytes;            /* storage, with padding; 0 before prepare set it */
} brn__layout;

typedef struct brn__step brn__step;

/* What a kernel may read while a plan runs. */
typedef struct brn__run {
    uint64_t seed;
    uint32_t step, micro_batch, rank;
    const double *scalars; /* by slot */
} brn__run;

typedef struct brn__kernel {
    /* Chooses layouts, scratch, implementation; makes step->data. An error is the plan's error. */
    brn_status (*prepare)(brn__step *step);
    /* Must not allocate through brn__alloc. */
    brn_status (*run)(const brn__step *step, const brn__run *run);
    void (*release)(brn__step *step); /* frees step->data; NULL when there is nothing to free */
    /* Whether it takes this input of a node in bfloat16; asked in plans of precision BF16. `differentiates`: the plan
     * makes gradients. NULL: it never does. */
    bool (*reads_bf16)(const brn_node *node, int input, bool differentiates);
} brn__kernel;

struct brn__step {
    const brn_node *node;
    const brn__kernel *kernel; /* prepare may hand the step over to another kernel of its backend */
    const struct brn__backend *backend;
    int threads;              /* for this step; prepare may lower it */
    brn_precision precision;  /* FP32 or BF16: what products may be computed in; a kernel may do better */
    const brn__step *forward; /* prepared step of node->forward, or NULL; valid in prepare only */
    bool wanted[BRN__OUTPUTS_MAX]; /* outputs that somebody reads; others need not be made */

    bool differentiates; /* its plan makes gradients */
    bool narrow; /* output 0 may be made in bfloat16: all its readers take it so (reads_bf16) */

    /* set before prepare */
    brn__layout have[BRN__INPUTS_MAX];
    /* set by prepare (in/out are canonical unless it says otherwise) */
    brn__layout in[BRN__INPUTS_MAX], out[BRN__OUTPUTS_MAX];
    int in_place[BRN__OUTPUTS_MAX]; /* output may overwrite this input (same bytes), or -1 */
    bool view;                      /* output 0 is input 0's memory under another shape */
    size_t scratch_bytes;
    const char *implementation; /* "dnnl:...", "simd:avx512", "reference"; static or in data */
    void *data;

    /* An op that lists rows: not NULL where output 0 lies in the gradient buffer. The kernel then clears
     * the rows listed so far (everything, when they aren't), adds up the new ones, and lists them. */
    brn__rows *rows;

    /* set before run */
    void *inputs[BRN__INPUTS_MAX], *outputs[BRN__OUTPUTS_MAX], *scratch;

    /* profile */
    double milliseconds;
};

/* A pass rewrites a work graph. `roots` are the wanted values (outputs, then the loss when there is
 * one); a pass that replaces a root updates the entry. */
typedef struct brn__pass_context {
    brn_graph *graph;
    brn__value *roots;
    int root_count;
    bool training;                   /* behaviour */
    bool differentiates;             /* a loss is given */
    uint64_t learning_groups;        /* bits; 0 when nothing is differentiated */
    const unsigned char *norm_form;  /* per group */
} brn__pass_context;

typedef struct brn__pass {
    const char *name;
    brn_status (*run)(brn__pass_context *context);
} brn__pass;

typedef struct brn__backend {
    const char *name;
    brn_dtype real; /* how the graph's F32 is stored: F32 or F64 */
    brn_precision (*precision)(brn_precision wish); /* what it comes to: FP32 or BF16; NULL: always FP32 */
    const brn__kernel *const *kernels; /* by op id; NULL = no such kernel */
    int kernel_count;
    const brn__pass *const *passes; /* before gradients are built; NULL-terminated */
    const brn__pass *const *late_passes; /* after gradients are built; NULL-terminated */
    bool (*same_layout)(const brn__layout *a, const brn__layout *b);
    /* Called around steps so that a backend can set its thread count. May be NULL. */
    void (*before_step)(const brn__step *step);
    /* Memory of the backend's device. */
    void *(*allocate)(size_t bytes);
    void (*deallocate)(void *memory);
    void (*describe_layout)(const brn__layout *layout, brn__text *out);
} brn__backend;

/* NULL when there is no such backend in this build (backends/registry.c). */
const brn__backend *brn__backend_find(const char *name);

/* Storage bytes of a canonical value under a backend. */
size_t brn__canonical_bytes(const brn__backend *backend, const brn__type *type);

/* Kernels' short hands. */
static inline brn_shape brn__step_shape(const brn__step *step, int input)
{
    return brn__input_shape(step->node, input);
}
static inline int64_t brn__step_elements(const brn__step *step, int input)
{
    return brn_shape_elements(brn__input_shape(step->node, input));
}

#endif
