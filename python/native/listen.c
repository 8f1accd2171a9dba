/* SPDX-License-Identifier: Apache-2.0
 * Events of the library, heard in Python. */
#include "native.h"

#include <time.h>

static const double SIGNAL_SECONDS = .05;

static const char *const kinds[] = {
    [BRN_EVENT_START] = "start",     [BRN_EVENT_STAGE] = "stage", [BRN_EVENT_BATCH] = "batch",
    [BRN_EVENT_EPOCH] = "epoch",     [BRN_EVENT_WARNING] = "warning", [BRN_EVENT_PLAN] = "plan",
    [BRN_EVENT_NOTE] = "note",       [BRN_EVENT_DOWNLOAD] = "download", [BRN_EVENT_DONE] = "done",
};

static PyObject *text_or_none(const char *text)
{
    if (text) return PyUnicode_DecodeFSDefault(text);
    Py_INCREF(Py_None);
    return Py_None;
}

static PyObject *dict_of(const brn_event *e)
{
    PyObject *dict = Py_BuildValue("{s:s, s:i, s:i, s:L, s:L, s:d}", "event", kinds[e->kind], "epoch", e->epoch,
                                   "epochs", e->epochs, "batch", (long long)e->batch, "batches",
                                   (long long)e->batches, "seconds", e->seconds);
    if (!dict) return NULL;
    if (native_put(dict, "stage", text_or_none(e->stage)) < 0 ||
        native_put(dict, "text", text_or_none(e->text)) < 0 ||
        native_put(dict, "report", text_or_none(e->report)) < 0 ||
        native_put_real(dict, "train_loss", e->train_loss) < 0 ||
        native_put_real(dict, "valid_loss", e->valid_loss) < 0 ||
        native_put_real(dict, "learning_rate", e->learning_rate) < 0 ||
        native_put_real(dict, "momentum", e->momentum) < 0 ||
        native_put(dict, "metrics", native_metrics(e->metrics, e->metric_count)) < 0)
        Py_CLEAR(dict);
    return dict;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* With the interpreter's lock: 1 stops the call. */
static int hear(native_listener *l, const brn_event *event)
{
    int stop = 0;
    if (PyErr_CheckSignals() < 0) stop = -1;
    if (stop == 0 && l->callable && l->callable != Py_None) {
        PyObject *dict = dict_of(event);
        PyObject *answer = dict ? PyObject_CallFunctionObjArgs(l->callable, dict, NULL) : NULL;
        stop = answer ? PyObject_IsTrue(answer) : -1;
        Py_XDECREF(answer);
        Py_XDECREF(dict);
    }
    if (stop < 0) {
        if (!l->type) PyErr_Fetch(&l->type, &l->value, &l->trace);
        else PyErr_Clear();
        stop = 1;
    }
    return stop;
}

int native_listen(void *listener, const brn_event *event)
{
    native_listener *l = listener;
    const bool nobody = !l->callable || l->callable == Py_None;
    if (l->type) return 1;
    if (nobody && event->kind == BRN_EVENT_BATCH) {
        const double time = now();
        if (time - l->heard < SIGNAL_SECONDS) return 0;
        l->heard = time;
    }
    const PyGILState_STATE state = PyGILState_Ensure();
    if (l->hears) *l->hears = 1;
    const int stop = hear(l, event);
    if (l->hears) *l->hears = 0;
    PyGILState_Release(state);
    return stop;
}

PyObject *native_listened(native_listener *l, brn_status status)
{
    if (l->type) {
        PyErr_Restore(l->type, l->value, l->trace);
        return NULL;
    }
    if (status != BRN_OK) return native_raise(status);
    Py_RETURN_NONE;
}
