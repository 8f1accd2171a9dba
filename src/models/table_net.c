/* SPDX-License-Identifier: Apache-2.0 */
#include "models/table_net.h"
#include "ops/attributes.h"
#include "ops/op_list.h"

#include <math.h>
#include <stdio.h>

brn__table_net_options brn__table_net_defaults(brn__table_form form)
{
    if (form == BRN__TABLE_COURSE)
        return (brn__table_net_options){.form = form,
                                        .hidden_count = 2,
                                        .hidden = {1000, 500},
                                        .dropout = {.001, .01},
                                        .embedding_dropout = .04,
                                        .norm_numbers = true,
                                        .outputs = 1};
    return (brn__table_net_options){.form = form,
                                    .hidden_count = 2,
                                    .hidden = {200, 100},
                                    .norm_numbers = true,
                                    .norm_hidden = true,
                                    .outputs = 1};
}

/* Python rounds halves to even, as rint does. */
int64_t brn__embedding_width(brn__table_form form, int64_t cardinality)
{
    if (form == BRN__TABLE_COURSE) return cardinality < 99 ? (cardinality + 1) / 2 : 50;
    double width = rint(1.6 * pow((double)cardinality, .56));
    return width < 600 ? (int64_t)width : 600;
}

static brn_init embedding_init(const brn__table_net_options *options, int64_t width)
{
    if (options->embedding_init) return *options->embedding_init;
    if (options->form == BRN__TABLE_COURSE)
        return (brn_init){.kind = BRN_INIT_UNIFORM, .a = 2.0 / (double)(width + 1)};
    return (brn_init){.kind = BRN_INIT_NORMAL_WITHIN_2, .a = .01};
}

static brn_node *embed(brn_node *x, const brn__table_net_options *options, int64_t column)
{
    int64_t cardinality = options->cardinalities[column];
    int64_t width = options->widths ? options->widths[column] : 0;
    if (width == 0) width = brn__embedding_width(options->form, cardinality);
    const int64_t dims[] = {cardinality, width};
    brn_graph *graph = brn_node_graph(x);
    brn_scope_push(graph, "embeds.%lld", (long long)column);
    brn_node *weight = brn_parameter(graph, "weight", dims, 2, BRN_PARAMETER_WEIGHT,
                                     embedding_init(options, width));
    const brn__embedding_attributes attributes = {.by_category = options->by_category};
    brn_node *inputs[] = {weight, brn_column_indices(x, column)};
    brn_node *y = brn__apply(&brn__op_embedding, &attributes, inputs, 2);
    brn_scope_pop(graph);
    return y;
}

/* All embeddings side by side; concat takes BRN__INPUTS_MAX parts at a time. */
static brn_node *embed_all(brn_node *x, const brn__table_net_options *options)
{
    brn_node *parts[BRN__INPUTS_MAX];
    int count = 0;
    for (int64_t i = 0; i < options->category_count; i++) {
        parts[count++] = embed(x, options, i);
        if (count < BRN__INPUTS_MAX && i + 1 < options->category_count) continue;
        if (count > 1) parts[0] = brn_concat(parts, count, 1);
        count = 1;
    }
    return parts[0];
}

static brn_node *input_layer(brn_node *x, const brn__table_net_options *options)
{
    brn_node *codes = NULL, *numbers = NULL;
    int64_t categories = options->category_count, columns = categories + options->number_count;
    if (categories) {
        codes = embed_all(x, options);
        codes = brn_nn_dropout(codes, "emb_drop", options->embedding_dropout);
    }
    if (options->number_count) {
        numbers = categories ? brn_slice(x, 1, categories, columns) : x;
        if (options->norm_numbers) numbers = brn_nn_batch_norm(numbers, "bn_cont", NULL);
    }
    if (!codes || !numbers) return codes ? codes : numbers;
    return brn_concat((brn_node *[]){codes, numbers}, 2, 1);
}

static brn_node *linear(brn_node *x, const brn__table_net_options *options, int layer,
                        int64_t outputs, bool bias)
{
    brn_init init = {.kind = options->form == BRN__TABLE_COURSE ? BRN_INIT_KAIMING_NORMAL
                                                                : BRN_INIT_LINEAR_UNIFORM};
    brn_scope_push(brn_node_graph(x), "layers.%d", layer);
    x = brn_nn_linear(x, "0", outputs, bias, init);
    brn_scope_pop(brn_node_graph(x));
    return x;
}

/* The first layer over zeros and ones: a sum of rows of weights, so that no zero is multiplied. */
static brn_node *one_hot_layer(brn_node *x, const brn__table_net_options *options, int64_t outputs, bool bias)
{
    const int64_t categories = options->category_count, columns = categories + options->number_count;
    brn_graph *graph = brn_node_graph(x);
    double inputs = (double)options->number_count;
    for (int64_t i = 0; i < categories; i++) inputs += (double)options->cardinalities[i];
    const bool course = options->form == BRN__TABLE_COURSE;
    const brn_init init = {.kind = course ? BRN_INIT_NORMAL : BRN_INIT_UNIFORM,
                           .a = sqrt((course ? 2 : 1) / inputs)}; /* of the whole layer's fan-in */
    brn_node *numbers = options->number_count ? brn_slice(x, 1, categories, columns) : NULL;
    if (numbers && options->norm_numbers) numbers = brn_nn_batch_norm(numbers, "bn_cont", NULL);
    brn_graph_set_group(graph, options->hidden_count ? 1 : 2);
    brn_scope_push(graph, "layers.0");
    brn_node *y = numbers ? brn_nn_linear(numbers, "0", outputs, bias, init) : NULL;
    brn_scope_pop(graph);
    brn_graph_set_group(graph, 0);
    for (int64_t i = 0; i < categories; i++) {
        const int64_t dims[] = {options->cardinalities[i], outputs};
        brn_scope_push(graph, "embeds.%lld", (long long)i);
        brn_node *weight = brn_parameter(graph, "weight", dims, 2, BRN_PARAMETER_WEIGHT, init);
        brn_node *part = brn_embedding(weight, brn_column_indices(x, i));
        brn_scope_pop(graph);
        y = y ? brn_add(y, part) : part;
    }
    brn_graph_set_group(graph, options->hidden_count ? 1 : 2);
    return y;
}

static bool is_one_hot(const brn__table_net_options *options)
{
    return options->one_hot && options->category_count > 0;
}

static brn_node *hidden_layer(brn_node *x, const brn__table_net_options *options, int layer)
{
    brn_graph *graph = brn_node_graph(x);
    bool bias = options->form == BRN__TABLE_COURSE || !options->norm_hidden;
    x = brn_relu(layer == 0 && is_one_hot(options) ? one_hot_layer(x, options, options->hidden[0], bias)
                                                   : linear(x, options, layer, options->hidden[layer], bias));
    brn_scope_push(graph, "layers.%d", layer);
    if (options->norm_hidden) x = brn_nn_batch_norm(x, "2", NULL);
    brn_scope_pop(graph);
    char name[32]; /* scalars have no scopes */
    snprintf(name, sizeof name, "layers.%d.dropout", layer);
    return brn_nn_dropout(x, name, options->dropout[layer]);
}

static brn_node *refuse(brn_node *x, const char *what, long long got)
{
    return brn__graph_fail(brn_node_graph(x),
                           brn__fail(BRN_ERROR_INPUT, "table net: %s, got %lld", what, got));
}

static brn_node *check(brn_node *x, const brn__table_net_options *options)
{
    brn_shape shape = brn_node_shape(x);
    int64_t columns = options->category_count + options->number_count;
    if (shape.rank != 2 || columns < 1 || shape.dims[1] != columns)
        return brn__graph_fail(brn_node_graph(x),
                               brn__fail(BRN_ERROR_INPUT, "table net: x must be (N, %lld), got %s",
                                         (long long)columns, BRN__SHAPE(shape)));
    for (int64_t i = 0; i < options->category_count; i++)
        if (options->cardinalities[i] < 1)
            return refuse(x, "a cardinality is at least 1", (long long)options->cardinalities[i]);
    if (options->hidden_count < 0 || options->hidden_count > BRN__TABLE_HIDDEN_MAX)
        return refuse(x, "0 to 8 hidden layers", options->hidden_count);
    for (int i = 0; i < options->hidden_count; i++)
        if (options->hidden[i] < 1)
            return refuse(x, "a hidden width is at least 1", (long long)options->hidden[i]);
    if (options->has_range && !(options->low < options->high))
        return brn__graph_fail(brn_node_graph(x),
                               brn__fail(BRN_ERROR_INPUT, "table net: the range %g to %g is empty",
                                         options->low, options->high));
    return x;
}

brn_node *brn__table_net(brn_node *x, const brn__table_net_options *options)
{
    if (brn__is_poison(x)) return x;
    brn_graph *graph = brn_node_graph(x);
    x = check(x, options);
    if (brn__is_poison(x)) return x;
    brn_graph_set_group(graph, 0);
    if (!is_one_hot(options)) x = input_layer(x, options);
    brn_graph_set_group(graph, 1);
    for (int i = 0; i < options->hidden_count; i++) x = hidden_layer(x, options, i);
    brn_graph_set_group(graph, 2);
    x = is_one_hot(options) && options->hidden_count == 0
            ? one_hot_layer(x, options, options->outputs, true)
            : linear(x, options, options->hidden_count, options->outputs, true);
    if (!options->has_range) return x;
    return brn_scale(brn_sigmoid(x), options->high - options->low, options->low);
}
