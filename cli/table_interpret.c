/* SPDX-License-Identifier: Apache-2.0
 * burnish table interpret RUN [FILE] */
#include "commands.h"
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "table_score.h"
#include "table_source.h"

#include "burnish/table_interpret.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { NAME_SIZE = 256, SHOWN_POINTS = 6 };

static void defaults(cli_value *values)
{
    const brn_table_interpret_options o = brn_table_interpret_defaults();
    values[CLI_TOP] = (cli_value){.set = true, .whole = o.worst};
    values[CLI_REPEATS] = (cli_value){.set = true, .whole = o.repeats};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = 0};
}

/* ------------------------------------------------------------------ JSON */

/* Whether answers are right or wrong, and not near or far. */
static bool is_counted(const brn_table_interpretation *found)
{
    return !isnan(found->score.accuracy);
}

static void json_importance(const brn_table_interpretation *found)
{
    const bool counted = is_counted(found);
    for (int64_t i = 0; i < found->importance_count; i++) {
        const brn_table_importance *one = &found->importance[i];
        cli_json json = cli_json_event("importance");
        cli_json_text(&json, "column", one->column);
        cli_json_real(&json, "loss", one->mean);
        cli_json_real(&json, "loss_std", one->deviation);
        cli_json_real(&json, counted ? "accuracy" : "rmse", one->metric);
        cli_json_real(&json, counted ? "accuracy_std" : "rmse_std", one->metric_deviation);
        cli_json_end(&json);
    }
}

static void json_point(cli_json *json, const brn_table_dependence *d, int64_t point)
{
    cli_json_object(json, NULL);
    if (d->category) cli_json_text(json, "value", d->values[point]);
    else cli_json_real(json, "at", d->at[point]);
    if (d->category) cli_json_real(json, "share", d->shares[point]);
    cli_json_array(json, "answer");
    for (int64_t k = 0; k < d->width; k++) cli_json_real(json, NULL, d->answers[point * d->width + k]);
    cli_json_close(json);
    cli_json_close(json);
}

static void json_dependence(const brn_table_interpretation *found)
{
    for (int64_t i = 0; i < found->dependence_count; i++) {
        const brn_table_dependence *d = &found->dependence[i];
        cli_json json = cli_json_event("dependence");
        cli_json_text(&json, "column", d->column);
        cli_json_bool(&json, "category", d->category);
        cli_json_array(&json, "points");
        for (int64_t point = 0; point < d->count; point++) json_point(&json, d, point);
        cli_json_close(&json);
        cli_json_end(&json);
    }
}

static void json_worst(const brn_table_interpretation *found)
{
    for (int64_t i = 0; i < found->worst_count; i++) {
        const brn_table_worst *w = &found->worst[i];
        cli_json json = cli_json_event("row");
        cli_json_whole(&json, "row", w->row);
        cli_json_real(&json, "loss", w->loss);
        if (found->class_count) {
            cli_json_text(&json, "label", found->classes[w->label]);
            cli_json_text(&json, "answer", found->classes[w->guess]);
            cli_json_real(&json, "label_probability", w->label_probability);
            cli_json_real(&json, "probability", w->probability);
        } else {
            cli_json_real(&json, "truth", w->truth);
            cli_json_real(&json, "answer", w->answer);
        }
        cli_json_object(&json, "values");
        for (int64_t c = 0; c < found->column_count; c++)
            cli_json_text(&json, found->columns[c], w->values[c]);
        cli_json_close(&json);
        cli_json_end(&json);
    }
}

static void json_all(const cli_call *call, const brn_table_interpretation *found, const char *report,
                     double seconds)
{
    json_importance(found);
    json_dependence(found);
    json_worst(found);
    cli_json json = cli_json_event("done");
    if (found->count) cli_json_text(&json, "target", found->target);
    if (found->count) cli_table_score_json(&json, &found->score);
    cli_json_whole(&json, "count", found->count);
    cli_json_text(&json, "run", call->inputs[0]);
    cli_json_text(&json, "report", report);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

/* ------------------------------------------------------------------ words */

static void print_importance(const brn_table_interpretation *found, int64_t repeats)
{
    cli_print("\nwhat is lost when a column is shuffled (mean and deviation of %" PRId64 ")\n", repeats);
    cli_print("  %-28s %10s %10s %14s\n", "column", "loss", "+-", is_counted(found) ? "accuracy lost" : "rmse gained");
    for (int64_t i = 0; i < found->importance_count; i++) {
        const brn_table_importance *one = &found->importance[i];
        char name[NAME_SIZE];
        cli_print("  %-28s %10.4g %10.2g %14.4g\n", cli_visible(one->column, name, sizeof name), one->mean,
                  one->deviation, one->metric);
    }
}

/* The class whose probability is shown: the second of two, else the one that moves most. */
static int64_t shown_class(const brn_table_dependence *d)
{
    double widest = -1;
    int64_t shown = 0;
    if (d->width <= 2) return d->width - 1;
    for (int64_t k = 0; k < d->width; k++) {
        double low = INFINITY, high = -INFINITY;
        for (int64_t i = 0; i < d->count; i++) {
            low = fmin(low, d->answers[i * d->width + k]);
            high = fmax(high, d->answers[i * d->width + k]);
        }
        if (high - low > widest) widest = high - low, shown = k;
    }
    return shown;
}

static void print_dependence(const brn_table_interpretation *found, const brn_table_dependence *d)
{
    char name[NAME_SIZE];
    const int64_t k = shown_class(d), shown = d->count < SHOWN_POINTS ? d->count : SHOWN_POINTS;
    cli_print("  %s", cli_visible(d->column, name, sizeof name));
    if (found->class_count > 2) cli_print(" (%s)", cli_visible(found->classes[k], name, sizeof name));
    for (int64_t i = 0; i < shown; i++) {
        /* Numbers from end to end; of categories the first. */
        const int64_t point = d->category || shown < 2 ? i : i * (d->count - 1) / (shown - 1);
        const double answer = d->answers[point * d->width + k];
        cli_print("%s ", i ? "," : ":");
        if (d->category) cli_print("%s", cli_visible(d->values[point], name, sizeof name));
        else cli_print("%.4g", d->at[point]);
        cli_print(found->class_count ? " %.3f" : " %.5g", answer);
    }
    cli_print("%s\n", d->category && shown < d->count ? " ..." : "");
}

static void print_dependences(const brn_table_interpretation *found)
{
    char name[NAME_SIZE];
    if (found->class_count == 2)
        cli_print("\nmean probability of %s when a column is set to\n", cli_visible(found->classes[1], name, sizeof name));
    else
        cli_print("\nmean %s when a column is set to\n", found->class_count ? "probability of a class" : "answer");
    for (int64_t i = 0; i < found->dependence_count; i++) print_dependence(found, &found->dependence[i]);
}

static void print_worst(const brn_table_interpretation *found)
{
    char label[NAME_SIZE], answer[NAME_SIZE];
    if (found->worst_count) cli_print("\nworst rows\n");
    for (int64_t i = 0; i < found->worst_count && !cli_output_broken(); i++) {
        const brn_table_worst *w = &found->worst[i];
        cli_print("  row %" PRId64 ": ", w->row);
        if (found->class_count)
            cli_print("%s (%.1f %%), answered %s (%.1f %%)",
                      cli_visible(found->classes[w->label], label, sizeof label), 100 * w->label_probability,
                      cli_visible(found->classes[w->guess], answer, sizeof answer), 100 * w->probability);
        else
            cli_print("%.7g, answered %.7g", w->truth, w->answer);
        for (int64_t c = 0; c < found->column_count; c++)
            cli_print("%s%s %s", c ? ", " : "; ", cli_visible(found->columns[c], label, sizeof label),
                      *w->values[c] ? cli_visible(w->values[c], answer, sizeof answer) : "-");
        cli_print("\n");
    }
}

static void print_all(const cli_call *call, const brn_table_interpretation *found, const char *report,
                      double seconds)
{
    char path[4160];
    if (found->count) {
        cli_print("target %s\n", cli_visible(found->target, path, sizeof path));
        cli_table_score_print(&found->score);
        cli_say("%" PRId64 " rows, %.1f s\n", found->count, seconds);
        print_importance(found, call->values[CLI_REPEATS].whole);
        print_dependences(found);
        print_worst(found);
    }
    cli_print("\nreport %s\n", cli_visible(report, path, sizeof path));
}

/* ------------------------------------------------------------------ the command */

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    const char *data = call->input_count > 1 ? call->inputs[1] : NULL;
    int code = data ? cli_check_table(data) : CLI_DONE;
    if (code != CLI_DONE) return code;
    cli_progress progress = cli_progress_of("table interpret");
    brn_table_report_options options = brn_table_report_defaults();
    options.interpret.worst = v[CLI_TOP].whole;
    if (v[CLI_TARGET_SEEN].set) options.interpret.target = v[CLI_TARGET_SEEN].text;
    options.interpret.repeats = (int)v[CLI_REPEATS].whole;
    options.interpret.seed = (uint64_t)v[CLI_SEED].whole;
    options.interpret.on_event = cli_progress_event;
    options.interpret.context = &progress;
    options.threads = (int)v[CLI_THREADS].whole;
    options.out = v[CLI_REPORT].set ? v[CLI_REPORT].text : NULL;
    brn_table_interpretation found;
    char report[4160];
    const double began = cli_seconds();
    cli_signals_watch();
    const brn_status status = brn_table_report(call->inputs[0], data, &options, &found, report, sizeof report);
    cli_progress_clear(&progress);
    if (status != BRN_OK) return cli_fail_status(status);
    if (found.count == 0) cli_warn("the table that the run was trained on cannot be used: name a file to see rows");
    if (cli_is_json()) json_all(call, &found, report, cli_seconds() - began);
    else print_all(call, &found, report, cli_seconds() - began);
    brn_table_interpretation_free(&found);
    return CLI_DONE;
}

const cli_command cli_command_table_interpret = {
    .noun = "table",
    .verb = "interpret",
    .arguments = "RUN [FILE]",
    .summary = "Shows which columns matter, how answers move with them, and the worst rows",
    .details = "RUN is a run folder or its model.safetensors. Looks at the rows that validated the training,\n"
               "or at all rows of FILE, which needs the target. A column matters by how much the answers get\n"
               "worse when its values change places; --repeats says how often that is tried. Writes report.html.",
    .inputs_min = 1,
    .inputs_max = 2,
    .computes = true,
    .options = {CLI_TARGET_SEEN, CLI_TOP, CLI_REPEATS, CLI_REPORT, CLI_SEED, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
