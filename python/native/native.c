/* SPDX-License-Identifier: Apache-2.0
 * The module burnish._burnish. */
#include "native.h"

#include <stdarg.h>
#include <stdio.h>

/* ------------------------------------------------------------------ exceptions */

PyObject *native_raise(brn_status status)
{
    PyObject *module = PyImport_ImportModule("burnish.errors");
    if (!module) return NULL;
    PyObject *kinds = PyObject_GetAttrString(module, "BY_STATUS");
    PyObject *number = PyLong_FromLong((long)status);
    PyObject *kind = kinds && number ? PyObject_GetItem(kinds, number) : NULL;
    const char *message = brn_error_message();
    if (kind) PyErr_SetString(kind, *message ? message : brn_status_sentence(status));
    Py_XDECREF(kind);
    Py_XDECREF(number);
    Py_XDECREF(kinds);
    Py_DECREF(module);
    return NULL;
}

PyObject *native_raise_usage(const char *format, ...)
{
    char message[512];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    PyObject *module = PyImport_ImportModule("burnish.errors");
    PyObject *kind = module ? PyObject_GetAttrString(module, "UsageError") : NULL;
    if (kind) PyErr_SetString(kind, message);
    Py_XDECREF(kind);
    Py_XDECREF(module);
    return NULL;
}

void *native_take(native_handle *handle, const char *what)
{
    if (!handle->pointer) return native_raise_usage("%s: it has been closed", what);
    if (handle->busy) return native_raise_usage("%s: another thread is using it", what);
    handle->busy = 1;
    return handle->pointer;
}

void native_give_back(native_handle *handle) { handle->busy = 0; }

/* ------------------------------------------------------------------ about the library */

static PyObject *about(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    return Py_BuildValue("{s:s, s:s}", "version", brn_version(), "instruction_set", brn_instruction_set());
}

static PyObject *architectures(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < brn_model_count(); i++) {
        PyObject *name = PyUnicode_FromString(brn_model_at(i)->name);
        if (!name || PyList_Append(list, name) < 0) Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

static PyMethodDef functions[] = {
    {"about", about, METH_NOARGS, "Version and instruction set, as a dict."},
    {"architectures", architectures, METH_NOARGS, "Names of the image architectures."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "burnish._burnish",
                                        "The C library, as it is.", -1, functions, NULL, NULL, NULL, NULL};

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__burnish(void);

PyMODINIT_FUNC PyInit__burnish(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (!module) return NULL;
    if (PyModule_AddFunctions(module, native_image_functions) < 0 ||
        PyModule_AddFunctions(module, native_table_functions) < 0 ||
        PyModule_AddFunctions(module, native_lm_functions) < 0 ||
        PyModule_AddFunctions(module, native_text_functions) < 0 ||
        PyModule_AddFunctions(module, native_ratings_functions) < 0 ||
        PyModule_AddFunctions(module, native_frame_functions) < 0 ||
        PyModule_AddFunctions(module, native_reading_functions) < 0 ||
        PyModule_AddFunctions(module, native_network_functions) < 0 ||
        PyModule_AddFunctions(module, native_array_functions) < 0 ||
        PyModule_AddFunctions(module, native_state_functions) < 0 || native_add_image_types(module) < 0 ||
        native_add_learner_types(module) < 0 || native_add_table_types(module) < 0 ||
        native_add_table_learner_type(module) < 0 || native_add_ratings_learner_type(module) < 0 ||
        native_add_lm_learner_type(module) < 0 || native_add_text_learner_type(module) < 0 ||
        native_add_lm_types(module) < 0 || native_add_text_types(module) < 0 || native_add_ratings_types(module) < 0)
        Py_CLEAR(module);
    return module;
}
