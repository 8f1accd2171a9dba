/* SPDX-License-Identifier: Apache-2.0
 * Principal components by way of the smaller of two symmetric matrices with the same eigenvalues: the covariance
 * X'X (d, d), or X X' (n, n) where there are fewer points than numbers a point. An eigenvector u of the second
 * gives the axis X'u of the first. */
#include "base/pca.h"
#include "base/glibc.h"
#include "base/alloc.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { SWEEPS_MAX = 60 };

static const double ROUNDING = 1e-12; /* a share of the largest variance below which there is none */

/* ------------------------------------------------------------------ eigenvectors */

static double off_diagonal(const double *a, int64_t side)
{
    double sum = 0;
    for (int64_t i = 0; i < side; i++)
        for (int64_t j = i + 1; j < side; j++) sum += a[i * side + j] * a[i * side + j];
    return sum;
}

/* Turns coordinates p and q so that a[p][q] becomes 0. The tangent t of the angle is the smaller root of
 * t^2 + 2 theta t - 1 = 0 with theta = (a_qq - a_pp) / (2 a_pq).
 * Golub and Van Loan, "Matrix Computations", 3rd edition, 8.4. */
static void rotate(double *a, double *vectors, int64_t side, int64_t p, int64_t q)
{
    const double theta = (a[q * side + q] - a[p * side + p]) / (2 * a[p * side + q]);
    const double t = copysign(1, theta) / (fabs(theta) + hypot(theta, 1));
    const double c = 1 / hypot(t, 1), s = t * c;
    for (int64_t k = 0; k < side; k++) {
        const double kp = a[k * side + p], kq = a[k * side + q];
        a[k * side + p] = c * kp - s * kq;
        a[k * side + q] = s * kp + c * kq;
    }
    double *rows[] = {a, vectors};
    for (int i = 0; i < 2; i++) {
        double *row_p = rows[i] + p * side, *row_q = rows[i] + q * side;
        for (int64_t k = 0; k < side; k++) {
            const double pk = row_p[k], qk = row_q[k];
            row_p[k] = c * pk - s * qk;
            row_q[k] = s * pk + c * qk;
        }
    }
    a[p * side + q] = a[q * side + p] = 0;
}

static void swap_rows(double *vectors, int64_t side, int64_t i, int64_t j)
{
    for (int64_t k = 0; k < side; k++) {
        const double kept = vectors[i * side + k];
        vectors[i * side + k] = vectors[j * side + k];
        vectors[j * side + k] = kept;
    }
}

static void sort_falling(double *values, double *vectors, int64_t side)
{
    for (int64_t i = 0; i < side; i++) {
        int64_t largest = i;
        for (int64_t j = i + 1; j < side; j++)
            if (values[j] > values[largest]) largest = j;
        if (largest == i) continue;
        const double kept = values[i];
        values[i] = values[largest], values[largest] = kept;
        swap_rows(vectors, side, i, largest);
    }
}

brn_status brn__eigen_symmetric(double *a, int64_t side, double *values, double *vectors)
{
    double norm = off_diagonal(a, side);
    for (int64_t i = 0; i < side; i++) norm += a[i * side + i] * a[i * side + i];
    if (!isfinite(norm)) return brn__fail(BRN_ERROR_INPUT, "eigenvectors: a number is not finite");
    memset(vectors, 0, (size_t)(side * side) * sizeof *vectors);
    for (int64_t i = 0; i < side; i++) vectors[i * side + i] = 1;
    const double enough = norm * 1e-30; /* of squares: 15 digits */
    for (int sweep = 0; sweep < SWEEPS_MAX && off_diagonal(a, side) > enough; sweep++)
        for (int64_t p = 0; p < side; p++)
            for (int64_t q = p + 1; q < side; q++)
                if (a[p * side + q] != 0) rotate(a, vectors, side, p, q);
    for (int64_t i = 0; i < side; i++) values[i] = a[i * side + i];
    sort_falling(values, vectors, side);
    return BRN_OK;
}

/* ------------------------------------------------------------------ components */

/* centred (n, d) = rows - mean. */
static void centre(const float *rows, brn__pca *pca, double *centred)
{
    const int64_t n = pca->count, d = pca->width;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) pca->mean[j] += (double)rows[i * d + j];
    for (int64_t j = 0; j < d; j++) pca->mean[j] /= (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) {
            const double x = (double)rows[i * d + j] - pca->mean[j];
            centred[i * d + j] = x;
            pca->total += x * x;
        }
    if (n > 1) pca->total /= (double)(n - 1);
}

/* products (side, side): X'X when `narrow`, else X X'. */
static void multiply(const double *x, int64_t n, int64_t d, bool narrow, double *products)
{
    const int64_t side = narrow ? d : n, inner = narrow ? n : d;
    const int64_t step = narrow ? 1 : d, along = narrow ? d : 1;
    memset(products, 0, (size_t)(side * side) * sizeof *products);
    for (int64_t i = 0; i < side; i++)
        for (int64_t k = 0; k < inner; k++) {
            const double factor = x[i * step + k * along];
            for (int64_t j = i; j < side; j++)
                products[i * side + j] += factor * x[j * step + k * along];
        }
    for (int64_t i = 0; i < side; i++)
        for (int64_t j = 0; j < i; j++) products[i * side + j] = products[j * side + i];
}

/* axis (d) from the eigenvector u (side), as a unit vector whose largest coordinate is positive. */
static void take_axis(const double *x, int64_t n, int64_t d, bool narrow, const double *u, double *axis)
{
    double square = 0;
    int64_t largest = 0;
    for (int64_t j = 0; j < d; j++) axis[j] = narrow ? u[j] : 0;
    for (int64_t i = 0; !narrow && i < n; i++)
        for (int64_t j = 0; j < d; j++) axis[j] += u[i] * x[i * d + j];
    for (int64_t j = 0; j < d; j++) {
        square += axis[j] * axis[j];
        if (fabs(axis[j]) > fabs(axis[largest]) * (1 + 1e-9)) largest = j; /* equal but for rounding: the first */
    }
    const double scale = copysign(1 / sqrt(square), axis[largest]);
    for (int64_t j = 0; j < d; j++) axis[j] *= scale;
}

static void take_scores(brn__pca *pca, const double *x, int64_t component)
{
    const double *axis = pca->axes + component * pca->width;
    for (int64_t i = 0; i < pca->count; i++) {
        double score = 0;
        for (int64_t j = 0; j < pca->width; j++) score += x[i * pca->width + j] * axis[j];
        pca->scores[i * pca->components + component] = score;
    }
}

static brn_status find(brn__pca *pca, const double *x)
{
    const int64_t n = pca->count, d = pca->width, side = n < d ? n : d;
    const bool narrow = d <= n;
    double *products = brn__alloc_array((size_t)(side * side), sizeof *products);
    double *vectors = brn__alloc_array((size_t)(side * side), sizeof *vectors);
    double *values = brn__alloc_array((size_t)side, sizeof *values);
    brn_status status = products && vectors && values ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) multiply(x, n, d, narrow, products);
    if (status == BRN_OK) status = brn__eigen_symmetric(products, side, values, vectors);
    for (int64_t k = 0; status == BRN_OK && k < pca->components && k < side; k++) {
        if (!(values[k] > values[0] * ROUNDING)) break;
        take_axis(x, n, d, narrow, vectors + k * side, pca->axes + k * d);
        take_scores(pca, x, k);
        pca->variances[k] = values[k] / (double)(n - 1);
    }
    brn__free(products);
    brn__free(vectors);
    brn__free(values);
    return status;
}

static brn_status check(const float *rows, int64_t n, int64_t d, int64_t components)
{
    const int64_t side = n < d ? n : d;
    if (side < 1 || components < 1)
        return brn__fail(BRN_ERROR_USAGE, "principal components: expected points, numbers and components");
    if (side > BRN__PCA_SIDE_MAX)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "principal components: %lld points of %lld numbers; at most %d of either",
                         (long long)n, (long long)d, BRN__PCA_SIDE_MAX);
    for (int64_t i = 0; i < n * d; i++)
        if (!isfinite(rows[i]))
            return brn__fail(BRN_ERROR_INPUT, "principal components: number %lld of point %lld is not finite",
                             (long long)(i % d + 1), (long long)(i / d + 1));
    return BRN_OK;
}

brn_status brn__pca_make(const float *rows, int64_t n, int64_t d, int64_t components, brn__pca *out)
{
    *out = (brn__pca){0};
    BRN__TRY(check(rows, n, d, components));
    brn__pca pca = {.count = n, .width = d, .components = components};
    pca.mean = brn__alloc_zero((size_t)d, sizeof *pca.mean);
    pca.axes = brn__alloc_zero((size_t)(components * d), sizeof *pca.axes);
    pca.variances = brn__alloc_zero((size_t)components, sizeof *pca.variances);
    pca.scores = brn__alloc_zero((size_t)(n * components), sizeof *pca.scores);
    double *centred = brn__alloc_array((size_t)(n * d), sizeof *centred);
    brn_status status = BRN_ERROR_NO_MEMORY;
    if (pca.mean && pca.axes && pca.variances && pca.scores && centred) {
        centre(rows, &pca, centred);
        status = pca.total > 0 ? find(&pca, centred) : BRN_OK;
    }
    brn__free(centred);
    if (status == BRN_OK) *out = pca;
    else brn__pca_free(&pca);
    return status;
}

void brn__pca_free(brn__pca *pca)
{
    brn__free(pca->mean);
    brn__free(pca->axes);
    brn__free(pca->variances);
    brn__free(pca->scores);
    *pca = (brn__pca){0};
}
