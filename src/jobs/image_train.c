/* SPDX-License-Identifier: Apache-2.0
 * Training: from options to a run folder. The stages themselves are in image_stages.c. */
#include "jobs/image_train.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "jobs/image_end.h"
#include "jobs/image_ensemble.h"
#include "jobs/image_folds.h"
#include "jobs/image_interpret.h"
#include "jobs/image_recipe.h"
#include "jobs/image_targets.h"
#include "jobs/image_test.h"
#include "jobs/run_folder.h"
#include "jobs/precision.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static brn_status name_files(brn__image_training *t)
{
    snprintf(t->history_path, sizeof t->history_path, "%s/history.csv", t->run);
    BRN__TRY(brn__image_recipe_make(&t->plan, &t->recipe));
    t->progress.epochs = t->recipe.epochs;
    return BRN_OK;
}

static brn_status send_note(brn__image_training *t, brn__text *text)
{
    brn_status status = brn__text_finish(text);
    if (status == BRN_OK) status = brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_NOTE, text->bytes));
    brn__text_free(text);
    return status;
}

/* What the options made of the data. */
static brn_status tell_data(brn__image_training *t)
{
    brn__text text = {0};
    if (t->changed > 0) {
        brn__text_printf(&text, "%lld pictures left out or labelled anew", (long long)t->changed);
        BRN__TRY(send_note(t, &text));
    }
    if (!t->class_weights) return BRN_OK;
    brn__text_add(&text, "class weights:");
    for (int64_t k = 0; k < brn_image_data_class_count(t->data); k++)
        brn__text_printf(&text, "%s %s %.4g", k ? "," : "", brn_image_data_class_name(t->data, k),
                         (double)t->class_weights[k]);
    return send_note(t, &text);
}

static brn_status make_folder(brn__image_training *t)
{
    BRN__TRY(brn__run_folder_make(t->plan.options.out, "image", t->run, sizeof t->run - 32));
    BRN__TRY(brn__run_folder_lock(t->run, &t->lock));
    BRN__TRY(name_files(t));
    char path[sizeof t->run + 32];
    snprintf(path, sizeof path, "%s/config.json", t->run);
    BRN__TRY(brn__image_config_write(path, &t->plan, t->data));
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->run)));
    return tell_data(t);
}

static brn_status make_network(brn__image_training *t)
{
    const brn_image_options *o = &t->plan.options;
    t->made_of = brn__image_network_options_of(&t->plan, t->data);
    t->made_of.class_weights = t->class_weights;
    t->made_of.mixes = o->mixup > 0 || o->cutmix > 0;
    BRN__TRY(brn__image_network_new(&t->made_of, &t->network));
    if (t->state) return brn__run_state_parameters(t->state, t->network.parameters);
    if (!o->pretrained) return BRN_OK;
    return brn__image_network_load(&t->network, t->plan.weights, BRN_MODEL_BODY);
}

/* ------------------------------------------------------------------ the end */

static brn__model_card card_of(const brn__image_training *t, const char **classes)
{
    const brn_image_options *o = &t->plan.options;
    const brn_image_result *r = &t->result;
    brn__model_card card = {.architecture = o->architecture,
                            .network = *o->network ? o->network : NULL,
                            .classes = classes,
                            .class_count = brn__image_outputs(t->data),
                            .preprocessing = t->plan.preprocessing,
                            .target = (brn__model_target)r->target,
                            .augment = o->augment};
    for (int64_t k = 0; k < card.class_count; k++)
        classes[k] = brn__image_output_name(t->data, k);
    if (r->target == BRN_TARGET_TAGS)
        card.threshold = isfinite(r->threshold) ? r->threshold : BRN__IMAGE_THRESHOLD;
    card.head.is_own = t->made_of.own_classifier;
    card.head.hidden_count = t->made_of.head.hidden_count;
    memcpy(card.head.hidden, t->made_of.head.hidden, sizeof card.head.hidden);
    memcpy(card.head.dropout, t->made_of.head.dropout, sizeof card.head.dropout);
    brn_image_result settled = *r;
    brn__image_result_settle(&settled, o->tta);
    const brn_metric *measured = settled.metrics;
    const brn__model_number numbers[] = {
        {"epochs", t->epochs_done},           {measured[0].name, measured[0].value},
        {measured[3].name, measured[3].value}, {"valid_loss", r->valid_loss},
        {"train_count", (double)r->train_count}, {"valid_count", (double)r->valid_count},
        {"bad_count", (double)r->bad_count},  {"seed", (double)o->seed},
        {"valid", o->valid},                  {"tta", o->tta}};
    card.summary_count = (int)(sizeof numbers / sizeof *numbers);
    memcpy(card.summary, numbers, sizeof numbers);
    return card;
}

brn_status brn__image_save_model(brn__image_training *t, const char *name)
{
    char path[sizeof t->run + 32];
    snprintf(path, sizeof path, "%s/%s", t->run, name);
    const char **classes =
        brn__alloc_array((size_t)brn__image_outputs(t->data), sizeof *classes);
    if (!classes) return BRN_ERROR_NO_MEMORY;
    const brn__model_card card = card_of(t, classes);
    brn_status status = brn__model_file_write(path, &card, t->network.parameters);
    brn__free(classes);
    return status;
}

static brn_status score_targets(brn__image_training *t, const brn__image_answers *answers)
{
    const int64_t first = brn_image_data_split_start(t->data, BRN_SPLIT_VALID);
    float *targets = brn__image_targets_of(t->data, first, answers->count);
    if (!targets) return BRN_ERROR_NO_MEMORY;
    brn__image_measured plain, averaged = {0};
    const brn_target_kind kind = t->result.target;
    brn_status status = brn__image_measure_answers(kind, answers, true, targets, &plain);
    const bool one_view = t->plan.options.tta == 0;
    if (status == BRN_OK)
        status = brn__image_measure_answers(kind, answers, one_view, targets, &averaged);
    brn__free(targets);
    if (status != BRN_OK) return status;
    for (int i = 0; i < BRN__IMAGE_MEASURES; i++)
        brn__image_result_take(&t->result, averaged.metrics[i].name, averaged.metrics[i].value);
    t->result.metrics[BRN_IMAGE_METRICS - 1].value = plain.metrics[0].value;
    t->result.valid_loss = averaged.loss;
    t->result.threshold = averaged.threshold;
    return BRN_OK;
}

static brn_status score_answers(brn__image_training *t, const brn__image_answers *answers)
{
    if (t->result.target != BRN_TARGET_LABEL) return score_targets(t, answers);
    int64_t first = brn_image_data_split_start(t->data, BRN_SPLIT_VALID);
    int64_t *labels = brn__alloc_array((size_t)answers->count, sizeof *labels);
    if (!labels) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < answers->count; i++)
        labels[i] = brn_image_data_label(t->data, first + i);
    brn__image_score score = brn__image_score_of(answers->probabilities, answers->seen, labels,
                                                 answers->count, answers->classes);
    brn__image_score plain = brn__image_score_of(answers->plain, answers->seen, labels,
                                                 answers->count, answers->classes);
    brn__free(labels);
    t->result.accuracy = score.accuracy;
    t->result.valid_loss = score.loss;
    t->result.plain_accuracy = plain.accuracy;
    return BRN_OK;
}

static brn_status warn_of_unseen(brn__image_training *t, int64_t item)
{
    brn__text reason = {0};
    brn__text_printf(&reason, "%s: it could not be read for every view", brn_image_data_path(t->data, item));
    brn_status status = brn__text_finish(&reason);
    if (status == BRN_OK) status = brn__image_warn_of_bad(t, item, reason.bytes);
    brn__text_free(&reason);
    return status;
}

/* Test-time augmentation on the validation pictures; tags need their threshold in any case, and folds their
 * answers; averages of weights were measured by no epoch. */
static brn_status average_views(brn__image_training *t)
{
    const brn_image_options *o = &t->plan.options;
    const int64_t count = brn_image_data_split_count(t->data, BRN_SPLIT_VALID);
    const bool needed = o->tta > 0 || t->result.target == BRN_TARGET_TAGS || o->fold > 0 || o->swa > 0 || o->ema > 0;
    if (count == 0 || !needed) return BRN_OK;
    BRN__TRY(brn__image_begin_stage(t, "evaluate"));
    int64_t *items =
        brn__image_item_numbers(brn_image_data_split_start(t->data, BRN_SPLIT_VALID), count);
    if (!items) return BRN_ERROR_NO_MEMORY;
    const brn__image_ask ask = {.dataset = t->pictures,
                                .items = items,
                                .count = count,
                                .batch_size = o->batch_size,
                                .loaders = o->loaders,
                                .tta = o->tta,
                                .tta_beta = o->tta_beta,
                                .seed = o->seed,
                                .progress = &t->progress};
    brn__image_answers answers = {0};
    brn_status status = brn__image_answers_make(&t->network, &ask, &answers);
    for (int64_t i = 0; status == BRN_OK && i < count; i++)
        if (!answers.seen[i]) status = warn_of_unseen(t, items[i]);
    if (status == BRN_OK) status = score_answers(t, &answers);
    if (status == BRN_OK && o->fold > 0) status = brn__image_fold_answers(t, &answers);
    brn__image_answers_free(&answers);
    brn__free(items);
    return status;
}

static brn_status send_done(brn__image_training *t)
{
    brn_image_result *r = &t->result;
    brn_metric metrics[BRN_IMAGE_METRICS + 1];
    brn__image_result_settle(r, t->plan.options.tta);
    memcpy(metrics, r->metrics, sizeof r->metrics);
    brn_event event = brn__event_of(BRN_EVENT_DONE, t->run);
    event.metrics = metrics;
    event.metric_count = r->metric_count;
    if (!isnan(r->ensemble_accuracy))
        metrics[event.metric_count++] = (brn_metric){"ensemble_accuracy", r->ensemble_accuracy};
    event.valid_loss = r->valid_loss;
    event.seconds = r->seconds;
    event.report = *r->report ? r->report : NULL;
    brn_status status = brn__progress_send(&t->progress, event);
    return status == BRN_ERROR_INTERRUPTED ? BRN_OK : status; /* there is nothing left to stop */
}

/* ------------------------------------------------------------------ all of it */

static brn_status open_data(brn__image_training *t)
{
    const brn_image_options *o = &t->plan.options;
    BRN__TRY(brn__image_data_of(o, &t->data, &t->changed));
    BRN__TRY(brn__image_class_weights(o, t->data, &t->class_weights));
    brn__image_result_start(&t->result, brn_image_data_target_kind(t->data));
    t->warned = brn__alloc_zero((size_t)brn_image_data_count(t->data), sizeof *t->warned);
    if (!t->warned) return BRN_ERROR_NO_MEMORY;
    t->result.train_count = brn_image_data_split_count(t->data, BRN_SPLIT_TRAIN);
    t->result.valid_count = brn_image_data_split_count(t->data, BRN_SPLIT_VALID);
    BRN__TRY(brn__image_transform_of(&t->plan.preprocessing, o->augment, &t->transform));
    return brn__image_dataset_new(t->data, &t->transform, &t->pictures);
}

static brn_status begin(brn__image_training *t, const brn_image_options *options)
{
    BRN__TRY(brn__image_plan_make(options, &t->plan));
    brn__image_plan_settle(&t->plan);
    t->plan.options.precision = brn_precision_here(options->precision);
    BRN__TRY(open_data(t)); /* before anything is fetched for it */
    BRN__TRY(brn__image_plan_for(options, t->data, &t->plan));
    BRN__TRY(brn__image_plan_obtain(&t->plan));
    BRN__TRY(make_network(t)); /* before the folder: a damaged weights file leaves none behind */
    BRN__TRY(make_folder(t));
    return brn__precision_tell(&t->progress, options->precision);
}

/* ------------------------------------------------------------------ going on with a run */

static brn_status check_same_data(const brn__image_training *t)
{
    char digest[65];
    BRN__TRY(brn__image_data_digest(t->plan.options.data, t->data, digest));
    if (strcmp(digest, t->config.data_digest) == 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: the pictures in %s are not those that the run was begun on (files were "
                     "added, taken away or changed); train anew",
                     t->run, t->plan.options.data);
}

/* Pictures that are known to be bad are not told again. */
static brn_status recall_skipped(brn__image_training *t)
{
    brn__image_skipped skipped;
    BRN__TRY(brn__image_skipped_read(t->run, &skipped));
    for (int64_t i = 0; skipped.count && i < brn_image_data_count(t->data); i++)
        for (int64_t k = 0; k < skipped.count && !t->warned[i]; k++)
            t->warned[i] = strcmp(skipped.paths[k], brn_image_data_path(t->data, i)) == 0;
    t->result.bad_count = skipped.count;
    brn__image_skipped_free(&skipped);
    return BRN_OK;
}

static brn_status go_on(brn__image_training *t)
{
    char path[sizeof t->run + 32], note[BRN__MESSAGE_BYTES + 64];
    BRN__TRY(brn__run_folder_lock(t->run, &t->lock));
    brn__run_folder_sweep(t->run);
    snprintf(path, sizeof path, "%s/config.json", t->run);
    bool there;
    BRN__TRY(brn__test_file(path, &there));
    if (!there)
        return brn__fail(BRN_ERROR_INPUT, "%s: no run to go on with: there is no config.json", t->run);
    BRN__TRY(brn__image_config_read(path, &t->config));
    t->config.options.describe_plans = t->plan.options.describe_plans;
    BRN__TRY(brn__image_plan_make(&t->config.options, &t->plan));
    BRN__TRY(open_data(t));
    BRN__TRY(check_same_data(t));
    BRN__TRY(brn__run_state_open(t->run, t->plan.options.threads, &t->state, note, sizeof note));
    if (!t->state) BRN__TRY(brn__image_plan_obtain(&t->plan));
    BRN__TRY(make_network(t));
    BRN__TRY(recall_skipped(t));
    BRN__TRY(name_files(t));
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->run)));
    BRN__TRY(brn__precision_tell(&t->progress, t->plan.options.precision));
    return *note ? brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_WARNING, note)) : BRN_OK;
}

/* ------------------------------------------------------------------ all of it */

static brn_status finish(brn__image_training *t, double start)
{
    BRN__TRY(average_views(t));
    BRN__TRY(brn__image_ensemble(t));
    t->result.seconds = brn__seconds_now() - start;
    BRN__TRY(brn__image_save_model(t, "model.safetensors"));
    brn__run_state_tidy(t->run);
    brn__image_train_report(t);
    if (t->plan.options.fold > 0) BRN__TRY(brn__image_fold_finish(t));
    else BRN__TRY(brn__image_test_write(t->run, &t->plan.options, t->data, &t->progress));
    return send_done(t);
}

/* `options` NULL: goes on with the run that t->run names. */
static brn_status train(brn__image_training *t, const brn_image_options *options)
{
    const double start = brn__seconds_now();
    BRN__TRY(options ? begin(t, options) : go_on(t));
    brn__history_init(&t->history, t->history_path);
    brn__curve_init(&t->curve, &t->history);
    brn_status status = brn__image_stages(t);
    if (status == BRN_OK) status = finish(t, start);
    return status == BRN_OK ? BRN_OK : brn__image_broken_off(t, status);
}

static void training_free(brn__image_training *t)
{
    brn__history_deinit(&t->history);
    brn__curve_deinit(&t->curve);
    brn__average_deinit(&t->average);
    brn__free(t->class_weights);
    brn__run_state_close(t->state);
    brn__image_network_free(&t->network);
    brn__image_plan_free(&t->plan);
    brn__dataset_free(t->pictures);
    brn_image_data_close(t->data);
    brn__image_config_free(&t->config);
    brn__run_folder_unlock(t->lock);
    brn__free(t->warned);
    brn__free(t);
}

static brn_status training_new(brn_event_handler *on_event, void *context, brn__image_training **out)
{
    brn__image_training *t = brn__alloc_zero(1, sizeof *t);
    if (!t) return BRN_ERROR_NO_MEMORY;
    brn__progress_init(&t->progress, on_event, context);
    brn__image_result_start(&t->result, BRN_TARGET_LABEL);
    t->result.ensemble_accuracy = NAN;
    t->lock = -1;
    *out = t;
    return BRN_OK;
}

static void hand_out(const brn__image_training *t, brn_image_result *result)
{
    if (!result) return;
    *result = t->result;
    brn__image_result_settle(result, t->plan.options.tta);
    memcpy(result->run, t->run, sizeof result->run);
}

brn_status brn_image_train(const brn_image_options *options, brn_image_result *result)
{
    brn__image_training *t;
    if (options->folds > 0 && options->fold == 0) return brn__image_folds_train(options, result);
    BRN__TRY(training_new(options->on_event, options->context, &t));
    brn_status status = train(t, options);
    brn__image_record_end(t, status);
    hand_out(t, result);
    training_free(t);
    return status;
}

brn_status brn_image_resume(const char *run, brn_event_handler *on_event, void *context,
                            brn_image_result *result)
{
    brn__image_training *t;
    if (!run || !*run || strlen(run) >= sizeof t->run - 32)
        return brn__fail(BRN_ERROR_USAGE, "resume: expected the path of a run folder");
    int folds;
    BRN__TRY(brn__image_folds_of(run, &folds));
    if (folds > 0) return brn__image_folds_resume(run, on_event, context, result);
    BRN__TRY(training_new(on_event, context, &t));
    snprintf(t->run, sizeof t->run, "%s", run);
    t->resumed = true;
    brn_status status = train(t, NULL);
    brn__image_record_end(t, status);
    hand_out(t, result);
    training_free(t);
    return status;
}
