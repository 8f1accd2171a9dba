/* SPDX-License-Identifier: Apache-2.0
 * Vectors of someone new from a few ratings, without training.
 *
 * The trained users' vectors and biases x = (u, b) are taken as drawn from a normal distribution with
 * their mean m and covariance C. With the items' vectors v and biases c known, a rating is
 * r = f(z) + noise, z = u.v + b + c, f the sigmoid of the range (or nothing), noise of variance s2. The
 * most probable x minimises
 *
 *     sum (r - f(z))^2 / s2 + (x - m)' C^-1 (x - m).
 *
 * Without a range that is one linear system of factors + 1 equations; with one, f is replaced by its
 * tangent and the system solved a few times (Gauss-Newton). Users and items may change places. */
#include "base/alloc.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 6, ROWS_MAX = 100000 /* that the distribution is taken from */ };

static const double RIDGE = 1e-3, TINY = 1e-9;

struct brn__ratings_prior {
    int64_t size;             /* factors + 1 */
    double noise;
    double *mean, *precision; /* (size), (size, size) */
    double *system, *right, *row, *x; /* room for a solution */
};

/* ------------------------------------------------------------------ linear algebra */

/* The Cholesky factor of a (n, n), in its lower half; false when it has none. */
static bool factorise(double *a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (int64_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            if (i == j && !(sum > 0)) return false;
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
    return true;
}

static void solve(const double *a, int64_t n, double *x)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < i; k++) x[i] -= a[i * n + k] * x[k];
        x[i] /= a[i * n + i];
    }
    for (int64_t i = n - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < n; k++) x[i] -= a[k * n + i] * x[k];
        x[i] /= a[i * n + i];
    }
}

/* ------------------------------------------------------------------ the distribution */

typedef struct side {
    const float *vectors, *biases;
    int64_t rows;
} side;

static side side_of(const brn__ratings_network *n, bool users)
{
    const brn__ratings_tables t = brn__ratings_tables_of(n);
    return users ? (side){t.u, t.u_bias, n->users} : (side){t.i, t.i_bias, n->items};
}

static void take_row(const side *s, int64_t row, int64_t factors, double *out)
{
    for (int64_t k = 0; k < factors; k++) out[k] = s->vectors[row * factors + k];
    out[factors] = s->biases[row];
}

/* Every stride-th row from 1 on. Leaves the covariance in `system`. */
static void describe(brn__ratings_prior *p, const side *s)
{
    int64_t size = p->size, count = 0, stride = (s->rows - 1 + ROWS_MAX - 1) / ROWS_MAX;
    memset(p->mean, 0, (size_t)size * sizeof *p->mean);
    memset(p->system, 0, (size_t)(size * size) * sizeof *p->system);
    for (int64_t row = 1; row < s->rows; row += stride, count++) {
        take_row(s, row, size - 1, p->row);
        for (int64_t k = 0; k < size; k++) p->mean[k] += p->row[k];
    }
    for (int64_t k = 0; k < size; k++) p->mean[k] /= (double)count;
    for (int64_t row = 1; row < s->rows; row += stride) {
        take_row(s, row, size - 1, p->row);
        for (int64_t i = 0; i < size; i++)
            for (int64_t j = 0; j <= i; j++)
                p->system[i * size + j] += (p->row[i] - p->mean[i]) * (p->row[j] - p->mean[j]);
    }
    double trace = 0;
    for (int64_t i = 0; i < size; i++) {
        for (int64_t j = 0; j <= i; j++) p->system[i * size + j] /= (double)count;
        trace += p->system[i * size + i];
    }
    for (int64_t i = 0; i < size; i++)
        p->system[i * size + i] += RIDGE * trace / (double)size + TINY;
}

/* The inverse of the covariance, a column at a time. */
static brn_status invert(brn__ratings_prior *p)
{
    int64_t size = p->size;
    if (!factorise(p->system, size))
        return brn__fail(BRN_ERROR_INPUT, "the vectors of the model are not finite");
    for (int64_t k = 0; k < size; k++) {
        memset(p->x, 0, (size_t)size * sizeof *p->x);
        p->x[k] = 1;
        solve(p->system, size, p->x);
        for (int64_t i = 0; i < size; i++) p->precision[i * size + k] = p->x[i];
    }
    return BRN_OK;
}

brn_status brn__ratings_prior_new(const brn__ratings_network *n, bool of_users, double noise,
                                  brn__ratings_prior **out)
{
    *out = NULL;
    brn__ratings_prior *p = brn__alloc_zero(1, sizeof *p);
    if (!p) return BRN_ERROR_NO_MEMORY;
    size_t size = (size_t)n->factors + 1;
    p->size = (int64_t)size;
    p->noise = noise > TINY ? noise : TINY;
    bool good = (p->mean = brn__alloc_array(size, sizeof(double))) != NULL;
    good &= (p->precision = brn__alloc_array(size * size, sizeof(double))) != NULL;
    good &= (p->system = brn__alloc_array(size * size, sizeof(double))) != NULL;
    good &= (p->right = brn__alloc_array(size, sizeof(double))) != NULL;
    good &= (p->row = brn__alloc_array(size, sizeof(double))) != NULL;
    good &= (p->x = brn__alloc_array(size, sizeof(double))) != NULL;
    brn_status status = good ? BRN_OK : BRN_ERROR_NO_MEMORY;
    const side s = side_of(n, of_users);
    if (good) describe(p, &s);
    if (status == BRN_OK) status = invert(p);
    if (status == BRN_OK)
        *out = p;
    else
        brn__ratings_prior_free(p);
    return status;
}

void brn__ratings_prior_free(brn__ratings_prior *p)
{
    if (!p) return;
    brn__free(p->mean);
    brn__free(p->precision);
    brn__free(p->system);
    brn__free(p->right);
    brn__free(p->row);
    brn__free(p->x);
    brn__free(p);
}

/* ------------------------------------------------------------------ one fold */

/* f and its slope at z. */
static double answer_at(const brn__ratings_network *n, double z, double *slope)
{
    *slope = 1;
    if (!n->has_range) return z;
    double share = 1 / (1 + exp(-z));
    *slope = (n->high - n->low) * share * (1 - share);
    return n->low + (n->high - n->low) * share;
}

/* Adds one rating's tangent to the system. `row` is (v, 1); x what it is taken at. */
static void add_rating(const brn__ratings_network *n, brn__ratings_prior *p, double other_bias,
                       double rating, const double *x)
{
    int64_t size = p->size;
    double z = other_bias, at = 0, slope;
    for (int64_t k = 0; k < size; k++) at += x[k] * p->row[k];
    z += at;
    double answer = answer_at(n, z, &slope);
    double weight = slope * slope / p->noise, aim = (rating - answer) * slope / p->noise + weight * at;
    for (int64_t i = 0; i < size; i++) {
        p->right[i] += aim * p->row[i];
        for (int64_t j = 0; j <= i; j++) p->system[i * size + j] += weight * p->row[i] * p->row[j];
    }
}

static bool improve(const brn__ratings_network *n, brn__ratings_prior *p, const side *others,
                    int64_t count, const int64_t *codes, const double *ratings, double *x)
{
    int64_t size = p->size;
    memcpy(p->system, p->precision, (size_t)(size * size) * sizeof *p->system);
    for (int64_t i = 0; i < size; i++) {
        p->right[i] = 0;
        for (int64_t j = 0; j < size; j++) p->right[i] += p->precision[i * size + j] * p->mean[j];
    }
    for (int64_t k = 0; k < count; k++) {
        take_row(others, codes[k], size - 1, p->row);
        p->row[size - 1] = 1;
        add_rating(n, p, others->biases[codes[k]], ratings[k], x);
    }
    if (!factorise(p->system, size)) return false;
    solve(p->system, size, p->right);
    memcpy(x, p->right, (size_t)size * sizeof *x);
    return true;
}

brn_status brn__ratings_fold(const brn__ratings_network *n, brn__ratings_prior *p, bool of_users,
                             int64_t count, const int64_t *codes, const double *ratings, float *out)
{
    const side others = side_of(n, !of_users);
    for (int64_t k = 0; k < count; k++) {
        if (codes[k] < 1 || codes[k] >= others.rows)
            return brn__fail(BRN_ERROR_USAGE, "%s %lld; expected 1 to %lld",
                             of_users ? "item" : "user", (long long)codes[k],
                             (long long)others.rows - 1);
        if (!isfinite(ratings[k]))
            return brn__fail(BRN_ERROR_INPUT, "rating %lld is not a number", (long long)k + 1);
    }
    memcpy(p->x, p->mean, (size_t)p->size * sizeof *p->x);
    for (int round = 0; round < (n->has_range ? ROUNDS : 1); round++)
        if (!improve(n, p, &others, count, codes, ratings, p->x))
            return brn__fail(BRN_ERROR_INTERNAL, "folding in: a system without a solution");
    for (int64_t k = 0; k < p->size; k++) out[k] = (float)p->x[k];
    return BRN_OK;
}
