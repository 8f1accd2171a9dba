/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of plans. Compiling goes through these stages, each a file:
 *   plan_compile.c   options -> work graph -> passes -> gradients -> order of nodes
 *   plan_prepare.c   nodes -> prepared steps, with reorders where layouts differ
 *   plan_memory.c    lifetimes -> offsets in the arena
 *   runner.c         cache of plans, binding, running
 *   plan_describe.c  what a plan looks like, for people
 */
#ifndef BRN__GRAPH_PLAN_H
#define BRN__GRAPH_PLAN_H

#include "burnish/runner.h"
#include "graph/backend.h"
#include "graph/graph.h"
#include "graph/parameters.h"

typedef enum brn__location {
    BRN__IN_ARENA,      /* offset by lifetime; shared with other buffers */
    BRN__IN_PERSISTENT, /* the plan's own memory: packed parameters */
    BRN__IN_PARAMETERS, /* index: place in the store */
    BRN__IN_GRADIENTS,  /* index: place in the store */
    BRN__IN_INPUT,      /* index: place in graph->inputs; address bound at run time */
} brn__location;

typedef struct brn__buffer {
    brn__location location;
    int index;
    size_t bytes, offset;
    int first, last; /* steps that make and last read it */
    int alias;       /* index of the buffer that this one was merged into, or -1 */
} brn__buffer;

/* One value in one layout. A value's variants form a list. */
typedef struct brn__variant {
    brn__layout layout;
    int buffer;
    int next; /* -1: last */
} brn__variant;

typedef struct brn__plan_step {
    brn__step step;
    bool prepared;
    int input_buffers[BRN__INPUTS_MAX];   /* -1: absent */
    int output_buffers[BRN__OUTPUTS_MAX]; /* -1: not wanted */
    int scratch_buffer;                   /* -1: none */
    bool parameters_only;
    bool bound;         /* writes into the store: never part of the prologue */
    int *dependencies;  /* parameters_only: places in the store, ascending; in the plan's arena */
    int dependency_count;
    uint64_t version;   /* sum of the dependencies' versions at the last run; 0: never ran */
} brn__plan_step;

struct brn_plan {
    brn_runner *runner;
    const brn__backend *backend;
    brn_plan_options options; /* normalised: the cache key */
    const brn_graph *user_graph;
    uint64_t last_used;

    brn_graph *graph; /* the work graph */
    brn__value roots[BRN_PLAN_OUTPUTS_MAX + 1];
    int root_count;
    brn__value gradients[BRN_PLAN_INPUTS_MAX]; /* of inputs */
    brn__value *parameter_gradients;           /* by place in the store; absent = zero */

    const brn_node **order;
    int order_count;
    brn__plan_step *steps; /* prologue first */
    int step_count, step_capacity, prologue_count;
    brn__buffer *buffers;
    int buffer_count, buffer_capacity;
    brn__variant *variants;
    int variant_count, variant_capacity;
    int *first_variant; /* by node id * BRN__OUTPUTS_MAX + output; -1: none */
    int first_variant_count;

    int output_buffers[BRN_PLAN_OUTPUTS_MAX + BRN_PLAN_INPUTS_MAX];
    brn__type output_types[BRN_PLAN_OUTPUTS_MAX + BRN_PLAN_INPUTS_MAX];
    int output_count;
    const void **bound; /* by input place */
    double *scalars;
    int *store_index;   /* by work-graph parameter: place in the store */
    int *updated;       /* places in the store that a training run changes */
    int updated_count;
    int *dense; /* places in the store whose gradients a run writes whole */
    int dense_count;

    size_t arena_bytes, persistent_bytes;
    void *persistent;
    const void *resolved_arena; /* arena that the steps' addresses were computed for */
    bool resolved, profile;
    int profiled_runs;
    brn__arena arena; /* dependencies lists */
};

brn_status brn__plan_compile(brn_plan *plan);
brn_status brn__plan_prepare(brn_plan *plan);
brn_status brn__plan_memory(brn_plan *plan);
void brn__plan_free(brn_plan *plan);

brn_parameters *brn__runner_store(const brn_runner *runner);

/* The buffer that `buffer` stands for after merges. */
int brn__plan_buffer(const brn_plan *plan, int buffer);

#endif
