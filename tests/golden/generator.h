/* SPDX-License-Identifier: Apache-2.0
 * The counter generator that PyTorch's side (generator.py) and this side both compute: weights,
 * inputs and targets of the golden models. Everything is double and row-major. */
#ifndef BRN_TESTS_GOLDEN_GENERATOR_H
#define BRN_TESTS_GOLDEN_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

/* Word i of stream `name` as a number in [-1, 1): philox(key(0, name), i / 4)[i % 4] * 2^-31 - 1.
 */
void golden_uniform(const char *name, int64_t count, double *out);

/* The value of a parameter or buffer by its name in PyTorch and its shape:
 *   rank >= 2       u * sqrt(6 / fan_in), fan_in = product of shape[1..]
 *   *running_var    1 + .5 u
 *   *running_mean   .1 u
 *   *weight         1 + .2 u, times .2 at the end of a residual block
 *   *bias           .1 u
 * u is the stream with the parameter's name. `architecture` is the golden file's "model". */
void golden_fill(const char *architecture, const char *name, int rank, const int64_t *shape,
                 double *out);

/* Is `name` the scale of the last batch norm of a residual block? */
bool golden_ends_residual_block(const char *architecture, const char *name);

/* out[i] = (7 i + 3) % classes */
void golden_targets(int64_t count, int64_t classes, int64_t *out);

#endif
