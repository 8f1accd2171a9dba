/* SPDX-License-Identifier: Apache-2.0
 * Described networks: their making (network_read.c reads them), and what is done with the tree of layers: an
 * architecture, a graph, a list of shapes. */
#include "models/network.h"
#include "base/alloc.h"
#include "base/files.h"
#include "graph/graph.h"

#include <ctype.h>
#include <string.h>

/* ------------------------------------------------------------------ as an architecture */

static brn_node *add_groups(const brn_network *network, brn__network_walk *walk, brn_node *x, int first, int end)
{
    for (int g = first; g < end; g++) {
        const int stop = g + 1 < network->groups ? network->begins[g + 1] : network->layer_count;
        if (brn__is_poison(x)) return x;
        brn_graph_set_group(x->graph, g);
        walk->group = g;
        for (int i = network->begins[g]; i < stop; i++) x = brn__layer_build(&network->layers[i], walk, x);
    }
    return x;
}

static brn_node *check_outputs(const brn_network *network, brn_node *x, int64_t outputs)
{
    if (brn__is_poison(x)) return x;
    const brn_shape shape = brn_node_shape(x);
    if (shape.rank == 2 && shape.dims[1] == outputs) return x;
    return brn__graph_fail(x->graph, brn__fail(BRN_ERROR_INPUT, "network %s: its last layer gives %s; expected (%lld, "
                                               "%lld): \"classes\" stands for the outputs", network->name,
                                               BRN__SHAPE(shape), (long long)shape.dims[0], (long long)outputs));
}

static brn__network_walk begin(const brn_node *x, int64_t outputs)
{
    return (brn__network_walk){.outputs = outputs, .parameter_count = x->graph->parameter_count};
}

static brn_node *network_body(const brn_model *model, brn_node *x)
{
    const brn_network *network = model->recipe;
    brn__network_walk walk = begin(x, 1); /* there are no classes in it */
    return add_groups(network, &walk, x, 0, network->groups - 1);
}

static brn_node *network_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    const brn_network *network = model->recipe;
    brn__network_walk walk = begin(features, classes);
    features = add_groups(network, &walk, features, network->groups - 1, network->groups);
    return check_outputs(network, features, classes);
}

const brn_network *brn__network_of(const brn_model *model)
{
    return model->body == network_body ? model->recipe : NULL;
}

static brn_status fill_model(brn_network *network)
{
    brn_model *model = &network->model;
    model->name = network->name;
    model->body_groups = network->groups - 1;
    model->classifier = brn__arena_printf(&network->arena, "%s.",
                                          network->layers[network->begins[network->groups - 1]].name);
    model->recipe = network;
    model->body = network_body;
    model->classifier_of = network_classifier;
    return model->classifier ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* ------------------------------------------------------------------ making */

static brn_status fill(brn_network *network, json_t *root)
{
    BRN__TRY(brn__network_fill(network, root));
    return fill_model(network);
}

brn_status brn_network_read(const char *text, size_t length, brn_network **out)
{
    *out = NULL;
    if (length > BRN_NETWORK_TEXT_MAX)
        return brn__fail(BRN_ERROR_INPUT, "network: a description of %zu bytes; at most %d", length, BRN_NETWORK_TEXT_MAX);
    json_t *root;
    brn__json_error error;
    brn_status status = brn__json_load(text, length, &root, &error);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(status, "network: not JSON: %s at byte %zu", error.reason, error.position);
    BRN__TRY(status);
    brn_network *network = brn__alloc_zero(1, sizeof *network);
    status = network ? fill(network, root) : BRN_ERROR_NO_MEMORY;
    json_decref(root);
    if (status == BRN_OK) *out = network;
    else brn_network_free(network);
    return status;
}

brn_status brn_network_open(const char *path, brn_network **out)
{
    char *text;
    size_t length;
    *out = NULL;
    BRN__TRY(brn__read_file(path, BRN_NETWORK_TEXT_MAX, &text, &length));
    const brn_status status = brn_network_read(text, length, out);
    brn__free(text);
    return status == BRN_OK ? BRN_OK : brn__fail_within(status, "%s", path);
}

brn_status brn__network_find(const char *given, brn_network **out)
{
    const char *at = given;
    while (isspace((unsigned char)*at)) at++;
    return *at == '{' ? brn_network_read(at, strlen(at), out) : brn_network_open(given, out);
}

void brn_network_free(brn_network *network)
{
    if (!network) return;
    brn__arena_free(&network->arena);
    brn__free(network->text);
    brn__free(network);
}

const char *brn_network_name(const brn_network *network) { return network->name; }
const char *brn_network_text(const brn_network *network) { return network->text; }
int brn_network_groups(const brn_network *network) { return network->groups; }
const brn_model *brn_network_model(const brn_network *network) { return &network->model; }

/* ------------------------------------------------------------------ building and tracing */

static brn_node *build(const brn_network *network, brn_node *x, int64_t outputs, brn_network_hearer *hear, void *context)
{
    if (brn__is_poison(x)) return x;
    if (outputs < 1 || outputs > BRN__LAYER_WIDTH_MAX)
        return brn__graph_fail(x->graph, brn__fail(BRN_ERROR_USAGE, "network %s: %lld outputs; expected 1 to %d",
                                                   network->name, (long long)outputs, BRN__LAYER_WIDTH_MAX));
    brn__network_walk walk = begin(x, outputs);
    walk.hear = hear;
    walk.context = context;
    return check_outputs(network, add_groups(network, &walk, x, 0, network->groups), outputs);
}

brn_node *brn_network_build(const brn_network *network, brn_node *x, int64_t outputs)
{
    return build(network, x, outputs, NULL, NULL);
}

brn_status brn_network_trace(const brn_network *network, const int64_t *dims, int rank, int64_t outputs,
                             brn_network_hearer *hear, void *context)
{
    brn_graph *graph;
    int64_t whole[4] = {1};
    if (rank < 1 || rank > 3) return brn__fail(BRN_ERROR_USAGE, "network: items of rank %d; expected 1 to 3", rank);
    for (int i = 0; i < rank; i++) {
        whole[i + 1] = dims[i];
        if (dims[i] < 1 || dims[i] > BRN__LAYER_WIDTH_MAX)
            return brn__fail(BRN_ERROR_USAGE, "network: a side of %lld; expected 1 to %d", (long long)dims[i],
                             BRN__LAYER_WIDTH_MAX);
    }
    BRN__TRY(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, whole, rank + 1);
    build(network, x, outputs, hear, context);
    const brn_status status = brn_graph_status(graph);
    brn_graph_free(graph);
    return status;
}
