/* SPDX-License-Identifier: Apache-2.0
 * The learner of language models that is trained by hand. */
#include "native.h"

NATIVE_LEARNER_KIND(lm, NULL)

NATIVE_LEARNER_NEW(lm, brn_lm_options, native_fill_lm)

/* As of all learners, and vocabulary, and tokens and batches (train, valid). */
static PyObject *facts(PyObject *object, PyObject *nothing)
{
    PyObject *dict = native_learner_facts(object, nothing);
    if (!dict) return NULL;
    const brn_lm_learner *l = ((native_learner *)object)->handle.pointer;
    if (native_put(dict, "vocabulary", PyLong_FromLongLong(brn_lm_learner_vocabulary(l))) < 0 ||
        native_put(dict, "tokens", Py_BuildValue("(LL)", (long long)brn_lm_learner_tokens(l, false),
                                                 (long long)brn_lm_learner_tokens(l, true))) < 0 ||
        native_put(dict, "batches", Py_BuildValue("(LL)", (long long)brn_lm_learner_batches(l, false),
                                                  (long long)brn_lm_learner_batches(l, true))) < 0)
        Py_CLEAR(dict);
    return dict;
}

static const char *word(const void *learner, int64_t token) { return brn_lm_learner_word(learner, token); }

static PyObject *words(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_learner *self = (native_learner *)object;
    const brn_lm_learner *learner = native_take(&self->handle, "learner");
    if (!learner) return NULL;
    PyObject *list = native_words(brn_lm_learner_vocabulary(learner), word, learner);
    native_give_back(&self->handle);
    return list;
}

static PyObject *validate(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_learner *self = (native_learner *)object;
    native_listener listener = {0};
    brn_lm_learner *learner = native_learner_enter(self, &listener);
    if (!learner) return NULL;
    brn_lm_score score;
    brn_status status;
    Py_BEGIN_ALLOW_THREADS;
    status = brn_lm_learner_validate(learner, &score);
    Py_END_ALLOW_THREADS;
    PyObject *none = native_learner_leave(self, &listener, status), *dict = none ? PyDict_New() : NULL;
    Py_XDECREF(none);
    if (dict && (native_put(dict, "tokens", PyLong_FromLongLong(score.tokens)) < 0 ||
                 native_put_real(dict, "loss", score.loss) < 0 ||
                 native_put_real(dict, "perplexity", score.perplexity) < 0 ||
                 native_put_real(dict, "accuracy", score.accuracy) < 0))
        Py_CLEAR(dict);
    return dict;
}

static PyMethodDef methods[] = {
    {"facts", facts, METH_NOARGS, "Groups, what learns, parameters; vocabulary, tokens, batches."},
    {"words", words, METH_NOARGS, "words() -> list: tokens by their number."},
    {"validate", validate, METH_NOARGS, "validate() -> dict."},
    NATIVE_LEARNER_METHODS,
    {NULL, NULL, 0, NULL},
};

int native_add_lm_learner_type(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)learner_new},
                                  {Py_tp_dealloc, (void *)native_learner_free},
                                  {Py_tp_methods, methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.LmLearner", sizeof(native_learner), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "LmLearner", type) : -1;
}
