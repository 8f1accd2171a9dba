/* SPDX-License-Identifier: Apache-2.0
 * The learner of tables that is trained by hand. */
#include "native.h"

#include <string.h>

static const float *validated(const void *learner, int64_t *count, int64_t *width)
{
    return brn_table_learner_validated(learner, count, width);
}

NATIVE_LEARNER_KIND(table, validated)

NATIVE_LEARNER_NEW(table, brn_table_train_options, native_fill_table)

static const char *class_word(const void *learner, int64_t index) { return brn_table_learner_class(learner, index); }

/* As of all learners, and outputs, classes, train and valid (rows). */
static PyObject *facts(PyObject *object, PyObject *nothing)
{
    PyObject *dict = native_learner_facts(object, nothing);
    if (!dict) return NULL;
    const brn_table_learner *l = ((native_learner *)object)->handle.pointer;
    if (native_put(dict, "outputs", PyLong_FromLongLong(brn_table_learner_outputs(l))) < 0 ||
        native_put(dict, "classes", native_words(brn_table_learner_class_count(l), class_word, l)) < 0 ||
        native_put(dict, "train", PyLong_FromLongLong(brn_table_learner_count(l, false))) < 0 ||
        native_put(dict, "valid", PyLong_FromLongLong(brn_table_learner_count(l, true))) < 0)
        Py_CLEAR(dict);
    return dict;
}

static PyObject *validate(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_learner *self = (native_learner *)object;
    native_listener listener = {0};
    brn_table_learner *learner = native_learner_enter(self, &listener);
    if (!learner) return NULL;
    brn_table_score score;
    brn_status status;
    Py_BEGIN_ALLOW_THREADS;
    status = brn_table_learner_validate(learner, &score);
    Py_END_ALLOW_THREADS;
    PyObject *none = native_learner_leave(self, &listener, status), *dict = none ? PyDict_New() : NULL;
    Py_XDECREF(none);
    if (dict && native_put_table_score(dict, &score) < 0) Py_CLEAR(dict);
    return dict;
}

/* (rows, float32 bytes (rows, K)). */
static PyObject *answers_of(const brn_table_answers *answers, int64_t width)
{
    const int64_t count = brn_table_answers_count(answers);
    const size_t row = (size_t)width * sizeof(float);
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)((size_t)count * row));
    for (int64_t i = 0; bytes && i < count; i++)
        memcpy(PyByteArray_AsString(bytes) + (size_t)i * row, brn_table_answers_values(answers, i), row);
    return bytes ? Py_BuildValue("(LN)", (long long)count, bytes) : NULL;
}

static PyObject *answer(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    PyObject *data, *out = NULL;
    int form;
    if (!PyArg_ParseTuple(arguments, "Oi", &data, &form)) return NULL;
    if (form < BRN_ANSWER_OUTPUTS || form > BRN_ANSWER_LOG_PROBABILITIES)
        return native_raise_usage("form: expected 0 (outputs), 1 (probabilities) or 2 (their logarithms)");
    native_keep keep;
    native_listener listener = {0};
    if (native_keep_init(&keep) < 0) return NULL;
    const char *path = data == Py_None ? NULL : native_text(data, &keep);
    brn_table_learner *learner = path || data == Py_None ? native_learner_enter(self, &listener) : NULL;
    if (learner) {
        brn_table_answers *answers = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_table_learner_answer(learner, path, (brn_answer_form)form, &answers);
        Py_END_ALLOW_THREADS;
        PyObject *none = native_learner_leave(self, &listener, status);
        if (none) out = answers_of(answers, brn_table_learner_outputs(learner));
        Py_XDECREF(none);
        brn_table_answers_free(answers);
    }
    native_keep_free(&keep);
    return out;
}

static PyMethodDef methods[] = {
    {"facts", facts, METH_NOARGS, "Groups, what learns, parameters; outputs, classes, rows."},
    {"validated", native_learner_validated, METH_NOARGS, "validated() -> (rows, K, float32 bytes (rows, K))."},
    {"validate", validate, METH_NOARGS, "validate() -> dict."},
    {"answer", answer, METH_VARARGS, "answer(data or None, form) -> (rows, float32 bytes (rows, K))."},
    NATIVE_LEARNER_METHODS,
    {NULL, NULL, 0, NULL},
};

int native_add_table_learner_type(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)learner_new},
                                  {Py_tp_dealloc, (void *)native_learner_free},
                                  {Py_tp_methods, methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.TableLearner", sizeof(native_learner), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "TableLearner", type) : -1;
}
