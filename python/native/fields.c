/* SPDX-License-Identifier: Apache-2.0
 * Dictionaries into structures, and back. */
#include "native.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ texts */

int native_keep_init(native_keep *keep)
{
    keep->list = PyList_New(0);
    return keep->list ? 0 : -1;
}

void native_keep_free(native_keep *keep) { Py_CLEAR(keep->list); }

const char *native_text(PyObject *value, native_keep *keep)
{
    PyObject *bytes;
    if (!PyUnicode_FSConverter(value, &bytes)) return NULL; /* refuses NUL bytes, takes os.PathLike */
    const int failed = PyList_Append(keep->list, bytes);
    const char *text = failed ? NULL : PyBytes_AsString(bytes);
    Py_DECREF(bytes);
    return text;
}

static void free_array(PyObject *capsule) { free(PyCapsule_GetPointer(capsule, NULL)); }

const char *const *native_texts(PyObject *list, native_keep *keep, int64_t *count)
{
    PyObject *items = PySequence_List(list);
    if (!items) return NULL;
    *count = PyList_Size(items);
    const char **texts = calloc((size_t)*count + 1, sizeof *texts);
    PyObject *owner = texts ? PyCapsule_New(texts, NULL, free_array) : PyErr_NoMemory();
    int failed = !owner || PyList_Append(keep->list, owner) < 0;
    if (!owner) free(texts);
    Py_XDECREF(owner);
    for (int64_t i = 0; !failed && i < *count; i++) {
        texts[i] = native_text(PyList_GetItem(items, (Py_ssize_t)i), keep);
        failed = !texts[i];
    }
    Py_DECREF(items);
    return failed ? NULL : texts;
}

/* ------------------------------------------------------------------ one value */

static int fill_whole(PyObject *value, const char *name, int *out)
{
    PyObject *index = PyNumber_Index(value);
    if (!index) return -1;
    int overflow;
    const long long number = PyLong_AsLongLongAndOverflow(index, &overflow);
    Py_DECREF(index);
    if (overflow || number < INT_MIN || number > INT_MAX) {
        native_raise_usage("%s: the number is too large", name);
        return -1;
    }
    *out = (int)number;
    return 0;
}

static int fill_big(PyObject *value, uint64_t *out)
{
    PyObject *index = PyNumber_Index(value);
    if (!index) return -1;
    *out = PyLong_AsUnsignedLongLong(index);
    Py_DECREF(index);
    return PyErr_Occurred() ? -1 : 0;
}

static int fill_word(PyObject *value, const brn_option *option, int *out, native_keep *keep)
{
    const char *word = native_text(value, keep);
    if (!word) return -1;
    for (int i = 0; option->words[i]; i++)
        if (strcmp(word, option->words[i]) == 0) {
            *out = i;
            return 0;
        }
    char list[256] = "";
    for (int i = 0; option->words[i]; i++) {
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", option->words[i]);
    }
    native_raise_usage("%s: there is no %s; expected one of %s", option->name, word, list);
    return -1;
}

static int fill_one(PyObject *value, const brn_option *option, void *out, native_keep *keep)
{
    void *at = (char *)out + option->offset;
    switch (option->type) {
    case BRN_OPTION_TEXT: return (*(const char **)at = native_text(value, keep)) ? 0 : -1;
    case BRN_OPTION_FLAG: {
        const int truth = PyObject_IsTrue(value);
        *(bool *)at = truth == 1;
        return truth < 0 ? -1 : 0;
    }
    case BRN_OPTION_WHOLE: return fill_whole(value, option->name, at);
    case BRN_OPTION_BIG: return fill_big(value, at);
    case BRN_OPTION_REAL:
        *(double *)at = PyFloat_AsDouble(value);
        return PyErr_Occurred() ? -1 : 0;
    case BRN_OPTION_WORD: return fill_word(value, option, at, keep);
    }
    return -1;
}

/* "epochs: ..." before what went wrong with a value, whose kind of exception stays. */
static void name_the_option(const char *name)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *text = value ? PyObject_Str(value) : NULL;
    if (text && (type == PyExc_TypeError || type == PyExc_ValueError || type == PyExc_OverflowError)) {
        PyErr_Format(type, "%s: %U", name, text);
        Py_XDECREF(type), Py_XDECREF(value), Py_XDECREF(trace);
    } else
        PyErr_Restore(type, value, trace);
    Py_XDECREF(text);
}

/* ------------------------------------------------------------------ a structure */

static const brn_option *find(const brn_option *options, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(options[i].name, name) == 0) return &options[i];
    return NULL;
}

static bool is_among(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

static int unknown(const char *name)
{
    native_raise_usage("%s: there is no such option", name);
    return -1;
}

static int fill_named(const char *name, PyObject *value, const native_part *parts, int count,
                      const char *const *extra, native_keep *keep)
{
    bool known = is_among(extra, name);
    for (int i = 0; i < count; i++) {
        const brn_option *option = find(parts[i].options, parts[i].count, name);
        if (!option) continue;
        known = true;
        if (value != Py_None && fill_one(value, option, parts[i].out, keep) < 0) {
            name_the_option(name);
            return -1;
        }
    }
    return known ? 0 : unknown(name);
}

int native_fill_parts(PyObject *dict, const native_part *parts, int count, const char *const *extra,
                      native_keep *keep)
{
    PyObject *key, *value;
    Py_ssize_t place = 0;
    if (!PyDict_Check(dict)) {
        native_raise_usage("options: expected a dict");
        return -1;
    }
    while (PyDict_Next(dict, &place, &key, &value)) {
        const char *name = PyUnicode_AsUTF8AndSize(key, NULL);
        if (!name || fill_named(name, value, parts, count, extra, keep) < 0) return -1;
    }
    return 0;
}

int native_fill(PyObject *dict, const brn_option *options, int count, const char *const *extra, void *out,
                native_keep *keep)
{
    const native_part part = {options, count, out};
    return native_fill_parts(dict, &part, 1, extra, keep);
}

int native_fill_list(PyObject *dict, const char *name, const char *const **words, int64_t *count, native_keep *keep)
{
    PyObject *value = native_item(dict, name);
    if (!value) return 0;
    if (PyUnicode_Check(value)) {
        native_raise_usage("%s: expected a list of names, not one text", name);
        return -1;
    }
    const char *const *list = native_texts(value, keep, count);
    if (!list) return -1;
    *words = list;
    return 0;
}

int native_fill_wholes(PyObject *dict, const char *name, const int64_t **numbers, int64_t *count, native_keep *keep)
{
    PyObject *value = native_item(dict, name), *items = value ? PySequence_List(value) : NULL;
    if (!items) return value ? -1 : 0;
    const Py_ssize_t length = PyList_Size(items);
    int64_t *list = calloc((size_t)length + 1, sizeof *list);
    PyObject *owner = list ? PyCapsule_New(list, NULL, free_array) : PyErr_NoMemory();
    int failed = !owner || PyList_Append(keep->list, owner) < 0;
    if (!owner) free(list);
    Py_XDECREF(owner);
    for (Py_ssize_t i = 0; !failed && i < length; i++) {
        PyObject *index = PyNumber_Index(PyList_GetItem(items, i));
        list[i] = index ? PyLong_AsLongLong(index) : 0;
        failed = PyErr_Occurred() != NULL;
        Py_XDECREF(index);
    }
    Py_DECREF(items);
    if (failed) return -1;
    *numbers = list;
    *count = length;
    return 0;
}

int native_fill_layers(PyObject *dict, int most, int *count, int64_t *widths, double *shares)
{
    PyObject *hidden = native_item(dict, "hidden"), *dropout = native_item(dict, "dropout");
    if (!hidden) return 0;
    const Py_ssize_t layers = PySequence_Size(hidden);
    if (layers < 0) return -1;
    if (layers > most || (dropout && PySequence_Size(dropout) != layers)) {
        if (!PyErr_Occurred()) native_raise_usage("hidden: expected at most %d widths, and as many dropouts", most);
        return -1;
    }
    *count = (int)layers;
    for (Py_ssize_t i = 0; i < layers; i++) {
        PyObject *width = PySequence_GetItem(hidden, i), *share = dropout ? PySequence_GetItem(dropout, i) : NULL;
        widths[i] = width ? PyLong_AsLongLong(width) : 0;
        shares[i] = share ? PyFloat_AsDouble(share) : 0;
        Py_XDECREF(width);
        Py_XDECREF(share);
        if (PyErr_Occurred()) return -1;
    }
    return 0;
}

int native_fill_separator(PyObject *dict, const char *name, char *out, native_keep *keep)
{
    PyObject *value = native_item(dict, name);
    const char *text = value ? native_text(value, keep) : NULL;
    if (!text) return value ? -1 : 0;
    if (strlen(text) != 1) {
        native_raise_usage("%s: expected one ASCII character", name);
        return -1;
    }
    *out = *text;
    return 0;
}

PyObject *native_item(PyObject *dict, const char *name)
{
    PyObject *value = PyDict_GetItemString(dict, name);
    return value == Py_None ? NULL : value;
}

/* ------------------------------------------------------------------ and back */

int native_put(PyObject *dict, const char *name, PyObject *value)
{
    if (!value) return -1;
    const int failed = PyDict_SetItemString(dict, name, value);
    Py_DECREF(value);
    return failed;
}

int native_put_real(PyObject *dict, const char *name, double value)
{
    if (!isnan(value)) return native_put(dict, name, PyFloat_FromDouble(value));
    Py_INCREF(Py_None);
    return native_put(dict, name, Py_None);
}

PyObject *native_metrics(const brn_metric *metrics, int count)
{
    PyObject *dict = PyDict_New();
    for (int i = 0; dict && i < count; i++)
        if (native_put_real(dict, metrics[i].name, metrics[i].value) < 0) Py_CLEAR(dict);
    return dict;
}

PyObject *native_words(int64_t count, const char *(*word)(const void *, int64_t), const void *of)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (int64_t i = 0; list && i < count; i++) {
        const char *text = word(of, i);
        PyObject *item = PyUnicode_DecodeFSDefault(text ? text : "");
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) < 0) Py_CLEAR(list);
    }
    return list;
}
