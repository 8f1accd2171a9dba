/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside of graphs: nodes, values, op records.
 *
 * A node is one operation with up to BRN__OUTPUTS_MAX outputs; a value is one output of one node.
 * The public brn_node * stands for output 0 (brn_node_output makes a `pick` node, which builders
 * resolve at once). An optional input that is absent is a value with a NULL node.
 *
 * The user's graph is never changed after it is built. Compiling a plan copies the wanted part into
 * a work graph with the plan's shapes; passes and gradient rules append to that copy.
 */
#ifndef BRN__GRAPH_GRAPH_H
#define BRN__GRAPH_GRAPH_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "burnish/graph.h"
#include "tensor/tensor.h"

enum { BRN__INPUTS_MAX = 8, BRN__OUTPUTS_MAX = 5 };

typedef struct brn__value {
    brn_node *node; /* NULL: absent */
    int output;
} brn__value;

/* Element type and shape of a value. F32 is the graph's real type: the reference backend stores it
 * as F64. */
typedef struct brn__type {
    brn_dtype dtype;
    brn_shape shape;
} brn__type;

struct brn__op;

struct brn_node {
    brn_graph *graph;
    int id; /* place in graph->nodes */
    const struct brn__op *op;
    const void *attributes; /* op->attributes_size bytes */
    int input_count, output_count;
    brn__value inputs[BRN__INPUTS_MAX];
    brn__type outputs[BRN__OUTPUTS_MAX];
    const char *name;        /* with scopes; also the name of its random stream */
    int group;               /* layer group */
    const brn_node *forward; /* a backward primitive names its forward node (backends' hint) */
    const brn_node *copy_of; /* computes a forward node again, for the gradients (checkpointing.c); else NULL */
    int parameter;           /* place in graph->parameters, else -1 */
    int input;               /* place in graph->inputs, else -1 */
    const brn_node *origin;  /* in a work graph: the user's node this was copied from, else NULL */
};

/* What a gradient rule sees. It appends nodes to `graph` and fills dx for the inputs that are
 * needed; a dx left absent means zero. */
typedef struct brn__gradient {
    brn_graph *graph;
    const brn_node *node;
    const brn__value *dy; /* per output; absent when nobody used that output */
    const bool *needed;   /* per input */
    brn__value *dx;       /* per input, out */
} brn__gradient;

/* One op, one record (src/ops/NAME.c), one line in ops/op_list.h. */
typedef struct brn__op {
    const char *name;
    int id; /* BRN__OP_name */
    int inputs_min, inputs_max, output_count;
    size_t attributes_size;
    /* Checks the inputs and sets node->outputs[0..output_count-1]; or fails with a sentence in the
     * form "conv2d: weight (64, 3, 7, 7) needs 3 input channels, got x (32, 1, 224, 224)". */
    brn_status (*infer)(brn_node *node);
    /* NULL: not differentiable (an error of the plan that asks for it). */
    brn_status (*gradient)(brn__gradient *gradient);
    /* Optional: prints the attributes for plan descriptions. */
    void (*describe)(const brn_node *node, brn__text *out);
    /* Optional: floating-point operations of one run. */
    double (*flops)(const brn_node *node);
    bool varies; /* random: another result at every run, even from parameters alone */
    bool training_only; /* in inference behaviour output 0 is input 0: dropout */
    bool lists_rows; /* output 0 is a table, zero but for the rows that input 1 names */
} brn__op;

typedef struct brn__graph_parameter {
    const char *name;
    brn_shape shape;
    brn_parameter_kind kind;
    brn_init init;
    int group;
    brn_node *node;
} brn__graph_parameter;

typedef struct brn__graph_scalar {
    const char *name;
    double initial;
} brn__graph_scalar;

/* At the end of a run `target` (a buffer parameter) takes the value. Those of a user's graph (brn_carry)
 * belong to every plan that reads the target, those that a pass adds to that plan. */
typedef struct brn__update {
    brn_node *target;
    brn__value value;
} brn__update;

struct brn_graph {
    brn__arena arena;
    brn_node **nodes;
    int node_count, node_capacity;
    brn__graph_parameter *parameters;
    int parameter_count, parameter_capacity;
    brn_node **inputs;
    int input_count, input_capacity;
    brn__graph_scalar *scalars;
    int scalar_count, scalar_capacity;
    brn__update *updates;
    int update_count, update_capacity;
    brn__text scope;
    size_t scope_marks[16];
    int scope_depth;
    int group, group_count;
    brn_status status;
    char message[BRN__MESSAGE_BYTES];
    brn_node poison;
};

/* Appends a node. Attributes are copied. `name` NULL = the scope + op name. Any poisoned input, or a
 * refusal by infer, gives the graph's poison node. Inputs may be absent where the op allows it. */
brn_node *brn__node_new(brn_graph *graph, const brn__op *op, const void *attributes,
                        const brn__value *inputs, int input_count, const char *name);
/* The same from public nodes of one graph (NULL = absent); `graph` is taken from the first input.
 * Nodes of different graphs are an error. */
brn_node *brn__apply(const brn__op *op, const void *attributes, brn_node *const *inputs,
                     int input_count);

/* Value of a public node (resolves pick). */
brn__value brn__value_of(brn_node *node);
static inline brn__value brn__output(brn_node *node, int index)
{
    return (brn__value){node, index};
}
static inline const brn__type *brn__type_of(brn__value value)
{
    return &value.node->outputs[value.output];
}
static inline bool brn__has(const brn_node *node, int input)
{
    return input < node->input_count && node->inputs[input].node;
}
static inline brn_shape brn__input_shape(const brn_node *node, int input)
{
    return brn__type_of(node->inputs[input])->shape;
}
static inline brn_dtype brn__input_dtype(const brn_node *node, int input)
{
    return brn__type_of(node->inputs[input])->dtype;
}

/* Poisons the graph with this thread's message and returns the poison node. */
brn_node *brn__graph_fail(brn_graph *graph, brn_status status);
bool brn__is_poison(const brn_node *node);
brn_status brn__graph_add_update(brn_graph *graph, brn_node *target, brn__value value);

/* for infer: "OP: INPUT must be float32, got int64 (3, 4)" and the like. */
brn_status brn__expect_real(const brn_node *node, int input, const char *what);
brn_status brn__expect_rank(const brn_node *node, int input, const char *what, int low, int high);
void brn__set_output(brn_node *node, int output, brn_dtype dtype, brn_shape shape);
/* outputs[output] = the type of input `input`. */
void brn__same_as_input(brn_node *node, int output, int input);

/* Ops that the graph layer itself needs (graph_ops.c). */
/* A kernel of `sum` must work when its output is one of its inputs. */
extern const brn__op brn__op_input, brn__op_parameter, brn__op_pick, brn__op_reorder, brn__op_sum,
    brn__op_fill;
typedef struct brn__fill_attributes {
    double value;
    brn_shape shape;
} brn__fill_attributes; /* fill(): a constant */

/* Copies the nodes that `wanted` depend on into a new work graph whose inputs have the given shapes
 * (NULL entries of `shapes` keep the nominal ones; indexed by input place). `map` (indexed by the
 * user graph's node ids, owned by the caller) gives each copied node. */
brn_status brn__graph_copy(const brn_graph *graph, brn_node *const *wanted, int wanted_count,
                           const brn_shape *const *shapes, brn_graph **out, brn_node **map);
/* Makes every use of `from` (inputs, updates; not roots, which passes get by pointer) read `to`. */
void brn__graph_replace(brn_graph *graph, brn__value from, brn__value to);

/* Drops nodes that neither roots nor updates need (inputs and parameters stay) and puts the rest into
 * topological order; ids become places in it, -1 for dropped nodes. (passes/dead_nodes.c) */
brn_status brn__graph_sort(brn_graph *graph, const brn__value *roots, int root_count);

/* Appends gradient nodes of the scalar `loss` for `wanted` values; out[i] is absent where the loss
 * does not depend on it. Only paths from wanted values to the loss are built. (autodiff.c) */
brn_status brn__autodiff(brn_graph *graph, brn__value loss, const brn__value *wanted, int count,
                         brn__value *out);

/* Of a graph whose nodes from place forward_count on are the gradients of `loss` for `wanted`: makes them read copies of
 * forward nodes, so that their values need not be kept, where that saves memory. (checkpointing.c) */
brn_status brn__checkpoint_activations(brn_graph *graph, const brn_node *loss, int forward_count, const brn__value *wanted,
                                       int count);

#endif
