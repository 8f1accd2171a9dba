/* SPDX-License-Identifier: Apache-2.0
 * What a program does with the library, in small. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/image.h"
#include "burnish/image_data.h"
#include "burnish/interpret.h"
#include "burnish/model_zoo.h"
#include "burnish/nn.h"
#include "burnish/ops.h"
#include "burnish/optimizer.h"
#include "burnish/runner.h"
#include "burnish/state_file.h"
#include "data/image/dataset.h"
#include "data/image/picture.h"
#include "data/loader.h"
#include "io/model_file.h"
#include "lm_scenario.h"
#include "data_scenarios.h"
#include "learner_scenarios.h"
#include "text_scenario.h"
#include "text_classifier_scenario.h"
#include "walk.h"

#include <stdio.h>
#include <string.h>

#define TRY(call)                                                                                  \
    do {                                                                                           \
        brn_status status_of_try = (call);                                                         \
        if (status_of_try != BRN_OK) return status_of_try;                                         \
    } while (0)

/* ------------------------------------------------------------------ weight files */

static brn_status read_tensors(const char *path, outcome *out)
{
    brn_state_file *file;
    TRY(brn_state_file_open(path, &file));
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < brn_state_file_count(file); i++) {
        brn_tensor *tensor = NULL;
        brn_state_tensor info = brn_state_file_tensor(file, i);
        outcome_add(out, info.name, strlen(info.name));
        status = brn_state_file_read(file, i, BRN_DTYPE_F64, &tensor);
        if (status == BRN_OK)
            outcome_add(out, brn_tensor_data(tensor),
                        (size_t)brn_shape_elements(info.shape) * sizeof(double));
        brn_tensor_free(tensor);
    }
    brn_state_file_close(file);
    return status;
}

static brn_status read_container(const world *w, const char *name, outcome *out)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", w->weights, name);
    return read_tensors(path, out);
}

static brn_status read_safetensors(const world *w, outcome *out)
{
    return read_container(w, "tensors.safetensors", out);
}

static brn_status read_zip(const world *w, outcome *out)
{
    TRY(read_container(w, "tensors.zip.pt", out));
    return read_container(w, "nested.zip.pt", out);
}

static brn_status read_legacy(const world *w, outcome *out)
{
    TRY(read_container(w, "tensors.legacy.pt", out));
    return read_container(w, "nested.legacy.pt", out);
}

static brn_status read_tar(const world *w, outcome *out)
{
    TRY(read_container(w, "tensors.tar.pt", out));
    return read_container(w, "nested.tar.pt", out);
}

/* ------------------------------------------------------------------ pictures */

static brn_status list_folder(const world *w, outcome *out)
{
    brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *data;
    TRY(brn_image_data_open(w->pictures, &options, &data));
    for (int64_t i = 0; i < brn_image_data_count(data); i++) {
        const char *path = brn_image_data_path(data, i);
        int64_t label = brn_image_data_label(data, i);
        outcome_add(out, path, strlen(path));
        outcome_add(out, &label, sizeof label);
    }
    brn_image_data_close(data);
    return BRN_OK;
}

static brn_status decode_pictures(const world *w, outcome *out)
{
    static const char *const names[] = {"0.png", "1.jpg", "2.jpeg"};
    for (int i = 0; i < 3; i++) {
        char path[512];
        brn__picture picture;
        snprintf(path, sizeof path, "%s/train/lying/%s", w->pictures, names[i]);
        TRY(brn__picture_read(path, 0, &picture));
        outcome_add(out, picture.pixels, (size_t)picture.width * (size_t)picture.height * 3);
        brn__picture_free(&picture);
    }
    return BRN_OK;
}

static brn_status drain(brn__loader *loader, size_t bytes, outcome *out)
{
    int64_t bad;
    for (uint32_t epoch = 0; epoch < 2; epoch++) {
        brn__batch batch;
        TRY(brn__loader_start_epoch(loader, epoch));
        do {
            TRY(brn__loader_next(loader, &batch));
            outcome_add(out, batch.inputs, (size_t)batch.count * bytes);
        } while (batch.count);
    }
    brn__loader_bad_items(loader, &bad);
    out->told += (int)bad;
    return BRN_OK;
}

static brn_status load(const world *w, int workers, outcome *out)
{
    const brn_image_data_options split = brn_image_data_defaults();
    const brn__image_transform transform = brn__image_transform_defaults(16);
    brn__loader_options options = brn__loader_defaults(true);
    brn_image_data *data = NULL;
    brn__dataset *dataset = NULL;
    brn__loader *loader = NULL;
    options.batch_size = 4;
    options.workers = workers;
    brn_status status = brn_image_data_open(w->pictures, &split, &data);
    if (status == BRN_OK) status = brn__image_dataset_new(data, &transform, &dataset);
    if (status == BRN_OK) status = brn__loader_new(dataset, NULL, 0, &options, &loader);
    if (status == BRN_OK) status = drain(loader, brn__dataset_input_bytes(dataset), out);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    brn_image_data_close(data);
    return status;
}

static brn_status load_here(const world *w, outcome *out) { return load(w, 0, out); }
static brn_status load_in_threads(const world *w, outcome *out) { return load(w, 2, out); }

/* ------------------------------------------------------------------ the engine */

enum { ITEMS = 4, WIDTH = 6, CLASSES = 3 };

typedef struct engine {
    brn_graph *graph;
    brn_parameters *parameters;
    brn_runner *runner;
    brn_optimizer *optimizer;
} engine;

static brn_status step(engine *e, brn_node *loss, brn_optimizer_kind kind, outcome *out)
{
    static const float x[ITEMS * 3 * WIDTH * WIDTH] = {1, 2, -1, .5f};
    static const int64_t target[ITEMS] = {0, 1, 2, 1};
    const brn_optimizer_options options = brn_optimizer_defaults(kind);
    const brn_optimizer_settings settings = brn_optimizer_settings_of(&options, 1e-2);
    brn_plan_options o = brn_plan_defaults();
    brn_plan *plan;
    o.training = true;
    o.loss = loss;
    o.outputs[o.output_count++] = loss;
    TRY(brn_parameters_new(e->graph, BRN_DTYPE_F32, &e->parameters));
    TRY(brn_parameters_initialise(e->parameters, 1, -1));
    TRY(brn_runner_new(e->parameters, "cpu", 1, &e->runner));
    TRY(brn_runner_plan(e->runner, &o, &plan));
    TRY(brn_optimizer_new(e->parameters, &options, &e->optimizer));
    TRY(brn_plan_bind(plan, "x", x));
    TRY(brn_plan_bind(plan, "target", target));
    TRY(brn_plan_run(plan, &(brn_run){.seed = 1}));
    TRY(brn_optimizer_step(e->optimizer, &settings, 1));
    char *text;
    TRY(brn_plan_describe(plan, &text));
    outcome_add(out, text, strlen(text));
    brn_text_free(text);
    outcome_add(out, brn_plan_output(plan, 0), sizeof(float));
    return BRN_OK;
}

static brn_node *small_network(brn_graph *graph)
{
    const brn_init init = {BRN_INIT_KAIMING_NORMAL, 0};
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){ITEMS, 3, WIDTH, WIDTH}, 4);
    brn_node *target = brn_input(graph, "target", BRN_DTYPE_I64, (int64_t[]){ITEMS}, 1);
    brn_node *h = brn_nn_conv2d(x, "conv", &(brn_nn_conv2d_options){.channels = 8, .kernel = 3, .padding = 1});
    h = brn_relu(brn_nn_batch_norm(h, "norm", NULL));
    h = brn_global_pool(h, BRN_POOL_AVERAGE);
    h = brn_nn_linear(h, "answer", CLASSES, true, init);
    return brn_cross_entropy(h, target, -1);
}

static brn_status train_engine(const world *w, outcome *out)
{
    static const brn_optimizer_kind kinds[] = {BRN_OPTIMIZER_SGD, BRN_OPTIMIZER_ADAM};
    (void)w;
    for (int i = 0; i < 2; i++) {
        engine e = {0};
        brn_status status = brn_graph_new(&e.graph);
        if (status == BRN_OK) status = step(&e, small_network(e.graph), kinds[i], out);
        brn_optimizer_free(e.optimizer);
        brn_runner_free(e.runner);
        brn_parameters_free(e.parameters);
        brn_graph_free(e.graph);
        TRY(status);
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ models and runs */

static int hear(void *context, const brn_event *event)
{
    ((outcome *)context)->told += event->kind == BRN_EVENT_WARNING;
    return 0;
}

static brn_status write_model(const world *w, outcome *out)
{
    char from[512], to[512];
    brn__model_file *file = NULL;
    engine e = {0};
    snprintf(from, sizeof from, "%s/model.safetensors", w->run);
    snprintf(to, sizeof to, "%s/model.safetensors", w->out);
    brn_status status = brn__model_file_open(from, &file);
    if (status == BRN_OK) status = brn_graph_new(&e.graph);
    if (status == BRN_OK) {
        small_network(e.graph);
        status = brn_parameters_new(e.graph, BRN_DTYPE_F32, &e.parameters);
    }
    if (status == BRN_OK) status = brn_parameters_initialise(e.parameters, 1, -1);
    if (status == BRN_OK) status = brn__model_file_write(to, brn__model_file_card(file), e.parameters);
    brn__model_file_close(file);
    file = NULL;
    if (status == BRN_OK) status = brn__model_file_open(to, &file);
    if (status == BRN_OK) status = brn__model_file_load(file, e.parameters);
    brn__model_file_close(file);
    brn_parameters_free(e.parameters);
    brn_graph_free(e.graph);
    return status == BRN_OK ? outcome_add_file(out, to) : status;
}

static brn_status ask(brn_image_model *model, const world *w, outcome *out)
{
    const size_t classes = (size_t)brn_image_model_classes(model);
    const float *p;
    char first[512], second[512];
    float many[4];
    bool ok[2];
    snprintf(first, sizeof first, "%s/valid/lying/10.jpg", w->pictures);
    snprintf(second, sizeof second, "%s/train/upright/0.png", w->pictures);
    TRY(brn_image_predict_file(model, first, &p));
    outcome_add(out, p, classes * sizeof *p);
    TRY(brn_image_predict_files(model, (const char *[]){first, second}, 2, 2, many, ok));
    outcome_add(out, many, sizeof many);
    out->told += !ok[0] + !ok[1];
    return BRN_OK;
}

static brn_status predict(const world *w, outcome *out)
{
    brn_image_model *model;
    TRY(brn_image_model_open(w->run, 1, &model));
    brn_status status = ask(model, w, out);
    brn_image_model_close(model);
    return status;
}

static brn_status evaluate(const world *w, outcome *out)
{
    brn_image_model *model;
    brn_image_evaluation result;
    TRY(brn_image_model_open(w->run, 1, &model));
    brn_status status = brn_image_evaluate(model, w->pictures, 4, 1, 0, false, hear, out, &result);
    if (status == BRN_OK) outcome_add(out, &result.valid_loss, sizeof result.valid_loss);
    if (status == BRN_OK) out->told += (int)result.bad_count;
    brn_image_model_close(model);
    return status;
}

/* Whether the page says that something could not be read. */
static int told_in(const char *path)
{
    static char page[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    return strstr(page, "could not be read") != NULL;
}

static brn_status report(const world *w, outcome *out)
{
    char path[512];
    brn_image_interpretation found;
    brn_image_report_options options = brn_image_report_defaults();
    snprintf(path, sizeof path, "%s/report.html", w->out);
    options.out = path;
    options.interpret.threads = 1;
    TRY(brn_image_report(w->run, w->pictures, &options, &found, NULL, 0));
    outcome_add(out, &found.valid_loss, sizeof found.valid_loss);
    out->told += (int)found.bad_count;
    brn_image_interpretation_free(&found);
    out->told += told_in(path);
    return outcome_add_file(out, path);
}

static brn_status train_with(const brn_image_options *o, outcome *out)
{
    char path[512];
    brn_image_result result;
    brn_image_options told = *o;
    told.on_event = hear;
    told.context = out;
    TRY(brn_image_train(&told, &result));
    out->told += (int)result.bad_count + told_in(result.report);
    snprintf(path, sizeof path, "%s/config.json", o->out);
    TRY(outcome_add_file(out, path));
    snprintf(path, sizeof path, "%s/model.safetensors", o->out);
    return outcome_add_file(out, path);
}

static brn_status train_from_scratch(const world *w, outcome *out)
{
    char run[512];
    snprintf(run, sizeof run, "%s/deep/run", w->out);
    brn_image_options o = world_options(w, run);
    o.tta = 1;
    return train_with(&o, out);
}

static brn_status train_on_features(const world *w, outcome *out)
{
    char run[512];
    snprintf(run, sizeof run, "%s/run", w->out);
    brn_image_options o = world_options(w, run);
    o.recipe = BRN_RECIPE_FINE_TUNE;
    o.freeze_epochs = 1;
    o.epochs = 0;
    o.precompute = true;
    return train_with(&o, out);
}

static brn_status resume_in(const char *run, outcome *out)
{
    char path[800];
    brn_image_result result;
    TRY(brn_image_resume(run, hear, out, &result));
    out->told += (int)result.bad_count + told_in(result.report);
    snprintf(path, sizeof path, "%s/model.safetensors", run);
    return outcome_add_file(out, path);
}

static brn_status resume(const world *w, outcome *out)
{
    char run[512];
    snprintf(run, sizeof run, "%s/run", w->out);
    return world_copy(w->stopped, run) ? resume_in(run, out) : BRN_ERROR_INTERNAL;
}

const scenario scenarios[] = {
    {"safetensors", read_safetensors},
    {"zip", read_zip},
    {"legacy", read_legacy},
    {"tar", read_tar},
    {"folder", list_folder},
    {"pictures", decode_pictures},
    {"loader", load_here},
    {"loader-threads", load_in_threads},
    {"engine", train_engine},
    {"model-file", write_model},
    {"predict", predict},
    {"evaluate", evaluate},
    {"report", report},
    {"table", scenario_table},
    {"table-report", scenario_table_report, .slow = true},
    {"answers", scenario_answers},
    {"runs", scenario_runs},
    {"check", scenario_check},
    {"texts", scenario_texts},
    {"ratings", scenario_ratings, .slow = true},
    {"lm", scenario_lm, .slow = true},
    {"text-classifier", scenario_text_classifier, .slow = true},
    {"table-learner", scenario_table_learner, .slow = true},
    {"ratings-learner", scenario_ratings_learner, .slow = true},
    {"text-learner", scenario_text_learner, .slow = true},
    {"train", train_from_scratch, .slow = true},
    {"train-features", train_on_features, .slow = true},
    {"resume", resume, .slow = true},
};
const int scenario_count = sizeof scenarios / sizeof *scenarios;
