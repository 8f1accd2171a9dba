/* SPDX-License-Identifier: Apache-2.0
 * Tables of the program: streams of Arrow, and columns of numbers and texts. */
#include "native.h"

#include <stdlib.h>
#include <string.h>

static PyObject *keep_table(const char *name, struct ArrowArrayStream *stream)
{
    const brn_table_options options = brn_table_defaults();
    brn_table *table = NULL;
    brn_status status;
    Py_BEGIN_ALLOW_THREADS;
    status = brn_table_open_arrow(stream, &options, &table);
    Py_END_ALLOW_THREADS;
    if (status != BRN_OK) return native_raise(status);
    const long long rows = brn_table_row_count(table);
    status = brn_table_keep(name, table);
    if (status == BRN_OK) return PyLong_FromLongLong(rows);
    brn_table_close(table);
    return native_raise(status);
}

static PyObject *table_keep_stream(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *name;
    PyObject *capsule;
    if (!PyArg_ParseTuple(arguments, "sO", &name, &capsule)) return NULL;
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, "arrow_array_stream");
    if (!stream) return NULL;
    if (!stream->release) return native_raise_usage("table: its stream has been read");
    return keep_table(name, stream);
}

static PyObject *table_drop(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *name;
    if (!PyArg_ParseTuple(arguments, "s", &name)) return NULL;
    const brn_status status = brn_table_keep(name, NULL);
    if (status != BRN_OK) return native_raise(status);
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------ columns */

/* A column of a batch: borrowed buffers, held until the batch is released. */
typedef struct column {
    Py_buffer views[3]; /* validity bits, values or offsets, bytes of texts */
    bool held[3];
    const void *buffers[3];
    char *name, *format;
    struct ArrowSchema schema;
    struct ArrowArray array;
} column;

typedef struct batch {
    int64_t rows, count;
    column *columns;
    struct ArrowSchema **schemas;
    struct ArrowArray **arrays;
    const void *none[1];
    bool sent;
} batch;

static void release_schema(struct ArrowSchema *schema) { schema->release = NULL; }
static void release_array(struct ArrowArray *array) { array->release = NULL; }

/* Bytes of a value; 0: bits, -1: texts with offsets of 8 bytes, -2: no such format. */
static int value_bytes(const char *format)
{
    if (strcmp(format, "b") == 0) return 0;
    if (strcmp(format, "U") == 0) return -1;
    if (strncmp(format, "ts", 2) == 0) return 8;
    if (format[0] && !format[1] && strchr("cC", format[0])) return 1;
    if (format[0] && !format[1] && strchr("sSe", format[0])) return 2;
    if (format[0] && !format[1] && strchr("iIf", format[0])) return 4;
    return format[0] && !format[1] && strchr("lLg", format[0]) ? 8 : -2;
}

static bool offsets_fit(const Py_buffer *offsets, int64_t rows, int64_t bytes)
{
    const int64_t *at = offsets->buf;
    if (at[0] != 0) return false;
    for (int64_t i = 0; i < rows; i++)
        if (at[i + 1] < at[i]) return false;
    return at[rows] <= bytes;
}

/* Every buffer is as long as its rows need: 0, or -1 with an exception. */
static int check_column(const column *c, int64_t rows)
{
    const int width = value_bytes(c->format);
    const int64_t bits = (rows + 7) / 8, length = c->held[1] ? c->views[1].len : 0;
    bool good = width > -2 && c->held[1] && (!c->held[0] || c->views[0].len >= bits);
    if (width == 0) good = good && length >= bits;
    if (width > 0) good = good && length / width >= rows;
    if (width == -1)
        good = good && c->held[2] && length / 8 > rows && offsets_fit(&c->views[1], rows, c->views[2].len);
    if (good) return 0;
    native_raise_usage("column %s: its buffers are not %lld values of \"%s\"", c->name, (long long)rows, c->format);
    return -1;
}

static char *copy(const char *text)
{
    char *out = strdup(text);
    if (!out) PyErr_NoMemory();
    return out;
}

/* (name, format, validity or None, values, texts or None). */
static int take_column(PyObject *tuple, int64_t rows, column *c)
{
    const char *name, *format;
    PyObject *parts[3];
    if (!PyTuple_Check(tuple)) {
        native_raise_usage("columns: expected tuples");
        return -1;
    }
    if (!PyArg_ParseTuple(tuple, "ssOOO", &name, &format, &parts[0], &parts[1], &parts[2])) return -1;
    if (!(c->name = copy(name)) || !(c->format = copy(format))) return -1;
    for (int i = 0; i < 3; i++) {
        if (parts[i] == Py_None) continue;
        if (PyObject_GetBuffer(parts[i], &c->views[i], PyBUF_SIMPLE) < 0) return -1;
        c->held[i] = true;
        c->buffers[i] = c->views[i].buf;
    }
    if (check_column(c, rows) < 0) return -1;
    c->schema = (struct ArrowSchema){
        .format = c->format, .name = c->name, .flags = ARROW_FLAG_NULLABLE, .release = release_schema};
    c->array = (struct ArrowArray){.length = rows,
                                   .null_count = c->held[0] ? -1 : 0,
                                   .n_buffers = c->held[2] ? 3 : 2,
                                   .buffers = c->buffers,
                                   .release = release_array};
    return 0;
}

static void batch_free(batch *b)
{
    for (int64_t i = 0; b->columns && i < b->count; i++) {
        column *c = &b->columns[i];
        for (int k = 0; k < 3; k++)
            if (c->held[k]) PyBuffer_Release(&c->views[k]);
        free(c->name);
        free(c->format);
    }
    free(b->columns);
    free(b->schemas);
    free(b->arrays);
}

/* ------------------------------------------------------------------ as a stream of one batch */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    batch *b = stream->private_data;
    *out = (struct ArrowSchema){
        .format = "+s", .name = "", .n_children = b->count, .children = b->schemas, .release = release_schema};
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    batch *b = stream->private_data;
    *out = (struct ArrowArray){0};
    if (b->sent) return 0;
    b->sent = true;
    *out = (struct ArrowArray){.length = b->rows,
                               .n_buffers = 1,
                               .buffers = b->none,
                               .n_children = b->count,
                               .children = b->arrays,
                               .release = release_array};
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void release_stream(struct ArrowArrayStream *stream) { stream->release = NULL; }

static PyObject *keep_batch(const char *name, batch *b, PyObject *columns)
{
    b->columns = calloc((size_t)b->count + 1, sizeof *b->columns);
    b->schemas = calloc((size_t)b->count + 1, sizeof *b->schemas);
    b->arrays = calloc((size_t)b->count + 1, sizeof *b->arrays);
    if (!b->columns || !b->schemas || !b->arrays) return PyErr_NoMemory();
    for (int64_t i = 0; i < b->count; i++) {
        if (take_column(PyList_GetItem(columns, (Py_ssize_t)i), b->rows, &b->columns[i]) < 0) return NULL;
        b->schemas[i] = &b->columns[i].schema;
        b->arrays[i] = &b->columns[i].array;
    }
    struct ArrowArrayStream stream = {get_schema, get_next, get_last_error, release_stream, b};
    return keep_table(name, &stream);
}

static PyObject *table_keep_columns(PyObject *module, PyObject *arguments)
{
    (void)module;
    const char *name;
    long long rows;
    PyObject *list;
    if (!PyArg_ParseTuple(arguments, "sLO", &name, &rows, &list)) return NULL;
    if (rows < 0 || !PyList_Check(list)) return native_raise_usage("columns: expected a list, of rows from 0 on");
    batch b = {.rows = rows, .count = PyList_Size(list)};
    PyObject *out = keep_batch(name, &b, list);
    batch_free(&b);
    return out;
}

/* ------------------------------------------------------------------ and back */

/* The words of a column of texts, or None. */
static PyObject *words_of(const brn_table *table, int64_t place, const brn_column_values *values)
{
    if (brn_table_column_type(table, place) != BRN_COLUMN_TEXT) Py_RETURN_NONE;
    PyObject *list = PyList_New((Py_ssize_t)values->word_count);
    for (int64_t code = 0; list && code < values->word_count; code++) {
        int64_t length;
        const char *word = brn_table_column_word(table, place, code, &length);
        PyObject *text = PyUnicode_DecodeUTF8(word, (Py_ssize_t)length, "replace");
        if (!text || PyList_SetItem(list, (Py_ssize_t)code, text) < 0) Py_CLEAR(list);
    }
    return list;
}

/* (name, type, a bit a row or None, bytes of the values, words or None). */
static PyObject *column_of(const brn_table *table, int64_t place)
{
    const brn_column_values values = brn_table_column_values(table, place);
    const size_t rows = (size_t)brn_table_row_count(table);
    const void *bytes = values.integers ? (const void *)values.integers
                        : values.reals  ? (const void *)values.reals
                                        : (const void *)values.codes;
    const size_t width = values.codes ? sizeof *values.codes : sizeof *values.integers;
    const size_t missing = values.missing_count > 0 && values.missing ? (rows + 63) / 64 * sizeof *values.missing : 0;
    PyObject *words = words_of(table, place, &values);
    if (!words) return NULL;
    return Py_BuildValue("(ssNNN)", brn_table_column_name(table, place),
                         brn_column_type_name(brn_table_column_type(table, place)),
                         PyByteArray_FromStringAndSize((const char *)values.missing, (Py_ssize_t)missing),
                         PyByteArray_FromStringAndSize(bytes, (Py_ssize_t)(rows * width)), words);
}

static PyObject *columns_of(const brn_table *table)
{
    const int64_t count = brn_table_column_count(table);
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (int64_t i = 0; list && i < count; i++) {
        PyObject *one = column_of(table, i);
        if (!one || PyList_SetItem(list, (Py_ssize_t)i, one) < 0) Py_CLEAR(list);
    }
    return list;
}

static PyObject *table_columns(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *source, *out = NULL;
    native_keep keep;
    if (!PyArg_ParseTuple(arguments, "O", &source) || native_keep_init(&keep) < 0) return NULL;
    const char *text = native_text(source, &keep);
    if (text) {
        const brn_table_options options = brn_table_defaults();
        brn_table *table = NULL;
        brn_status status;
        Py_BEGIN_ALLOW_THREADS;
        status = brn_table_open(text, &options, &table);
        Py_END_ALLOW_THREADS;
        out = status == BRN_OK ? columns_of(table) : native_raise(status);
        brn_table_close(table);
    }
    native_keep_free(&keep);
    return out;
}

PyMethodDef native_frame_functions[] = {
    {"table_columns", table_columns, METH_VARARGS,
     "table_columns(source) -> [(name, type, missing bits, values, words or None)]."},
    {"table_keep_stream", table_keep_stream, METH_VARARGS, "table_keep_stream(name, capsule) -> rows."},
    {"table_keep_columns", table_keep_columns, METH_VARARGS,
     "table_keep_columns(name, rows, [(name, format, validity, values, texts)]) -> rows."},
    {"table_drop", table_drop, METH_VARARGS, "table_drop(name)."},
    {NULL, NULL, 0, NULL},
};
