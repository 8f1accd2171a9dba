/* SPDX-License-Identifier: Apache-2.0
 *
 * The language-model job: from texts to an AWD-LSTM (Merity et al. 2017) that says which word comes next,
 * and the encoder that a text classifier starts from (Howard and Ruder 2018).
 *
 *     brn_lm_options options = brn_lm_defaults();
 *     options.inputs = (const char *const[]){"corpus.txt", "reviews.csv"};
 *     options.input_count = 2;
 *     brn_lm_result result;
 *     if (brn_lm_train(&options, &result) != BRN_OK) puts(brn_error_message());
 *
 *     brn_lm_model *model;
 *     brn_lm_model_open("runs/lm-1", 0, &model);
 *     brn_lm_generation how = brn_lm_generation_defaults();
 *     char *text;
 *     if (brn_lm_generate(model, "The film", &how, &text) == BRN_OK) puts(text);
 *     brn_lm_text_free(text);
 *     brn_lm_model_close(model);
 *
 * Memory does not grow with the texts: they become a file of numbered tokens in the run folder.
 */
#ifndef BURNISH_LM_H
#define BURNISH_LM_H

#include "burnish/dropouts.h"
#include "burnish/events.h"
#include "burnish/lr_finder.h"
#include "burnish/options.h"
#include "burnish/precision.h"
#include "burnish/text_data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_lm_options {
    const char *const *inputs; /* (input_count) text files, folders of them, tables */
    int64_t input_count;
    brn_text_options text; /* how they are read and split; its target must be BRN_TEXT_NO_TARGET */
    const char *encoder;   /* a run folder or its model.safetensors to start from, or a model that fast.ai saved
                            * (.pth, .h5 with the .pkl of its words beside it): words by name, new ones get the
                            * mean of all; its sizes and rules are taken. NULL: from nothing */
    bool backward;         /* each document from its end */

    int64_t embedding, hidden; /* E, H: 1 to 65,536 */
    int layers;        /* 1 to 8 */
    bool qrnn;         /* quasi-recurrent layers (Bradbury et al. 2017) in the place of LSTMs: fast.ai's qrnn=True */
    bool untied;       /* the decoder has a matrix of its own */
    bool decoder_bias; /* fastai 2 has one, 0.7 has none */
    double dropout;    /* multiplies all five: input .25, output .1, weight .2, embedding .02, hidden .15; 0 to 3.99 */
    brn_dropouts dropouts; /* those that are given instead; a language model has no head */
    double alpha, beta; /* activation and temporal activation regularisation */

    int64_t length;       /* time steps of a batch: truncated back-propagation */
    bool variable_length; /* 0.7's: drawn around `length` */
    int batch_size;       /* streams of text side by side */
    int epochs;
    double learning_rate; /* highest, of a one-cycle schedule */
    double weight_decay;  /* decoupled */
    double clip;          /* norm of the gradients; 0: not clipped */
    double momentum_high, momentum_low; /* of the one-cycle schedule */
    double div;           /* it begins at learning_rate / div */
    uint64_t seed;
    int threads; /* 0: all processors */
    brn_precision precision; /* of the large products; FP32 with a warning where the processor has no BF16 */
    bool activation_checkpointing; /* runner.h: less memory in training, to the same bits, for more time */
    double checkpoint_seconds; /* from one saved state to the next; 0: after every batch */
    const char *out;             /* run folder to make; NULL: runs/lm-N */
    brn_event_handler *on_event; /* may be NULL */
    void *context;
} brn_lm_options;

/* fastai 2's: 400, 1152, 3 layers, length 72, 64 streams, momenta .8 and .7; 5 epochs, rate .005, decay .1,
 * clip .1, div 10, seed 42. */
BRN_API brn_lm_options brn_lm_defaults(void);
/* All options but inputs, text and out: those of `text` have a list of their own (text_data.h). */
BRN_API const brn_option *brn_lm_option_list(int *count);
/* Sets what a recipe names. "wikitext2": 200, 500, 3 layers, 10,000 tokens between blanks, dropout .5.
 * BRN_ERROR_USAGE with all names when there is none of that name. */
BRN_API brn_status brn_lm_recipe(const char *name, brn_lm_options *options);

typedef struct brn_lm_result {
    char run[4096], report[4160]; /* report: "" until it is written */
    int64_t vocabulary, train_tokens, valid_tokens;
    double valid_loss, perplexity, accuracy; /* of the last epoch; NaN when nothing validates */
    double seconds, tokens_per_second;       /* of training, by the clock */
} brn_lm_result;

/* Trains and writes a run folder: config.json, history.csv, curve.csv, report.html, model.safetensors (with
 * vocabulary and rules), state.safetensors. `result` may be NULL. BRN_ERROR_USAGE names an
 * option out of its range, BRN_ERROR_DIVERGED a loss that is no number; BRN_ERROR_INTERRUPTED when the handler stopped it:
 * the state is kept, in the middle of an epoch with the layers' carried state. */
BRN_API brn_status brn_lm_train(const brn_lm_options *options, brn_lm_result *result);
/* Goes on with a run that was stopped, to the same bits as if it had not been. The texts must be the same. */
BRN_API brn_status brn_lm_resume(const char *run, brn_event_handler *on_event, void *context,
                                 brn_lm_result *result);
/* The rate finder on these texts; the caller frees by brn_lr_curve_free. Nothing is kept but what it reads,
 * in a folder that is taken away. */
BRN_API brn_status brn_lm_lr_find(const brn_lm_options *options, const brn_lr_finder_options *finder,
                                  brn_lr_curve *out);

typedef struct brn_lm_model brn_lm_model;
/* `run` is a run folder or its model.safetensors, or fast.ai's file as above. A model answers one thread at a time.
 * BRN_ERROR_INPUT when it is no language model. The caller closes. */
BRN_API brn_status brn_lm_model_open(const char *run, int threads, brn_lm_model **out);
BRN_API void brn_lm_model_close(brn_lm_model *model); /* NULL is fine */
BRN_API int64_t brn_lm_model_vocabulary(const brn_lm_model *model); /* tokens that have a number */

typedef struct brn_lm_score {
    int64_t tokens;
    double loss, perplexity, accuracy; /* per token: mean negative log likelihood, its exp, share of hits */
} brn_lm_score;
/* All texts of `inputs`, one behind the other, in as many streams as in training or fewer for a short text; read as
 * the model's were but for `text`'s sources. BRN_ERROR_INPUT for fewer than two tokens. */
BRN_API brn_status brn_lm_evaluate(brn_lm_model *model, const char *const *inputs, int64_t input_count,
                                   const brn_text_options *text, brn_lm_score *out);

typedef struct brn_lm_generation {
    int64_t words;      /* tokens to add, 0 to 2^24 */
    double temperature; /* 0 or more, divides the logits; 0: always the likeliest */
    int64_t top_k;      /* among the k likeliest; 0: all */
    double top_p;       /* among the fewest that have this probability together (Holtzman et al. 2020); 1: all */
    bool unknown;       /* the unknown token may be drawn */
    uint64_t seed;      /* the text is a function of model, prompt and these options */
} brn_lm_generation;
/* 40 words, temperature .75, all tokens but the unknown one, seed 42. */
BRN_API brn_lm_generation brn_lm_generation_defaults(void);
/* The prompt (NULL or "": none) and how it goes on; of a model that reads backwards, what comes before the
 * prompt, and the prompt. The caller frees by brn_lm_text_free. BRN_ERROR_INPUT when it is not UTF-8. */
BRN_API brn_status brn_lm_generate(brn_lm_model *model, const char *prompt, const brn_lm_generation *how,
                                   char **out);
BRN_API void brn_lm_text_free(char *text); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
