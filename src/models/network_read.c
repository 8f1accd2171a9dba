/* SPDX-License-Identifier: Apache-2.0
 * Reading a description into a tree of layers, which is all that it can be: every value is checked here. */
#include "models/network.h"
#include "base/alloc.h"
#include "base/json.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FORMAT = 1, PATH_BYTES_MAX = 200, SIZE_MIN = 32, SIZE_MOST = 2048, USUAL_SIZE = 128 };

/* ------------------------------------------------------------------ reading layers */

typedef struct reader {
    brn__arena *arena;
    char path[PATH_BYTES_MAX + BRN_NETWORK_NAME_MAX + 2]; /* of the layer in hand */
    int count, depth;
} reader;

/* "layer 4.0: \"kernel\": expected ..." */
static brn_status wrong(const reader *r, const char *key, const char *expected)
{
    if (!*r->path) return brn__fail(BRN_ERROR_INPUT, "network: \"%s\": expected %s", key, expected);
    return brn__fail(BRN_ERROR_INPUT, "network: layer %s: \"%s\": expected %s", r->path, key, expected);
}

static brn_status wrong_range(const reader *r, const brn__layer_field *f, const char *kind)
{
    char expected[128];
    snprintf(expected, sizeof expected, "%s from %.15g to %.15g%s", kind, f->low, f->high,
             f->type == BRN__LAYER_OUTPUTS ? ", or \"classes\"" : "");
    return wrong(r, f->name, expected);
}

static brn_status read_word(const reader *r, const brn__layer_field *f, const json_t *value, double *out)
{
    const char *word = json_string_value(value);
    char expected[128] = "one of";
    for (int i = 0; f->words[i]; i++) {
        if (word && strcmp(word, f->words[i]) == 0) {
            *out = i;
            return BRN_OK;
        }
        const size_t length = strlen(expected);
        snprintf(expected + length, sizeof expected - length, "%s %s", i ? "," : "", f->words[i]);
    }
    return wrong(r, f->name, expected);
}

static brn_status read_dims(const reader *r, const brn__layer_field *f, const json_t *value, brn__layer *layer,
                            double *out)
{
    const size_t count = json_array_size(value);
    bool good = count >= 1 && count <= 3;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *item = json_array_get(value, i);
        layer->dims[i] = json_integer_value(item);
        good = json_is_integer(item) && layer->dims[i] >= 1 && layer->dims[i] <= (int64_t)f->high;
    }
    *out = (double)count;
    return good ? BRN_OK : wrong(r, f->name, "a list of 1 to 3 whole numbers from 1 to 1048576");
}

static brn_status read_field(const reader *r, const brn__layer_field *f, const json_t *value, brn__layer *layer,
                             double *out)
{
    if (!value) {
        *out = f->usual;
        return isnan(f->usual) ? wrong(r, f->name, "to be there") : BRN_OK;
    }
    const double number = json_number_value(value);
    const bool within = number >= f->low && number <= f->high;
    *out = number;
    switch (f->type) {
    case BRN__LAYER_OUTPUTS:
        if (json_is_string(value) && strcmp(json_string_value(value), "classes") == 0) {
            *out = BRN__LAYER_CLASSES;
            return BRN_OK;
        } /* fall through */
    case BRN__LAYER_WHOLE:
        return json_is_integer(value) && within ? BRN_OK : wrong_range(r, f, "a whole number");
    case BRN__LAYER_REAL: return json_is_number(value) && within ? BRN_OK : wrong_range(r, f, "a number");
    case BRN__LAYER_FLAG:
        *out = json_is_true(value);
        return json_is_boolean(value) ? BRN_OK : wrong(r, f->name, "true or false");
    case BRN__LAYER_WORD: return read_word(r, f, value, out);
    case BRN__LAYER_DIMS: return read_dims(r, f, value, layer, out);
    }
    return BRN_OK;
}

static bool is_field(const brn__layer_kind *kind, const char *key)
{
    if (strcmp(key, "layer") == 0 || strcmp(key, "name") == 0) return true;
    if (strcmp(key, "layers") == 0) return kind->inside != BRN__LAYER_ALONE;
    if (strcmp(key, "shortcut") == 0) return kind->inside == BRN__LAYER_SHORTCUT;
    for (int i = 0; i < BRN__LAYER_FIELDS_MAX && kind->fields[i].name; i++)
        if (strcmp(key, kind->fields[i].name) == 0) return true;
    return false;
}

/* A key that is passed over would be a network of another meaning. */
static brn_status check_keys(const reader *r, const json_t *object, const brn__layer_kind *kind)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
        if (!is_field(kind, key))
            return brn__fail(BRN_ERROR_INPUT, "network: layer %s: a %s has no \"%.64s\"", r->path, kind->name, key);
    return BRN_OK;
}

static bool is_name(const char *name)
{
    const size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_') return false;
    return length >= 1 && length <= BRN_NETWORK_NAME_MAX;
}

/* The name that is given, or else the layer's place. */
static brn_status read_name(reader *r, const json_t *object, const char *place, brn__layer *layer)
{
    const json_t *given = json_object_get(object, "name");
    const char *name = given ? json_string_value(given) : place;
    if (!name || !is_name(name))
        return brn__fail(BRN_ERROR_INPUT, "network: layer %s%s%s: \"name\": expected 1 to 48 letters, digits and underscores",
                         r->path, *r->path ? "." : "", place);
    layer->name = brn__arena_strdup(r->arena, name);
    if (!layer->name) return BRN_ERROR_NO_MEMORY;
    const size_t length = strlen(r->path);
    if (length + strlen(name) + 1 > PATH_BYTES_MAX)
        return brn__fail(BRN_ERROR_INPUT, "network: layer %s: names of more than %d bytes in all", r->path,
                         PATH_BYTES_MAX);
    snprintf(r->path + length, sizeof r->path - length, "%s%s", length ? "." : "", name);
    return BRN_OK;
}

static brn_status read_layer(reader *r, const json_t *object, const char *place, brn__layer *layer);

static brn_status check_twins(const reader *r, const brn__layer *layers, int count, const brn__layer *other)
{
    for (int i = 0; i < count; i++)
        if (strcmp(layers[i].name, other->name) == 0)
            return brn__fail(BRN_ERROR_INPUT, "network: layer %s: there are two of the name \"%s\" in it",
                             *r->path ? r->path : "list", other->name);
    return BRN_OK;
}

static brn_status read_list(reader *r, const json_t *list, brn__layer **out, int *out_count)
{
    const size_t count = json_array_size(list); /* 0 for what is no list */
    if (count < 1 || count > BRN_NETWORK_LAYERS_MAX) return wrong(r, "layers", "a list of 1 to 4096 layers");
    if (++r->depth > BRN_NETWORK_DEPTH_MAX) return wrong(r, "layers", "10 or fewer lists inside each other");
    brn__layer *layers = brn__arena_alloc(r->arena, count * sizeof *layers);
    if (!layers) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        char place[16];
        snprintf(place, sizeof place, "%zu", i);
        BRN__TRY(read_layer(r, json_array_get(list, i), place, &layers[i]));
        BRN__TRY(check_twins(r, layers, (int)i, &layers[i]));
    }
    r->depth--;
    *out = layers;
    *out_count = (int)count;
    return BRN_OK;
}

static brn_status read_inside(reader *r, const json_t *object, brn__layer *layer)
{
    if (layer->kind->inside == BRN__LAYER_ALONE) return BRN_OK;
    BRN__TRY(read_list(r, json_object_get(object, "layers"), &layer->parts, &layer->part_count));
    const json_t *shortcut = json_object_get(object, "shortcut");
    if (!shortcut || layer->kind->inside != BRN__LAYER_SHORTCUT) return BRN_OK;
    layer->shortcut = brn__arena_alloc(r->arena, sizeof *layer->shortcut);
    if (!layer->shortcut) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(read_layer(r, shortcut, "shortcut", layer->shortcut));
    return check_twins(r, layer->parts, layer->part_count, layer->shortcut);
}

static brn_status read_layer(reader *r, const json_t *object, const char *place, brn__layer *layer)
{
    const size_t length = strlen(r->path);
    if (++r->count > BRN_NETWORK_LAYERS_MAX)
        return brn__fail(BRN_ERROR_INPUT, "network: more than %d layers", BRN_NETWORK_LAYERS_MAX);
    BRN__TRY(read_name(r, object, place, layer));
    const char *kind = json_string_value(json_object_get(object, "layer"));
    layer->kind = kind ? brn__layer_kind_find(kind) : NULL;
    if (!kind) return wrong(r, "layer", "the name of a kind of layer");
    if (!layer->kind) return brn__fail(BRN_ERROR_INPUT, "network: layer %s: there is no layer \"%.64s\"", r->path, kind);
    BRN__TRY(check_keys(r, object, layer->kind));
    for (int i = 0; i < BRN__LAYER_FIELDS_MAX && layer->kind->fields[i].name; i++) {
        const brn__layer_field *f = &layer->kind->fields[i];
        BRN__TRY(read_field(r, f, json_object_get(object, f->name), layer, &layer->values[i]));
    }
    BRN__TRY(read_inside(r, object, layer));
    r->path[length] = '\0';
    return BRN_OK;
}

/* ------------------------------------------------------------------ reading the rest */

static brn_status read_groups(const json_t *list, brn_network *network)
{
    const size_t count = json_array_size(list);
    bool good = json_is_array(list) && count < BRN_GROUPS_MAX;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *place = json_array_get(list, i);
        good = json_is_integer(place) && json_integer_value(place) > network->begins[i] &&
               json_integer_value(place) < network->layer_count;
        network->begins[i + 1] = (int)json_integer_value(place);
    }
    network->groups = (int)count + 1;
    if (good) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "network: \"groups\": expected up to 63 places of the list of layers, growing, "
                                      "from 1 on");
}

/* A group begins at a sequential, and at the last layer that has parameters, if there are any before it. */
static void choose_groups(brn_network *network)
{
    int last = network->layer_count - 1;
    while (last > 0 && !brn__layer_learns(&network->layers[last])) last--;
    bool learns = false;
    network->groups = 1;
    for (int i = 0; i < network->layer_count; i++) {
        const brn__layer *layer = &network->layers[i];
        const bool begins = i == last || (i < last && layer->kind == brn__layer_kind_find("sequential"));
        const int most = i == last ? BRN_GROUPS_MAX : BRN_GROUPS_MAX - 1;
        if (begins && learns && network->groups < most) {
            network->begins[network->groups++] = i;
            learns = false;
        }
        learns |= brn__layer_learns(layer);
    }
}

static bool has_classes(const brn__layer *layer)
{
    bool found = layer->shortcut && has_classes(layer->shortcut);
    for (int i = 0; i < BRN__LAYER_FIELDS_MAX && layer->kind->fields[i].name; i++)
        found |= layer->kind->fields[i].type == BRN__LAYER_OUTPUTS && layer->values[i] == BRN__LAYER_CLASSES;
    for (int i = 0; i < layer->part_count; i++) found |= has_classes(&layer->parts[i]);
    return found;
}

/* The other groups are the body, which is the same for all classes. */
static brn_status check_classes(const brn_network *network)
{
    for (int i = 0; i < network->begins[network->groups - 1]; i++)
        if (has_classes(&network->layers[i]))
            return brn__fail(BRN_ERROR_INPUT, "network: layer %s: \"classes\" before the last layer group, which begins at "
                                              "layer %s", network->layers[i].name,
                             network->layers[network->begins[network->groups - 1]].name);
    return BRN_OK;
}

static brn_status read_pixels(const json_t *root, const char *key, double low, double out[3])
{
    const json_t *list = json_object_get(root, key);
    bool good = !list || json_array_size(list) == 3;
    for (size_t c = 0; list && good && c < 3; c++) {
        const json_t *number = json_array_get(list, c);
        out[c] = json_number_value(number);
        good = json_is_number(number) && out[c] >= low && out[c] <= 1e6;
    }
    return good ? BRN_OK : brn__fail(BRN_ERROR_INPUT, "network: \"%s\": expected three numbers, one a channel, in their "
                                                      "range", key);
}

static brn_status check_top(const json_t *root)
{
    static const char *const keys[] = {"format", "name", "size", "mean", "deviation", "groups", "layers"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)root, key, value)
    {
        size_t i = 0;
        while (i < sizeof keys / sizeof *keys && strcmp(key, keys[i]) != 0) i++;
        if (i == sizeof keys / sizeof *keys)
            return brn__fail(BRN_ERROR_INPUT, "network: there is no \"%.64s\" in a description", key);
    }
    const json_t *format = json_object_get(root, "format");
    if (!json_is_integer(format) || json_integer_value(format) < 1)
        return brn__fail(BRN_ERROR_INPUT, "network: \"format\": expected 1");
    if (json_integer_value(format) > FORMAT)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "network: format %lld; this library reads format %d",
                         (long long)json_integer_value(format), FORMAT);
    return BRN_OK;
}

static brn_status read_root(const json_t *root, brn_network *network)
{
    const json_t *name = json_object_get(root, "name"), *size = json_object_get(root, "size");
    const json_t *groups = json_object_get(root, "groups");
    brn_model *model = &network->model;
    reader r = {.arena = &network->arena};
    if (!json_is_object(root)) return brn__fail(BRN_ERROR_INPUT, "network: expected a JSON object");
    BRN__TRY(check_top(root));
    const char *word = name ? json_string_value(name) : "network";
    if (!word || !is_name(word)) return wrong(&r, "name", "1 to 48 letters, digits and underscores");
    network->name = brn__arena_strdup(&network->arena, word);
    if (!network->name) return BRN_ERROR_NO_MEMORY;
    const json_int_t side = size ? json_integer_value(size) : USUAL_SIZE;
    if ((size && !json_is_integer(size)) || side < SIZE_MIN || side > SIZE_MOST)
        return wrong(&r, "size", "a whole number from 32 to 2048");
    model->input_size = (int)side;
    BRN__TRY(read_pixels(root, "mean", -1e6, model->mean));
    BRN__TRY(read_pixels(root, "deviation", 1e-6, model->deviation));
    BRN__TRY(read_list(&r, json_object_get(root, "layers"), &network->layers, &network->layer_count));
    if (groups) BRN__TRY(read_groups(groups, network));
    else choose_groups(network);
    return check_classes(network);
}

/* With as few digits as read back to the same numbers. */
static brn_status dump(json_t *root, char **out)
{
    static const int precisions[] = {15, 17};
    bool same = false;
    for (int i = 0; i < 2 && !same; i++) {
        brn__json_error error;
        json_t *read = NULL;
        brn__free(*out);
        *out = NULL;
        BRN__TRY(brn__json_dump(json_incref(root), JSON_COMPACT | JSON_REAL_PRECISION(precisions[i]), out));
        BRN__TRY(brn__json_load(*out, strlen(*out), &read, &error));
        same = json_equal(read, root);
        json_decref(read);
    }
    return BRN_OK;
}

/* In one line, with the groups. */
static brn_status keep_text(json_t *root, brn_network *network)
{
    json_t *groups = json_array();
    bool good = groups && brn__json_put(root, "name", json_string(network->name));
    for (int g = 1; g < network->groups; g++) good = good && brn__json_add(groups, json_integer(network->begins[g]));
    if (!good) json_decref(groups);
    if (!good || !brn__json_put(root, "groups", groups)) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for a network");
    return dump(root, &network->text);
}

brn_status brn__network_fill(brn_network *network, json_t *root)
{
    static const brn_model usual = {.mean = {.485, .456, .406}, .deviation = {.229, .224, .225}};
    network->model = usual;
    BRN__TRY(read_root(root, network));
    return keep_text(root, network);
}
