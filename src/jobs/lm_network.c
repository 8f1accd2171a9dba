/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/dropouts.h"
#include "jobs/lm_job.h"

#include <math.h>

brn__awd_lstm_options brn__lm_network_options(const brn_lm_options *o, int64_t vocabulary)
{
    brn__awd_lstm_options net = brn__awd_lstm_defaults(vocabulary);
    net.embedding = o->embedding;
    net.hidden = o->hidden;
    net.layers = net.embedding_group = o->layers;
    net.qrnn = o->qrnn;
    net.tied = !o->untied;
    net.decoder_bias = o->decoder_bias;
    const brn__awd_lstm_dropout form = net.dropout;
    net.dropout_multiplier = 1;
    net.dropout.input = brn__dropout_or(o->dropouts.input, form.input * o->dropout);
    net.dropout.output = brn__dropout_or(o->dropouts.output, form.output * o->dropout);
    net.dropout.weight = brn__dropout_or(o->dropouts.weight, form.weight * o->dropout);
    net.dropout.embedding = brn__dropout_or(o->dropouts.words, form.embedding * o->dropout);
    net.dropout.hidden = brn__dropout_or(o->dropouts.hidden, form.hidden * o->dropout);
    net.alpha = o->alpha;
    net.beta = o->beta;
    return net;
}

/* Weights, gradients and two moments are four times as much: refused before memory runs out. */
static brn_status check_size(const brn__awd_lstm_options *o)
{
    const double most = 0x1p31;
    double total = (double)o->vocabulary * (double)o->embedding * (o->tied ? 1 : 2);
    for (int i = 0; i < o->layers; i++) {
        const brn__recurrent_layer layer = brn__recurrent_layer_of(o->qrnn, i, o->layers, o->embedding, o->hidden);
        total += brn__recurrent_weights(&layer);
    }
    if (total <= most) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "a language model of %.3g weights; at most %.3g are possible", total, most);
}

static brn_status build(const brn_lm_options *o, const brn__awd_lstm_options *net, int64_t streams, int64_t length,
                        brn__lm_network *out)
{
    const int64_t dims[] = {streams, length};
    brn__network *ends = &out->ends;
    BRN__TRY(brn_graph_new(&out->graph));
    ends->input = brn_input(out->graph, "tokens", BRN_DTYPE_I64, dims, 2);
    ends->target = brn_input(out->graph, "next", BRN_DTYPE_I64, dims, 2);
    brn__language_model model = brn__awd_lstm(ends->input, ends->target, net);
    BRN__TRY(brn_graph_status(out->graph));
    ends->output = model.hits;
    ends->loss = model.loss;
    ends->measure = ends->shown = model.measure;
    BRN__TRY(brn_parameters_new(out->graph, BRN_DTYPE_F32, &out->parameters));
    BRN__TRY(brn_parameters_initialise(out->parameters, o->seed, -1));
    BRN__TRY(brn__learner_new(out->parameters, "cpu", o->threads, o->seed, &out->learner));
    brn_runner_set_precision(brn__learner_runner(out->learner), o->precision);
    brn_runner_set_activation_checkpointing(brn__learner_runner(out->learner), o->activation_checkpointing);
    return BRN_OK;
}

brn_status brn__lm_network_new(const brn_lm_options *options, int64_t vocabulary, int64_t streams, int64_t length,
                               brn__lm_network *out)
{
    const brn__awd_lstm_options net = brn__lm_network_options(options, vocabulary);
    *out = (brn__lm_network){0};
    BRN__TRY(check_size(&net));
    brn_status status = build(options, &net, streams, length, out);
    if (status != BRN_OK) brn__lm_network_free(out);
    return status;
}

void brn__lm_network_free(brn__lm_network *network)
{
    brn__learner_free(network->learner);
    brn_parameters_free(network->parameters);
    brn_graph_free(network->graph);
    *network = (brn__lm_network){0};
}

/* ------------------------------------------------------------------ callbacks */

static brn__action forget(void *state, brn__fit *fit)
{
    (void)state;
    brn__awd_lstm_reset(brn__learner_parameters(fit->learner));
    return BRN__GO_ON;
}

static brn__action begin_epoch(void *state, brn__fit *fit)
{
    return fit->position.next == 0 ? forget(state, fit) : BRN__GO_ON;
}

const brn__callback brn__lm_reset = {
    .name = "carried state",
    .order = BRN__ORDER_PLATEAU,
    .on = {[BRN__BEFORE_EPOCH] = begin_epoch, [BRN__BEFORE_VALIDATE] = forget},
};

static brn__action clear(void *state, brn__fit *fit)
{
    brn__lm_metrics *metrics = state;
    (void)fit;
    metrics->hits = 0;
    metrics->tokens = 0;
    return BRN__GO_ON;
}

static brn__action add_batch(void *state, brn__fit *fit)
{
    brn__lm_metrics *metrics = state;
    int64_t tokens = brn__network_measured(&fit->options->network, &fit->data);
    metrics->hits += (double)*fit->output * (double)tokens;
    metrics->tokens += tokens;
    return BRN__GO_ON;
}

static brn__action publish(void *state, brn__fit *fit)
{
    brn__lm_metrics *metrics = state;
    metrics->accuracy = metrics->tokens ? metrics->hits / (double)metrics->tokens : (double)NAN;
    brn__fit_set_metric(fit, "accuracy", metrics->accuracy);
    brn__fit_set_metric(fit, "perplexity", exp(fit->valid_loss));
    return BRN__GO_ON;
}

void brn__lm_metrics_init(brn__lm_metrics *metrics)
{
    *metrics = (brn__lm_metrics){.accuracy = (double)NAN};
    metrics->callback = (brn__callback){.name = "language model metrics",
                                        .order = BRN__ORDER_METRICS,
                                        .on = {[BRN__BEFORE_VALIDATE] = clear,
                                               [BRN__AFTER_VALID_BATCH] = add_batch,
                                               [BRN__AFTER_VALIDATE] = publish},
                                        .state = metrics};
}
