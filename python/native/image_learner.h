/* SPDX-License-Identifier: Apache-2.0
 * The learner over brn_image_learner: what pictures (image_learner.c) and arrays (arrays.c) share. */
#ifndef BURNISH_PYTHON_IMAGE_LEARNER_H
#define BURNISH_PYTHON_IMAGE_LEARNER_H

#include "native.h"

extern PyTypeObject *native_image_learner_type;
extern const native_learner_kind *const native_image_learner_kind;
int native_image_learner_fill(PyObject *dict, brn_image_learner_options *options, native_keep *keep);
/* answer_arrays(inputs, count, form) -> bytes. */
PyObject *native_image_learner_answer_arrays(PyObject *object, PyObject *arguments);

#endif
