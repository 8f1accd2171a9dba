/* SPDX-License-Identifier: Apache-2.0
 * qrnn, qrnn_grad, time_window, time_window_grad. */
#include "backends/reference/reference.h"

#include <math.h>

static double sigmoid(double x)
{
    return brn__reference_activate(BRN_ACTIVATION_SIGMOID, x);
}

static double at(const double *values, int64_t index, double absent)
{
    return values ? values[index] : absent;
}

/* The step that comes `turn`-th. */
static int64_t step_of(bool backward, int64_t steps, int64_t turn)
{
    return backward ? steps - 1 - turn : turn;
}

static brn_status run_qrnn(const brn__step *step, const brn__run *run)
{
    const brn__qrnn_attributes *attributes = step->node->attributes;
    const brn_shape shape = step->node->outputs[0].shape;
    const int64_t steps = shape.dims[0], items = shape.dims[1], hidden = shape.dims[2];
    const double *gates = step->inputs[0], *c0 = step->inputs[1], *keep = step->inputs[2];
    double *y = step->outputs[0], *h_n = step->outputs[1], *c_n = step->outputs[2], *cells = step->outputs[3];
    (void)run;
    for (int64_t n = 0; n < items; n++)
        for (int64_t k = 0; k < hidden; k++) {
            double c = c0[n * hidden + k], h = 0;
            for (int64_t turn = 0; turn < steps; turn++) {
                const int64_t row = step_of(attributes->backward, steps, turn) * items + n;
                const double *z = gates + row * 3 * hidden + k;
                const double f = sigmoid(z[hidden]) * at(keep, row * hidden + k, 1);
                c = f * tanh(z[0]) + (1 - f) * c;
                h = sigmoid(z[2 * hidden]) * c;
                if (y) y[row * hidden + k] = h;
                if (cells) cells[row * hidden + k] = c;
            }
            if (h_n) h_n[n * hidden + k] = h;
            if (c_n) c_n[n * hidden + k] = c;
        }
    return BRN_OK;
}
REFERENCE_KERNEL(qrnn);

/* Through one step of one unit. z points at its z, f lies `hidden` further, o as far behind; dz is laid out like it, or
 * NULL. The gradient of c in, that of the c before out. */
static double cell_backward(const double *z, int64_t hidden, double keep, double c, double before, double dy, double dc,
                            double *dz)
{
    const double value = tanh(z[0]), open = sigmoid(z[hidden]), f = open * keep, o = sigmoid(z[2 * hidden]);
    const double through = dc + dy * o;
    if (dz) {
        dz[0] = through * f * (1 - value * value);
        dz[hidden] = through * (value - before) * keep * open * (1 - open);
        dz[2 * hidden] = dy * c * o * (1 - o);
    }
    return through * (1 - f);
}

static brn_status run_qrnn_grad(const brn__step *step, const brn__run *run)
{
    const brn__qrnn_attributes *attributes = step->node->attributes;
    const brn_shape shape = brn__step_shape(step, 5);
    const int64_t steps = shape.dims[0], items = shape.dims[1], hidden = shape.dims[2];
    const double *gates = step->inputs[3], *c0 = step->inputs[4], *cells = step->inputs[5], *keep = step->inputs[6];
    double *dgates = step->outputs[0], *dc0 = step->outputs[1];
    (void)run;
    for (int64_t n = 0; n < items; n++)
        for (int64_t k = 0; k < hidden; k++) {
            const int64_t unit = n * hidden + k;
            double dc = at(step->inputs[2], unit, 0);
            for (int64_t turn = steps - 1; turn >= 0; turn--) {
                const int64_t row = step_of(attributes->backward, steps, turn) * items + n;
                const int64_t before = step_of(attributes->backward, steps, turn - 1) * items + n;
                double dy = at(step->inputs[0], row * hidden + k, 0);
                if (turn == steps - 1) dy += at(step->inputs[1], unit, 0);
                dc = cell_backward(gates + row * 3 * hidden + k, hidden, at(keep, row * hidden + k, 1),
                                   cells[row * hidden + k], turn ? cells[before * hidden + k] : c0[unit], dy, dc,
                                   dgates ? dgates + row * 3 * hidden + k : NULL);
            }
            if (dc0) dc0[unit] = dc;
        }
    return BRN_OK;
}
REFERENCE_KERNEL(qrnn_grad);

static brn_status run_time_window(const brn__step *step, const brn__run *run)
{
    const brn__time_window_attributes *attributes = step->node->attributes;
    const double *x = step->inputs[0], *border = step->inputs[1];
    double *y = step->outputs[0], *last = step->outputs[1];
    const brn_shape shape = brn__step_shape(step, 0);
    const int64_t steps = shape.dims[0], row = shape.dims[1] * shape.dims[2], width = shape.dims[2];
    (void)run;
    for (int64_t turn = 0; turn < steps; turn++) {
        const int64_t t = step_of(attributes->backward, steps, turn);
        const double *now = x + t * row;
        const double *before = turn ? x + step_of(attributes->backward, steps, turn - 1) * row : border;
        for (int64_t i = 0; y && i < row; i++) {
            double *place = y + 2 * (t * row + i / width * width) + i % width;
            place[0] = now[i];
            place[width] = before[i];
        }
        for (int64_t i = 0; last && turn == steps - 1 && i < row; i++) last[i] = now[i];
    }
    return BRN_OK;
}
REFERENCE_KERNEL(time_window);

static brn_status run_time_window_grad(const brn__step *step, const brn__run *run)
{
    const brn__time_window_attributes *attributes = step->node->attributes;
    const brn_shape shape = attributes->x_shape;
    const int64_t steps = shape.dims[0], row = shape.dims[1] * shape.dims[2], width = shape.dims[2];
    const double *dy = step->inputs[0], *dlast = step->inputs[1];
    double *dx = step->outputs[0], *dbefore = step->outputs[1];
    (void)run;
    for (int64_t turn = 0; turn < steps; turn++) {
        const int64_t t = step_of(attributes->backward, steps, turn);
        const int64_t after = step_of(attributes->backward, steps, turn + 1);
        for (int64_t i = 0; i < row; i++) {
            const int64_t place = 2 * (i / width * width) + i % width;
            const double behind = turn + 1 < steps ? at(dy, 2 * after * row + place + width, 0) : at(dlast, i, 0);
            if (dx) dx[t * row + i] = at(dy, 2 * t * row + place, 0) + behind;
            if (dbefore && turn == 0) dbefore[i] = at(dy, 2 * t * row + place + width, 0);
        }
    }
    return BRN_OK;
}
REFERENCE_KERNEL(time_window_grad);
