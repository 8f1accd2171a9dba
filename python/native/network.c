/* SPDX-License-Identifier: Apache-2.0
 * Described networks: their texts, read and tried. */
#include "native.h"

#include <string.h>

static brn_network *read_text(const char *text, Py_ssize_t length)
{
    brn_network *network;
    const brn_status status = brn_network_read(text, (size_t)length, &network);
    if (status != BRN_OK) native_raise(status);
    return network;
}

/* (name, the text in one line, layer groups) */
static PyObject *network_read(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *text;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(arguments, "s#", &text, &length)) return NULL;
    brn_network *network = read_text(text, length);
    if (!network) return NULL;
    PyObject *facts = Py_BuildValue("(ssi)", brn_network_name(network), brn_network_text(network),
                                    brn_network_groups(network));
    brn_network_free(network);
    return facts;
}

static void append(void *context, const brn_network_layer *layer)
{
    PyObject **list = context;
    if (!*list) return;
    PyObject *shape = PyTuple_New(layer->shape.rank - 1), *one = NULL;
    for (int i = 1; shape && i < layer->shape.rank; i++)
        PyTuple_SetItem(shape, i - 1, PyLong_FromLongLong(layer->shape.dims[i]));
    if (shape) one = Py_BuildValue("(ssNiL)", layer->path, layer->kind, shape, layer->group, (long long)layer->parameters);
    if (!one || PyList_Append(*list, one) < 0) Py_CLEAR(*list);
    Py_XDECREF(one);
}

/* [(path, kind, shape, group, parameters)] of (text, shape of an item, outputs). */
static PyObject *network_trace(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *text;
    Py_ssize_t length;
    PyObject *shape;
    long long outputs;
    int64_t dims[3] = {0};
    if (!PyArg_ParseTuple(arguments, "s#OL", &text, &length, &shape, &outputs)) return NULL;
    const Py_ssize_t rank = PySequence_Size(shape);
    if (rank < 0) return NULL;
    if (rank < 1 || rank > 3) return native_raise_usage("shape: expected 1 to 3 numbers, without the batch");
    for (Py_ssize_t i = 0; i < rank; i++) {
        PyObject *item = PySequence_GetItem(shape, i);
        dims[i] = item ? PyLong_AsLongLong(item) : -1;
        Py_XDECREF(item);
        if (PyErr_Occurred()) return NULL;
    }
    brn_network *network = read_text(text, length);
    if (!network) return NULL;
    PyObject *list = PyList_New(0);
    const brn_status status = brn_network_trace(network, dims, (int)rank, outputs, append, &list);
    brn_network_free(network);
    if (status == BRN_OK) return list;
    Py_XDECREF(list);
    return native_raise(status);
}

PyMethodDef native_network_functions[] = {
    {"network_read", network_read, METH_VARARGS, "network_read(text) -> (name, text in one line, layer groups)."},
    {"network_trace", network_trace, METH_VARARGS,
     "network_trace(text, shape, outputs) -> [(path, kind, shape, group, parameters)]."},
    {NULL, NULL, 0, NULL},
};
