/* SPDX-License-Identifier: Apache-2.0
 * Opening model files and filling a store from them. The metadata is read in model_card.c. */
#include "io/model_file.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/status.h"
#include "io/model_card.h"
#include "io/safetensors.h"
#include "io/state.h"
#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

struct brn__model_file {
    brn__state *state;
    char *path;
    brn__arena arena; /* of the card */
    brn__model_card card;
};

void brn__model_file_close(brn__model_file *file)
{
    if (!file) return;
    brn__state_close(file->state);
    brn__arena_free(&file->arena);
    brn__free(file->path);
    brn__free(file);
}

static brn_status open_file(brn__model_file *file, const char *path, bool arrays)
{
    file->path = brn__strdup(path);
    if (!file->path) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(brn__state_open(path, &file->state));
    const char *json = brn__state_metadata(file->state, "burnish");
    if (!json)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: a %s file without the metadata \"burnish\"; expected a model that "
                         "this library has trained",
                         path, brn__state_kind(file->state));
    brn_status status = brn__model_card_read(json, &file->arena, &file->card);
    if (status == BRN_OK && (file->card.input_rank > 0) != arrays)
        status = brn__fail(BRN_ERROR_INPUT, "model metadata: \"job\": expected %s", arrays ? "\"arrays\"" : "\"image\"");
    return status == BRN_OK ? BRN_OK : brn__fail_within(status, "%s", path);
}

static brn_status open_as(const char *path, bool arrays, brn__model_file **out)
{
    *out = NULL;
    brn__model_file *file = brn__alloc_zero(1, sizeof *file);
    if (!file) return BRN_ERROR_NO_MEMORY;
    brn_status status = open_file(file, path, arrays);
    if (status != BRN_OK) {
        brn__model_file_close(file);
        return status;
    }
    *out = file;
    return BRN_OK;
}

brn_status brn__model_file_open(const char *path, brn__model_file **out) { return open_as(path, false, out); }

brn_status brn__model_file_open_arrays(const char *path, brn__model_file **out) { return open_as(path, true, out); }

const brn__model_card *brn__model_file_card(const brn__model_file *file) { return &file->card; }

double brn__model_file_number(const brn__model_file *file, const char *name, double otherwise)
{
    for (int i = 0; i < file->card.summary_count; i++)
        if (strcmp(file->card.summary[i].name, name) == 0) return file->card.summary[i].value;
    return otherwise;
}

int64_t brn__model_file_elements(const brn__model_file *file)
{
    int64_t elements = 0;
    for (int64_t i = 0; i < brn__state_count(file->state); i++)
        elements += brn_shape_elements(brn__state_entry(file->state, i)->shape);
    return elements;
}

/* ------------------------------------------------------------------ loading */

static brn_status check_entry(const brn__model_file *file, const brn_parameter_info *info,
                              const brn__entry **out)
{
    const brn__entry *entry = brn__state_find(file->state, info->name);
    if (!entry)
        return brn__fail(BRN_ERROR_INPUT, "%s: no tensor %s %s", file->path, info->name,
                         BRN__SHAPE(info->shape));
    if (!brn_shape_equal(entry->shape, info->shape))
        return brn__fail(BRN_ERROR_INPUT, "%s: %s is %s; expected %s", file->path, info->name,
                         BRN__SHAPE(entry->shape), BRN__SHAPE(info->shape));
    if (entry->dtype != BRN_DTYPE_F32)
        return brn__fail(BRN_ERROR_INPUT, "%s: %s holds %s; expected float32", file->path,
                         info->name, brn_dtype_name(entry->dtype));
    *out = entry;
    return BRN_OK;
}

/* Names what the store does not know. */
static brn_status check_rest(const brn__model_file *file, const brn_parameters *parameters)
{
    if (brn__state_count(file->state) == brn_parameters_count(parameters)) return BRN_OK;
    for (int64_t i = 0; i < brn__state_count(file->state); i++) {
        const brn__entry *entry = brn__state_entry(file->state, i);
        if (brn_parameters_find(parameters, entry->name) < 0)
            return brn__fail(BRN_ERROR_INPUT, "%s: %s %s is no parameter of %s", file->path,
                             entry->name, BRN__SHAPE(entry->shape), file->card.architecture);
    }
    return brn__fail(BRN_ERROR_INPUT, "%s: %lld tensors; expected %d", file->path,
                     (long long)brn__state_count(file->state), brn_parameters_count(parameters));
}

static brn_status load_one(const brn__model_file *file, const brn_parameter_info *info,
                           brn_parameters *parameters, int index, float *values)
{
    BRN__TRY(brn__state_read(brn__state_find(file->state, info->name), BRN_DTYPE_F32, values));
    for (int64_t k = 0; k < info->count; k++)
        if (!isfinite(values[k]))
            return brn__fail(BRN_ERROR_INPUT, "%s: element %lld of %s is not a finite number",
                             file->path, (long long)k, info->name);
    return brn_parameters_write(parameters, index, BRN_DTYPE_F32, values, info->count);
}

brn_status brn__model_file_load(const brn__model_file *file, brn_parameters *parameters)
{
    int64_t largest = 1;
    for (int i = 0; i < brn_parameters_count(parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(parameters, i);
        const brn__entry *entry;
        BRN__TRY(check_entry(file, &info, &entry));
        if (info.count > largest) largest = info.count;
    }
    BRN__TRY(check_rest(file, parameters));
    float *values = brn__alloc_array((size_t)largest, sizeof *values);
    if (!values) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (int i = 0; status == BRN_OK && i < brn_parameters_count(parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(parameters, i);
        status = load_one(file, &info, parameters, i, values);
    }
    brn__free(values);
    return status;
}

/* ------------------------------------------------------------------ writing */

/* The store's own memory where it holds float32, else a converted copy. */
static brn_status values_of(const brn_parameters *parameters, float **copy, const float **out)
{
    if (brn_parameters_dtype(parameters) == BRN_DTYPE_F32) {
        *out = brn_parameters_values((brn_parameters *)(uintptr_t)parameters);
        return BRN_OK;
    }
    int64_t elements = brn_parameters_elements(parameters);
    *copy = brn__alloc_array((size_t)elements, sizeof **copy);
    if (!*copy) return BRN_ERROR_NO_MEMORY;
    brn__convert(brn_parameters_dtype(parameters),
                 brn_parameters_values((brn_parameters *)(uintptr_t)parameters), BRN_DTYPE_F32,
                 *copy, elements);
    *out = *copy;
    return BRN_OK;
}

static brn_status write_items(const char *path, const char *json, const brn_parameters *parameters)
{
    const int count = brn_parameters_count(parameters);
    float *copy = NULL;
    const float *values;
    brn__safetensors_item *items = brn__alloc_zero((size_t)count + 1, sizeof *items);
    brn_status status = items ? values_of(parameters, &copy, &values) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        for (int i = 0; i < count; i++) {
            const brn_parameter_info info = brn_parameters_info(parameters, i);
            items[i] = (brn__safetensors_item){.name = info.name,
                                               .dtype = BRN_DTYPE_F32,
                                               .shape = info.shape,
                                               .data = values + info.offset};
        }
        const brn__safetensors_pair pairs[] = {{"format", "pt"}, {"burnish", json}};
        status = brn__safetensors_write(path, items, count, pairs, 2);
    }
    brn__free(copy);
    brn__free(items);
    return status;
}

brn_status brn__model_file_write(const char *path, const brn__model_card *card,
                                 const brn_parameters *parameters)
{
    char *json;
    BRN__TRY(brn__model_card_write(card, &json));
    brn_status status = write_items(path, json, parameters);
    brn__free(json);
    return status;
}
