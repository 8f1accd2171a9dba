/* SPDX-License-Identifier: Apache-2.0 */
#include "text_classifier_scenario.h"
#include "burnish/text.h"

#include <stdio.h>
#include <string.h>

/* By the C library alone, as nothing of it is under test. */
static bool write_reviews(const char *path)
{
    static const char *const texts[] = {"a superb film,good", "an awful night,bad", "the plot was superb,good",
                                        "one awful scene then the end,bad", "superb and then superb,good",
                                        "the awful story,bad"};
    FILE *file = fopen(path, "w");
    if (!file) return false;
    fputs("text,label,is_valid\n", file);
    for (int i = 0; i < 12; i++) fprintf(file, "%s,%s\n", texts[i % 6], i >= 8 ? "True" : "False");
    return fclose(file) == 0;
}

static brn_status train(const char *input, const char *run)
{
    brn_text_train_options o = brn_text_train_defaults();
    o.inputs = &input, o.input_count = 1;
    o.text.min_freq = 1;
    o.embedding = 3, o.hidden = 4, o.layers = 1, o.head = 0;
    o.chunk = 4, o.epochs = 1, o.batch_size = 4, o.threads = 1;
    o.checkpoint_seconds = 0;
    o.out = run;
    return brn_text_train(&o, NULL);
}

static brn_status explain(brn_text_model *model, const char *text, outcome *out)
{
    brn_text_explanation *e;
    const brn_status status = brn_text_explain(model, text, -1, &e);
    if (status != BRN_OK) return status;
    for (int64_t i = 0; i < e->count; i++) {
        outcome_add(out, e->words[i].token, strlen(e->words[i].token));
        outcome_add(out, &e->words[i].share, sizeof e->words[i].share);
    }
    brn_text_explanation_free(e);
    return BRN_OK;
}

static brn_status list_mistakes(brn_text_model *model, const char *input, outcome *out)
{
    brn_text_mistakes *mistakes;
    const brn_status status = brn_text_interpret(model, &input, 1, NULL, 3, &mistakes);
    if (status != BRN_OK) return status;
    for (int64_t i = 0; i < mistakes->count; i++)
        outcome_add(out, mistakes->items[i].text, strlen(mistakes->items[i].text));
    outcome_add(out, &mistakes->score.loss, sizeof mistakes->score.loss);
    brn_text_mistakes_free(mistakes);
    return BRN_OK;
}

static brn_status use(const char *run, const char *input, const char *page, outcome *out)
{
    const char *texts[] = {"the superb plot", "an awful film of a long night"};
    brn_text_model *model;
    brn_text_answers *answers;
    brn_status status = brn_text_model_open(run, 1, &model);
    if (status != BRN_OK) return status;
    status = brn_text_predict(model, texts, 2, &answers);
    if (status == BRN_OK) {
        for (int64_t i = 0; i < 2; i++) outcome_add(out, brn_text_answers_values(answers, i), 2 * sizeof(float));
        brn_text_answers_free(answers);
        status = explain(model, texts[0], out);
    }
    if (status == BRN_OK) status = brn_text_explain_page(model, texts, 2, page);
    if (status == BRN_OK) status = outcome_add_file(out, page);
    if (status == BRN_OK) status = list_mistakes(model, input, out);
    brn_text_model_close(model);
    return status;
}

brn_status scenario_text_classifier(const world *w, outcome *out)
{
    char input[512], run[512], page[512];
    snprintf(input, sizeof input, "%s/reviews.csv", w->out);
    snprintf(run, sizeof run, "%s/run", w->out);
    snprintf(page, sizeof page, "%s/words.html", w->out);
    if (!write_reviews(input)) return BRN_ERROR_INTERNAL;
    const brn_status status = train(input, run);
    return status == BRN_OK ? use(run, input, page, out) : status;
}
