/* SPDX-License-Identifier: Apache-2.0
 * What is alike in all learners that are trained by hand: fits, the rate finder, what learns, files. */
#include "native.h"

#include <string.h>

/* ------------------------------------------------------------------ the object */

/* What a listener asks of its learner is answered while the library waits for it. */
static int forward(void *context, const brn_event *event)
{
    native_learner *self = context;
    if (!self->listener) return 0;
    return native_listen(self->listener, event);
}

void *native_learner_enter(native_learner *self, native_listener *listener)
{
    void *learner = native_take(&self->handle, "learner");
    if (learner) self->listener = listener;
    listener->hears = &self->hears;
    return learner;
}

void native_learner_let_go(native_learner *self)
{
    self->listener = NULL;
    native_give_back(&self->handle);
}

PyObject *native_learner_leave(native_learner *self, native_listener *listener, brn_status status)
{
    native_learner_let_go(self);
    return native_listened(listener, status);
}

PyObject *native_learner_make(PyTypeObject *type, const native_learner_kind *kind, native_learner_maker *make,
                              const void *context, PyObject *data, PyObject *handler)
{
    native_learner *self = (native_learner *)PyType_GenericAlloc(type, 0);
    if (!self) return NULL;
    native_listener listener = {.callable = handler};
    void *learner = NULL;
    brn_status status;
    self->kind = kind;
    self->listener = &listener;
    Py_BEGIN_ALLOW_THREADS;
    status = make((void *)(uintptr_t)context, forward, self, &learner);
    Py_END_ALLOW_THREADS;
    self->handle.pointer = learner;
    self->listener = NULL;
    Py_XINCREF(data);
    self->data = data;
    PyObject *none = native_listened(&listener, status);
    if (!none) Py_CLEAR(self);
    Py_XDECREF(none);
    return (PyObject *)self;
}

void native_learner_free(PyObject *object)
{
    native_learner *self = (native_learner *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->handle.pointer) self->kind->close(self->handle.pointer);
    Py_XDECREF(self->data);
    PyObject_Free(object);
    Py_DECREF(type);
}

/* ------------------------------------------------------------------ what learns */

PyObject *native_learner_freeze_to(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    int first;
    if (!PyArg_ParseTuple(arguments, "i", &first)) return NULL;
    native_listener listener = {0};
    void *learner = native_learner_enter(self, &listener);
    return learner ? native_learner_leave(self, &listener, self->kind->freeze_to(learner, first)) : NULL;
}

static PyObject *shape_of(const brn_parameter_info *info)
{
    PyObject *shape = PyTuple_New(info->shape.rank);
    for (int d = 0; shape && d < info->shape.rank; d++)
        PyTuple_SetItem(shape, d, PyLong_FromLongLong(info->shape.dims[d]));
    return shape;
}

static PyObject *parameter_list(brn_parameters *parameters)
{
    static const char *const kinds[] = {"weight", "bias", "norm", "buffer"};
    PyObject *list = PyList_New(0);
    for (int i = 0; list && i < brn_parameters_count(parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(parameters, i);
        PyObject *shape = shape_of(&info);
        PyObject *one = shape ? Py_BuildValue("(sNsi)", info.name, shape, kinds[info.kind], info.group) : NULL;
        if (!one || PyList_Append(list, one) < 0) Py_CLEAR(list);
        Py_XDECREF(one);
    }
    return list;
}

/* {groups, learns, parameters: [(name, shape, kind, group)]}. */
PyObject *native_learner_facts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_learner *self = (native_learner *)object;
    void *learner = native_take(&self->handle, "learner");
    if (!learner) return NULL;
    const int groups = self->kind->groups(learner);
    PyObject *learns = PyList_New(groups), *dict = NULL;
    for (int g = 0; learns && g < groups; g++)
        PyList_SetItem(learns, g, PyBool_FromLong(self->kind->learns(learner, g)));
    if (learns)
        dict = Py_BuildValue("{s:i, s:N, s:N}", "groups", groups, "learns", learns, "parameters",
                             parameter_list(self->kind->parameters(learner)));
    native_give_back(&self->handle);
    return dict;
}

/* A copy of its values. */
PyObject *native_learner_parameter(PyObject *object, PyObject *name)
{
    native_learner *self = (native_learner *)object;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *word = native_text(name, &keep);
    void *learner = word ? native_take(&self->handle, "learner") : NULL;
    PyObject *out = NULL;
    if (learner) {
        brn_parameters *parameters = self->kind->parameters(learner);
        const int place = brn_parameters_find(parameters, word);
        if (place < 0) native_raise_usage("parameter: there is no %s", word);
        else {
            const brn_parameter_info info = brn_parameters_info(parameters, place);
            const float *values = (const float *)brn_parameters_values(parameters) + info.offset;
            int64_t count = 1;
            for (int d = 0; d < info.shape.rank; d++) count *= info.shape.dims[d];
            out = Py_BuildValue("(NN)", shape_of(&info),
                                PyByteArray_FromStringAndSize((const char *)values,
                                                              (Py_ssize_t)(count * (int64_t)sizeof *values)));
        }
        native_give_back(&self->handle);
    }
    native_keep_free(&keep);
    return out;
}

/* Takes values from float32, as many as it has. */
PyObject *native_learner_set_parameter(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    const char *name;
    Py_buffer view;
    if (!PyArg_ParseTuple(arguments, "sy*", &name, &view)) return NULL;
    void *learner = native_take(&self->handle, "learner");
    PyObject *out = NULL;
    if (learner) {
        brn_parameters *parameters = self->kind->parameters(learner);
        const int place = brn_parameters_find(parameters, name);
        if (place < 0) native_raise_usage("parameter: there is no %s", name);
        else {
            const int64_t count = (int64_t)view.len / (int64_t)sizeof(float);
            const brn_status status = brn_parameters_write(parameters, place, BRN_DTYPE_F32, view.buf, count);
            if (status != BRN_OK) native_raise(status);
            else out = Py_NewRef(Py_None);
        }
        native_give_back(&self->handle);
    }
    PyBuffer_Release(&view);
    return out;
}

/* ------------------------------------------------------------------ fits */

/* A metric written in Python: (name, callable), which gets bytes of answers and of targets. */
typedef struct own_metric {
    PyObject *callable; /* borrowed */
    native_listener *listener;
} own_metric;

/* What a fit borrows. */
typedef struct fit_parts {
    brn_hand_fit fit;
    own_metric own[BRN_HAND_METRICS_MAX];
    brn_schedule rate, momentum;
    brn_cycles cycles;
} fit_parts;

static int fill_reals(PyObject *dict, const char *name, double *out, int count)
{
    PyObject *list = native_item(dict, name);
    if (!list) return 0;
    if (PySequence_Size(list) != count) {
        if (!PyErr_Occurred()) native_raise_usage("%s: expected %d numbers, one a layer group", name, count);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(list, i);
        out[i] = item ? PyFloat_AsDouble(item) : -1;
        Py_XDECREF(item);
        if (PyErr_Occurred()) return -1;
    }
    return 0;
}

static double real_of(PyObject *dict, const char *name, double otherwise)
{
    PyObject *value = native_item(dict, name);
    return value ? PyFloat_AsDouble(value) : otherwise;
}

static int fill_optimizer(PyObject *dict, brn_optimizer_options *out, native_keep *keep)
{
    static const brn_option list[] = {
        {"momentum", BRN_OPTION_REAL, offsetof(brn_optimizer_options, momentum), NULL},
        {"square_momentum", BRN_OPTION_REAL, offsetof(brn_optimizer_options, square_momentum), NULL},
        {"epsilon", BRN_OPTION_REAL, offsetof(brn_optimizer_options, epsilon), NULL},
        {"decay_all", BRN_OPTION_FLAG, offsetof(brn_optimizer_options, decay_all), NULL},
        {"decoupled_decay", BRN_OPTION_FLAG, offsetof(brn_optimizer_options, decoupled_decay), NULL},
        {"lookahead_every", BRN_OPTION_WHOLE, offsetof(brn_optimizer_options, lookahead_every), NULL},
        {"lookahead_share", BRN_OPTION_REAL, offsetof(brn_optimizer_options, lookahead_share), NULL},
    };
    static const char *const extra[] = {"name", NULL};
    PyObject *options = native_item(dict, "optimizer");
    if (!options) return 0;
    PyObject *name = PyDict_Check(options) ? native_item(options, "name") : NULL;
    const char *word = name ? native_text(name, keep) : NULL;
    if (name && !word) return -1;
    if (word) {
        const brn_status status = brn_optimizer_named(word, out);
        if (status != BRN_OK) {
            native_raise(status);
            return -1;
        }
    }
    return native_fill(options, list, sizeof list / sizeof *list, extra, out, keep);
}

/* {"form": word, then the numbers of that form}: the library's own functions, by name. */
static int fill_schedule(PyObject *dict, fit_parts *p, native_keep *keep)
{
    PyObject *s = native_item(dict, "schedule");
    if (!s) return 0;
    PyObject *form = PyDict_Check(s) ? native_item(s, "form") : NULL;
    const char *word = form ? native_text(form, keep) : "constant";
    if (!word) return -1;
    brn_status status = BRN_OK;
    p->fit.rate = &p->rate;
    if (strcmp(word, "constant") == 0) {
        p->fit.rate = NULL;
    } else if (strcmp(word, "one-cycle") == 0) {
        const double pct = real_of(s, "pct_start", .25);
        p->rate = brn_schedule_one_cycle(1, pct, real_of(s, "div", 25), real_of(s, "div_final", 1e5));
        p->momentum = brn_schedule_cosine_dip(real_of(s, "momentum_start", .95), real_of(s, "momentum_middle", .85),
                                              real_of(s, "momentum_end", .95), pct);
        p->fit.momentum = &p->momentum;
    } else if (strcmp(word, "flat-cosine") == 0) {
        p->rate = brn_schedule_flat_cosine(1, real_of(s, "pct_start", .75), real_of(s, "div_final", 1e5));
    } else if (strcmp(word, "restarts") == 0) {
        status = brn_schedule_restarts(1, (int)real_of(s, "cycles", 1), real_of(s, "multiplier", 2), &p->rate);
    } else if (strcmp(word, "cosine") == 0) {
        p->rate = brn_schedule_simple(BRN_SCHEDULE_COSINE, 1, 0, 0);
    } else if (strcmp(word, "linear") == 0) {
        p->rate = brn_schedule_simple(BRN_SCHEDULE_LINEAR, 1, 0, 0);
    } else if (strcmp(word, "cycles") == 0 || strcmp(word, "clr") == 0 || strcmp(word, "clr-beta") == 0) {
        p->fit.rate = NULL;
        p->fit.cycles = &p->cycles;
        p->cycles.form = word[1] == 'y' ? BRN_CYCLES_COSINE : word[3] ? BRN_CYCLES_CLR_BETA : BRN_CYCLES_CLR;
        p->cycles.multiplier = (int64_t)real_of(s, "multiplier", 1);
        p->cycles.div = real_of(s, "div", 0);
        p->cycles.cut = real_of(s, "cut", 0);
        p->cycles.momentum_high = real_of(s, "momentum_high", 0);
        p->cycles.momentum_low = real_of(s, "momentum_low", 0);
        p->fit.cycle_epochs = (int)real_of(s, "epochs", 1);
    } else {
        native_raise_usage("schedule: %s; expected constant, one-cycle, flat-cosine, restarts, cosine, linear, "
                           "cycles, clr or clr-beta", word);
    }
    if (status != BRN_OK) native_raise(status);
    return PyErr_Occurred() ? -1 : 0;
}

/* Called without the interpreter's lock; an exception ends the fit, and is raised behind it. */
static brn_status measure(void *context, const brn_hand_validated *v, double *out)
{
    const own_metric *own = context;
    native_listener *listener = own->listener;
    const PyGILState_STATE lock = PyGILState_Ensure();
    const Py_ssize_t values = (Py_ssize_t)(v->count * v->outputs * (int64_t)sizeof(float));
    PyObject *answers = PyByteArray_FromStringAndSize((const char *)v->answers, values);
    PyObject *targets = v->labels ? PyByteArray_FromStringAndSize((const char *)v->labels,
                                                                  (Py_ssize_t)(v->count * (int64_t)sizeof *v->labels))
                                  : PyByteArray_FromStringAndSize((const char *)v->targets, values);
    PyObject *value = answers && targets ? PyObject_CallFunctionObjArgs(own->callable, answers, targets, NULL) : NULL;
    if (value) *out = PyFloat_AsDouble(value);
    Py_XDECREF(value);
    Py_XDECREF(answers);
    Py_XDECREF(targets);
    const bool failed = PyErr_Occurred() != NULL;
    if (failed && !listener->type) PyErr_Fetch(&listener->type, &listener->value, &listener->trace);
    else PyErr_Clear();
    PyGILState_Release(lock);
    return failed ? BRN_ERROR_INTERRUPTED : BRN_OK;
}

static int fill_metrics(PyObject *dict, fit_parts *p, native_listener *listener, native_keep *keep)
{
    PyObject *list = native_item(dict, "metrics");
    const Py_ssize_t count = list ? PyList_Size(list) : 0;
    if (count < 0) return -1;
    if (count > BRN_HAND_METRICS_MAX) {
        native_raise_usage("metrics: %d of them; expected %d or fewer", (int)count, BRN_HAND_METRICS_MAX);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *pair = PyList_GetItem(list, i), *name = NULL, *callable = NULL;
        if (!PyArg_ParseTuple(pair, "OO", &name, &callable)) return -1;
        const char *text = native_text(name, keep);
        if (!text) return -1;
        p->own[i] = (own_metric){callable, listener};
        p->fit.metrics[i] = (brn_hand_metric){text, measure, &p->own[i]};
    }
    p->fit.metric_count = (int)count;
    return 0;
}

static int fill_fit(PyObject *dict, int groups, fit_parts *p, native_listener *listener, native_keep *keep)
{
    static const brn_option list[] = {
        {"epochs", BRN_OPTION_WHOLE, offsetof(brn_hand_fit, epochs), NULL},
        {"clip_norm", BRN_OPTION_REAL, offsetof(brn_hand_fit, clip_norm), NULL},
        {"snapshots", BRN_OPTION_TEXT, offsetof(brn_hand_fit, snapshots), NULL},
    };
    static const char *const extra[] = {"rates", "decays", "optimizer", "schedule", "metrics", NULL};
    p->fit = brn_hand_fit_defaults(groups, 1e-2);
    if (native_fill(dict, list, 3, extra, &p->fit, keep) < 0) return -1;
    if (fill_reals(dict, "rates", p->fit.rates, groups) < 0) return -1;
    if (fill_reals(dict, "decays", p->fit.decays, groups) < 0) return -1;
    if (fill_optimizer(dict, &p->fit.optimizer, keep) < 0) return -1;
    if (fill_metrics(dict, p, listener, keep) < 0) return -1;
    return fill_schedule(dict, p, keep);
}

PyObject *native_learner_fit(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    PyObject *dict, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "O|O", &dict, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    if (native_keep_init(&keep) < 0) return NULL;
    void *learner = native_learner_enter(self, &listener);
    fit_parts parts = {0};
    if (learner && fill_fit(dict, self->kind->groups(learner), &parts, &listener, &keep) == 0) {
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = self->kind->fit(learner, &parts.fit);
        Py_END_ALLOW_THREADS;
        out = native_learner_leave(self, &listener, status);
    } else if (learner)
        native_learner_let_go(self);
    native_keep_free(&keep);
    return out;
}

PyObject *native_learner_lr_find(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    PyObject *fit, *finder, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "OO|O", &fit, &finder, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    if (native_keep_init(&keep) < 0) return NULL;
    void *learner = native_learner_enter(self, &listener);
    fit_parts parts = {0};
    brn_lr_finder_options options;
    if (learner && fill_fit(fit, self->kind->groups(learner), &parts, &listener, &keep) == 0 &&
        native_fill_finder(finder, &options, &keep) == 0) {
        brn_lr_curve curve = {0};
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = self->kind->lr_find(learner, &parts.fit, &options, &curve);
        Py_END_ALLOW_THREADS;
        PyObject *none = native_learner_leave(self, &listener, status);
        if (none) out = native_curve(&curve);
        Py_XDECREF(none);
        brn_lr_curve_free(&curve);
    } else if (learner)
        native_learner_let_go(self);
    native_keep_free(&keep);
    return out;
}

/* (count, width, float32 bytes (count, width)); a listener may ask too. */
PyObject *native_learner_validated(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_learner *self = (native_learner *)object;
    const bool within = self->handle.busy && self->hears;
    const void *learner = within ? self->handle.pointer : native_take(&self->handle, "learner");
    if (!learner) return NULL;
    int64_t count, width;
    const float *values = self->kind->validated(learner, &count, &width);
    const size_t bytes = values ? (size_t)(count * width) * sizeof *values : 0;
    PyObject *out = Py_BuildValue("(LLN)", (long long)count, (long long)width,
                                  PyByteArray_FromStringAndSize((const char *)values, (Py_ssize_t)bytes));
    if (!within) native_give_back(&self->handle);
    return out;
}

/* ------------------------------------------------------------------ files */

PyObject *native_learner_file(PyObject *object, PyObject *path, brn_status (*call)(void *, const char *))
{
    native_learner *self = (native_learner *)object;
    native_keep keep;
    native_listener listener = {0};
    if (native_keep_init(&keep) < 0) return NULL;
    const char *text = native_text(path, &keep);
    void *learner = text ? native_learner_enter(self, &listener) : NULL;
    PyObject *out = NULL;
    if (learner) {
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = call(learner, text);
        Py_END_ALLOW_THREADS;
        out = native_learner_leave(self, &listener, status);
    }
    native_keep_free(&keep);
    return out;
}

PyObject *native_learner_save(PyObject *object, PyObject *path)
{
    return native_learner_file(object, path, ((native_learner *)object)->kind->save);
}

PyObject *native_learner_load(PyObject *object, PyObject *path)
{
    return native_learner_file(object, path, ((native_learner *)object)->kind->load);
}

/* Frees the library's learner now; later calls raise. */
PyObject *native_learner_close(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_learner *self = (native_learner *)object;
    if (!self->handle.pointer) Py_RETURN_NONE;
    void *learner = native_take(&self->handle, "learner");
    if (!learner) return NULL;
    native_give_back(&self->handle);
    self->handle.pointer = NULL;
    self->kind->close(learner);
    Py_RETURN_NONE;
}
