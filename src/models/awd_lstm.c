/* SPDX-License-Identifier: Apache-2.0 */
#include "models/awd_lstm.h"
#include "burnish/nn.h"
#include "graph/graph.h"

#include <stdio.h>
#include <string.h>

static const char STATE[] = "state.";

brn__awd_lstm_options brn__awd_lstm_defaults(int64_t vocabulary)
{
    return (brn__awd_lstm_options){
        .vocabulary = vocabulary,
        .embedding = 400,
        .hidden = 1152,
        .layers = 3,
        .tied = true,
        .decoder_bias = true,
        .dropout = {.input = .25, .output = .1, .weight = .2, .embedding = .02, .hidden = .15},
        .dropout_multiplier = 1,
        .alpha = 2,
        .beta = 1,
        .embedding_group = 3,
    };
}

/* ------------------------------------------------------------------ checks */

static brn_status check(const brn_node *tokens, const brn__awd_lstm_options *o)
{
    brn_shape shape = brn_node_shape(tokens);
    const brn__awd_lstm_dropout *p = &o->dropout;
    const double all[] = {p->input, p->output, p->weight, p->embedding, p->hidden};
    if (brn_node_dtype(tokens) != BRN_DTYPE_I64 || shape.rank != 2)
        return brn__fail(BRN_ERROR_INPUT, "awd_lstm: tokens must be int64 (N, T), got %s %s",
                         brn_dtype_name(brn_node_dtype(tokens)), BRN__SHAPE(shape));
    if (o->vocabulary < 1 || o->embedding < 1 || o->hidden < 1)
        return brn__fail(BRN_ERROR_INPUT, "awd_lstm: vocabulary %lld, embedding %lld and hidden %lld must be 1 or more",
                         (long long)o->vocabulary, (long long)o->embedding, (long long)o->hidden);
    if (o->layers < 1 || o->layers > BRN__AWD_LSTM_LAYERS_MAX)
        return brn__fail(BRN_ERROR_INPUT, "awd_lstm: %d layers; expected 1 to %d", o->layers, BRN__AWD_LSTM_LAYERS_MAX);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!(all[i] * o->dropout_multiplier >= 0 && all[i] * o->dropout_multiplier < 1))
            return brn__fail(BRN_ERROR_INPUT, "awd_lstm: a dropout of %g times %g; expected less than 1", all[i],
                             o->dropout_multiplier);
    return BRN_OK;
}

/* ------------------------------------------------------------------ the encoder */

/* Slot of a probability; -1: there is no such layer. */
static int slot_of(brn_graph *graph, const char *name, double probability, const brn__awd_lstm_options *o)
{
    double p = probability * o->dropout_multiplier;
    return p > 0 ? brn_scalar(graph, name, p) : -1;
}

/* A mask of its own stream, NAME.dropout. */
static brn_node *locked(brn_node *x, const char *name, int slot)
{
    if (slot < 0) return x;
    brn_graph *graph = brn_node_graph(x);
    brn_scope_push(graph, "%s", name);
    x = brn_locked_dropout(x, slot);
    brn_scope_pop(graph);
    return x;
}

brn_node *brn__awd_lstm_words(brn_graph *graph, int64_t vocabulary, int64_t embedding)
{
    const int64_t dims[] = {vocabulary, embedding};
    return brn_parameter(graph, "0.encoder.weight", dims, 2, BRN_PARAMETER_WEIGHT,
                         (brn_init){BRN_INIT_UNIFORM, .1});
}

static brn_node *embedding_matrix(brn_graph *graph, const brn__awd_lstm_options *o)
{
    brn_graph_set_group(graph, o->embedding_group);
    return brn__awd_lstm_words(graph, o->vocabulary, o->embedding);
}

/* (N, T) -> (T, N) */
static brn_node *time_first(brn_node *indices)
{
    return brn_transpose(indices, (const int[]){1, 0}, 2);
}

static brn_node *embed(brn_node *tokens, const brn__awd_lstm_options *o)
{
    brn_graph *graph = brn_node_graph(tokens);
    brn_node *indices = time_first(tokens), *x = brn_embedding(embedding_matrix(graph, o), indices);
    int slot = slot_of(graph, "embedding_dropout", o->dropout.embedding, o);
    if (slot >= 0) {
        brn_scope_push(graph, "0.encoder_dp");
        x = brn_embedding_dropout(x, indices, slot);
        brn_scope_pop(graph);
    }
    return locked(x, "0.input_dp", slot_of(graph, "input_dropout", o->dropout.input, o));
}

static brn_node *state(brn_graph *graph, int layer, const brn__recurrent_part *part, int64_t items)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d.%s", STATE, layer, part->name);
    return brn_parameter(graph, name, (const int64_t[]){items, part->width}, 2, BRN_PARAMETER_BUFFER,
                         (brn_init){BRN_INIT_ZEROS});
}

static brn_node *layer(brn_node *x, const brn__awd_lstm_options *o, int index)
{
    brn_graph *graph = brn_node_graph(x);
    const brn__recurrent_layer form = brn__recurrent_layer_of(o->qrnn, index, o->layers, o->embedding, o->hidden);
    brn__recurrent_part parts[BRN__RECURRENT_PARTS];
    brn_node *before[BRN__RECURRENT_PARTS], *after[BRN__RECURRENT_PARTS];
    const int count = brn__recurrent_parts(&form, parts);
    const int64_t items = brn_node_shape(x).dims[1];
    brn_graph_set_group(graph, o->layer_group + index);
    for (int i = 0; i < count; i++) before[i] = state(graph, index, &parts[i], items);
    x = brn__recurrent_run(x, &form, slot_of(graph, "weight_dropout", o->dropout.weight, o), before, after);
    if (brn__is_poison(x)) return x;
    for (int i = 0; i < count; i++) brn_carry(before[i], after[i]);
    if (index + 1 == o->layers) return x;
    char name[32];
    snprintf(name, sizeof name, "0.hidden_dps.%d", index);
    return locked(x, name, slot_of(graph, "hidden_dropout", o->dropout.hidden, o));
}

brn_node *brn__awd_lstm_encoder(brn_node *tokens, const brn__awd_lstm_options *options)
{
    if (brn__is_poison(tokens)) return tokens;
    brn_status status = check(tokens, options);
    if (status != BRN_OK) return brn__graph_fail(brn_node_graph(tokens), status);
    brn_node *x = embed(tokens, options);
    for (int i = 0; i < options->layers && !brn__is_poison(x); i++) x = layer(x, options, i);
    return x;
}

/* ------------------------------------------------------------------ the decoder */

typedef struct decoder {
    brn_node *weight, *bias; /* (V, E), (V) or NULL */
} decoder;

static decoder decoder_of(brn_graph *graph, const brn__awd_lstm_options *o)
{
    const int64_t dims[] = {o->vocabulary, o->embedding};
    decoder d = {.weight = embedding_matrix(graph, o)};
    if (!o->tied)
        d.weight = brn_parameter(graph, "1.decoder.weight", dims, 2, BRN_PARAMETER_WEIGHT,
                                 (brn_init){BRN_INIT_UNIFORM, .1});
    if (o->decoder_bias)
        d.bias = brn_parameter(graph, "1.decoder.bias", dims, 1, BRN_PARAMETER_BIAS, (brn_init){BRN_INIT_ZEROS});
    return d;
}

static brn_node *add_penalties(brn_node *loss, brn_node *states, brn_node *dropped, const brn__awd_lstm_options *o)
{
    if (o->alpha <= 0 && o->beta <= 0) return loss;
    brn_graph *graph = brn_node_graph(loss);
    int alpha = brn_scalar(graph, "alpha", o->alpha), beta = brn_scalar(graph, "beta", o->beta);
    return brn_add(loss, brn_activation_penalty(states, dropped, alpha, beta));
}

brn__language_model brn__awd_lstm(brn_node *tokens, brn_node *targets, const brn__awd_lstm_options *options)
{
    brn_node *states = brn__awd_lstm_encoder(tokens, options);
    if (brn__is_poison(states)) return (brn__language_model){states, states, states, states};
    brn_graph *graph = brn_node_graph(states);
    brn_graph_set_group(graph, options->embedding_group);
    decoder d = decoder_of(graph, options);
    brn_node *dropped = locked(states, "1.output_dp", slot_of(graph, "output_dropout", options->dropout.output, options));
    brn_node *measure = brn_linear_cross_entropy(dropped, d.weight, d.bias, time_first(targets), -1);
    brn__language_model model = {.states = states, .measure = measure, .loss = measure};
    if (brn__is_poison(measure)) return model;
    model.hits = brn_node_output(measure, 1);
    model.loss = add_penalties(measure, states, dropped, options);
    return model;
}

brn_node *brn__awd_lstm_next(brn_node *tokens, const brn__awd_lstm_options *options)
{
    brn_node *states = brn__awd_lstm_encoder(tokens, options);
    if (brn__is_poison(states)) return states;
    brn_graph *graph = brn_node_graph(states);
    brn_graph_set_group(graph, options->embedding_group);
    decoder d = decoder_of(graph, options);
    return brn_linear(brn_node_output(states, 1), d.weight, d.bias);
}

/* ------------------------------------------------------------------ state and names */

bool brn__is_carried(const char *parameter)
{
    return strncmp(parameter, STATE, sizeof STATE - 1) == 0;
}

void brn__awd_lstm_reset(brn_parameters *parameters)
{
    const size_t bytes = brn_dtype_bytes(brn_parameters_dtype(parameters));
    char *values = brn_parameters_values(parameters);
    for (int i = 0; i < brn_parameters_count(parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(parameters, i);
        if (!brn__is_carried(info.name)) continue;
        memset(values + (size_t)info.offset * bytes, 0, (size_t)info.count * bytes);
        brn_parameters_touch(parameters, info.offset, info.offset + info.count);
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* What stands behind "0.rnns.N." in a name; NULL: no layer's. */
static char *of_layer(char *name)
{
    if (strncmp(name, "0.rnns.", 7) != 0) return NULL;
    char *dot = strchr(name + 7, '.');
    return dot ? dot + 1 : NULL;
}

/* A QRNN's linear layer in 0.7, "linear." or, with its weights dropped, "linear.module."; NULL: it is none. */
static const char *old_linear(const char *rest)
{
    static const struct {
        const char *old, *now;
    } names[] = {{"linear.module.weight_raw", "weight_raw"},
                 {"linear.weight", "weight_raw"},
                 {"linear.module.bias", "module.bias"},
                 {"linear.bias", "module.bias"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(rest, names[i].old) == 0) return names[i].now;
    return NULL;
}

bool brn__awd_lstm_name(char *name, size_t size)
{
    /* The matrix under its mask, the embedding inside its dropout and the tied decoder are copies. */
    if (ends_with(name, ".module.weight_hh_l0") || ends_with(name, ".linear.module.weight") ||
        strncmp(name, "0.encoder_dp.", 13) == 0 || strncmp(name, "0.encoder_with_dropout.", 23) == 0)
        return false;
    /* 0.7: 0.rnns.1.module.weight_hh_l0_raw, 0.rnns.1.linear.module.weight_raw */
    char *module = strstr(name, ".module.weight_hh_l0_raw"), *rest = of_layer(name);
    if (module) snprintf(module, size - (size_t)(module - name), ".weight_hh_l0_raw");
    const char *now = rest ? old_linear(rest) : NULL;
    if (now) snprintf(rest, size - (size_t)(rest - name), "layers.0.linear.%s", now);
    return true;
}
