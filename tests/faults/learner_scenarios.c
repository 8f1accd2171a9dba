/* SPDX-License-Identifier: Apache-2.0 */
#include "learner_scenarios.h"
#include "base/files.h"
#include "burnish/lm_learner.h"
#include "burnish/ratings_learner.h"
#include "burnish/table_learner.h"
#include "burnish/text_learner.h"

#include <stdio.h>
#include <string.h>

static brn_hand_fit fit_of(int groups)
{
    brn_hand_fit fit = brn_hand_fit_defaults(groups, 1e-2);
    fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    return fit;
}

/* ------------------------------------------------------------------ tables */

static brn_status use_table(const world *w, brn_table_learner *learner, const char *data, outcome *out)
{
    char path[400];
    brn_table_answers *answers;
    brn_lr_curve curve;
    const brn_hand_fit fit = fit_of(brn_table_learner_groups(learner));
    brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND_VALID);
    finder.iterations = 3;
    brn_status status = brn_table_learner_lr_find(learner, &fit, &finder, &curve);
    if (status != BRN_OK) return status;
    brn_lr_curve_free(&curve);
    status = brn_table_learner_fit(learner, &fit);
    snprintf(path, sizeof path, "%s/learner.safetensors", w->out);
    if (status == BRN_OK) status = brn_table_learner_save(learner, path);
    if (status == BRN_OK) status = brn_table_learner_load(learner, path);
    if (status == BRN_OK) status = brn_table_learner_answer(learner, data, BRN_ANSWER_LOG_PROBABILITIES, &answers);
    if (status != BRN_OK) return status;
    for (int64_t i = 0; i < brn_table_answers_count(answers); i++)
        outcome_add(out, brn_table_answers_values(answers, i), sizeof(float));
    brn_table_answers_free(answers);
    return BRN_OK;
}

brn_status scenario_table_learner(const world *w, outcome *out)
{
    char data[400];
    const char text[] = "w,x,y\na,1.5,no\nb,2.5,yes\nc,3,no\na,,yes\nb,2,no\nc,1,yes\na,4,no\nb,5.5,yes\nc,6,no\na,7,yes\n";
    static const char *const words[] = {"w"};
    static const int64_t widths[] = {3};
    brn_table_train_options o = brn_table_train_defaults();
    brn_table_learner *learner;
    snprintf(data, sizeof data, "%s/rows.csv", w->out);
    brn_status status = brn__replace_file(data, text, sizeof text - 1);
    if (status != BRN_OK) return status;
    o.data = data;
    o.target = "y";
    o.categories = words;
    o.embedding_widths = widths;
    o.category_count = o.embedding_width_count = 1;
    o.threads = o.hidden_count = 1;
    o.hidden[0] = 2;
    o.batch_size = 4;
    status = brn_table_learner_new(&o, &learner);
    if (status != BRN_OK) return status;
    status = use_table(w, learner, data, out);
    brn_table_learner_free(learner);
    return status;
}

/* ------------------------------------------------------------------ ratings */

static brn_status use_ratings(const world *w, brn_ratings_learner *learner, outcome *out)
{
    char path[400];
    const int64_t users[] = {1, 2}, items[] = {1, 1};
    double values[2];
    const brn_hand_fit fit = fit_of(brn_ratings_learner_groups(learner));
    brn_status status = brn_ratings_learner_fit(learner, &fit);
    snprintf(path, sizeof path, "%s/learner.safetensors", w->out);
    if (status == BRN_OK) status = brn_ratings_learner_save(learner, path);
    if (status == BRN_OK) status = brn_ratings_learner_load(learner, path);
    if (status == BRN_OK) status = brn_ratings_learner_predict(learner, 2, users, items, values);
    if (status == BRN_OK) outcome_add(out, values, sizeof values);
    return status;
}

brn_status scenario_ratings_learner(const world *w, outcome *out)
{
    char data[400];
    brn_ratings_options o = brn_ratings_defaults();
    brn_ratings_learner *learner;
    snprintf(data, sizeof data, "%s/ratings.csv", w->folder);
    o.data = data;
    o.factors = 3;
    o.threads = 1;
    o.split = BRN_RATINGS_SPLIT_LAST;
    brn_status status = brn_ratings_learner_new(&o, &learner);
    if (status != BRN_OK) return status;
    status = use_ratings(w, learner, out);
    brn_ratings_learner_free(learner);
    return status;
}

/* ------------------------------------------------------------------ texts */

static brn_status make_encoder(const char *const *inputs, const char *path)
{
    static const char *const columns[] = {"text"};
    brn_lm_options o = brn_lm_defaults();
    brn_lm_learner *learner;
    o.inputs = inputs;
    o.input_count = o.text.text_column_count = o.text.min_freq = 1;
    o.text.text_columns = columns;
    o.embedding = o.hidden = 4;
    o.layers = o.threads = 1;
    o.length = 4;
    o.batch_size = 2;
    brn_status status = brn_lm_learner_new(&o, &learner);
    if (status != BRN_OK) return status;
    const brn_hand_fit fit = fit_of(brn_lm_learner_groups(learner));
    status = brn_lm_learner_fit(learner, &fit);
    if (status == BRN_OK) status = brn_lm_learner_save(learner, path);
    if (status == BRN_OK) status = brn_lm_learner_load(learner, path);
    brn_lm_learner_free(learner);
    return status;
}

static brn_status use_texts(const world *w, brn_text_learner *learner, outcome *out)
{
    char path[400];
    float answers[64];
    const brn_hand_fit fit = fit_of(brn_text_learner_groups(learner));
    brn_status status = brn_text_learner_fit(learner, &fit);
    snprintf(path, sizeof path, "%s/learner.safetensors", w->out);
    if (status == BRN_OK) status = brn_text_learner_save(learner, path);
    if (status == BRN_OK) status = brn_text_learner_load(learner, path);
    if (status == BRN_OK) status = brn_text_learner_answer(learner, BRN_ANSWER_PROBABILITIES, answers);
    if (status == BRN_OK) outcome_add(out, answers, (size_t)(2 * brn_text_learner_count(learner, true)) * sizeof *answers);
    return status;
}

/* A language model of a dozen texts, and a classifier on its encoder. */
brn_status scenario_text_learner(const world *w, outcome *out)
{
    char data[400], encoder[400], text[2048] = "text,label,is_valid\n";
    const char *const inputs[] = {data};
    for (int i = 0; i < 16; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "a %s film and a story,%s,%d\n", i % 2 ? "good" : "bad",
                 i % 2 ? "yes" : "no", i > 11);
    brn_text_train_options o = brn_text_train_defaults();
    brn_text_learner *learner;
    snprintf(data, sizeof data, "%s/texts.csv", w->out);
    snprintf(encoder, sizeof encoder, "%s/encoder.safetensors", w->out);
    brn_status status = brn__replace_file(data, text, strlen(text));
    if (status == BRN_OK) status = make_encoder(inputs, encoder);
    if (status != BRN_OK) return status;
    o.inputs = inputs;
    o.input_count = o.threads = 1;
    o.encoder = encoder;
    o.batch_size = o.chunk = 4;
    o.head = 3;
    status = brn_text_learner_new(&o, &learner);
    if (status != BRN_OK) return status;
    status = use_texts(w, learner, out);
    brn_text_learner_free(learner);
    return status;
}
