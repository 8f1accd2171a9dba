/* SPDX-License-Identifier: Apache-2.0
 * The image job, and what it trains. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ training */

static const char *const recipes[] = {
    [BRN_RECIPE_FINE_TUNE] = "fine-tune", [BRN_RECIPE_SCRATCH] = "scratch", [BRN_RECIPE_COURSE2017] = "course2017"};

static int fill_recipe(PyObject *dict, brn_image_options *options, native_keep *keep)
{
    PyObject *value = native_item(dict, "recipe");
    if (!value) return 0;
    const char *name = native_text(value, keep);
    for (int i = 0; name && i < 3; i++)
        if (strcmp(name, recipes[i]) == 0) {
            options->recipe = (brn_image_recipe)i;
            return 0;
        }
    if (name) native_raise_usage("recipe: %s; expected fine-tune, scratch or course2017", name);
    return -1;
}

/* The library's list, and what it leaves out. */
static int fill_image(PyObject *dict, brn_image_options *options, native_keep *keep)
{
    static const char *const extra[] = {"recipe", NULL};
    static const brn_option more[] = {
        {"offline", BRN_OPTION_FLAG, offsetof(brn_image_options, offline), NULL},
        {"mirror", BRN_OPTION_TEXT, offsetof(brn_image_options, mirror), NULL},
        {"out", BRN_OPTION_TEXT, offsetof(brn_image_options, out), NULL},
    };
    int count;
    const brn_option *list = brn_image_option_list(&count);
    brn_option *all = malloc((size_t)count * sizeof *all + sizeof more);
    if (!all) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(all, list, (size_t)count * sizeof *all);
    memcpy(all + count, more, sizeof more);
    const int failed = native_fill(dict, all, count + (int)(sizeof more / sizeof *more), extra, options, keep);
    free(all);
    return failed < 0 ? -1 : fill_recipe(dict, options, keep);
}

static PyObject *result_of(const brn_image_result *r)
{
    PyObject *dict = Py_BuildValue("{s:N, s:N, s:L, s:L, s:L, s:d, s:i}", "run", PyUnicode_DecodeFSDefault(r->run),
                                   "report", PyUnicode_DecodeFSDefault(r->report), "train_count",
                                   (long long)r->train_count, "valid_count", (long long)r->valid_count,
                                   "bad_count", (long long)r->bad_count, "seconds", r->seconds,
                                   "snapshot_count", r->snapshot_count);
    if (!dict) return NULL;
    if (native_put(dict, "metrics", native_metrics(r->metrics, r->metric_count)) < 0 ||
        native_put_real(dict, "valid_loss", r->valid_loss) < 0 ||
        native_put_real(dict, "ensemble_accuracy", r->ensemble_accuracy) < 0 ||
        native_put_real(dict, "threshold", r->threshold) < 0)
        Py_CLEAR(dict);
    return dict;
}

static PyObject *finish(native_listener *listener, brn_status status, const brn_image_result *result)
{
    PyObject *none = native_listened(listener, status);
    if (!none) return NULL;
    Py_DECREF(none);
    return result_of(result);
}

/* brn_image_result is large: not on a stack that may be a thread's. */
static PyObject *image_train(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *dict, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "O|O", &dict, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    brn_image_options options = brn_image_defaults();
    brn_image_result *result = calloc(1, sizeof *result);
    if (!result) return PyErr_NoMemory();
    if (native_keep_init(&keep) == 0 && fill_image(dict, &options, &keep) == 0) {
        brn_status status;
        options.on_event = native_listen;
        options.context = &listener;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_image_train(&options, result);
        Py_END_ALLOW_THREADS;
        out = finish(&listener, status, result);
    }
    native_keep_free(&keep);
    free(result);
    return out;
}

static PyObject *image_resume(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *run, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "O|O", &run, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    brn_image_result *result = calloc(1, sizeof *result);
    if (!result) return PyErr_NoMemory();
    const char *folder = native_keep_init(&keep) == 0 ? native_text(run, &keep) : NULL;
    if (folder) {
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_image_resume(folder, native_listen, &listener, result);
        Py_END_ALLOW_THREADS;
        out = finish(&listener, status, result);
    }
    native_keep_free(&keep);
    free(result);
    return out;
}

static int fill(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    brn_image_options *o = options;
    *o = brn_image_defaults();
    o->on_event = native_listen;
    o->context = listener;
    return fill_image(dict, o, keep);
}

static brn_status find_rate(const void *options, const brn_lr_finder_options *finder, brn_lr_curve *curve)
{
    return brn_image_lr_find(options, finder, curve);
}

static PyObject *image_lr_find(PyObject *module, PyObject *arguments)
{
    (void)module;
    static const native_job job = {.options_size = sizeof(brn_image_options), .fill = fill, .lr_find = find_rate};
    return native_job_lr_find(&job, arguments);
}

static PyObject *image_options(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    int count;
    const brn_option *list = brn_image_option_list(&count);
    PyObject *names = PyList_New(0);
    for (int i = 0; names && i < count; i++) {
        PyObject *name = PyUnicode_FromString(list[i].name);
        if (!name || PyList_Append(names, name) < 0) Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

PyMethodDef native_image_functions[] = {
    {"image_train", image_train, METH_VARARGS, "image_train(options, handler=None) -> result, as dicts."},
    {"image_resume", image_resume, METH_VARARGS, "image_resume(run, handler=None) -> result."},
    {"image_lr_find", image_lr_find, METH_VARARGS, "image_lr_find(options, finder options, handler=None) -> dict."},
    {"image_options", image_options, METH_NOARGS, "Names of the options of image_train."},
    {NULL, NULL, 0, NULL},
};

/* ------------------------------------------------------------------ a trained model */

typedef struct model_object {
    PyObject_HEAD
    native_handle handle; /* brn_image_model */
} model_object;

static PyObject *model_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"what", "threads", "offline", "handler", NULL};
    PyObject *what, *handler = NULL;
    int threads = 0, offline = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|ipO", names, &what, &threads, &offline, &handler))
        return NULL;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = native_text(what, &keep);
    model_object *self = path ? (model_object *)PyType_GenericAlloc(type, 0) : NULL;
    if (self) {
        native_listener listener = {.callable = handler};
        const brn_image_open_options options = {
            .threads = threads, .offline = offline, .on_event = native_listen, .context = &listener};
        brn_image_model *model = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_image_model_open_with(path, &options, &model);
        Py_END_ALLOW_THREADS;
        self->handle.pointer = model;
        PyObject *none = native_listened(&listener, status);
        if (!none) Py_CLEAR(self);
        Py_XDECREF(none);
    }
    native_keep_free(&keep);
    return (PyObject *)self;
}

static void model_free(PyObject *object)
{
    model_object *self = (model_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    brn_image_model_close(self->handle.pointer);
    PyObject_Free(object);
    Py_DECREF(type);
}

static PyObject *model_close(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    model_object *self = (model_object *)object;
    if (self->handle.busy) return native_raise_usage("model: another thread is using it");
    brn_image_model_close(self->handle.pointer);
    self->handle.pointer = NULL;
    Py_RETURN_NONE;
}

static const char *class_word(const void *model, int64_t index) { return brn_image_model_class(model, index); }

static PyObject *model_facts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    static const char *const targets[] = {"label", "tags", "numbers"};
    model_object *self = (model_object *)object;
    const brn_image_model *model = native_take(&self->handle, "model");
    if (!model) return NULL;
    PyObject *facts = Py_BuildValue("{s:s, s:i, s:s, s:N}", "architecture", brn_image_model_architecture(model),
                                    "size", brn_image_model_size(model), "target",
                                    targets[brn_image_model_target(model)], "classes",
                                    native_words(brn_image_model_classes(model), class_word, model));
    if (facts && native_put_real(facts, "threshold", brn_image_model_threshold(model)) < 0) Py_CLEAR(facts);
    native_give_back(&self->handle);
    return facts;
}

/* (bytearray of float32 (count, K), list of bool). */
static PyObject *model_predict_files(PyObject *object, PyObject *arguments)
{
    model_object *self = (model_object *)object;
    PyObject *list, *out = NULL;
    int batch_size = 32;
    if (!PyArg_ParseTuple(arguments, "O|i", &list, &batch_size)) return NULL;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    int64_t count = 0;
    const char *const *paths = native_texts(list, &keep, &count);
    brn_image_model *model = paths ? native_take(&self->handle, "model") : NULL;
    if (model) {
        const Py_ssize_t values = (Py_ssize_t)(count * brn_image_model_classes(model));
        PyObject *bytes = PyByteArray_FromStringAndSize(NULL, values * (Py_ssize_t)sizeof(float));
        bool *ok = calloc((size_t)count + 1, sizeof *ok);
        if (bytes && ok) {
            float *answers = (float *)PyByteArray_AsString(bytes);
            brn_status status;
            Py_BEGIN_ALLOW_THREADS;
            status = brn_image_predict_files(model, paths, count, batch_size, answers, ok);
            Py_END_ALLOW_THREADS;
            PyObject *seen = status == BRN_OK ? PyList_New((Py_ssize_t)count) : native_raise(status);
            for (int64_t i = 0; seen && i < count; i++)
                PyList_SetItem(seen, (Py_ssize_t)i, PyBool_FromLong(ok[i]));
            if (seen) out = Py_BuildValue("(ON)", bytes, seen);
        } else
            PyErr_NoMemory();
        free(ok);
        Py_XDECREF(bytes);
        native_give_back(&self->handle);
    }
    native_keep_free(&keep);
    return out;
}

/* RGB (H, W, 3) uint8, contiguous, through the buffer protocol. */
static PyObject *model_predict_pixels(PyObject *object, PyObject *pixels)
{
    model_object *self = (model_object *)object;
    Py_buffer view;
    if (PyObject_GetBuffer(pixels, &view, PyBUF_ND | PyBUF_FORMAT) < 0) return NULL;
    PyObject *out = NULL;
    if (view.ndim != 3 || view.itemsize != 1 || view.shape[2] != 3 || !view.format || strcmp(view.format, "B") != 0)
        native_raise_usage("pixels: expected uint8 of shape (height, width, 3), row after row");
    else if (view.shape[0] < 1 || view.shape[1] < 1 || view.shape[0] > 65535 || view.shape[1] > 65535)
        native_raise_usage("pixels: expected 1 to 65535 rows and columns");
    else {
        brn_image_model *model = native_take(&self->handle, "model");
        if (model) {
            const float *answer;
            brn_status status;
            Py_BEGIN_ALLOW_THREADS;
            status = brn_image_predict_pixels(model, view.buf, (int)view.shape[1], (int)view.shape[0], &answer);
            Py_END_ALLOW_THREADS;
            const Py_ssize_t bytes = (Py_ssize_t)brn_image_model_classes(model) * (Py_ssize_t)sizeof *answer;
            out = status == BRN_OK ? PyByteArray_FromStringAndSize((const char *)answer, bytes) : native_raise(status);
            native_give_back(&self->handle);
        }
    }
    PyBuffer_Release(&view);
    return out;
}

static PyObject *evaluation_of(const brn_image_evaluation *e, int64_t classes)
{
    PyObject *dict = native_metrics(e->metrics, e->metric_count);
    if (!dict) return NULL;
    if (native_put(dict, "count", PyLong_FromLongLong(e->count)) < 0 ||
        native_put(dict, "bad_count", PyLong_FromLongLong(e->bad_count)) < 0 ||
        native_put_real(dict, "threshold", e->threshold) < 0)
        Py_CLEAR(dict);
    if (dict && e->confusion &&
        native_put(dict, "confusion",
                   PyByteArray_FromStringAndSize((const char *)e->confusion,
                                                 (Py_ssize_t)(classes * classes * (int64_t)sizeof *e->confusion))) < 0)
        Py_CLEAR(dict);
    return dict;
}

static PyObject *model_evaluate(PyObject *object, PyObject *arguments)
{
    static const brn_option list[] = {
        {"batch_size", BRN_OPTION_WHOLE, offsetof(brn_image_evaluate_options, batch_size), NULL},
        {"tta", BRN_OPTION_WHOLE, offsetof(brn_image_evaluate_options, tta), NULL},
        {"tta_beta", BRN_OPTION_REAL, offsetof(brn_image_evaluate_options, tta_beta), NULL},
        {"whole", BRN_OPTION_FLAG, offsetof(brn_image_evaluate_options, whole), NULL},
        {"images", BRN_OPTION_TEXT, offsetof(brn_image_evaluate_options, images), NULL},
        {"targets", BRN_OPTION_TEXT, offsetof(brn_image_evaluate_options, targets), NULL},
        {"tag_separator", BRN_OPTION_TEXT, offsetof(brn_image_evaluate_options, tag_separator), NULL},
    };
    model_object *self = (model_object *)object;
    PyObject *data, *dict, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "OO|O", &data, &dict, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    brn_image_evaluate_options options = {.on_event = native_listen, .context = &listener};
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = native_text(data, &keep);
    if (path && native_fill(dict, list, sizeof list / sizeof *list, NULL, &options, &keep) == 0) {
        brn_image_model *model = native_take(&self->handle, "model");
        if (model) {
            brn_image_evaluation found = {0};
            brn_status status;
            Py_BEGIN_ALLOW_THREADS;
            status = brn_image_evaluate_with(model, path, &options, &found);
            Py_END_ALLOW_THREADS;
            PyObject *none = native_listened(&listener, status);
            if (none) out = evaluation_of(&found, brn_image_model_classes(model));
            Py_XDECREF(none);
            native_give_back(&self->handle);
        }
    }
    native_keep_free(&keep);
    return out;
}

static PyObject *judged_of(const brn_image_judged *j)
{
    return Py_BuildValue("(NLLdd)", PyUnicode_DecodeFSDefault(j->path), (long long)j->label, (long long)j->answer, j->loss,
                         j->probability);
}

/* (pictures, suspects), both (path, label, answer, loss, probability). */
static PyObject *interpretation_of(const brn_image_interpretation *found)
{
    PyObject *pictures = PyList_New(0), *suspects = PyList_New(0);
    for (int64_t i = 0; pictures && i < found->count; i++) {
        PyObject *one = judged_of(&found->pictures[i]);
        if (!one || PyList_Append(pictures, one) < 0) Py_CLEAR(pictures);
        Py_XDECREF(one);
    }
    for (int64_t i = 0; suspects && i < found->suspect_count; i++) {
        PyObject *one = judged_of(&found->pictures[found->suspects[i]]);
        if (!one || PyList_Append(suspects, one) < 0) Py_CLEAR(suspects);
        Py_XDECREF(one);
    }
    if (pictures && suspects) return Py_BuildValue("(NN)", pictures, suspects);
    Py_XDECREF(pictures);
    Py_XDECREF(suspects);
    return NULL;
}

static PyObject *model_interpret(PyObject *object, PyObject *arguments)
{
    static const brn_option list[] = {
        {"batch_size", BRN_OPTION_WHOLE, offsetof(brn_image_interpret_options, batch_size), NULL},
        {"tta", BRN_OPTION_WHOLE, offsetof(brn_image_interpret_options, tta), NULL},
        {"tta_beta", BRN_OPTION_REAL, offsetof(brn_image_interpret_options, tta_beta), NULL},
        {"whole", BRN_OPTION_FLAG, offsetof(brn_image_interpret_options, whole), NULL},
    };
    model_object *self = (model_object *)object;
    PyObject *data, *dict, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "OO|O", &data, &dict, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    brn_image_interpret_options options = brn_image_interpret_defaults();
    options.on_event = native_listen;
    options.context = &listener;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = native_text(data, &keep);
    if (path && native_fill(dict, list, sizeof list / sizeof *list, NULL, &options, &keep) == 0) {
        brn_image_model *model = native_take(&self->handle, "model");
        if (model) {
            brn_image_interpretation found = {0};
            brn_status status;
            Py_BEGIN_ALLOW_THREADS;
            status = brn_image_interpret(model, path, &options, &found);
            Py_END_ALLOW_THREADS;
            PyObject *none = native_listened(&listener, status);
            if (none) out = interpretation_of(&found);
            Py_XDECREF(none);
            brn_image_interpretation_free(&found);
            native_give_back(&self->handle);
        }
    }
    native_keep_free(&keep);
    return out;
}

static PyMethodDef model_methods[] = {
    {"interpret", model_interpret, METH_VARARGS,
     "interpret(data, options, handler=None) -> (pictures, suspects)."},
    {"facts", model_facts, METH_NOARGS, "Architecture, size, target, classes and threshold."},
    {"predict_files", model_predict_files, METH_VARARGS,
     "predict_files(paths, batch_size=32) -> (float32 bytes (N, K), list of bool)."},
    {"predict_pixels", model_predict_pixels, METH_O, "predict_pixels(uint8 (H, W, 3)) -> float32 bytes (K)."},
    {"evaluate", model_evaluate, METH_VARARGS, "evaluate(data, options, handler=None) -> dict."},
    {"close", model_close, METH_NOARGS, "Frees the model now."},
    {NULL, NULL, 0, NULL},
};

int native_add_image_types(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)model_new},
                                  {Py_tp_dealloc, (void *)model_free},
                                  {Py_tp_methods, model_methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.ImageModel", sizeof(model_object), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "ImageModel", type) : -1;
}
