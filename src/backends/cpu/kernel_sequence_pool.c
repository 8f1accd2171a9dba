/* SPDX-License-Identifier: Apache-2.0
 * sequence_pool and its gradient. A thread's work is a piece of one sequence, over all of its time. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <string.h>

enum { PIECE = 128 }; /* elements of a row */

typedef struct sizes {
    int64_t steps, items, width, pieces;
    int64_t padding;
} sizes;

static sizes sizes_of(const brn__step *step, int input)
{
    const brn__sequence_pool_attributes *attributes = step->node->attributes;
    brn_shape x = brn__step_shape(step, input);
    return (sizes){x.dims[0], x.dims[1], x.dims[2], (x.dims[2] + PIECE - 1) / PIECE, attributes->padding};
}

static brn_status prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->in[0].bytes > step->out[0].bytes ? step->in[0].bytes
                                                                                 : step->out[0].bytes);
    step->implementation = "c";
    return BRN_OK;
}

/* What one piece's time says: columns begin .. begin + count - 1 of sequence n. */
typedef struct pooled {
    int64_t n, begin, count;
    int64_t steps, last; /* that count; the last of them */
    float maximum[PIECE];
    int64_t best[PIECE];
    double sum[PIECE];
} pooled;

static bool is_counted(const sizes *s, const int64_t *tokens, int64_t t, int64_t n)
{
    return !tokens || tokens[t * s->items + n] != s->padding;
}

static void pool(const sizes *s, const float *x, const int64_t *tokens, int64_t piece, pooled *p)
{
    p->n = piece / s->pieces, p->begin = piece % s->pieces * PIECE;
    p->count = s->width - p->begin < PIECE ? s->width - p->begin : PIECE;
    p->steps = 0;
    for (int64_t i = 0; i < p->count; i++) p->maximum[i] = 0, p->sum[i] = 0, p->best[i] = -1;
    for (int64_t t = 0; t < s->steps; t++) {
        if (!is_counted(s, tokens, t, p->n)) continue;
        const float *row = x + (t * s->items + p->n) * s->width + p->begin;
        for (int64_t i = 0; i < p->count; i++) {
            const bool better = p->steps == 0 || row[i] > p->maximum[i];
            p->maximum[i] = better ? row[i] : p->maximum[i];
            p->best[i] = better ? t : p->best[i];
            p->sum[i] += (double)row[i];
        }
        p->last = t;
        p->steps++;
    }
}

static brn_status run(const brn__step *step, const brn__run *counters)
{
    const sizes s = sizes_of(step, 0);
    const float *x = step->inputs[0];
    (void)counters;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < s.items * s.pieces; k++) {
        pooled p;
        pool(&s, x, step->inputs[1], k, &p);
        float *y = (float *)step->outputs[0] + p.n * 3 * s.width + p.begin;
        for (int64_t i = 0; i < p.count; i++) {
            y[i] = p.steps ? x[(p.last * s.items + p.n) * s.width + p.begin + i] : 0;
            y[s.width + i] = p.maximum[i];
            y[2 * s.width + i] = p.steps ? (float)(p.sum[i] / (double)p.steps) : 0;
        }
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_sequence_pool = {prepare, run, NULL};

/* dx's piece: the mean's part at every step that counts, then the last step and the maxima. */
static void spread(const sizes *s, const pooled *p, const float *dy, const int64_t *tokens, float *dx)
{
    for (int64_t t = 0; t < s->steps; t++) {
        float *row = dx + t * s->items * s->width;
        if (is_counted(s, tokens, t, p->n))
            for (int64_t i = 0; i < p->count; i++)
                row[i] = (float)((double)dy[2 * s->width + i] / (double)p->steps);
        else memset(row, 0, (size_t)p->count * sizeof *row);
    }
    for (int64_t i = 0; p->steps && i < p->count; i++) {
        dx[p->last * s->items * s->width + i] += dy[i];
        dx[p->best[i] * s->items * s->width + i] += dy[s->width + i];
    }
}

static brn_status grad_run(const brn__step *step, const brn__run *counters)
{
    const sizes s = sizes_of(step, 1);
    (void)counters;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < s.items * s.pieces; k++) {
        pooled p;
        pool(&s, step->inputs[1], step->inputs[2], k, &p);
        spread(&s, &p, (const float *)step->inputs[0] + p.n * 3 * s.width + p.begin, step->inputs[2],
               (float *)step->outputs[0] + p.n * s.width + p.begin);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_sequence_pool_grad = {prepare, grad_run, NULL};
