/* SPDX-License-Identifier: Apache-2.0
 * burnish image evaluate RUN_OR_ARCH FOLDER_OR_LIST */
#include "commands.h"
#include "json.h"
#include "model_open.h"
#include "output.h"
#include "progress.h"
#include "signals.h"

#include "burnish/image.h"

#include <inttypes.h>
#include <math.h>

enum { PAIRS_SHOWN = 5, BATCH_SIZE = 32 };

static void defaults(cli_value *values)
{
    values[CLI_BATCH_SIZE] = (cli_value){.set = true, .whole = BATCH_SIZE};
    values[CLI_TTA] = (cli_value){.set = true, .whole = 0};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = 0};
}

/* The call's own end is told from its result, which says more. */
static int on_event(void *context, const brn_event *event)
{
    if (event->kind == BRN_EVENT_DONE) return 0;
    return cli_progress_event(context, event);
}

static void print_json(const brn_image_evaluation *result, const char *run, double seconds)
{
    cli_json json = cli_json_event("done");
    cli_json_object(&json, "metrics");
    for (int i = 0; i < result->metric_count; i++)
        cli_json_real(&json, result->metrics[i].name, result->metrics[i].value);
    cli_json_close(&json);
    cli_json_whole(&json, "count", result->count);
    cli_json_whole(&json, "bad_count", result->bad_count);
    cli_json_text(&json, "run", run);
    cli_json_text(&json, "report", NULL);
    if (!isnan(result->threshold)) cli_json_real(&json, "threshold", result->threshold);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

/* The largest counts beside the diagonal, without sorting: each is the largest below the last. */
static void print_confused(const brn_image_model *model, const brn_image_evaluation *result)
{
    int64_t classes = brn_image_model_classes(model);
    int64_t last = INT64_MAX, last_at = -1;
    if (!result->confusion) return;
    for (int shown = 0; shown < PAIRS_SHOWN; shown++) {
        int64_t best = 0, best_at = -1;
        for (int64_t i = 0; i < classes * classes; i++) {
            int64_t count = result->confusion[i];
            bool after = count < last || (count == last && i > last_at);
            if (i / classes == i % classes || !after || count <= best) continue;
            best = count, best_at = i;
        }
        if (best_at < 0) return;
        char truth[256], answer[256];
        cli_say("%s taken for %s: %" PRId64 "\n",
                cli_visible(brn_image_model_class(model, best_at / classes), truth, sizeof truth),
                cli_visible(brn_image_model_class(model, best_at % classes), answer, sizeof answer),
                best);
        last = best, last_at = best_at;
    }
}

static int evaluate(const cli_call *call, brn_image_model *model)
{
    const cli_value *v = call->values;
    brn_image_evaluation result = {0};
    cli_progress progress = cli_progress_of("image evaluate");
    double began = cli_seconds();
    const brn_image_evaluate_options options = {
        .batch_size = (int)v[CLI_BATCH_SIZE].whole,
        .tta = (int)v[CLI_TTA].whole,
        .tta_beta = v[CLI_TTA_BETA].real,
        .whole = v[CLI_WHOLE].flag,
        .images = v[CLI_IMAGES].set ? v[CLI_IMAGES].text : NULL,
        .targets = v[CLI_TARGETS].set ? v[CLI_TARGETS].text : NULL,
        .tag_separator = v[CLI_TAG_SEPARATOR].set ? v[CLI_TAG_SEPARATOR].text : NULL,
        .on_event = on_event,
        .context = &progress,
    };
    brn_status status = brn_image_evaluate_with(model, call->inputs[1], &options, &result);
    cli_progress_clear(&progress);
    if (status != BRN_OK) return cli_fail_status(status);
    if (cli_is_json()) {
        print_json(&result, call->inputs[0], cli_seconds() - began);
        return CLI_DONE;
    }
    for (int i = 0; i < result.metric_count; i++)
        cli_print("%s %.4f\n", result.metrics[i].name, result.metrics[i].value);
    cli_say("%" PRId64 " pictures, %" PRId64 " could not be read, %.1f s\n", result.count,
            result.bad_count, cli_seconds() - began);
    print_confused(model, &result);
    return CLI_DONE;
}

static int run(const cli_call *call)
{
    brn_image_model *model;
    int code = cli_check_data(call->inputs[1]);
    if (code != CLI_DONE) return code;
    cli_signals_watch();
    code = cli_model_open(call, "image evaluate", &model);
    if (code != CLI_DONE) return code;
    code = evaluate(call, model);
    brn_image_model_close(model);
    return code;
}

const cli_command cli_command_image_evaluate = {
    .noun = "image",
    .verb = "evaluate",
    .arguments = "RUN_OR_ARCH FOLDER_OR_LIST",
    .summary = "Measures a trained classifier on pictures",
    .details = "RUN_OR_ARCH is a run folder, its model.safetensors, or an architecture with its\n"
               "pretrained weights. The pictures of FOLDER/valid count, or the share of FOLDER that\n"
               "training set aside; with --whole all of FOLDER. A LIST (burnish image train --help) is read\n"
               "with the kind of targets that the model has: f2 and map of tags, rmse and mae of numbers.",
    .inputs_min = 2,
    .inputs_max = 2,
    .computes = true,
    .options = {CLI_IMAGES, CLI_TARGETS, CLI_TAG_SEPARATOR, CLI_TTA, CLI_TTA_BETA, CLI_WHOLE, CLI_BATCH_SIZE, CLI_THREADS, CLI_PRECISION, CLI_MIRROR, CLI_OFFLINE,
                CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
