/* SPDX-License-Identifier: Apache-2.0
 * What is read without a job: tokens of texts, tensors of files of weights. */
#include "native.h"

#include <burnish/state_file.h>

static PyObject *bytes_of(const void *bytes, size_t size)
{
    return PyByteArray_FromStringAndSize(bytes, (Py_ssize_t)size);
}

static PyObject *split(const char *const *texts, int64_t count, const brn_text_options *options)
{
    brn_split_texts *found = NULL;
    brn_status status;
    Py_BEGIN_ALLOW_THREADS;
    status = brn_text_split(options, texts, count, &found);
    Py_END_ALLOW_THREADS;
    if (status != BRN_OK) return native_raise(status);
    size_t length = 0;
    for (int64_t i = 0; i < found->token_count; i++) length += found->lengths[i];
    PyObject *out = Py_BuildValue("(NNN)", bytes_of(found->ends, (size_t)found->text_count * sizeof *found->ends),
                                  bytes_of(found->lengths, (size_t)found->token_count * sizeof *found->lengths),
                                  bytes_of(found->bytes, length));
    brn_split_texts_free(found);
    return out;
}

static PyObject *text_split(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *list, *dict, *out = NULL;
    native_keep keep;
    if (!PyArg_ParseTuple(arguments, "OO", &list, &dict) || native_keep_init(&keep) < 0) return NULL;
    int count;
    int64_t texts_count;
    const brn_option *options = brn_text_option_list(&count);
    brn_text_options how = brn_text_defaults();
    const char *const *texts = native_texts(list, &keep, &texts_count);
    if (texts && native_fill(dict, options, count, NULL, &how, &keep) == 0) out = split(texts, texts_count, &how);
    native_keep_free(&keep);
    return out;
}

/* (name, shape, float32 bytes). */
static PyObject *tensor_of(const brn_state_file *file, int64_t index)
{
    const brn_state_tensor info = brn_state_file_tensor(file, index);
    brn_tensor *tensor;
    const brn_status status = brn_state_file_read(file, index, BRN_DTYPE_F32, &tensor);
    if (status != BRN_OK) return native_raise(status);
    PyObject *shape = PyTuple_New(info.shape.rank);
    for (int d = 0; shape && d < info.shape.rank; d++)
        PyTuple_SetItem(shape, d, PyLong_FromLongLong((long long)info.shape.dims[d]));
    PyObject *values = bytes_of(brn_tensor_data(tensor), (size_t)brn_shape_elements(info.shape) * sizeof(float));
    brn_tensor_free(tensor);
    return Py_BuildValue("(sNN)", info.name, shape, values);
}

static PyObject *weights_read(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *path, *list = NULL;
    native_keep keep;
    if (!PyArg_ParseTuple(arguments, "O", &path) || native_keep_init(&keep) < 0) return NULL;
    const char *text = native_text(path, &keep);
    brn_state_file *file = NULL;
    if (text) {
        const brn_status status = brn_state_file_open(text, &file);
        list = status == BRN_OK ? PyList_New(0) : native_raise(status);
    }
    for (int64_t i = 0; list && i < brn_state_file_count(file); i++) {
        PyObject *one = tensor_of(file, i);
        if (!one || PyList_Append(list, one) < 0) Py_CLEAR(list);
        Py_XDECREF(one);
    }
    brn_state_file_close(file);
    native_keep_free(&keep);
    return list;
}

PyMethodDef native_reading_functions[] = {
    {"text_split", text_split, METH_VARARGS, "text_split(texts, options) -> (ends, lengths, bytes)."},
    {"weights_read", weights_read, METH_VARARGS, "weights_read(path) -> [(name, shape, float32 bytes)]."},
    {NULL, NULL, 0, NULL},
};
