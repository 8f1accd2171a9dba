/* SPDX-License-Identifier: Apache-2.0
 *
 * A network that is described in a text, for whoever wants another one than those of model_zoo.h, without
 * writing C: a file, the Python package (burnish.nn) or a model file carries it. It is data, not a program:
 * nothing in it is run, every value is checked, sizes are limited. docs/networks.md has all layers.
 *
 *     {"format": 1, "name": "small", "size": 64, "layers": [
 *         {"layer": "conv", "channels": 16, "kernel": 3, "padding": 1, "bias": false},
 *         {"layer": "batch_norm"},
 *         {"layer": "relu"},
 *         {"layer": "residual", "activation": "relu", "layers": [
 *             {"layer": "conv", "channels": 16, "kernel": 3, "padding": 1}]},
 *         {"layer": "global_pool"},
 *         {"layer": "linear", "outputs": "classes"}]}
 *
 *     brn_network *network;
 *     brn_network_open("small.json", &network);
 *     brn_node *x = brn_input(g, "image", BRN_DTYPE_F32, (int64_t[]){16, 3, 64, 64}, 4);
 *     brn_node *logits = brn_network_build(network, x, 10);               // (N, 10)
 *     if (brn_graph_status(g) != BRN_OK) puts(brn_error_message());       // names the layer and the shapes
 *     brn_graph_free(g);
 *     brn_network_free(network);
 *
 * Parameters have PyTorch's names: a layer is its "name", or its place from 0 in the list around it, so that
 * torch.nn.Sequential's weights fit. Layer groups (what is frozen, what has a rate of its own) are runs of the
 * outermost list: "groups" gives the places at which the second and later ones begin; without it a group begins
 * at every sequential of the outermost list and at the last layer that has parameters, as soon as the one before
 * it has any. The jobs of pictures take a network in place of an architecture (image.h, image_learner.h).
 */
#ifndef BURNISH_NETWORK_H
#define BURNISH_NETWORK_H

#include "burnish/model_zoo.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_network brn_network;

enum {
    BRN_NETWORK_TEXT_MAX = 1 << 20,     /* bytes of a description */
    BRN_NETWORK_LAYERS_MAX = 4096,      /* with those inside others */
    BRN_NETWORK_DEPTH_MAX = 10,         /* lists inside lists */
    BRN_NETWORK_NAME_MAX = 48,          /* bytes of a name */
    BRN_NETWORK_VALUES_MAX = 1 << 28,   /* that a layer gives for one item */
    BRN_NETWORK_PARAMETERS_MAX = 1 << 30,
};

/* Reads a description of `length` bytes. BRN_ERROR_INPUT names the layer and what was expected. Freed by
 * brn_network_free; it is read-only and may be shared by threads. */
BRN_API brn_status brn_network_read(const char *text, size_t length, brn_network **out);
/* The same from a file; what goes wrong names it. */
BRN_API brn_status brn_network_open(const char *path, brn_network **out);
BRN_API void brn_network_free(brn_network *network); /* NULL is fine */

/* Owned by the network. */
BRN_API const char *brn_network_name(const brn_network *network);
/* The description in one line, with its layer groups: reading it gives the same network. */
BRN_API const char *brn_network_text(const brn_network *network);
BRN_API int brn_network_groups(const brn_network *network); /* 1 or more */
/* As an architecture for pictures (N, 3, H, W): its last layer group is the classifier, the others the body;
 * there is no other head (`features` is 0). Lives as long as the network. */
BRN_API const brn_model *brn_network_model(const brn_network *network);

/* The whole network on x (N, ...) in the graph of x, in its layer groups: (N, outputs). Layers whose outputs
 * are "classes" have `outputs`. What does not fit poisons the graph with a sentence that names the layer. */
BRN_API brn_node *brn_network_build(const brn_network *network, brn_node *x, int64_t outputs);

/* What one layer gives, in the order of computing. */
typedef struct brn_network_layer {
    const char *path, *kind; /* "4.0", "conv"; live as long as the call */
    brn_shape shape;         /* (1, ...) */
    int group;
    int64_t parameters;      /* of its own, with running statistics */
} brn_network_layer;
typedef void brn_network_hearer(void *context, const brn_network_layer *layer);
/* Hears of all layers on an item of shape `dims` (rank 1 to 3: without the batch), without computing anything.
 * BRN_ERROR_INPUT as above. `hear` may be NULL: then the network is only tried. */
BRN_API brn_status brn_network_trace(const brn_network *network, const int64_t *dims, int rank, int64_t outputs,
                                     brn_network_hearer *hear, void *context);

#ifdef __cplusplus
}
#endif
#endif
