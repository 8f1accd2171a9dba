/* SPDX-License-Identifier: Apache-2.0
 * Training on texts: from options to a run folder, and going on with one. */
#include "jobs/text_train.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/threads.h"
#include "data/table/source.h"
#include "jobs/precision.h"
#include "jobs/run_config.h"
#include "jobs/run_folder.h"
#include "jobs/text_paths.h"
#include "train/metric_list.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4160, SETTINGS_BYTES_MAX = 1 << 30 };

typedef brn__text_training training;

static const char *path_in(const training *t, const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s", t->result.run, name);
    return out;
}

/* ------------------------------------------------------------------ words and weights of an encoder */

static brn_status open_encoder(training *t, brn__text_encoder *encoder)
{
    brn_text_train_options *o = &t->options;
    BRN__TRY(brn__text_encoder_open(o->encoder, encoder));
    o->embedding = encoder->embedding, o->hidden = encoder->hidden, o->layers = encoder->layers, o->qrnn = encoder->qrnn;
    if (encoder->backwards == o->backwards) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s reads texts %s; expected a training that does so too", encoder->path,
                     encoder->backwards ? "backwards" : "forwards");
}

/* A copy of its words in the run folder: once it has begun, a run does not need the encoder. */
static brn_status keep_words(const training *t, const brn__text_encoder *encoder)
{
    char path[PATH_BYTES], *json;
    BRN__TRY(brn__text_settings_write(encoder->settings, &json));
    const brn_status status = brn__replace_file(path_in(t, "text.json", path), json, strlen(json));
    brn__free(json);
    return status;
}

static brn_status read_settings(const training *t, brn__text_settings **out)
{
    char path[PATH_BYTES], *json;
    *out = NULL;
    if (!t->options.encoder) return BRN_OK;
    BRN__TRY(brn__read_file(path_in(t, "text.json", path), SETTINGS_BYTES_MAX, &json, NULL));
    const brn_status status = brn__text_settings_read(json, out);
    brn__free(json);
    return status;
}

/* ------------------------------------------------------------------ texts */

static brn_status list_documents(training *t)
{
    t->documents = brn__alloc_array((size_t)t->corpus->document_count + 1, sizeof *t->documents);
    if (!t->documents) return BRN_ERROR_NO_MEMORY;
    brn__text_part(t->corpus, BRN__TEXT_TRAIN, t->documents, &t->result.train_count);
    brn__text_part(t->corpus, BRN__TEXT_VALID, t->documents + t->result.train_count, &t->result.valid_count);
    if (t->result.train_count < 2)
        return brn__fail(BRN_ERROR_INPUT, "%s: %lld labelled texts to train on; expected two or more",
                         t->options.inputs[0], (long long)t->result.train_count);
    if (t->options.text.target == BRN_TEXT_LABEL && t->corpus->class_count < 2)
        return brn__fail(BRN_ERROR_INPUT, "%s: all texts have one label; expected two or more", t->options.inputs[0]);
    return BRN_OK;
}

static brn_status make_loaders(training *t)
{
    const brn__text_batches batches = brn__text_batches_of(&t->options);
    const int64_t train = t->result.train_count, valid = t->result.valid_count;
    BRN__TRY(brn__text_loader(t->corpus, t->documents, train, &batches, true, &t->train_set, &t->train));
    if (valid == 0) return BRN_OK;
    return brn__text_loader(t->corpus, t->documents + train, valid, &batches, false, &t->valid_set, &t->valid);
}

static brn_status open_texts(training *t)
{
    brn__text_settings *settings;
    brn_text_options text = t->options.text;
    text.threads = t->options.threads;
    BRN__TRY(read_settings(t, &settings));
    brn_status status = brn__text_open(t->options.inputs, t->options.input_count, &text, settings, NULL,
                                       t->result.run, &t->corpus);
    brn__text_settings_free(settings);
    if (status == BRN_OK) status = list_documents(t);
    if (status == BRN_OK) status = make_loaders(t);
    if (status != BRN_OK) return status;
    t->result.vocabulary = brn__vocabulary_count(t->corpus->settings->vocabulary);
    return brn__text_network_new(&t->options, t->corpus->settings->vocabulary, t->corpus->class_count, &t->network);
}

/* ------------------------------------------------------------------ the run folder */

static brn_status write_config(const training *t)
{
    json_t *options = brn__text_options_write(&t->options);
    if (!options) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for the options as JSON");
    return brn__run_config_write(t->result.run, "text", t->corpus->digest, options);
}

static brn_status read_config(training *t)
{
    BRN__TRY(brn__run_config_read(t->result.run, "text", &t->config));
    return brn__text_options_read(json_object_get(t->config, "options"), &t->arena, &t->options);
}

static brn_status check_same_texts(const training *t)
{
    if (strcmp(t->corpus->digest, brn__run_config_digest(t->config)) == 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %s and what else it was begun on are not the same texts; train anew",
                     t->result.run, t->options.inputs[0]);
}

static void name_files(training *t)
{
    path_in(t, "history.csv", t->history_path);
    t->progress.epochs = brn__text_epochs(&t->options);
}

static void begin_record(training *t)
{
    const brn__run_begin facts = {.job = "text",
                                  .architecture = t->options.qrnn ? "awd_qrnn" : "awd_lstm",
                                  .data = t->options.inputs[0],
                                  .data_sha256 = t->corpus->digest,
                                  .seed = t->options.seed,
                                  .resumed = t->state != NULL,
                                  .kept_epochs = INT_MAX};
    brn__run_record_begin(&t->record, t->result.run, &facts, &t->progress);
}

/* ------------------------------------------------------------------ the end */

static brn_status save_model(training *t)
{
    char path[PATH_BYTES];
    const brn__text_content content = {.options = &t->options,
                                       .settings = t->corpus->settings,
                                       .outputs = t->corpus->classes,
                                       .output_count = t->corpus->class_count,
                                       .result = &t->result,
                                       .parameters = t->network.parameters};
    return brn__text_model_write(path_in(t, "model.safetensors", path), &content);
}

static void count_confusion(const training *t, const float *answers, int64_t *confusion)
{
    const int64_t k = t->corpus->class_count, *valid = t->documents + t->result.train_count;
    for (int64_t i = 0; i < t->result.valid_count; i++)
        confusion[t->corpus->labels[valid[i]] * k + brn__largest(answers + valid[i] * k, k)]++;
}

static brn_status write_page(training *t, const int64_t *confusion)
{
    path_in(t, "report.html", t->result.report);
    const brn__text_page page = {.run = t->result.run,
                                 .history = t->history_path,
                                 .options = &t->options,
                                 .result = &t->result,
                                 .outputs = t->corpus->classes,
                                 .output_count = t->corpus->class_count,
                                 .confusion = confusion};
    return brn__text_page_write(t->result.report, &page);
}

static brn_status measure(training *t)
{
    const int64_t k = t->corpus->class_count, *valid = t->documents + t->result.train_count;
    const bool labels = t->options.text.target == BRN_TEXT_LABEL && t->result.valid_count > 0;
    float *answers = brn__alloc_zero((size_t)(t->corpus->document_count * k) + 1, sizeof *answers);
    int64_t *confusion = labels ? brn__alloc_zero((size_t)(k * k), sizeof *confusion) : NULL;
    brn_status status = answers && (confusion || !labels) ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK && t->result.valid_count > 0)
        status = brn__text_outputs(&t->network, &t->options, t->corpus, valid, t->result.valid_count, answers);
    if (status == BRN_OK) {
        brn__text_finish_answers(t->options.text.target, t->corpus->document_count, k, answers);
        t->result.score = brn__text_score_of(t->corpus, valid, t->result.valid_count, answers);
        if (labels) count_confusion(t, answers, confusion);
        t->result.seconds = brn__seconds_now() - t->began;
        status = save_model(t);
    }
    if (status == BRN_OK) status = write_page(t, confusion);
    brn__free(answers);
    brn__free(confusion);
    return status;
}

static brn_status send_done(training *t)
{
    brn_metric metrics[BRN__TEXT_METRICS];
    brn_event event = brn__event_of(BRN_EVENT_DONE, t->result.run);
    event.metric_count = brn__text_metrics(&t->result.score, metrics);
    event.metrics = metrics;
    event.valid_loss = t->result.score.loss;
    event.seconds = t->result.seconds;
    event.report = t->result.report;
    const brn_status status = brn__progress_send(&t->progress, event);
    return status == BRN_ERROR_INTERRUPTED ? BRN_OK : status; /* there is nothing left to stop */
}

static brn_status stopped(training *t, brn_status status)
{
    if (status != BRN_ERROR_INTERRUPTED) return status;
    BRN__TRY(save_model(t)); /* for whoever wants to use it as it is */
    return brn__fail(BRN_ERROR_INTERRUPTED,
                     "interrupted after %d of %d epochs; %s has kept where it was, and can be gone on with",
                     t->epochs_done, t->progress.epochs, t->result.run);
}

static brn_status finish(training *t)
{
    BRN__TRY(measure(t));
    brn__run_state_tidy(t->result.run);
    return send_done(t);
}

/* ------------------------------------------------------------------ all of it */

static brn_status settle_paths(training *t)
{
    brn_text_train_options *o = &t->options;
    BRN__TRY(brn__text_paths_settle(&t->arena, &o->inputs, o->input_count));
    BRN__TRY(brn__text_path_settle(&t->arena, &o->text.pieces));
    return brn__text_path_settle(&t->arena, &o->encoder);
}

/* `folder` NULL: a run folder to be made. */
static brn_status read_texts(training *t, const brn__text_encoder *encoder, const char *folder)
{
    if (folder) snprintf(t->result.run, sizeof t->result.run, "%s", folder);
    else {
        BRN__TRY(brn__run_folder_make(t->options.out, "text", t->result.run, sizeof t->result.run - 32));
        BRN__TRY(brn__run_folder_lock(t->result.run, &t->lock));
    }
    if (encoder) BRN__TRY(keep_words(t, encoder));
    BRN__TRY(open_texts(t));
    return encoder ? brn__text_encoder_copy(encoder, t->network.parameters) : BRN_OK;
}

brn_status brn__text_training_prepare(brn__text_training *t, const brn_text_train_options *options, const char *folder)
{
    brn__text_encoder encoder = {0};
    brn_text_train_options *o = &t->options;
    *o = *options;
    if (o->input_count < 1) return brn__fail(BRN_ERROR_USAGE, "inputs: expected files, folders or tables");
    BRN__TRY(settle_paths(t));
    if (!o->threads) o->threads = brn__processor_count();
    brn_status status = o->encoder ? open_encoder(t, &encoder) : BRN_OK;
    if (status == BRN_OK) status = brn__text_options_settle(o);
    if (status == BRN_OK) status = read_texts(t, o->encoder ? &encoder : NULL, folder);
    brn__text_encoder_close(&encoder);
    return status;
}

static brn_status begin(training *t, const brn_text_train_options *options)
{
    BRN__TRY(brn__run_folder_check(options->out));
    BRN__TRY(brn__text_training_prepare(t, options, NULL));
    t->options.precision = brn_precision_here(options->precision);
    name_files(t);
    BRN__TRY(write_config(t));
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->result.run)));
    return brn__precision_tell(&t->progress, options->precision);
}

static brn_status go_on(training *t)
{
    char note[BRN__MESSAGE_BYTES + 64];
    BRN__TRY(brn__run_folder_lock(t->result.run, &t->lock));
    brn__run_folder_sweep(t->result.run);
    BRN__TRY(read_config(t));
    BRN__TRY(open_texts(t));
    BRN__TRY(check_same_texts(t));
    BRN__TRY(brn__run_state_open(t->result.run, t->options.threads, &t->state, note, sizeof note));
    if (t->state) BRN__TRY(brn__run_state_parameters(t->state, t->network.parameters));
    else if (t->options.encoder) {
        brn__text_encoder encoder;
        BRN__TRY(brn__text_encoder_open(t->options.encoder, &encoder));
        const brn_status status = brn__text_encoder_copy(&encoder, t->network.parameters);
        brn__text_encoder_close(&encoder);
        BRN__TRY(status);
    }
    name_files(t);
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->result.run)));
    BRN__TRY(brn__precision_tell(&t->progress, t->options.precision));
    return *note ? brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_WARNING, note)) : BRN_OK;
}

/* `options` NULL: goes on with the run that t->result.run names. */
static brn_status train(training *t, const brn_text_train_options *options)
{
    BRN__TRY(options ? begin(t, options) : go_on(t));
    brn__history_init(&t->history, t->history_path);
    begin_record(t);
    const brn_status status = brn__text_stages(t);
    return status == BRN_OK ? finish(t) : stopped(t, status);
}

static void end_record(training *t, brn_status status)
{
    brn_metric metrics[BRN__TEXT_METRICS];
    const int count = status == BRN_OK ? brn__text_metrics(&t->result.score, metrics) : 0;
    brn__run_record_end(&t->record, t->result.run, status, metrics, count, brn__seconds_now() - t->began);
}

void brn__text_training_free(brn__text_training *t)
{
    if (!t) return;
    brn__history_deinit(&t->history);
    brn__loader_free(t->train);
    brn__loader_free(t->valid);
    brn__dataset_free(t->train_set);
    brn__dataset_free(t->valid_set);
    brn__run_state_close(t->state);
    brn__text_network_free(&t->network);
    brn__corpus_free(t->corpus);
    brn__free(t->documents);
    brn__run_folder_unlock(t->lock);
    json_decref(t->config);
    brn__arena_free(&t->arena);
    brn__free(t);
}

brn__text_training *brn__text_training_new(brn_event_handler *on_event, void *context)
{
    training *t = brn__alloc_zero(1, sizeof *t);
    if (!t) return NULL;
    const double none = (double)NAN;
    t->lock = -1;
    t->began = brn__seconds_now();
    t->result.score = (brn_text_score){0, none, none, none, none, none};
    brn__progress_init(&t->progress, on_event, context);
    return t;
}

static brn_status train_new(const brn_text_train_options *options, const char *run, brn_event_handler *on_event,
                            void *context, brn_text_result *result)
{
    training *t = brn__text_training_new(on_event, context);
    if (!t) return BRN_ERROR_NO_MEMORY;
    if (run) snprintf(t->result.run, sizeof t->result.run, "%s", run);
    const brn_status status = train(t, options);
    end_record(t, status);
    if (result) *result = t->result;
    brn__text_training_free(t);
    return status;
}

brn_status brn_text_train(const brn_text_train_options *options, brn_text_result *result)
{
    return train_new(options, NULL, options->on_event, options->context, result);
}

brn_status brn_text_resume(const char *run, brn_event_handler *on_event, void *context, brn_text_result *result)
{
    if (!run || !*run || strlen(run) >= sizeof result->run - 32)
        return brn__fail(BRN_ERROR_USAGE, "resume: expected the path of a run folder");
    return train_new(NULL, run, on_event, context, result);
}
