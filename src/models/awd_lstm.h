/* SPDX-License-Identifier: Apache-2.0
 * The AWD-LSTM language model (Merity, Keskar and Socher 2017), in the form of fast.ai:
 *
 *     tokens (N, T) -> embedding, whole words dropped -> locked dropout
 *     each layer:  LSTM or QRNN with a matrix dropped -> locked dropout, but behind the last
 *     locked dropout -> decoder -> cross-entropy with the next tokens
 *
 * The first layer is E -> H, those between H -> H, the last H -> E, so that the decoder can be the embedding's
 * matrix (tied). The state of each layer is carried from run to run (brn_carry), so a graph has the batch size
 * that it was built with; lengths may vary. The loss gains alpha mean(d^2) + beta mean((h_t - h_t-1)^2), of
 * the last layer's states h and of d, h under the last dropout.
 *
 * Names are those of fast.ai's checkpoints: 0.encoder.weight, 1.decoder.bias, layers as in recurrent_layer.h; the
 * state's are state.1.h and state.1.c. */
#ifndef BRN__MODELS_AWD_LSTM_H
#define BRN__MODELS_AWD_LSTM_H

#include "burnish/ops.h"
#include "burnish/parameters.h"
#include "models/recurrent_layer.h"

enum { BRN__AWD_LSTM_LAYERS_MAX = 8 };

/* Probabilities, all times one multiplier. */
typedef struct brn__awd_lstm_dropout {
    double input, output, weight, embedding, hidden;
} brn__awd_lstm_dropout;

typedef struct brn__awd_lstm_options {
    int64_t vocabulary, embedding, hidden; /* V, E, H */
    int layers;
    bool qrnn;         /* layers are QRNNs, else LSTMs */
    bool tied;         /* decoder and embedding share a matrix */
    bool decoder_bias; /* fastai 2 has one, 0.7 has none */
    brn__awd_lstm_dropout dropout;
    double dropout_multiplier;
    double alpha, beta;
    int embedding_group, layer_group; /* layer groups of the embedding and of the first layer */
} brn__awd_lstm_options;

/* fastai 2's: 400, 1152, 3 layers, tied, with bias; dropout input .25, output .1, weight .2, embedding
 * .02, hidden .15, times 1; alpha 2, beta 1. A group a layer, then the embedding with the decoder. */
brn__awd_lstm_options brn__awd_lstm_defaults(int64_t vocabulary);

/* The words' vectors (V, E) by their name. */
brn_node *brn__awd_lstm_words(brn_graph *graph, int64_t vocabulary, int64_t embedding);

/* tokens int64 (N, T) -> the last layer's states (T, N, E), time first. N is that of the carried state.
 * Errors poison the graph. */
brn_node *brn__awd_lstm_encoder(brn_node *tokens, const brn__awd_lstm_options *options);

typedef struct brn__language_model {
    brn_node *states; /* (T, N, E) */
    brn_node *measure; /* scalar: mean cross-entropy over the tokens */
    brn_node *hits;    /* scalar: share of tokens that were the likeliest */
    brn_node *loss;    /* scalar: measure and penalties */
} brn__language_model;

/* targets int64 (N, T): the tokens that come next. */
brn__language_model brn__awd_lstm(brn_node *tokens, brn_node *targets, const brn__awd_lstm_options *options);
/* Logits (N, V) of what comes after the last of `tokens` (N, T). */
brn_node *brn__awd_lstm_next(brn_node *tokens, const brn__awd_lstm_options *options);

/* Is it carried state? It is no part of a model: another batch size has another. */
bool brn__is_carried(const char *parameter);
/* Zeroes the carried state: a stream of text begins. */
void brn__awd_lstm_reset(brn_parameters *parameters);

/* A name of 0.7's and fastai 1's checkpoints in place, as the names above; false for a copy of a tensor
 * that is there under another name, or of what a mask was drawn for. */
bool brn__awd_lstm_name(char *name, size_t size);

#endif
