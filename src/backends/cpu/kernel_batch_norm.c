/* SPDX-License-Identifier: Apache-2.0
 *
 * Batch norm and its gradient in any blocked layout (spans.h), by the loops of simd/batch_norm.c.
 *
 * Both directions have the same skeleton: per panel of channels, `begin` sets parameter vectors,
 * `first` sums over a unit of memory, `finish` turns the panel's totals into the vectors of the
 * second pass, `second` writes a unit. Where there are enough panels for all threads, a thread
 * takes a panel through both passes (the second backwards), so that it meets what the first has
 * left in the caches; else units are shared out, pass by pass. Both orders add the same numbers in
 * the same order.
 */
#include "backends/cpu/dnnl.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/spans.h"
#include "base/alloc.h"
#include "ops/attributes.h"

#include <math.h>
#include <string.h>

/* Results from this size on are stored around the caches: measured better from 50 MB on, even when
 * the next step reads them at once; no different at 25 MB; worse at 6 MB (32 MB of L3). */
enum { STREAM_BYTES = 32 << 20 };

typedef struct norm_data {
    const brn__simd *simd;
    brn__spans spans;
    bool panel_wise, stream;
    double count; /* M = N H W */
    dnnl_memory_desc_t f32, bf16; /* nChw16c, where something is in bfloat16; else NULL */
    unsigned short_inputs;        /* bits: inputs that are read in bfloat16 */
    bool short_result;            /* y (dx) is made in bfloat16 */
} norm_data;

/* Parameter vectors of a panel, each (period). */
enum { MEAN, FACTOR, SHIFT, C1, C2, VECTORS };

typedef struct norm_job {
    const brn__step *step;
    const norm_data *data;
    float *vectors; /* (panels, VECTORS, period) */
    double *totals; /* (panels, 2, period) */
    double *parts;  /* panel-wise (panels, 2, period), else (panels, units, 2, period) */
    void (*begin)(const struct norm_job *job, int64_t panel);
    void (*first)(const struct norm_job *job, int64_t panel, int64_t unit, double *sums);
    void (*finish)(const struct norm_job *job, int64_t panel, const double *totals);
    void (*second)(const struct norm_job *job, int64_t panel, int64_t unit);
} norm_job;

static float *vector_of(const norm_job *job, int64_t panel, int which)
{
    return job->vectors + (panel * VECTORS + which) * job->data->spans.period;
}

static size_t vector_bytes(const brn__spans *spans)
{
    size_t bytes = (size_t)(spans->panels * VECTORS * spans->period) * sizeof(float);
    return (bytes + 63) / 64 * 64;
}

static void norm_release(brn__step *step)
{
    norm_data *data = step->data;
    if (data && data->f32) dnnl_memory_desc_destroy(data->f32);
    if (data && data->bf16) dnnl_memory_desc_destroy(data->bf16);
    brn__free(data);
    step->data = NULL;
}

static bool fits_bf16(brn_shape shape) { return shape.rank == 4 && shape.dims[1] % 16 == 0; }

/* nChw16c in both types, for steps that something comes to in bfloat16, or whose result is wanted so. */
static brn_status describe_blocks(brn__step *step, norm_data *data, brn_shape shape)
{
    if (step->precision != BRN_PRECISION_BF16 || !fits_bf16(shape)) return BRN_OK;
    const dnnl_dims_t dims = {shape.dims[0], shape.dims[1], shape.dims[2], shape.dims[3]};
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&data->f32, 4, dims, dnnl_f32, dnnl_nChw16c));
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&data->bf16, 4, dims, dnnl_bf16, dnnl_nChw16c));
    return BRN_OK;
}

static bool is_bf16(const brn__step *step, const norm_data *data, const brn__layout *layout)
{
    const brn__layout blocks = data->bf16 ? brn__dnnl_layout(data->bf16) : (brn__layout){NULL, 0};
    return data->bf16 && layout->description && step->backend->same_layout(layout, &blocks);
}

/* Inputs of the size of x that lie in bfloat16 are read so, and results that only readers of bfloat16 wait for are made
 * so. Result 0 takes the place of an input only where both are of one type. */
static void choose_bf16(brn__step *step, norm_data *data, const brn__layout *layout)
{
    const brn__layout blocks = data->f32 ? brn__dnnl_layout(data->f32) : (brn__layout){NULL, 0};
    if (!data->f32 || !layout->description || !step->backend->same_layout(layout, &blocks)) return;
    for (int i = 0; i < step->node->input_count; i++)
        if (brn__has(step->node, i) && step->in[i].description && is_bf16(step, data, &step->have[i])) {
            data->short_inputs |= 1u << i;
            step->in[i] = step->have[i];
        }
    data->short_result = step->narrow;
    if (step->narrow) step->out[0] = brn__dnnl_layout(data->bf16);
    const int place = step->in_place[0];
    if (place >= 0 && (data->short_inputs >> place & 1) != data->short_result) step->in_place[0] = -1;
}

/* The layout of everything that has x's shape, in float32. */
static brn_status choose_layout(const brn__step *step, const norm_data *data, int x, brn__layout *layout,
                                brn__blocking *blocking)
{
    const brn_shape shape = brn__input_shape(step->node, x);
    *layout = is_bf16(step, data, &step->have[x]) ? brn__dnnl_layout(data->f32) : step->have[x];
    if (!brn__is_bf16(layout) && brn__blocking_of(layout, shape, blocking)) return BRN_OK;
    *layout = brn__canonical_input(step, x);
    if (brn__blocking_of(layout, shape, blocking)) return BRN_OK;
    return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: x %s must be (N, C) or (N, C, H, W)", step->node->op->name,
                     BRN__SHAPE(shape));
}

static brn_status prepare_with(brn__step *step, norm_data *data, int x)
{
    const brn_shape shape = brn__input_shape(step->node, x);
    brn__blocking blocking;
    brn__layout layout;
    BRN__TRY(describe_blocks(step, data, shape));
    BRN__TRY(choose_layout(step, data, x, &layout, &blocking));
    brn__all_canonical(step);
    for (int i = 0; i < step->node->input_count; i++)
        if (brn__has(step->node, i) && brn_shape_equal(brn__input_shape(step->node, i), shape))
            step->in[i] = layout;
    for (int i = 0; i < step->node->output_count; i++)
        if (brn_shape_equal(step->node->outputs[i].shape, shape)) step->out[i] = layout;
    step->threads = brn__threads_for(step, layout.bytes);
    data->simd = brn__simd_now();
    data->stream = layout.bytes >= STREAM_BYTES;
    data->spans = brn__spans_of(&blocking);
    data->count = (double)(blocking.n * blocking.spatial);
    int64_t panels = data->spans.panels;
    data->panel_wise = panels % step->threads == 0 || panels >= 8 * step->threads;
    int64_t slots = panels + panels * (data->panel_wise ? 1 : data->spans.units);
    step->scratch_bytes =
        vector_bytes(&data->spans) + (size_t)(slots * 2 * data->spans.period) * sizeof(double);
    step->implementation = data->simd->name;
    choose_bf16(step, data, &layout);
    return BRN_OK;
}

static brn_status norm_prepare(brn__step *step, int x)
{
    norm_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    step->data = data;
    brn_status status = prepare_with(step, data, x);
    if (status != BRN_OK) norm_release(step);
    return status;
}

/* An input in the type that it lies in; the other is NULL, and both where it is absent. */
typedef struct typed {
    const float *wide;
    const uint16_t *narrow;
} typed;

static typed input_at(const norm_job *job, int input, int64_t at)
{
    const void *memory = job->step->inputs[input];
    if (!memory) return (typed){NULL, NULL};
    if (job->data->short_inputs >> input & 1) return (typed){NULL, (const uint16_t *)memory + at};
    return (typed){(const float *)memory + at, NULL};
}

static void first_of_unit(const norm_job *job, int64_t panel, int64_t unit, double *sums)
{
    memset(sums, 0, (size_t)(2 * job->data->spans.period) * sizeof *sums);
    job->first(job, panel, unit, sums);
}

static void run_panel(const norm_job *job, int64_t panel)
{
    const brn__spans *spans = &job->data->spans;
    int64_t width = 2 * spans->period;
    double *totals = job->totals + panel * width, *sums = job->parts + panel * width;
    if (job->begin) job->begin(job, panel);
    memset(totals, 0, (size_t)width * sizeof *totals);
    for (int64_t u = 0; job->first && u < spans->units; u++) {
        first_of_unit(job, panel, u, sums);
        for (int64_t l = 0; l < width; l++) totals[l] += sums[l];
    }
    if (job->finish) job->finish(job, panel, totals);
    for (int64_t u = spans->units - 1; job->second && u >= 0; u--) job->second(job, panel, u);
}

static void add_parts(const norm_job *job, int64_t panel)
{
    const brn__spans *spans = &job->data->spans;
    int64_t width = 2 * spans->period;
    double *totals = job->totals + panel * width;
    memset(totals, 0, (size_t)width * sizeof *totals);
    for (int64_t u = 0; u < spans->units; u++) {
        const double *sums = job->parts + (panel * spans->units + u) * width;
        for (int64_t l = 0; l < width; l++) totals[l] += sums[l];
    }
}

static void norm_run(const brn__step *step, norm_job *job)
{
    const norm_data *data = step->data;
    const brn__spans *spans = &data->spans;
    const int64_t panels = spans->panels, units = spans->units, width = 2 * spans->period;
    job->step = step;
    job->data = data;
    job->vectors = step->scratch;
    job->totals = (double *)((char *)step->scratch + vector_bytes(spans));
    job->parts = job->totals + panels * width;
    if (step->threads <= 1) { /* every panel is this thread's, without a team of one */
        for (int64_t p = 0; p < panels; p++) run_panel(job, p);
        return;
    }
    if (data->panel_wise) {
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
        for (int64_t p = 0; p < panels; p++) run_panel(job, p);
        return;
    }
#pragma omp parallel num_threads(step->threads) if (step->threads > 1)
    {
#pragma omp for schedule(static)
        for (int64_t p = 0; p < panels; p++)
            if (job->begin) job->begin(job, p);
#pragma omp for schedule(static)
        for (int64_t k = 0; k < panels * units; k++)
            if (job->first) first_of_unit(job, k / units, k % units, job->parts + k * width);
#pragma omp for schedule(static)
        for (int64_t p = 0; p < panels; p++)
            if (job->finish) {
                add_parts(job, p);
                job->finish(job, p, job->totals + p * width);
            }
#pragma omp for schedule(static)
        for (int64_t k = 0; k < panels * units; k++)
            if (job->second) job->second(job, k / units, k % units);
    }
}

/* Lanes l, l + block, ... of a period-16 panel hold the same channel; totals of channel c. */
static double total_of(const brn__spans *spans, const double *totals, int64_t c)
{
    double sum = 0;
    for (int64_t l = c; l < spans->period; l += spans->blocking.block) sum += totals[l];
    return sum;
}

/* vector[l] = value in all lanes of channel c. */
static void set_lanes(const brn__spans *spans, float *vector, int64_t c, double value)
{
    for (int64_t l = c; l < spans->period; l += spans->blocking.block) vector[l] = (float)value;
}

static void clear_vectors(const norm_job *job, int64_t panel)
{
    memset(vector_of(job, panel, 0), 0,
           (size_t)(VECTORS * job->data->spans.period) * sizeof(float));
}

/* What one channel is scaled by: the same bits in both directions, of the variance as it is handed on. */
static double factor_of(const brn__step *step, float gamma, float var)
{
    const brn__batch_norm_attributes *attributes = step->node->attributes;
    return gamma / sqrt(var + attributes->epsilon);
}

/* ---- forward: x, gamma, beta, mean, var, [residual] -> y, batch_mean, batch_var ---- */

enum { X, GAMMA, BETA, RUNNING_MEAN, RUNNING_VAR, RESIDUAL };
enum { Y, BATCH_MEAN, BATCH_VAR };

/* Statistics are taken about each channel's first element. */
static void forward_begin_batch(const norm_job *job, int64_t panel)
{
    const brn__spans *spans = &job->data->spans;
    int64_t length;
    const typed x = input_at(job, X, brn__span_at(spans, panel, 0, &length));
    clear_vectors(job, panel);
    for (int64_t c = 0; c < brn__span_channels(spans, panel); c++)
        set_lanes(spans, vector_of(job, panel, MEAN), c, x.wide ? x.wide[c] : brn__widened(x.narrow[c]));
}

static void forward_set(const norm_job *job, int64_t panel, int64_t c, float mean, float var)
{
    const brn__spans *spans = &job->data->spans;
    int64_t channel = panel * spans->blocking.block + c;
    const float *gamma = job->step->inputs[GAMMA], *beta = job->step->inputs[BETA];
    set_lanes(spans, vector_of(job, panel, MEAN), c, mean);
    set_lanes(spans, vector_of(job, panel, FACTOR), c, factor_of(job->step, gamma[channel], var));
    set_lanes(spans, vector_of(job, panel, SHIFT), c, beta[channel]);
}

static void forward_begin_fixed(const norm_job *job, int64_t panel)
{
    const brn__spans *spans = &job->data->spans;
    const float *mean = job->step->inputs[RUNNING_MEAN], *var = job->step->inputs[RUNNING_VAR];
    clear_vectors(job, panel);
    for (int64_t c = 0; c < brn__span_channels(spans, panel); c++) {
        int64_t channel = panel * spans->blocking.block + c;
        forward_set(job, panel, c, mean[channel], var[channel]);
    }
}

static void forward_first(const norm_job *job, int64_t panel, int64_t unit, double *sums)
{
    const brn__spans *spans = &job->data->spans;
    int64_t length, at = brn__span_at(spans, panel, unit, &length);
    const typed x = input_at(job, X, at);
    job->data->simd->norm_statistics(length, spans->period, x.wide, x.narrow, vector_of(job, panel, MEAN), sums,
                                     sums + spans->period);
}

static void forward_finish(const norm_job *job, int64_t panel, const double *totals)
{
    const brn__spans *spans = &job->data->spans;
    const float *about = vector_of(job, panel, MEAN);
    float *batch_mean = job->step->outputs[BATCH_MEAN], *batch_var = job->step->outputs[BATCH_VAR];
    for (int64_t c = 0; c < brn__span_channels(spans, panel); c++) {
        double offset = total_of(spans, totals, c) / job->data->count;
        double var =
            total_of(spans, totals + spans->period, c) / job->data->count - offset * offset;
        double mean = about[c] + offset;
        if (var < 0) var = 0;
        int64_t channel = panel * spans->blocking.block + c;
        if (batch_mean) batch_mean[channel] = (float)mean;
        if (batch_var) batch_var[channel] = (float)var;
        forward_set(job, panel, c, (float)mean, (float)var);
    }
}

static void forward_second(const norm_job *job, int64_t panel, int64_t unit)
{
    const brn__batch_norm_attributes *attributes = job->step->node->attributes;
    const brn__spans *spans = &job->data->spans;
    int64_t length, at = brn__span_at(spans, panel, unit, &length);
    const float *residual = job->step->inputs[RESIDUAL];
    const typed x = input_at(job, X, at);
    job->data->simd->norm_apply(&(brn__norm_forward){
        .length = length,
        .period = spans->period,
        .x = x.wide,
        .x16 = x.narrow,
        .residual = residual ? residual + at : NULL,
        .y = job->data->short_result ? NULL : (float *)job->step->outputs[Y] + at,
        .y16 = job->data->short_result ? (uint16_t *)job->step->outputs[Y] + at : NULL,
        .mean = vector_of(job, panel, MEAN),
        .factor = vector_of(job, panel, FACTOR),
        .shift = vector_of(job, panel, SHIFT),
        .activation = attributes->activation,
        .stream = job->data->stream && job->step->outputs[Y] != job->step->inputs[X],
    });
}

static bool is_batch_form(const brn_node *node)
{
    const brn__batch_norm_attributes *attributes = node->attributes;
    return attributes->resolved && attributes->form == BRN_NORM_BATCH;
}

static brn_status forward_prepare(brn__step *step)
{
    step->in_place[Y] = X;
    return norm_prepare(step, X);
}

static brn_status forward_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    norm_job job = {.begin = forward_begin_fixed};
    if (is_batch_form(step->node))
        job = (norm_job){
            .begin = forward_begin_batch, .first = forward_first, .finish = forward_finish};
    if (step->outputs[Y]) job.second = forward_second;
    norm_run(step, &job);
    return BRN_OK;
}

/* Where something learns; else convolutions take norms in, and what is left stays as it is. */
static bool forward_reads_bf16(const brn_node *node, int input, bool differentiates)
{
    return differentiates && input == X && fits_bf16(brn__input_shape(node, X));
}

const brn__kernel brn__cpu_batch_norm = {forward_prepare, forward_run, norm_release, forward_reads_bf16};

/* ---- gradient: dy, x, gamma, m, v, [y], [dy2], [beta] -> dx, dgamma, dbeta, dresidual ---- */

enum { DY, GRAD_X, GRAD_GAMMA, GRAD_MEAN, GRAD_VAR, GRAD_Y, DY2, GRAD_BETA };
enum { DX, DGAMMA, DBETA, DRESIDUAL };

static double inverse_deviation(const brn__step *step, int64_t channel)
{
    return factor_of(step, 1, ((const float *)step->inputs[GRAD_VAR])[channel]);
}

static void backward_begin(const norm_job *job, int64_t panel)
{
    const brn__spans *spans = &job->data->spans;
    const float *gamma = job->step->inputs[GRAD_GAMMA], *mean = job->step->inputs[GRAD_MEAN];
    const float *var = job->step->inputs[GRAD_VAR], *beta = job->step->inputs[GRAD_BETA];
    clear_vectors(job, panel);
    for (int64_t c = 0; c < brn__span_channels(spans, panel); c++) {
        int64_t channel = panel * spans->blocking.block + c;
        set_lanes(spans, vector_of(job, panel, MEAN), c, mean[channel]);
        set_lanes(spans, vector_of(job, panel, FACTOR), c, factor_of(job->step, gamma[channel], var[channel]));
        if (beta) set_lanes(spans, vector_of(job, panel, SHIFT), c, beta[channel]);
    }
}

static brn__norm_backward backward_span(const norm_job *job, int64_t panel, int64_t unit)
{
    const brn__step *step = job->step;
    const brn__batch_norm_attributes *attributes = step->node->attributes;
    const brn__spans *spans = &job->data->spans;
    int64_t length, at = brn__span_at(spans, panel, unit, &length);
    const bool narrow = job->data->short_result;
    float *dx = narrow ? NULL : step->outputs[DX], *dz = step->outputs[DRESIDUAL];
    uint16_t *dx16 = narrow ? step->outputs[DX] : NULL;
    const typed dy = input_at(job, DY, at), dy2 = input_at(job, DY2, at), y = input_at(job, GRAD_Y, at),
                x = input_at(job, GRAD_X, at);
    return (brn__norm_backward){
        .length = length,
        .period = spans->period,
        .dy = dy.wide,
        .dy16 = dy.narrow,
        .dy2 = dy2.wide,
        .dy2_16 = dy2.narrow,
        .y = y.wide,
        .y16 = y.narrow,
        .x = x.wide,
        .x16 = x.narrow,
        .dx = dx ? dx + at : NULL,
        .dx16 = dx16 ? dx16 + at : NULL,
        .dz = dz ? dz + at : NULL,
        .mean = vector_of(job, panel, MEAN),
        .factor = vector_of(job, panel, FACTOR),
        .shift = step->inputs[GRAD_BETA] ? vector_of(job, panel, SHIFT) : NULL,
        .c1 = vector_of(job, panel, C1),
        .c2 = vector_of(job, panel, C2),
        .activation = attributes->activation,
        .stream = job->data->stream && step->outputs[DX] != step->inputs[DY] && step->outputs[DX] != step->inputs[GRAD_X],
    };
}

static void backward_first(const norm_job *job, int64_t panel, int64_t unit, double *sums)
{
    brn__norm_backward span = backward_span(job, panel, unit);
    if (job->second) span.dx = NULL, span.dx16 = NULL; /* batch statistics: dx needs the sums */
    if (!job->finish) sums = NULL;
    job->data->simd->norm_backward_first(&span, sums, sums ? sums + job->data->spans.period : NULL);
}

static void backward_finish(const norm_job *job, int64_t panel, const double *totals)
{
    const brn__spans *spans = &job->data->spans;
    float *dgamma = job->step->outputs[DGAMMA], *dbeta = job->step->outputs[DBETA];
    for (int64_t c = 0; c < brn__span_channels(spans, panel); c++) {
        int64_t channel = panel * spans->blocking.block + c;
        double sum = total_of(spans, totals, c);
        double inverse = inverse_deviation(job->step, channel);
        double product = inverse * total_of(spans, totals + spans->period, c); /* sum of dz xhat */
        if (dbeta) dbeta[channel] = (float)sum;
        if (dgamma) dgamma[channel] = (float)product;
        set_lanes(spans, vector_of(job, panel, C1), c, sum / job->data->count);
        set_lanes(spans, vector_of(job, panel, C2), c, product * inverse / job->data->count);
    }
}

static void backward_second(const norm_job *job, int64_t panel, int64_t unit)
{
    brn__norm_backward span = backward_span(job, panel, unit);
    if (span.dz) { /* the first pass has stored dz there */
        span.dy = span.dz;
        span.dy2 = NULL;
        span.dy16 = span.dy2_16 = NULL;
        span.activation = BRN_ACTIVATION_NONE;
    }
    job->data->simd->norm_backward_second(&span);
}

/* dx may take the place of dy, or, where dresidual takes that, of x. */
static brn_status backward_prepare(brn__step *step)
{
    step->in_place[DX] = step->wanted[DRESIDUAL] ? GRAD_X : DY;
    step->in_place[DRESIDUAL] = DY;
    return norm_prepare(step, GRAD_X);
}

static brn_status backward_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    norm_job job = {.begin = backward_begin, .first = backward_first};
    bool second = is_batch_form(step->node) && step->outputs[DX];
    if (second) job.second = backward_second;
    if (second || step->outputs[DGAMMA] || step->outputs[DBETA]) job.finish = backward_finish;
    norm_run(step, &job);
    return BRN_OK;
}

/* RELU's mask is y's sign, which rounding leaves (but for y below 2^-133, which is 0 then); RELU6's is y's place below 6,
 * which it may not. */
static bool backward_reads_bf16(const brn_node *node, int input, bool differentiates)
{
    const brn__batch_norm_attributes *attributes = node->attributes;
    if (!differentiates || !fits_bf16(brn__input_shape(node, GRAD_X))) return false;
    if (input == GRAD_Y) return attributes->activation == BRN_ACTIVATION_RELU;
    return input == DY || input == DY2 || input == GRAD_X;
}

const brn__kernel brn__cpu_batch_norm_grad = {backward_prepare, backward_run, norm_release, backward_reads_bf16};
