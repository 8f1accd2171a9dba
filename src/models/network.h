/* SPDX-License-Identifier: Apache-2.0
 * Described networks from inside: the tree of layers, and what a kind of layer is. */
#ifndef BRN__MODELS_NETWORK_H
#define BRN__MODELS_NETWORK_H

#include "base/arena.h"
#include "base/json.h"
#include "burnish/network.h"
#include "burnish/runner.h"

enum { BRN__LAYER_FIELDS_MAX = 8, BRN__LAYER_WIDTH_MAX = 1 << 20, BRN__LAYER_CLASSES = -1 };

typedef enum brn__layer_field_type {
    BRN__LAYER_WHOLE,   /* low .. high */
    BRN__LAYER_OUTPUTS, /* the same, or "classes", which is BRN__LAYER_CLASSES */
    BRN__LAYER_REAL,    /* low .. high */
    BRN__LAYER_FLAG,
    BRN__LAYER_WORD,    /* the number of one of `words` */
    BRN__LAYER_DIMS,    /* up to three whole numbers above 0, in layer->dims; the field's value is how many */
} brn__layer_field_type;

typedef struct brn__layer_field {
    const char *name;
    brn__layer_field_type type;
    double low, high;
    double usual;             /* NaN: the description must have it */
    const char *const *words; /* ends with NULL */
} brn__layer_field;

/* What lists of layers a kind has inside. */
typedef enum brn__layer_inside {
    BRN__LAYER_ALONE,
    BRN__LAYER_LIST,     /* "layers": one or more */
    BRN__LAYER_SHORTCUT, /* "layers", and perhaps "shortcut", one layer */
} brn__layer_inside;

typedef struct brn__layer brn__layer;

/* Building: where it stands. */
typedef struct brn__network_walk {
    int64_t outputs;
    brn_network_hearer *hear; /* may be NULL */
    void *context;
    char path[512]; /* of the layer in hand */
    int group;
    int parameter_count;  /* of the graph, that were counted */
    int64_t parameters;   /* their elements */
    bool told;            /* the failure has its layer's name */
} brn__network_walk;

/* One kind, one record, one line in network_list.h. */
typedef struct brn__layer_kind {
    const char *name; /* "conv" */
    brn__layer_field fields[BRN__LAYER_FIELDS_MAX]; /* up to the first without a name */
    brn__layer_inside inside;
    bool has_parameters; /* of its own */
    /* Adds the layer in its scope, which is open. */
    brn_node *(*build)(const brn__layer *layer, brn__network_walk *walk, brn_node *x);
} brn__layer_kind;

struct brn__layer {
    const brn__layer_kind *kind;
    const char *name;
    double values[BRN__LAYER_FIELDS_MAX]; /* of its kind's fields */
    int64_t dims[3];
    brn__layer *parts; /* (part_count) */
    int part_count;
    brn__layer *shortcut; /* NULL: none */
};

struct brn_network {
    brn__arena arena; /* of all below */
    const char *name;
    char *text; /* brn__free */
    brn__layer *layers; /* (layer_count): the outermost list */
    int layer_count;
    int begins[BRN_GROUPS_MAX + 1]; /* (groups): where layer groups begin */
    int groups;
    brn_model model;
};

/* Reads a description, which gets its name and groups: all but the model's functions. (network_read.c) */
brn_status brn__network_fill(brn_network *network, json_t *root);
/* By name; NULL: there is none. */
const brn__layer_kind *brn__layer_kind_find(const char *name);
/* Has it, or a layer inside it, parameters? */
bool brn__layer_learns(const brn__layer *layer);
/* Adds one layer with its scope; the failure names it. */
brn_node *brn__layer_build(const brn__layer *layer, brn__network_walk *walk, brn_node *x);

/* The network that an architecture is made of; NULL for those of the list. */
const brn_network *brn__network_of(const brn_model *model);
/* A description, or the path of a file with one: whatever does not begin with a brace. */
brn_status brn__network_find(const char *given, brn_network **out);

#endif
