/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/image_curves.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS_MAX = 3 };

typedef struct curve_entry {
    const char *name;
    int count;                    /* of numbers */
    double usual[NUMBERS_MAX], low[NUMBERS_MAX], high[NUMBERS_MAX];
    bool cycles, moves_momentum;
} curve_entry;

/* Usual numbers: fastai 2's fine_tune and fit_flat_cos, 0.7's classes. */
static const curve_entry curves[] = {
    [BRN__CURVE_ONE_CYCLE] = {"one-cycle", 3, {.3, 5, 1e5}, {0, 1, 1}, {1, 1e9, 1e12}, false, true},
    [BRN__CURVE_COSINE] = {"cosine", 0, {0}, {0}, {0}, false, false},
    [BRN__CURVE_CONSTANT] = {"constant", 0, {0}, {0}, {0}, false, false},
    [BRN__CURVE_FLAT_COSINE] = {"flat-cosine", 2, {.75, 1e5}, {0, 1}, {1, 1e12}, false, false},
    [BRN__CURVE_RESTARTS] = {"restarts", 0, {0}, {0}, {0}, true, false},
    [BRN__CURVE_LINEAR] = {"linear", 0, {0}, {0}, {0}, false, false},
    [BRN__CURVE_EXPONENTIAL] = {"exponential", 1, {.01}, {1e-12}, {1}, false, false},
    [BRN__CURVE_POLYNOMIAL] = {"polynomial", 1, {2}, {1e-3}, {100}, false, false},
    [BRN__CURVE_STEP] = {"step", 2, {0, .1}, {1, 1e-6}, {1e5, 1}, false, false},
    [BRN__CURVE_TRIANGLE] = {"triangle", 2, {1, 4}, {1, 1}, {16, 1e9}, false, true},
    [BRN__CURVE_CLR] = {"clr", 2, {4, 8}, {1, 1.01}, {1e9, 1e6}, true, true},
    [BRN__CURVE_CLR_BETA] = {"clr-beta", 2, {10, 10}, {1, 0}, {1e9, 99}, true, true},
};
enum { CURVES = sizeof curves / sizeof *curves };

brn__image_curve_spec brn__image_curve_usual(brn__image_curve form)
{
    brn__image_curve_spec spec = {.form = form};
    memcpy(spec.numbers, curves[form].usual, sizeof spec.numbers);
    return spec;
}

bool brn__image_curve_has_cycles(brn__image_curve form) { return curves[form].cycles; }

static int find(const char *text, size_t length)
{
    int i = 0;
    while (i < CURVES && (strlen(curves[i].name) != length || strncmp(curves[i].name, text, length) != 0)) i++;
    return i < CURVES ? i : -1;
}

static brn_status parse_numbers(const char *text, const char *numbers, brn__image_curve_spec *out)
{
    const curve_entry *curve = &curves[out->form];
    for (int i = 0; numbers; i++) {
        char *end;
        const double value = i < curve->count ? strtod(numbers, &end) : NAN;
        if (!(i < curve->count) || end == numbers || (*end && *end != ',') || !(value >= curve->low[i]) ||
            !(value <= curve->high[i]))
            return brn__fail(BRN_ERROR_USAGE,
                             "schedule: \"%s\": number %d; %s takes %d numbers, of %g to %g and so on", text,
                             i + 1, curve->name, curve->count, curve->low[0], curve->high[0]);
        out->numbers[i] = value;
        numbers = *end ? end + 1 : NULL;
    }
    return BRN_OK;
}

brn_status brn__image_curve_parse(const char *text, brn__image_curve_spec *out)
{
    const char *colon = strchr(text, ':');
    const int found = find(text, colon ? (size_t)(colon - text) : strlen(text));
    if (found < 0)
        return brn__fail(BRN_ERROR_USAGE,
                         "schedule: \"%s\"; expected one-cycle, cosine, constant, flat-cosine, restarts, "
                         "linear, exponential, polynomial, step, triangle, clr or clr-beta",
                         text);
    *out = brn__image_curve_usual((brn__image_curve)found);
    return parse_numbers(text, colon ? colon + 1 : NULL, out);
}

brn_status brn__image_momentum_parse(const char *text, brn__image_momentum *out)
{
    *out = (brn__image_momentum){0};
    if (!text || !*text) return BRN_OK;
    char *end, *second = NULL;
    out->high = out->low = strtod(text, &end);
    bool good = end != text;
    out->count = 1;
    if (good && *end == ',') {
        second = end + 1;
        out->low = strtod(second, &end);
        good = end != second;
        out->count = 2;
    }
    if (good && !*end && out->low >= 0 && out->low <= out->high && out->high < 1) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE,
                     "momentum: \"%s\"; expected a number from 0 to below 1, or two, high before low: 0.95,0.85",
                     text);
}

brn_status brn__image_curves_check(const brn_image_options *o)
{
    brn__image_curve_spec curve;
    brn__image_momentum momentum;
    BRN__TRY(brn__image_curve_parse(o->schedule, &curve));
    BRN__TRY(brn__image_momentum_parse(o->momentum, &momentum));
    const curve_entry *entry = &curves[curve.form];
    if (momentum.count == 2 && !entry->moves_momentum)
        return brn__fail(BRN_ERROR_USAGE, "momentum: %s: it is cycled by one-cycle, triangle, clr and clr-beta, "
                                          "not by %s", o->momentum, entry->name);
    if (!(o->warm_up >= 0 && o->warm_up < 1))
        return brn__fail(BRN_ERROR_USAGE, "warm-up: %g; expected a share of 0 to below 1", o->warm_up);
    if (o->warm_up > 0 && entry->cycles)
        return brn__fail(BRN_ERROR_USAGE, "warm-up: the schedule %s has none; expected one-cycle, cosine, "
                                          "constant, flat-cosine, linear, exponential, polynomial, step or "
                                          "triangle", entry->name);
    if (o->snapshots && curve.form != BRN__CURVE_RESTARTS)
        return brn__fail(BRN_ERROR_USAGE, "snapshots: they are taken at the ends of cycles; expected the "
                                          "schedule restarts, not %s", o->schedule);
    return BRN_OK;
}
