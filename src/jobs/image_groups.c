/* SPDX-License-Identifier: Apache-2.0
 * Options that say something for each layer group. */
#include "base/status.h"
#include "burnish/schedule.h"
#include "jobs/image_job.h"
#include "train/fine_tuning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static brn_status wrong(const char *name, const char *text, int groups)
{
    return brn__fail(BRN_ERROR_USAGE,
                     "%s: \"%s\"; expected %d numbers with commas, for each layer group, or LOW:HIGH, :HIGH or "
                     "HIGH/FACTOR", name, text, groups);
}

static bool is_good(double value) { return value >= 0 && value <= 100; }

static bool parse_list(const char *text, int groups, double *out)
{
    for (int g = 0; g < groups; g++) {
        char *end;
        out[g] = strtod(text, &end);
        if (end == text || !is_good(out[g]) || *end != (g + 1 < groups ? ',' : '\0')) return false;
        text = end + 1;
    }
    return true;
}

/* One number up to `stop`. */
static bool parse_number(const char *text, const char *stop, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && end == stop && isfinite(*out);
}

brn_status brn__image_groups_parse(const char *name, const char *text, int groups, double *out)
{
    const char *mark = strpbrk(text, ":/"), *end = text + strlen(text);
    double low = 0, high;
    bool good;
    if (!mark) {
        good = parse_list(text, groups, out);
    } else if (*mark == '/') {
        good = parse_number(text, mark, &high) && parse_number(mark + 1, end, &low) && is_good(high) && low >= 1;
        if (good) brn__rates_by_factor(high, low, groups, out);
    } else {
        good = (mark == text || (parse_number(text, mark, &low) && low > 0)) && parse_number(mark + 1, end, &high) &&
               is_good(low) && is_good(high) && high > 0;
        if (good) brn_rates_spread(low, high, groups, out);
    }
    return good ? BRN_OK : wrong(name, text, groups);
}

brn_status brn__image_groups_check(brn__image_plan *plan)
{
    brn_image_options *o = &plan->options;
    const int groups = plan->model->body_groups + 1;
    double rates[BRN_GROUPS_MAX];
    if (!o->group_rates) o->group_rates = "";
    if (!o->group_decays) o->group_decays = "";
    if (*o->group_rates) {
        BRN__TRY(brn__image_groups_parse("group learning rates", o->group_rates, groups, rates));
        if (!(rates[groups - 1] > 0)) return wrong("group learning rates", o->group_rates, groups);
        if (o->learning_rate == 0) o->learning_rate = rates[groups - 1];
    }
    if (*o->group_decays)
        BRN__TRY(brn__image_groups_parse("group weight decays", o->group_decays, groups, plan->group_decays));
    if (o->freeze_to < -groups || o->freeze_to >= groups)
        return brn__fail(BRN_ERROR_USAGE, "freeze to: %d; %s has %d layer groups: expected %d to %d", o->freeze_to,
                         plan->model->name, groups, -groups, groups - 1);
    if (o->recipe == BRN_RECIPE_COURSE2017 &&
        (*o->group_rates || o->gradual_unfreezing || o->freeze_to != 0))
        return brn__fail(BRN_ERROR_USAGE, "course2017 has rates and frozen layers of its own: expected no group "
                                          "learning rates, gradual unfreezing or freeze to");
    return BRN_OK;
}
