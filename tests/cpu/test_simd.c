/* SPDX-License-Identifier: Apache-2.0
 * The loops of simd/ in every instruction set that this processor has, against plain doubles. */
#include "backends/cpu/isa.h"
#include "base/philox.h"
#include "cpu/one_step.h"
#include "ops/attributes.h"
#include "test.h"

#include <math.h>
#include <string.h>

enum { LONGEST = 300, GUARD = 16 };
static const int64_t lengths[] = {1, 3, 4, 7, 8, 15, 16, 17, 31, 63, 64, 65, 100, 129, 256, 300};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* y[0 .. n - 1] as expected, and nothing written around it. */
static void check(const char *what, const brn__simd *simd, int64_t n, const float *y,
                  const double *expected, double tolerance)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)y[i] - expected[i]) <= tolerance * fmax(1, fabs(expected[i])))) {
            print_error("%s, %s, n = %lld: element %lld is %.9g, expected %.9g\n", simd->name, what,
                        (long long)n, (long long)i, (double)y[i], expected[i]);
            fail();
        }
    for (int i = 0; i < GUARD; i++) assert_true(y[-1 - i] == 77 && y[n + i] == 77);
}

static float *fresh(float *buffer)
{
    for (int i = 0; i < LONGEST + 2 * GUARD; i++) buffer[i] = 77;
    return buffer + GUARD;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double activation(brn_activation kind, double x)
{
    switch (kind) {
    case BRN_ACTIVATION_RELU: return x > 0 ? x : 0;
    case BRN_ACTIVATION_RELU6: return x > 0 ? (x < 6 ? x : 6) : 0;
    case BRN_ACTIVATION_SIGMOID: return sigmoid(x);
    case BRN_ACTIVATION_TANH: return tanh(x);
    case BRN_ACTIVATION_SILU: return x * sigmoid(x);
    default: return x;
    }
}

static double activation_slope(brn_activation kind, double s)
{
    double g = sigmoid(s);
    switch (kind) {
    case BRN_ACTIVATION_RELU: return s > 0;
    case BRN_ACTIVATION_RELU6: return s > 0 && s < 6;
    case BRN_ACTIVATION_SIGMOID: return s * (1 - s);
    case BRN_ACTIVATION_TANH: return 1 - s * s;
    case BRN_ACTIVATION_SILU: return g + s * g * (1 - g);
    default: return 1;
    }
}

static void check_activations(const brn__simd *simd, int64_t n)
{
    float x[LONGEST], dy[LONGEST], buffer[LONGEST + 2 * GUARD];
    double expected[LONGEST];
    for (int64_t i = 0; i < n; i++) x[i] = (float)(noise(1, i) * 9), dy[i] = (float)noise(2, i);
    for (int kind = 0; kind < BRN_ACTIVATION_COUNT; kind++) {
        float *y = fresh(buffer);
        simd->activation((brn_activation)kind, n, x, y);
        for (int64_t i = 0; i < n; i++) expected[i] = activation((brn_activation)kind, x[i]);
        check("activation", simd, n, y, expected, 5e-7);
        y = fresh(buffer);
        simd->activation_grad((brn_activation)kind, n, dy, x, y);
        for (int64_t i = 0; i < n; i++)
            expected[i] = (double)dy[i] * activation_slope((brn_activation)kind, x[i]);
        check("activation_grad", simd, n, y, expected, 1e-6);
    }
}

static void check_arithmetic(const brn__simd *simd, int64_t n)
{
    float a[LONGEST], b[LONGEST], c[LONGEST], buffer[LONGEST + 2 * GUARD];
    double expected[LONGEST], total = 0, top = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        a[i] = (float)noise(1, i), b[i] = (float)noise(2, i), c[i] = (float)noise(3, i);
    float *y = fresh(buffer);
    simd->add(n, a, b, y);
    for (int64_t i = 0; i < n; i++) expected[i] = (double)a[i] + (double)b[i];
    check("add", simd, n, y, expected, 1e-7);
    y = fresh(buffer);
    simd->mul(n, a, b, y);
    for (int64_t i = 0; i < n; i++) expected[i] = (double)a[i] * (double)b[i];
    check("mul", simd, n, y, expected, 1e-7);
    y = fresh(buffer);
    simd->scale(n, 1.5f, -2, a, y);
    for (int64_t i = 0; i < n; i++) expected[i] = 1.5 * (double)a[i] - 2;
    check("scale", simd, n, y, expected, 2e-7);
    y = fresh(buffer);
    simd->sum(n, 3, (const float *[]){a, b, c}, y);
    for (int64_t i = 0; i < n; i++) expected[i] = (double)a[i] + (double)b[i] + (double)c[i];
    check("sum", simd, n, y, expected, 2e-7);
    y = fresh(buffer);
    simd->exp_add(n, .25f, -3, a, b, y);
    for (int64_t i = 0; i < n; i++) expected[i] = (double)b[i] - 3 * exp((double)a[i] - .25);
    check("exp_add", simd, n, y, expected, 5e-7);
    for (int64_t i = 0; i < n; i++) {
        total += exp((double)a[i] - .5);
        top = fmax(top, (double)a[i]);
    }
    assert_close(simd->sum_exp(n, .5f, a), total, 5e-7);
    assert_close((double)simd->maximum(n, a), top, 0);
}

static void check_dropout(const brn__simd *simd, int64_t n)
{
    float x[LONGEST], buffer[LONGEST + 2 * GUARD];
    double expected[LONGEST];
    uint32_t counter[3] = {5, 6, 7};
    for (int64_t i = 0; i < n; i++) {
        x[i] = (float)noise(1, i);
        int64_t at = 4096 + i;
        brn__philox_block block = brn__philox(99, (uint32_t)(at / 4), 5, 6, 7);
        bool kept = brn__uniform_float(block.word[at % 4]) >= .3f;
        expected[i] = kept ? (double)x[i] / .7 : 0;
    }
    float *y = fresh(buffer);
    simd->dropout(n, 4096, 99, counter, .3f, x, y);
    check("dropout", simd, n, y, expected, 1e-6);
}

/* n units of one step and back, gates n + 3 apart, against doubles. */
static void check_lstm(const brn__simd *simd, int64_t n)
{
    float z[4 * LONGEST + 4 * GUARD], before[LONGEST], dy[LONGEST], dz[4 * LONGEST + 4 * GUARD];
    float c_buffer[LONGEST + 2 * GUARD], h_buffer[LONGEST + 2 * GUARD], dc_buffer[LONGEST + 2 * GUARD];
    double c[LONGEST], h[LONGEST], dc[LONGEST], gradients[4][LONGEST];
    int64_t apart = n + 3;
    float *c_got = fresh(c_buffer), *h_got = fresh(h_buffer), *dc_got = fresh(dc_buffer);
    for (int64_t k = 0; k < 4 * apart; k++) z[k] = (float)noise(1, k) * 4, dz[k] = 77;
    for (int64_t k = 0; k < n; k++) {
        before[k] = (float)noise(2, k), dy[k] = (float)noise(3, k), dc_got[k] = (float)noise(4, k);
        double i = sigmoid(z[k]), f = sigmoid(z[apart + k]), g = tanh(z[2 * apart + k]), o = sigmoid(z[3 * apart + k]);
        c[k] = f * before[k] + i * g;
        h[k] = o * tanh(c[k]);
        double s = tanh(c[k]), dh = 2.0 * dy[k], through = dc_got[k] + dh * o * (1 - s * s);
        gradients[0][k] = through * g * i * (1 - i);
        gradients[1][k] = through * before[k] * f * (1 - f);
        gradients[2][k] = through * i * (1 - g * g);
        gradients[3][k] = dh * s * o * (1 - o);
        dc[k] = through * f;
    }
    simd->lstm_forward(n, apart, before, z, c_got, h_got);
    check("lstm c", simd, n, c_got, c, 1e-6);
    check("lstm h", simd, n, h_got, h, 1e-6);
    simd->lstm_backward(n, apart, &(brn__lstm_backward){z, c_got, before, dy, dy, dc_got, dz});
    check("lstm dc", simd, n, dc_got, dc, 2e-6);
    for (int part = 0; part < 4; part++)
        for (int64_t k = 0; k < apart; k++)
            if (k < n) assert_close((double)dz[part * apart + k], gradients[part][k], 2e-6);
            else assert_true(dz[part * apart + k] == 77);
}

/* The same of a QRNN, with a mask or without, the gates' gradient in their place. */
static void check_qrnn_of(const brn__simd *simd, int64_t n, bool masked)
{
    float z[3 * LONGEST + 3 * GUARD], before[LONGEST], dy[LONGEST], mask[LONGEST];
    float c_buffer[LONGEST + 2 * GUARD], y_buffer[LONGEST + 2 * GUARD], dc_buffer[LONGEST + 2 * GUARD];
    double c[LONGEST], y[LONGEST], dc[LONGEST], gradients[3][LONGEST];
    int64_t apart = n + 3;
    float *c_got = fresh(c_buffer), *y_got = fresh(y_buffer), *dc_got = fresh(dc_buffer), *keep = masked ? mask : NULL;
    for (int64_t k = 0; k < 3 * apart; k++) z[k] = (float)noise(1, k) * 4;
    for (int64_t k = 0; k < n; k++) {
        before[k] = (float)noise(2, k), dy[k] = (float)noise(3, k), dc_got[k] = (float)noise(4, k);
        mask[k] = k % 3 ? 1.25f : 0;
        const double m = masked ? mask[k] : 1, value = tanh(z[k]), open = sigmoid(z[apart + k]), o = sigmoid(z[2 * apart + k]);
        c[k] = open * m * value + (1 - open * m) * before[k];
        y[k] = o * c[k];
        const double through = dc_got[k] + 2.0 * dy[k] * o;
        gradients[0][k] = through * open * m * (1 - value * value);
        gradients[1][k] = through * (value - before[k]) * m * open * (1 - open);
        gradients[2][k] = 2.0 * dy[k] * c[k] * o * (1 - o);
        dc[k] = through * (1 - open * m);
    }
    simd->qrnn_forward(n, apart, &(brn__qrnn_forward){z, keep, before, c_got, y_got});
    check("qrnn c", simd, n, c_got, c, 1e-6);
    check("qrnn y", simd, n, y_got, y, 1e-6);
    simd->qrnn_backward(n, apart, &(brn__qrnn_backward){z, keep, c_got, before, dy, dy, dc_got, z});
    check("qrnn dc", simd, n, dc_got, dc, 2e-6);
    for (int part = 0; part < 3; part++)
        for (int64_t k = 0; k < apart; k++)
            if (k < n) assert_close((double)z[part * apart + k], gradients[part][k], 2e-6);
            else assert_true(z[part * apart + k] == (float)noise(1, part * apart + k) * 4);
    y_got = fresh(y_buffer);
    simd->qrnn_forward(n, apart, &(brn__qrnn_forward){z, keep, c_got, c_got, NULL});
    for (int i = -GUARD; i < n + GUARD; i++) assert_true(y_got[i] == 77 && (i >= 0 || c_got[i] == 77));
}

static void check_qrnn(const brn__simd *simd, int64_t n)
{
    check_qrnn_of(simd, n, false);
    check_qrnn_of(simd, n, true);
}

static void each_isa(void (*what)(const brn__simd *simd, int64_t n))
{
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++)
        for (int l = 0; l < LENGTHS && brn__simd_of((brn__isa)isa); l++)
            what(brn__simd_of((brn__isa)isa), lengths[l]);
}

TEST(activations_agree_with_double_in_every_instruction_set)
{
    each_isa(check_activations);
}

TEST(arithmetic_agrees_with_double_in_every_instruction_set)
{
    each_isa(check_arithmetic);
}

TEST(dropout_follows_its_stream_in_every_instruction_set)
{
    each_isa(check_dropout);
}

TEST(lstm_steps_agree_with_double_in_every_instruction_set)
{
    each_isa(check_lstm);
}

TEST(qrnn_steps_agree_with_double_in_every_instruction_set)
{
    each_isa(check_qrnn);
}

TEST(activations_at_the_ends_of_float_stay_finite_and_pass_on_not_a_number)
{
    const float x[] = {-INFINITY, -1e30f, -104, -88, -87, 87, 88, 89, 1e30f, INFINITY, NAN, 1e-30f};
    enum { N = sizeof x / sizeof *x };
    for (int isa = 0; isa < BRN__ISA_COUNT; isa++) {
        const brn__simd *simd = brn__simd_of((brn__isa)isa);
        if (!simd) continue;
        float y[N];
        for (int kind = 0; kind < BRN_ACTIVATION_COUNT; kind++) {
            simd->activation((brn_activation)kind, N, x, y);
            assert_true(isnan(y[10]));
            for (int i = 1; i < N; i++)
                if (i < 8) assert_close((double)y[i], activation((brn_activation)kind, x[i]), 1e-6);
        }
        simd->activation(BRN_ACTIVATION_SIGMOID, N, x, y);
        assert_close((double)y[0], 0, 0);
        assert_close((double)y[9], 1, 0);
        simd->activation(BRN_ACTIVATION_TANH, N, x, y);
        assert_close((double)y[0], -1, 0);
        assert_close((double)y[9], 1, 0);
        assert_true(y[11] == 1e-30f);
    }
}

/* Period 16 and rows of a channels-last layout; quarters, so that maxima tie. */
static void check_pool(const brn__simd *simd, int64_t rows)
{
    static const int64_t periods[] = {3, 16, 17, 40};
    for (int p = 0; p < 4; p++) {
        int64_t period = periods[p], length = rows * period;
        if (period == 16) length -= rows % 3 * 4; /* blocks of 4: the last period is cut */
        if (length <= 0) continue;
        float x[300 * 40], maximum[40], top[40];
        double sum[40] = {0}, total[40] = {0};
        int32_t first[40];
        int64_t place[40] = {0};
        for (int64_t i = 0; i < length; i++) x[i] = rintf((float)noise(4, i) * 4) / 4;
        for (int64_t l = 0; l < period; l++) maximum[l] = top[l] = -INFINITY;
        for (int64_t i = 0; i < length; i++) {
            int64_t l = i % period;
            total[l] += (double)x[i];
            if (x[i] > top[l]) top[l] = x[i], place[l] = i / period;
        }
        simd->pool_reduce(length, period, x, sum, maximum);
        for (int64_t l = 0; l < period; l++) {
            assert_close(sum[l], total[l], 1e-6);
            assert_true(maximum[l] == top[l]);
        }
        simd->pool_first_maximum(length, period, x, maximum, first);
        for (int64_t l = 0; l < period && l < length; l++) {
            assert_true(maximum[l] == top[l]);
            assert_int_equal(first[l], place[l]);
        }
    }
}

TEST(pooling_finds_sums_and_first_maxima_in_every_instruction_set)
{
    each_isa(check_pool);
}
