/* SPDX-License-Identifier: Apache-2.0
 * Readers for the golden files. A path inside a file uses '/', as names of tensors hold dots:
 * "train/gradients/layer1.0.conv1.weight". What is missing fails the test that asks for it.
 *
 *     json_t *golden = golden_open("tests/golden/models/resnet18.json");
 *     golden_input(golden, "train", x);                              // (4, 3, 64, 64)
 *     assert_close(loss, golden_number(golden, "train/loss"), 1e-9);
 *     assert_summary(golden, "train/gradients", "fc.weight", dw, 512000, 1e-9);
 *     json_decref(golden);
 */
#ifndef BRN_TESTS_GOLDEN_H
#define BRN_TESTS_GOLDEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

json_t *golden_open(const char *path);                         /* from the source tree's root */
const json_t *golden_at(const json_t *root, const char *path); /* borrowed */
bool golden_has(const json_t *root, const char *path);
double golden_number(const json_t *root, const char *path);
const char *golden_string(const json_t *root, const char *path);

/* The input of a form of a model's golden, its "input_shape" and "input_stream". */
int64_t golden_input_count(const json_t *root, const char *form);
void golden_input(const json_t *root, const char *form, double *out);

/* The error of `values` against a summary {"shape", "norm", "dot", "samples"}, in units of relative
 * L2 error: 0 is equal, 1 is unrelated. A tensor with |got - want| = t |want| in a random direction
 * stays below t. With n values, norm |v| and v's root mean square r = |v| / sqrt(n), the largest of
 *   norm     | |got| - |v| | / |v|
 *   dot      |dot - want| / (3 |v| rms(d)): the dot product of an error e with the generated vector
 *            d is |e| rms(d) in one standard deviation, so 3 of them are allowed; a transposed,
 * shifted or sign-flipped tensor keeps its norm, but is off by about 1/2 here, as is one with some
 *            wrong values outside the samples in proportion to their share of the norm
 *   samples  |s - want| / (3 max(r, |want|)): one wrong sample is off by about 1/3
 * A summary with "scale" is a gradient that is zero but for rounding: |got| / scale.
 * NaN gives infinity, as does a count other than the shape's. `name` is the tensor's own name,
 * which is part of d's stream: "dot:" + name.
 */
typedef struct golden_error {
    double norm, dot, samples, full; /* full: the largest of the three */
} golden_error;
golden_error golden_compare(const json_t *summary, const char *name, const double *values,
                            int64_t count);

/* golden_compare()'s `full`. Prints the tensor when it is above the tolerance. */
double golden_check_summary(const json_t *summary, const char *name, const double *values,
                            int64_t count, double tolerance);

/* The largest |value - want| / max(1, |want|) against an array of numbers. Prints as above. */
double golden_check_array(const json_t *array, const char *name, const double *values,
                          int64_t count, double tolerance);

/* For "folder/name" of the file: fails the test above the tolerance. */
#define assert_summary(root, folder, name, values, count, tolerance)                               \
    golden_assert_summary((root), (folder), (name), (values), (count), (tolerance), __FILE__,      \
                          __LINE__)
void golden_assert_summary(const json_t *root, const char *folder, const char *name,
                           const double *values, int64_t count, double tolerance, const char *file,
                           int line);

#endif
