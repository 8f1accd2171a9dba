/* SPDX-License-Identifier: Apache-2.0
 * The table job, and what it trains. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ training */

/* The library's list, and what it leaves out. */
int native_fill_table(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    static const brn_option more[] = {
        {"out", BRN_OPTION_TEXT, offsetof(brn_table_train_options, out), NULL},
        {"no_header", BRN_OPTION_FLAG, offsetof(brn_table_train_options, source.no_header), NULL},
        {"latin1", BRN_OPTION_FLAG, offsetof(brn_table_train_options, source.latin1), NULL},
        {"decimal_comma", BRN_OPTION_FLAG, offsetof(brn_table_train_options, source.decimal_comma), NULL},
        {"hidden_norms", BRN_OPTION_FLAG, offsetof(brn_table_train_options, hidden_norms), NULL},
    };
    static const char *const extra[] = {"categories", "numbers", "ignored", "more_targets", "events",
                                        "missing",    "hidden",  "dropout", "separator",    "embedding_widths",
                                        NULL};
    brn_table_train_options *o = options;
    int count;
    const brn_option *list = brn_table_train_option_list(&count);
    const native_part parts[] = {{list, count, o}, {more, sizeof more / sizeof *more, o}};
    *o = brn_table_train_defaults();
    o->on_event = native_listen;
    o->context = listener;
    if (native_fill_parts(dict, parts, 2, extra, keep) < 0) return -1;
    if (native_item(dict, "low") || native_item(dict, "high")) o->has_range = true;
    if (native_fill_separator(dict, "separator", &o->source.separator, keep) < 0 ||
        native_fill_list(dict, "categories", &o->categories, &o->category_count, keep) < 0 ||
        native_fill_list(dict, "numbers", &o->numbers, &o->number_count, keep) < 0 ||
        native_fill_list(dict, "ignored", &o->ignored, &o->ignored_count, keep) < 0 ||
        native_fill_list(dict, "more_targets", &o->more_targets, &o->more_target_count, keep) < 0 ||
        native_fill_list(dict, "events", &o->events, &o->event_count, keep) < 0 ||
        native_fill_wholes(dict, "embedding_widths", &o->embedding_widths, &o->embedding_width_count, keep) < 0 ||
        native_fill_list(dict, "missing", &o->source.missing, &o->source.missing_count, keep) < 0)
        return -1;
    return native_fill_layers(dict, BRN_TABLE_HIDDEN_MAX, &o->hidden_count, o->hidden, o->dropout);
}

int native_put_table_score(PyObject *dict, const brn_table_score *s)
{
    if (native_put(dict, "count", PyLong_FromLongLong(s->count)) < 0) return -1;
    if (native_put_real(dict, "loss", s->loss) < 0 || native_put_real(dict, "accuracy", s->accuracy) < 0) return -1;
    if (native_put_real(dict, "rmse", s->rmse) < 0 || native_put_real(dict, "mae", s->mae) < 0) return -1;
    return native_put_real(dict, "exp_rmspe", s->exp_rmspe);
}

static PyObject *result_of(const void *result)
{
    const brn_table_result *r = result;
    PyObject *dict = Py_BuildValue("{s:N, s:L, s:L, s:d, s:d}", "run", PyUnicode_DecodeFSDefault(r->run), "train_count",
                                   (long long)r->train_count, "valid_count", (long long)r->valid_count, "seconds",
                                   r->seconds, "rows_per_second", r->rows_per_second);
    PyObject *score = dict ? PyDict_New() : NULL;
    if (!score || native_put_table_score(score, &r->score) < 0 || PyDict_SetItemString(dict, "metrics", score) < 0) Py_CLEAR(dict);
    Py_XDECREF(score);
    return dict;
}

static int fill(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    return native_fill_table(dict, options, listener, keep);
}

NATIVE_JOB_FUNCTIONS(table, brn_table_train_options, brn_table_result)

/* ------------------------------------------------------------------ a trained model */

NATIVE_MODEL_FUNCTIONS(table)

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
    native_model *self = (native_model *)object;
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
    native_model *self = (native_model *)object;
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
    native_model *self = (native_model *)object;
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
    native_model *self = (native_model *)object;
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
        if (out && native_put_table_score(out, &score) < 0) Py_CLEAR(out);
        native_give_back(&self->handle);
    }
    native_keep_free(&keep);
    return out;
}

/* [(column, names of values, float32 bytes (values, width), width)]. */
static PyObject *model_embeddings(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_model *self = (native_model *)object;
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

/* ------------------------------------------------------------------ what it goes by */

static PyObject *importance_of(const brn_table_interpretation *found)
{
    PyObject *list = PyList_New((Py_ssize_t)found->importance_count);
    for (int64_t i = 0; list && i < found->importance_count; i++) {
        const brn_table_importance *one = &found->importance[i];
        PyObject *dict = Py_BuildValue("{s:s, s:d, s:d, s:d}", "column", one->column, "loss", one->mean, "deviation",
                                       one->deviation, "metric", one->metric);
        if (!dict || PyList_SetItem(list, (Py_ssize_t)i, dict) < 0) Py_CLEAR(list);
    }
    return list;
}

static const char *text_at(const void *texts, int64_t i) { return ((const char *const *)texts)[i]; }

/* Truth and answer: numbers, or names of classes. */
static PyObject *worst_of(const brn_table_interpretation *found, const brn_table_worst *one)
{
    PyObject *values = native_words(found->column_count, text_at, one->values);
    if (!values) return NULL;
    if (found->class_count == 0)
        return Py_BuildValue("{s:L, s:d, s:d, s:d, s:N}", "row", (long long)one->row, "truth", one->truth, "answer",
                             one->answer, "loss", one->loss, "values", values);
    return Py_BuildValue("{s:L, s:s, s:s, s:d, s:N}", "row", (long long)one->row, "truth", found->classes[one->label],
                         "answer", found->classes[one->guess], "loss", one->loss, "values", values);
}

static PyObject *all_worst(const brn_table_interpretation *found)
{
    PyObject *worst = PyList_New((Py_ssize_t)found->worst_count);
    for (int64_t i = 0; worst && i < found->worst_count; i++) {
        PyObject *one = worst_of(found, &found->worst[i]);
        if (!one || PyList_SetItem(worst, (Py_ssize_t)i, one) < 0) Py_CLEAR(worst);
    }
    return worst;
}

/* Bytes of `count` numbers of eight bytes each; None where there are none. */
static PyObject *bytes_of(const void *numbers, int64_t count)
{
    if (numbers) return PyByteArray_FromStringAndSize(numbers, (Py_ssize_t)((size_t)count * 8));
    Py_RETURN_NONE;
}

/* [{column, category, values or None, at, shares or None, answers, width}]: float64 bytes. */
static PyObject *dependence_of(const brn_table_interpretation *found)
{
    PyObject *list = PyList_New((Py_ssize_t)found->dependence_count);
    for (int64_t i = 0; list && i < found->dependence_count; i++) {
        const brn_table_dependence *d = &found->dependence[i];
        PyObject *dict = Py_BuildValue("{s:s, s:N, s:N, s:N, s:N, s:N, s:L}", "column", d->column, "category",
                                       PyBool_FromLong(d->category), "values",
                                       d->values ? native_words(d->count, text_at, d->values) : bytes_of(NULL, 0), "at",
                                       bytes_of(d->at, d->count), "shares", bytes_of(d->shares, d->count), "answers",
                                       bytes_of(d->answers, d->count * d->width), "width", (long long)d->width);
        if (!dict || PyList_SetItem(list, (Py_ssize_t)i, dict) < 0) Py_CLEAR(list);
    }
    return list;
}

static PyObject *interpretation_of(const brn_table_interpretation *found)
{
    PyObject *score = PyDict_New();
    if (score && native_put_table_score(score, &found->score) < 0) Py_CLEAR(score);
    PyObject *dict = score ? PyDict_New() : NULL;
    if (!dict) {
        Py_XDECREF(score);
        return NULL;
    }
    if (native_put(dict, "score", score) < 0 ||
        native_put(dict, "target", PyUnicode_DecodeFSDefault(found->target)) < 0 ||
        native_put(dict, "importance", importance_of(found)) < 0 || native_put(dict, "dependence", dependence_of(found)) < 0 ||
        native_put(dict, "worst", all_worst(found)) < 0 ||
        native_put(dict, "columns", native_words(found->column_count, text_at, found->columns)) < 0 ||
        native_put(dict, "classes", native_words(found->class_count, text_at, found->classes)) < 0 ||
        native_put(dict, "confusion", bytes_of(found->confusion, found->class_count * found->class_count)) < 0 ||
        native_put(dict, "truths", bytes_of(found->truths, found->count)) < 0 ||
        native_put(dict, "answers", bytes_of(found->answers, found->count)) < 0)
        Py_CLEAR(dict);
    return dict;
}

static int fill_interpret(PyObject *dict, brn_table_interpret_options *out, native_listener *listener, native_keep *keep)
{
    static const brn_option list[] = {
        {"worst", BRN_OPTION_BIG, offsetof(brn_table_interpret_options, worst), NULL},
        {"repeats", BRN_OPTION_WHOLE, offsetof(brn_table_interpret_options, repeats), NULL},
        {"rows", BRN_OPTION_BIG, offsetof(brn_table_interpret_options, rows), NULL},
        {"sample", BRN_OPTION_BIG, offsetof(brn_table_interpret_options, sample), NULL},
        {"points", BRN_OPTION_WHOLE, offsetof(brn_table_interpret_options, points), NULL},
        {"values", BRN_OPTION_WHOLE, offsetof(brn_table_interpret_options, values), NULL},
        {"seed", BRN_OPTION_BIG, offsetof(brn_table_interpret_options, seed), NULL},
        {"target", BRN_OPTION_TEXT, offsetof(brn_table_interpret_options, target), NULL},
    };
    *out = brn_table_interpret_defaults();
    out->on_event = native_listen;
    out->context = listener;
    return native_fill(dict, list, sizeof list / sizeof *list, NULL, out, keep);
}

static PyObject *model_interpret(PyObject *object, PyObject *arguments)
{
    native_model *self = (native_model *)object;
    PyObject *data, *dict, *handler = NULL, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "OO|O", &data, &dict, &handler)) return NULL;
    native_keep keep;
    native_listener listener = {.callable = handler};
    brn_table_interpret_options options;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = data == Py_None ? NULL : native_text(data, &keep);
    if ((path || data == Py_None) && fill_interpret(dict, &options, &listener, &keep) == 0) {
        brn_table_model *model = native_take(&self->handle, "model");
        if (model) {
            brn_table_interpretation found = {0};
            brn_status status;
            Py_BEGIN_ALLOW_THREADS;
            status = brn_table_interpret(model, path, &options, &found);
            Py_END_ALLOW_THREADS;
            PyObject *none = native_listened(&listener, status);
            out = none ? interpretation_of(&found) : NULL;
            Py_XDECREF(none);
            brn_table_interpretation_free(&found);
            native_give_back(&self->handle);
        }
    }
    native_keep_free(&keep);
    return out;
}

static PyMethodDef model_methods[] = {
    {"facts", model_facts, METH_NOARGS, "Target, classes (none: a number) and columns."},
    {"predict", model_predict, METH_O, "predict(data) -> (rows, float32 bytes (rows, K))."},
    {"predict_row", model_predict_row, METH_O, "predict_row(texts) -> float32 bytes (K)."},
    {"evaluate", model_evaluate, METH_O, "evaluate(data) -> dict."},
    {"interpret", model_interpret, METH_VARARGS, "interpret(data or None, options, handler=None) -> dict."},
    {"close", model_close, METH_NOARGS, "Frees it now."},
    {"embeddings", model_embeddings, METH_NOARGS, "What the network knows of each category."},
    {NULL, NULL, 0, NULL},
};

int native_add_table_types(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)model_new},
                                  {Py_tp_dealloc, (void *)model_free},
                                  {Py_tp_methods, model_methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.TableModel", sizeof(native_model), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "TableModel", type) : -1;
}
