/* SPDX-License-Identifier: Apache-2.0
 * Answers of a trained network: of pairs, of all items for one user, and the best of them. A dot
 * network is computed here, without a plan, in microseconds. */
#include "base/alloc.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <stdlib.h>

enum { PAIRS_AT_ONCE = 4096 };

/* ------------------------------------------------------------------ dot */

static float dot(const float *a, const float *b, int64_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < count; k++) sum += a[k] * b[k];
    return sum;
}

double brn__ratings_finish(const brn__ratings_network *n, double raw)
{
    if (!n->has_range || !n->is_dot) return raw;
    return n->low + (n->high - n->low) / (1 + exp(-raw));
}

static void score_pairs_of_dot(const brn__ratings_network *n, int64_t count, const int32_t *users,
                               const int32_t *items, float *out)
{
    const brn__ratings_tables t = brn__ratings_tables_of(n);
    for (int64_t k = 0; k < count; k++) {
        int64_t u = users[k], i = items[k];
        float raw = dot(t.u + u * n->factors, t.i + i * n->factors, n->factors);
        out[k] = (float)brn__ratings_finish(n, (double)raw + t.u_bias[u] + t.i_bias[i]);
    }
}

static void score_rows(const brn__ratings_network *n, const float *user, float user_bias, float *out)
{
    const brn__ratings_tables t = brn__ratings_tables_of(n);
    for (int64_t i = 0; i < n->items; i++)
        out[i] = dot(user, t.i + i * n->factors, n->factors) + t.i_bias[i] + user_bias;
}

void brn__ratings_score_items_for(const brn__ratings_network *n, const float *user, float *out)
{
    score_rows(n, user, user[n->factors], out);
}

/* ------------------------------------------------------------------ by the network */

/* Pairs (count): item `items`[k], or k itself when it is NULL; user `users`[k], or `user`. */
typedef struct pairs {
    const int32_t *users, *items;
    int32_t user;
    int64_t first;
} pairs;

static brn_status run_pairs(brn__ratings_network *n, const pairs *p, int64_t count, float *rows,
                            float *out)
{
    brn_plan *plan;
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = n->score;
    options.shape_inputs[options.shape_count] = n->ends.input;
    options.shapes[options.shape_count++] = brn_shape_of(2, (int64_t[]){count, n->width});
    for (int64_t k = 0; k < count; k++) {
        float *row = rows + k * n->width;
        row[0] = (float)(p->users ? p->users[p->first + k] : p->user);
        row[1] = (float)(p->items ? p->items[p->first + k] : (int32_t)(p->first + k));
        if (n->width == 3) row[2] = 0;
    }
    BRN__TRY(brn_runner_plan(brn__learner_runner(n->learner), &options, &plan));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(n->ends.input), rows));
    BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
    const float *values = brn_plan_output(plan, 0);
    for (int64_t k = 0; k < count; k++) out[p->first + k] = values[k];
    return BRN_OK;
}

static brn_status run_all(brn__ratings_network *n, pairs p, int64_t count, float *out)
{
    float *rows = brn__alloc_array((size_t)(PAIRS_AT_ONCE * n->width), sizeof *rows);
    if (!rows) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (int64_t k = 0; status == BRN_OK && k < count; k += PAIRS_AT_ONCE) {
        p.first = k;
        status = run_pairs(n, &p, count - k < PAIRS_AT_ONCE ? count - k : PAIRS_AT_ONCE, rows, out);
    }
    brn__free(rows);
    return status;
}

brn_status brn__ratings_score_pairs(brn__ratings_network *n, int64_t count, const int32_t *users,
                                    const int32_t *items, float *out)
{
    if (!n->is_dot) return run_all(n, (pairs){.users = users, .items = items}, count, out);
    score_pairs_of_dot(n, count, users, items, out);
    return BRN_OK;
}

brn_status brn__ratings_score_items(brn__ratings_network *n, int64_t user, float *out)
{
    if (!n->is_dot) return run_all(n, (pairs){.user = (int32_t)user}, n->items, out);
    const brn__ratings_tables t = brn__ratings_tables_of(n);
    score_rows(n, t.u + user * n->factors, t.u_bias[user], out);
    return BRN_OK;
}

/* ------------------------------------------------------------------ the best */

static int compare(const void *left, const void *right)
{
    const brn_ratings_item *a = left, *b = right;
    if (a->value != b->value) return a->value < b->value ? 1 : -1;
    return (a->item > b->item) - (a->item < b->item);
}

/* The worst of a heap is at its top. */
static void sift_down(brn_ratings_item *heap, int64_t count)
{
    for (int64_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && compare(&heap[child + 1], &heap[child]) > 0) child++;
        if (compare(&heap[child], &heap[at]) <= 0) return;
        brn_ratings_item kept = heap[at];
        heap[at] = heap[child];
        heap[child] = kept;
    }
}

static void sift_up(brn_ratings_item *heap, int64_t at)
{
    for (int64_t parent; at > 0; at = parent) {
        parent = (at - 1) / 2;
        if (compare(&heap[at], &heap[parent]) <= 0) return;
        brn_ratings_item kept = heap[at];
        heap[at] = heap[parent];
        heap[parent] = kept;
    }
}

int64_t brn__ratings_best(const float *scores, const uint8_t *left_out, int64_t items, int64_t most,
                          brn_ratings_item *out)
{
    int64_t count = 0;
    for (int64_t i = 1; most > 0 && i < items; i++) {
        if (left_out[i] || (count == most && !((double)scores[i] > out[0].value))) continue;
        const brn_ratings_item item = {i, (double)scores[i]};
        if (count < most) {
            out[count++] = item;
            sift_up(out, count - 1);
        } else {
            out[0] = item;
            sift_down(out, count);
        }
    }
    qsort(out, (size_t)count, sizeof *out, compare);
    return count;
}
