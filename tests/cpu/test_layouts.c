/* SPDX-License-Identifier: Apache-2.0
 * Our own kernels on values of oneDNN's layouts: the same answer as on canonical ones, padding
 * zero, nothing written outside (one_step.h). The op suite holds the canonical answers to the
 * reference. */
#include "cpu/one_step.h"
#include "ops/attributes.h"
#include "ops/op_list.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct layout_case {
    const char *name;
    const brn__op *op;
    const void *attributes;
    one_input inputs[BRN__INPUTS_MAX];
    int input_count;
} layout_case;

static double *quarters(brn_shape shape, uint32_t stream)
{
    int64_t n = brn_shape_elements(shape);
    double *values = malloc((size_t)n * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) values[i] = rint(noise(stream, i) * 9) / 4;
    return values;
}

static void check_case(const layout_case *k)
{
    one_step plain;
    one_step_make(&plain, k->op, k->attributes, k->inputs, k->input_count, NCHW, 1);
    one_step_run(&plain, 1, false, &(brn__run){0});
    int64_t n = brn_shape_elements(plain.step.node->outputs[0].shape);
    for (int layout = NHWC; layout < LAYOUT_COUNT; layout++)
        for (int variant = 0; variant < 4; variant++) {
            one_step one;
            one_step_make(&one, k->op, k->attributes, k->inputs, k->input_count,
                          (layout_kind)layout, 1 + variant % 2 * 2);
            one_step_run(&one, 1, variant / 2, &(brn__run){0});
            char what[64];
            snprintf(what, sizeof what, "%s in %s", k->name, layout_names[layout]);
            assert_all_close(what, n, one.outputs[0], plain.outputs[0], 1e-6);
            one_step_free(&one);
        }
    one_step_free(&plain);
}

static const int64_t channels[] = {1, 3, 5, 16, 17, 24, 32, 40};
static const int64_t sizes[][2] = {{1, 1}, {7, 7}, {7, 5}, {33, 31}};

static void each_shape(void (*check)(brn_shape shape))
{
    for (int c = 0; c < 8; c++)
        for (int s = 0; s < 4; s++)
            for (int n = 1; n <= 3; n += 2 + 2 * (s == 3))
                check(brn_shape_of(4, (int64_t[]){n, channels[c], sizes[s][0], sizes[s][1]}));
}

static void check_elementwise(brn_shape shape)
{
    double *a = quarters(shape, 1), *b = quarters(shape, 2), *c = quarters(shape, 3);
    for (int kind = 0; kind < BRN_ACTIVATION_COUNT; kind++) {
        brn__activation_attributes attributes = {(brn_activation)kind};
        check_case(
            &(layout_case){"activation", &brn__op_activation, &attributes, {{shape, a, 0}}, 1});
        check_case(&(layout_case){"activation_grad",
                                  &brn__op_activation_grad,
                                  &attributes,
                                  {{shape, a, 0}, {shape, b, 0}},
                                  2});
    }
    for (int shift = 0; shift < 2; shift++) {
        brn__scale_attributes attributes = {1.5, shift};
        check_case(&(layout_case){"scale", &brn__op_scale, &attributes, {{shape, a, 0}}, 1});
    }
    check_case(&(layout_case){"add", &brn__op_add, NULL, {{shape, a, 0}, {shape, b, 0}}, 2});
    check_case(&(layout_case){"mul", &brn__op_mul, NULL, {{shape, a, 0}, {shape, b, 0}}, 2});
    check_case(&(layout_case){
        "sum", &brn__op_sum, NULL, {{shape, a, 0}, {shape, b, 0}, {shape, c, 0}}, 3});
    free(a), free(b), free(c);
}

TEST(elementwise_kernels_give_the_same_in_every_layout)
{
    each_shape(check_elementwise);
}

static void check_global_pool(brn_shape shape)
{
    double *x = quarters(shape, 1);
    for (int kind = 1; kind <= 3; kind++) {
        brn__global_pool_attributes attributes = {kind & 1, kind >> 1 & 1};
        brn_shape pooled =
            brn_shape_of(2, (int64_t[]){shape.dims[0], shape.dims[1] * (1 + (kind == 3))});
        double *dy = quarters(pooled, 2);
        check_case(
            &(layout_case){"global_pool", &brn__op_global_pool, &attributes, {{shape, x, 0}}, 1});
        check_case(&(layout_case){"global_pool_grad",
                                  &brn__op_global_pool_grad,
                                  &attributes,
                                  {{pooled, dy, 0}, {shape, x, 0}},
                                  2});
        free(dy);
    }
    free(x);
}

TEST(global_pool_gives_the_same_in_every_layout)
{
    each_shape(check_global_pool);
}

static void check_concat(brn_shape shape)
{
    brn_shape other = shape;
    other.dims[1] = 24;
    double *a = quarters(shape, 1), *b = quarters(other, 2);
    brn__slice_attributes attributes = {.axis = 1};
    check_case(
        &(layout_case){"concat", &brn__op_concat, &attributes, {{shape, a, 0}, {other, b, 0}}, 2});
    check_case(
        &(layout_case){"concat", &brn__op_concat, &attributes, {{other, b, 0}, {shape, a, 0}}, 2});
    free(a), free(b);
}

TEST(concat_gives_the_same_in_every_layout)
{
    each_shape(check_concat);
}

static void check_slice(brn_shape shape)
{
    int64_t all = shape.dims[1];
    const int64_t cuts[][2] = {{0, all}, {0, 1}, {16, 32}, {16, all}, {8, 24}, {3, 5}};
    for (int i = 0; i < 6; i++) {
        if (cuts[i][1] > all || cuts[i][0] >= cuts[i][1]) continue;
        brn_shape part = shape;
        part.dims[1] = cuts[i][1] - cuts[i][0];
        brn__slice_attributes attributes = {1, cuts[i][0], cuts[i][1], shape};
        double *x = quarters(shape, 1), *dy = quarters(part, 2);
        check_case(&(layout_case){"slice", &brn__op_slice, &attributes, {{shape, x, 0}}, 1});
        check_case(
            &(layout_case){"slice_grad", &brn__op_slice_grad, &attributes, {{part, dy, 0}}, 1});
        free(x), free(dy);
    }
}

TEST(slice_gives_the_same_in_every_layout)
{
    each_shape(check_slice);
}
