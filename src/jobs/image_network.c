/* SPDX-License-Identifier: Apache-2.0
 * The network of the image job. Two graphs share one store of parameters: the whole network on
 * pictures, and its head alone on pooled features. */
#include "base/alloc.h"
#include "base/status.h"
#include "burnish/state_file.h"
#include "io/state.h"
#include "jobs/image_job.h"

#include <string.h>

/* Tags and numbers: (N, K) targets, each with an output of its own. */
static brn__network with_pointwise_loss(brn_node *input, brn_node *output,
                                        const brn__image_network_options *o)
{
    const int64_t dims[] = {o->batch_size, o->head.outputs};
    const brn_pointwise_loss loss =
        o->kind == BRN_TARGET_TAGS ? BRN_LOSS_BCE_WITH_LOGITS : BRN_LOSS_MSE;
    brn_node *target = brn_input(brn_node_graph(input), "target", BRN_DTYPE_F32, dims, 2);
    brn__network network = {.input = input, .target = target, .output = output};
    network.loss = network.measure = brn_loss(output, target, loss);
    return network;
}

/* Adds loss and measure for (N, K) outputs, by what they are compared with. */
static brn__network with_loss(brn_node *input, brn_node *output, const brn__image_network_options *o)
{
    brn_graph *graph = brn_node_graph(input);
    const int64_t batch_size = o->batch_size;
    if (o->kind != BRN_TARGET_LABEL) return with_pointwise_loss(input, output, o);
    brn_node *target = brn_input(graph, "target", BRN_DTYPE_I64, &batch_size, 1);
    brn__network network = {.input = input, .target = target, .output = output};
    network.measure = brn_cross_entropy(output, target, -1);
    network.loss = network.measure;
    const int smoothing =
        o->label_smoothing > 0 ? brn_scalar(graph, "label_smoothing", o->label_smoothing) : -1;
    if (o->class_weights)
        network.loss = brn_cross_entropy(
            output, brn_class_targets(target, o->class_weights, o->head.outputs, smoothing), -1);
    else if (smoothing >= 0)
        network.loss = brn_cross_entropy(output, target, smoothing);
    return network;
}

/* Learns from soft targets (N, K) instead; validation has labels still. */
static void soften(brn__network *network, int64_t batch_size, double smoothing)
{
    brn_graph *graph = brn_node_graph(network->output);
    const brn_shape shape = brn_node_shape(network->output);
    const int64_t dims[] = {batch_size, shape.rank == 2 ? shape.dims[1] : 0};
    network->valid_target = network->target;
    network->target = brn_input(graph, "soft_target", BRN_DTYPE_F32, dims, 2);
    network->loss =
        brn_cross_entropy(network->output, network->target,
                          smoothing > 0 ? brn_scalar(graph, "label_smoothing", smoothing) : -1);
}

static brn_status build_whole(const brn__image_network_options *o, brn__image_network *network)
{
    BRN__TRY(brn_graph_new(&network->graph));
    if (o->rank) {
        const int64_t dims[] = {o->batch_size, o->dims[0], o->dims[1], o->dims[2]};
        brn_node *x = brn_input(network->graph, "array", BRN_DTYPE_F32, dims, 1 + o->rank);
        network->whole = with_loss(x, brn_network_build(brn__network_of(o->model), x, o->head.outputs), o);
        return brn_graph_status(network->graph);
    }
    const int64_t dims[] = {o->batch_size, 3, o->size, o->size};
    brn_node *x = brn_input(network->graph, "image", BRN_DTYPE_F32, dims, 4);
    brn_node *features = brn_model_body(o->model, x);
    brn_node *output;
    if (o->own_classifier) {
        output = brn_model_classifier(o->model, features, o->head.outputs);
    } else {
        network->pooled = brn_concat_pool(features);
        output = brn_model_head(o->model, network->pooled, &o->head);
    }
    network->whole = with_loss(x, output, o);
    if (o->mixes && o->kind == BRN_TARGET_LABEL)
        soften(&network->whole, o->batch_size, o->label_smoothing);
    return brn_graph_status(network->graph);
}

brn_status brn__image_network_at(brn__image_network *network, const brn__image_network_options *o, int size,
                                 brn__image_network *out)
{
    int i = 0;
    *out = *network;
    if (size == o->size) return BRN_OK;
    while (i < network->sized_count && network->sized[i].size != size) i++;
    brn__image_sized *sized = &network->sized[i];
    if (i == BRN__IMAGE_SIZES_MAX)
        return brn__fail(BRN_ERROR_USAGE, "pictures of more than %d sizes", BRN__IMAGE_SIZES_MAX + 1);
    if (i == network->sized_count) {
        brn__image_network_options options = *o;
        options.size = size;
        out->graph = NULL;
        brn_status status = build_whole(&options, out);
        if (status != BRN_OK) {
            brn_graph_free(out->graph);
            return status;
        }
        *sized = (brn__image_sized){size, out->graph, out->pooled, out->whole};
        network->sized_count++;
    }
    out->graph = sized->graph;
    out->pooled = sized->pooled;
    out->whole = sized->whole;
    return BRN_OK;
}

static brn_status build_head(const brn__image_network_options *o, brn__image_network *network)
{
    BRN__TRY(brn_graph_new(&network->head_graph));
    const int64_t dims[] = {o->batch_size, 2 * o->model->features};
    brn_node *x = brn_input(network->head_graph, "features", BRN_DTYPE_F32, dims, 2);
    brn_node *output = brn_model_head(o->model, x, &o->head);
    network->head = with_loss(x, output, o);
    return brn_graph_status(network->head_graph);
}

static brn_status build(const brn__image_network_options *o, brn__image_network *network)
{
    network->model = o->model;
    network->kind = o->kind;
    BRN__TRY(build_whole(o, network));
    if (!o->own_classifier) BRN__TRY(build_head(o, network));
    BRN__TRY(brn_parameters_new(network->graph, BRN_DTYPE_F32, &network->parameters));
    BRN__TRY(brn_parameters_initialise(network->parameters, o->seed, -1));
    BRN__TRY(brn__learner_new(network->parameters, "cpu", o->threads, o->seed, &network->learner));
    brn_runner_set_precision(brn__learner_runner(network->learner), o->precision);
    brn_runner_set_activation_checkpointing(brn__learner_runner(network->learner), o->activation_checkpointing);
    return BRN_OK;
}

brn_status brn__image_network_new(const brn__image_network_options *options,
                                  brn__image_network *out)
{
    *out = (brn__image_network){0};
    brn_status status = build(options, out);
    if (status != BRN_OK) brn__image_network_free(out);
    return status;
}

void brn__image_network_free(brn__image_network *network)
{
    brn__learner_free(network->learner);
    brn_parameters_free(network->parameters);
    for (int i = 0; i < network->sized_count; i++) brn_graph_free(network->sized[i].graph);
    brn_graph_free(network->head_graph);
    brn_graph_free(network->graph);
    *network = (brn__image_network){0};
}

/* ------------------------------------------------------------------ pretrained weights */

static brn_status describe_entry(void *context, int index, const char **name, brn_shape *shape)
{
    const brn__entry *entry = brn__state_entry(context, index);
    *name = entry->name;
    *shape = entry->shape;
    return BRN_OK;
}

static brn_status read_entry(void *context, int index, brn_dtype dtype, void *out, int64_t count)
{
    (void)count;
    return brn__state_read(brn__state_entry(context, index), dtype, out);
}

brn_status brn__image_network_load(brn__image_network *network, const char *path,
                                   brn_model_part part)
{
    brn__state *state;
    BRN__TRY(brn__state_open(path, &state));
    const brn_model_source source = {.context = state,
                                     .name = path,
                                     .count = (int)brn__state_count(state),
                                     .describe = describe_entry,
                                     .read = read_entry};
    brn_status status = brn_model_load(network->model, network->parameters, &source, part);
    brn__state_close(state);
    return status;
}
