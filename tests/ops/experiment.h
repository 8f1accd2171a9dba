/* SPDX-License-Identifier: Apache-2.0
 *
 * One case on one backend: its graph with the loss sum(v * op(x)), v random, its parameters, a plan
 * and the values of its inputs. v is random because the sum of some ops (a softmax, a batch norm)
 * is constant, and the gradient of a constant shows nothing. */
#ifndef BRN_TESTS_OPS_EXPERIMENT_H
#define BRN_TESTS_OPS_EXPERIMENT_H

#include "ops/cases.h"

enum { GUARD_BYTES = 64 };

typedef struct experiment_tensor {
    case_tensor of;
    int64_t count;
    size_t bytes;           /* of the values */
    unsigned char *storage; /* inputs: guard bytes, values, guard bytes */
    unsigned char *initial; /* copy of the values */
    int store_index;        /* parameters: place in the store, else -1 */
    int gradient_output;    /* inputs: place among the plan's outputs, else -1 */
} experiment_tensor;

typedef struct experiment {
    const op_case *of;
    brn_dtype real;
    brn_graph *graph;
    brn_parameters *parameters;
    brn_runner *runner;
    brn_plan *plan;      /* outputs, and with differentiation the gradients */
    brn_plan *loss_plan; /* the loss alone */
    brn_plan_options options;
    experiment_tensor tensors[CASE_TENSORS_MAX];
    int tensor_count, output_count; /* outputs without the loss, which is the last */
} experiment;

/* Fails the test when anything goes wrong. */
void experiment_open(experiment *e, const op_case *of, const char *backend);
void experiment_close(experiment *e);
void experiment_run(experiment *e);
/* The loss at the present values. */
double experiment_loss(experiment *e);

double experiment_get(const experiment *e, int tensor, int64_t index);
void experiment_set(experiment *e, int tensor, int64_t index, double value);
/* Elements of a float tensor's gradient after experiment_run; NULL for fixed tensors. */
const void *experiment_gradient(const experiment *e, int tensor);
double experiment_element(const experiment *e, const void *values, int64_t index);

/* Fails when inputs, guard bytes or the gaps between parameters were written to. */
void experiment_check_guards(const experiment *e);

#endif
