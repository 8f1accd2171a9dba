/* SPDX-License-Identifier: Apache-2.0
 * A trained model as one safetensors file: parameters and buffers by name, and under the metadata key
 * "burnish" a JSON object that says all that prediction needs. Declarations only: nothing in the file
 * is ever executed. The architecture is a name here; who reads the file builds the graph.
 *
 *     {"format": 1, "library": "0.1.0", "job": "image", "architecture": "resnet34",
 *      "classes": ["ants", "bees"],
 *      "head": {"hidden": [512], "dropout": [0.25, 0.5]},
 *      "preprocessing": {"size": 224, "resize": 256, "interpolation": "bilinear",
 *                        "mean": [0.485, 0.456, 0.406], "deviation": [0.229, 0.224, 0.225]},
 *      "augment": "side-on", "training": {"accuracy": 0.94, ...}}
 *
 * With "target": "tags" the classes are tags, and "threshold" is the probability above which a picture has
 * one; with "target": "numbers" they are the names of the numbers. Absent, or "label": one of the classes.
 *
 * "network" is the description of an architecture that is not of the list, an object; the name is its own then.
 *
 * "job": "arrays" is a network on arrays: "input", up to three numbers, is the shape of an item, and there is no
 * "preprocessing".
 *
 * "head": null: the classifier is the architecture's own, as that of networks from random weights.
 *
 * Files are not trusted: sizes are limited, every value is checked before it is used. Unknown keys are
 * passed over, so that a later library may add some; a change of meaning gets another format number. */
#ifndef BRN__IO_MODEL_FILE_H
#define BRN__IO_MODEL_FILE_H

#include "burnish/parameters.h"
#include "burnish/weights.h"

enum {
    BRN__MODEL_FORMAT = 1,
    BRN__MODEL_JSON_MAX = 8 << 20,     /* bytes */
    BRN__MODEL_CLASSES_MAX = 100000,
    BRN__MODEL_CLASS_BYTES_MAX = 1024,
    BRN__MODEL_NAME_MAX = 64,          /* of an architecture, with its NUL */
    BRN__MODEL_HIDDEN_MAX = 7,
    BRN__MODEL_SUMMARY_MAX = 32,
};

/* What the answers are; in the order of brn_target_kind. */
typedef enum brn__model_target { BRN__MODEL_LABEL, BRN__MODEL_TAGS, BRN__MODEL_NUMBERS } brn__model_target;

/* The head on the body; as brn_nn_head_options. */
typedef struct brn__model_head_shape {
    bool is_own; /* the architecture's classifier, and no head */
    int hidden_count;
    int64_t hidden[BRN__MODEL_HIDDEN_MAX];
    double dropout[BRN__MODEL_HIDDEN_MAX + 1];
} brn__model_head_shape;

typedef struct brn__model_number {
    const char *name;
    double value; /* NaN is written as null */
} brn__model_number;

/* What a model file says beside its tensors. */
typedef struct brn__model_card {
    const char *architecture;
    int input_rank;      /* above 0: of arrays, of this rank and these dimensions, and no pictures */
    int64_t input_dims[3];
    const char *network; /* its description as JSON (burnish/network.h); NULL: the architecture is one of the list */
    const char *const *classes; /* (class_count) */
    int64_t class_count;
    brn__model_head_shape head;
    brn_weights_preprocessing preprocessing;
    brn__model_target target;
    double threshold;    /* of tags: above 0, below 1; else 0 */
    const char *augment; /* how training changed pictures, in words; NULL: not told */
    brn__model_number summary[BRN__MODEL_SUMMARY_MAX]; /* of the training: for people */
    int summary_count;
} brn__model_card;

/* Writes the file whole or not at all: all parameters and buffers of the store, as float32. */
brn_status brn__model_file_write(const char *path, const brn__model_card *card,
                                 const brn_parameters *parameters);

typedef struct brn__model_file brn__model_file;

/* Of pictures, or of arrays. BRN_ERROR_INPUT with a sentence that names the file and what was expected. */
brn_status brn__model_file_open(const char *path, brn__model_file **out);
brn_status brn__model_file_open_arrays(const char *path, brn__model_file **out);
void brn__model_file_close(brn__model_file *file); /* NULL is fine */
/* Owned by the file. */
const brn__model_card *brn__model_file_card(const brn__model_file *file);
/* A number of the summary; `otherwise` when there is none of that name. */
double brn__model_file_number(const brn__model_file *file, const char *name, double otherwise);
/* Elements of all of its tensors. */
int64_t brn__model_file_elements(const brn__model_file *file);
/* Fills the store. Every parameter must be in the file, with its shape, as finite float32 numbers, and
 * the file must hold nothing else. */
brn_status brn__model_file_load(const brn__model_file *file, brn_parameters *parameters);

#endif
