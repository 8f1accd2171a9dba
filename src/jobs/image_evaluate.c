/* SPDX-License-Identifier: Apache-2.0
 * How good a classifier is on a folder of pictures. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_targets.h"

#include <math.h>
#include <string.h>

enum { USUAL_BATCH = 32 };

/* Which of the folder's pictures are asked about, and their labels as the model numbers them. */
typedef struct question {
    brn_image_data *data;
    brn__dataset *dataset;
    int64_t *items;
    int64_t *labels; /* (count); NULL: tags or numbers */
    float *targets;  /* (count, K) of tags or numbers */
    int64_t count;
} question;

static void question_free(question *q)
{
    brn__free(q->items);
    brn__free(q->labels);
    brn__free(q->targets);
    brn__dataset_free(q->dataset);
    brn_image_data_close(q->data);
}

static int64_t find_class(const brn_image_model *model, const char *name)
{
    for (int64_t k = 0; k < model->class_count; k++)
        if (strcmp(model->classes[k], name) == 0) return k;
    return -1;
}

static brn_status map_labels(const brn_image_model *model, question *q)
{
    const int64_t classes = brn_image_data_class_count(q->data);
    int64_t *map = brn__alloc_array((size_t)classes, sizeof *map);
    brn_status status = map ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; status == BRN_OK && k < classes; k++) {
        const char *name = brn_image_data_class_name(q->data, k);
        map[k] = find_class(model, name);
        if (map[k] < 0)
            status = brn__fail(BRN_ERROR_INPUT,
                               "the class folder \"%s\" is none of the model's %lld classes (\"%s\", "
                               "...)",
                               name, (long long)model->class_count, model->classes[0]);
    }
    for (int64_t i = 0; status == BRN_OK && i < q->count; i++)
        q->labels[i] = map[brn_image_data_label(q->data, q->items[i])];
    brn__free(map);
    return status;
}

static int64_t find_output(const brn_image_data *data, const char *name)
{
    int64_t k = brn_image_data_target_width(data) - 1;
    while (k >= 0 && strcmp(brn_image_data_target_name(data, k), name) != 0) k--;
    return k;
}

/* Tags that the model does not know, and numbers that the data lack, are wrong; a tag that no picture has
 * is only absent, and further numbers do no harm. */
static brn_status check_targets(const brn_image_model *model, const brn_image_data *data)
{
    const bool tags = model->network.kind == BRN_TARGET_TAGS;
    for (int64_t k = 0; tags && k < brn_image_data_target_width(data); k++) {
        const char *name = brn_image_data_target_name(data, k);
        if (find_class(model, name) < 0)
            return brn__fail(BRN_ERROR_INPUT, "the tag \"%s\" is none of the model's %lld (\"%s\", ...)",
                             name, (long long)model->class_count, model->classes[0]);
    }
    for (int64_t k = 0; !tags && k < model->class_count; k++)
        if (find_output(data, model->classes[k]) < 0)
            return brn__fail(BRN_ERROR_INPUT, "no column \"%s\", which the model predicts",
                             model->classes[k]);
    return BRN_OK;
}

/* As the model orders them. */
static brn_status map_targets(const brn_image_model *model, question *q)
{
    BRN__TRY(check_targets(model, q->data));
    const int64_t classes = model->class_count, width = brn_image_data_target_width(q->data);
    float *given = brn__image_targets_of(q->data, q->items[0], q->count);
    q->targets = brn__alloc_zero((size_t)(q->count * classes) + 1, sizeof *q->targets);
    if (given && q->targets)
        for (int64_t k = 0; k < classes; k++) {
            const int64_t from = find_output(q->data, model->classes[k]);
            for (int64_t i = 0; from >= 0 && i < q->count; i++)
                q->targets[i * classes + k] = given[i * width + from];
        }
    const bool made = given && q->targets;
    brn__free(given);
    return made ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status open_data(const brn_image_model *model, const char *path,
                            const brn_image_evaluate_options *o, question *q)
{
    static const char *const types[] = {
        [BRN_TARGET_LABEL] = "label", [BRN_TARGET_TAGS] = "tags", [BRN_TARGET_NUMBERS] = "numbers"};
    brn_image_options given = brn_image_defaults();
    given.valid = o->whole ? 0 : model->valid_share;
    given.seed = model->seed;
    given.images = o->images;
    given.targets = o->targets;
    given.tag_separator = o->tag_separator;
    given.target_type = types[model->network.kind];
    BRN__TRY(brn__image_targets_plan(&given));
    const brn_image_data_options how = brn__image_data_options_of(&given);
    BRN__TRY(brn_image_data_open(path, &how, &q->data));
    if (brn_image_data_target_kind(q->data) == model->network.kind) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: a folder of classes; expected a list with %s, as the model has",
                     path, types[model->network.kind]);
}

/* The validation pictures; all of them when `whole` and nothing validates. */
static brn_status question_make(const brn_image_model *model, const char *path,
                                const brn_image_evaluate_options *o, question *q)
{
    BRN__TRY(open_data(model, path, o, q));
    q->count = brn_image_data_split_count(q->data, BRN_SPLIT_VALID);
    int64_t first = brn_image_data_split_start(q->data, BRN_SPLIT_VALID);
    if (o->whole && q->count == 0) {
        first = brn_image_data_split_start(q->data, BRN_SPLIT_TRAIN);
        q->count = brn_image_data_split_count(q->data, BRN_SPLIT_TRAIN);
    }
    if (q->count == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no pictures to validate on", path);
    q->items = brn__image_item_numbers(first, q->count);
    if (!q->items) return BRN_ERROR_NO_MEMORY;
    if (model->network.kind == BRN_TARGET_LABEL) {
        q->labels = brn__alloc_array((size_t)q->count, sizeof *q->labels);
        if (!q->labels) return BRN_ERROR_NO_MEMORY;
        BRN__TRY(map_labels(model, q));
    } else {
        BRN__TRY(map_targets(model, q));
    }
    return brn__image_dataset_new(q->data, &model->transform, &q->dataset);
}

static brn_status fill_confusion(brn_image_model *model, const question *q,
                                 const brn__image_answers *answers)
{
    const size_t classes = (size_t)model->class_count;
    if (!model->confusion) {
        model->confusion = brn__alloc_zero(classes * classes, sizeof *model->confusion);
        if (!model->confusion) return BRN_ERROR_NO_MEMORY;
    }
    memset(model->confusion, 0, classes * classes * sizeof *model->confusion);
    for (int64_t i = 0; i < q->count; i++) {
        if (!answers->seen[i]) continue;
        const float *p = answers->probabilities + i * model->class_count;
        model->confusion[q->labels[i] * model->class_count +
                         brn_image_best(p, model->class_count)]++;
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ measuring */

static brn_status measure_labels(brn_image_model *model, const question *q,
                                 const brn__image_answers *answers, brn_image_evaluation *out)
{
    const brn__image_score score = brn__image_score_of(
        answers->probabilities, answers->seen, q->labels, q->count, model->class_count);
    *out = (brn_image_evaluation){.accuracy = score.accuracy,
                                  .error_rate = score.error_rate,
                                  .top5 = score.top5,
                                  .valid_loss = score.loss,
                                  .count = score.count,
                                  .bad_count = answers->bad_count,
                                  .metrics = {{"accuracy", score.accuracy},
                                              {"error_rate", score.error_rate},
                                              {"top5", score.top5},
                                              {"valid_loss", score.loss}},
                                  .metric_count = 4,
                                  .threshold = NAN};
    brn_status status = fill_confusion(model, q, answers);
    out->confusion = model->confusion;
    return status;
}

static brn_status measure_targets(const brn_image_model *model, const question *q,
                                  const brn__image_answers *answers, bool plain, brn_image_evaluation *out)
{
    brn__image_measured m;
    BRN__TRY(brn__image_measure_answers(model->network.kind, answers, plain, q->targets, &m));
    *out = (brn_image_evaluation){.accuracy = NAN,
                                  .error_rate = NAN,
                                  .top5 = NAN,
                                  .valid_loss = m.loss,
                                  .count = m.count,
                                  .bad_count = answers->bad_count,
                                  .metrics = {m.metrics[0], m.metrics[1], {"valid_loss", m.loss}},
                                  .metric_count = 3,
                                  .threshold = m.threshold};
    return BRN_OK;
}

static brn_status evaluate(brn_image_model *model, const question *q, const brn_image_evaluate_options *o,
                           brn__progress *progress, brn_image_evaluation *out)
{
    const brn__image_ask ask = {.dataset = q->dataset,
                                .items = q->items,
                                .count = q->count,
                                .batch_size = o->batch_size,
                                .loaders = brn__image_loaders(-1),
                                .tta = o->tta,
                                .tta_beta = o->tta_beta,
                                .seed = model->seed,
                                .progress = progress};
    brn__image_answers answers;
    BRN__TRY(brn__image_model_ask(model, &ask, &answers));
    brn_status status = q->labels ? measure_labels(model, q, &answers, out)
                                  : measure_targets(model, q, &answers, o->tta == 0, out);
    brn__image_answers_free(&answers);
    return status;
}

static void send_done(brn__progress *progress, const brn_image_evaluation *result, double seconds)
{
    brn_event event = brn__event_of(BRN_EVENT_DONE, NULL);
    event.metrics = result->metrics;
    event.metric_count = result->metric_count;
    event.valid_loss = result->valid_loss;
    event.seconds = seconds;
    brn_status status = brn__progress_send(progress, event);
    (void)status; /* there is nothing left to stop */
}

brn_status brn_image_evaluate_with(brn_image_model *model, const char *data,
                                   const brn_image_evaluate_options *options, brn_image_evaluation *out)
{
    const double start = brn__seconds_now();
    brn_image_evaluate_options o = *options;
    *out = (brn_image_evaluation){0};
    if (o.batch_size == 0) o.batch_size = USUAL_BATCH;
    if (o.batch_size < 1 || o.batch_size > BRN__IMAGE_BATCH_MAX || o.tta < 0 || o.tta > 1000)
        return brn__fail(BRN_ERROR_USAGE, "evaluate: batch size %d, tta %d; expected 1 to %d, 0 to 1000",
                         o.batch_size, o.tta, BRN__IMAGE_BATCH_MAX);
    brn__progress progress;
    brn__progress_init(&progress, o.on_event, o.context);
    progress.stage = "evaluate";
    question q = {0};
    brn_status status = question_make(model, data, &o, &q);
    if (status == BRN_OK) status = evaluate(model, &q, &o, &progress, out);
    question_free(&q);
    if (status == BRN_OK) send_done(&progress, out, brn__seconds_now() - start);
    return status;
}

brn_status brn_image_evaluate(brn_image_model *model, const char *data, int batch_size, int tta,
                              double tta_beta, bool whole, brn_event_handler *on_event, void *context,
                              brn_image_evaluation *out)
{
    const brn_image_evaluate_options options = {.batch_size = batch_size > 0 ? batch_size : -1,
                                                .tta = tta,
                                                .tta_beta = tta_beta,
                                                .whole = whole,
                                                .on_event = on_event,
                                                .context = context};
    return brn_image_evaluate_with(model, data, &options, out);
}
