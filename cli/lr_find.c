/* SPDX-License-Identifier: Apache-2.0 */
#include "lr_find.h"
#include "json.h"
#include "output.h"
#include "plot.h"

#include "burnish/lr_plot.h"

#include <math.h>
#include <string.h>

enum { PLOT_COLUMNS = 62, PLOT_ROWS = 12, PLOT_SIZE = 16384, SUGGESTIONS = 4 };

typedef struct suggestion {
    const char *name;
    char letter; /* below the plot */
    double rate;
} suggestion;

void cli_lr_find_defaults(cli_value *values)
{
    values[CLI_FINDER] = (cli_value){.set = true, .text = "fastai2"};
    values[CLI_END_RATE] =
        (cli_value){.set = true, .real = brn_lr_finder_defaults(BRN_LR_FIND).end};
    values[CLI_STOP] = (cli_value){.set = true, .flag = true};
}

brn_lr_finder_options cli_lr_find_options(const cli_value *v)
{
    const char *form = v[CLI_FINDER].text;
    brn_lr_finder_options o = brn_lr_finder_defaults(
        !strcmp(form, "lr_find")    ? BRN_LR_FIND_EPOCH
        : !strcmp(form, "lr_find2") ? BRN_LR_FIND_VALID
                                    : BRN_LR_FIND);
    if (v[CLI_START_RATE].set) o.start = v[CLI_START_RATE].real;
    o.end = v[CLI_END_RATE].real;
    if (v[CLI_ITERATIONS].set) o.iterations = (int)v[CLI_ITERATIONS].whole;
    o.linear = v[CLI_LINEAR].flag;
    o.stop = v[CLI_STOP].flag;
    return o;
}

/* ------------------------------------------------------------------ what was found */

static void list_suggestions(const brn_lr_curve *curve, suggestion out[SUGGESTIONS])
{
    const brn_lr_suggestions s = brn_lr_suggest(curve);
    out[0] = (suggestion){"valley", 'V', s.valley};
    out[1] = (suggestion){"slide", 'S', s.slide};
    out[2] = (suggestion){"steep", 'T', s.steep};
    out[3] = (suggestion){"minimum", 'M', s.minimum};
}

static void print_json(const brn_lr_curve *curve, const suggestion *found, const char *svg,
                       double seconds)
{
    for (int64_t i = 0; i < curve->count; i++) {
        const brn_lr_point *point = &curve->points[i];
        cli_json json = cli_json_event("point");
        cli_json_whole(&json, "iteration", i);
        cli_json_real(&json, "learning_rate", point->rate);
        cli_json_real(&json, "loss", point->loss);
        cli_json_real(&json, "batch_loss", point->batch_loss);
        cli_json_real(&json, "valid_loss", point->valid_loss);
        cli_json_end(&json);
    }
    cli_json json = cli_json_event("done");
    cli_json_object(&json, "metrics");
    for (int i = 0; i < SUGGESTIONS; i++) cli_json_real(&json, found[i].name, found[i].rate);
    cli_json_close(&json);
    cli_json_whole(&json, "iterations", curve->iterations);
    cli_json_bool(&json, "stopped", curve->stopped);
    cli_json_text(&json, "svg", svg);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

/* The losses that are worth a look over their rates. */
static void print_plot(const brn_lr_curve *curve, const suggestion *found)
{
    enum { POINTS_MAX = 2000 };
    double rates[POINTS_MAX], losses[POINTS_MAX], marks[SUGGESTIONS];
    char letters[SUGGESTIONS], text[PLOT_SIZE];
    int64_t begin, count;
    brn_lr_curve_useful(curve, &begin, &count);
    const int64_t stride = (count + POINTS_MAX - 1) / POINTS_MAX;
    int64_t drawn = 0;
    for (int64_t i = 0; i < count; i += stride, drawn++) {
        rates[drawn] = curve->points[begin + i].rate;
        losses[drawn] = curve->points[begin + i].loss;
    }
    for (int i = 0; i < SUGGESTIONS; i++) marks[i] = found[i].rate, letters[i] = found[i].letter;
    const cli_plot plot = {.x = rates,
                           .y = losses,
                           .count = drawn,
                           .log_x = true,
                           .marks = marks,
                           .letters = letters,
                           .mark_count = SUGGESTIONS,
                           .columns = PLOT_COLUMNS,
                           .rows = PLOT_ROWS,
                           .unicode = cli_speaks_utf8()};
    cli_plot_draw(&plot, text, sizeof text);
    cli_say("loss (smoothed) over the learning rate\n%s\n", text);
}

static void print_words(const brn_lr_curve *curve, const suggestion *found, const char *svg,
                        double seconds)
{
    char path[4160];
    print_plot(curve, found);
    for (int i = 0; i < SUGGESTIONS; i++) {
        if (isnan(found[i].rate)) cli_print("%s -\n", found[i].name);
        else cli_print("%s %.2e\n", found[i].name, found[i].rate);
    }
    if (isnan(found[0].rate))
        cli_warn("%lld of %lld iterations were made: too few for a suggestion; --iterations, "
                 "--start-rate and --end-rate choose others",
                 (long long)curve->count, (long long)curve->iterations);
    else
        cli_say("try --learning-rate %.1e (valley, V)%s\n", found[0].rate,
                curve->stopped ? "; stopped where the loss exploded" : "");
    if (svg) cli_say("plot %s\n", cli_visible(svg, path, sizeof path));
    cli_say("time %.1fs\n", seconds);
}

brn_status cli_lr_find_show(const brn_lr_curve *curve, const char *svg, double seconds)
{
    suggestion found[SUGGESTIONS];
    if (svg) {
        const brn_status status = brn_lr_curve_svg(curve, svg);
        if (status != BRN_OK) return status;
    }
    list_suggestions(curve, found);
    if (cli_is_json()) print_json(curve, found, svg, seconds);
    else print_words(curve, found, svg, seconds);
    return BRN_OK;
}
