/* SPDX-License-Identifier: Apache-2.0
 * burnish image predict RUN_OR_ARCH FILE...
 *
 * Files go through the network in batches; the answers come in the order of the command line. A
 * file that can't be read costs a message and, at the end, exit code 1. */
#include "commands.h"
#include "json.h"
#include "model_open.h"
#include "output.h"
#include "signals.h"

#include "burnish/image.h"

#include <limits.h>
#include <stdlib.h>

typedef struct prediction {
    brn_image_model *model;
    int64_t classes, top, batch_size;
    float *probabilities; /* (batch_size, classes) */
    bool *ok, *taken;     /* (batch_size), (classes) */
    int64_t bad_count;
} prediction;

static void defaults(cli_value *values)
{
    values[CLI_TOP] = (cli_value){.set = true, .whole = 5};
    values[CLI_BATCH_SIZE] = (cli_value){.set = true, .whole = 16};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = 0};
}

/* The largest probability that was not taken yet. */
static int64_t next_best(prediction *p, const float *row)
{
    int64_t best = -1;
    for (int64_t i = 0; i < p->classes; i++)
        if (!p->taken[i] && (best < 0 || row[i] > row[best])) best = i;
    p->taken[best] = true;
    return best;
}

static void json_answer(cli_json *json, const prediction *p, const float *row, int64_t index)
{
    cli_json_text(json, "label", brn_image_model_class(p->model, index));
    cli_json_whole(json, "index", index);
    cli_json_real(json, "probability", row[index]);
}

static void tell(prediction *p, const char *path, const float *row)
{
    int64_t best = brn_image_best(row, p->classes);
    char name[4096], label[512];
    for (int64_t i = 0; i < p->classes; i++) p->taken[i] = false;
    if (cli_is_json()) {
        cli_json json = cli_json_event("prediction");
        cli_json_text(&json, "input", path);
        json_answer(&json, p, row, best);
        cli_json_array(&json, "top");
        for (int64_t i = 0; i < p->top; i++) {
            cli_json_object(&json, NULL);
            json_answer(&json, p, row, next_best(p, row));
            cli_json_close(&json);
        }
        cli_json_end(&json);
        return;
    }
    cli_print("%s: %s %.4f\n", cli_visible(path, name, sizeof name),
              cli_visible(brn_image_model_class(p->model, best), label, sizeof label), row[best]);
    next_best(p, row);
    for (int64_t i = 1; i < p->top && !cli_is_quiet(); i++) {
        int64_t index = next_best(p, row);
        const char *other = brn_image_model_class(p->model, index);
        cli_say("    %s %.4f\n", cli_visible(other, label, sizeof label), row[index]);
    }
}

/* The library's sentence on a file that gave no answer. */
static void tell_bad(prediction *p, const char *path)
{
    const float *row;
    p->bad_count++;
    if (brn_image_predict_file(p->model, path, &row) != BRN_OK)
        cli_fail(CLI_BAD_INPUT, "%s", brn_error_message());
    else
        cli_fail(CLI_BAD_INPUT, "%s: could not be read", path);
}

static int predict_all(prediction *p, const char **paths, int64_t count)
{
    for (int64_t done = 0; done < count && !cli_output_broken(); done += p->batch_size) {
        int64_t now = count - done < p->batch_size ? count - done : p->batch_size;
        brn_status status = brn_image_predict_files(p->model, paths + done, now, (int)p->batch_size,
                                                    p->probabilities, p->ok);
        /* BRN_ERROR_INPUT: none of them could be read, which each line tells below. */
        if (status == BRN_ERROR_INPUT)
            for (int64_t i = 0; i < now; i++) p->ok[i] = false;
        else if (status != BRN_OK)
            return cli_fail_status(status);
        for (int64_t i = 0; i < now; i++) {
            if (p->ok[i])
                tell(p, paths[done + i], p->probabilities + i * p->classes);
            else
                tell_bad(p, paths[done + i]);
        }
        if (cli_signal()) return 128 + cli_signal();
    }
    return p->bad_count ? CLI_BAD_INPUT : CLI_DONE;
}

static int predict(const cli_call *call, prediction *p)
{
    p->classes = brn_image_model_classes(p->model);
    p->batch_size = call->values[CLI_BATCH_SIZE].whole;
    if (p->batch_size > call->input_count) p->batch_size = call->input_count;
    p->top = call->values[CLI_TOP].whole < p->classes ? call->values[CLI_TOP].whole : p->classes;
    p->probabilities = calloc((size_t)(p->batch_size * p->classes), sizeof *p->probabilities);
    p->ok = calloc((size_t)p->batch_size, sizeof *p->ok);
    p->taken = calloc((size_t)p->classes, sizeof *p->taken);
    int code = CLI_NO_ROOM;
    double began = cli_seconds();
    int64_t count = call->input_count - 1;
    if (p->probabilities && p->ok && p->taken)
        code = predict_all(p, call->inputs + 1, count);
    else
        cli_fail(code, "no memory for %lld classes", (long long)p->classes);
    if (cli_is_json() && (code == CLI_DONE || code == CLI_BAD_INPUT)) {
        cli_json json = cli_json_event("done");
        cli_json_object(&json, "metrics");
        cli_json_close(&json);
        cli_json_whole(&json, "count", count - p->bad_count);
        cli_json_whole(&json, "bad_count", p->bad_count);
        cli_json_real(&json, "seconds", cli_seconds() - began);
        cli_json_end(&json);
    }
    free(p->probabilities);
    free(p->ok);
    free(p->taken);
    return code;
}

static int run(const cli_call *call)
{
    prediction p = {0};
    cli_signals_watch();
    int failed = cli_model_open(call, "image predict", &p.model);
    if (failed) return failed;
    int code = predict(call, &p);
    brn_image_model_close(p.model);
    return code;
}

const cli_command cli_command_image_predict = {
    .noun = "image",
    .verb = "predict",
    .arguments = "RUN_OR_ARCH FILE...",
    .summary = "Names what is on pictures",
    .details = "RUN_OR_ARCH is a run folder, its model.safetensors, or an architecture: its pretrained\n"
               "weights then answer with the classes that they were trained on. Weights that are not in\n"
               "the cache are fetched.",
    .inputs_min = 2,
    .inputs_max = INT_MAX,
    .computes = true,
    .options = {CLI_TOP, CLI_BATCH_SIZE, CLI_THREADS, CLI_MIRROR, CLI_OFFLINE, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
