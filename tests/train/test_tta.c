/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/golden.h"
#include "test.h"
#include "train/tta.h"

#include <math.h>
#include <string.h>

enum { VALUES = 12 };

static void read_floats(const json_t *array, float *out)
{
    assert_int_equal(json_array_size(array), VALUES);
    for (size_t i = 0; i < VALUES; i++)
        out[i] = (float)json_number_value(json_array_get(array, i));
}

TEST(passes_are_combined_as_fastai_2_does)
{
    json_t *golden = golden_open("tests/golden/mixing.json");
    size_t number;
    json_t *k;
    json_array_foreach(golden_at(golden, "tta"), number, k)
    {
        const brn__tta tta = {.passes = (int)golden_number(k, "passes"),
                              .beta = golden_number(k, "beta"),
                              .use_max = json_is_true(golden_at(k, "use_max"))};
        assert_ok(brn__tta_check(&tta));
        float result[VALUES] = {0}, p[VALUES], want[VALUES];
        for (int pass = 0; pass <= tta.passes; pass++) { /* the plain one is the last */
            read_floats(json_array_get(golden_at(k, "given"), (size_t)pass), p);
            brn__tta_add(&tta, pass == tta.passes, p, VALUES, result);
        }
        read_floats(golden_at(k, "result"), want);
        for (int i = 0; i < VALUES; i++) assert_close((double)result[i], (double)want[i], 1e-6);
    }
    assert_int_equal(number, 4);
    json_decref(golden);
}

/* 0.7: ceil(n / 4) plain ones among all. */
TEST(without_beta_the_average_is_that_of_07)
{
    static const struct {
        int passes;
        double plain, view;
    } cases[] = {{4, 1.0 / 5, 1.0 / 5}, {5, 2.0 / 7, 1.0 / 7}, {8, 2.0 / 10, 1.0 / 10},
                 {1, 1.0 / 2, 1.0 / 2}, {0, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const brn__tta tta = {.passes = cases[i].passes, .beta = -1};
        assert_close(brn__tta_weight(&tta, true), cases[i].plain, 1e-15);
        assert_close(brn__tta_weight(&tta, false), cases[i].view, 1e-15);
    }
}

TEST(weights_add_up_to_one_and_no_passes_leave_the_plain_one)
{
    for (int passes = 0; passes < 12; passes++)
        for (double beta = -.25; beta <= 1; beta += .25) {
            const brn__tta tta = {.passes = passes, .beta = beta};
            double sum = brn__tta_weight(&tta, true) + passes * brn__tta_weight(&tta, false);
            assert_close(sum, 1, 1e-12);
        }
    float result[2] = {0};
    brn__tta_add(&(brn__tta){.use_max = true}, true, (const float[]){.25f, .75f}, 2, result);
    assert_true(result[0] == .25f && result[1] == .75f);
}

TEST(combinations_that_make_no_sense_are_refused)
{
    assert_fails(brn__tta_check(&(brn__tta){.passes = -1}), BRN_ERROR_USAGE, "-1 passes");
    assert_fails(brn__tta_check(&(brn__tta){.passes = 4, .beta = 1.5}), BRN_ERROR_USAGE,
                 "beta 1.5; expected 0 to 1");
    assert_fails(brn__tta_check(&(brn__tta){.passes = 4, .beta = NAN}), BRN_ERROR_USAGE, "beta");
}
