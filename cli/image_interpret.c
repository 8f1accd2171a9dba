/* SPDX-License-Identifier: Apache-2.0
 * burnish image interpret RUN [FOLDER] */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "progress.h"
#include "signals.h"

#include "burnish/interpret.h"

#include <inttypes.h>

enum { PICTURES_MAX = 60, NAME_SIZE = 256 }; /* pictures: what one section of a report takes */

static void defaults(cli_value *values)
{
    brn_image_report_options o = brn_image_report_defaults();
    values[CLI_TOP] = (cli_value){.set = true, .whole = o.top};
    values[CLI_BATCH_SIZE] = (cli_value){.set = true, .whole = o.interpret.batch_size};
    values[CLI_TTA] = (cli_value){.set = true, .whole = 0};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = 0};
}

/* ------------------------------------------------------------------ JSON */

static void json_picture(const char *event, const brn_image_interpretation *found, int64_t number)
{
    const brn_image_judged *p = &found->pictures[number];
    cli_json json = cli_json_event(event);
    cli_json_text(&json, "input", p->path);
    cli_json_text(&json, "label", found->class_names[p->label]);
    cli_json_text(&json, "answer", found->class_names[p->answer]);
    cli_json_real(&json, "label_probability", p->label_probability);
    cli_json_real(&json, "probability", p->probability);
    cli_json_real(&json, "loss", p->loss);
    cli_json_bool(&json, "trained", p->trained);
    cli_json_end(&json);
}

static void json_all(const cli_call *call, const brn_image_interpretation *found, const char *report,
                     double seconds)
{
    const int64_t top = call->values[CLI_TOP].whole;
    for (int64_t i = 0; i < top && i < found->count; i++) json_picture("loss", found, i);
    for (int64_t i = 0; i < found->suspect_count; i++)
        json_picture("suspect", found, found->suspects[i]);
    for (int64_t i = 0; i < top && i < found->pair_count; i++) {
        cli_json json = cli_json_event("confused");
        cli_json_text(&json, "label", found->class_names[found->pairs[i].label]);
        cli_json_text(&json, "answer", found->class_names[found->pairs[i].answer]);
        cli_json_whole(&json, "count", found->pairs[i].count);
        cli_json_end(&json);
    }
    for (int64_t i = 0; i < found->bad_count; i++) {
        cli_json json = cli_json_event("file");
        cli_json_text(&json, "input", found->bad[i].path);
        cli_json_text(&json, "reason", found->bad[i].reason);
        cli_json_end(&json);
    }
    cli_json json = cli_json_event("done");
    cli_json_object(&json, "metrics");
    if (found->count > 0) {
        cli_json_real(&json, "accuracy", found->accuracy);
        cli_json_real(&json, "error_rate", found->error_rate);
        cli_json_real(&json, "top5", found->top5);
        cli_json_real(&json, "valid_loss", found->valid_loss);
    }
    cli_json_close(&json);
    cli_json_whole(&json, "count", found->count);
    cli_json_whole(&json, "bad_count", found->bad_count);
    cli_json_whole(&json, "suspect_count", found->suspect_count);
    cli_json_text(&json, "run", call->inputs[0]);
    cli_json_text(&json, "report", report);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

/* ------------------------------------------------------------------ words */

static void print_picture(const brn_image_interpretation *found, int64_t number)
{
    const brn_image_judged *p = &found->pictures[number];
    char label[NAME_SIZE], answer[NAME_SIZE], path[4096];
    cli_print("  %6.2f  %s: labelled %s (%.1f %%), answered %s (%.1f %%)%s\n", p->loss,
              cli_visible(p->path, path, sizeof path),
              cli_visible(found->class_names[p->label], label, sizeof label),
              100 * p->label_probability,
              cli_visible(found->class_names[p->answer], answer, sizeof answer), 100 * p->probability,
              p->trained ? ", trained on" : "");
}

static void print_all(const cli_call *call, const brn_image_interpretation *found, const char *report,
                      double seconds)
{
    const int64_t top = call->values[CLI_TOP].whole;
    char label[NAME_SIZE], answer[NAME_SIZE], path[4160];
    if (found->count > 0) {
        cli_print("accuracy %.4f\nvalid_loss %.4f\n", found->accuracy, found->valid_loss);
        cli_say("%" PRId64 " pictures, %" PRId64 " could not be read, %.1f s\n", found->count,
                found->bad_count, seconds);
    }
    for (int64_t i = 0; i < found->bad_count; i++) cli_warn("%s", found->bad[i].reason);
    if (found->pair_count > 0) cli_print("\nmost confused\n");
    for (int64_t i = 0; i < top && i < found->pair_count; i++)
        cli_print("  %6" PRId64 "  %s taken for %s\n", found->pairs[i].count,
                  cli_visible(found->class_names[found->pairs[i].label], label, sizeof label),
                  cli_visible(found->class_names[found->pairs[i].answer], answer, sizeof answer));
    if (found->count > 0) cli_print("\nhighest losses\n");
    for (int64_t i = 0; i < top && i < found->count; i++) print_picture(found, i);
    if (found->suspect_count > 0)
        cli_print("\nlikely mislabelled, most suspect first (%" PRId64 ")\n", found->suspect_count);
    for (int64_t i = 0; i < found->suspect_count; i++) print_picture(found, found->suspects[i]);
    cli_print("\nreport %s\n", cli_visible(report, path, sizeof path));
}

/* ------------------------------------------------------------------ the command */

/* The call's own end is told from its result, which says more. */
static int on_event(void *context, const brn_event *event)
{
    if (event->kind == BRN_EVENT_DONE) return 0;
    return cli_progress_event(context, event);
}

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    const char *data = call->input_count > 1 ? call->inputs[1] : NULL;
    int code = data ? cli_check_data(data) : CLI_DONE;
    if (code != CLI_DONE) return code;
    if (v[CLI_TOP].whole > PICTURES_MAX)
        return cli_fail(CLI_WRONG_USE, "--top %" PRId64 ": expected a whole number from 1 to %d here",
                        v[CLI_TOP].whole, PICTURES_MAX);
    cli_progress progress = cli_progress_of("image interpret");
    brn_image_report_options options = brn_image_report_defaults();
    options.top = (int)v[CLI_TOP].whole;
    options.out = v[CLI_REPORT].set ? v[CLI_REPORT].text : NULL;
    options.interpret.batch_size = (int)v[CLI_BATCH_SIZE].whole;
    options.interpret.tta = (int)v[CLI_TTA].whole;
    options.interpret.tta_beta = v[CLI_TTA_BETA].real;
    options.interpret.whole = v[CLI_WHOLE].flag;
    options.interpret.threads = (int)v[CLI_THREADS].whole;
    options.interpret.on_event = on_event;
    options.interpret.context = &progress;
    brn_image_interpretation found = {0};
    char report[4160];
    double began = cli_seconds();
    cli_signals_watch();
    brn_status status =
        brn_image_report(call->inputs[0], data, &options, &found, report, sizeof report);
    cli_progress_clear(&progress);
    if (status != BRN_OK) return cli_fail_status(status);
    if (found.count == 0 && !data)
        cli_warn("the pictures that the run was trained on are not there: name a folder to see some");
    if (v[CLI_MISLABELLED].set) {
        code = cli_fail_status(brn_image_suspects_csv(&found, v[CLI_MISLABELLED].text));
        if (code != CLI_DONE) {
            brn_image_interpretation_free(&found);
            return code;
        }
    }
    if (cli_is_json()) json_all(call, &found, report, cli_seconds() - began);
    else print_all(call, &found, report, cli_seconds() - began);
    brn_image_interpretation_free(&found);
    return CLI_DONE;
}

const cli_command cli_command_image_interpret = {
    .noun = "image",
    .verb = "interpret",
    .arguments = "RUN [FOLDER]",
    .summary = "Shows what a classifier gets wrong, and makes its report",
    .details = "RUN is a run folder or its model.safetensors; FOLDER is what it was trained on if none\n"
               "is named. Prints the most confused pairs, the highest losses and the pictures that are\n"
               "likely mislabelled, and writes report.html. With --whole the pictures that trained are\n"
               "judged too. --top is at most 60 here.",
    .inputs_min = 1,
    .inputs_max = 2,
    .options = {CLI_TOP, CLI_REPORT, CLI_MISLABELLED, CLI_WHOLE, CLI_TTA, CLI_TTA_BETA, CLI_BATCH_SIZE, CLI_THREADS, CLI_QUIET,
                CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
