/* SPDX-License-Identifier: Apache-2.0
 * The learner as an object of Python: what pictures (image_learner.c) and arrays (arrays.c) share. */
#ifndef BURNISH_PYTHON_LEARNER_H
#define BURNISH_PYTHON_LEARNER_H

#include "native.h"

typedef struct learner_object {
    PyObject_HEAD
    native_handle handle; /* brn_image_learner */
    PyObject *data;       /* an ImageData that it borrows from */
    native_listener *listener; /* of the call under way */
    PyObject *change;          /* a callable that pictures go through, or NULL */
} learner_object;

extern PyTypeObject *native_learner_type;
/* The library's events go to the listener of the call under way; the context is the object. */
int native_learner_hear(void *context, const brn_event *event);
int native_learner_fill(PyObject *dict, brn_image_learner_options *options, native_keep *keep);
/* Begins a call that lets other threads run; NULL with an exception. leave() ends it: None, or NULL. */
brn_image_learner *native_learner_enter(learner_object *self, native_listener *listener);
PyObject *native_learner_leave(learner_object *self, native_listener *listener, brn_status status);
/* answer_arrays(inputs, count, form) -> bytes. */
PyObject *native_learner_answer_arrays(PyObject *object, PyObject *arguments);

#endif
