/* SPDX-License-Identifier: Apache-2.0
 * Learners of arrays in memory. What they learn from is borrowed from Python's buffers, which they hold. */
#include "image_learner.h"

#include <stdlib.h>

/* What a learner of arrays borrows: a capsule with the buffers. */
enum { BUFFERS_MAX = 2 * BRN_SPLIT_COUNT };
typedef struct buffers {
    Py_buffer views[BUFFERS_MAX];
    int count;
} buffers;

static void drop_buffers(PyObject *capsule)
{
    buffers *b = PyCapsule_GetPointer(capsule, "burnish.buffers");
    for (int i = 0; b && i < b->count; i++) PyBuffer_Release(&b->views[i]);
    free(b);
}

/* The bytes of a contiguous buffer, of which there must be so many; NULL with an exception, or for None. */
static const void *take_buffer(buffers *b, PyObject *object, int64_t bytes)
{
    if (object == Py_None) return NULL;
    Py_buffer *view = &b->views[b->count];
    if (PyObject_GetBuffer(object, view, PyBUF_SIMPLE) < 0) return NULL;
    b->count++;
    if ((int64_t)view->len == bytes) return view->buf;
    native_raise_usage("arrays: %lld bytes; expected %lld", (long long)view->len, (long long)bytes);
    return NULL;
}

static int fill_shape(PyObject *shape, brn_array_data *out)
{
    const Py_ssize_t rank = PySequence_Size(shape);
    if (rank < 0) return -1;
    if (rank < 1 || rank > 3) {
        native_raise_usage("arrays: items of rank %d; expected 1 to 3", (int)rank);
        return -1;
    }
    out->rank = (int)rank;
    for (Py_ssize_t i = 0; i < rank; i++) {
        PyObject *item = PySequence_GetItem(shape, i);
        out->dims[i] = item ? PyLong_AsLongLong(item) : -1;
        Py_XDECREF(item);
        if (PyErr_Occurred()) return -1;
    }
    return 0;
}

/* parts: [(count, inputs, targets)], buffers of float32, and int64 or float32. */
static int fill_parts(PyObject *parts, brn_array_data *out, buffers *b)
{
    int64_t values = 1;
    for (int i = 0; i < out->rank; i++) values *= out->dims[i];
    const bool labels = out->target == BRN_TARGET_LABEL;
    const int64_t target = labels ? (int64_t)sizeof(int64_t) : out->outputs * (int64_t)sizeof(float);
    for (Py_ssize_t i = 0; i < PyList_Size(parts) && i < BRN_SPLIT_COUNT; i++) {
        PyObject *inputs, *targets;
        long long count;
        if (!PyArg_ParseTuple(PyList_GetItem(parts, i), "LOO", &count, &inputs, &targets)) return -1;
        if (count < 0 || count > (long long)1 << 40) {
            native_raise_usage("arrays: %lld items", count);
            return -1;
        }
        brn_array_part *part = &out->parts[i];
        part->count = count;
        part->inputs = take_buffer(b, inputs, count * values * (int64_t)sizeof(float));
        const void *bytes = PyErr_Occurred() ? NULL : take_buffer(b, targets, count * target);
        if (labels) part->labels = bytes;
        else part->targets = bytes;
        if (PyErr_Occurred()) return -1;
    }
    return 0;
}

static int fill_arrays(PyObject *arguments, brn_array_data *data, buffers *b, native_keep *keep)
{
    PyObject *shape, *parts, *names;
    int target;
    if (!PyArg_ParseTuple(arguments, "OiOO", &shape, &target, &names, &parts)) return -1;
    data->target = (brn_target_kind)target;
    data->names = native_texts(names, keep, &data->outputs);
    if (!data->names || fill_shape(shape, data) < 0) return -1;
    return fill_parts(parts, data, b);
}

typedef struct making {
    const brn_array_data *data;
    brn_image_learner_options *options;
} making;

static brn_status make(void *context, brn_event_handler *on_event, void *listener, void **out)
{
    const making *m = context;
    m->options->on_event = on_event;
    m->options->context = listener;
    return brn_array_learner_new(m->data, m->options, (brn_image_learner **)out);
}

/* A learner of arrays: ((shape, target, names, parts), options, handler=None). */
static PyObject *array_learner(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *given, *dict, *handler = NULL, *self = NULL;
    if (!PyArg_ParseTuple(arguments, "OO|O", &given, &dict, &handler)) return NULL;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    brn_image_learner_options options = brn_image_learner_defaults();
    brn_array_data data = {0};
    buffers *held = calloc(1, sizeof *held);
    PyObject *capsule = held ? PyCapsule_New(held, "burnish.buffers", drop_buffers) : NULL;
    if (!capsule) free(held);
    if (capsule && fill_arrays(given, &data, held, &keep) == 0 && native_image_learner_fill(dict, &options, &keep) == 0) {
        const making arrays = {&data, &options};
        self = native_learner_make(native_image_learner_type, native_image_learner_kind, make, &arrays, capsule, handler);
    }
    Py_XDECREF(capsule);
    native_keep_free(&keep);
    return self;
}

typedef struct saved {
    const char *path;
    int threads;
} saved;

static brn_status open_saved(void *context, brn_event_handler *on_event, void *listener, void **out)
{
    (void)on_event;
    (void)listener;
    const saved *s = context;
    return brn_array_learner_open(s->path, s->threads, (brn_image_learner **)out);
}

/* A saved one, which answers. */
static PyObject *array_open(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *path, *self = NULL;
    saved file = {0};
    native_keep keep;
    if (!PyArg_ParseTuple(arguments, "O|i", &path, &file.threads) || native_keep_init(&keep) < 0) return NULL;
    file.path = native_text(path, &keep);
    if (file.path)
        self = native_learner_make(native_image_learner_type, native_image_learner_kind, open_saved, &file, NULL, NULL);
    native_keep_free(&keep);
    return self;
}

/* {shape, names, target}. */
static PyObject *array_facts(PyObject *module, PyObject *object)
{
    (void)module;
    static const char *const targets[] = {"label", "tags", "numbers"};
    if (!PyObject_TypeCheck(object, native_image_learner_type)) return native_raise_usage("expected a learner");
    native_learner *self = (native_learner *)object;
    brn_image_learner *learner = native_take(&self->handle, "learner");
    if (!learner) return NULL;
    int64_t dims[3];
    const int rank = brn_array_learner_shape(learner, dims);
    PyObject *shape = PyTuple_New(rank), *names = PyList_New(0);
    for (int i = 0; shape && i < rank; i++) PyTuple_SetItem(shape, i, PyLong_FromLongLong(dims[i]));
    for (int64_t k = 0; names && k < brn_image_learner_outputs(learner); k++) {
        PyObject *name = PyUnicode_DecodeFSDefault(brn_image_learner_output_name(learner, k));
        if (!name || PyList_Append(names, name) < 0) Py_CLEAR(names);
        Py_XDECREF(name);
    }
    PyObject *facts = Py_BuildValue("{s:N, s:N, s:s}", "shape", shape, "names", names, "target",
                                    targets[brn_image_learner_target(learner)]);
    native_give_back(&self->handle);
    return facts;
}

PyMethodDef native_array_functions[] = {
    {"array_learner", array_learner, METH_VARARGS,
     "array_learner((shape, target, names, parts), options, handler=None) -> ImageLearner."},
    {"array_open", array_open, METH_VARARGS, "array_open(path, threads=0) -> ImageLearner."},
    {"array_facts", array_facts, METH_O, "array_facts(learner) -> {shape, names, target}."},
    {NULL, NULL, 0, NULL},
};

PyObject *native_image_learner_answer_arrays(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    PyObject *inputs, *bytes = NULL;
    long long count;
    int form;
    if (!PyArg_ParseTuple(arguments, "OLi", &inputs, &count, &form)) return NULL;
    if (form < BRN_ANSWER_OUTPUTS || form > BRN_ANSWER_LOG_PROBABILITIES)
        return native_raise_usage("form: expected 0 (logits), 1 (probabilities) or 2 (their logarithms)");
    native_listener listener = {0};
    brn_image_learner *learner = native_learner_enter(self, &listener);
    if (!learner) return NULL;
    buffers held = {.count = 0};
    int64_t dims[3], values = 1;
    const int rank = brn_array_learner_shape(learner, dims);
    for (int i = 0; i < rank; i++) values *= dims[i];
    const bool sane = count >= 0 && count <= (long long)1 << 40;
    if (!sane) native_raise_usage("arrays: %lld items", count);
    const float *rows = sane ? take_buffer(&held, inputs, count * values * (int64_t)sizeof(float)) : NULL;
    if (!PyErr_Occurred())
        bytes = PyByteArray_FromStringAndSize(
            NULL, (Py_ssize_t)(count * brn_image_learner_outputs(learner) * (int64_t)sizeof(float)));
    PyObject *none = NULL;
    if (bytes) {
        float *answers = (float *)PyByteArray_AsString(bytes);
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_array_learner_answer(learner, rows, count, (brn_answer_form)form, answers);
        Py_END_ALLOW_THREADS;
        none = native_learner_leave(self, &listener, status);
    } else {
        native_learner_let_go(self);
    }
    for (int i = 0; i < held.count; i++) PyBuffer_Release(&held.views[i]);
    if (!none) Py_CLEAR(bytes);
    Py_XDECREF(none);
    return bytes;
}
