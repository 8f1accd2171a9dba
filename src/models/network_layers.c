/* SPDX-License-Identifier: Apache-2.0
 * The kinds of layers that stand alone: what may be said of them, and the nodes that they are. */
#include "graph/graph.h"
#include "models/network_list.h"

#include <math.h>
#include <stdio.h>

#define WIDTH(name) {name, BRN__LAYER_WHOLE, 1, BRN__LAYER_WIDTH_MAX, NAN, NULL}
#define SIDE(name, low, usual) {name, BRN__LAYER_WHOLE, low, 1024, usual, NULL}
#define FLAG(name, usual) {name, BRN__LAYER_FLAG, 0, 1, usual, NULL}

static int whole(const brn__layer *layer, int field) { return (int)layer->values[field]; }
static bool flag(const brn__layer *layer, int field) { return layer->values[field] != 0; }
static int64_t width(const brn__layer *layer, int field, const brn__network_walk *walk)
{
    return layer->values[field] == BRN__LAYER_CLASSES ? walk->outputs : (int64_t)layer->values[field];
}

static brn_node *refuse(brn_node *x, const char *expected)
{
    return brn__graph_fail(x->graph, brn__fail(BRN_ERROR_INPUT, "expected %s", expected));
}

/* ------------------------------------------------------------------ with parameters */

static brn_node *build_conv(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    return brn_nn_conv2d(x, layer->name,
                         &(brn_nn_conv2d_options){.channels = width(layer, 0, walk),
                                                  .kernel = whole(layer, 1),
                                                  .stride = whole(layer, 2),
                                                  .padding = whole(layer, 3),
                                                  .groups = whole(layer, 4),
                                                  .bias = flag(layer, 5),
                                                  .same = flag(layer, 6)});
}
const brn__layer_kind brn__layer_conv = {
    .name = "conv",
    .fields = {{"channels", BRN__LAYER_OUTPUTS, 1, BRN__LAYER_WIDTH_MAX, NAN, NULL},
               SIDE("kernel", 1, NAN),
               SIDE("stride", 1, 1),
               SIDE("padding", 0, 0),
               {"groups", BRN__LAYER_WHOLE, 1, BRN__LAYER_WIDTH_MAX, 1, NULL},
               FLAG("bias", 1),
               FLAG("same", 0)},
    .has_parameters = true,
    .build = build_conv};

static const char *const inits[] = {"uniform", "kaiming", "zeros", NULL};
static brn_node *build_linear(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    static const brn_init_kind kinds[] = {BRN_INIT_LINEAR_UNIFORM, BRN_INIT_KAIMING_NORMAL, BRN_INIT_ZEROS};
    return brn_nn_linear(x, layer->name, width(layer, 0, walk), flag(layer, 1),
                         (brn_init){.kind = kinds[whole(layer, 2)]});
}
const brn__layer_kind brn__layer_linear = {
    .name = "linear",
    .fields = {{"outputs", BRN__LAYER_OUTPUTS, 1, BRN__LAYER_WIDTH_MAX, NAN, NULL},
               FLAG("bias", 1),
               {"init", BRN__LAYER_WORD, 0, 0, 0, inits}},
    .has_parameters = true,
    .build = build_linear};

static brn_node *build_batch_norm(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)walk;
    return brn_nn_batch_norm(
        x, layer->name, &(brn_batch_norm_options){.epsilon = layer->values[0], .momentum = layer->values[1]});
}
const brn__layer_kind brn__layer_batch_norm = {
    .name = "batch_norm",
    .fields = {{"epsilon", BRN__LAYER_REAL, 1e-12, 1, 1e-5, NULL}, {"momentum", BRN__LAYER_REAL, 0, 1, .1, NULL}},
    .has_parameters = true,
    .build = build_batch_norm};

/* fastai 2 draws embeddings so. */
enum { COLUMN_MAX = 1 << 20, ROWS_MAX = 1 << 24 }; /* float32 is exact below 2^24 */
static brn_node *build_embedding(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)walk;
    const int64_t dims[] = {(int64_t)layer->values[0], (int64_t)layer->values[1]};
    brn_scope_push(x->graph, "%s", layer->name);
    brn_node *weight = brn_parameter(x->graph, "weight", dims, 2, BRN_PARAMETER_WEIGHT,
                                     (brn_init){.kind = BRN_INIT_NORMAL_WITHIN_2, .a = .01});
    brn_node *indices = brn_column_indices(x, (int64_t)layer->values[2]);
    brn_node *y = brn__is_poison(indices) ? indices : brn_embedding(weight, indices);
    brn_scope_pop(x->graph);
    return y;
}
const brn__layer_kind brn__layer_embedding = {
    .name = "embedding",
    .fields = {{"rows", BRN__LAYER_WHOLE, 1, ROWS_MAX, NAN, NULL},
               WIDTH("width"),
               {"column", BRN__LAYER_WHOLE, 0, COLUMN_MAX, 0, NULL}},
    .has_parameters = true,
    .build = build_embedding};

/* Wang and Manning 2012, as fast.ai 0.7's DotProdNB has it: a row's numbers name words (0: none), each adds its ratios
 * times what it weighs. The ratios are given, and do not learn. */
static brn_node *build_ratio_bag(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    const int64_t rows = (int64_t)layer->values[0], outputs = width(layer, 1, walk);
    const double shift = layer->values[2], divisor = layer->values[3];
    brn_scope_push(x->graph, "%s", layer->name);
    brn_node *weight = brn_parameter(x->graph, "weight", (const int64_t[]){rows, 1}, 2, BRN_PARAMETER_WEIGHT,
                                     (brn_init){.kind = BRN_INIT_UNIFORM, .a = .1});
    brn_node *ratios = brn_parameter(x->graph, "ratios", (const int64_t[]){rows, outputs}, 2, BRN_PARAMETER_BUFFER,
                                     (brn_init){.kind = BRN_INIT_ZEROS});
    brn_node *words = brn_all_indices(x), *y = words;
    if (!brn__is_poison(words)) {
        brn_node *weights = brn_scale(brn_embedding(weight, words), 1 / divisor, shift / divisor);
        y = brn_reduce(brn_mul(weights, brn_embedding(ratios, words)), BRN_REDUCE_SUM, 1 << 1, false);
    }
    brn_scope_pop(x->graph);
    return y;
}
const brn__layer_kind brn__layer_ratio_bag = {
    .name = "ratio_bag",
    .fields = {{"rows", BRN__LAYER_WHOLE, 1, ROWS_MAX, NAN, NULL},
               {"outputs", BRN__LAYER_OUTPUTS, 1, BRN__LAYER_WIDTH_MAX, NAN, NULL},
               {"shift", BRN__LAYER_REAL, -1000, 1000, .4, NULL},
               {"divisor", BRN__LAYER_REAL, 1e-3, 1e6, 10, NULL}},
    .has_parameters = true,
    .build = build_ratio_bag};

/* ------------------------------------------------------------------ activations */

#define ACTIVATION(id, kind)                                                                       \
    static brn_node *build_##id(const brn__layer *layer, brn__network_walk *walk, brn_node *x)     \
    {                                                                                              \
        (void)layer, (void)walk;                                                                   \
        return brn_activate(x, kind);                                                              \
    }                                                                                              \
    const brn__layer_kind brn__layer_##id = {.name = #id, .build = build_##id};
ACTIVATION(relu, BRN_ACTIVATION_RELU)
ACTIVATION(relu6, BRN_ACTIVATION_RELU6)
ACTIVATION(sigmoid, BRN_ACTIVATION_SIGMOID)
ACTIVATION(tanh, BRN_ACTIVATION_TANH)
ACTIVATION(silu, BRN_ACTIVATION_SILU)

/* max(x, 0) - slope max(-x, 0) */
static brn_node *build_leaky_relu(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)walk;
    return brn_add(brn_relu(x), brn_scale(brn_relu(brn_scale(x, -1, 0)), -layer->values[0], 0));
}
const brn__layer_kind brn__layer_leaky_relu = {
    .name = "leaky_relu", .fields = {{"slope", BRN__LAYER_REAL, 0, 1, .01, NULL}}, .build = build_leaky_relu};

/* x / 2 (1 + tanh(sqrt(2 / pi) (x + .044715 x^3))): Hendrycks and Gimpel 2016, the form with tanh. */
static brn_node *build_gelu(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)layer, (void)walk;
    brn_node *square = brn_mul(x, x);
    brn_node *inner = brn_mul(x, brn_scale(square, .044715 * 0.7978845608028654, 0.7978845608028654));
    return brn_mul(x, brn_scale(brn_tanh(inner), .5, .5));
}
const brn__layer_kind brn__layer_gelu = {.name = "gelu", .build = build_gelu};

/* x min(max(x + 3, 0), 6) / 6: Howard et al. 2019. */
static brn_node *build_hard_swish(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)layer, (void)walk;
    return brn_mul(x, brn_scale(brn_relu6(brn_scale(x, 1, 3)), 1. / 6, 0));
}
const brn__layer_kind brn__layer_hard_swish = {.name = "hard_swish", .build = build_hard_swish};

/* ------------------------------------------------------------------ without parameters */

/* Slots and random streams are keyed by names, so a layer's is its whole path. */
static brn_node *build_dropout(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    char slot[sizeof walk->path + 16];
    if (layer->values[0] == 0) return x;
    const int length = snprintf(slot, sizeof slot, "%s.probability", walk->path);
    if (length < 0 || length >= (int)sizeof slot) return refuse(x, "a shorter name");
    const int number = brn_scalar(x->graph, slot, layer->values[0]);
    brn_scope_push(x->graph, "%s", layer->name);
    x = brn_dropout(x, number);
    brn_scope_pop(brn_node_graph(x));
    return x;
}
const brn__layer_kind brn__layer_dropout = {
    .name = "dropout",
    .fields = {{"probability", BRN__LAYER_REAL, 0, .999, NAN, NULL}},
    .build = build_dropout};

static brn_node *pool(const brn__layer *layer, brn_node *x, brn_pool_kind kind, bool count_padding)
{
    const int kernel = whole(layer, 0), padding = whole(layer, 2);
    const int stride = whole(layer, 1) ? whole(layer, 1) : kernel;
    return brn_pool2d(x, &(brn_pool2d_options){.kind = kind,
                                               .kernel = {kernel, kernel},
                                               .stride = {stride, stride},
                                               .padding = {padding, padding},
                                               .ceil = flag(layer, 3),
                                               .count_padding = count_padding});
}
static brn_node *build_max_pool(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)walk;
    return pool(layer, x, BRN_POOL_MAX, false);
}
static brn_node *build_average_pool(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)walk;
    return pool(layer, x, BRN_POOL_AVERAGE, flag(layer, 4));
}
/* A stride of 0 is the kernel. */
const brn__layer_kind brn__layer_max_pool = {
    .name = "max_pool",
    .fields = {SIDE("kernel", 1, NAN), SIDE("stride", 0, 0), SIDE("padding", 0, 0), FLAG("ceil", 0)},
    .build = build_max_pool};
const brn__layer_kind brn__layer_average_pool = {
    .name = "average_pool",
    .fields = {SIDE("kernel", 1, NAN), SIDE("stride", 0, 0), SIDE("padding", 0, 0), FLAG("ceil", 0),
               FLAG("count_padding", 1)},
    .build = build_average_pool};

static const char *const globals[] = {"average", "max", "concat", NULL};
static brn_node *build_global_pool(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)walk;
    if (whole(layer, 0) == 2) return brn_concat_pool(x);
    return brn_global_pool(x, whole(layer, 0) == 1 ? BRN_POOL_MAX : BRN_POOL_AVERAGE);
}
const brn__layer_kind brn__layer_global_pool = {
    .name = "global_pool", .fields = {{"kind", BRN__LAYER_WORD, 0, 0, 0, globals}}, .build = build_global_pool};

static brn_node *build_flatten(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)layer, (void)walk;
    return brn_node_shape(x).rank == 2 ? x : brn_flatten(x);
}
const brn__layer_kind brn__layer_flatten = {.name = "flatten", .build = build_flatten};

static brn_node *build_reshape(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)walk;
    const int rank = whole(layer, 0);
    const brn_shape shape = brn_node_shape(x);
    int64_t dims[4] = {0}, elements = 1, given = 1; /* 0: the batch, as it is */
    for (int i = 0; i < rank; i++) elements *= dims[i + 1] = layer->dims[i];
    for (int i = 1; i < shape.rank; i++) given *= shape.dims[i];
    if (elements != given) return refuse(x, "dims with as many values in all");
    return brn_reshape(x, dims, rank + 1);
}
const brn__layer_kind brn__layer_reshape = {
    .name = "reshape", .fields = {{"dims", BRN__LAYER_DIMS, 1, BRN__LAYER_WIDTH_MAX, NAN, NULL}}, .build = build_reshape};

static brn_node *build_columns(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)walk;
    const int64_t begin = (int64_t)layer->values[0], end = (int64_t)layer->values[1];
    const brn_shape shape = brn_node_shape(x);
    if (shape.rank < 2 || begin >= end || end > shape.dims[1]) return refuse(x, "begin below end, both in x");
    return brn_slice(x, 1, begin, end);
}
const brn__layer_kind brn__layer_columns = {
    .name = "columns",
    .fields = {{"begin", BRN__LAYER_WHOLE, 0, COLUMN_MAX, NAN, NULL}, {"end", BRN__LAYER_WHOLE, 1, COLUMN_MAX, NAN, NULL}},
    .build = build_columns};

static brn_node *build_identity(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    (void)layer, (void)walk;
    return x;
}
const brn__layer_kind brn__layer_identity = {.name = "identity", .build = build_identity};
