/* SPDX-License-Identifier: Apache-2.0
 * What is in a file of weights. */
#include "native.h"

#include <burnish/state_file.h>

static PyObject *tensor_of(const brn_state_tensor *tensor)
{
    PyObject *shape = PyTuple_New(tensor->shape.rank);
    for (int i = 0; shape && i < tensor->shape.rank; i++)
        if (PyTuple_SetItem(shape, i, PyLong_FromLongLong(tensor->shape.dims[i])) < 0) Py_CLEAR(shape);
    return shape ? Py_BuildValue("(sN)", tensor->name, shape) : NULL;
}

/* [(name, shape)], in the order of the file. */
static PyObject *state_tensors(PyObject *module, PyObject *where)
{
    (void)module;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = native_text(where, &keep);
    brn_state_file *file = NULL;
    PyObject *list = NULL;
    if (path) {
        const brn_status status = brn_state_file_open(path, &file);
        list = status == BRN_OK ? PyList_New((Py_ssize_t)brn_state_file_count(file)) : native_raise(status);
    }
    for (int64_t i = 0; list && i < brn_state_file_count(file); i++) {
        const brn_state_tensor tensor = brn_state_file_tensor(file, i);
        PyObject *one = tensor_of(&tensor);
        if (!one || PyList_SetItem(list, (Py_ssize_t)i, one) < 0) Py_CLEAR(list);
    }
    brn_state_file_close(file);
    native_keep_free(&keep);
    return list;
}

PyMethodDef native_state_functions[] = {
    {"state_tensors", state_tensors, METH_O, "state_tensors(path) -> [(name, shape)] of a file of weights."},
    {NULL, NULL, 0, NULL},
};
