/* SPDX-License-Identifier: Apache-2.0
 * lstm, lstm_grad. The record of a step and item is 5 H numbers: i, f, g, o (after their functions), c. */
#include "backends/reference/reference.h"

#include <math.h>

static double sigmoid(double x)
{
    return brn__reference_activate(BRN_ACTIVATION_SIGMOID, x);
}

static double product(const brn__step *step, double a, double b)
{
    return brn__reference_factor(step, a) * brn__reference_factor(step, b);
}

/* Sum of row k of a matrix with `columns` columns times a vector. */
static double row_times(const brn__step *step, const double *matrix, int64_t k, int64_t columns,
                        const double *vector)
{
    double sum = 0;
    for (int64_t j = 0; j < columns; j++) sum += product(step, matrix[k * columns + j], vector[j]);
    return sum;
}

/* Gates before their functions for one item; z (4 H). */
static void gates_of(const brn__step *step, int64_t inputs, int64_t hidden, const double *x, const double *h,
                     double *z)
{
    const double *b_ih = step->inputs[5], *b_hh = step->inputs[6];
    for (int64_t k = 0; k < 4 * hidden; k++)
        z[k] = row_times(step, step->inputs[3], k, inputs, x) + (b_ih ? b_ih[k] : 0) +
               row_times(step, step->inputs[4], k, hidden, h) + (b_hh ? b_hh[k] : 0);
}

static brn_status prepare_lstm(brn__step *step)
{
    BRN__TRY(brn__reference_prepare(step));
    brn_shape record = step->node->outputs[3].shape; /* of one item, and its state before the step */
    step->scratch_bytes = (size_t)(record.dims[2] + 2 * record.dims[2] / 5) * sizeof(double);
    return BRN_OK;
}

static brn_status run_lstm(const brn__step *step, const brn__run *run)
{
    brn_shape shape = brn__step_shape(step, 0), w = brn__step_shape(step, 4);
    int64_t steps = shape.dims[0], items = shape.dims[1], inputs = shape.dims[2], hidden = w.dims[1];
    double *y = step->outputs[0], *h_n = step->outputs[1], *c_n = step->outputs[2], *record = step->outputs[3];
    double *z = step->scratch, *h = z + 5 * hidden, *c = h + hidden;
    (void)run;
    for (int64_t n = 0; n < items; n++) {
        for (int64_t k = 0; k < hidden; k++) {
            h[k] = ((const double *)step->inputs[1])[n * hidden + k];
            c[k] = ((const double *)step->inputs[2])[n * hidden + k];
        }
        for (int64_t t = 0; t < steps; t++) {
            int64_t row = t * items + n;
            gates_of(step, inputs, hidden, (const double *)step->inputs[0] + row * inputs, h, z);
            for (int64_t k = 0; k < hidden; k++) {
                double i = sigmoid(z[k]), f = sigmoid(z[hidden + k]);
                double g = tanh(z[2 * hidden + k]), o = sigmoid(z[3 * hidden + k]);
                c[k] = f * c[k] + i * g;
                h[k] = o * tanh(c[k]);
                const double noted[5] = {i, f, g, o, c[k]};
                for (int part = 0; record && part < 5; part++)
                    record[(row * 5 + part) * hidden + k] = noted[part];
                if (y) y[row * hidden + k] = h[k];
            }
        }
        for (int64_t k = 0; k < hidden; k++) {
            if (h_n) h_n[n * hidden + k] = h[k];
            if (c_n) c_n[n * hidden + k] = c[k];
        }
    }
    return BRN_OK;
}
const brn__kernel brn__reference_lstm = {.prepare = prepare_lstm, .run = run_lstm};

static brn_status prepare_lstm_grad(brn__step *step)
{
    BRN__TRY(brn__reference_prepare(step));
    step->scratch_bytes = (size_t)(6 * brn__step_shape(step, 5).dims[1]) * sizeof(double);
    return BRN_OK;
}

/* Through one step of one item: dz, and dc becomes the gradient of the cell before. */
static void cell_backward(int64_t hidden, const double *noted, const double *c_before, const double *dh, double *dc,
                          double *dz)
{
    for (int64_t k = 0; k < hidden; k++) {
        double i = noted[k], f = noted[hidden + k], g = noted[2 * hidden + k], o = noted[3 * hidden + k];
        double s = tanh(noted[4 * hidden + k]), through = dc[k] + dh[k] * o * (1 - s * s);
        dz[k] = through * g * i * (1 - i);
        dz[hidden + k] = through * c_before[k] * f * (1 - f);
        dz[2 * hidden + k] = through * i * (1 - g * g);
        dz[3 * hidden + k] = dh[k] * s * o * (1 - o);
        dc[k] = through * f;
    }
}

static double at(const double *values, int64_t index)
{
    return values ? values[index] : 0;
}

/* dh[j] = sum of w_hh[k][j] dz[k]; dw_hh += dz h^T */
static void products_backward(const brn__step *step, int64_t hidden, const double *dz, const double *h_before,
                              double *dh, double *dw_hh)
{
    const double *w_hh = step->inputs[5];
    for (int64_t j = 0; j < hidden; j++) dh[j] = 0;
    for (int64_t k = 0; k < 4 * hidden; k++)
        for (int64_t j = 0; j < hidden; j++) {
            dh[j] += product(step, w_hh[k * hidden + j], dz[k]);
            if (dw_hh) dw_hh[k * hidden + j] += product(step, dz[k], h_before[j]);
        }
}

static brn_status run_lstm_grad(const brn__step *step, const brn__run *run)
{
    brn_shape shape = brn__step_shape(step, 3);
    int64_t steps = shape.dims[0], items = shape.dims[1], hidden = shape.dims[2] / 5;
    const double *record = step->inputs[3], *c0 = step->inputs[4];
    const double *y = step->inputs[6], *h0 = step->inputs[7];
    double *dz_all = step->outputs[0], *dh0 = step->outputs[1], *dc0 = step->outputs[2], *dw_hh = step->outputs[3];
    double *dz = step->scratch, *dh = dz + 4 * hidden, *dc = dh + hidden;
    (void)run;
    for (int64_t e = 0; dw_hh && e < 4 * hidden * hidden; e++) dw_hh[e] = 0;
    for (int64_t n = 0; n < items; n++) {
        for (int64_t k = 0; k < hidden; k++) {
            dh[k] = at(step->inputs[1], n * hidden + k);
            dc[k] = at(step->inputs[2], n * hidden + k);
        }
        for (int64_t t = steps - 1; t >= 0; t--) {
            int64_t row = t * items + n, before = row - items;
            for (int64_t k = 0; k < hidden; k++) dh[k] += at(step->inputs[0], row * hidden + k);
            const double *c_before = t ? record + (before * 5 + 4) * hidden : c0 + n * hidden;
            cell_backward(hidden, record + row * 5 * hidden, c_before, dh, dc, dz);
            for (int64_t k = 0; dz_all && k < 4 * hidden; k++) dz_all[row * 4 * hidden + k] = dz[k];
            products_backward(step, hidden, dz, t ? y + before * hidden : h0 + n * hidden, dh, dw_hh);
        }
        for (int64_t k = 0; k < hidden; k++) {
            if (dh0) dh0[n * hidden + k] = dh[k];
            if (dc0) dc0[n * hidden + k] = dc[k];
        }
    }
    return BRN_OK;
}
const brn__kernel brn__reference_lstm_grad = {.prepare = prepare_lstm_grad, .run = run_lstm_grad};
