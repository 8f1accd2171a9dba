/* SPDX-License-Identifier: Apache-2.0
 * The text job: a language model of the texts, then a classifier on its encoder, the words that decided, and the worst
 * answers. examples/notebooks/text.ipynb does the same.
 *
 *     text_job REVIEWS.csv FOLDER "A film to see twice"...
 *
 * REVIEWS.csv has columns text and label, and perhaps is_valid; FOLDER gets a run of each. */
#include <burnish/lm.h>
#include <burnish/text.h>
#include <stdio.h>

enum { EMBEDDING = 128, HIDDEN = 256, LAYERS = 2, WORST = 3, PATH = 4096 };

static int tell(void *context, const brn_event *event)
{
    if (event->kind == BRN_EVENT_EPOCH)
        printf("%s, epoch %d: training loss %.4f, validation loss %.4f\n", (const char *)context, event->epoch,
               event->train_loss, event->valid_loss);
    return 0;
}

/* A small language model of the texts, and what it writes. */
static brn_status learn_language(const char *const *reviews, const char *out)
{
    brn_lm_options options = brn_lm_defaults();
    brn_lm_generation how = brn_lm_generation_defaults();
    brn_lm_result result;
    brn_lm_model *model = NULL;
    char *text = NULL;
    options.inputs = reviews, options.input_count = 1, options.out = out;
    options.embedding = EMBEDDING, options.hidden = HIDDEN, options.layers = LAYERS;
    options.epochs = 1, options.batch_size = 32, options.learning_rate = .01, options.dropout = .5;
    options.on_event = tell, options.context = "language";
    how.words = 20;
    brn_status status = brn_lm_train(&options, &result);
    if (status == BRN_OK) status = brn_lm_model_open(result.run, 0, &model);
    if (status == BRN_OK) status = brn_lm_generate(model, "The film", &how, &text);
    if (status == BRN_OK) printf("perplexity %.1f; it writes: %s\n", result.perplexity, text);
    brn_lm_text_free(text), brn_lm_model_close(model);
    return status;
}

/* A classifier on the language model's encoder. */
static brn_status learn_labels(const char *const *reviews, const char *encoder, const char *out, brn_text_result *result)
{
    brn_text_train_options options = brn_text_train_defaults();
    options.inputs = reviews, options.input_count = 1, options.encoder = encoder, options.out = out;
    options.freeze_epochs = 0, options.epochs = 2, options.learning_rate = .2, options.rate_factor = 1.3;
    options.on_event = tell, options.context = "labels";
    return brn_text_train(&options, result);
}

/* What the model says of a text, and the word that spoke most for it. */
static brn_status answer(brn_text_model *model, const char *text)
{
    brn_text_answers *answers = NULL;
    brn_text_explanation *why = NULL;
    brn_status status = brn_text_predict(model, &text, 1, &answers);
    if (status == BRN_OK) status = brn_text_explain(model, text, -1, &why);
    if (status == BRN_OK) {
        int64_t most = 0;
        for (int64_t i = 1; i < why->count; i++)
            if (why->words[i].share > why->words[most].share) most = i;
        printf("%s: %s %.4f, because of \"%s\"\n", text, brn_text_model_output(model, why->output),
               brn_text_answers_values(answers, 0)[why->output], why->words[most].token);
    }
    brn_text_explanation_free(why), brn_text_answers_free(answers);
    return status;
}

int main(int argc, char **argv)
{
    char language[PATH], labels[PATH];
    brn_text_result result;
    brn_text_model *model = NULL;
    brn_text_mistakes *mistakes = NULL;
    if (argc < 3) return fprintf(stderr, "usage: text_job REVIEWS.csv FOLDER TEXT...\n"), 2;
    const char *const *reviews = (const char *const *)argv + 1;
    snprintf(language, sizeof language, "%s/lm", argv[2]);
    snprintf(labels, sizeof labels, "%s/text", argv[2]);
    if (learn_language(reviews, language) != BRN_OK || learn_labels(reviews, language, labels, &result) != BRN_OK ||
        brn_text_model_open(labels, 0, &model) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    printf("accuracy %.4f on %lld texts\n", result.score.accuracy, (long long)result.valid_count);
    for (int i = 3; i < argc; i++)
        if (answer(model, argv[i]) != BRN_OK) return fprintf(stderr, "%s\n", brn_error_message()), 1;
    if (brn_text_interpret(model, reviews, 1, NULL, WORST, &mistakes) != BRN_OK)
        return fprintf(stderr, "%s\n", brn_error_message()), 1;
    for (int64_t i = 0; i < mistakes->count; i++)
        printf("%s: %s, answered %s; loss %.2f\n", mistakes->items[i].place, mistakes->items[i].label,
               mistakes->items[i].answer, mistakes->items[i].loss);
    brn_text_mistakes_free(mistakes), brn_text_model_close(model);
    return 0;
}
