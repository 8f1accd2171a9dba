/* SPDX-License-Identifier: Apache-2.0
 *
 * The architectures, by torchvision's names and with its parameter names, so that its weights fit.
 *
 *     const brn_model *model = brn_model_find("resnet34");
 *     brn_node *x = brn_input(g, "image", BRN_DTYPE_F32, (int64_t[]){16, 3, 224, 224}, 4);
 *     brn_node *features = brn_model_body(model, x);                      // (N, 512, 7, 7)
 *     brn_nn_head_options head = brn_nn_head_defaults(2);
 *     brn_node *logits = brn_model_head(model, features, &head);          // (N, 2)
 *     brn_parameters_new(g, BRN_DTYPE_F32, &parameters);
 *     brn_parameters_initialise(parameters, seed, -1);
 *     brn_model_load(model, parameters, &source, BRN_MODEL_BODY);         // pretrained body
 *
 * Layer groups are fast.ai's: the body in two, split at its learning-rate cut (groups 0 and 1),
 * then the head (group 2).
 */
#ifndef BURNISH_MODEL_ZOO_H
#define BURNISH_MODEL_ZOO_H

#include "burnish/nn.h"
#include "burnish/parameters.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One architecture. A program may make records of its own: every function here takes any. */
typedef struct brn_model {
    const char *name;
    const char *aliases[3]; /* NULL where fewer */
    int64_t features;       /* channels that the body gives */
    int input_size;         /* side of the pictures of its pretrained weights */
    double mean[3]; /* of pixels in [0, 1], red green blue: x = (pixel - mean) / deviation */
    double deviation[3];
    int body_groups;        /* layer groups of the body; the head is the next one */
    const char *classifier; /* how the names of the classifier's parameters start, e.g. "fc." */
    const void *recipe;     /* what the two builders need to know */
    /* (N, 3, H, W) -> (N, features, H', W'); sets the layer groups. */
    brn_node *(*body)(const struct brn_model *model, brn_node *x);
    /* (N, features, H', W') -> (N, classes). */
    brn_node *(*classifier_of)(const struct brn_model *model, brn_node *features, int64_t classes);
    /* NULL, or changes an old file's name of a tensor to today's, which is never longer. */
    void (*new_name)(char *name);
} brn_model;

/* By name or alias; NULL when there is none (the message then lists the names). */
BRN_API const brn_model *brn_model_find(const char *name);
BRN_API int brn_model_count(void);
BRN_API const brn_model *brn_model_at(int index); /* in the order of the list */

/* The body without pooling and classifier: layer groups 0 .. body_groups - 1. */
BRN_API brn_node *brn_model_body(const brn_model *model, brn_node *x);

/* The architecture's own classifier (pooling, linear): with 1000 classes (the CIFAR
 * ones: 10) the network that has published weights. Layer group body_groups. */
BRN_API brn_node *brn_model_classifier(const brn_model *model, brn_node *features, int64_t classes);

/* brn_nn_head in layer group body_groups. */
BRN_API brn_node *brn_model_head(const brn_model *model, brn_node *features,
                                 const brn_nn_head_options *options);

/* A weights file as the loader sees it: a list of named tensors. */
typedef struct brn_model_source {
    void *context;
    const char *name; /* for messages: the file's path */
    int count;
    /* Name and shape of tensor `index`; the name lives until loading is over. */
    brn_status (*describe)(void *context, int index, const char **name, brn_shape *shape);
    /* Its values, row-major, converted to `dtype`, `count` = the product of its shape. */
    brn_status (*read)(void *context, int index, brn_dtype dtype, void *out, int64_t count);
} brn_model_source;

typedef enum brn_model_part {
    BRN_MODEL_WHOLE, /* every parameter of the store comes from the file */
    BRN_MODEL_BODY,  /* those of the body's groups; the file's classifier is left aside */
} brn_model_part;

/* Fills parameters and buffers from tensors of the same name and shape. Tensors of the file named
 * *.num_batches_tracked are ignored, and a leading "module." of names is; DenseNet's old names
 * (denselayer1.norm.1.weight) are read as today's. A parameter that the file
 * lacks, a tensor that fits no parameter or has another shape is an error that names it; nothing is
 * written then. A failing read leaves the store partly written. */
BRN_API brn_status brn_model_load(const brn_model *model, brn_parameters *parameters,
                                  const brn_model_source *source, brn_model_part part);

#ifdef __cplusplus
}
#endif
#endif
