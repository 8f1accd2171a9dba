/* SPDX-License-Identifier: Apache-2.0
 * conv2d and its two gradients: the same index set, three different sums. Threads divide what is
 * written, so that every value is one thread's sum, in the order of the plain loops. */
#include "backends/reference/reference.h"

/* One product of the convolution: y[n,o,i,j] takes w[o,c,p,q] x[n,xc,xi,xj]. */
typedef struct term {
    int64_t x, w; /* offsets */
    bool inside;  /* the x of padding is 0 */
} term;

static term term_of(const brn__conv2d_geometry *g, int64_t n, int64_t o, int64_t i, int64_t j,
                    int64_t c, int64_t p, int64_t q)
{
    int64_t group_channels = g->c / g->groups, group = o / (g->o / g->groups);
    int64_t xc = group * group_channels + c;
    int64_t xi = i * g->stride[0] - g->pad_begin[0] + p * g->dilation[0];
    int64_t xj = j * g->stride[1] - g->pad_begin[1] + q * g->dilation[1];
    return (term){.x = ((n * g->c + xc) * g->h + xi) * g->w + xj,
                  .w = ((o * group_channels + c) * g->kh + p) * g->kw + q,
                  .inside = xi >= 0 && xi < g->h && xj >= 0 && xj < g->w};
}

static double product(const brn__step *step, double a, double b)
{
    return brn__reference_factor(step, a) * brn__reference_factor(step, b);
}

static int64_t output_of(const brn__conv2d_geometry *g, int64_t n, int64_t o, int64_t i, int64_t j)
{
    return ((n * g->o + o) * g->oh + i) * g->ow + j;
}

/* Loops over the pixels (i, j) of one output plane and over the terms (c, p, q) of each. */
#define FOR_EACH_PIXEL(g)                                                                          \
    for (int64_t i = 0; i < (g).oh; i++)                                                           \
        for (int64_t j = 0; j < (g).ow; j++)
#define FOR_EACH_TERM(g)                                                                           \
    for (int64_t c = 0; c < (g).c / (g).groups; c++)                                               \
        for (int64_t p = 0; p < (g).kh; p++)                                                       \
            for (int64_t q = 0; q < (g).kw; q++)

static brn_status run_conv2d(const brn__step *step, const brn__run *run)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g =
        brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), brn__step_shape(step, 1));
    const double *x = step->inputs[0], *w = step->inputs[1];
    const double *bias = step->inputs[2], *residual = step->inputs[3];
    double *out = step->outputs[0];
    (void)run;
#pragma omp parallel for collapse(2)
    for (int64_t n = 0; n < g.n; n++)
        for (int64_t o = 0; o < g.o; o++)
            FOR_EACH_PIXEL (g) {
                const int64_t y = output_of(&g, n, o, i, j);
                double z = bias ? bias[o] : 0;
                FOR_EACH_TERM (g) {
                    term t = term_of(&g, n, o, i, j, c, p, q);
                    if (t.inside) z += product(step, w[t.w], x[t.x]);
                }
                if (residual) z += residual[y];
                out[y] = brn__reference_activate(attributes->activation, z);
            }
    return BRN_OK;
}
REFERENCE_KERNEL(conv2d);

static brn_status run_conv2d_grad_input(const brn__step *step, const brn__run *run)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g =
        brn__conv2d_geometry_of(attributes, attributes->x_shape, brn__step_shape(step, 1));
    const double *dy = step->inputs[0], *w = step->inputs[1];
    double *dx = step->outputs[0];
    (void)run;
    for (int64_t k = 0; k < output_elements(step, 0); k++) dx[k] = 0;
#pragma omp parallel for
    for (int64_t n = 0; n < g.n; n++)
        for (int64_t o = 0; o < g.o; o++)
            FOR_EACH_PIXEL (g)
                FOR_EACH_TERM (g) {
                    term t = term_of(&g, n, o, i, j, c, p, q);
                    if (t.inside) dx[t.x] += product(step, w[t.w], dy[output_of(&g, n, o, i, j)]);
                }
    return BRN_OK;
}
REFERENCE_KERNEL(conv2d_grad_input);

static brn_status run_conv2d_grad_weight(const brn__step *step, const brn__run *run)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g =
        brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    const double *x = step->inputs[0], *dy = step->inputs[1];
    double *dw = step->outputs[0], *db = step->outputs[1];
    (void)run;
    for (int64_t k = 0; dw && k < output_elements(step, 0); k++) dw[k] = 0;
    for (int64_t k = 0; db && k < g.o; k++) db[k] = 0;
#pragma omp parallel for
    for (int64_t o = 0; o < g.o; o++)
        for (int64_t n = 0; n < g.n; n++)
            FOR_EACH_PIXEL (g) {
                const int64_t y = output_of(&g, n, o, i, j);
                if (db) db[o] += brn__reference_factor(step, dy[y]);
                if (!dw) continue;
                FOR_EACH_TERM (g) {
                    term t = term_of(&g, n, o, i, j, c, p, q);
                    if (t.inside) dw[t.w] += product(step, x[t.x], dy[y]);
                }
            }
    return BRN_OK;
}
REFERENCE_KERNEL(conv2d_grad_weight);
