/* SPDX-License-Identifier: Apache-2.0
 * What is alike in all jobs that train and in all models. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ training */

static PyObject *finish(const native_job *job, native_listener *listener, brn_status status, const void *result)
{
    PyObject *none = native_listened(listener, status);
    if (!none) return NULL;
    Py_DECREF(none);
    return job->result(result);
}

PyObject *native_job_train(const native_job *job, PyObject *arguments)
{
    PyObject *dict, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "O|O", &dict, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    void *options = calloc(1, job->options_size), *result = calloc(1, job->result_size);
    if (!options || !result)
        PyErr_NoMemory();
    else if (native_keep_init(&keep) == 0) {
        if (job->fill(dict, options, &listener, &keep) == 0) {
            brn_status status;
            Py_BEGIN_ALLOW_THREADS;
            status = job->train(options, result);
            Py_END_ALLOW_THREADS;
            out = finish(job, &listener, status, result);
        }
        native_keep_free(&keep);
    }
    free(options);
    free(result);
    return out;
}

PyObject *native_job_resume(const native_job *job, PyObject *arguments)
{
    PyObject *run, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "O|O", &run, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    void *result = calloc(1, job->result_size);
    if (!result) return PyErr_NoMemory();
    const char *folder = native_keep_init(&keep) == 0 ? native_text(run, &keep) : NULL;
    if (folder) {
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = job->resume(folder, &listener, result);
        Py_END_ALLOW_THREADS;
        out = finish(job, &listener, status, result);
    }
    native_keep_free(&keep);
    free(result);
    return out;
}

static PyObject *find_rate(const native_job *job, const void *options, const brn_lr_finder_options *finder,
                           native_listener *listener)
{
    brn_lr_curve curve = {0};
    brn_status status;
    Py_BEGIN_ALLOW_THREADS;
    status = job->lr_find(options, finder, &curve);
    Py_END_ALLOW_THREADS;
    PyObject *none = native_listened(listener, status), *out = none ? native_curve(&curve) : NULL;
    Py_XDECREF(none);
    brn_lr_curve_free(&curve);
    return out;
}

PyObject *native_job_lr_find(const native_job *job, PyObject *arguments)
{
    PyObject *dict, *how, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "OO|O", &dict, &how, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    brn_lr_finder_options finder;
    void *options = calloc(1, job->options_size);
    if (!options) return PyErr_NoMemory();
    if (native_keep_init(&keep) == 0) {
        if (job->fill(dict, options, &listener, &keep) == 0 && native_fill_finder(how, &finder, &keep) == 0)
            out = find_rate(job, options, &finder, &listener);
        native_keep_free(&keep);
    }
    free(options);
    return out;
}

/* ------------------------------------------------------------------ the rate finder */

PyObject *native_curve(const brn_lr_curve *curve)
{
    const brn_lr_suggestions found = brn_lr_suggest(curve);
    int64_t begin, useful;
    brn_lr_curve_useful(curve, &begin, &useful);
    PyObject *points = PyList_New((Py_ssize_t)curve->count);
    for (int64_t i = 0; points && i < curve->count; i++) {
        const brn_lr_point *p = &curve->points[i];
        PyObject *one = Py_BuildValue("(dddd)", p->rate, p->loss, p->batch_loss, p->valid_loss);
        if (!one || PyList_SetItem(points, (Py_ssize_t)i, one) < 0) Py_CLEAR(points);
    }
    if (!points) return NULL;
    PyObject *dict = Py_BuildValue("{s:N, s:L, s:L}", "points", points, "begin", (long long)begin, "useful",
                                   (long long)useful);
    if (!dict) return NULL;
    if (native_put_real(dict, "valley", found.valley) < 0 || native_put_real(dict, "slide", found.slide) < 0 ||
        native_put_real(dict, "steep", found.steep) < 0 || native_put_real(dict, "minimum", found.minimum) < 0)
        Py_CLEAR(dict);
    return dict;
}

int native_fill_finder(PyObject *dict, brn_lr_finder_options *out, native_keep *keep)
{
    static const char *const forms[] = {"fastai2", "lr_find", "lr_find2"};
    static const brn_option list[] = {
        {"start", BRN_OPTION_REAL, offsetof(brn_lr_finder_options, start), NULL},
        {"end", BRN_OPTION_REAL, offsetof(brn_lr_finder_options, end), NULL},
        {"iterations", BRN_OPTION_WHOLE, offsetof(brn_lr_finder_options, iterations), NULL},
        {"linear", BRN_OPTION_FLAG, offsetof(brn_lr_finder_options, linear), NULL},
        {"stop", BRN_OPTION_FLAG, offsetof(brn_lr_finder_options, stop), NULL},
    };
    static const char *const extra[] = {"form", NULL};
    PyObject *form = PyDict_Check(dict) ? native_item(dict, "form") : NULL;
    const char *word = form ? native_text(form, keep) : forms[0];
    if (!word) return -1;
    int number = 0;
    while (number < 3 && strcmp(word, forms[number]) != 0) number++;
    if (number == 3) {
        native_raise_usage("form: %s; expected fastai2, lr_find or lr_find2", word);
        return -1;
    }
    *out = brn_lr_finder_defaults((brn_lr_finder_form)number);
    return native_fill(dict, list, sizeof list / sizeof *list, extra, out, keep);
}

/* ------------------------------------------------------------------ models */

PyObject *native_model_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords, native_opener *open)
{
    static char *names[] = {"what", "threads", NULL};
    PyObject *what;
    int threads = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|i", names, &what, &threads)) return NULL;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = native_text(what, &keep);
    native_model *self = path ? (native_model *)PyType_GenericAlloc(type, 0) : NULL;
    if (self) {
        void *model = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = open(path, threads, &model);
        Py_END_ALLOW_THREADS;
        self->handle.pointer = model;
        if (status != BRN_OK) {
            Py_CLEAR(self);
            native_raise(status);
        }
    }
    native_keep_free(&keep);
    return (PyObject *)self;
}

void native_model_free(PyObject *object, void (*close)(void *))
{
    PyTypeObject *type = Py_TYPE(object);
    close(((native_model *)object)->handle.pointer);
    PyObject_Free(object);
    Py_DECREF(type);
}

PyObject *native_model_close(PyObject *object, void (*close)(void *))
{
    native_handle *handle = &((native_model *)object)->handle;
    if (handle->busy) return native_raise_usage("model: another thread is using it");
    close(handle->pointer);
    handle->pointer = NULL;
    Py_RETURN_NONE;
}
