/* SPDX-License-Identifier: Apache-2.0
 * burnish image lr-find FOLDER */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "plot.h"
#include "progress.h"
#include "signals.h"

#include "burnish/image_lr_find.h"
#include "burnish/lr_plot.h"

#include <math.h>
#include <string.h>

enum { PLOT_COLUMNS = 62, PLOT_ROWS = 12, PLOT_SIZE = 16384, SUGGESTIONS = 4 };

typedef struct suggestion {
    const char *name;
    char letter; /* below the plot */
    double rate;
} suggestion;

static void defaults(cli_value *values)
{
    const brn_image_options o = brn_image_defaults();
    values[CLI_ARCH] = (cli_value){.set = true, .text = o.architecture};
    values[CLI_PRETRAINED] = (cli_value){.set = true, .flag = o.pretrained};
    values[CLI_FREEZE_EPOCHS] = (cli_value){.set = true, .whole = o.freeze_epochs};
    values[CLI_LABEL_SMOOTHING] = (cli_value){.set = true, .real = o.label_smoothing};
    values[CLI_VALID] = (cli_value){.set = true, .real = o.valid};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
    values[CLI_FINDER] = (cli_value){.set = true, .text = "fastai2"};
    values[CLI_END_RATE] =
        (cli_value){.set = true, .real = brn_lr_finder_defaults(BRN_LR_FIND).end};
    values[CLI_STOP] = (cli_value){.set = true, .flag = true};
}

static brn_image_options options_of(const cli_call *call)
{
    const cli_value *v = call->values;
    brn_image_options o = brn_image_defaults();
    o.data = call->inputs[0];
    o.architecture = v[CLI_ARCH].text;
    o.pretrained = v[CLI_PRETRAINED].flag;
    o.freeze_epochs = (int)v[CLI_FREEZE_EPOCHS].whole;
    o.train_bn = v[CLI_TRAIN_BN].flag;
    if (v[CLI_BATCH_SIZE].set) o.batch_size = (int)v[CLI_BATCH_SIZE].whole;
    if (v[CLI_SIZE].set) o.size = (int)v[CLI_SIZE].whole;
    if (v[CLI_RATE_SPREAD].set) o.rate_spread = v[CLI_RATE_SPREAD].real;
    if (v[CLI_WEIGHT_DECAY].set) o.weight_decay = v[CLI_WEIGHT_DECAY].real;
    if (v[CLI_OPTIMIZER].set) o.optimizer = v[CLI_OPTIMIZER].text;
    o.label_smoothing = v[CLI_LABEL_SMOOTHING].real;
    o.valid = v[CLI_VALID].real;
    o.seed = (uint64_t)v[CLI_SEED].whole;
    o.threads = (int)v[CLI_THREADS].whole;
    if (v[CLI_IMAGES].set) o.images = v[CLI_IMAGES].text;
    if (v[CLI_TARGETS].set) o.targets = v[CLI_TARGETS].text;
    if (v[CLI_TARGET_TYPE].set) o.target_type = v[CLI_TARGET_TYPE].text;
    if (v[CLI_TAG_SEPARATOR].set) o.tag_separator = v[CLI_TAG_SEPARATOR].text;
    if (v[CLI_LOADERS].set) o.loaders = (int)v[CLI_LOADERS].whole;
    return o;
}

static brn_lr_finder_options finder_of(const cli_value *v)
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

/* ------------------------------------------------------------------ the command */

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    const int code = cli_check_data(call->inputs[0]);
    if (code != CLI_DONE) return code;
    const brn_lr_finder_options finder = finder_of(v);
    const char *svg = v[CLI_SVG].set ? v[CLI_SVG].text : NULL;
    cli_progress progress = cli_progress_of("image lr-find");
    brn_image_options options = options_of(call);
    options.on_event = cli_progress_event;
    options.context = &progress;
    const double began = cli_seconds();
    brn_lr_curve curve;
    cli_signals_watch();
    brn_status status = brn_image_lr_find(&options, &finder, &curve);
    cli_progress_clear(&progress);
    if (status == BRN_OK && svg) status = brn_lr_curve_svg(&curve, svg);
    if (status == BRN_OK) {
        suggestion found[SUGGESTIONS];
        list_suggestions(&curve, found);
        if (cli_is_json()) print_json(&curve, found, svg, cli_seconds() - began);
        else print_words(&curve, found, svg, cli_seconds() - began);
    }
    brn_lr_curve_free(&curve);
    return cli_fail_status(status);
}

const cli_command cli_command_image_lr_find = {
    .noun = "image",
    .verb = "lr-find",
    .arguments = "FOLDER",
    .summary = "Finds a learning rate by a mock training whose rate grows",
    .details = "FOLDER is as in image train, and the options are those of the training to come. Suggests\n"
               "rates, of which valley is the one to try, and plots the loss. Nothing is kept of the\n"
               "training. With --freeze-epochs 0 all layers learn, in the ratios of the training's rates.",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_FINDER,       CLI_START_RATE,      CLI_END_RATE,  CLI_ITERATIONS,   CLI_LINEAR,
                CLI_STOP,         CLI_SVG,             CLI_ARCH,      CLI_PRETRAINED,   CLI_FREEZE_EPOCHS,
                CLI_TRAIN_BN,     CLI_BATCH_SIZE,      CLI_SIZE,      CLI_RATE_SPREAD, CLI_WEIGHT_DECAY, CLI_OPTIMIZER,
                CLI_LABEL_SMOOTHING, CLI_VALID,        CLI_SEED,      CLI_THREADS,      CLI_LOADERS,
                CLI_IMAGES,       CLI_TARGETS,         CLI_TARGET_TYPE, CLI_TAG_SEPARATOR,
                CLI_QUIET,        CLI_JSON,            CLI_HELP},
    .defaults = defaults,
    .run = run,
};
