/* SPDX-License-Identifier: Apache-2.0
 * The learner of ratings that is trained by hand. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

static const float *validated(const void *learner, int64_t *count, int64_t *width)
{
    return brn_ratings_learner_validated(learner, count, width);
}

NATIVE_LEARNER_KIND(ratings, validated)

NATIVE_LEARNER_NEW(ratings, brn_ratings_options, native_fill_ratings)

static const char *user_word(const void *l, int64_t index) { return brn_ratings_learner_user_id(l, index + 1); }
static const char *item_word(const void *l, int64_t index) { return brn_ratings_learner_item_id(l, index + 1); }

/* As of all learners, and users and items (ids), train and valid (ratings). */
static PyObject *facts(PyObject *object, PyObject *nothing)
{
    PyObject *dict = native_learner_facts(object, nothing);
    if (!dict) return NULL;
    const brn_ratings_learner *l = ((native_learner *)object)->handle.pointer;
    if (native_put(dict, "users", native_words(brn_ratings_learner_user_count(l), user_word, l)) < 0 ||
        native_put(dict, "items", native_words(brn_ratings_learner_item_count(l), item_word, l)) < 0 ||
        native_put(dict, "train", PyLong_FromLongLong(brn_ratings_learner_count(l, false))) < 0 ||
        native_put(dict, "valid", PyLong_FromLongLong(brn_ratings_learner_count(l, true))) < 0)
        Py_CLEAR(dict);
    return dict;
}

/* (users, items: int64 bytes (N), values: float32 bytes (N)). */
static PyObject *valid_rows(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_learner *self = (native_learner *)object;
    const brn_ratings_learner *learner = native_take(&self->handle, "learner");
    if (!learner) return NULL;
    const int32_t *users, *items;
    const float *values;
    const int64_t count = brn_ratings_learner_valid_rows(learner, &users, &items, &values);
    const Py_ssize_t codes = (Py_ssize_t)(count * (int64_t)sizeof(int64_t));
    PyObject *us = PyByteArray_FromStringAndSize(NULL, codes), *is = PyByteArray_FromStringAndSize(NULL, codes), *out = NULL;
    if (us && is) {
        for (int64_t i = 0; i < count; i++) {
            const int64_t user = users[i], item = items[i];
            memcpy(PyByteArray_AsString(us) + i * (int64_t)sizeof user, &user, sizeof user);
            memcpy(PyByteArray_AsString(is) + i * (int64_t)sizeof item, &item, sizeof item);
        }
        out = Py_BuildValue("(OON)", us, is,
                            PyByteArray_FromStringAndSize((const char *)values,
                                                          (Py_ssize_t)(count * (int64_t)sizeof *values)));
    }
    Py_XDECREF(us);
    Py_XDECREF(is);
    native_give_back(&self->handle);
    return out;
}

/* A list of numbers; free. NULL with an exception. */
static int64_t *numbers_of(PyObject *list, int64_t *count)
{
    PyObject *items = PySequence_List(list);
    if (!items) return NULL;
    *count = PyList_Size(items);
    int64_t *numbers = calloc((size_t)*count + 1, sizeof *numbers);
    if (!numbers) PyErr_NoMemory();
    for (int64_t i = 0; numbers && i < *count; i++) numbers[i] = PyLong_AsLongLong(PyList_GetItem(items, (Py_ssize_t)i));
    Py_DECREF(items);
    if (!PyErr_Occurred()) return numbers;
    free(numbers);
    return NULL;
}

/* predict(users, items) -> float64 bytes (N). */
static PyObject *predict(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    PyObject *user_list, *item_list, *bytes = NULL;
    if (!PyArg_ParseTuple(arguments, "OO", &user_list, &item_list)) return NULL;
    int64_t count = 0, other = 0, *users = numbers_of(user_list, &count);
    int64_t *items = users ? numbers_of(item_list, &other) : NULL;
    native_listener listener = {0};
    brn_ratings_learner *learner = NULL;
    if (items && count != other)
        native_raise_usage("predict: %lld users and %lld items", (long long)count, (long long)other);
    else if (items) bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)(count * (int64_t)sizeof(double)));
    if (bytes) learner = native_learner_enter(self, &listener);
    if (learner) {
        double *out = (double *)(void *)PyByteArray_AsString(bytes);
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_ratings_learner_predict(learner, count, users, items, out);
        Py_END_ALLOW_THREADS;
        PyObject *none = native_learner_leave(self, &listener, status);
        if (!none) Py_CLEAR(bytes);
        Py_XDECREF(none);
    } else
        Py_CLEAR(bytes);
    free(users);
    free(items);
    return bytes;
}

static PyMethodDef methods[] = {
    {"facts", facts, METH_NOARGS, "Groups, what learns, parameters; users, items, counts."},
    {"valid_rows", valid_rows, METH_NOARGS, "valid_rows() -> (users, items: int64 bytes, values: float32 bytes)."},
    {"validated", native_learner_validated, METH_NOARGS, "validated() -> (rows, K, float32 bytes (rows, K))."},
    {"predict", predict, METH_VARARGS, "predict(users, items) -> float64 bytes."},
    NATIVE_LEARNER_METHODS,
    {NULL, NULL, 0, NULL},
};

int native_add_ratings_learner_type(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)learner_new},
                                  {Py_tp_dealloc, (void *)native_learner_free},
                                  {Py_tp_methods, methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.RatingsLearner", sizeof(native_learner), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "RatingsLearner", type) : -1;
}
