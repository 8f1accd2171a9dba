/* SPDX-License-Identifier: Apache-2.0
 * The text job, and what it trains. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ how texts are read */

const char *const native_text_extra[] = {"inputs",        "recipe",    "text_columns", "label_columns",
                                         "tag_separator", "separator", NULL};

int native_fill_inputs(PyObject *value, const char *const **inputs, int64_t *count, native_keep *keep)
{
    if (!value) {
        native_raise_usage("data: expected texts");
        return -1;
    }
    *inputs = native_texts(value, keep, count);
    return *inputs ? 0 : -1;
}

int native_fill_text(PyObject *dict, brn_text_options *out, native_keep *keep)
{
    if (native_fill_separator(dict, "separator", &out->separator, keep) < 0 ||
        native_fill_separator(dict, "tag_separator", &out->tag_separator, keep) < 0 ||
        native_fill_list(dict, "text_columns", &out->text_columns, &out->text_column_count, keep) < 0)
        return -1;
    return native_fill_list(dict, "label_columns", &out->label_columns, &out->label_column_count, keep);
}

/* ------------------------------------------------------------------ training */

int native_fill_text_train(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    static const brn_option more[] = {
        {"out", BRN_OPTION_TEXT, offsetof(brn_text_train_options, out), NULL},
        {"word_dropout", BRN_OPTION_REAL, offsetof(brn_text_train_options, dropouts.words), NULL},
        {"input_dropout", BRN_OPTION_REAL, offsetof(brn_text_train_options, dropouts.input), NULL},
        {"weight_dropout", BRN_OPTION_REAL, offsetof(brn_text_train_options, dropouts.weight), NULL},
        {"hidden_dropout", BRN_OPTION_REAL, offsetof(brn_text_train_options, dropouts.hidden), NULL},
        {"output_dropout", BRN_OPTION_REAL, offsetof(brn_text_train_options, dropouts.output), NULL},
        {"head_dropout", BRN_OPTION_REAL, offsetof(brn_text_train_options, dropouts.head), NULL},
    };
    brn_text_train_options *o = options;
    int count, text_count;
    const brn_option *list = brn_text_train_option_list(&count), *text = brn_text_option_list(&text_count);
    *o = brn_text_train_defaults();
    o->on_event = native_listen;
    o->context = listener;
    o->text.seed = o->seed;
    const native_part parts[] = {
        {list, count, o}, {text, text_count, &o->text}, {more, sizeof more / sizeof *more, o}};
    if (native_fill_parts(dict, parts, 3, native_text_extra, keep) < 0) return -1;
    if (native_fill_inputs(native_item(dict, "inputs"), &o->inputs, &o->input_count, keep) < 0) return -1;
    return native_fill_text(dict, &o->text, keep);
}

static PyObject *score_of(const brn_text_score *s)
{
    PyObject *dict = Py_BuildValue("{s:L}", "count", (long long)s->count);
    if (dict && (native_put_real(dict, "loss", s->loss) < 0 || native_put_real(dict, "accuracy", s->accuracy) < 0 ||
                 native_put_real(dict, "f1", s->f1) < 0 || native_put_real(dict, "rmse", s->rmse) < 0 ||
                 native_put_real(dict, "mae", s->mae) < 0))
        Py_CLEAR(dict);
    return dict;
}

static PyObject *result_of(const void *result)
{
    const brn_text_result *r = result;
    PyObject *metrics = score_of(&r->score);
    if (!metrics) return NULL;
    return Py_BuildValue("{s:N, s:N, s:L, s:L, s:L, s:d, s:N}", "run", PyUnicode_DecodeFSDefault(r->run), "report",
                         PyUnicode_DecodeFSDefault(r->report), "train_count", (long long)r->train_count, "valid_count",
                         (long long)r->valid_count, "vocabulary", (long long)r->vocabulary, "seconds", r->seconds,
                         "metrics", metrics);
}

static int fill(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    return native_fill_text_train(dict, options, listener, keep);
}

NATIVE_JOB_FUNCTIONS(text, brn_text_train_options, brn_text_result)

/* ------------------------------------------------------------------ a trained model */

NATIVE_MODEL_FUNCTIONS(text)

static const char *output_word(const void *model, int64_t index) { return brn_text_model_output(model, index); }

static PyObject *model_facts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    static const char *const targets[] = {"none", "label", "tags", "numbers"};
    native_handle *handle = &((native_model *)object)->handle;
    const brn_text_model *m = native_take(handle, "model");
    if (!m) return NULL;
    PyObject *facts = Py_BuildValue("{s:s, s:N}", "target", targets[brn_text_model_target(m)], "classes",
                                    native_words(brn_text_model_output_count(m), output_word, m));
    native_give_back(handle);
    return facts;
}

static PyObject *none_or_raise(brn_status status)
{
    if (status != BRN_OK) return native_raise(status);
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *model_join(PyObject *object, PyObject *run)
{
    native_handle *handle = &((native_model *)object)->handle;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = native_text(run, &keep);
    brn_text_model *model = path ? native_take(handle, "model") : NULL;
    PyObject *out = NULL;
    if (model) {
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_text_model_join(model, path);
        Py_END_ALLOW_THREADS;
        native_give_back(handle);
        out = none_or_raise(status);
    }
    native_keep_free(&keep);
    return out;
}

/* UTF-8 of texts; they live in keep. */
static const char *const *utf8_texts(PyObject *list, native_keep *keep, int64_t *count)
{
    PyObject *items = PySequence_List(list);
    const int failed = !items || PyList_Append(keep->list, items) < 0;
    Py_XDECREF(items);
    if (failed) return NULL;
    *count = PyList_Size(items);
    PyObject *room = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)((size_t)(*count + 1) * sizeof(char *)));
    const int unkept = !room || PyList_Append(keep->list, room) < 0;
    Py_XDECREF(room);
    if (unkept) return NULL;
    const char **texts = (const char **)(void *)PyByteArray_AsString(room);
    for (int64_t i = 0; i < *count; i++) {
        Py_ssize_t length;
        texts[i] = PyUnicode_AsUTF8AndSize(PyList_GetItem(items, (Py_ssize_t)i), &length);
        if (!texts[i]) return NULL;
        if (strlen(texts[i]) != (size_t)length) {
            native_raise_usage("text %lld: a NUL character", (long long)i);
            return NULL;
        }
    }
    return texts;
}

static PyObject *values_of(const brn_text_answers *answers, int64_t width)
{
    const int64_t count = brn_text_answers_count(answers);
    const size_t row = (size_t)width * sizeof(float);
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)((size_t)count * row));
    for (int64_t i = 0; bytes && i < count; i++)
        memcpy(PyByteArray_AsString(bytes) + (size_t)i * row, brn_text_answers_values(answers, i), row);
    return bytes;
}

static PyObject *model_predict(PyObject *object, PyObject *list)
{
    native_handle *handle = &((native_model *)object)->handle;
    native_keep keep;
    int64_t count;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *const *texts = utf8_texts(list, &keep, &count);
    brn_text_model *model = texts ? native_take(handle, "model") : NULL;
    PyObject *out = NULL;
    if (model) {
        brn_text_answers *answers = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_text_predict(model, texts, count, &answers);
        Py_END_ALLOW_THREADS;
        out = status == BRN_OK ? values_of(answers, brn_text_model_output_count(model)) : native_raise(status);
        brn_text_answers_free(answers);
        native_give_back(handle);
    }
    native_keep_free(&keep);
    return out;
}

static PyObject *explanation_of(const brn_text_explanation *e)
{
    PyObject *list = PyList_New((Py_ssize_t)e->count);
    for (int64_t i = 0; list && i < e->count; i++) {
        PyObject *one = Py_BuildValue("(sd)", e->words[i].token, e->words[i].share);
        if (!one || PyList_SetItem(list, (Py_ssize_t)i, one) < 0) Py_CLEAR(list);
    }
    return list ? Py_BuildValue("(LN)", (long long)e->output, list) : NULL;
}

static PyObject *model_explain(PyObject *object, PyObject *arguments)
{
    native_handle *handle = &((native_model *)object)->handle;
    const char *text;
    long long output = -1;
    if (!PyArg_ParseTuple(arguments, "s|L", &text, &output)) return NULL;
    brn_text_model *model = native_take(handle, "model");
    if (!model) return NULL;
    brn_text_explanation *explanation = NULL;
    brn_status status;
    Py_BEGIN_ALLOW_THREADS;
    status = brn_text_explain(model, text, output, &explanation);
    Py_END_ALLOW_THREADS;
    native_give_back(handle);
    PyObject *out = status == BRN_OK ? explanation_of(explanation) : native_raise(status);
    brn_text_explanation_free(explanation);
    return out;
}

static PyObject *model_explain_page(PyObject *object, PyObject *arguments)
{
    native_handle *handle = &((native_model *)object)->handle;
    PyObject *list, *where, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "OO", &list, &where)) return NULL;
    native_keep keep;
    int64_t count;
    if (native_keep_init(&keep) < 0) return NULL;
    const char *const *texts = utf8_texts(list, &keep, &count);
    const char *path = texts ? native_text(where, &keep) : NULL;
    brn_text_model *model = path ? native_take(handle, "model") : NULL;
    if (model) {
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_text_explain_page(model, texts, count, path);
        Py_END_ALLOW_THREADS;
        native_give_back(handle);
        out = none_or_raise(status);
    }
    native_keep_free(&keep);
    return out;
}

/* ------------------------------------------------------------------ labelled texts */

static PyObject *mistakes_of(const brn_text_mistakes *m, int64_t width)
{
    PyObject *list = PyList_New((Py_ssize_t)m->count);
    for (int64_t i = 0; list && i < m->count; i++) {
        const brn_text_mistake *one = &m->items[i];
        PyObject *item = Py_BuildValue("{s:s, s:s, s:z, s:z, s:d, s:d, s:d}", "place", one->place, "text", one->text, "label",
                                       one->label, "answer", one->answer, "loss", one->loss, "probability",
                                       one->probability, "truth", one->truth);
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) < 0) Py_CLEAR(list);
    }
    if (!list) return NULL;
    PyObject *dict = Py_BuildValue("{s:N, s:N}", "score", score_of(&m->score), "worst", list);
    if (dict && m->confusion &&
        native_put(dict, "confusion",
                   PyByteArray_FromStringAndSize((const char *)m->confusion,
                                                 (Py_ssize_t)((size_t)(width * width) * sizeof(int64_t)))) < 0)
        Py_CLEAR(dict);
    return dict;
}

/* As in training, but for what the dictionary says. */
static int fill_source(PyObject *dict, const brn_text_model *model, brn_text_options *out, native_keep *keep)
{
    int count;
    const brn_option *list = brn_text_option_list(&count);
    *out = brn_text_model_source(model);
    if (native_fill(dict, list, count, native_text_extra, out, keep) < 0) return -1;
    return native_fill_text(dict, out, keep);
}

/* (inputs, options) -> score; with a number of mistakes, those too. */
static PyObject *judge(PyObject *object, PyObject *arguments, bool interpret)
{
    native_handle *handle = &((native_model *)object)->handle;
    PyObject *sources, *dict, *out = NULL;
    long long top = 0;
    if (!PyArg_ParseTuple(arguments, "OO|L", &sources, &dict, &top)) return NULL;
    native_keep keep;
    const char *const *inputs;
    int64_t count;
    if (native_keep_init(&keep) < 0) return NULL;
    brn_text_model *model =
        native_fill_inputs(sources, &inputs, &count, &keep) == 0 ? native_take(handle, "model") : NULL;
    brn_text_options text;
    if (model && fill_source(dict, model, &text, &keep) == 0) {
        brn_text_score score;
        brn_text_mistakes *mistakes = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = interpret ? brn_text_interpret(model, inputs, count, &text, top, &mistakes)
                           : brn_text_evaluate(model, inputs, count, &text, &score);
        Py_END_ALLOW_THREADS;
        if (status != BRN_OK)
            native_raise(status);
        else
            out = interpret ? mistakes_of(mistakes, brn_text_model_output_count(model)) : score_of(&score);
        brn_text_mistakes_free(mistakes);
    }
    if (model) native_give_back(handle);
    native_keep_free(&keep);
    return out;
}

static PyObject *model_evaluate(PyObject *object, PyObject *arguments) { return judge(object, arguments, false); }
static PyObject *model_interpret(PyObject *object, PyObject *arguments) { return judge(object, arguments, true); }

static PyMethodDef model_methods[] = {
    {"facts", model_facts, METH_NOARGS, "Target and names of the answers."},
    {"join", model_join, METH_O, "join(run): its answers are averaged with these."},
    {"predict", model_predict, METH_O, "predict(texts) -> float32 bytes (N, K)."},
    {"explain", model_explain, METH_VARARGS, "explain(text, output=-1) -> (output, [(token, share)])."},
    {"explain_page", model_explain_page, METH_VARARGS, "explain_page(texts, path)."},
    {"evaluate", model_evaluate, METH_VARARGS, "evaluate(inputs, options) -> dict."},
    {"interpret", model_interpret, METH_VARARGS, "interpret(inputs, options, top) -> dict."},
    {"close", model_close, METH_NOARGS, "Frees it now."},
    {NULL, NULL, 0, NULL},
};

int native_add_text_types(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)model_new},
                                  {Py_tp_dealloc, (void *)model_free},
                                  {Py_tp_methods, model_methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.TextModel", sizeof(native_model), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "TextModel", type) : -1;
}
