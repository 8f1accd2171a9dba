/* SPDX-License-Identifier: Apache-2.0
 *
 * lstm and lstm_grad: products by oneDNN (gemm.h), gates by our own loops. Forward, one product gives the
 * input's part of all gates; then a step is one product with the recurrent matrix, packed once a run, which
 * adds to it, and one pass over the gates. Backward, a step is a pass over the gates and a product; the
 * recurrent matrix's gradient is one product over all steps (and one for the initial state).
 *
 * The record is the gates of all steps (T, N, 4H), then their cells (T, N, H). */
#include "backends/cpu/blocking.h"
#include "backends/cpu/cpu.h"
#include "backends/cpu/gemm.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "base/alloc.h"
#include "ops/attributes.h"

#include <string.h>

enum { UNITS = 256, GEMMS_MAX = 3 }; /* hidden units that a thread takes at a time */

typedef struct sizes {
    int64_t steps, items, inputs, hidden; /* T, N, I, H */
} sizes;

typedef struct lstm_data {
    brn__gemm *gemms[GEMMS_MAX];
    size_t scratch[6]; /* offsets */
    size_t bytes;      /* of the scratch so far */
} lstm_data;

/* A place of `floats` floats in the step's scratch. */
static size_t reserve(lstm_data *data, int64_t floats)
{
    size_t at = data->bytes;
    data->bytes = (at + (size_t)floats * sizeof(float) + 63) / 64 * 64;
    return at;
}

static float *scratch_at(const brn__step *step, size_t offset)
{
    return (float *)((char *)step->scratch + offset);
}

/* The team is chosen by the work of one time step: it meets at each. */
static brn_status prepare_with(brn__step *step, int64_t steps, brn_status (*prepare)(brn__step *step, lstm_data *data))
{
    brn__all_canonical(step);
    brn__cpu_size_team(step, step->node->op->flops(step->node) / (double)steps);
    lstm_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    step->data = data;
    return prepare(step, data);
}

static void release(brn__step *step)
{
    lstm_data *data = step->data;
    for (int i = 0; data && i < GEMMS_MAX; i++) brn__gemm_free(data->gemms[i]);
    brn__free(data);
    step->data = NULL;
}

/* The gemms share one piece of scratch, which comes last. */
static void finish(brn__step *step, lstm_data *data, int place)
{
    size_t largest = 0;
    for (int i = 0; i < GEMMS_MAX; i++) {
        size_t bytes = data->gemms[i] ? brn__gemm_scratch_bytes(data->gemms[i]) : 0;
        largest = bytes > largest ? bytes : largest;
    }
    data->scratch[place] = data->bytes;
    step->scratch_bytes = data->bytes + largest;
    step->implementation = brn__gemm_implementation(data->gemms[1]);
}

/* ---- lstm ---- */

enum { PROJECTION, RECURRENT };                                    /* gemms */
enum { AT_BIAS, AT_PACKED, AT_GATES, AT_CELL, AT_HIDDEN, AT_GEMM }; /* scratch */

static sizes forward_sizes(const brn__step *step)
{
    brn_shape x = brn__step_shape(step, 0), w = brn__step_shape(step, 4);
    return (sizes){x.dims[0], x.dims[1], x.dims[2], w.dims[1]};
}

static brn_status prepare_forward(brn__step *step, lstm_data *data)
{
    sizes s = forward_sizes(step);
    int64_t gates = 4 * s.hidden;
    bool bias = brn__has(step->node, 5) || brn__has(step->node, 6);
    BRN__TRY(brn__gemm_new(step,
                           &(brn__gemm_case){.rows = s.steps * s.items, .inner = s.inputs, .columns = gates,
                                             .transpose_b = true, .bias = bias},
                           &data->gemms[PROJECTION]));
    BRN__TRY(brn__gemm_new(step,
                           &(brn__gemm_case){.rows = s.items, .inner = s.hidden, .columns = gates,
                                             .transpose_b = true, .accumulate = true, .pack = s.steps > 1,
                                             .uses = s.steps},
                           &data->gemms[RECURRENT]));
    data->scratch[AT_BIAS] = reserve(data, bias ? gates : 0);
    data->scratch[AT_PACKED] =
        reserve(data, (int64_t)(brn__gemm_packed_bytes(data->gemms[RECURRENT]) / sizeof(float)));
    data->scratch[AT_GATES] = reserve(data, step->wanted[3] ? 0 : s.steps * s.items * gates);
    data->scratch[AT_CELL] = reserve(data, step->wanted[3] ? 0 : s.items * s.hidden);
    data->scratch[AT_HIDDEN] = reserve(data, step->wanted[0] ? 0 : 2 * s.items * s.hidden);
    finish(step, data, AT_GEMM);
    return BRN_OK;
}

static brn_status lstm_prepare(brn__step *step)
{
    brn_status status = prepare_with(step, forward_sizes(step).steps, prepare_forward);
    if (status != BRN_OK) release(step);
    return status;
}

static const float *add_biases(const brn__step *step, int64_t gates, float *sum)
{
    const float *b_ih = step->inputs[5], *b_hh = step->inputs[6];
    if (!b_ih || !b_hh) return b_ih ? b_ih : b_hh;
    brn__simd_now()->add(gates, b_ih, b_hh, sum);
    return sum;
}

/* The gates' functions, c and h of one step; items and pieces of their units are shared out. */
static void pass_forward(const brn__step *step, const sizes *s, float *gates, const float *c_before, float *c,
                         float *h)
{
    const brn__simd *simd = brn__simd_now();
    int64_t pieces = (s->hidden + UNITS - 1) / UNITS;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < s->items * pieces; k++) {
        int64_t n = k / pieces, begin = k % pieces * UNITS, at = n * s->hidden + begin;
        int64_t count = s->hidden - begin < UNITS ? s->hidden - begin : UNITS;
        simd->lstm_forward(count, s->hidden, c_before + at, gates + n * 4 * s->hidden + begin, c + at, h + at);
    }
}

static brn_status lstm_run(const brn__step *step, const brn__run *run)
{
    const lstm_data *data = step->data;
    sizes s = forward_sizes(step);
    int64_t state = s.items * s.hidden, all = s.steps * state;
    float *gates = step->outputs[3] ? step->outputs[3] : scratch_at(step, data->scratch[AT_GATES]);
    float *cells = step->outputs[3] ? gates + 4 * all : scratch_at(step, data->scratch[AT_CELL]);
    float *y = step->outputs[0] ? step->outputs[0] : scratch_at(step, data->scratch[AT_HIDDEN]);
    void *packed = scratch_at(step, data->scratch[AT_PACKED]), *scratch = scratch_at(step, data->scratch[AT_GEMM]);
    const void *w_hh = step->inputs[4];
    const float *h = step->inputs[1], *c = step->inputs[2];
    const float *bias = add_biases(step, 4 * s.hidden, scratch_at(step, data->scratch[AT_BIAS]));
    (void)run;
    BRN__TRY(brn__gemm_run(data->gemms[PROJECTION], step->inputs[0], step->inputs[3], bias, gates, scratch));
    if (s.steps > 1) {
        BRN__TRY(brn__gemm_pack(data->gemms[RECURRENT], w_hh, packed, scratch));
        w_hh = packed;
    }
    for (int64_t t = 0; t < s.steps; t++) {
        float *now = gates + t * 4 * state, *c_now = step->outputs[3] ? cells + t * state : cells;
        float *h_now = y + (step->outputs[0] ? t : t % 2) * state;
        BRN__TRY(brn__gemm_run(data->gemms[RECURRENT], h, w_hh, NULL, now, scratch));
        pass_forward(step, &s, now, c, c_now, h_now);
        h = h_now, c = c_now;
    }
    if (step->outputs[1]) memcpy(step->outputs[1], h, (size_t)state * sizeof *h);
    if (step->outputs[2]) memcpy(step->outputs[2], c, (size_t)state * sizeof *c);
    return BRN_OK;
}

const brn__kernel brn__cpu_lstm = {lstm_prepare, lstm_run, release};

/* ---- lstm_grad ---- */

enum { OF_INITIAL, TO_BEFORE, OF_STEPS };                 /* gemms: dw_hh of h0, dz w_hh, dw_hh of the rest */
enum { AT_W, AT_DZ, AT_DH, AT_DC, AT_UNUSED, AT_PRODUCT }; /* scratch */

static sizes backward_sizes(const brn__step *step)
{
    brn_shape record = brn__step_shape(step, 3);
    return (sizes){record.dims[0], record.dims[1], 0, record.dims[2] / 5};
}

static brn_status prepare_backward(brn__step *step, lstm_data *data)
{
    sizes s = backward_sizes(step);
    int64_t gates = 4 * s.hidden, state = s.items * s.hidden;
    BRN__TRY(brn__gemm_new(step,
                           &(brn__gemm_case){.rows = s.items, .inner = gates, .columns = s.hidden,
                                             .pack = s.steps > 1, .uses = s.steps},
                           &data->gemms[TO_BEFORE]));
    if (step->wanted[3]) {
        brn__gemm_case initial = {.rows = gates, .inner = s.items, .columns = s.hidden, .transpose_a = true};
        BRN__TRY(brn__gemm_new(step, &initial, &data->gemms[OF_INITIAL]));
        brn__gemm_case rest = initial;
        rest.inner = (s.steps - 1) * s.items;
        rest.accumulate = true;
        if (s.steps > 1) BRN__TRY(brn__gemm_new(step, &rest, &data->gemms[OF_STEPS]));
    }
    data->scratch[AT_W] =
        reserve(data, (int64_t)(brn__gemm_packed_bytes(data->gemms[TO_BEFORE]) / sizeof(float)));
    data->scratch[AT_DZ] = reserve(data, step->wanted[0] ? 0 : s.steps * s.items * gates);
    data->scratch[AT_DH] = reserve(data, state);
    data->scratch[AT_DC] = reserve(data, state);
    finish(step, data, AT_PRODUCT);
    return BRN_OK;
}

static brn_status lstm_grad_prepare(brn__step *step)
{
    brn_status status = prepare_with(step, backward_sizes(step).steps, prepare_backward);
    if (status != BRN_OK) release(step);
    return status;
}

/* One step for all items; the pointers of `cell` are those of item 0. */
static void pass_backward(const brn__step *step, const sizes *s, const brn__lstm_backward *cell)
{
    const brn__simd *simd = brn__simd_now();
    int64_t pieces = (s->hidden + UNITS - 1) / UNITS;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < s->items * pieces; k++) {
        int64_t n = k / pieces, begin = k % pieces * UNITS, at = n * s->hidden + begin;
        int64_t row = n * 4 * s->hidden + begin;
        brn__lstm_backward piece = {
            .gates = cell->gates + row,
            .c = cell->c + at,
            .c_before = cell->c_before + at,
            .dy = cell->dy ? cell->dy + at : NULL,
            .dh = cell->dh ? cell->dh + at : NULL,
            .dc = cell->dc + at,
            .dz = cell->dz + row,
        };
        simd->lstm_backward(s->hidden - begin < UNITS ? s->hidden - begin : UNITS, s->hidden, &piece);
    }
}

static brn_status weight_gradient(const brn__step *step, const sizes *s, const float *dz, float *scratch)
{
    const lstm_data *data = step->data;
    if (!step->outputs[3]) return BRN_OK;
    BRN__TRY(brn__gemm_run(data->gemms[OF_INITIAL], dz, step->inputs[7], NULL, step->outputs[3], scratch));
    if (s->steps == 1) return BRN_OK;
    return brn__gemm_run(data->gemms[OF_STEPS], dz + 4 * s->items * s->hidden, step->inputs[6], NULL,
                         step->outputs[3], scratch);
}

static brn_status lstm_grad_run(const brn__step *step, const brn__run *run)
{
    const lstm_data *data = step->data;
    sizes s = backward_sizes(step);
    int64_t state = s.items * s.hidden;
    size_t state_bytes = (size_t)state * sizeof(float);
    const float *gates = step->inputs[3], *cells = gates + s.steps * 4 * state, *dy = step->inputs[0];
    float *dz = step->outputs[0] ? step->outputs[0] : scratch_at(step, data->scratch[AT_DZ]);
    float *dh = scratch_at(step, data->scratch[AT_DH]), *dc = scratch_at(step, data->scratch[AT_DC]);
    float *packed = scratch_at(step, data->scratch[AT_W]), *scratch = scratch_at(step, data->scratch[AT_PRODUCT]);
    const void *w_hh = step->inputs[5];
    const float *dh_after = step->inputs[1];
    (void)run;
    if (step->inputs[2]) memcpy(dc, step->inputs[2], state_bytes);
    else memset(dc, 0, state_bytes);
    if (s.steps > 1) {
        BRN__TRY(brn__gemm_pack(data->gemms[TO_BEFORE], w_hh, packed, scratch));
        w_hh = packed;
    }
    for (int64_t t = s.steps - 1; t >= 0; t--) {
        brn__lstm_backward cell = {
            .gates = gates + t * 4 * state,
            .c = cells + t * state,
            .c_before = t ? cells + (t - 1) * state : step->inputs[4],
            .dy = dy ? dy + t * state : NULL,
            .dh = dh_after,
            .dc = dc,
            .dz = dz + t * 4 * state,
        };
        pass_backward(step, &s, &cell);
        if (t == 0 && !step->outputs[1]) break;
        BRN__TRY(brn__gemm_run(data->gemms[TO_BEFORE], cell.dz, w_hh, NULL, dh, scratch));
        dh_after = dh;
    }
    if (step->outputs[1]) memcpy(step->outputs[1], dh, state_bytes);
    if (step->outputs[2]) memcpy(step->outputs[2], dc, state_bytes);
    return weight_gradient(step, &s, dz, scratch);
}

const brn__kernel brn__cpu_lstm_grad = {lstm_grad_prepare, lstm_grad_run, release};
