/* SPDX-License-Identifier: Apache-2.0
 * Opening classifiers and asking them. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "burnish/predictions.h"
#include "jobs/described_file.h"
#include "jobs/image_folds.h"

#include <math.h>
#include <string.h>

static const double FULL_SPLIT = .2;
static const uint64_t USUAL_SEED = 42;

/* ------------------------------------------------------------------ opening */

brn_status brn__image_model_buffers(brn_image_model *model)
{
    const size_t size = (size_t)model->transform.size, classes = (size_t)model->class_count;
    model->input = brn__alloc_aligned(3 * size * size * sizeof(float));
    model->logits = brn__alloc_zero(classes, sizeof(float));
    model->probabilities = brn__alloc_zero(classes, sizeof(float));
    return model->input && model->logits && model->probabilities ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

void brn__image_model_free_buffers(brn_image_model *model)
{
    brn__free_aligned(model->input);
    brn__free(model->logits);
    brn__free(model->probabilities);
    brn__free(model->confusion);
}

static brn_status keep_classes(brn_image_model *model, const char *const *names, int64_t count)
{
    model->classes = brn__alloc_zero((size_t)count, sizeof *model->classes);
    if (!model->classes) return BRN_ERROR_NO_MEMORY;
    model->class_count = count;
    for (int64_t k = 0; k < count; k++) {
        model->classes[k] = brn__strdup(names[k]);
        if (!model->classes[k]) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

/* With a head, or with the architecture's own classifier. */
static brn_status open_network(brn_image_model *model, const brn_model *found,
                               const brn_nn_head_options *head, brn_target_kind kind, int threads)
{
    const brn__image_network_options options = {
        .model = found,
        .head = head ? *head : (brn_nn_head_options){.outputs = model->class_count},
        .kind = kind,
        .own_classifier = !head,
        .batch_size = 1,
        .size = model->transform.size,
        .threads = threads,
    };
    model->architecture = brn__strdup(found->name);
    if (!model->architecture) return BRN_ERROR_NO_MEMORY;
    return brn__image_network_new(&options, &model->network);
}

/* An architecture with its published weights. */
static brn_status open_architecture(brn_image_model *model, const brn_model *found,
                                    const brn_image_open_options *o)
{
    char path[4096];
    const brn__image_pull pull = {
        .offline = o->offline, .mirror = o->mirror, .on_event = o->on_event, .context = o->context};
    BRN__TRY(brn__image_weights_obtain(found->name, &pull, path, sizeof path));
    const brn_weights_classes *classes = brn_weights_find(found->name)->classes;
    const brn_weights_preprocessing preprocessing = brn__image_preprocessing(found, 0);
    BRN__TRY(brn__image_transform_of(&preprocessing, NULL, &model->transform));
    model->seed = USUAL_SEED;
    model->valid_share = FULL_SPLIT;
    BRN__TRY(keep_classes(model, classes->names, classes->count));
    BRN__TRY(open_network(model, found, NULL, BRN_TARGET_LABEL, o->threads));
    BRN__TRY(brn__image_network_load(&model->network, path, BRN_MODEL_WHOLE));
    return brn__image_model_buffers(model);
}

/* Of the list, or what the file describes; nothing is made before the file is seen to hold as much. */
static brn_status find_model(brn_image_model *model, const brn__model_card *card, const brn__model_file *file,
                             const char *path, const brn_model **out)
{
    *out = NULL;
    if (!card->network) {
        *out = brn_model_find(card->architecture);
        return *out ? BRN_OK : brn__fail_within(BRN_ERROR_INPUT, "%s", path);
    }
    const int64_t dims[] = {3, card->preprocessing.size, card->preprocessing.size};
    const brn_status status = brn__described_file_read(file, dims, 3, &model->description);
    if (status != BRN_OK) return brn__fail_within(status, "%s", path);
    *out = brn_network_model(model->description);
    return BRN_OK;
}

static brn_status open_card(brn_image_model *model, const brn__model_file *file, const char *path,
                            int threads)
{
    const brn__model_card *card = brn__model_file_card(file);
    const brn_model *found;
    BRN__TRY(find_model(model, card, file, path, &found));
    brn_nn_head_options head = {.outputs = card->class_count,
                                .hidden_count = card->head.hidden_count};
    memcpy(head.hidden, card->head.hidden, sizeof head.hidden);
    memcpy(head.dropout, card->head.dropout, sizeof head.dropout);
    BRN__TRY(brn__image_transform_of(&card->preprocessing, card->augment, &model->transform));
    BRN__TRY(brn__image_transform_check(&model->transform));
    double seed = brn__model_file_number(file, "seed", (double)USUAL_SEED);
    double share = brn__model_file_number(file, "valid", FULL_SPLIT);
    model->seed = seed >= 0 && seed < 0x1p64 ? (uint64_t)seed : USUAL_SEED;
    model->valid_share = share >= 0 && share < 1 ? share : FULL_SPLIT;
    BRN__TRY(keep_classes(model, card->classes, card->class_count));
    const brn_target_kind kind = (brn_target_kind)card->target;
    if (kind == BRN_TARGET_TAGS) model->threshold = card->threshold;
    BRN__TRY(open_network(model, found, card->head.is_own ? NULL : &head, kind, threads));
    BRN__TRY(brn__model_file_load(file, model->network.parameters));
    return brn__image_model_buffers(model);
}

static brn_status open_file(brn_image_model *model, const char *path, int threads)
{
    brn__model_file *file;
    BRN__TRY(brn__model_file_open(path, &file));
    brn_status status = open_card(model, file, path, threads);
    brn__model_file_close(file);
    return status;
}

/* A run of folds is the mean of their models. */
static brn_status open_folds(brn_image_model *model, const char *run, int threads)
{
    int folds;
    char path[4200];
    BRN__TRY(brn__image_folds_of(run, &folds));
    if (folds == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no model.safetensors in it; expected the folder of a "
                         "finished run", run);
    brn__image_fold_path(run, 1, "/model.safetensors", path);
    BRN__TRY(open_file(model, path, threads));
    return brn__image_members_open(model, run, folds, threads);
}

static brn_status open_folder(brn_image_model *model, const char *folder, int threads)
{
    char *path = brn__path_join(folder, "model.safetensors");
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn__path_kind kind;
    brn_status status = brn__path_examine(path, &kind);
    if (status == BRN_OK)
        status = kind == BRN__PATH_FILE ? open_file(model, path, threads)
                                        : open_folds(model, folder, threads);
    brn__free(path);
    return status;
}

static brn_status open_any(brn_image_model *model, const char *what,
                           const brn_image_open_options *options)
{
    brn__path_kind kind;
    BRN__TRY(brn__path_examine(what, &kind));
    if (kind == BRN__PATH_FOLDER) return open_folder(model, what, options->threads);
    if (kind == BRN__PATH_FILE) return open_file(model, what, options->threads);
    const brn_model *found = brn_model_find(what);
    if (found) return open_architecture(model, found, options);
    return brn__fail_within(BRN_ERROR_INPUT, "%s: no run folder and no model file, and", what);
}

static void set_precision(brn_image_model *model, brn_precision precision)
{
    brn_runner_set_precision(brn__learner_runner(model->network.learner), precision);
    for (int i = 0; i < model->member_count; i++) set_precision(model->members[i], precision);
}

brn_status brn_image_model_open_with(const char *what, const brn_image_open_options *options,
                                     brn_image_model **out)
{
    static const brn_image_open_options usual = {0};
    *out = NULL;
    brn_image_model *model = brn__alloc_zero(1, sizeof *model);
    if (!model) return BRN_ERROR_NO_MEMORY;
    model->threshold = NAN;
    brn_status status = open_any(model, what, options ? options : &usual);
    if (status != BRN_OK) {
        brn_image_model_close(model);
        return status;
    }
    set_precision(model, options ? options->precision : BRN_PRECISION_FP32);
    *out = model;
    return BRN_OK;
}

brn_status brn_image_model_open(const char *what, int threads, brn_image_model **out)
{
    return brn_image_model_open_with(what, &(brn_image_open_options){.threads = threads}, out);
}

int64_t brn_image_model_classes(const brn_image_model *model) { return model->class_count; }

const char *brn_image_model_class(const brn_image_model *model, int64_t index)
{
    return index >= 0 && index < model->class_count ? model->classes[index] : NULL;
}

const char *brn_image_model_architecture(const brn_image_model *model)
{
    return model->architecture;
}

brn_target_kind brn_image_model_target(const brn_image_model *model)
{
    return model->network.kind;
}

double brn_image_model_threshold(const brn_image_model *model) { return model->threshold; }

int brn_image_model_size(const brn_image_model *model) { return model->transform.size; }

int64_t brn_image_best(const float *values, int64_t count) { return brn__largest(values, count); }

/* ------------------------------------------------------------------ asking */

/* What `input` holds, into the model's buffers. */
static brn_status answer_alone(brn_image_model *model, const float *input)
{
    const brn__network *network = &model->network.whole;
    brn_plan_options options = brn_plan_defaults();
    brn_plan *plan;
    options.outputs[options.output_count++] = network->output;
    BRN__TRY(brn_runner_plan(brn__learner_runner(model->network.learner), &options, &plan));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(network->input), input));
    BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
    memcpy(model->logits, brn_plan_output(plan, 0),
           (size_t)model->class_count * sizeof *model->logits);
    brn__image_answer_of(model->network.kind, model->logits, model->class_count, model->probabilities);
    return BRN_OK;
}

/* What model->input holds. */
static brn_status answer(brn_image_model *model, const float **out)
{
    const int64_t count = model->class_count;
    BRN__TRY(answer_alone(model, model->input));
    for (int i = 0; i < model->member_count; i++) {
        BRN__TRY(answer_alone(model->members[i], model->input));
        brn__image_mean_add(i + 1, count, model->members[i]->probabilities, model->probabilities);
    }
    if (model->member_count > 0)
        brn__image_logits_of(model->network.kind, count, model->probabilities, model->logits);
    *out = model->probabilities;
    return BRN_OK;
}

brn_status brn_image_predict_file(brn_image_model *model, const char *path, const float **out)
{
    *out = NULL;
    BRN__TRY(brn__image_transform_read(&model->transform, path, false, NULL, model->input));
    return answer(model, out);
}

brn_status brn_image_predict_pixels(brn_image_model *model, const uint8_t *pixels, int width,
                                    int height, const float **out)
{
    *out = NULL;
    brn__picture picture;
    BRN__TRY(brn__picture_new(width, height, "the picture", &picture));
    memcpy(picture.pixels, pixels, (size_t)width * (size_t)height * 3);
    brn_status status =
        brn__image_transform_apply(&model->transform, &picture, false, NULL, model->input);
    brn__picture_free(&picture);
    return status == BRN_OK ? answer(model, out) : status;
}

const float *brn_image_logits(const brn_image_model *model) { return model->logits; }

static brn_status ask_files(brn_image_model *model, const brn__image_ask *ask,
                            float *probabilities, bool *ok)
{
    brn__image_answers answers;
    BRN__TRY(brn__image_model_ask(model, ask, &answers));
    const size_t row = (size_t)model->class_count;
    memcpy(probabilities, answers.probabilities, (size_t)ask->count * row * sizeof(float));
    memcpy(ok, answers.seen, (size_t)ask->count * sizeof(bool));
    for (int64_t i = ask->count - 1; i >= 0; i--)
        if (answers.seen[i]) {
            memcpy(model->logits, answers.logits + (size_t)i * row, row * sizeof(float));
            memcpy(model->probabilities, answers.plain + (size_t)i * row, row * sizeof(float));
            break;
        }
    brn__image_answers_free(&answers);
    return BRN_OK;
}

brn_image_predict_options brn_image_predict_defaults(void)
{
    return (brn_image_predict_options){.batch_size = 16};
}

brn_status brn_image_predict_files(brn_image_model *model, const char *const *paths, int64_t count,
                                   int batch_size, float *probabilities, bool *ok)
{
    brn_image_predict_options options = brn_image_predict_defaults();
    options.batch_size = batch_size;
    return brn_image_predict_list(model, paths, count, &options, probabilities, ok);
}

brn_status brn_image_predict_list(brn_image_model *model, const char *const *paths, int64_t count,
                                  const brn_image_predict_options *options, float *probabilities,
                                  bool *ok)
{
    const int batch_size = options->batch_size;
    memset(probabilities, 0, (size_t)(count * model->class_count) * sizeof *probabilities);
    memset(ok, 0, (size_t)count * sizeof *ok);
    if (batch_size < 1 || batch_size > BRN__IMAGE_BATCH_MAX)
        return brn__fail(BRN_ERROR_USAGE, "batch size: %d; expected 1 to %d", batch_size,
                         BRN__IMAGE_BATCH_MAX);
    if (options->tta < 0 || options->tta > 1000)
        return brn__fail(BRN_ERROR_USAGE, "tta: %d passes; expected 0 to 1000", options->tta);
    if (count == 0) return BRN_OK;
    brn__progress progress;
    brn__progress_init(&progress, options->on_event, options->context);
    progress.stage = "predict";
    brn_image_data *data;
    brn__dataset *dataset = NULL;
    int64_t *items = brn__image_item_numbers(0, count);
    if (!items) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn_image_data_from_files(paths, count, &data);
    if (status == BRN_OK) status = brn__image_dataset_new(data, &model->transform, &dataset);
    if (status == BRN_OK) {
        const brn__image_ask ask = {.dataset = dataset,
                                    .items = items,
                                    .count = count,
                                    .batch_size = batch_size < count ? batch_size : count,
                                    .loaders = brn__image_loaders(-1),
                                    .tta = options->tta,
                                    .seed = model->seed,
                                    .progress = &progress};
        status = ask_files(model, &ask, probabilities, ok);
    }
    brn__dataset_free(dataset);
    brn_image_data_close(data);
    brn__free(items);
    return status;
}
