/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "jobs/dropouts.h"
#include "jobs/text_job.h"
#include "models/recurrent_layer.h"

static brn__text_classifier_options sizes_of(const brn_text_train_options *o, const brn__vocabulary *vocabulary,
                                             int64_t outputs)
{
    brn__text_classifier_options net = brn__text_classifier_defaults(o->drop_factor);
    net.words = brn__vocabulary_count(vocabulary);
    net.padding = brn__vocabulary_pad(vocabulary);
    net.embedding = o->embedding;
    net.hidden = o->hidden;
    net.layers = o->layers;
    net.qrnn = o->qrnn;
    net.head = o->head;
    net.outputs = outputs;
    net.word_dropout = brn__dropout_or(o->dropouts.words, net.word_dropout);
    net.input_dropout = brn__dropout_or(o->dropouts.input, net.input_dropout);
    net.weight_dropout = brn__dropout_or(o->dropouts.weight, net.weight_dropout);
    net.hidden_dropout = brn__dropout_or(o->dropouts.hidden, net.hidden_dropout);
    net.output_dropout = brn__dropout_or(o->dropouts.output, net.output_dropout);
    net.head_dropout = brn__dropout_or(o->dropouts.head, net.head_dropout);
    net.alpha = o->alpha;
    net.beta = o->beta;
    return net;
}

/* Weights, gradients and two moments are four times as much: refused before memory runs out. */
static brn_status check_size(const brn__text_classifier_options *o)
{
    const double most = 0x1p31;
    double total = (double)o->words * (double)o->embedding;
    for (int i = 0; i < o->layers; i++) {
        const brn__recurrent_layer layer = brn__recurrent_layer_of(o->qrnn, i, o->layers, o->embedding, o->hidden);
        total += brn__recurrent_weights(&layer);
    }
    if (total <= most) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "a text classifier of %.3g weights; at most %.3g are possible", total, most);
}

static void build_loss(brn_text_target target, brn__text_network *n)
{
    const int64_t dims[] = {1, n->outputs};
    brn__network *ends = &n->ends;
    const bool label = target == BRN_TEXT_LABEL;
    ends->target = brn_input(n->graph, "target", label ? BRN_DTYPE_I64 : BRN_DTYPE_F32, dims, label ? 1 : 2);
    ends->output = n->net.logits;
    if (label) ends->measure = brn_cross_entropy(ends->output, ends->target, -1);
    else
        ends->measure = brn_loss(ends->output, ends->target,
                                 target == BRN_TEXT_TAGS ? BRN_LOSS_BCE_WITH_LOGITS : BRN_LOSS_MSE);
    ends->loss = brn_add(ends->measure, n->net.penalty);
    ends->input = n->net.tokens;
    n->vectors = (brn__chunked_vectors){.vectors = n->net.vectors,
                                        .state = n->net.vector_state,
                                        .state_signal = n->net.state_signal,
                                        .pull = n->net.vector_pull};
    n->vectors.choice = brn_input(n->graph, "choice", BRN_DTYPE_F32, dims, 2);
    n->vectors.score = brn_reduce(brn_mul(ends->output, n->vectors.choice), BRN_REDUCE_SUM, 3, false);
}

static brn_status make_chunked(const brn_text_train_options *o, int64_t padding, brn__text_network *n)
{
    const brn__text_classifier *net = &n->net;
    const brn__chunked_ends ends = {.tokens = net->tokens,
                                    .state = net->state,
                                    .features = net->features,
                                    .next_state = net->next_state,
                                    .signal = net->signal,
                                    .pull = net->pull,
                                    .all_features = net->all_features,
                                    .all_tokens = net->all_tokens,
                                    .target = n->ends.target,
                                    .loss = n->ends.loss,
                                    .measure = n->ends.measure,
                                    .output = n->ends.output,
                                    .encoder_groups = (1ull << (net->groups - 1)) - 1,
                                    .table = net->table};
    BRN__TRY(brn__chunked_init(&n->chunked, &ends, o->chunk, o->kept, padding));
    n->ends.passes = &n->chunked.passes;
    return BRN_OK;
}

static brn_status build(const brn_text_train_options *o, const brn__text_classifier_options *net, brn__text_network *n)
{
    BRN__TRY(brn_graph_new(&n->graph));
    brn__text_classifier_build(n->graph, net, &n->net);
    BRN__TRY(brn_graph_status(n->graph));
    build_loss(o->text.target, n);
    BRN__TRY(brn_graph_status(n->graph));
    BRN__TRY(make_chunked(o, net->padding, n));
    BRN__TRY(brn_parameters_new(n->graph, BRN_DTYPE_F32, &n->parameters));
    BRN__TRY(brn_parameters_initialise(n->parameters, o->seed, -1));
    BRN__TRY(brn__learner_new(n->parameters, "cpu", o->threads, o->seed, &n->learner));
    brn_runner_set_precision(brn__learner_runner(n->learner), o->precision);
    return BRN_OK;
}

brn_status brn__text_network_new(const brn_text_train_options *options, const brn__vocabulary *vocabulary,
                                 int64_t outputs, brn__text_network *out)
{
    const brn__text_classifier_options net = sizes_of(options, vocabulary, outputs);
    *out = (brn__text_network){.outputs = outputs};
    BRN__TRY(check_size(&net));
    const brn_status status = build(options, &net, out);
    if (status != BRN_OK) brn__text_network_free(out);
    return status;
}

void brn__text_network_free(brn__text_network *network)
{
    brn__learner_free(network->learner);
    brn__chunked_deinit(&network->chunked);
    brn_parameters_free(network->parameters);
    brn_graph_free(network->graph);
    *network = (brn__text_network){0};
}

brn__text_batches brn__text_batches_of(const brn_text_train_options *o)
{
    brn__text_batches batches = brn__text_batches_defaults();
    batches.batch_size = o->batch_size;
    batches.padding = BRN__PAD_CHUNKS;
    batches.chunk = o->chunk;
    /* Few lengths of a last chunk: few plans. */
    batches.multiple = o->chunk % 24 == 0 ? 24 : batches.multiple;
    batches.backwards = o->backwards;
    batches.seed = o->seed;
    return batches;
}
