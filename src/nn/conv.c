/* SPDX-License-Identifier: Apache-2.0
 * Convolution as a layer, alone and with its batch norm. */
#include "burnish/nn.h"
#include "graph/graph.h"

static brn_node *refuse(brn_node *x, const char *name, const brn_nn_conv2d_options *options)
{
    return brn__graph_fail(
        x->graph, brn__fail(BRN_ERROR_INPUT,
                            "conv2d %s: %lld channels in %d groups with kernel %d do not fit x %s",
                            name, (long long)options->channels, options->groups, options->kernel,
                            BRN__SHAPE(brn_node_shape(x))));
}

brn_node *brn_nn_conv2d(brn_node *x, const char *name, const brn_nn_conv2d_options *options)
{
    if (brn__is_poison(x)) return x;
    const brn_shape shape = brn_node_shape(x);
    const int groups = options->groups ? options->groups : 1;
    const int stride = options->stride ? options->stride : 1;
    if (shape.rank != 4 || options->channels < 1 || options->kernel < 1 || groups < 1 ||
        shape.dims[1] % groups || options->channels % groups)
        return refuse(x, name, options);

    brn_graph *graph = x->graph;
    const int64_t dims[] = {options->channels, shape.dims[1] / groups, options->kernel,
                            options->kernel};
    brn_scope_push(graph, "%s", name);
    brn_node *weight = brn_parameter(graph, "weight", dims, 4, BRN_PARAMETER_WEIGHT,
                                     (brn_init){.kind = BRN_INIT_KAIMING_FAN_OUT});
    brn_node *bias = NULL;
    if (options->bias)
        bias = brn_parameter(graph, "bias", dims, 1, BRN_PARAMETER_BIAS,
                             (brn_init){.kind = BRN_INIT_ZEROS});
    brn_node *y = brn_conv2d(x, weight, bias,
                             &(brn_conv2d_options){.stride = {stride, stride},
                                                   .padding = {options->padding, options->padding},
                                                   .groups = groups,
                                                   .same = options->same});
    brn_scope_pop(graph);
    return y;
}

brn_node *brn_nn_conv_norm(brn_node *x, const brn_nn_conv_norm_options *options)
{
    x = brn_nn_conv2d(x, options->conv_name, &options->conv);
    x = brn_nn_batch_norm(x, options->norm_name, options->norm);
    return options->activation ? brn_activate(x, options->activation) : x;
}
