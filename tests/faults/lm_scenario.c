/* SPDX-License-Identifier: Apache-2.0 */
#include "lm_scenario.h"

#include "base/files.h"
#include "burnish/lm.h"

#include <stdio.h>
#include <string.h>

static int hear(void *context, const brn_event *event)
{
    outcome *out = context;
    out->told += event->kind == BRN_EVENT_WARNING;
    return 0;
}

static brn_status use(const char *run, const char *text, outcome *out)
{
    brn_lm_model *model;
    brn_lm_score score;
    char *written = NULL;
    const brn_lm_generation how = {.words = 3, .temperature = 1, .top_p = 1, .seed = 1};
    brn_status status = brn_lm_model_open(run, 1, &model);
    if (status != BRN_OK) return status;
    status = brn_lm_evaluate(model, &text, 1, NULL, &score);
    if (status == BRN_OK) outcome_add(out, &score.loss, sizeof score.loss);
    if (status == BRN_OK) status = brn_lm_generate(model, "Anna", &how, &written);
    if (status == BRN_OK) outcome_add(out, written, strlen(written));
    brn_lm_text_free(written);
    brn_lm_model_close(model);
    return status;
}

brn_status scenario_lm(const world *w, outcome *out)
{
    static const char words[] = "Anna saw Ben. Ben saw the sea. Anna sat by the sea. Ben sat by Anna. The sea sat by.";
    char text[400], run[400];
    const char *const inputs[] = {text};
    brn_lm_options o = brn_lm_defaults();
    snprintf(text, sizeof text, "%s/words.txt", w->out);
    snprintf(run, sizeof run, "%s/run", w->out);
    brn_status status = brn__replace_file(text, words, strlen(words));
    o.inputs = inputs;
    o.input_count = 1;
    o.text.min_freq = 1;
    o.text.valid = .4;
    o.embedding = 3;
    o.hidden = 4;
    o.layers = 1;
    o.length = 6;
    o.batch_size = 2;
    o.epochs = 1;
    o.threads = 1;
    o.checkpoint_seconds = 0;
    o.out = run;
    o.on_event = hear;
    o.context = out;
    if (status == BRN_OK) status = brn_lm_train(&o, NULL);
    return status == BRN_OK ? use(run, text, out) : status;
}
