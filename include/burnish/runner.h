/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiling and running graphs. A runner is a model being run by one thread: it owns one memory
 * arena, shared by its plans. A plan is a graph compiled for given input shapes, behaviour, set of
 * learning layer groups and backend. Running a plan allocates nothing.
 *
 *     brn_runner *r;
 *     brn_runner_new(parameters, "cpu", 0, &r);
 *     brn_plan_options o = brn_plan_defaults();
 *     o.outputs[o.output_count++] = logits;
 *     brn_plan *plan;
 *     brn_runner_plan(r, &o, &plan);                 // cached under its options
 *     brn_plan_bind(plan, "image", pixels);          // (N, C, H, W) float32, borrowed for the run
 *     brn_plan_run(plan, &(brn_run){.seed = 1});
 *     const float *y = brn_plan_output(plan, 0);     // valid until the runner's next run
 */
#ifndef BURNISH_RUNNER_H
#define BURNISH_RUNNER_H

#include "burnish/parameters.h"
#include "burnish/precision.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_runner brn_runner;
typedef struct brn_plan brn_plan;

enum { BRN_PLAN_OUTPUTS_MAX = 8, BRN_PLAN_INPUTS_MAX = 8, BRN_GROUPS_MAX = 64 };

/* What batch normalisation does in a layer group while training. */
typedef enum brn_norm_form {
    BRN_NORM_BATCH,  /* (a) batch statistics; scale and shift learn if the group learns */
    BRN_NORM_FIXED,  /* (b) running statistics; scale and shift fixed: fast.ai 0.7's frozen group */
    BRN_NORM_AFFINE, /* (c) running statistics; scale and shift learn: 0.7's bn_freeze */
} brn_norm_form;

typedef struct brn_plan_options {
    brn_node *outputs[BRN_PLAN_OUTPUTS_MAX]; /* wanted values, canonical layout */
    int output_count;
    bool training;             /* behaviour: dropout on, batch statistics, state updates */
    brn_node *loss;            /* scalar to differentiate; NULL: no gradients */
    uint64_t learning_groups;  /* bit g: the parameters of group g get gradients */
    unsigned char norm_form[BRN_GROUPS_MAX]; /* brn_norm_form per group, used when training */
    brn_node *input_gradients[BRN_PLAN_INPUTS_MAX]; /* inputs whose gradient is wanted too; these */
    int input_gradient_count;  /* follow the outputs in brn_plan_output's numbering */
    bool accumulate;           /* add parameter gradients into the buffer instead of writing */
    bool activation_checkpointing; /* with a loss: keep few values for the gradients, compute the others again */
    brn_precision precision;   /* of large products; the runner's when FP32. FP32 where the backend has no other */
    int shape_count;           /* inputs whose shape differs from the nominal one: */
    const brn_node *shape_inputs[BRN_PLAN_INPUTS_MAX];
    brn_shape shapes[BRN_PLAN_INPUTS_MAX];
} brn_plan_options;

/* Inference behaviour, all groups learning when a loss is given, batch statistics. */
BRN_API brn_plan_options brn_plan_defaults(void);

/* `backend` is "cpu" or "reference"; `threads` 0 = all processors we may use. The store is borrowed
 * and must outlive the runner. */
BRN_API brn_status brn_runner_new(brn_parameters *parameters, const char *backend, int threads,
                                  brn_runner **out);
BRN_API void brn_runner_free(brn_runner *runner);
BRN_API int brn_runner_threads(const brn_runner *runner);
/* Of the plans whose options leave it at FP32, from now on. A runner begins with FP32. */
BRN_API void brn_runner_set_precision(brn_runner *runner, brn_precision precision);
/* What its plans are computed in: FP32 or BF16. */
BRN_API brn_precision brn_runner_precision(const brn_runner *runner);
/* Of all its plans that compute gradients, from now on: less memory, to the same bits, for about one more forward pass a
 * step (Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear memory cost", 2016). A runner begins without. */
BRN_API void brn_runner_set_activation_checkpointing(brn_runner *runner, bool on);

/* A plan for these options: from the runner's cache (least recently used of 16 leaves), or compiled
 * now. Owned by the runner; valid until 16 others were asked for. The graphs of a runner's plans
 * must outlive it. */
BRN_API brn_status brn_runner_plan(brn_runner *runner, const brn_plan_options *options,
                                   brn_plan **out);

/* Binds a row-major value to the named input for the following runs: borrowed. The element type is
 * the input's; float32 inputs are float64 under the reference backend. */
BRN_API brn_status brn_plan_bind(brn_plan *plan, const char *input, const void *data);
BRN_API brn_status brn_plan_set_scalar(brn_plan *plan, const char *name, double value);

/* Where in training we are: the counter of the random streams (dropout). */
typedef struct brn_run {
    uint64_t seed;
    uint32_t step, micro_batch, rank;
} brn_run;

BRN_API brn_status brn_plan_run(brn_plan *plan, const brn_run *run);

/* Row-major value of output `index` after a run; valid until the runner's next run. */
BRN_API const void *brn_plan_output(const brn_plan *plan, int index);
BRN_API brn_shape brn_plan_output_shape(const brn_plan *plan, int index);

/* One line per step: implementation, layouts, bytes, scratch, FLOPs, and milliseconds when the plan
 * was run with profiling on (of processor time when the runner has one thread). The caller frees the text with brn_text_free. */
BRN_API brn_status brn_plan_describe(const brn_plan *plan, char **out);
BRN_API void brn_text_free(char *text);
BRN_API void brn_plan_profile(brn_plan *plan, bool on);
BRN_API size_t brn_runner_arena_bytes(const brn_runner *runner);
BRN_API size_t brn_plan_packed_bytes(const brn_plan *plan);

typedef struct brn_step_info {
    const char *op, *name, *implementation;
    double milliseconds, gigaflops; /* summed over profiled runs; work of one run */
    bool parameters_only;           /* packing: runs only when a parameter changed */
    double bytes;                   /* of its inputs and wanted outputs, in the layouts it has them */
} brn_step_info;
BRN_API int brn_plan_step_count(const brn_plan *plan);
BRN_API brn_step_info brn_plan_step(const brn_plan *plan, int index);

#ifdef __cplusplus
}
#endif
#endif
