/* SPDX-License-Identifier: Apache-2.0
 * batch_norm and its gradient against double loops, in every layout, with awkward channel counts.
 */
#include "cpu/one_step.h"

#include "ops/attributes.h"
#include "ops/op_list.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

typedef struct norm_case {
    int64_t n, c, h, w;
    brn_norm_form form;
    brn_activation activation;
    bool second; /* residual, or dy2 */
    bool by_x;   /* the gradient's mask comes from x and beta */
    unsigned wanted;
} norm_case;

static double *made(int64_t n, uint32_t stream, double scale, double shift)
{
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) values[i] = (float)(noise(stream, i) * scale + shift);
    return values;
}

static double activated(brn_activation kind, double y)
{
    if (kind != BRN_ACTIVATION_NONE && y < 0) y = 0;
    return kind == BRN_ACTIVATION_RELU6 && y > 6 ? 6 : y;
}

static int64_t channel_of(const norm_case *k, int64_t i)
{
    return i / (k->h * k->w) % k->c;
}

/* Mean and biased variance by channel. */
static void statistics(const norm_case *k, const double *x, double *mean, double *var)
{
    int64_t elements = k->n * k->c * k->h * k->w, m = k->n * k->h * k->w;
    for (int64_t c = 0; c < k->c; c++) mean[c] = var[c] = 0;
    for (int64_t i = 0; i < elements; i++) mean[channel_of(k, i)] += x[i] / (double)m;
    for (int64_t i = 0; i < elements; i++) {
        double d = x[i] - mean[channel_of(k, i)];
        var[channel_of(k, i)] += d * d / (double)m;
    }
}

static brn__batch_norm_attributes attributes_of(const norm_case *k)
{
    return (brn__batch_norm_attributes){.epsilon = 1e-5,
                                        .momentum = .1,
                                        .form = k->form,
                                        .resolved = true,
                                        .activation = k->activation};
}

static void check_forward(const norm_case *k, layout_kind layout, int threads, bool in_place)
{
    brn_shape shape = brn_shape_of(4, (int64_t[]){k->n, k->c, k->h, k->w});
    brn_shape vector = brn_shape_of(1, &k->c);
    int64_t elements = brn_shape_elements(shape);
    double *x = made(elements, 1, 1.7, 10), *residual = made(elements, 2, 2, 0);
    double *gamma = made(k->c, 3, 2, 0), *beta = made(k->c, 4, 1, 1);
    double *mean = made(k->c, 5, 1, 10), *var = made(k->c, 6, .5, 1);
    brn__batch_norm_attributes attributes = attributes_of(k);
    one_step one;
    one_step_make(&one, &brn__op_batch_norm, &attributes,
                  (one_input[]){{shape, x, false},
                                {vector, gamma, false},
                                {vector, beta, false},
                                {vector, mean, false},
                                {vector, var, false},
                                {shape, k->second ? residual : NULL, false}},
                  k->second ? 6 : 5, layout, threads);
    one_step_run(&one, k->form == BRN_NORM_BATCH ? k->wanted | 1 : 1, in_place, &(brn__run){0});

    if (k->form == BRN_NORM_BATCH) statistics(k, x, mean, var);
    double *y = malloc((size_t)elements * sizeof *y);
    for (int64_t i = 0; i < elements; i++) {
        int64_t c = channel_of(k, i);
        double z = gamma[c] * (x[i] - mean[c]) / sqrt(var[c] + attributes.epsilon) + beta[c];
        y[i] = activated(k->activation, z + (k->second ? residual[i] : 0));
    }
    assert_all_close("y", elements, one.outputs[0], y, 2e-5);
    if (one.outputs[1]) assert_all_close("mean", k->c, one.outputs[1], mean, 1e-6);
    if (one.outputs[2]) assert_all_close("variance", k->c, one.outputs[2], var, 5e-6);
    one_step_free(&one);
    free(x), free(residual), free(gamma), free(beta), free(mean), free(var), free(y);
}

static void check_backward(const norm_case *k, layout_kind layout, int threads, bool in_place)
{
    brn_shape shape = brn_shape_of(4, (int64_t[]){k->n, k->c, k->h, k->w});
    brn_shape vector = brn_shape_of(1, &k->c);
    int64_t elements = brn_shape_elements(shape);
    double m = (double)(k->n * k->h * k->w);
    double *dy = made(elements, 11, 1, .2), *dy2 = made(elements, 12, 1, 0);
    double *x = made(elements, 13, 1.7, 10), *y = made(elements, 14, 8, 2);
    double *gamma = made(k->c, 15, 2, 0), *mean = made(k->c, 16, 1, 10);
    double *var = made(k->c, 17, .5, 1), *beta = made(k->c, 18, 3, 1);
    if (k->form == BRN_NORM_BATCH) {
        statistics(k, x, mean, var);
        for (int64_t c = 0; c < k->c; c++) mean[c] = (float)mean[c], var[c] = (float)var[c];
    }
    bool masked = k->activation != BRN_ACTIVATION_NONE, by_x = masked && k->by_x;
    brn__batch_norm_attributes attributes = attributes_of(k);
    for (int64_t i = 0; by_x && i < elements; i++) {
        const int64_t c = channel_of(k, i);
        y[i] = gamma[c] * (x[i] - mean[c]) / sqrt(var[c] + attributes.epsilon) + beta[c];
        /* No double tells on which side of a border a float lies that is next to it. */
        if (fabs(y[i]) < 1e-4 || fabs(y[i] - 6) < 1e-4) dy[i] = dy2[i] = 0;
    }
    one_step one;
    one_step_make(&one, &brn__op_batch_norm_grad, &attributes,
                  (one_input[]){{shape, dy, false},
                                {shape, x, false},
                                {vector, gamma, false},
                                {vector, mean, false},
                                {vector, var, false},
                                {shape, masked && !by_x ? y : NULL, false},
                                {shape, k->second ? dy2 : NULL, false},
                                {vector, beta, false}},
                  by_x        ? 8
                  : k->second ? 7
                  : masked  ? 6
                            : 5,
                  layout, threads);
    one_step_run(&one, k->wanted, in_place, &(brn__run){0});

    double *dz = made(elements, 0, 0, 0), *dx = made(elements, 0, 0, 0);
    double *dgamma = made(k->c, 0, 0, 0), *dbeta = made(k->c, 0, 0, 0);
    for (int64_t i = 0; i < elements; i++) {
        int64_t c = channel_of(k, i);
        bool on = !masked || (y[i] > 0 && (k->activation == BRN_ACTIVATION_RELU || y[i] < 6));
        dz[i] = on ? dy[i] + (k->second ? dy2[i] : 0) : 0;
        dbeta[c] += dz[i];
        dgamma[c] += dz[i] * (x[i] - mean[c]) / sqrt(var[c] + attributes.epsilon);
    }
    for (int64_t i = 0; i < elements; i++) {
        int64_t c = channel_of(k, i);
        double inverse = 1 / sqrt(var[c] + attributes.epsilon), xhat = (x[i] - mean[c]) * inverse;
        double inner = dz[i];
        if (k->form == BRN_NORM_BATCH) inner -= dbeta[c] / m + xhat * dgamma[c] / m;
        dx[i] = gamma[c] * inverse * inner;
    }
    if (one.outputs[0]) assert_all_close("dx", elements, one.outputs[0], dx, 1e-5);
    if (one.outputs[1])
        assert_all_close("dgamma", k->c, one.outputs[1], dgamma, 1e-6 * (10 + sqrt(m)));
    if (one.outputs[2])
        assert_all_close("dbeta", k->c, one.outputs[2], dbeta, 1e-6 * (10 + sqrt(m)));
    if (one.outputs[3]) assert_all_close("dresidual", elements, one.outputs[3], dz, 1e-6);
    one_step_free(&one);
    free(dy), free(dy2), free(x), free(y), free(gamma), free(mean), free(var), free(beta);
    free(dz), free(dx), free(dgamma), free(dbeta);
}

/* Every channel count and layout, the other choices in turn. */
static void each_case(void (*check)(const norm_case *, layout_kind, int, bool))
{
    static const int64_t channels[] = {1, 3, 5, 16, 17, 24, 32, 40, 100};
    static const int64_t sizes[][2] = {{1, 1}, {7, 7}, {7, 5}, {30, 31}};
    static const unsigned wanted[] = {15, 1, 14, 9, 6, 7, 8, 11};
    int turn = 0;
    for (int c = 0; c < 9; c++)
        for (int s = 0; s < 4; s++)
            for (int layout = 0; layout < LAYOUT_COUNT; layout++)
                for (int n = 1; n <= 3; n += 2)
                    for (int repeat = 0; repeat < 3; repeat++, turn++) {
                        norm_case k = {.n = n + (s == 0) * 4,
                                       .c = channels[c],
                                       .h = sizes[s][0],
                                       .w = sizes[s][1],
                                       .form = (brn_norm_form)(turn % 3),
                                       .activation = (brn_activation)(turn / 3 % 3),
                                       .second = turn / 2 % 2,
                                       .by_x = turn / 11 % 2,
                                       .wanted = wanted[turn / 5 % 8]};
                        check(&k, (layout_kind)layout, 1 + turn % 4, turn / 7 % 2);
                    }
}

TEST(batch_norm_agrees_with_double_loops_in_every_layout)
{
    each_case(check_forward);
}

TEST(batch_norm_grad_agrees_with_double_loops_in_every_layout)
{
    each_case(check_backward);
}

TEST(batch_norm_over_large_pictures_gives_the_same_bits_for_any_number_of_threads)
{
    brn_shape shape = brn_shape_of(4, (int64_t[]){3, 40, 90, 75});
    brn_shape vector = brn_shape_of(1, (int64_t[]){40});
    int64_t elements = brn_shape_elements(shape);
    double *x = made(elements, 1, 1.7, 10), *one_vector = made(40, 0, 0, 1);
    norm_case k = {.form = BRN_NORM_BATCH, .activation = BRN_ACTIVATION_RELU};
    brn__batch_norm_attributes attributes = attributes_of(&k);
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
        one_step of[3];
        for (int t = 0; t < 3; t++) {
            one_step_make(&of[t], &brn__op_batch_norm, &attributes,
                          (one_input[]){{shape, x, false},
                                        {vector, one_vector, false},
                                        {vector, one_vector, false},
                                        {vector, one_vector, false},
                                        {vector, one_vector, false}},
                          5, (layout_kind)layout, t + 1);
            one_step_run(&of[t], 7, false, &(brn__run){0});
        }
        for (int t = 1; t < 3; t++) {
            assert_memory_equal(of[t].outputs[0], of[0].outputs[0], (size_t)elements * 8);
            assert_memory_equal(of[t].outputs[1], of[0].outputs[1], 40 * 8);
            assert_memory_equal(of[t].outputs[2], of[0].outputs[2], 40 * 8);
        }
        for (int t = 0; t < 3; t++) one_step_free(&of[t]);
    }
    free(x), free(one_vector);
}

/* From 32 MB on results are stored around the caches. */
TEST(batch_norm_of_more_than_the_caches_hold_agrees_with_double_loops)
{
    norm_case k = {
        .n = 1, .c = 13, .h = 724, .w = 725, .form = BRN_NORM_BATCH, .second = true, .wanted = 7};
    check_forward(&k, BLOCK16, 2, false);
    check_backward(&k, BLOCK16, 2, false);
    k.activation = BRN_ACTIVATION_RELU6;
    k.by_x = true;
    check_backward(&k, BLOCK16, 2, false);
}
