/* SPDX-License-Identifier: Apache-2.0
 * The table job, and what it trains. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ training */

static int fill_lists(PyObject *dict, brn_table_train_options *o, native_keep *keep)
{
    struct {
        const char *name;
        const char *const **words;
        int64_t *count;
    } lists[] = {{"categories", &o->categories, &o->category_count},
                 {"numbers", &o->numbers, &o->number_count},
                 {"ignored", &o->ignored, &o->ignored_count},
                 {"missing", &o->source.missing, &o->source.missing_count}};
    for (int i = 0; i < 4; i++) {
        PyObject *value = native_item(dict, lists[i].name);
        if (!value) continue;
        if (PyUnicode_Check(value)) {
            native_raise_usage("%s: expected a list of names, not one text", lists[i].name);
            return -1;
        }
        *lists[i].words = native_texts(value, keep, lists[i].count);
        if (!*lists[i].words) return -1;
    }
    return 0;
}

static int fill_hidden(PyObject *dict, brn_table_train_options *o)
{
    PyObject *hidden = native_item(dict, "hidden"), *dropout = native_item(dict, "dropout");
    if (!hidden) return 0;
    const Py_ssize_t count = PySequence_Size(hidden);
    if (count < 0) return -1;
    if (count > BRN_TABLE_HIDDEN_MAX || (dropout && PySequence_Size(dropout) != count)) {
        native_raise_usage("hidden: expected at most %d widths, and as many dropouts", BRN_TABLE_HIDDEN_MAX);
        return -1;
    }
    o->hidden_count = (int)count;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *width = PySequence_GetItem(hidden, i), *share = dropout ? PySequence_GetItem(dropout, i) : NULL;
        o->hidden[i] = width ? PyLong_AsLongLong(width) : 0;
        o->dropout[i] = share ? PyFloat_AsDouble(share) : 0;
        Py_XDECREF(width);
        Py_XDECREF(share);
        if (PyErr_Occurred()) return -1;
    }
    return 0;
}

static int choose(PyObject *dict, const char *name, const char *const *words, int count, int *out, native_keep *keep)
{
    PyObject *value = native_item(dict, name);
    if (!value) return 0;
    const char *word = native_text(value, keep);
    for (int i = 0; word && i < count; i++)
        if (strcmp(word, words[i]) == 0) {
            *out = i;
            return 0;
        }
    if (word) native_raise_usage("%s: there is no %s", name, word);
    return -1;
}

static int fill_table(PyObject *dict, brn_table_train_options *o, native_keep *keep)
{
#define FIELD(type, name) {#name, BRN_OPTION_##type, offsetof(brn_table_train_options, name)}
    static const brn_option list[] = {
        FIELD(TEXT, data),         FIELD(TEXT, where),         FIELD(TEXT, target),
        FIELD(FLAG, target_class), FIELD(FLAG, target_log),    FIELD(FLAG, only_named),
        FIELD(REAL, valid),        FIELD(TEXT, split_column),  FIELD(TEXT, split_from),
        FIELD(WHOLE, fold),        FIELD(WHOLE, folds),        FIELD(REAL, embedding_dropout),
        FIELD(WHOLE, epochs),      FIELD(WHOLE, batch_size),   FIELD(REAL, learning_rate),
        FIELD(REAL, weight_decay), FIELD(BIG, seed),           FIELD(WHOLE, threads),
        FIELD(REAL, low),          FIELD(REAL, high),          FIELD(REAL, checkpoint_seconds),
        FIELD(TEXT, out),
        {"no_header", BRN_OPTION_FLAG, offsetof(brn_table_train_options, source.no_header)},
        {"latin1", BRN_OPTION_FLAG, offsetof(brn_table_train_options, source.latin1)},
        {"decimal_comma", BRN_OPTION_FLAG, offsetof(brn_table_train_options, source.decimal_comma)},
    };
#undef FIELD
    static const char *const extra[] = {"categories", "numbers", "ignored", "missing",   "hidden",
                                        "dropout",    "split",   "form",    "separator", NULL};
    static const char *const splits[] = {"random", "time", "column", "group", "fold"};
    static const char *const forms[] = {"fastai2", "course"};
    int split = (int)o->split, form = (int)o->form;
    if (native_fill(dict, list, sizeof list / sizeof *list, extra, o, keep) < 0) return -1;
    if (choose(dict, "split", splits, 5, &split, keep) < 0 || choose(dict, "form", forms, 2, &form, keep) < 0) return -1;
    o->split = (brn_table_split)split;
    o->form = (brn_table_form)form;
    o->has_range = native_item(dict, "low") || native_item(dict, "high");
    PyObject *separator = native_item(dict, "separator");
    const char *text = separator ? native_text(separator, keep) : "";
    if (!text) return -1;
    o->source.separator = *text;
    return fill_lists(dict, o, keep) < 0 ? -1 : fill_hidden(dict, o);
}

static int put_score(PyObject *dict, const brn_table_score *s)
{
    if (native_put(dict, "count", PyLong_FromLongLong(s->count)) < 0) return -1;
    if (native_put_real(dict, "loss", s->loss) < 0 || native_put_real(dict, "accuracy", s->accuracy) < 0) return -1;
    if (native_put_real(dict, "rmse", s->rmse) < 0 || native_put_real(dict, "mae", s->mae) < 0) return -1;
    return native_put_real(dict, "exp_rmspe", s->exp_rmspe);
}

static PyObject *result_of(native_listener *listener, brn_status status, const brn_table_result *r)
{
    PyObject *none = native_listened(listener, status);
    if (!none) return NULL;
    Py_DECREF(none);
    PyObject *dict = Py_BuildValue("{s:N, s:L, s:L, s:d, s:d}", "run", PyUnicode_DecodeFSDefault(r->run), "train_count",
                                   (long long)r->train_count, "valid_count", (long long)r->valid_count, "seconds",
                                   r->seconds, "rows_per_second", r->rows_per_second);
    PyObject *score = dict ? PyDict_New() : NULL;
    if (!score || put_score(score, &r->score) < 0) Py_CLEAR(dict);
    if (dict) {
        Py_INCREF(score);
        if (native_put(dict, "metrics", score) < 0) Py_CLEAR(dict);
    }
    Py_XDECREF(score);
    return dict;
}

static PyObject *table_train(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *dict, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "O|O", &dict, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    brn_table_train_options options = brn_table_train_defaults();
    brn_table_result *result = calloc(1, sizeof *result);
    if (!result) return PyErr_NoMemory();
    if (native_keep_init(&keep) == 0 && fill_table(dict, &options, &keep) == 0) {
        brn_status status;
        options.on_event = native_listen;
        options.context = &listener;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_table_train(&options, result);
        Py_END_ALLOW_THREADS;
        out = result_of(&listener, status, result);
    }
    native_keep_free(&keep);
    free(result);
    return out;
}

static PyObject *table_resume(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *run, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "O|O", &run, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    brn_table_result *result = calloc(1, sizeof *result);
    if (!result) return PyErr_NoMemory();
    const char *folder = native_keep_init(&keep) == 0 ? native_text(run, &keep) : NULL;
    if (folder) {
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_table_resume(folder, native_listen, &listener, result);
        Py_END_ALLOW_THREADS;
        out = result_of(&listener, status, result);
    }
    native_keep_free(&keep);
    free(result);
    return out;
}

PyMethodDef native_table_functions[] = {
    {"table_train", table_train, METH_VARARGS, "table_train(options, handler=None) -> result, as dicts."},
    {"table_resume", table_resume, METH_VARARGS, "table_resume(run, handler=None) -> result."},
    {NULL, NULL, 0, NULL},
};

/* ------------------------------------------------------------------ a trained model */

typedef struct model_object {
    PyObject_HEAD
    native_handle handle; /* brn_table_model */
} model_object;

static PyObject *model_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"what", "threads", NULL};
    PyObject *what;
    int threads = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|i", names, &what, &threads)) return NULL;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = native_text(what, &keep);
    model_object *self = path ? (model_object *)PyType_GenericAlloc(type, 0) : NULL;
    if (self) {
        brn_table_model *model = NULL;
        const brn_status status = brn_table_model_open(path, threads, &model);
        self->handle.pointer = model;
        if (status != BRN_OK) {
            Py_CLEAR(self);
            native_raise(status);
        }
    }
    native_keep_free(&keep);
    return (PyObject *)self;
}

static void model_free(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    brn_table_model_close(((model_object *)object)->handle.pointer);
    PyObject_Free(object);
    Py_DECREF(type);
}

static const char *class_word(const void *model, int64_t index) { return brn_table_model_class(model, index); }
static const char *column_word(const void *model, int64_t index) { return brn_table_model_column(model, index); }

static int64_t answer_width(const brn_table_model *model)
{
    const int64_t classes = brn_table_model_class_count(model);
    return classes ? classes : 1;
}

static PyObject *model_facts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    model_object *self = (model_object *)object;
    const brn_table_model *m = native_take(&self->handle, "model");
    if (!m) return NULL;
    PyObject *facts = Py_BuildValue("{s:N, s:N, s:N}", "target", PyUnicode_DecodeFSDefault(brn_table_model_target(m)),
                                    "classes", native_words(brn_table_model_class_count(m), class_word, m), "columns",
                                    native_words(brn_table_model_column_count(m), column_word, m));
    native_give_back(&self->handle);
    return facts;
}

/* (count, float32 bytes (N, K)). */
static PyObject *model_predict(PyObject *object, PyObject *data)
{
    model_object *self = (model_object *)object;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    PyObject *out = NULL;
    const char *path = native_text(data, &keep);
    brn_table_model *model = path ? native_take(&self->handle, "model") : NULL;
    if (model) {
        brn_table_answers *answers = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_table_predict(model, path, &answers);
        Py_END_ALLOW_THREADS;
        const int64_t width = answer_width(model);
        if (status == BRN_OK) {
            const int64_t count = brn_table_answers_count(answers);
            const size_t row = (size_t)width * sizeof(float);
            PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)((size_t)count * row));
            for (int64_t i = 0; bytes && i < count; i++)
                memcpy(PyByteArray_AsString(bytes) + (size_t)i * row, brn_table_answers_values(answers, i), row);
            if (bytes) out = Py_BuildValue("(LN)", (long long)count, bytes);
        } else
            native_raise(status);
        brn_table_answers_free(answers);
        native_give_back(&self->handle);
    }
    native_keep_free(&keep);
    return out;
}

/* One row: texts in the order of the columns, None where missing -> float32 bytes (K). */
static PyObject *model_predict_row(PyObject *object, PyObject *values)
{
    model_object *self = (model_object *)object;
    brn_table_model *model = native_take(&self->handle, "model");
    if (!model) return NULL;
    PyObject *out = NULL, *items = PySequence_List(values);
    const int64_t count = brn_table_model_column_count(model);
    const char **texts = items ? calloc((size_t)count + 1, sizeof *texts) : NULL;
    bool good = texts != NULL;
    if (good && PyList_Size(items) != count) {
        native_raise_usage("row: %lld values; expected %lld", (long long)PyList_Size(items), (long long)count);
        good = false;
    }
    for (int64_t i = 0; good && i < count; i++) {
        PyObject *item = PyList_GetItem(items, (Py_ssize_t)i);
        if (item == Py_None) continue;
        texts[i] = PyUnicode_AsUTF8AndSize(item, NULL);
        good = texts[i] != NULL;
    }
    if (good) {
        const float *answer;
        const brn_status status = brn_table_predict_row(model, texts, &answer);
        out = status == BRN_OK ? PyByteArray_FromStringAndSize((const char *)answer,
                                                               (Py_ssize_t)(answer_width(model) * (int64_t)sizeof *answer))
                               : native_raise(status);
    }
    free(texts);
    Py_XDECREF(items);
    native_give_back(&self->handle);
    return out;
}

static PyObject *model_evaluate(PyObject *object, PyObject *data)
{
    model_object *self = (model_object *)object;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    PyObject *out = NULL;
    const char *path = native_text(data, &keep);
    brn_table_model *model = path ? native_take(&self->handle, "model") : NULL;
    if (model) {
        brn_table_score score;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_table_evaluate(model, path, &score);
        Py_END_ALLOW_THREADS;
        out = status == BRN_OK ? PyDict_New() : native_raise(status);
        if (out && put_score(out, &score) < 0) Py_CLEAR(out);
        native_give_back(&self->handle);
    }
    native_keep_free(&keep);
    return out;
}

/* [(column, names of values, float32 bytes (values, width), width)]. */
static PyObject *model_embeddings(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    model_object *self = (model_object *)object;
    const brn_table_model *model = native_take(&self->handle, "model");
    if (!model) return NULL;
    PyObject *list = PyList_New(0);
    for (int64_t i = 0; list && i < brn_table_model_embedding_count(model); i++) {
        const brn_table_embedding e = brn_table_model_embedding(model, i);
        PyObject *names = PyList_New((Py_ssize_t)e.count);
        for (int64_t k = 0; names && k < e.count; k++)
            PyList_SetItem(names, (Py_ssize_t)k, PyUnicode_DecodeFSDefault(brn_table_model_embedding_value(model, i, k)));
        PyObject *one = names ? Py_BuildValue("(sNNL)", e.column, names,
                                              PyByteArray_FromStringAndSize((const char *)e.vectors,
                                                                            (Py_ssize_t)(e.count * e.width * (int64_t)sizeof(float))),
                                              (long long)e.width)
                              : NULL;
        if (!one || PyList_Append(list, one) < 0) Py_CLEAR(list);
        Py_XDECREF(one);
    }
    native_give_back(&self->handle);
    return list;
}

static PyMethodDef model_methods[] = {
    {"facts", model_facts, METH_NOARGS, "Target, classes (none: a number) and columns."},
    {"predict", model_predict, METH_O, "predict(data) -> (rows, float32 bytes (rows, K))."},
    {"predict_row", model_predict_row, METH_O, "predict_row(texts) -> float32 bytes (K)."},
    {"evaluate", model_evaluate, METH_O, "evaluate(data) -> dict."},
    {"embeddings", model_embeddings, METH_NOARGS, "What the network knows of each category."},
    {NULL, NULL, 0, NULL},
};

int native_add_table_types(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)model_new},
                                  {Py_tp_dealloc, (void *)model_free},
                                  {Py_tp_methods, model_methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.TableModel", sizeof(model_object), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "TableModel", type) : -1;
}
