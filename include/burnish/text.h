/* SPDX-License-Identifier: Apache-2.0
 *
 * The text job: from labelled texts to a classifier on an AWD-LSTM encoder (Howard and Ruder 2018, ULMFiT), and
 * from the classifier to answers and the words that mattered.
 *
 *     brn_text_train_options options = brn_text_train_defaults();
 *     options.inputs = (const char *const[]){"reviews.csv"};
 *     options.input_count = 1;
 *     options.encoder = "runs/lm";
 *     brn_text_result result;
 *     if (brn_text_train(&options, &result) != BRN_OK) puts(brn_error_message());
 *
 *     brn_text_model *model;
 *     brn_text_answers *answers;
 *     brn_text_model_open("runs/text-1", 0, &model);
 *     const char *text = "A film to see twice";
 *     brn_text_predict(model, &text, 1, &answers);
 *     printf("%g\n", brn_text_answers_values(answers, 0)[0]);
 *
 * Texts of any length: they are run in chunks, in memory that does not depend on it. Training starts from the
 * encoder of a language model (or of another classifier), layer after layer unfrozen, or without one from
 * nothing.
 */
#ifndef BURNISH_TEXT_H
#define BURNISH_TEXT_H

#include "burnish/dropouts.h"
#include "burnish/events.h"
#include "burnish/lr_finder.h"
#include "burnish/options.h"
#include "burnish/precision.h"
#include "burnish/text_data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_text_schedule {
    BRN_TEXT_ONE_CYCLE, /* fastai 2's: up from a 25th in a quarter of a stage, down by cosines */
    BRN_TEXT_SLANTED,   /* the paper's: a tenth of a stage up from a 32nd, then down, by straight lines */
} brn_text_schedule;

typedef struct brn_text_train_options {
    const char *const *inputs; /* (input_count) text files, folders of classes, tables */
    int64_t input_count;
    brn_text_options text; /* how they are read; with an encoder tokens and vocabulary are its own */
    const char *encoder;   /* a run of a language model or a classifier, or its file; NULL: none */
    bool backwards;        /* each text from its end; an encoder must be alike */
    int64_t embedding, hidden; /* without an encoder: E, H, 1 to 65,536 */
    int layers;            /* 1 to 4 */
    bool qrnn;             /* quasi-recurrent layers in the place of LSTMs; an encoder says so itself */
    int64_t head;          /* width of the head's hidden layer, to 65,536; 0: none */
    double drop_factor;    /* 0 to 1.99, of all dropouts but the head's last: 1 is words .05, input .4, weights .5, hidden
                              .3, output .4 */
    brn_dropouts dropouts; /* those that are given instead; the head's last is .1 else */
    double alpha, beta;    /* penalties on the states and on their changes */
    int chunk, kept;       /* time steps of a chunk; that an answer, and a gradient, reaches back to */
    int freeze_epochs;     /* with an encoder: of the head alone, then with one layer, then with two */
    int epochs;            /* of all layers */
    brn_text_schedule schedule;
    double learning_rate;  /* highest, of the head in the first stage; stages have 1, 1/2, 1/4, 1/20 of it; 0: .02,
                              or .005 without an encoder, whose one stage has all of it */
    double rate_factor;    /* between the rates of a layer and of that below it; without an encoder 1 */
    double weight_decay;
    double clip; /* norm of the gradients at most; 0: any */
    int batch_size; /* texts, 2 to 4096 */
    uint64_t seed;
    int threads; /* 0: all processors */
    brn_precision precision; /* of the large products; FP32 with a warning where the processor has no BF16 */
    double checkpoint_seconds; /* from one saved state to the next; 0: after every batch */
    const char *out;             /* run folder to make; NULL: runs/text-N */
    brn_event_handler *on_event; /* may be NULL */
    void *context;
} brn_text_train_options;

/* fastai 2's: 400, 1152, 3 layers, head 50, drop_factor .5, alpha 2, beta 1, chunks of 72, 1440 kept; one cycle,
 * 1 epoch a frozen stage, 2 of all layers, factor 2.6, decay .01, 64 texts a batch, seed 42. */
BRN_API brn_text_train_options brn_text_train_defaults(void);
/* All options but inputs, text and out: those of `text` have a list of their own (text_data.h). */
BRN_API const brn_option *brn_text_train_option_list(int *count);

/* Numbers that a kind of target does not have are NaN. */
typedef struct brn_text_score {
    int64_t count;
    double loss;      /* mean: cross-entropy, of tags each, or squared error */
    double accuracy;  /* labels: of texts; tags: of single answers, at .5 */
    double f1;        /* tags: of all answers together (micro), at .5 */
    double rmse, mae; /* numbers */
} brn_text_score;

typedef struct brn_text_result {
    char run[4096], report[4160];
    int64_t train_count, valid_count, vocabulary;
    brn_text_score score; /* of the texts that validate, after the last epoch */
    double seconds;       /* of training, by the clock */
} brn_text_result;

/* Trains and writes a run folder: config.json, history.csv, model.safetensors (with vocabulary and rules),
 * state.safetensors, report.html. `result` may be NULL. BRN_ERROR_USAGE names an option out of its range,
 * BRN_ERROR_DIVERGED a loss that is no number; BRN_ERROR_INTERRUPTED when the handler stopped it: the state is kept. */
BRN_API brn_status brn_text_train(const brn_text_train_options *options, brn_text_result *result);
/* Goes on with a run that was stopped, to the same bits as if it had not been. The texts must be the same. */
BRN_API brn_status brn_text_resume(const char *run, brn_event_handler *on_event, void *context,
                                   brn_text_result *result);

/* Finds a rate for the training that these options ask for, on its first stage: with an encoder the head alone
 * learns, as learning_rate is the head's there. Reads all of them but the stages' epochs, learning_rate, schedule,
 * checkpoint_seconds and out; makes no run folder. The listener hears BATCH events (iterations so far of all).
 * BRN_ERROR_INPUT for BRN_LR_FIND_VALID when no text validates. *out is the caller's: brn_lr_curve_free. */
BRN_API brn_status brn_text_lr_find(const brn_text_train_options *options, const brn_lr_finder_options *finder,
                                    brn_lr_curve *out);

typedef struct brn_text_model brn_text_model;
/* `run` is a run folder or its model.safetensors; threads 0: all processors. A model answers one thread at a time.
 * BRN_ERROR_INPUT when it is no text classifier. The caller closes. */
BRN_API brn_status brn_text_model_open(const char *run, int threads, brn_text_model **out);
/* Adds another model whose answers are averaged with this one's: one that reads backwards, say. It must know the
 * same classes (else BRN_ERROR_INPUT); 8 models at most, with the first. */
BRN_API brn_status brn_text_model_join(brn_text_model *model, const char *run);
BRN_API void brn_text_model_close(brn_text_model *model); /* NULL is fine */
BRN_API brn_text_target brn_text_model_target(const brn_text_model *model);
BRN_API int64_t brn_text_model_output_count(const brn_text_model *model);          /* K: classes, tags or numbers */
BRN_API const char *brn_text_model_output(const brn_text_model *model, int64_t k); /* their names */

/* How the texts of training were read. What it points to lives as long as the model. */
BRN_API brn_text_options brn_text_model_source(const brn_text_model *model);

/* All labelled texts of `inputs`, whatever part they belong to, read as `text` says (NULL: as in training; tokens
 * and target are the model's). BRN_ERROR_INPUT when none is labelled. */
BRN_API brn_status brn_text_evaluate(brn_text_model *model, const char *const *inputs, int64_t input_count,
                                     const brn_text_options *text, brn_text_score *out);

/* Answers to texts. Everything is valid until brn_text_answers_free. */
typedef struct brn_text_answers brn_text_answers;
/* Texts (count), UTF-8. */
BRN_API brn_status brn_text_predict(brn_text_model *model, const char *const *texts, int64_t count,
                                    brn_text_answers **out);
BRN_API void brn_text_answers_free(brn_text_answers *answers); /* NULL is fine */
BRN_API int64_t brn_text_answers_count(const brn_text_answers *answers);
/* Text i: (K) probabilities, or numbers. */
BRN_API const float *brn_text_answers_values(const brn_text_answers *answers, int64_t i);

/* A token of a text, and what it adds to an answer: the gradient of the answer's score (before softmax or
 * sigmoid) by the token's vector, times this vector; the mean over joined models that split texts alike. */
typedef struct brn_text_word {
    const char *token;
    double share;
} brn_text_word;
typedef struct brn_text_explanation {
    int64_t output; /* the answer that is explained */
    int64_t count;
    const brn_text_word *words; /* (count), in the order of the text */
} brn_text_explanation;
/* `output` 0 to K - 1; -1: the likeliest. Else BRN_ERROR_USAGE. The caller frees by brn_text_explanation_free. */
BRN_API brn_status brn_text_explain(brn_text_model *model, const char *text, int64_t output,
                                    brn_text_explanation **out);
BRN_API void brn_text_explanation_free(brn_text_explanation *explanation); /* NULL is fine */
/* A page with the texts (count), their answers and their words coloured by their shares. The file appears whole or not
 * at all. */
BRN_API brn_status brn_text_explain_page(brn_text_model *model, const char *const *texts, int64_t count,
                                         const char *path);

/* The texts with the greatest losses among the labelled ones of `inputs`, worst first. */
typedef struct brn_text_mistake {
    const char *place;         /* "reviews.csv, row 12", or a path */
    const char *text;          /* its tokens, as a person would write them; at most its last 2000 */
    const char *label, *answer; /* NULL for numbers; tags with blanks between */
    double loss, probability;  /* of the answer; numbers: what was answered */
    double truth;              /* numbers: the first one */
} brn_text_mistake;
typedef struct brn_text_mistakes {
    brn_text_score score;
    int64_t count;
    const brn_text_mistake *items; /* (count) */
    const int64_t *confusion;      /* (K, K): row = truth, column = answer; NULL unless labels */
} brn_text_mistakes;
/* At most `top` of them. BRN_ERROR_INPUT when no text is labelled. The caller frees by brn_text_mistakes_free. */
BRN_API brn_status brn_text_interpret(brn_text_model *model, const char *const *inputs, int64_t input_count,
                                      const brn_text_options *text, int64_t top, brn_text_mistakes **out);
BRN_API void brn_text_mistakes_free(brn_text_mistakes *mistakes); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
