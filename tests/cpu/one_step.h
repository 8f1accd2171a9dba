/* SPDX-License-Identifier: Apache-2.0
 * One prepared step of the CPU backend outside of any plan, so that tests can choose the layouts
 * its inputs come in and look at every byte it writes. */
#ifndef BRN_TESTS_CPU_ONE_STEP_H
#define BRN_TESTS_CPU_ONE_STEP_H

#include "backends/cpu/blocking.h"
#include "graph/graph.h"

typedef enum layout_kind { NCHW, NHWC, BLOCK16, BLOCK8, BLOCK4, LAYOUT_COUNT } layout_kind;
extern const char *const layout_names[LAYOUT_COUNT];

typedef struct one_step {
    brn_graph *graph;
    brn__step step;
    double *inputs[BRN__INPUTS_MAX];   /* logical values, row-major; given */
    double *outputs[BRN__OUTPUTS_MAX]; /* logical values after one_step_run */
    char *memory[BRN__INPUTS_MAX + BRN__OUTPUTS_MAX + 1];
} one_step;

/* Input i of the node has the type given (rank < 0: absent) and the values `values[i]`, row-major; what the kernel
 * takes in bfloat16 must be values of that. */
typedef struct one_input {
    brn_shape shape;
    const double *values; /* NULL: the input is absent */
    bool integers;
} one_input;

/* Makes the node; asserts that it was accepted. Inputs of rank 4 come in layout `layout`. */
void one_step_make(one_step *one, const brn__op *op, const void *attributes,
                   const one_input *inputs, int count, layout_kind layout, int threads);
/* Prepares and runs for the wanted outputs (bits); checks guard bytes and that padding is zero.
 * Outputs may overwrite inputs when `in_place`. */
void one_step_run(one_step *one, unsigned wanted, bool in_place, const brn__run *run);
void one_step_free(one_step *one);

/* Counter-based numbers in [-1, 1). */
double noise(uint32_t stream, int64_t index);
/* Fails unless |a - b| <= tolerance * max(1, |b|) everywhere. */
void assert_all_close(const char *what, int64_t n, const double *a, const double *b,
                      double tolerance);

#endif
