/* SPDX-License-Identifier: Apache-2.0
 * Weights (O, C, 3, 3) as the 36 points of Winograd's convolution: a layout that reorder steps make of the canonical
 * one, so that plans keep it from run to run while the weights stay. In it a weight's 3x3 numbers lie, as oneDNN's
 * descriptor tells, in a frame of 6x6 (strides 36 C, 36, 6, 1), turned for the input's gradient (36, 36 O, 6, 1). */
#ifndef BRN__BACKENDS_CPU_WINOGRAD_WEIGHTS_H
#define BRN__BACKENDS_CPU_WINOGRAD_WEIGHTS_H

#include "backends/cpu/dnnl.h"
#include "backends/cpu/simd/winograd.h"

typedef struct brn__winograd_weights {
    int64_t rows, columns; /* channels of what is read and of what is written: C and O, turned O and C */
    int64_t step;          /* floats from one point to the next */
    bool turned;           /* rotated by half a turn, for the input's gradient */
} brn__winograd_weights;

brn__winograd_weights brn__winograd_weights_of(int64_t o, int64_t c, bool turned);
/* The caller destroys the descriptor. */
brn_status brn__winograd_describe(const brn__winograd_weights *weights, dnnl_memory_desc_t *out);
brn__layout brn__winograd_layout(const brn__winograd_weights *weights, const_dnnl_memory_desc_t descriptor);
/* False for any other layout. */
bool brn__winograd_weights_in(const brn__layout *layout, brn__winograd_weights *out);

/* Where a panel begins within a point, and its columns. */
int64_t brn__winograd_panel(const brn__winograd_weights *weights, const brn__winograd *loops, int64_t panel,
                            int *columns);
static inline int64_t brn__winograd_panels(const brn__winograd_weights *weights, const brn__winograd *loops)
{
    return (weights->columns + loops->columns - 1) / loops->columns;
}

/* dw (O, C, 3, 3), canonical, of the sums of its points; one block of columns (y's channels). */
void brn__winograd_gather(const brn__winograd_weights *weights, const brn__winograd *loops, const float *points,
                          int64_t column_block, float *dw);

/* Canonical weights -> this layout: what a reorder step to it hands itself over to. */
extern const brn__kernel brn__winograd_reorder;

#endif
