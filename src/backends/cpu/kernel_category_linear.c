/* SPDX-License-Identifier: Apache-2.0
 *
 * category_linear and its gradient. Threads share out the outputs: each transposes its rows of the weight, multiplies
 * the tables by them, and adds up its part of every row (backwards: sums dy by category, and makes its rows of
 * dweight from the sums). What sums over the outputs, dtables and ddense, comes after and is shared out by rows. An
 * element is one thread's, so its bits do not depend on their number. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/cpu.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { CHUNK = 64 }; /* outputs at a time: what is made of them stays in the first cache */

/* One run: the step's operands and its scratch. */
typedef struct category_run {
    const brn__category_linear_attributes *attributes;
    const brn__simd *simd;
    const float *x, *tables, *weight, *dense; /* dense may be NULL */
    const float *bias, *dy;                   /* forward, backward */
    float *y, *dtables, *dweight, *ddense;    /* y: forward; the others: NULL where not wanted */
    int64_t n, columns, outputs, inputs, dense_columns, rows, stride;
    float *transposed, *by_category, *dtransposed; /* (inputs, stride), (rows, stride), (inputs, stride) */
    uint32_t *begins, *which;
} category_run;

/* Floats from row to row of the scratch: an odd number of cache lines, so that rows lie in different sets. */
static int64_t stride_of(int64_t outputs)
{
    return ((outputs + 15) / 16 | 1) * 16;
}

/* `first`: the input that holds x; 0 forwards, 1 backwards. */
static category_run run_of(const brn__step *step, int first)
{
    brn_shape x = brn__step_shape(step, first), weight = brn__step_shape(step, first + 2);
    category_run r = {.attributes = step->node->attributes,
                      .simd = brn__simd_now(),
                      .x = step->inputs[first],
                      .tables = step->inputs[first + 1],
                      .weight = step->inputs[first + 2],
                      .dense = step->inputs[first + 3],
                      .n = x.dims[0],
                      .columns = x.dims[1],
                      .outputs = weight.dims[0],
                      .inputs = weight.dims[1],
                      .stride = stride_of(weight.dims[0])};
    r.rows = brn__category_rows(r.attributes);
    if (brn__has(step->node, first + 3)) r.dense_columns = brn__step_shape(step, first + 3).dims[1];
    if (!step->scratch) return r; /* it is only planned */
    r.transposed = step->scratch;
    r.by_category = r.transposed + r.inputs * r.stride;
    r.dtransposed = r.by_category + r.rows * r.stride;
    r.begins = (uint32_t *)(first ? r.dtransposed + r.inputs * r.stride : r.dtransposed);
    r.which = r.begins + (first ? r.rows : r.n) + 1;
    return r;
}

static brn_status prepare_at(brn__step *step, int first)
{
    const category_run r = run_of(step, first);
    const double most = (double)r.n * (double)r.attributes->count;
    if (most >= UINT32_MAX || (double)r.rows >= UINT32_MAX)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: %" PRId64 " rows of %d columns are too many", step->node->op->name,
                         r.n, r.attributes->count);
    brn__all_canonical(step);
    brn__cpu_size_team(step, step->node->op->flops(step->node));
    step->implementation = r.simd->name;
    step->scratch_bytes = sizeof(float) * (size_t)((r.inputs * (first + 1) + r.rows) * r.stride) +
                          sizeof(uint32_t) * (size_t)((first ? r.rows : r.n) + 1 + r.n * r.attributes->count);
    return BRN_OK;
}

/* As column_indices: the nearest whole number, halves up. */
static brn_status code_at(const brn__step *step, const category_run *r, const brn__category_column *c, int64_t n,
                          uint32_t *code)
{
    const double value = (double)r->x[n * r->columns + c->column] + .5;
    if (value >= 0 && value < (double)c->rows) {
        *code = (uint32_t)value;
        return BRN_OK;
    }
    const int64_t index = fabs(floor(value)) < 0x1p62 ? (int64_t)floor(value) : -1;
    return brn__fail(BRN_ERROR_INPUT, "%s: index %" PRId64 " of column %" PRId64 " at place %" PRId64
                     " is not in 0..%" PRId64, step->node->op->name, index, c->column, n, c->rows - 1);
}

/* which[n count + i]: the row of all tables that column i of row n names. */
static brn_status list_by_row(const brn__step *step, const category_run *r)
{
    uint32_t first = 0;
    const int count = r->attributes->count;
    for (int i = 0; i < count; i++) {
        const brn__category_column *c = &r->attributes->columns[i];
        for (int64_t n = 0; n < r->n; n++) {
            uint32_t code;
            BRN__TRY(code_at(step, r, c, n, &code));
            r->which[n * count + i] = first + code;
        }
        first += (uint32_t)c->rows;
    }
    for (int64_t n = 0; n <= r->n; n++) r->begins[n] = (uint32_t)(n * count);
    return BRN_OK;
}

/* The other way round: which[begins[v]] .. are the rows of x, ascending, that name row v of all tables. */
static brn_status list_by_category(const brn__step *step, const category_run *r)
{
    uint32_t at = 0, *begins = r->begins;
    for (int i = 0; i < r->attributes->count; i++) {
        const brn__category_column *c = &r->attributes->columns[i];
        uint32_t code;
        memset(begins, 0, (size_t)c->rows * sizeof *begins);
        for (int64_t n = 0; n < r->n; n++) {
            BRN__TRY(code_at(step, r, c, n, &code));
            begins[code]++;
        }
        for (int64_t v = 0; v < c->rows; v++) {
            const uint32_t named = begins[v];
            begins[v] = at;
            at += named;
        }
        for (int64_t n = 0; n < r->n; n++) {
            BRN__TRY(code_at(step, r, c, n, &code));
            r->which[begins[code]++] = (uint32_t)n;
        }
        memmove(begins + 1, begins, (size_t)c->rows * sizeof *begins); /* ends are the next one's begins */
        begins[0] = at - (uint32_t)r->n;
        begins += c->rows;
    }
    return BRN_OK;
}

/* -------------------------------------------------------------------------------- forward */

/* tables by weight, outputs from .. to - 1 */
static void multiply_tables(const category_run *r, int64_t from, int64_t to)
{
    const float *table = r->tables;
    float *products = r->by_category + from;
    for (int i = 0; i < r->attributes->count; i++) {
        const brn__category_column *c = &r->attributes->columns[i];
        r->simd->small_product(&(brn__small_product){.rows = c->rows,
                                                     .inner = c->width,
                                                     .columns = to - from,
                                                     .a = table,
                                                     .a_row = c->width,
                                                     .a_inner = 1,
                                                     .b = r->transposed + c->at * r->stride + from,
                                                     .b_row = r->stride,
                                                     .c = products,
                                                     .c_row = r->stride});
        table += c->rows * c->width;
        products += c->rows * r->stride;
    }
}

static void forward_chunk(const category_run *r, int64_t from, int64_t to)
{
    const brn__category_linear_attributes *attributes = r->attributes;
    r->simd->transpose(to - from, r->inputs, r->weight + from * r->inputs, r->inputs, r->transposed + from, r->stride);
    multiply_tables(r, from, to);
    int64_t at = 0;
    for (int i = 0; i < attributes->run_count; i++) {
        const brn__dense_run *run = &attributes->runs[i];
        r->simd->small_product(&(brn__small_product){.rows = r->n,
                                                     .inner = run->width,
                                                     .columns = to - from,
                                                     .a = r->dense + at,
                                                     .a_row = r->dense_columns,
                                                     .a_inner = 1,
                                                     .b = r->transposed + run->at * r->stride + from,
                                                     .b_row = r->stride,
                                                     .c = r->y + from,
                                                     .c_row = r->outputs,
                                                     .adds = i > 0});
        at += run->width;
    }
    r->simd->sum_rows(&(brn__row_sums){.rows = r->n,
                                       .columns = to - from,
                                       .begins = r->begins,
                                       .which = r->which,
                                       .x = r->by_category + from,
                                       .x_row = r->stride,
                                       .bias = r->bias ? r->bias + from : NULL,
                                       .y = r->y + from,
                                       .y_row = r->outputs,
                                       .adds = attributes->run_count > 0,
                                       .activation = attributes->activation});
}

/* Units of 16 outputs begin .. end - 1. */
static void forward_units(const brn__step *step, const void *context, int64_t begin, int64_t end)
{
    const category_run *r = context;
    const int64_t last = end * 16 < r->outputs ? end * 16 : r->outputs;
    (void)step;
    for (int64_t from = begin * 16; from < last; from += CHUNK)
        forward_chunk(r, from, last - from < CHUNK ? last : from + CHUNK);
}

static brn_status forward_prepare(brn__step *step) { return prepare_at(step, 0); }

static brn_status forward_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    category_run r = run_of(step, 0);
    r.bias = step->inputs[4];
    r.y = step->outputs[0];
    BRN__TRY(list_by_row(step, &r));
    brn__share_rows(step, step->threads, (r.outputs + 15) / 16, forward_units, &r);
    return BRN_OK;
}

const brn__kernel brn__cpu_category_linear = {forward_prepare, forward_run, NULL};

/* -------------------------------------------------------------------------------- backward */

/* Rows at .. at + width - 1 of dweight's transpose: a^T b, a (rows, width) with `a_row` between its rows. */
static void weight_part(const category_run *r, int64_t at, int64_t width, int64_t rows, const float *a, int64_t a_row,
                        const float *b, int64_t b_row, int64_t from, int64_t to)
{
    r->simd->small_product(&(brn__small_product){.rows = width,
                                                 .inner = rows,
                                                 .columns = to - from,
                                                 .a = a,
                                                 .a_row = 1,
                                                 .a_inner = a_row,
                                                 .b = b + from,
                                                 .b_row = b_row,
                                                 .c = r->dtransposed + at * r->stride + from,
                                                 .c_row = r->stride});
}

static void weight_chunk(const category_run *r, int64_t from, int64_t to)
{
    const brn__category_linear_attributes *attributes = r->attributes;
    const float *table = r->tables, *sums = r->by_category, *dense = r->dense;
    for (int i = 0; i < attributes->count; i++) {
        const brn__category_column *c = &attributes->columns[i];
        weight_part(r, c->at, c->width, c->rows, table, c->width, sums, r->stride, from, to);
        table += c->rows * c->width;
        sums += c->rows * r->stride;
    }
    for (int i = 0; i < attributes->run_count; i++) {
        const brn__dense_run *run = &attributes->runs[i];
        weight_part(r, run->at, run->width, r->n, dense, r->dense_columns, r->dy, r->outputs, from, to);
        dense += run->width;
    }
    r->simd->transpose(r->inputs, to - from, r->dtransposed + from, r->stride, r->dweight + from * r->inputs, r->inputs);
}

/* dy by category, outputs from .. to - 1: all at once, as a category's rows are few and differ in number. */
static void sum_by_category(const category_run *r, int64_t from, int64_t to)
{
    r->simd->sum_rows(&(brn__row_sums){.rows = r->rows,
                                       .columns = to - from,
                                       .begins = r->begins,
                                       .which = r->which,
                                       .x = r->dy + from,
                                       .x_row = r->outputs,
                                       .y = r->by_category + from,
                                       .y_row = r->stride});
}

static void backward_units(const brn__step *step, const void *context, int64_t begin, int64_t end)
{
    const category_run *r = context;
    const int64_t first = begin * 16, last = end * 16 < r->outputs ? end * 16 : r->outputs;
    (void)step;
    if (first >= last) return;
    if (r->dtables || r->dweight) sum_by_category(r, first, last);
    for (int64_t from = first; from < last; from += CHUNK) {
        const int64_t to = last - from < CHUNK ? last : from + CHUNK;
        if (r->dtables || r->ddense)
            r->simd->transpose(to - from, r->inputs, r->weight + from * r->inputs, r->inputs, r->transposed + from,
                               r->stride);
        if (r->dweight) weight_chunk(r, from, to);
    }
}

/* Rows begin .. end - 1 of a product with the weight: their `width` columns from `at` on. */
static void row_products(const category_run *r, int64_t begin, int64_t end, const float *a, int64_t a_row, int64_t at,
                         int64_t width, float *c, int64_t c_row)
{
    if (begin >= end) return;
    r->simd->small_product_transposed(&(brn__small_product){.rows = end - begin,
                                                            .inner = r->outputs,
                                                            .columns = width,
                                                            .a = a + begin * a_row,
                                                            .a_row = a_row,
                                                            .a_inner = 1,
                                                            .b = r->transposed + at * r->stride,
                                                            .b_row = r->stride,
                                                            .c = c + begin * c_row,
                                                            .c_row = c_row});
}

/* Rows of all tables, then rows of the batch. */
static void backward_rows(const brn__step *step, const void *context, int64_t begin, int64_t end)
{
    const category_run *r = context;
    const float *sums = r->by_category;
    float *dtable = r->dtables;
    (void)step;
    for (int i = 0; i < r->attributes->count; i++) {
        const brn__category_column *c = &r->attributes->columns[i];
        if (dtable) {
            row_products(r, begin > 0 ? begin : 0, end < c->rows ? end : c->rows, sums, r->stride, c->at, c->width,
                         dtable, c->width);
            dtable += c->rows * c->width;
        }
        sums += c->rows * r->stride;
        begin -= c->rows, end -= c->rows;
    }
    int64_t at = 0;
    for (int i = 0; r->ddense && i < r->attributes->run_count; i++) {
        const brn__dense_run *run = &r->attributes->runs[i];
        row_products(r, begin > 0 ? begin : 0, end, r->dy, r->outputs, run->at, run->width, r->ddense + at,
                     r->dense_columns);
        at += run->width;
    }
}

static brn_status backward_prepare(brn__step *step) { return prepare_at(step, 1); }

static brn_status backward_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    category_run r = run_of(step, 1);
    r.dy = step->inputs[0];
    r.dtables = step->outputs[0];
    r.dweight = step->outputs[1];
    r.ddense = r.dense ? step->outputs[2] : NULL;
    if (r.dtables || r.dweight) BRN__TRY(list_by_category(step, &r));
    brn__share_rows(step, step->threads, (r.outputs + 15) / 16, backward_units, &r);
    if (r.dtables || r.ddense) brn__share_rows(step, step->threads, r.rows + r.n, backward_rows, &r);
    return BRN_OK;
}

const brn__kernel brn__cpu_category_linear_grad = {backward_prepare, backward_run, NULL};
