/* SPDX-License-Identifier: Apache-2.0 */
#include "text_scenario.h"
#include "base/alloc.h"
#include "base/files.h"
#include "data/text/text_data.h"

#include <stdio.h>
#include <string.h>

static brn_status write_reviews(const char *path)
{
    static const char reviews[] = "text,label\n\"A GOOD film, isn't it?\",pos\n\"bad bad bad bad film\",neg\n"
                                  "the film,pos\nthe &amp; film,neg\nthe film,pos\n";
    return brn__replace_file(path, reviews, sizeof reviews - 1);
}

static void add_corpus(const brn__corpus *corpus, outcome *out)
{
    outcome_add(out, corpus->tokens, (size_t)corpus->token_count * sizeof *corpus->tokens);
    outcome_add(out, corpus->starts, (size_t)(corpus->document_count + 1) * sizeof *corpus->starts);
    outcome_add(out, corpus->labels, (size_t)corpus->document_count * sizeof *corpus->labels);
    outcome_add(out, corpus->splits, (size_t)corpus->document_count);
    for (int64_t i = 0; i < corpus->class_count; i++) outcome_add(out, corpus->classes[i], strlen(corpus->classes[i]));
}

static brn_status add_batches(brn__loader *loader, outcome *out)
{
    brn_status status = brn__loader_start_epoch(loader, 3);
    while (status == BRN_OK) {
        brn__batch batch;
        status = brn__loader_next(loader, &batch);
        if (status != BRN_OK || !batch.count) break;
        outcome_add(out, batch.inputs, (size_t)(batch.count * batch.length) * 8);
    }
    return status;
}

static brn_status run_batches(const brn__corpus *corpus, bool lm, outcome *out)
{
    brn__dataset *dataset;
    brn__loader *loader;
    brn__lm_options options = {.batch_size = 2, .length = 4, .form = BRN__LM_VARIABLE, .shuffle = true};
    brn__text_batches texts = brn__text_batches_defaults();
    texts.batch_size = 2;
    brn_status status = lm ? brn__lm_loader(corpus, NULL, 0, &options, 1, &dataset, &loader)
                           : brn__text_loader(corpus, NULL, 0, &texts, true, &dataset, &loader);
    if (status == BRN_OK) status = add_batches(loader, out);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    return status;
}

/* A text by settings that went through a card. */
static brn_status run_settings(const brn__corpus *corpus, outcome *out)
{
    char *json, *text = NULL;
    brn__text_settings *settings;
    int32_t *tokens = NULL;
    int64_t count;
    brn_status status = brn__text_settings_write(corpus->settings, &json);
    if (status == BRN_OK) status = brn__text_settings_read(json, &settings);
    if (status != BRN_OK) {
        brn__free(json);
        return status;
    }
    status = brn__text_encode(settings, "A film film film", 16, &tokens, &count);
    if (status == BRN_OK) status = brn__text_decode(settings, tokens, count, &text);
    if (status == BRN_OK) outcome_add(out, text, strlen(text));
    brn__free(text);
    brn__free(tokens);
    brn__free(json);
    brn__text_settings_free(settings);
    return status;
}

brn_status scenario_texts(const world *w, outcome *out)
{
    char path[400];
    const char *input = path;
    const brn_text_replacement replacement = {"film", "movie"};
    brn_text_options options = brn_text_defaults();
    brn__corpus *corpus, *again = NULL;
    options.target = BRN_TEXT_LABEL;
    options.min_freq = 2;
    options.threads = 1;
    options.replacements = &replacement;
    options.replacement_count = 1;
    snprintf(path, sizeof path, "%s/reviews.csv", w->out);
    brn_status status = write_reviews(path);
    if (status == BRN_OK) status = brn__text_open(&input, 1, &options, NULL, NULL, w->out, &corpus);
    if (status != BRN_OK) return status;
    add_corpus(corpus, out);
    const brn__text_classes classes = {corpus->classes, corpus->class_count};
    status = brn__text_open(&input, 1, &options, corpus->settings, &classes, w->out, &again);
    if (status == BRN_OK) add_corpus(again, out);
    if (status == BRN_OK) status = run_batches(corpus, true, out);
    if (status == BRN_OK) status = run_batches(corpus, false, out);
    if (status == BRN_OK) status = run_settings(corpus, out);
    brn__corpus_free(again);
    brn__corpus_free(corpus);
    return status;
}
