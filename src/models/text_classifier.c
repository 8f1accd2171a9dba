/* SPDX-License-Identifier: Apache-2.0 */
#include "models/text_classifier.h"
#include "graph/graph.h"
#include "models/awd_lstm.h"

brn__text_classifier_options brn__text_classifier_defaults(double factor)
{
    return (brn__text_classifier_options){.padding = 1,
                                          .embedding = 400,
                                          .hidden = 1152,
                                          .layers = 3,
                                          .head = 50,
                                          .word_dropout = .05 * factor,
                                          .input_dropout = .4 * factor,
                                          .weight_dropout = .5 * factor,
                                          .hidden_dropout = .3 * factor,
                                          .output_dropout = .4 * factor,
                                          .head_dropout = .1,
                                          .alpha = 2,
                                          .beta = 1};
}

/* ------------------------------------------------------------------ the encoder */

static brn__recurrent_layer layer_of(const brn__text_classifier_options *o, int number)
{
    return brn__recurrent_layer_of(o->qrnn, number, o->layers, o->embedding, o->hidden);
}

static int64_t state_width(const brn__text_classifier_options *o)
{
    brn__recurrent_part parts[BRN__RECURRENT_PARTS];
    int64_t width = 0;
    for (int number = 0; number < o->layers; number++) {
        const brn__recurrent_layer layer = layer_of(o, number);
        const int count = brn__recurrent_parts(&layer, parts);
        for (int i = 0; i < count; i++) width += parts[i].width;
    }
    return width;
}

/* Scalars of dropouts. */
typedef struct slots {
    int word, input, weight, hidden;
} slots;

static slots slots_of(brn_graph *graph, const brn__text_classifier_options *o)
{
    return (slots){brn_scalar(graph, "word_dropout", o->word_dropout),
                   brn_scalar(graph, "input_dropout", o->input_dropout),
                   brn_scalar(graph, "weight_dropout", o->weight_dropout),
                   brn_scalar(graph, "hidden_dropout", o->hidden_dropout)};
}

/* x (T, N, E) through all layers; `s` NULL: without dropout. */
static brn_node *run_layers(brn_node *x, brn_node *state, const brn__text_classifier_options *o, const slots *s,
                            brn_node **next_state)
{
    brn_node *next[BRN__RECURRENT_PARTS * BRN__TEXT_LAYERS_MAX];
    int64_t at = 0;
    int made = 0;
    for (int number = 0; number < o->layers; number++) {
        const brn__recurrent_layer layer = layer_of(o, number);
        brn__recurrent_part parts[BRN__RECURRENT_PARTS];
        brn_node *before[BRN__RECURRENT_PARTS];
        const int count = brn__recurrent_parts(&layer, parts);
        for (int i = 0; i < count; at += parts[i++].width) before[i] = brn_slice(state, 1, at, at + parts[i].width);
        brn_graph_set_group(brn_node_graph(x), number + 1);
        x = brn__recurrent_run(x, &layer, s ? s->weight : -1, before, next + made);
        if (s && number + 1 < o->layers) x = brn_locked_dropout(x, s->hidden);
        made += count;
    }
    *next_state = brn_concat(next, made, 1);
    return x;
}

static brn_node *dot(brn_node *a, brn_node *b, unsigned axes)
{
    return brn_reduce(brn_mul(a, b), BRN_REDUCE_SUM, axes, false);
}

static void build_chunk(brn_graph *graph, const brn__text_classifier_options *o, brn__text_classifier *out)
{
    const int64_t tokens[] = {1, 1}, rows[] = {1, out->state_width}, vectors[] = {1, 1, o->embedding};
    const slots s = slots_of(graph, o);
    out->tokens = brn_input(graph, "tokens", BRN_DTYPE_I64, tokens, 2);
    out->state = brn_input(graph, "state", BRN_DTYPE_F32, rows, 2);
    out->signal = brn_input(graph, "signal", BRN_DTYPE_F32, vectors, 3);
    brn_graph_set_group(graph, 0);
    out->table = brn__awd_lstm_words(graph, o->words, o->embedding);
    brn_node *x = brn_embedding(out->table, out->tokens);
    x = brn_locked_dropout(brn_embedding_dropout(x, out->tokens, s.word), s.input);
    out->features = run_layers(x, out->state, o, &s, &out->next_state);
    out->pull = dot(out->features, out->signal, 7);
}

static void build_from_vectors(brn_graph *graph, const brn__text_classifier_options *o, brn__text_classifier *out)
{
    const int64_t rows[] = {1, out->state_width}, vectors[] = {1, 1, o->embedding};
    brn_node *next;
    out->vectors = brn_input(graph, "vectors", BRN_DTYPE_F32, vectors, 3);
    out->vector_state = brn_input(graph, "vector_state", BRN_DTYPE_F32, rows, 2);
    out->state_signal = brn_input(graph, "state_signal", BRN_DTYPE_F32, rows, 2);
    brn_node *features = run_layers(out->vectors, out->vector_state, o, NULL, &next);
    out->vector_pull = brn_add(dot(features, out->signal, 7), dot(next, out->state_signal, 3));
}

/* ------------------------------------------------------------------ the head */

/* fastai's LinBnDrop: batch norm, dropout, a linear layer without bias. */
static brn_node *head_layer(brn_node *x, int layer, int64_t outputs, const char *dropout, double probability)
{
    brn_graph *graph = brn_node_graph(x);
    brn_scope_push(graph, "head.%d", layer);
    x = brn_nn_dropout(brn_nn_batch_norm(x, "norm", NULL), dropout, probability);
    x = brn_nn_linear(x, "linear", outputs, false, (brn_init){.kind = BRN_INIT_LINEAR_UNIFORM});
    brn_scope_pop(graph);
    return x;
}

static void build_head(brn_graph *graph, const brn__text_classifier_options *o, brn__text_classifier *out)
{
    const int64_t features[] = {1, 1, o->embedding}, tokens[] = {1, 1};
    brn_graph_set_group(graph, out->groups - 1);
    out->all_features = brn_input(graph, "all_features", BRN_DTYPE_F32, features, 3);
    out->all_tokens = brn_input(graph, "all_tokens", BRN_DTYPE_I64, tokens, 2);
    brn_node *x = brn_sequence_pool(out->all_features, out->all_tokens, o->padding);
    if (o->head > 0) x = brn_relu(head_layer(x, 0, o->head, "output_dropout", o->output_dropout));
    out->logits = head_layer(x, o->head > 0, o->outputs, o->head > 0 ? "head_dropout" : "output_dropout",
                             o->head > 0 ? o->head_dropout : o->output_dropout);
    out->penalty = brn_activation_penalty(out->all_features, out->all_features, brn_scalar(graph, "alpha", o->alpha),
                                          brn_scalar(graph, "beta", o->beta));
}

/* ------------------------------------------------------------------ all of it */

static brn_status check(const brn__text_classifier_options *o)
{
    if (o->layers < 1 || o->layers > BRN__TEXT_LAYERS_MAX)
        return brn__fail(BRN_ERROR_INPUT, "text classifier: %d layers; expected 1 to %d", o->layers,
                         BRN__TEXT_LAYERS_MAX);
    const struct {
        const char *what;
        int64_t value, least;
    } sizes[] = {{"words", o->words, 1},   {"numbers a word", o->embedding, 1}, {"hidden units", o->hidden, 1},
                 {"units in the head", o->head, 0}, {"outputs", o->outputs, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value < sizes[i].least || sizes[i].value > 1 << 24)
            return brn__fail(BRN_ERROR_INPUT, "text classifier: %lld %s", (long long)sizes[i].value, sizes[i].what);
    return BRN_OK;
}

void brn__text_classifier_build(brn_graph *graph, const brn__text_classifier_options *options,
                                brn__text_classifier *out)
{
    *out = (brn__text_classifier){.groups = options->layers + 2};
    const brn_status status = check(options);
    if (status != BRN_OK) {
        brn__graph_fail(graph, status);
        return;
    }
    out->state_width = state_width(options);
    build_chunk(graph, options, out);
    build_from_vectors(graph, options, out);
    build_head(graph, options, out);
}
