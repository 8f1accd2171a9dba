/* SPDX-License-Identifier: Apache-2.0
 * The ratings job, and what it trains. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ training */

/* The library's list, and what it leaves out. */
int native_fill_ratings(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    static const brn_option more[] = {
        {"out", BRN_OPTION_TEXT, offsetof(brn_ratings_options, out), NULL},
        {"no_header", BRN_OPTION_FLAG, offsetof(brn_ratings_options, source.no_header), NULL},
        {"latin1", BRN_OPTION_FLAG, offsetof(brn_ratings_options, source.latin1), NULL},
        {"decimal_comma", BRN_OPTION_FLAG, offsetof(brn_ratings_options, source.decimal_comma), NULL},
    };
    static const char *const extra[] = {"hidden", "dropout", "separator", "titles_separator", "clicks", NULL};
    brn_ratings_options *o = options;
    int count;
    const brn_option *list = brn_ratings_option_list(&count);
    const native_part parts[] = {{list, count, o}, {more, sizeof more / sizeof *more, o}};
    *o = brn_ratings_defaults();
    o->on_event = native_listen;
    o->context = listener;
    if (native_fill_parts(dict, parts, 2, extra, keep) < 0) return -1;
    PyObject *clicks = native_item(dict, "clicks");
    const int without = clicks ? PyObject_IsTrue(clicks) : 0;
    if (without < 0) return -1;
    if (without) o->rating = NULL;
    if (native_item(dict, "low") || native_item(dict, "high")) o->has_range = true;
    if (native_item(dict, "relevant")) o->has_relevant = true;
    if (native_fill_separator(dict, "separator", &o->source.separator, keep) < 0 ||
        native_fill_separator(dict, "titles_separator", &o->titles_source.separator, keep) < 0)
        return -1;
    return native_fill_layers(dict, BRN_RATINGS_HIDDEN_MAX, &o->hidden_count, o->hidden, o->dropout);
}

static int put_contender(PyObject *dict, const brn_ratings_errors *e, const brn_ratings_ranks *r)
{
    return native_put_real(dict, "mse", e->mse) < 0 || native_put_real(dict, "rmse", e->rmse) < 0 ||
                   native_put_real(dict, "mae", e->mae) < 0 || native_put_real(dict, "precision", r->precision) < 0 ||
                   native_put_real(dict, "recall", r->recall) < 0 || native_put_real(dict, "ndcg", r->ndcg) < 0 ||
                   native_put_real(dict, "mrr", r->mrr) < 0 || native_put_real(dict, "coverage", r->coverage) < 0
               ? -1
               : 0;
}

/* The model's figures, and by name those of what needs no model. */
static PyObject *score_of(const brn_ratings_score *s)
{
    PyObject *dict = Py_BuildValue("{s:L, s:L, s:i}", "count", (long long)s->count, "ranked", (long long)s->ranked,
                                   "rank_at", s->rank_at);
    if (dict && (native_put_real(dict, "relevant", s->relevant) < 0 ||
                 put_contender(dict, &s->errors[BRN_RATINGS_MODEL], &s->ranks[BRN_RATINGS_MODEL]) < 0))
        Py_CLEAR(dict);
    for (int i = BRN_RATINGS_MODEL + 1; dict && i < BRN_RATINGS_CONTENDERS; i++) {
        PyObject *other = PyDict_New();
        if (!other || put_contender(other, &s->errors[i], &s->ranks[i]) < 0 ||
            PyDict_SetItemString(dict, brn_ratings_contender_name(i), other) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(other);
    }
    return dict;
}

static PyObject *result_of(const void *result)
{
    const brn_ratings_result *r = result;
    PyObject *metrics = PyDict_New();
    if (!metrics || native_put_real(metrics, "valid_loss", r->valid_loss) < 0 ||
        put_contender(metrics, &r->score.errors[BRN_RATINGS_MODEL], &r->score.ranks[BRN_RATINGS_MODEL]) < 0) {
        Py_XDECREF(metrics);
        return NULL;
    }
    return Py_BuildValue("{s:N, s:N, s:L, s:L, s:L, s:L, s:d, s:d, s:N, s:N}", "run", PyUnicode_DecodeFSDefault(r->run),
                         "report", PyUnicode_DecodeFSDefault(r->report), "train_count", (long long)r->train_count,
                         "valid_count", (long long)r->valid_count, "user_count", (long long)r->user_count, "item_count",
                         (long long)r->item_count, "seconds", r->seconds, "ratings_per_second", r->ratings_per_second,
                         "score", score_of(&r->score), "metrics", metrics);
}

static int fill(PyObject *dict, void *options, native_listener *listener, native_keep *keep)
{
    return native_fill_ratings(dict, options, listener, keep);
}

NATIVE_JOB_FUNCTIONS(ratings, brn_ratings_options, brn_ratings_result)

/* ------------------------------------------------------------------ a trained model */

NATIVE_MODEL_FUNCTIONS(ratings)

static const char *user_word(const void *model, int64_t i) { return brn_ratings_model_user_id(model, i + 1); }
static const char *item_word(const void *model, int64_t i) { return brn_ratings_model_item_id(model, i + 1); }
static const char *title_word(const void *model, int64_t i) { return brn_ratings_model_title(model, i + 1); }

static PyObject *model_facts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_handle *handle = &((native_model *)object)->handle;
    const brn_ratings_model *m = native_take(handle, "model");
    if (!m) return NULL;
    const int64_t users = brn_ratings_model_user_count(m), items = brn_ratings_model_item_count(m);
    PyObject *facts = Py_BuildValue("{s:N, s:N, s:N, s:L, s:N}", "users", native_words(users, user_word, m), "items",
                                    native_words(items, item_word, m), "titles", native_words(items, title_word, m),
                                    "factors", (long long)brn_ratings_model_factors(m), "clicks",
                                    PyBool_FromLong(brn_ratings_model_is_click(m)));
    native_give_back(handle);
    return facts;
}

/* [(ratings in training, bias, mean rating)] of the items. */
static PyObject *model_item_facts(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_handle *handle = &((native_model *)object)->handle;
    const brn_ratings_model *m = native_take(handle, "model");
    if (!m) return NULL;
    const int64_t count = brn_ratings_model_item_count(m);
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (int64_t i = 0; list && i < count; i++) {
        PyObject *one = Py_BuildValue("(Ldd)", (long long)brn_ratings_model_rating_count(m, i + 1),
                                      brn_ratings_model_item_bias(m, i + 1), brn_ratings_model_item_mean(m, i + 1));
        if (!one || PyList_SetItem(list, (Py_ssize_t)i, one) < 0) Py_CLEAR(list);
    }
    native_give_back(handle);
    return list;
}

/* (float32 bytes (items, width), width). */
static PyObject *model_item_vectors(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_handle *handle = &((native_model *)object)->handle;
    const brn_ratings_model *m = native_take(handle, "model");
    if (!m) return NULL;
    int64_t width;
    const float *vectors = brn_ratings_model_item_vectors(m, &width);
    const size_t bytes = (size_t)(brn_ratings_model_item_count(m) * width) * sizeof *vectors;
    PyObject *out = Py_BuildValue("(NL)", PyByteArray_FromStringAndSize((const char *)(vectors + width), (Py_ssize_t)bytes),
                                  (long long)width);
    native_give_back(handle);
    return out;
}

/* ------------------------------------------------------------------ lists of items */

/* Whole numbers of a sequence, which keep frees; NULL with an exception. */
static int64_t *numbers(PyObject *sequence, native_keep *keep, int64_t *count)
{
    PyObject *items = PySequence_List(sequence);
    if (!items) return NULL;
    *count = PyList_Size(items);
    PyObject *room = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)((size_t)(*count + 1) * sizeof(int64_t)));
    const int failed = !room || PyList_Append(keep->list, room) < 0;
    int64_t *out = failed ? NULL : (int64_t *)(void *)PyByteArray_AsString(room);
    for (int64_t i = 0; out && i < *count; i++) {
        out[i] = PyLong_AsLongLong(PyList_GetItem(items, (Py_ssize_t)i));
        if (PyErr_Occurred()) out = NULL;
    }
    Py_XDECREF(room);
    Py_DECREF(items);
    return out;
}

static double *reals(PyObject *sequence, native_keep *keep, int64_t count)
{
    PyObject *items = PySequence_List(sequence);
    PyObject *room = items ? PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)((size_t)(count + 1) * sizeof(double))) : NULL;
    const int failed = !room || PyList_Append(keep->list, room) < 0;
    double *out = failed ? NULL : (double *)(void *)PyByteArray_AsString(room);
    if (out && PyList_Size(items) != count) {
        native_raise_usage("ratings: %lld; expected %lld", (long long)PyList_Size(items), (long long)count);
        out = NULL;
    }
    for (int64_t i = 0; out && i < count; i++) {
        out[i] = PyFloat_AsDouble(PyList_GetItem(items, (Py_ssize_t)i));
        if (PyErr_Occurred()) out = NULL;
    }
    Py_XDECREF(room);
    Py_XDECREF(items);
    return out;
}

static PyObject *list_of(const brn_ratings_item *items, int64_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (int64_t i = 0; list && i < count; i++) {
        PyObject *one = Py_BuildValue("(Ld)", (long long)items[i].item, items[i].value);
        if (!one || PyList_SetItem(list, (Py_ssize_t)i, one) < 0) Py_CLEAR(list);
    }
    return list;
}

/* What is asked for, and of whom: a number, or the ratings of someone new. */
typedef struct question {
    int64_t of, most;
    brn_ratings_filter filter;
    const int64_t *codes; /* (count) of someone new; NULL: `of` is known */
    const double *values;
    int64_t count;
    float *vector; /* malloc'ed */
    bool similar;
} question;

/* (of, top, with_seen, rated_by, among or None[, codes, ratings]). */
static int parse(PyObject *arguments, question *q, native_keep *keep)
{
    PyObject *among, *codes = Py_None, *values = Py_None;
    long long of, most, rated_by;
    int with_seen;
    if (!PyArg_ParseTuple(arguments, "LLpLO|OO", &of, &most, &with_seen, &rated_by, &among, &codes, &values)) return -1;
    if (most < 0 || most > 1 << 24) {
        native_raise_usage("top: %lld; expected 0 to %d", most, 1 << 24);
        return -1;
    }
    q->of = of;
    q->most = most;
    q->filter = (brn_ratings_filter){.with_seen = with_seen, .rated_by = rated_by};
    if (among != Py_None && !(q->filter.among = numbers(among, keep, &q->filter.among_count))) return -1;
    if (codes == Py_None) return 0;
    if (!(q->codes = numbers(codes, keep, &q->count))) return -1;
    return (q->values = reals(values, keep, q->count)) ? 0 : -1;
}

/* Without the interpreter's lock. */
static brn_status answer_new(brn_ratings_model *model, question *q, brn_ratings_item *out, int64_t *count)
{
    q->vector = malloc(((size_t)brn_ratings_model_factors(model) + 1) * sizeof *q->vector);
    if (!q->vector) return BRN_ERROR_NO_MEMORY;
    const brn_status status = q->similar ? brn_ratings_fold_item(model, q->count, q->codes, q->values, q->vector)
                                         : brn_ratings_fold_user(model, q->count, q->codes, q->values, q->vector);
    if (status != BRN_OK) return status;
    return q->similar ? brn_ratings_similar_to(model, q->vector, &q->filter, q->most, out, count)
                      : brn_ratings_recommend_to(model, q->vector, q->codes, q->count, &q->filter, q->most, out, count);
}

static brn_status answer(brn_ratings_model *model, question *q, brn_ratings_item *out, int64_t *count)
{
    if (q->codes) return answer_new(model, q, out, count);
    return q->similar ? brn_ratings_similar(model, q->of, &q->filter, q->most, out, count)
                      : brn_ratings_recommend(model, q->of, &q->filter, q->most, out, count);
}

static PyObject *ask(PyObject *object, PyObject *arguments, bool similar)
{
    native_handle *handle = &((native_model *)object)->handle;
    native_keep keep;
    question q = {.similar = similar};
    PyObject *out = NULL;
    if (native_keep_init(&keep) < 0) return NULL;
    brn_ratings_model *model = parse(arguments, &q, &keep) == 0 ? native_take(handle, "model") : NULL;
    if (model) {
        int64_t count = 0;
        brn_ratings_item *items = calloc((size_t)q.most + 1, sizeof *items);
        brn_status status = BRN_ERROR_NO_MEMORY;
        if (items) {
            Py_BEGIN_ALLOW_THREADS;
            status = answer(model, &q, items, &count);
            Py_END_ALLOW_THREADS;
        }
        native_give_back(handle);
        if (!items)
            PyErr_NoMemory();
        else
            out = status == BRN_OK ? list_of(items, count) : native_raise(status);
        free(items);
    }
    free(q.vector);
    native_keep_free(&keep);
    return out;
}

static PyObject *model_recommend(PyObject *object, PyObject *arguments) { return ask(object, arguments, false); }
static PyObject *model_similar(PyObject *object, PyObject *arguments) { return ask(object, arguments, true); }

/* ------------------------------------------------------------------ expected ratings */

/* (users, items) -> float64 bytes (N). */
static PyObject *model_predict(PyObject *object, PyObject *arguments)
{
    native_handle *handle = &((native_model *)object)->handle;
    PyObject *user_list, *item_list, *out = NULL;
    if (!PyArg_ParseTuple(arguments, "OO", &user_list, &item_list)) return NULL;
    native_keep keep;
    int64_t count = 0, others = 0;
    if (native_keep_init(&keep) < 0) return NULL;
    const int64_t *users = numbers(user_list, &keep, &count);
    const int64_t *items = users ? numbers(item_list, &keep, &others) : NULL;
    if (items && count != others) native_raise_usage("%lld users, %lld items", (long long)count, (long long)others);
    brn_ratings_model *model = items && count == others ? native_take(handle, "model") : NULL;
    if (model) {
        out = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)((size_t)count * sizeof(double)));
        double *values = out ? (double *)(void *)PyByteArray_AsString(out) : NULL;
        if (values) {
            brn_status status;
            Py_BEGIN_ALLOW_THREADS;
            status = brn_ratings_predict(model, count, users, items, values);
            Py_END_ALLOW_THREADS;
            if (status != BRN_OK) {
                Py_CLEAR(out);
                native_raise(status);
            }
        }
        native_give_back(handle);
    }
    native_keep_free(&keep);
    return out;
}

/* (data) -> float64 bytes (rows); NaN where the user or the item is not known. */
static PyObject *model_predict_rows(PyObject *object, PyObject *data)
{
    native_handle *handle = &((native_model *)object)->handle;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    PyObject *out = NULL;
    const char *path = native_text(data, &keep);
    brn_ratings_model *model = path ? native_take(handle, "model") : NULL;
    if (model) {
        int64_t count = 0, *users = NULL, *items;
        double *values;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_ratings_predict_rows(model, path, &count, &users, &items, &values);
        Py_END_ALLOW_THREADS;
        native_give_back(handle);
        const size_t bytes = (size_t)count * sizeof(double);
        out = status == BRN_OK ? PyByteArray_FromStringAndSize(bytes ? (const char *)values : "", (Py_ssize_t)bytes)
                               : native_raise(status);
        brn_ratings_rows_free(users);
    }
    native_keep_free(&keep);
    return out;
}

static PyObject *model_evaluate(PyObject *object, PyObject *data)
{
    native_handle *handle = &((native_model *)object)->handle;
    native_keep keep;
    if (native_keep_init(&keep) < 0) return NULL;
    PyObject *out = NULL;
    const char *path = data == Py_None ? NULL : native_text(data, &keep);
    brn_ratings_model *model = path || data == Py_None ? native_take(handle, "model") : NULL;
    if (model) {
        brn_ratings_score score;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_ratings_evaluate(model, path, &score);
        Py_END_ALLOW_THREADS;
        native_give_back(handle);
        out = status == BRN_OK ? score_of(&score) : native_raise(status);
    }
    native_keep_free(&keep);
    return out;
}

static PyObject *model_folding(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    native_handle *handle = &((native_model *)object)->handle;
    brn_ratings_model *model = native_take(handle, "model");
    if (!model) return NULL;
    brn_ratings_folding f;
    brn_status status;
    Py_BEGIN_ALLOW_THREADS;
    status = brn_ratings_evaluate_folding(model, &f);
    Py_END_ALLOW_THREADS;
    native_give_back(handle);
    if (status != BRN_OK) return native_raise(status);
    return Py_BuildValue("{s:L, s:L, s:d, s:d, s:d}", "users", (long long)f.users, "count", (long long)f.count,
                         "trained_mse", f.trained_mse, "folded_mse", f.folded_mse, "item_mean_mse", f.item_mean_mse);
}

static PyMethodDef model_methods[] = {
    {"facts", model_facts, METH_NOARGS, "Ids of users and items from number 1 on, titles, factors, clicks."},
    {"item_facts", model_item_facts, METH_NOARGS, "[(ratings in training, bias, mean rating)] of the items."},
    {"item_vectors", model_item_vectors, METH_NOARGS, "(float32 bytes (items, width), width)."},
    {"recommend", model_recommend, METH_VARARGS,
     "recommend(user, top, with_seen, rated_by, among[, items, ratings]) -> [(item, value)]."},
    {"similar", model_similar, METH_VARARGS,
     "similar(item, top, with_seen, rated_by, among[, users, ratings]) -> [(item, cosine)]."},
    {"predict", model_predict, METH_VARARGS, "predict(users, items) -> float64 bytes (N)."},
    {"predict_rows", model_predict_rows, METH_O, "predict_rows(data) -> float64 bytes (rows)."},
    {"evaluate", model_evaluate, METH_O, "evaluate(data or None) -> dict."},
    {"folding", model_folding, METH_NOARGS, "What folding in costs: a dict."},
    {"close", model_close, METH_NOARGS, "Frees it now."},
    {NULL, NULL, 0, NULL},
};

int native_add_ratings_types(PyObject *module)
{
    static PyType_Slot slots[] = {{Py_tp_new, (void *)model_new},
                                  {Py_tp_dealloc, (void *)model_free},
                                  {Py_tp_methods, model_methods},
                                  {0, NULL}};
    static PyType_Spec spec = {"burnish._burnish.RatingsModel", sizeof(native_model), 0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    return type ? PyModule_AddObject(module, "RatingsModel", type) : -1;
}
