/* SPDX-License-Identifier: Apache-2.0
 * A classifier of texts on an AWD-LSTM encoder (Howard and Ruder 2018, ULMFiT), made for texts that are run
 * in chunks. One graph holds three parts that a run puts together:
 *
 *     a chunk      tokens (T, N), state (N, S)   -> features (T, N, E), next_state (N, S)
 *     backwards    ... and signal (T, N, E)      -> pull (): its gradient is what `signal` says of features
 *     the head     all_features (A, N, E), all_tokens (A, N) -> logits (N, outputs), penalty ()
 *
 *     pool over the steps that are not padding: last, maximum, mean   (N, 3 E)
 *     batch norm -> dropout -> linear (hidden) -> ReLU -> batch norm -> dropout -> linear
 *
 * Layer groups: 0 the embedding, then one for each recurrent layer, last the head. The encoder's names are those of
 * the language model (fast.ai's: 0.encoder.weight, 0.rnns.1.weight_hh_l0_raw ...), the head's head.0.norm.weight,
 * head.0.linear.weight ... */
#ifndef BRN__MODELS_TEXT_CLASSIFIER_H
#define BRN__MODELS_TEXT_CLASSIFIER_H

#include "burnish/nn.h"

enum { BRN__TEXT_LAYERS_MAX = 4 };

typedef struct brn__text_classifier_options {
    int64_t words;             /* V */
    int64_t padding;           /* the token that is none */
    int64_t embedding, hidden; /* E, H: widths of the words and the last layer; of the others */
    int layers;
    bool qrnn; /* layers are QRNNs, else LSTMs */
    int64_t head; /* width of the head's hidden layer; 0: none */
    int64_t outputs;
    double word_dropout, input_dropout, weight_dropout, hidden_dropout; /* of the encoder */
    double output_dropout, head_dropout; /* before the head's first linear layer, and its last */
    double alpha, beta; /* penalties on the states and their changes */
} brn__text_classifier_options;

/* fastai 2's: 400, 1152, 3 layers, head 50; .05 .4 .5 .3 .4 times `drop_factor`, .1; alpha 2, beta 1. */
brn__text_classifier_options brn__text_classifier_defaults(double drop_factor);

typedef struct brn__text_classifier {
    brn_node *tokens, *state, *features, *next_state;
    brn_node *signal, *pull, *table; /* table: the words' vectors (V, E) */
    /* The same chunk from its words' vectors, without dropout, and with a signal for next_state too: for
     * gradients by what went in. */
    brn_node *vectors /* (T, N, E) */, *vector_state, *state_signal /* (N, S) */, *vector_pull;
    brn_node *all_features, *all_tokens, *logits, *penalty;
    int64_t state_width; /* S */
    int groups;
} brn__text_classifier;

/* Nominal sizes are one step of one text. Errors poison the graph. */
void brn__text_classifier_build(brn_graph *graph, const brn__text_classifier_options *options,
                                brn__text_classifier *out);

#endif
