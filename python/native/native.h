/* SPDX-License-Identifier: Apache-2.0
 * The binding: C structures as dictionaries, statuses as exceptions, events as calls. Nothing is computed
 * here. Only the limited API of CPython 3.11 is used, so that one module serves 3.11 and all later ones. */
#ifndef BURNISH_PYTHON_NATIVE_H
#define BURNISH_PYTHON_NATIVE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <burnish/burnish.h>

/* ------------------------------------------------------------------ native.c */

/* Raises the exception of burnish.errors that belongs to a status, with the library's message. NULL. */
PyObject *native_raise(brn_status status);
PyObject *native_raise_usage(const char *format, ...);

/* A handle that one thread uses at a time: a second one gets an exception, not a crash. */
typedef struct native_handle {
    void *pointer; /* NULL: closed */
    int busy;
} native_handle;
/* The pointer, taken for a call that lets other threads run; NULL with an exception. */
void *native_take(native_handle *handle, const char *what);
void native_give_back(native_handle *handle);

/* ------------------------------------------------------------------ fields.c */

/* Texts that a structure borrows, and what they live in. */
typedef struct native_keep {
    PyObject *list;
} native_keep;
int native_keep_init(native_keep *keep); /* 0, or -1 with an exception */
void native_keep_free(native_keep *keep);
/* The text of a str, bytes or os.PathLike, for as long as `keep` lives; NULL with an exception. */
const char *native_text(PyObject *value, native_keep *keep);
/* A list of texts; the array is malloc'ed and freed with keep. */
const char *const *native_texts(PyObject *list, native_keep *keep, int64_t *count);

/* Fills `out` from a dict by a list of options. A key that is not among them is left alone if the extra
 * names (NULL-terminated, or NULL) have it, else an exception that names the nearest. None is skipped. */
int native_fill(PyObject *dict, const brn_option *options, int count, const char *const *extra, void *out,
                native_keep *keep);
/* The same for several structures: a name that two of them have is set in both. */
typedef struct native_part {
    const brn_option *options;
    int count;
    void *out;
} native_part;
int native_fill_parts(PyObject *dict, const native_part *parts, int count, const char *const *extra,
                      native_keep *keep);
/* What lists do not have: a list of names; "hidden" and "dropout", up to `most` of both; one character. What is
 * absent or None stays as it is. 0, or -1 with an exception. */
int native_fill_list(PyObject *dict, const char *name, const char *const **words, int64_t *count, native_keep *keep);
int native_fill_wholes(PyObject *dict, const char *name, const int64_t **numbers, int64_t *count, native_keep *keep);
int native_fill_layers(PyObject *dict, int most, int *count, int64_t *widths, double *shares);
int native_fill_separator(PyObject *dict, const char *name, char *out, native_keep *keep);
/* An item of a dict, borrowed; NULL without an exception when it is absent or None. */
PyObject *native_item(PyObject *dict, const char *name);

/* Takes value into a dict: 0, or -1 with an exception. A NULL value is a failure. */
int native_put(PyObject *dict, const char *name, PyObject *value);
int native_put_real(PyObject *dict, const char *name, double value); /* NaN is None */
PyObject *native_metrics(const brn_metric *metrics, int count);
PyObject *native_words(int64_t count, const char *(*word)(const void *, int64_t), const void *of);

/* ------------------------------------------------------------------ listen.c */

/* Hears the library's events in a call that runs without the interpreter's lock: hands them to a callable
 * as dicts, and lets Ctrl-C through. A callable that returns something true stops the call. */
typedef struct native_listener {
    PyObject *callable; /* borrowed; NULL or None: nobody */
    PyObject *type, *value, *trace; /* an exception on its way */
    double heard;                   /* seconds: signals were looked for last */
    int *hears;                     /* NULL, or 1 while an event is told, under the interpreter's lock */
} native_listener;
int native_listen(void *listener, const brn_event *event);
/* After the call: its exception, else that of `status`. NULL when there is one, else None. */
PyObject *native_listened(native_listener *listener, brn_status status);

/* ------------------------------------------------------------------ jobs.c */

/* A job that trains: how its structures are filled, and what is called. `fill` starts from the defaults; sizes are
 * in bytes. */
typedef struct native_job {
    size_t options_size, result_size;
    int (*fill)(PyObject *dict, void *options, native_listener *listener, native_keep *keep);
    brn_status (*train)(const void *options, void *result);
    brn_status (*resume)(const char *run, native_listener *listener, void *result);
    brn_status (*lr_find)(const void *options, const brn_lr_finder_options *finder, brn_lr_curve *curve);
    PyObject *(*result)(const void *result);
} native_job;
/* Of (options, handler=None), (run, handler=None) and (options, finder options, handler=None). */
PyObject *native_job_train(const native_job *job, PyObject *arguments);
PyObject *native_job_resume(const native_job *job, PyObject *arguments);
PyObject *native_job_lr_find(const native_job *job, PyObject *arguments);
/* native_NAME_functions, with NAME_train, NAME_resume and NAME_lr_find over the library's; the file has fill and
 * result_of before it. */
#define NATIVE_JOB_FUNCTIONS(name, options_type, result_type)                                      \
    static brn_status train(const void *options, void *result) { return brn_##name##_train(options, result); }\
    static brn_status resume(const char *run, native_listener *listener, void *result)             \
    {                                                                                              \
        return brn_##name##_resume(run, native_listen, listener, result);                          \
    }                                                                                              \
    static brn_status lr_find(const void *options, const brn_lr_finder_options *finder, brn_lr_curve *curve)\
    {                                                                                              \
        return brn_##name##_lr_find(options, finder, curve);                                       \
    }                                                                                              \
    static const native_job job = {                                                                \
        sizeof(options_type), sizeof(result_type), fill, train, resume, lr_find, result_of};       \
    static PyObject *job_train(PyObject *module, PyObject *arguments)                              \
    {                                                                                              \
        (void)module;                                                                              \
        return native_job_train(&job, arguments);                                                  \
    }                                                                                              \
    static PyObject *job_resume(PyObject *module, PyObject *arguments)                             \
    {                                                                                              \
        (void)module;                                                                              \
        return native_job_resume(&job, arguments);                                                 \
    }                                                                                              \
    static PyObject *job_lr_find(PyObject *module, PyObject *arguments)                            \
    {                                                                                              \
        (void)module;                                                                              \
        return native_job_lr_find(&job, arguments);                                                \
    }                                                                                              \
    PyMethodDef native_##name##_functions[] = {                                                    \
        {#name "_train", job_train, METH_VARARGS, #name "_train(options, handler=None) -> result, as dicts."},\
        {#name "_resume", job_resume, METH_VARARGS, #name "_resume(run, handler=None) -> result."},\
        {#name "_lr_find", job_lr_find, METH_VARARGS,                                              \
         #name "_lr_find(options, finder options, handler=None) -> dict."},                        \
        {NULL, NULL, 0, NULL},                                                                     \
    };

int native_fill_finder(PyObject *dict, brn_lr_finder_options *out, native_keep *keep);
PyObject *native_curve(const brn_lr_curve *curve); /* a dict */

/* A trained model: the handle and what frees it. */
typedef struct native_model {
    PyObject_HEAD
    native_handle handle;
} native_model;
typedef brn_status native_opener(const char *path, int threads, void **out);
PyObject *native_model_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords, native_opener *open);
void native_model_free(PyObject *object, void (*close)(void *));
PyObject *native_model_close(PyObject *object, void (*close)(void *));
/* open_model, close_model, model_new, model_free and model_close of a type, over brn_NAME_model_open and _close. */
#define NATIVE_MODEL_FUNCTIONS(name)                                                               \
    static brn_status open_model(const char *path, int threads, void **out)                        \
    {                                                                                              \
        return brn_##name##_model_open(path, threads, (brn_##name##_model **)out);                 \
    }                                                                                              \
    static void close_model(void *model) { brn_##name##_model_close(model); }                      \
    static PyObject *model_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)        \
    {                                                                                              \
        return native_model_new(type, arguments, keywords, open_model);                            \
    }                                                                                              \
    static void model_free(PyObject *object) { native_model_free(object, close_model); }           \
    static PyObject *model_close(PyObject *object, PyObject *nothing)                              \
    {                                                                                              \
        (void)nothing;                                                                             \
        return native_model_close(object, close_model);                                            \
    }

/* ------------------------------------------------------------------ learner.c */

/* A learner that is trained by hand, whatever its job: what is called. */
typedef struct native_learner_kind {
    void (*close)(void *learner);
    int (*groups)(const void *learner);
    bool (*learns)(const void *learner, int group);
    brn_parameters *(*parameters)(void *learner);
    brn_status (*freeze_to)(void *learner, int first);
    brn_status (*fit)(void *learner, const brn_hand_fit *fit);
    brn_status (*lr_find)(void *learner, const brn_hand_fit *fit, const brn_lr_finder_options *finder, brn_lr_curve *out);
    brn_status (*save)(void *learner, const char *path);
    brn_status (*load)(void *learner, const char *path);
    const float *(*validated)(const void *learner, int64_t *count, int64_t *width); /* NULL: not kept */
} native_learner_kind;

typedef struct native_learner {
    PyObject_HEAD
    native_handle handle;
    const native_learner_kind *kind;
    native_listener *listener; /* of the call under way */
    int hears;                 /* it is being told something: the library waits */
    PyObject *data;            /* what it borrows from, or NULL */
} native_learner;

/* Makes the library's learner, which hears on_event with `listener`. */
typedef brn_status native_learner_maker(void *context, brn_event_handler *on_event, void *listener, void **out);
PyObject *native_learner_make(PyTypeObject *type, const native_learner_kind *kind, native_learner_maker *make,
                              const void *context, PyObject *data, PyObject *handler);
void native_learner_free(PyObject *object);
/* Begins a call that lets other threads run; NULL with an exception. And its end. */
void *native_learner_enter(native_learner *self, native_listener *listener);
PyObject *native_learner_leave(native_learner *self, native_listener *listener, brn_status status);
void native_learner_let_go(native_learner *self); /* the end of one that has raised before it began */

PyObject *native_learner_facts(PyObject *object, PyObject *nothing);
PyObject *native_learner_freeze_to(PyObject *object, PyObject *arguments);
PyObject *native_learner_fit(PyObject *object, PyObject *arguments);
PyObject *native_learner_lr_find(PyObject *object, PyObject *arguments);
PyObject *native_learner_parameter(PyObject *object, PyObject *name);
PyObject *native_learner_set_parameter(PyObject *object, PyObject *arguments);
PyObject *native_learner_validated(PyObject *object, PyObject *nothing);
PyObject *native_learner_save(PyObject *object, PyObject *path);
PyObject *native_learner_load(PyObject *object, PyObject *path);
/* Another call with a file. */
PyObject *native_learner_file(PyObject *object, PyObject *path, brn_status (*call)(void *learner, const char *path));
PyObject *native_learner_close(PyObject *object, PyObject *nothing);
/* The methods that all learners have. */
#define NATIVE_LEARNER_METHODS                                                                     \
    {"freeze_to", native_learner_freeze_to, METH_VARARGS, "freeze_to(group)."},                    \
    {"fit", native_learner_fit, METH_VARARGS, "fit(options, handler=None)."},                      \
    {"lr_find", native_learner_lr_find, METH_VARARGS,                                              \
     "lr_find(fit options, finder options, handler=None) -> dict."},                               \
    {"parameter", native_learner_parameter, METH_O, "parameter(name) -> (shape, float32 bytes)."}, \
    {"set_parameter", native_learner_set_parameter, METH_VARARGS, "set_parameter(name, float32 bytes)."},\
    {"save", native_learner_save, METH_O, "save(path)."},                                          \
    {"load", native_learner_load, METH_O, "load(path)."},                                          \
    {"close", native_learner_close, METH_NOARGS, "Frees it."}
/* `kind`, over brn_NAME_learner_free and the others; its last one is `keeps`. */
#define NATIVE_LEARNER_KIND(name, keeps)                                                           \
    static void close_learner(void *l) { brn_##name##_learner_free(l); }                           \
    static int learner_groups(const void *l) { return brn_##name##_learner_groups(l); }            \
    static bool learner_learns(const void *l, int group) { return brn_##name##_learner_learns(l, group); }\
    static brn_parameters *learner_parameters(void *l) { return brn_##name##_learner_parameters(l); }\
    static brn_status learner_freeze(void *l, int first) { return brn_##name##_learner_freeze_to(l, first); }\
    static brn_status learner_fit(void *l, const brn_hand_fit *fit) { return brn_##name##_learner_fit(l, fit); }\
    static brn_status learner_find(void *l, const brn_hand_fit *fit, const brn_lr_finder_options *finder,\
                                   brn_lr_curve *out)                                              \
    {                                                                                              \
        return brn_##name##_learner_lr_find(l, fit, finder, out);                                  \
    }                                                                                              \
    static brn_status learner_save(void *l, const char *path) { return brn_##name##_learner_save(l, path); }\
    static brn_status learner_load(void *l, const char *path) { return brn_##name##_learner_load(l, path); }\
    static const native_learner_kind kind = {close_learner,  learner_groups, learner_learns, learner_parameters,\
                                             learner_freeze, learner_fit,    learner_find,   learner_save,\
                                             learner_load,   keeps};
/* learner_new(options, handler=None), behind the kind: `fill` makes `options_type` of a dict. */
#define NATIVE_LEARNER_NEW(name, options_type, fill)                                               \
    static brn_status make(void *context, brn_event_handler *on_event, void *listener, void **out) \
    {                                                                                              \
        options_type *options = context;                                                           \
        options->on_event = on_event;                                                              \
        options->context = listener;                                                               \
        return brn_##name##_learner_new(options, (brn_##name##_learner **)out);                    \
    }                                                                                              \
    static PyObject *learner_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)      \
    {                                                                                              \
        (void)keywords;                                                                            \
        PyObject *dict, *handler = NULL, *self = NULL;                                             \
        if (!PyArg_ParseTuple(arguments, "O|O", &dict, &handler)) return NULL;                     \
        native_keep keep;                                                                          \
        native_listener nobody = {0};                                                              \
        options_type options;                                                                      \
        if (native_keep_init(&keep) < 0) return NULL;                                              \
        if (fill(dict, &options, &nobody, &keep) == 0)                                             \
            self = native_learner_make(type, &kind, make, &options, NULL, handler);                \
        native_keep_free(&keep);                                                                   \
        return self;                                                                               \
    }

/* ------------------------------------------------------------------ the modules */

extern PyMethodDef native_image_functions[], native_table_functions[], native_lm_functions[], native_text_functions[],
    native_ratings_functions[], native_frame_functions[], native_reading_functions[], native_network_functions[],
    native_array_functions[], native_state_functions[];
int native_add_lm_types(PyObject *module);
int native_add_text_types(PyObject *module);
int native_add_ratings_types(PyObject *module);
/* How texts are read, for the jobs of them: the list, and what is beside it. */
extern const char *const native_text_extra[];
int native_fill_text(PyObject *dict, brn_text_options *out, native_keep *keep);
/* Sources: a list of texts, or one. */
int native_fill_inputs(PyObject *value, const char *const **inputs, int64_t *count, native_keep *keep);
int native_add_image_types(PyObject *module);
int native_add_learner_types(PyObject *module);
int native_add_table_types(PyObject *module);
int native_add_table_learner_type(PyObject *module);
int native_add_ratings_learner_type(PyObject *module);
int native_add_lm_learner_type(PyObject *module);
int native_add_text_learner_type(PyObject *module);
int native_fill_lm(PyObject *dict, void *options, native_listener *listener, native_keep *keep);
int native_fill_text_train(PyObject *dict, void *options, native_listener *listener, native_keep *keep);
/* The options of a training on ratings; starts from their defaults. */
int native_fill_ratings(PyObject *dict, void *options, native_listener *listener, native_keep *keep);
/* The options of a training on a table; starts from their defaults. */
int native_fill_table(PyObject *dict, void *options, native_listener *listener, native_keep *keep);
/* Its figures into a dict. */
int native_put_table_score(PyObject *dict, const brn_table_score *score);
/* The data behind an ImageData object; NULL with an exception. */
brn_image_data *native_image_data(PyObject *object);

#endif
