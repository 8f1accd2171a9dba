/* SPDX-License-Identifier: Apache-2.0
 * category_linear and its gradient. */
#include "backends/reference/reference.h"

#include <math.h>

/* What both walk over: `first` is the input that holds x. */
typedef struct operands {
    const brn__category_linear_attributes *attributes;
    const double *x, *tables, *weight, *dense; /* dense may be NULL */
    int64_t n, columns, outputs, inputs, dense_columns;
} operands;

static operands operands_of(const brn__step *step, int first)
{
    brn_shape x = brn__step_shape(step, first), weight = brn__step_shape(step, first + 2);
    return (operands){.attributes = step->node->attributes,
                      .x = step->inputs[first],
                      .tables = step->inputs[first + 1],
                      .weight = step->inputs[first + 2],
                      .dense = step->inputs[first + 3],
                      .n = x.dims[0],
                      .columns = x.dims[1],
                      .outputs = weight.dims[0],
                      .inputs = weight.dims[1],
                      .dense_columns = brn__has(step->node, first + 3) ? brn__step_shape(step, first + 3).dims[1] : 0};
}

static int64_t code_of(const operands *o, const brn__category_column *c, int64_t n)
{
    double code = floor(o->x[n * o->columns + c->column] + .5);
    return fabs(code) < 0x1p62 ? (int64_t)code : -1;
}

static brn_status check_codes(const brn__step *step, const operands *o)
{
    for (int i = 0; i < o->attributes->count; i++)
        for (int64_t n = 0; n < o->n; n++) {
            int64_t code = code_of(o, &o->attributes->columns[i], n);
            if (code < 0 || code >= o->attributes->columns[i].rows)
                return brn__fail(BRN_ERROR_INPUT, "%s: index %lld of column %lld at place %lld is not in 0..%lld",
                                 step->node->op->name, (long long)code, (long long)o->attributes->columns[i].column,
                                 (long long)n, (long long)o->attributes->columns[i].rows - 1);
        }
    return BRN_OK;
}

static brn_status run_category_linear(const brn__step *step, const brn__run *run)
{
    const operands o = operands_of(step, 0);
    const double *bias = step->inputs[4];
    double *y = step->outputs[0];
    (void)run;
    BRN__TRY(check_codes(step, &o));
    for (int64_t n = 0; n < o.n; n++)
        for (int64_t j = 0; j < o.outputs; j++) {
            const double *w = o.weight + j * o.inputs, *table = o.tables;
            const double *dense = o.dense + n * o.dense_columns;
            double z = bias ? bias[j] : 0;
            for (int i = 0; i < o.attributes->count; i++) {
                const brn__category_column *c = &o.attributes->columns[i];
                const double *row = table + code_of(&o, c, n) * c->width;
                for (int64_t k = 0; k < c->width; k++) z += w[c->at + k] * row[k];
                table += c->rows * c->width;
            }
            for (int i = 0; i < o.attributes->run_count; i++)
                for (int64_t k = 0; k < o.attributes->runs[i].width; k++)
                    z += w[o.attributes->runs[i].at + k] * *dense++;
            y[n * o.outputs + j] = brn__reference_activate(o.attributes->activation, z);
        }
    return BRN_OK;
}
REFERENCE_KERNEL(category_linear);

static brn_status run_category_linear_grad(const brn__step *step, const brn__run *run)
{
    const operands o = operands_of(step, 1);
    const double *dy = step->inputs[0];
    double *dtables = step->outputs[0], *dweight = step->outputs[1], *dx = step->outputs[2];
    (void)run;
    BRN__TRY(check_codes(step, &o));
    for (int64_t i = 0; dtables && i < output_elements(step, 0); i++) dtables[i] = 0;
    for (int64_t i = 0; dweight && i < output_elements(step, 1); i++) dweight[i] = 0;
    for (int64_t i = 0; dx && i < o.n * o.dense_columns; i++) dx[i] = 0;
    for (int64_t n = 0; n < o.n; n++)
        for (int64_t j = 0; j < o.outputs; j++) {
            const double dz = dy[n * o.outputs + j];
            int64_t table = 0, place = n * o.dense_columns;
            for (int i = 0; i < o.attributes->count; i++) {
                const brn__category_column *c = &o.attributes->columns[i];
                const int64_t row = table + code_of(&o, c, n) * c->width, at = j * o.inputs + c->at;
                for (int64_t k = 0; k < c->width; k++) {
                    if (dtables) dtables[row + k] += dz * o.weight[at + k];
                    if (dweight) dweight[at + k] += dz * o.tables[row + k];
                }
                table += c->rows * c->width;
            }
            for (int i = 0; i < o.attributes->run_count; i++) {
                const int64_t at = j * o.inputs + o.attributes->runs[i].at;
                for (int64_t k = 0; k < o.attributes->runs[i].width; k++, place++) {
                    if (dx) dx[place] += dz * o.weight[at + k];
                    if (dweight) dweight[at + k] += dz * o.dense[place];
                }
            }
        }
    return BRN_OK;
}
REFERENCE_KERNEL(category_linear_grad);
