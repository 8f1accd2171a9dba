/* SPDX-License-Identifier: Apache-2.0
 * burnish image predict RUN_OR_ARCH FILE_OR_FOLDER...
 *
 * Files go through the network in batches; the answers come in the order of the command line, those of a
 * folder in the order of their names. A file that can't be read costs a message; exit code 1 when none
 * could be read. */
#include "commands.h"
#include "json.h"
#include "model_open.h"
#include "output.h"
#include "progress.h"
#include "signals.h"

#include "burnish/predictions.h"

#include <limits.h>
#include <stdlib.h>

enum { CHUNK_BATCHES = 16 }; /* what is answered before it is told */

typedef struct prediction {
    brn_image_model *model;
    brn_image_files files;
    brn_image_predict_options options;
    cli_progress progress;
    int64_t classes, top, chunk;
    float *probabilities; /* (count, classes) */
    bool *ok, *taken;     /* (count), (classes) */
    int64_t bad_count;
    double seconds;       /* of the answers alone */
} prediction;

static void defaults(cli_value *values)
{
    brn_image_predict_options o = brn_image_predict_defaults();
    values[CLI_TOP] = (cli_value){.set = true, .whole = 5};
    values[CLI_BATCH_SIZE] = (cli_value){.set = true, .whole = o.batch_size};
    values[CLI_TTA] = (cli_value){.set = true, .whole = o.tta};
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

/* Tags above the threshold, the most probable first. */
static void tell_tags(prediction *p, const char *path, const float *row)
{
    const double threshold = brn_image_model_threshold(p->model);
    char name[4096], label[512];
    cli_json json;
    int64_t shown = 0;
    if (cli_is_json()) {
        json = cli_json_event("prediction");
        cli_json_text(&json, "input", path);
        cli_json_real(&json, "threshold", threshold);
        cli_json_array(&json, "labels");
    } else {
        cli_print("%s:", cli_visible(path, name, sizeof name));
    }
    for (int64_t i = 0; i < p->classes; i++) p->taken[i] = false;
    for (; shown < p->classes; shown++) {
        const int64_t index = next_best(p, row);
        const char *tag = brn_image_model_class(p->model, index);
        if (!((double)row[index] > threshold)) break;
        if (cli_is_json()) cli_json_text(&json, NULL, tag);
        else cli_print(" %s %.4f", cli_visible(tag, label, sizeof label), row[index]);
    }
    if (!cli_is_json()) {
        cli_print("%s\n", shown ? "" : " -");
        return;
    }
    cli_json_close(&json);
    for (int64_t i = 0; i < p->classes; i++) p->taken[i] = false;
    cli_json_array(&json, "top");
    for (int64_t i = 0; i < p->top; i++) {
        cli_json_object(&json, NULL);
        json_answer(&json, p, row, next_best(p, row));
        cli_json_close(&json);
    }
    cli_json_end(&json);
}

static void tell_numbers(const prediction *p, const char *path, const float *row)
{
    char name[4096], label[512];
    if (!cli_is_json()) {
        cli_print("%s:", cli_visible(path, name, sizeof name));
        for (int64_t k = 0; k < p->classes; k++)
            cli_print(" %s %.6g", cli_visible(brn_image_model_class(p->model, k), label, sizeof label),
                      row[k]);
        cli_print("\n");
        return;
    }
    cli_json json = cli_json_event("prediction");
    cli_json_text(&json, "input", path);
    cli_json_object(&json, "values");
    for (int64_t k = 0; k < p->classes; k++)
        cli_json_real(&json, brn_image_model_class(p->model, k), row[k]);
    cli_json_end(&json);
}

static void tell(prediction *p, const char *path, const float *row)
{
    const brn_target_kind kind = brn_image_model_target(p->model);
    if (kind == BRN_TARGET_TAGS) {
        tell_tags(p, path, row);
        return;
    }
    if (kind == BRN_TARGET_NUMBERS) {
        tell_numbers(p, path, row);
        return;
    }
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
    if (brn_image_predict_file(p->model, path, &row) != BRN_OK) cli_warn("%s", brn_error_message());
    else cli_warn("%s: could not be read", path);
}

static brn_status answer(prediction *p, int64_t first, int64_t count)
{
    double began = cli_seconds();
    brn_status status =
        brn_image_predict_list(p->model, p->files.paths + first, count, &p->options,
                               p->probabilities + first * p->classes, p->ok + first);
    p->seconds += cli_seconds() - began;
    cli_progress_clear(&p->progress);
    if (status != BRN_ERROR_INPUT) return status;
    for (int64_t i = 0; i < count; i++) p->ok[first + i] = false; /* not one could be read */
    return BRN_OK;
}

static int predict_all(prediction *p)
{
    const int64_t count = p->files.count;
    for (int64_t done = 0; done < count && !cli_output_broken(); done += p->chunk) {
        int64_t now = count - done < p->chunk ? count - done : p->chunk;
        brn_status status = answer(p, done, now);
        if (status != BRN_OK) return cli_fail_status(status);
        for (int64_t i = done; i < done + now; i++) {
            if (p->ok[i]) tell(p, p->files.paths[i], p->probabilities + i * p->classes);
            else tell_bad(p, p->files.paths[i]);
        }
        if (cli_signal()) return 128 + cli_signal();
    }
    if (p->bad_count < count) return CLI_DONE;
    if (count == 1) return CLI_BAD_INPUT; /* it has been told why */
    return cli_fail(CLI_BAD_INPUT, "no picture could be read (%lld)", (long long)count);
}

static int write_file(const cli_call *call, const prediction *p)
{
    const cli_value *v = call->values;
    if (!v[CLI_PREDICTIONS].set) return CLI_DONE;
    const char *out = v[CLI_PREDICTIONS].text;
    const brn_image_predictions all = {p->model, p->files.paths, p->files.count, p->probabilities, p->ok};
    if (v[CLI_SUBMISSION].set)
        return cli_fail_status(brn_image_predictions_submission(&all, v[CLI_SUBMISSION].text, out));
    return cli_fail_status(brn_image_predictions_csv(&all, v[CLI_ALL_PROBABILITIES].flag, out));
}

static void tell_end(const cli_call *call, const prediction *p)
{
    const int64_t good = p->files.count - p->bad_count;
    const char *out = call->values[CLI_PREDICTIONS].set ? call->values[CLI_PREDICTIONS].text : NULL;
    char path[4096];
    if (!cli_is_json()) {
        if (out) cli_say("wrote %s\n", cli_visible(out, path, sizeof path));
        return;
    }
    cli_json json = cli_json_event("done");
    cli_json_object(&json, "metrics");
    cli_json_close(&json);
    cli_json_whole(&json, "count", good);
    cli_json_whole(&json, "bad_count", p->bad_count);
    cli_json_text(&json, "out", out);
    cli_json_real(&json, "seconds", p->seconds);
    cli_json_real(&json, "milliseconds_per_picture", 1e3 * p->seconds / (double)(good > 0 ? good : 1));
    cli_json_end(&json);
}

/* With random views everything is one list: they depend on the place in it. */
static void choose_chunk(const cli_call *call, prediction *p)
{
    const cli_value *v = call->values;
    p->options = brn_image_predict_defaults();
    p->options.batch_size = (int)v[CLI_BATCH_SIZE].whole;
    p->options.tta = (int)v[CLI_TTA].whole;
    p->options.on_event = cli_progress_event;
    p->options.context = &p->progress;
    p->progress = cli_progress_of("image predict");
    p->chunk = p->options.tta > 0 ? p->files.count : CHUNK_BATCHES * v[CLI_BATCH_SIZE].whole;
}

static int predict(const cli_call *call, prediction *p)
{
    const size_t count = (size_t)p->files.count;
    p->classes = brn_image_model_classes(p->model);
    p->top = call->values[CLI_TOP].whole < p->classes ? call->values[CLI_TOP].whole : p->classes;
    choose_chunk(call, p);
    p->probabilities = calloc(count * (size_t)p->classes, sizeof *p->probabilities);
    p->ok = calloc(count, sizeof *p->ok);
    p->taken = calloc((size_t)p->classes, sizeof *p->taken);
    int code = CLI_NO_ROOM;
    if (p->probabilities && p->ok && p->taken) code = predict_all(p);
    else cli_fail(code, "no memory for %lld pictures and %lld classes", (long long)count, (long long)p->classes);
    if (code == CLI_DONE) code = write_file(call, p);
    if (code == CLI_DONE) tell_end(call, p);
    free(p->probabilities);
    free(p->ok);
    free(p->taken);
    return code;
}

static int check(const cli_call *call)
{
    const cli_value *v = call->values;
    if (v[CLI_PREDICTIONS].set) return CLI_DONE;
    if (v[CLI_SUBMISSION].set)
        return cli_fail(CLI_WRONG_USE, "--submission needs --out, the file to write");
    if (v[CLI_ALL_PROBABILITIES].flag)
        return cli_fail(CLI_WRONG_USE, "--all-probabilities needs --out, the file to write");
    return CLI_DONE;
}

static int run(const cli_call *call)
{
    prediction p = {0};
    int code = check(call);
    if (code != CLI_DONE) return code;
    cli_signals_watch();
    brn_status status = brn_image_files_find(call->inputs + 1, call->input_count - 1, &p.files);
    code = status == BRN_OK ? cli_model_open(call, "image predict", &p.model) : cli_fail_status(status);
    if (code == CLI_DONE) code = predict(call, &p);
    brn_image_model_close(p.model);
    brn_image_files_free(&p.files);
    return code;
}

const cli_command cli_command_image_predict = {
    .noun = "image",
    .verb = "predict",
    .arguments = "RUN_OR_ARCH FILE...",
    .summary = "Names what is on pictures",
    .details = "RUN_OR_ARCH is a run folder, its model.safetensors, or an architecture: its pretrained\n"
               "weights then answer with the classes that they were trained on. Weights that are not in\n"
               "the cache are fetched.\n"
               "A FILE may be a folder: its pictures at any depth (jpg, png, webp), in natural order of\n"
               "their names. --out writes a CSV file with the columns file, label, probability, and one\n"
               "for each class up to 20 classes. --submission takes the sample file of a competition:\n"
               "ids of files (with or without their extension), then one column for the label or one\n"
               "column for each class. Of a model of tags it prints those above its threshold, of numbers\n"
               "their values; files get labels with blanks between, or a column for each number. What can't be read is warned of; exit code 1 if nothing could.",
    .inputs_min = 2,
    .inputs_max = INT_MAX,
    .computes = true,
    .options = {CLI_PREDICTIONS, CLI_SUBMISSION, CLI_ALL_PROBABILITIES, CLI_TOP, CLI_TTA, CLI_BATCH_SIZE,
                CLI_THREADS, CLI_PRECISION, CLI_MIRROR, CLI_OFFLINE, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
