/* SPDX-License-Identifier: Apache-2.0
 * The rate finder's plot as a file of its own. */
#include "burnish/lr_plot.h"

#include "base/alloc.h"
#include "report/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MARKS = 4 };

/* The loss of the point whose rate is nearest. */
static double loss_near(const brn_lr_curve *curve, int64_t count, double rate)
{
    double loss = NAN, least = INFINITY;
    for (int64_t i = 0; i < count; i++) {
        const double distance = fabs(log(curve->points[i].rate / rate));
        if (distance < least) least = distance, loss = curve->points[i].loss;
    }
    return loss;
}

static void draw(const brn_lr_curve *curve, int64_t count, double *columns, brn__text *out)
{
    double *rates = columns, *losses = columns + count, *valid = columns + 2 * count;
    bool has_valid = false;
    for (int64_t i = 0; i < count; i++) {
        rates[i] = curve->points[i].rate;
        losses[i] = curve->points[i].loss;
        valid[i] = curve->points[i].valid_loss;
        has_valid |= isfinite(valid[i]);
    }
    brn__svg_plot plot = {
        .title = "Learning-rate finder", .x_label = "learning rate", .log_x = true};
    plot.series[plot.series_count++] =
        (brn__svg_series){.name = "training loss", .x = rates, .y = losses, .count = count};
    if (has_valid)
        plot.series[plot.series_count++] =
            (brn__svg_series){.name = "validation loss", .x = rates, .y = valid, .count = count};
    const brn_lr_suggestions s = brn_lr_suggest(curve);
    const char *const names[MARKS] = {"valley", "slide", "steep", "minimum"};
    double at[MARKS] = {s.valley, s.slide, s.steep, s.minimum}, height[MARKS];
    char texts[MARKS][32];
    for (int i = 0; i < MARKS; i++) {
        if (!(at[i] > 0)) continue;
        height[i] = loss_near(curve, count, at[i]);
        snprintf(texts[i], sizeof texts[i], "%s %.2g", names[i], at[i]);
        plot.series[plot.series_count++] = (brn__svg_series){
            .name = texts[i], .x = &at[i], .y = &height[i], .count = 1, .dots = true};
    }
    brn__svg_lines(out, &plot);
}

brn_status brn_lr_curve_svg(const brn_lr_curve *curve, const char *path)
{
    int64_t begin, count;
    brn_lr_curve_useful(curve, &begin, &count);
    count = count > 0 ? begin + count : 0;
    double *columns = brn__alloc_array(3 * (size_t)count + 1, sizeof *columns);
    if (!columns) return BRN_ERROR_NO_MEMORY;
    brn__text picture = {0};
    draw(curve, count, columns, &picture);
    brn__free(columns);
    brn_status status = brn__svg_write(path, &picture);
    brn__text_free(&picture);
    return status;
}
