/* SPDX-License-Identifier: Apache-2.0
 * qrnn and qrnn_grad. Units do not meet each other: a thread's work is a piece of one sequence's units, over all of its
 * time, so that no step waits for another thread. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <string.h>

enum { UNITS = 256 }; /* of a piece */

typedef struct sizes {
    int64_t steps, items, hidden, pieces;
    bool backward;
} sizes;

static sizes sizes_of(const brn__step *step, brn_shape shape)
{
    const brn__qrnn_attributes *attributes = step->node->attributes;
    return (sizes){shape.dims[0], shape.dims[1], shape.dims[2], (shape.dims[2] + UNITS - 1) / UNITS,
                   attributes->backward};
}

/* Units begin .. begin + count - 1 of one sequence; `at` is their place in a state (N, H). */
typedef struct piece {
    int64_t begin, count, at;
    float state[UNITS];
} piece;

static void piece_begin(const sizes *s, int64_t number, piece *p)
{
    p->begin = number % s->pieces * UNITS;
    p->count = s->hidden - p->begin < UNITS ? s->hidden - p->begin : UNITS;
    p->at = number / s->pieces * s->hidden + p->begin;
}

/* Where the piece's step that comes `turn`-th lies in (T,N,H). */
static int64_t place_of(const sizes *s, const piece *p, int64_t turn)
{
    return (s->backward ? s->steps - 1 - turn : turn) * s->items * s->hidden + p->at;
}

/* A place of (T,N,H) in the gates (T,N,3H). */
static int64_t gates_of(const piece *p, int64_t place)
{
    return 3 * (place - p->begin) + p->begin;
}

static const float *from(const float *values, int64_t place)
{
    return values ? values + place : NULL;
}

static void copy_out(const piece *p, const float *values, float *state)
{
    if (state) memcpy(state + p->at, values, (size_t)p->count * sizeof *values);
}

static brn_status prepare(brn__step *step, int gates)
{
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->in[gates].bytes * 4); /* functions cost */
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

/* ---- qrnn ---- */

static brn_status qrnn_prepare(brn__step *step)
{
    return prepare(step, 0);
}

static void piece_forward(const brn__step *step, const sizes *s, piece *p)
{
    const brn__simd *simd = brn__simd_now();
    const float *gates = step->inputs[0], *keep = step->inputs[2], *before = (const float *)step->inputs[1] + p->at;
    float *y = step->outputs[0], *h_n = step->outputs[1], *cells = step->outputs[3];
    for (int64_t turn = 0; turn < s->steps; turn++) {
        const int64_t place = place_of(s, p, turn);
        const bool last = turn + 1 == s->steps;
        brn__qrnn_forward cell = {.gates = gates + gates_of(p, place),
                                  .keep = from(keep, place),
                                  .c_before = before,
                                  .c = cells ? cells + place : p->state,
                                  .y = y ? y + place : last && h_n ? h_n + p->at : NULL};
        simd->qrnn_forward(p->count, s->hidden, &cell);
        before = cell.c;
        if (last && y) copy_out(p, cell.y, h_n);
    }
    copy_out(p, before, step->outputs[2]);
}

static brn_status qrnn_run(const brn__step *step, const brn__run *run)
{
    const sizes s = sizes_of(step, step->node->outputs[0].shape);
    (void)run;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < s.items * s.pieces; k++) {
        piece p;
        piece_begin(&s, k, &p);
        piece_forward(step, &s, &p);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_qrnn = {qrnn_prepare, qrnn_run, NULL};

/* ---- qrnn_grad ---- */

/* The gates' gradient may take their place: each is read before it is written. */
static brn_status qrnn_grad_prepare(brn__step *step)
{
    BRN__TRY(prepare(step, 3));
    step->in_place[0] = 3;
    return BRN_OK;
}

static void piece_backward(const brn__step *step, const sizes *s, piece *p)
{
    const brn__simd *simd = brn__simd_now();
    const float *gates = step->inputs[3], *cells = step->inputs[5], *keep = step->inputs[6];
    const float *dc_n = step->inputs[2];
    float *dgates = step->outputs[0];
    if (dc_n) memcpy(p->state, dc_n + p->at, (size_t)p->count * sizeof *dc_n);
    else memset(p->state, 0, (size_t)p->count * sizeof *p->state);
    for (int64_t turn = s->steps - 1; turn >= 0; turn--) {
        const int64_t place = place_of(s, p, turn), gate = gates_of(p, place);
        const brn__qrnn_backward cell = {
            .gates = gates + gate,
            .keep = from(keep, place),
            .c = cells + place,
            .c_before = turn ? cells + place_of(s, p, turn - 1) : (const float *)step->inputs[4] + p->at,
            .dy = from(step->inputs[0], place),
            .dh = turn + 1 == s->steps ? from(step->inputs[1], p->at) : NULL,
            .dc = p->state,
            .dgates = dgates ? dgates + gate : NULL};
        simd->qrnn_backward(p->count, s->hidden, &cell);
    }
    copy_out(p, p->state, step->outputs[1]);
}

static brn_status qrnn_grad_run(const brn__step *step, const brn__run *run)
{
    const sizes s = sizes_of(step, brn__step_shape(step, 5));
    (void)run;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < s.items * s.pieces; k++) {
        piece p;
        piece_begin(&s, k, &p);
        piece_backward(step, &s, &p);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_qrnn_grad = {qrnn_grad_prepare, qrnn_grad_run, NULL};
