/* SPDX-License-Identifier: Apache-2.0
 * Pictures and the learner that is trained by hand. */
#include "image_learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ pictures */

typedef struct data_object {
    PyObject_HEAD
    brn_image_data *data;
} data_object;

static PyTypeObject *data_type;
PyTypeObject *native_image_learner_type;

static int target_choice(PyObject *dict, native_keep *keep, brn_target_choice *out)
{
    static const char *const words[] = {"auto", "label", "tags", "numbers"};
    PyObject *value = native_item(dict, "target_type");
    if (!value) return 0;
    const char *word = native_text(value, keep);
    for (int i = 0; word && i < 4; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (brn_target_choice)i;
            return 0;
        }
    if (word) native_raise_usage("target_type: %s; expected auto, label, tags or numbers", word);
    return -1;
}

static int fill_data(PyObject *dict, brn_image_data_options *options, native_keep *keep)
{
    static const brn_option list[] = {
        {"valid", BRN_OPTION_REAL, offsetof(brn_image_data_options, valid), NULL},
        {"seed", BRN_OPTION_BIG, offsetof(brn_image_data_options, seed), NULL},
        {"test", BRN_OPTION_TEXT, offsetof(brn_image_data_options, test), NULL},
        {"images", BRN_OPTION_TEXT, offsetof(brn_image_data_options, images), NULL},
        {"targets", BRN_OPTION_TEXT, offsetof(brn_image_data_options, targets), NULL},
        {"folds", BRN_OPTION_WHOLE, offsetof(brn_image_data_options, folds), NULL},
        {"fold", BRN_OPTION_WHOLE, offsetof(brn_image_data_options, fold), NULL},
        {"no_header", BRN_OPTION_FLAG, offsetof(brn_image_data_options, no_header), NULL},
    };
    static const char *const extra[] = {"target_type", "tag_separator", "fastai07", NULL};
    if (native_fill(dict, list, sizeof list / sizeof *list, extra, options, keep) < 0) return -1;
    PyObject *separator = native_item(dict, "tag_separator"), *old = native_item(dict, "fastai07");
    const char *text = separator ? native_text(separator, keep) : " ";
    if (!text) return -1;
    options->tag_separator = *text;
    if (old && PyObject_IsTrue(old) == 1) options->split = BRN_SPLIT_FASTAI07;
    return target_choice(dict, keep, &options->target);
}

static PyObject *data_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    (void)keywords;
    PyObject *path, *dict;
    if (!PyArg_ParseTuple(arguments, "OO", &path, &dict)) return NULL;
    native_keep keep;
    brn_image_data_options options = brn_image_data_defaults();
    if (native_keep_init(&keep) < 0) return NULL;
    data_object *self = NULL;
    const char *folder = native_text(path, &keep);
    if (folder && fill_data(dict, &options, &keep) == 0) self = (data_object *)PyType_GenericAlloc(type, 0);
    if (self) {
        brn_image_data *data = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_image_data_open(folder, &options, &data);
        Py_END_ALLOW_THREADS;
        self->data = data;
        if (status != BRN_OK) {
            Py_CLEAR(self);
            native_raise(status);
        }
    }
    native_keep_free(&keep);
    return (PyObject *)self;
}

static void data_free(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    brn_image_data_close(((data_object *)object)->data);
    PyObject_Free(object);
    Py_DECREF(type);
}

brn_image_data *native_image_data(PyObject *object)
{
    if (PyObject_TypeCheck(object, data_type)) return ((data_object *)object)->data;
    native_raise_usage("data: expected an ImageData");
    return NULL;
}

static const char *output_name(const void *data, int64_t k)
{
    return brn_image_data_target_kind(data) == BRN_TARGET_LABEL ? brn_image_data_class_name(data, k)
                                                                : brn_image_data_target_name(data, k);
}

static int64_t outputs(const brn_image_data *data)
{
    return brn_image_data_target_kind(data) == BRN_TARGET_LABEL ? brn_image_data_class_count(data)
                                                                : brn_image_data_target_width(data);
}

static PyObject *data_facts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    static const char *const targets[] = {"label", "tags", "numbers"};
    const brn_image_data *d = ((data_object *)object)->data;
    return Py_BuildValue("{s:s, s:N, s:L, s:L, s:L}", "target", targets[brn_image_data_target_kind(d)], "classes",
                         native_words(outputs(d), output_name, d), "train",
                         (long long)brn_image_data_split_count(d, BRN_SPLIT_TRAIN), "valid",
                         (long long)brn_image_data_split_count(d, BRN_SPLIT_VALID), "test",
                         (long long)brn_image_data_split_count(d, BRN_SPLIT_TEST));
}

static int split_of(int number, brn_split *out)
{
    if (number >= 0 && number < BRN_SPLIT_COUNT) {
        *out = (brn_split)number;
        return 0;
    }
    native_raise_usage("split: expected 0 (train), 1 (valid) or 2 (test)");
    return -1;
}

/* (paths, targets): int64 labels, or float32 (N, K), as bytes. */
static PyObject *data_items(PyObject *object, PyObject *arguments)
{
    const brn_image_data *d = ((data_object *)object)->data;
    int number;
    brn_split split;
    if (!PyArg_ParseTuple(arguments, "i", &number) || split_of(number, &split) < 0) return NULL;
    const int64_t first = brn_image_data_split_start(d, split), count = brn_image_data_split_count(d, split);
    const bool labels = brn_image_data_target_kind(d) == BRN_TARGET_LABEL;
    const int64_t width = labels ? 1 : brn_image_data_target_width(d);
    const size_t item = labels ? sizeof(int64_t) : (size_t)width * sizeof(float);
    PyObject *paths = PyList_New((Py_ssize_t)count);
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)((size_t)count * item));
    for (int64_t i = 0; paths && bytes && i < count; i++) {
        char *out = PyByteArray_AsString(bytes) + (size_t)i * item;
        const int64_t label = brn_image_data_label(d, first + i);
        const float *target = brn_image_data_target(d, first + i);
        if (labels) memcpy(out, &label, item);
        else if (target) memcpy(out, target, item);
        else memset(out, 0xff, item); /* NaN */
        PyObject *path = PyUnicode_DecodeFSDefault(brn_image_data_path(d, first + i));
        if (!path || PyList_SetItem(paths, (Py_ssize_t)i, path) < 0) Py_CLEAR(paths);
    }
    if (paths && bytes) return Py_BuildValue("(NN)", paths, bytes);
    Py_XDECREF(paths);
    Py_XDECREF(bytes);
    return NULL;
}

static PyMethodDef data_methods[] = {
    {"facts", data_facts, METH_NOARGS, "Target, classes and the sizes of the splits."},
    {"items", data_items, METH_VARARGS, "items(split) -> (paths, targets as bytes)."},
    {NULL, NULL, 0, NULL},
};

/* ------------------------------------------------------------------ the learner */

/* The learner, and a callable that pictures go through. */
typedef struct image_object {
    native_learner learner;
    PyObject *change; /* or NULL */
} image_object;

NATIVE_LEARNER_KIND(image, NULL)
const native_learner_kind *const native_image_learner_kind = &kind;

static int fill_head(PyObject *dict, brn_nn_head_options *head)
{
    PyObject *hidden = native_item(dict, "hidden"), *dropout = native_item(dict, "dropout");
    if (!hidden && !dropout) return 0;
    const Py_ssize_t layers = hidden ? PySequence_Size(hidden) : head->hidden_count;
    if (layers < 0) return -1;
    if (layers > BRN_NN_HEAD_HIDDEN_MAX || (dropout && PySequence_Size(dropout) != layers + 1)) {
        native_raise_usage("head: expected at most %d hidden widths, and a dropout more than widths",
                           BRN_NN_HEAD_HIDDEN_MAX);
        return -1;
    }
    head->hidden_count = (int)layers;
    for (Py_ssize_t i = 0; i <= layers; i++) {
        PyObject *width = hidden && i < layers ? PySequence_GetItem(hidden, i) : NULL;
        PyObject *share = dropout ? PySequence_GetItem(dropout, i) : NULL;
        if (width) head->hidden[i] = PyLong_AsLongLong(width);
        if (share) head->dropout[i] = PyFloat_AsDouble(share);
        Py_XDECREF(width);
        Py_XDECREF(share);
        if (PyErr_Occurred()) return -1;
    }
    return 0;
}

int native_image_learner_fill(PyObject *dict, brn_image_learner_options *options, native_keep *keep)
{
    static const char *const precisions[] = {"fp32", "bf16", "auto", NULL}; /* brn_precision */
    static const brn_option list[] = {
        {"architecture", BRN_OPTION_TEXT, offsetof(brn_image_learner_options, architecture), NULL},
        {"network", BRN_OPTION_TEXT, offsetof(brn_image_learner_options, network), NULL},
        {"pretrained", BRN_OPTION_FLAG, offsetof(brn_image_learner_options, pretrained), NULL},
        {"weights", BRN_OPTION_TEXT, offsetof(brn_image_learner_options, weights), NULL},
        {"size", BRN_OPTION_WHOLE, offsetof(brn_image_learner_options, size), NULL},
        {"batch_size", BRN_OPTION_WHOLE, offsetof(brn_image_learner_options, batch_size), NULL},
        {"augment", BRN_OPTION_TEXT, offsetof(brn_image_learner_options, augment), NULL},
        {"train_bn", BRN_OPTION_FLAG, offsetof(brn_image_learner_options, train_bn), NULL},
        {"label_smoothing", BRN_OPTION_REAL, offsetof(brn_image_learner_options, label_smoothing), NULL},
        {"seed", BRN_OPTION_BIG, offsetof(brn_image_learner_options, seed), NULL},
        {"threads", BRN_OPTION_WHOLE, offsetof(brn_image_learner_options, threads), NULL},
        {"precision", BRN_OPTION_WORD, offsetof(brn_image_learner_options, precision), precisions},
        {"activation_checkpointing", BRN_OPTION_FLAG, offsetof(brn_image_learner_options, activation_checkpointing), NULL},
        {"loaders", BRN_OPTION_WHOLE, offsetof(brn_image_learner_options, loaders), NULL},
        {"offline", BRN_OPTION_FLAG, offsetof(brn_image_learner_options, offline), NULL},
        {"mirror", BRN_OPTION_TEXT, offsetof(brn_image_learner_options, mirror), NULL},
    };
    static const char *const extra[] = {"hidden", "dropout", "change", NULL};
    if (native_fill(dict, list, sizeof list / sizeof *list, extra, options, keep) < 0) return -1;
    return fill_head(dict, &options->head);
}

/* With the interpreter's lock: the picture that the callable gives, or the one that it was given as it is now. */
static int take_picture(PyObject *answer, PyObject *given, brn_image_change *change)
{
    Py_buffer view;
    const size_t bytes = (size_t)change->height * (size_t)change->width * 3;
    if (answer == Py_None && (size_t)PyByteArray_Size(given) == bytes) {
        memcpy(change->pixels, PyByteArray_AsString(given), bytes);
        return 0;
    }
    if (PyObject_GetBuffer(answer, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) return -1;
    const bool good = view.ndim == 3 && view.itemsize == 1 && view.shape[2] == 3 && view.shape[0] > 0 &&
                      view.shape[1] > 0 && view.shape[0] <= 1 << 20 && view.shape[1] <= 1 << 20;
    brn_status status = BRN_OK;
    if (!good) native_raise_usage("change: expected None or uint8 (height, width, 3)");
    else status = brn_image_change_replace(change, (int)view.shape[1], (int)view.shape[0], view.buf);
    PyBuffer_Release(&view);
    if (status != BRN_OK) native_raise(status);
    return good && status == BRN_OK ? 0 : -1;
}

/* In a thread that loads pictures; the first exception ends the call and is raised behind it. */
static brn_status change_picture(void *context, brn_image_change *change)
{
    const image_object *self = context;
    const PyGILState_STATE lock = PyGILState_Ensure();
    const Py_ssize_t bytes = (Py_ssize_t)change->height * change->width * 3;
    /* A copy: who keeps it beyond the call has memory of their own. */
    PyObject *pixels = PyByteArray_FromStringAndSize((const char *)change->pixels, bytes), *answer = NULL;
    if (pixels)
        answer = PyObject_CallFunction(self->change, "OiiOK", pixels, change->height, change->width,
                                       change->training ? Py_True : Py_False, (unsigned long long)change->seed);
    const bool failed = !answer || take_picture(answer, pixels, change) < 0;
    native_listener *listener = self->learner.listener;
    if (failed && listener && !listener->type) PyErr_Fetch(&listener->type, &listener->value, &listener->trace);
    else PyErr_Clear();
    Py_XDECREF(answer);
    Py_XDECREF(pixels);
    PyGILState_Release(lock);
    return failed ? BRN_ERROR_INTERRUPTED : BRN_OK;
}

typedef struct making {
    brn_image_data *data;
    brn_image_learner_options *options;
    PyObject *change; /* owned until an object has it */
} making;

static brn_status make(void *context, brn_event_handler *on_event, void *object, void **out)
{
    making *m = context;
    image_object *self = object;
    self->change = m->change;
    m->change = NULL;
    if (self->change) m->options->changer = change_picture, m->options->changer_context = self;
    m->options->on_event = on_event;
    m->options->context = object;
    return brn_image_learner_new(m->data, m->options, (brn_image_learner **)out);
}

static PyObject *learner_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    (void)keywords;
    PyObject *data, *dict, *handler = NULL;
    if (!PyArg_ParseTuple(arguments, "OO|O", &data, &dict, &handler)) return NULL;
    brn_image_data *pictures = native_image_data(data);
    native_keep keep;
    brn_image_learner_options options = brn_image_learner_defaults();
    if (!pictures || native_keep_init(&keep) < 0) return NULL;
    PyObject *self = NULL;
    if (native_image_learner_fill(dict, &options, &keep) == 0) {
        making image = {pictures, &options, native_item(dict, "change")};
        Py_XINCREF(image.change);
        self = native_learner_make(type, &kind, make, &image, data, handler);
        Py_XDECREF(image.change); /* unless the object has taken it */
    }
    native_keep_free(&keep);
    return self;
}

static void learner_free(PyObject *object)
{
    PyObject *change = ((image_object *)object)->change;
    native_learner_free(object);
    Py_XDECREF(change);
}

static PyObject *learner_set_data(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    PyObject *data;
    int size = 0;
    const char *augment = NULL;
    if (!PyArg_ParseTuple(arguments, "O|iz", &data, &size, &augment)) return NULL;
    brn_image_data *pictures = native_image_data(data);
    native_listener listener = {0};
    brn_image_learner *learner = pictures ? native_learner_enter(self, &listener) : NULL;
    if (!learner) return NULL;
    const brn_status status = brn_image_learner_set_data(learner, pictures, size, augment);
    if (status == BRN_OK) {
        Py_INCREF(data);
        PyObject *before = self->data;
        self->data = data;
        Py_XDECREF(before);
    }
    return native_learner_leave(self, &listener, status);
}

/* ------------------------------------------------------------------ what learns */

static PyObject *learner_switch(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    const char *what;
    int on;
    if (!PyArg_ParseTuple(arguments, "sp", &what, &on)) return NULL;
    native_listener listener = {0};
    brn_image_learner *learner = native_learner_enter(self, &listener);
    if (!learner) return NULL;
    if (strcmp(what, "precompute") == 0) brn_image_learner_precompute(learner, on);
    else brn_image_learner_freeze_norms(learner, on);
    return native_learner_leave(self, &listener, BRN_OK);
}

/* As of all learners, and "cached". */
static PyObject *learner_facts(PyObject *object, PyObject *nothing)
{
    PyObject *dict = native_learner_facts(object, nothing);
    const brn_image_learner *learner = ((native_learner *)object)->handle.pointer;
    if (dict && PyDict_SetItemString(dict, "cached", brn_image_learner_is_cached(learner) ? Py_True : Py_False) < 0)
        Py_CLEAR(dict);
    return dict;
}

/* ------------------------------------------------------------------ answers and files */

/* answer(split, form, augmented, number, handler) -> (float32 bytes (N, K), list of bool). */
static PyObject *learner_answer(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    int split_number, form, augmented;
    unsigned number;
    PyObject *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "iipI|O", &split_number, &form, &augmented, &number, &handler)) return NULL;
    brn_image_pass pass = {.form = (brn_answer_form)form, .augmented = augmented, .number = number};
    if (split_of(split_number, &pass.split) < 0) return NULL;
    if (form < BRN_ANSWER_OUTPUTS || form > BRN_ANSWER_LOG_PROBABILITIES)
        return native_raise_usage("form: expected 0 (logits), 1 (probabilities) or 2 (their logarithms)");
    native_listener listener = {.callable = handler};
    brn_image_learner *learner = native_learner_enter(self, &listener);
    if (!learner) return NULL;
    const int64_t count = brn_image_learner_count(learner, pass.split), values = count * brn_image_learner_outputs(learner);
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)(values * (int64_t)sizeof(float)));
    bool *seen = calloc((size_t)count + 1, sizeof *seen);
    brn_status status = BRN_ERROR_NO_MEMORY;
    if (bytes && seen) {
        float *answers = (float *)PyByteArray_AsString(bytes);
        Py_BEGIN_ALLOW_THREADS;
        status = brn_image_learner_answer(learner, &pass, answers, seen);
        Py_END_ALLOW_THREADS;
    }
    PyObject *none = native_learner_leave(self, &listener, status);
    PyObject *list = none ? PyList_New((Py_ssize_t)count) : NULL;
    for (int64_t i = 0; list && i < count; i++) PyList_SetItem(list, (Py_ssize_t)i, PyBool_FromLong(seen[i]));
    if (list) out = Py_BuildValue("(ON)", bytes, list);
    Py_XDECREF(none);
    Py_XDECREF(bytes);
    free(seen);
    return out;
}

static brn_status resume(void *learner, const char *path) { return brn_image_learner_resume(learner, path); }

static PyObject *learner_resume(PyObject *object, PyObject *path) { return native_learner_file(object, path, resume); }

static brn_status take_body(void *learner, const char *path)
{
    return brn_image_learner_take_weights(learner, path, BRN_MODEL_BODY);
}

static brn_status take_whole(void *learner, const char *path)
{
    return brn_image_learner_take_weights(learner, path, BRN_MODEL_WHOLE);
}

static PyObject *learner_take_weights(PyObject *object, PyObject *arguments)
{
    PyObject *path;
    int body;
    if (!PyArg_ParseTuple(arguments, "Op", &path, &body)) return NULL;
    return native_learner_file(object, path, body ? take_body : take_whole);
}

static PyMethodDef learner_methods[] = {
    {"take_weights", learner_take_weights, METH_VARARGS, "take_weights(path, body)."},
    {"resume", learner_resume, METH_O, "resume(path)."},
    {"answer_arrays", native_image_learner_answer_arrays, METH_VARARGS, "answer_arrays(inputs, count, form) -> float32 bytes (N, K)."},
    {"set_data", learner_set_data, METH_VARARGS, "set_data(data, size=0, augment=None)."},
    {"switch", learner_switch, METH_VARARGS, "switch('precompute' or 'freeze_norms', on)."},
    {"facts", learner_facts, METH_NOARGS, "Groups, what learns, parameters."},
    {"answer", learner_answer, METH_VARARGS, "answer(split, form, augmented, number, handler=None)."},
    NATIVE_LEARNER_METHODS,
    {NULL, NULL, 0, NULL},
};

int native_add_learner_types(PyObject *module)
{
    static PyType_Slot data_slots[] = {{Py_tp_new, (void *)data_new},
                                       {Py_tp_dealloc, (void *)data_free},
                                       {Py_tp_methods, data_methods},
                                       {0, NULL}};
    static PyType_Slot slots[] = {{Py_tp_new, (void *)learner_new},
                                  {Py_tp_dealloc, (void *)learner_free},
                                  {Py_tp_methods, learner_methods},
                                  {0, NULL}};
    static PyType_Spec data_spec = {"burnish._burnish.ImageData", sizeof(data_object), 0, Py_TPFLAGS_DEFAULT,
                                    data_slots};
    static PyType_Spec spec = {"burnish._burnish.ImageLearner", sizeof(image_object), 0, Py_TPFLAGS_DEFAULT,
                               slots};
    PyObject *data = PyType_FromSpec(&data_spec);
    if (!data || PyModule_AddObject(module, "ImageData", data) < 0) return -1;
    data_type = (PyTypeObject *)data;
    PyObject *type = PyType_FromSpec(&spec);
    native_image_learner_type = (PyTypeObject *)type;
    return type ? PyModule_AddObject(module, "ImageLearner", type) : -1;
}
