/* SPDX-License-Identifier: Apache-2.0
 * The language-model job, and what it trains. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ training */

int native_fill_lm(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    static const brn_option more[] = {
        {"out", BRN_OPTION_TEXT, offsetof(brn_lm_options, out), NULL},
        {"word_dropout", BRN_OPTION_REAL, offsetof(brn_lm_options, dropouts.words), NULL},
        {"input_dropout", BRN_OPTION_REAL, offsetof(brn_lm_options, dropouts.input), NULL},
        {"weight_dropout", BRN_OPTION_REAL, offsetof(brn_lm_options, dropouts.weight), NULL},
        {"hidden_dropout", BRN_OPTION_REAL, offsetof(brn_lm_options, dropouts.hidden), NULL},
        {"output_dropout", BRN_OPTION_REAL, offsetof(brn_lm_options, dropouts.output), NULL},
    };
    brn_lm_options *o = options;
    int count, text_count;
    const brn_option *list = brn_lm_option_list(&count), *text = brn_text_option_list(&text_count);
    *o = brn_lm_defaults();
    o->on_event = native_listen;
    o->context = listener;
    PyObject *recipe = PyDict_Check(dict) ? native_item(dict, "recipe") : NULL;
    if (recipe) {
        const char *name = native_text(recipe, keep);
        if (!name) return -1;
        const brn_status status = brn_lm_recipe(name, o);
        if (status != BRN_OK) {
            native_raise(status);
            return -1;
        }
    }
    o->text.seed = o->seed;
    const native_part parts[] = {
        {list, count, o}, {text, text_count, &o->text}, {more, sizeof more / sizeof *more, o}};
    if (native_fill_parts(dict, parts, 3, native_text_extra, keep) < 0) return -1;
    if (native_fill_inputs(native_item(dict, "inputs"), &o->inputs, &o->input_count, keep) < 0) return -1;
    return native_fill_text(dict, &o->text, keep);
}

static PyObject *result_of(const void *result)
{
    const brn_lm_result *r = result;
    PyObject *metrics = PyDict_New();
    if (!metrics || native_put_real(metrics, "valid_loss", r->valid_loss) < 0 ||
        native_put_real(metrics, "perplexity", r->perplexity) < 0 ||
        native_put_real(metrics, "accuracy", r->accuracy) < 0) {
        Py_XDECREF(metrics);
        return NULL;
    }
    return Py_BuildValue("{s:N, s:N, s:L, s:L, s:L, s:d, s:d, s:N}", "run", PyUnicode_DecodeFSDefault(r->run), "report",
                         PyUnicode_DecodeFSDefault(r->report), "vocabulary", (long long)r->vocabulary, "train_tokens",
                         (long long)r->train_tokens, "valid_tokens", (long long)r->valid_tokens, "seconds", r->seconds,
                         "tokens_per_second", r->tokens_per_second, "metrics", metrics);
}

static int fill(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    return native_fill_lm(dict, options, listener, keep);
}

NATIVE_JOB_FUNCTIONS(lm, brn_lm_options, brn_lm_result)

/* ------------------------------------------------------------------ a trained model */

NATIVE_MODEL_FUNCTIONS(lm)

static PyObject *model_facts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_handle *handle = &((native_model *)object)->handle;
    const brn_lm_model *model = native_take(handle, "model");
    if (!model) return NULL;
    PyObject *facts = Py_BuildValue("{s:L}", "vocabulary", (long long)brn_lm_model_vocabulary(model));
    native_give_back(handle);
    return facts;
}

/* Options of the source without those of training. */
static int fill_source(PyObject *dict, brn_text_options *out, native_keep *keep)
{
    int count;
    const brn_option *list = brn_text_option_list(&count);
    *out = brn_text_defaults();
    if (native_fill(dict, list, count, native_text_extra, out, keep) < 0) return -1;
    return native_fill_text(dict, out, keep);
}

static PyObject *score_of(const brn_lm_score *s)
{
    PyObject *dict = Py_BuildValue("{s:L}", "tokens", (long long)s->tokens);
    if (dict && (native_put_real(dict, "loss", s->loss) < 0 || native_put_real(dict, "perplexity", s->perplexity) < 0 ||
                 native_put_real(dict, "accuracy", s->accuracy) < 0))
        Py_CLEAR(dict);
    return dict;
}

static PyObject *model_evaluate(PyObject *object, PyObject *arguments)
{
    native_handle *handle = &((native_model *)object)->handle;
    PyObject *sources, *dict, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "OO", &sources, &dict)) return NULL;
    native_keep keep;
    const char *const *inputs;
    int64_t count;
    brn_text_options text;
    if (native_keep_init(&keep) < 0) return NULL;
    brn_lm_model *model = NULL;
    if (native_fill_inputs(sources, &inputs, &count, &keep) == 0 && fill_source(dict, &text, &keep) == 0)
        model = native_take(handle, "model");
    if (model) {
        brn_lm_score score;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_lm_evaluate(model, inputs, count, &text, &score);
        Py_END_ALLOW_THREADS;
        native_give_back(handle);
        out = status == BRN_OK ? score_of(&score) : native_raise(status);
    }
    native_keep_free(&keep);
    return out;
}

static PyObject *model_generate(PyObject *object, PyObject *arguments)
{
    static const brn_option list[] = {
        {"words", BRN_OPTION_BIG, offsetof(brn_lm_generation, words), NULL},
        {"temperature", BRN_OPTION_REAL, offsetof(brn_lm_generation, temperature), NULL},
        {"top_k", BRN_OPTION_BIG, offsetof(brn_lm_generation, top_k), NULL},
        {"top_p", BRN_OPTION_REAL, offsetof(brn_lm_generation, top_p), NULL},
        {"unknown", BRN_OPTION_FLAG, offsetof(brn_lm_generation, unknown), NULL},
        {"seed", BRN_OPTION_BIG, offsetof(brn_lm_generation, seed), NULL},
    };
    native_handle *handle = &((native_model *)object)->handle;
    PyObject *dict, *out = NULL;
    const char *prompt;
    if (!PyArg_ParseTuple(arguments, "zO", &prompt, &dict)) return NULL;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    brn_lm_generation how = brn_lm_generation_defaults();
    brn_lm_model *model = NULL;
    if (native_fill(dict, list, sizeof list / sizeof *list, NULL, &how, &keep) == 0) model = native_take(handle, "model");
    if (model) {
        char *text = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_lm_generate(model, prompt, &how, &text);
        Py_END_ALLOW_THREADS;
        native_give_back(handle);
        out = status == BRN_OK ? PyUnicode_FromString(text) : native_raise(status);
        brn_lm_text_free(text);
    }
    native_keep_free(&keep);
    return out;
}

static PyMethodDef model_methods[] = {
    {"facts", model_facts, METH_NOARGS, "Tokens that have a number."},
    {"evaluate", model_evaluate, METH_VARARGS, "evaluate(inputs, options) -> dict."},
    {"generate", model_generate, METH_VARARGS, "generate(prompt, options) -> str."},
    {"close", model_close, METH_NOARGS, "Frees it now."},
    {NULL, NULL, 0, NULL},
};

int native_add_lm_types(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)model_new},
                                  {Py_tp_dealloc, (void *)model_free},
                                  {Py_tp_methods, model_methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.LmModel", sizeof(native_model), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "LmModel", type) : -1;
}
