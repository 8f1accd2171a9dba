/* SPDX-License-Identifier: Apache-2.0
 * pool2d, pool2d_grad, global_pool, global_pool_grad.
 * The workspace of the maximum is, per output element, its index inside the picture (H W). */
#include "backends/reference/reference.h"

#include <math.h>

/* A window, cut to the picture, and the divisor of its average. */
typedef struct window {
    int64_t begin[2], end[2];
    double divisor;
} window;

static window window_of(const brn_pool2d_options *options, const int64_t *size, int64_t i,
                        int64_t j)
{
    window result = {.divisor = 1};
    int64_t inside = 1, padded = 1;
    const int64_t place[2] = {i, j};
    for (int axis = 0; axis < 2; axis++) {
        int64_t begin = place[axis] * options->stride[axis] - options->padding[axis];
        int64_t end = begin + options->kernel[axis];
        padded *= options->kernel[axis];
        result.begin[axis] = begin < 0 ? 0 : begin;
        result.end[axis] = end > size[axis] ? size[axis] : end;
        inside *= result.end[axis] - result.begin[axis];
    }
    result.divisor = (double)(options->count_padding ? padded : inside);
    return result;
}

static brn_status run_pool2d(const brn__step *step, const brn__run *run)
{
    const brn__pool2d_attributes *attributes = step->node->attributes;
    const brn_pool2d_options *options = &attributes->options;
    brn_shape in = brn__step_shape(step, 0), out = step->node->outputs[0].shape;
    const double *x = step->inputs[0];
    double *y = step->outputs[0];
    int64_t *workspace = step->outputs[1], k = 0;
    (void)run;
    for (int64_t plane = 0; plane < in.dims[0] * in.dims[1]; plane++)
        for (int64_t i = 0; i < out.dims[2]; i++)
            for (int64_t j = 0; j < out.dims[3]; j++, k++) {
                const double *picture = x + plane * in.dims[2] * in.dims[3];
                window v = window_of(options, &in.dims[2], i, j);
                int64_t largest = v.begin[0] * in.dims[3] + v.begin[1];
                double sum = 0;
                for (int64_t p = v.begin[0]; p < v.end[0]; p++)
                    for (int64_t q = v.begin[1]; q < v.end[1]; q++) {
                        int64_t at = p * in.dims[3] + q;
                        if (picture[at] > picture[largest]) largest = at;
                        sum += picture[at];
                    }
                if (y) y[k] = options->kind == BRN_POOL_MAX ? picture[largest] : sum / v.divisor;
                if (workspace) workspace[k] = largest;
            }
    return BRN_OK;
}
REFERENCE_KERNEL(pool2d);

static brn_status run_pool2d_grad(const brn__step *step, const brn__run *run)
{
    const brn__pool2d_attributes *attributes = step->node->attributes;
    const brn_pool2d_options *options = &attributes->options;
    brn_shape in = attributes->x_shape, out = brn__step_shape(step, 0);
    const double *dy = step->inputs[0];
    const int64_t *workspace = step->inputs[1];
    double *dx = step->outputs[0];
    int64_t k = 0;
    (void)run;
    for (int64_t e = 0; e < output_elements(step, 0); e++) dx[e] = 0;
    for (int64_t plane = 0; plane < in.dims[0] * in.dims[1]; plane++)
        for (int64_t i = 0; i < out.dims[2]; i++)
            for (int64_t j = 0; j < out.dims[3]; j++, k++) {
                double *picture = dx + plane * in.dims[2] * in.dims[3];
                if (options->kind == BRN_POOL_MAX) {
                    picture[workspace[k]] += dy[k];
                    continue;
                }
                window v = window_of(options, &in.dims[2], i, j);
                for (int64_t p = v.begin[0]; p < v.end[0]; p++)
                    for (int64_t q = v.begin[1]; q < v.end[1]; q++)
                        picture[p * in.dims[3] + q] += dy[k] / v.divisor;
            }
    return BRN_OK;
}
REFERENCE_KERNEL(pool2d_grad);

/* With both, a row of y (N, 2C) holds C maxima, then C averages. */
static brn_status run_global_pool(const brn__step *step, const brn__run *run)
{
    const brn__global_pool_attributes *attributes = step->node->attributes;
    brn_shape in = brn__step_shape(step, 0);
    int64_t channels = in.dims[1], pixels = in.dims[2] * in.dims[3];
    int64_t row = step->node->outputs[0].shape.dims[1];
    const double *x = step->inputs[0];
    double *y = step->outputs[0];
    (void)run;
    for (int64_t n = 0; n < in.dims[0]; n++)
        for (int64_t c = 0; c < channels; c++) {
            const double *picture = x + (n * channels + c) * pixels;
            double largest = picture[0], sum = 0;
            for (int64_t p = 0; p < pixels; p++) {
                if (picture[p] > largest) largest = picture[p];
                sum += picture[p];
            }
            if (attributes->maximum) y[n * row + c] = largest;
            if (attributes->average) y[n * row + row - channels + c] = sum / (double)pixels;
        }
    return BRN_OK;
}
REFERENCE_KERNEL(global_pool);

static brn_status run_global_pool_grad(const brn__step *step, const brn__run *run)
{
    const brn__global_pool_attributes *attributes = step->node->attributes;
    brn_shape in = brn__step_shape(step, 1);
    int64_t channels = in.dims[1], pixels = in.dims[2] * in.dims[3];
    int64_t row = brn__step_shape(step, 0).dims[1];
    const double *dy = step->inputs[0], *x = step->inputs[1];
    double *dx = step->outputs[0];
    (void)run;
    for (int64_t n = 0; n < in.dims[0]; n++)
        for (int64_t c = 0; c < channels; c++) {
            int64_t start = (n * channels + c) * pixels, largest = 0;
            double share =
                attributes->average ? dy[n * row + row - channels + c] / (double)pixels : 0;
            for (int64_t p = 0; p < pixels; p++) {
                if (x[start + p] > x[start + largest]) largest = p;
                dx[start + p] = share;
            }
            if (attributes->maximum) dx[start + largest] += dy[n * row + c];
        }
    return BRN_OK;
}
REFERENCE_KERNEL(global_pool_grad);
