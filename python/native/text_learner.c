/* SPDX-License-Identifier: Apache-2.0
 * The learner of texts that is trained by hand. */
#include "native.h"

#include <string.h>

static const float *validated(const void *learner, int64_t *count, int64_t *width)
{
    return brn_text_learner_validated(learner, count, width);
}

NATIVE_LEARNER_KIND(text, validated)

NATIVE_LEARNER_NEW(text, brn_text_train_options, native_fill_text_train)

static const char *output_word(const void *learner, int64_t k) { return brn_text_learner_output(learner, k); }

/* As of all learners, and vocabulary, classes, train and valid (texts). */
static PyObject *facts(PyObject *object, PyObject *nothing)
{
    PyObject *dict = native_learner_facts(object, nothing);
    if (!dict) return NULL;
    const brn_text_learner *l = ((native_learner *)object)->handle.pointer;
    if (native_put(dict, "vocabulary", PyLong_FromLongLong(brn_text_learner_vocabulary(l))) < 0 ||
        native_put(dict, "classes", native_words(brn_text_learner_outputs(l), output_word, l)) < 0 ||
        native_put(dict, "train", PyLong_FromLongLong(brn_text_learner_count(l, false))) < 0 ||
        native_put(dict, "valid", PyLong_FromLongLong(brn_text_learner_count(l, true))) < 0)
        Py_CLEAR(dict);
    return dict;
}

/* int64 bytes (N): of the texts that validate. */
static PyObject *labels(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_learner *self = (native_learner *)object;
    const brn_text_learner *learner = native_take(&self->handle, "learner");
    if (!learner) return NULL;
    const int64_t count = brn_text_learner_count(learner, true);
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)(count * (int64_t)sizeof(int64_t)));
    for (int64_t i = 0; bytes && i < count; i++) {
        const int64_t label = brn_text_learner_label(learner, i);
        memcpy(PyByteArray_AsString(bytes) + i * (int64_t)sizeof label, &label, sizeof label);
    }
    native_give_back(&self->handle);
    return bytes;
}

/* answer(form) -> float32 bytes (N, K). */
static PyObject *answer(PyObject *object, PyObject *arguments)
{
    native_learner *self = (native_learner *)object;
    int form;
    if (!PyArg_ParseTuple(arguments, "i", &form)) return NULL;
    if (form < BRN_ANSWER_OUTPUTS || form > BRN_ANSWER_LOG_PROBABILITIES)
        return native_raise_usage("form: expected 0 (outputs), 1 (probabilities) or 2 (their logarithms)");
    native_listener listener = {0};
    brn_text_learner *learner = native_learner_enter(self, &listener);
    if (!learner) return NULL;
    const int64_t values = brn_text_learner_count(learner, true) * brn_text_learner_outputs(learner);
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)(values * (int64_t)sizeof(float)));
    brn_status status = BRN_ERROR_NO_MEMORY;
    if (bytes) {
        float *answers = (float *)(void *)PyByteArray_AsString(bytes);
        Py_BEGIN_ALLOW_THREADS;
        status = brn_text_learner_answer(learner, (brn_answer_form)form, answers);
        Py_END_ALLOW_THREADS;
    }
    PyObject *none = native_learner_leave(self, &listener, status);
    if (!none) Py_CLEAR(bytes);
    Py_XDECREF(none);
    return bytes;
}

static PyMethodDef methods[] = {
    {"facts", facts, METH_NOARGS, "Groups, what learns, parameters; vocabulary, classes, texts."},
    {"labels", labels, METH_NOARGS, "labels() -> int64 bytes (N)."},
    {"validated", native_learner_validated, METH_NOARGS, "validated() -> (texts, K, float32 bytes (texts, K))."},
    {"answer", answer, METH_VARARGS, "answer(form) -> float32 bytes (N, K)."},
    NATIVE_LEARNER_METHODS,
    {NULL, NULL, 0, NULL},
};

int native_add_text_learner_type(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)learner_new},
                                  {Py_tp_dealloc, (void *)native_learner_free},
                                  {Py_tp_methods, methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.TextLearner", sizeof(native_learner), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "TextLearner", type) : -1;
}
