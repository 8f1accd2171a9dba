/* SPDX-License-Identifier: Apache-2.0
 *
 * Principal components: the directions in which points differ most, for maps of learned vectors.
 *
 * With rows x_1 .. x_n of d numbers and their mean m, component j is the unit vector a_j along which
 * (x_i - m) . a_j has the largest variance among all directions at right angles to a_1 .. a_(j-1). They are the
 * eigenvectors of the covariance C = 1/(n-1) sum (x_i - m)(x_i - m)', in order of their eigenvalues, which
 * are the variances. The scores (x_i - m) . a_j are the points' places on the map.
 *   K. Pearson, "On lines and planes of closest fit to systems of points in space", 1901.
 *   I. T. Jolliffe, "Principal Component Analysis", 2nd edition, chapter 1.
 *
 * An eigenvector's sign is free. Here the coordinate of a_j of largest magnitude is positive (the first of
 * equal ones), which is what scikit-learn's PCA gives since 1.5: the same points give the same map, not its
 * mirror image. All is computed in double in one fixed order, so the same bits come out every time. */
#ifndef BRN__BASE_PCA_H
#define BRN__BASE_PCA_H

#include "base/status.h"
#include <stdint.h>

typedef struct brn__pca {
    int64_t count, width, components; /* n, d, k */
    double *mean;      /* (d) */
    double *axes;      /* (k, d): unit vectors */
    double *variances; /* (k), falling: of the scores, with 1/(n-1) */
    double *scores;    /* (n, k) */
    double total;      /* variance of all d directions: variances[j] / total is j's share; 0: all rows are equal */
} brn__pca;

enum { BRN__PCA_SIDE_MAX = 4096 }; /* of the smaller of n and d */

/* The first `components` of `rows` (n, d), which must be finite. More components than min(n - 1, d) can exist:
 * the rest have variance 0, scores 0 and zero vectors as axes, as have those of rows that are all equal.
 * n >= 1, d >= 1, components >= 1. Costs the cube of the smaller of n and d, of which more than
 * BRN__PCA_SIDE_MAX is BRN_ERROR_UNSUPPORTED. */
brn_status brn__pca_make(const float *rows, int64_t n, int64_t d, int64_t components, brn__pca *out);
void brn__pca_free(brn__pca *pca); /* a zeroed one is fine */

/* Eigenvalues and eigenvectors of a symmetric matrix (side, side), whose content is lost, by Jacobi's method.
 * `values` (side) fall, row j of `vectors` (side, side) is the unit vector of values[j]; signs are as they come. */
brn_status brn__eigen_symmetric(double *matrix, int64_t side, double *values, double *vectors);

#endif
