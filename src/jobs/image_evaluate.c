/* SPDX-License-Identifier: Apache-2.0
 * How good a classifier is on a folder of pictures. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_job.h"

#include <math.h>
#include <string.h>

/* Which of the folder's pictures are asked about, and their labels as the model numbers them. */
typedef struct question {
    brn_image_data *data;
    brn__dataset *dataset;
    int64_t *items, *labels; /* (count) */
    int64_t count;
} question;

static void question_free(question *q)
{
    brn__free(q->items);
    brn__free(q->labels);
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

/* The validation pictures; all of them when `whole` and no folder validates. */
static brn_status question_make(const brn_image_model *model, const char *path, bool whole,
                                question *q)
{
    const brn_image_data_options split = {.valid = whole ? 0 : model->valid_share,
                                          .seed = model->seed};
    BRN__TRY(brn_image_data_open(path, &split, &q->data));
    q->count = brn_image_data_split_count(q->data, BRN_SPLIT_VALID);
    int64_t first = brn_image_data_split_start(q->data, BRN_SPLIT_VALID);
    if (whole && q->count == 0) {
        first = brn_image_data_split_start(q->data, BRN_SPLIT_TRAIN);
        q->count = brn_image_data_split_count(q->data, BRN_SPLIT_TRAIN);
    }
    if (q->count == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no pictures to validate on", path);
    q->items = brn__image_item_numbers(first, q->count);
    q->labels = brn__alloc_array((size_t)q->count, sizeof *q->labels);
    if (!q->items || !q->labels) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(map_labels(model, q));
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

static brn_status evaluate(brn_image_model *model, const question *q, int batch_size, int tta, double tta_beta,
                           brn__progress *progress, brn_image_evaluation *out)
{
    const brn__image_ask ask = {.dataset = q->dataset,
                                .items = q->items,
                                .count = q->count,
                                .batch_size = batch_size,
                                .loaders = brn__image_loaders(-1),
                                .tta = tta,
                                .tta_beta = tta_beta,
                                .seed = model->seed,
                                .progress = progress};
    brn__image_answers answers;
    BRN__TRY(brn__image_answers_make(&model->network, &ask, &answers));
    const brn__image_score score = brn__image_score_of(
        answers.probabilities, answers.seen, q->labels, q->count, model->class_count);
    *out = (brn_image_evaluation){.accuracy = score.accuracy,
                                  .error_rate = score.error_rate,
                                  .top5 = score.top5,
                                  .valid_loss = score.loss,
                                  .count = score.count,
                                  .bad_count = answers.bad_count};
    brn_status status = fill_confusion(model, q, &answers);
    brn__image_answers_free(&answers);
    out->confusion = model->confusion;
    return status;
}

static void send_done(brn__progress *progress, const brn_image_evaluation *result, double seconds)
{
    const brn_metric metrics[] = {{"accuracy", result->accuracy},
                                  {"error_rate", result->error_rate},
                                  {"top5", result->top5},
                                  {"valid_loss", result->valid_loss}};
    brn_event event = brn__event_of(BRN_EVENT_DONE, NULL);
    event.metrics = metrics;
    event.metric_count = 4;
    event.valid_loss = result->valid_loss;
    event.seconds = seconds;
    brn_status status = brn__progress_send(progress, event);
    (void)status; /* there is nothing left to stop */
}

brn_status brn_image_evaluate(brn_image_model *model, const char *data, int batch_size, int tta,
                              double tta_beta, bool whole, brn_event_handler *on_event, void *context,
                              brn_image_evaluation *out)
{
    const double start = brn__seconds_now();
    *out = (brn_image_evaluation){0};
    if (batch_size < 1 || batch_size > BRN__IMAGE_BATCH_MAX || tta < 0 || tta > 1000)
        return brn__fail(BRN_ERROR_USAGE, "evaluate: batch size %d, tta %d; expected 1 to %d, 0 to 1000",
                         batch_size, tta, BRN__IMAGE_BATCH_MAX);
    brn__progress progress;
    brn__progress_init(&progress, on_event, context);
    progress.stage = "evaluate";
    question q = {0};
    brn_status status = question_make(model, data, whole, &q);
    if (status == BRN_OK) status = evaluate(model, &q, batch_size, tta, tta_beta, &progress, out);
    question_free(&q);
    if (status == BRN_OK) send_done(&progress, out, brn__seconds_now() - start);
    return status;
}
