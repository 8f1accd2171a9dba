/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/pca.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As make_pca.py draws them. */
static float *generated(const char *name, int64_t n, int64_t d, int scaled)
{
    double *drawn = malloc((size_t)(n * d) * sizeof *drawn);
    float *rows = malloc((size_t)(n * d) * sizeof *rows);
    assert_true(drawn && rows);
    golden_uniform(name, n * d, drawn);
    for (int64_t i = 0; i < n * d; i++) {
        rows[i] = (float)drawn[i];
        if (scaled) rows[i] *= (float)(i % d + 1);
    }
    free(drawn);
    return rows;
}

static void assert_array(const json_t *golden, const char *folder, const char *name, const double *got,
                         int64_t count)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(golden_check_array(golden_at(golden, path), path, got, count, 1e-9) <= 1e-9);
}

static void assert_case(const char *name, int64_t n, int64_t d, int64_t k, int scaled)
{
    json_t *golden = golden_open("tests/golden/pca.json");
    float *rows = generated(name, n, d, scaled);
    brn__pca pca;
    assert_ok(brn__pca_make(rows, n, d, k, &pca));
    double shares[8];
    for (int64_t j = 0; j < k; j++) shares[j] = pca.variances[j] / pca.total;
    assert_array(golden, name, "variances", pca.variances, k);
    assert_array(golden, name, "shares", shares, k);
    assert_array(golden, name, "axes", pca.axes, k * d);
    assert_array(golden, name, "scores", pca.scores, n * k);
    brn__pca_free(&pca);
    free(rows);
    json_decref(golden);
}

TEST(principal_components_are_those_of_scikit_learn)
{
    assert_case("tall", 40, 6, 3, 1);
    assert_case("wide", 5, 12, 4, 0);
}

TEST(principal_components_that_cannot_exist_are_zero)
{
    const float line[] = {0, 0, 0, 1, 2, 2, 3, 6, 6}; /* three points on a line */
    brn__pca pca;
    assert_ok(brn__pca_make(line, 3, 3, 2, &pca));
    assert_close(pca.variances[0], pca.total, 1e-12);
    assert_close(pca.axes[0], 1. / 3, 1e-12);
    assert_close(pca.axes[1], 2. / 3, 1e-12);
    assert_true(pca.variances[1] == 0 && pca.axes[3] == 0 && pca.scores[1] == 0);
    brn__pca_free(&pca);
    const float equal[] = {.1f, .2f, .1f, .2f, .1f, .2f};
    assert_ok(brn__pca_make(equal, 3, 2, 2, &pca));
    assert_true(pca.variances[0] == 0 && pca.scores[0] == 0);
    brn__pca_free(&pca);
    assert_ok(brn__pca_make(equal, 1, 2, 1, &pca));
    assert_true(pca.total == 0 && pca.scores[0] == 0);
    brn__pca_free(&pca);
}

TEST(principal_components_keep_their_side)
{
    const float points[] = {-3, 1, 3, -1, 0, 0};
    const float mirrored[] = {3, -1, -3, 1, 0, 0};
    brn__pca one, two;
    assert_ok(brn__pca_make(points, 3, 2, 1, &one));
    assert_ok(brn__pca_make(mirrored, 3, 2, 1, &two));
    assert_true(one.axes[0] > 0);
    assert_memory_equal(one.axes, two.axes, 2 * sizeof(double));
    brn__pca_free(&one);
    brn__pca_free(&two);
}

TEST(principal_components_refuse_what_has_none)
{
    const float bad[] = {1, 2, 3, NAN};
    brn__pca pca;
    assert_fails(brn__pca_make(bad, 2, 2, 1, &pca), BRN_ERROR_INPUT, "number 2 of point 2");
    assert_null(pca.scores);
    assert_fails(brn__pca_make(bad, 0, 2, 1, &pca), BRN_ERROR_USAGE, "points");
    float *large = calloc(BRN__PCA_SIDE_MAX + 1, (BRN__PCA_SIDE_MAX + 1) * sizeof *large);
    assert_non_null(large);
    assert_fails(brn__pca_make(large, BRN__PCA_SIDE_MAX + 1, BRN__PCA_SIDE_MAX + 1, 1, &pca), BRN_ERROR_UNSUPPORTED,
                 "4096");
    free(large);
}

TEST(principal_components_leave_nothing_behind_without_memory)
{
    const float points[] = {-3, 1, 3, -1, 0, 0};
    const int64_t live = brn__alloc_live();
    brn__pca pca;
    for (uint64_t n = 1; n <= 8; n++) {
        brn__alloc_fail_after(n, 0);
        assert_fails(brn__pca_make(points, 3, 2, 1, &pca), BRN_ERROR_NO_MEMORY, "");
        assert_int_equal(brn__alloc_live(), live);
    }
    brn__alloc_fail_after(0, 0);
    assert_ok(brn__pca_make(points, 3, 2, 1, &pca));
    brn__pca_free(&pca);
}
