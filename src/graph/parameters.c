/* SPDX-License-Identifier: Apache-2.0
 * The flat parameter store: order, initial values, versions. */
#include "graph/parameters.h"
#include "base/alloc.h"
#include "base/philox.h"
#include "graph/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct stored_parameter {
    brn_parameter_info info;
    brn_init init;
    int declared; /* place in the graph: ties of the order */
    uint64_t version;
    brn__rows rows; /* of its gradient */
} stored_parameter;

struct brn_parameters {
    brn_dtype real;
    stored_parameter *entries;
    int count, group_count;
    int64_t elements;
    int64_t group_begin[64], group_middle[64], group_end[64];
    void *values, *gradients;
    brn__arena arena; /* names */
};

enum { ELEMENT_ALIGNMENT = 16 }; /* 64 bytes of float32 */

/* Layer groups in order; weights, then biases and norms; buffers after all of them. */
static int order_key(const stored_parameter *entry)
{
    if (entry->info.kind == BRN_PARAMETER_BUFFER) return 1 << 20;
    return entry->info.group * 2 + (entry->info.kind != BRN_PARAMETER_WEIGHT);
}

static int compare_entries(const void *a, const void *b)
{
    const stored_parameter *x = a, *y = b;
    int kx = order_key(x), ky = order_key(y);
    return kx != ky ? (kx < ky ? -1 : 1) : x->declared - y->declared;
}

static void lay_out(brn_parameters *parameters)
{
    int64_t offset = 0;
    for (int i = 0; i < parameters->count; i++) {
        brn_parameter_info *info = &parameters->entries[i].info;
        info->offset = offset;
        offset += (info->count + ELEMENT_ALIGNMENT - 1) / ELEMENT_ALIGNMENT * ELEMENT_ALIGNMENT;
    }
    parameters->elements = offset;
    int i = 0;
    for (int group = 0; group < parameters->group_count; group++) {
        int64_t here = i < parameters->count ? parameters->entries[i].info.offset : offset;
        parameters->group_begin[group] = parameters->group_middle[group] = here;
        for (; i < parameters->count && order_key(&parameters->entries[i]) <= group * 2 + 1; i++) {
            int64_t next = i + 1 < parameters->count ? parameters->entries[i + 1].info.offset : offset;
            if (order_key(&parameters->entries[i]) == group * 2) parameters->group_middle[group] = next;
            here = next;
        }
        parameters->group_end[group] = here;
    }
}

static brn_status fill_entries(brn_parameters *parameters, const brn_graph *graph)
{
    for (int i = 0; i < graph->parameter_count; i++) {
        const brn__graph_parameter *declared = &graph->parameters[i];
        stored_parameter *entry = &parameters->entries[i];
        const char *name = brn__arena_strdup(&parameters->arena, declared->name);
        int64_t count = brn_shape_elements(declared->shape);
        if (!name) return BRN_ERROR_NO_MEMORY;
        if (count < 0 || count > INT64_MAX / 64 || parameters->elements > INT64_MAX / 64)
            return brn__fail(BRN_ERROR_INPUT, "parameter %s: shape %s is too large", name,
                             BRN__SHAPE(declared->shape));
        parameters->elements += count + ELEMENT_ALIGNMENT;
        entry->info = (brn_parameter_info){name,           declared->shape, declared->kind,
                                           declared->group, 0,               count};
        entry->init = declared->init;
        entry->declared = i;
        entry->version = 1;
    }
    return BRN_OK;
}

brn_status brn_parameters_new(const brn_graph *graph, brn_dtype real, brn_parameters **out)
{
    BRN__TRY(brn_graph_status(graph));
    if (real != BRN_DTYPE_F32 && real != BRN_DTYPE_F64)
        return brn__fail(BRN_ERROR_USAGE, "parameters: type %s; expected float32 or float64",
                         brn_dtype_name(real));
    brn_parameters *parameters = brn__alloc_zero(1, sizeof *parameters);
    if (!parameters) return BRN_ERROR_NO_MEMORY;
    parameters->real = real;
    parameters->count = graph->parameter_count;
    parameters->group_count = graph->group_count;
    parameters->entries = brn__alloc_zero((size_t)graph->parameter_count + 1, sizeof *parameters->entries);
    brn_status status = parameters->entries ? fill_entries(parameters, graph) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        qsort(parameters->entries, (size_t)parameters->count, sizeof *parameters->entries, compare_entries);
        lay_out(parameters);
        size_t bytes = (size_t)parameters->elements * brn_dtype_bytes(real);
        parameters->values = brn__alloc_aligned(bytes);
        if (parameters->values) memset(parameters->values, 0, bytes);
        else status = BRN_ERROR_NO_MEMORY;
    }
    if (status != BRN_OK) {
        brn_parameters_free(parameters);
        return status;
    }
    *out = parameters;
    return BRN_OK;
}

void brn_parameters_free(brn_parameters *parameters)
{
    if (!parameters) return;
    brn__free_aligned(parameters->values);
    brn__free_aligned(parameters->gradients);
    for (int i = 0; parameters->entries && i < parameters->count; i++)
        brn__free(parameters->entries[i].rows.rows);
    brn__free(parameters->entries);
    brn__arena_free(&parameters->arena);
    brn__free(parameters);
}

int brn_parameters_count(const brn_parameters *parameters) { return parameters->count; }
brn_dtype brn_parameters_dtype(const brn_parameters *parameters) { return parameters->real; }
void *brn_parameters_values(brn_parameters *parameters) { return parameters->values; }
int64_t brn_parameters_elements(const brn_parameters *parameters) { return parameters->elements; }
int brn_parameters_group_count(const brn_parameters *parameters) { return parameters->group_count; }

brn_parameter_info brn_parameters_info(const brn_parameters *parameters, int index)
{
    return parameters->entries[index].info;
}

int brn_parameters_find(const brn_parameters *parameters, const char *name)
{
    for (int i = 0; i < parameters->count; i++)
        if (!strcmp(parameters->entries[i].info.name, name)) return i;
    return -1;
}

void brn_parameters_group(const brn_parameters *parameters, int group, int64_t *begin,
                          int64_t *middle, int64_t *end)
{
    *begin = parameters->group_begin[group];
    *middle = parameters->group_middle[group];
    *end = parameters->group_end[group];
}

uint64_t brn__parameters_version(const brn_parameters *parameters, int index)
{
    return parameters->entries[index].version;
}

void brn__parameters_touch_one(brn_parameters *parameters, int index)
{
    parameters->entries[index].version++;
}

void brn_parameters_touch(brn_parameters *parameters, int64_t begin, int64_t end)
{
    for (int i = 0; i < parameters->count; i++) {
        const brn_parameter_info *info = &parameters->entries[i].info;
        if (info->offset < end && info->offset + info->count > begin) parameters->entries[i].version++;
    }
}

void *brn__parameters_address(brn_parameters *parameters, int index)
{
    return (char *)parameters->values +
           (size_t)parameters->entries[index].info.offset * brn_dtype_bytes(parameters->real);
}

brn_status brn_parameters_gradients(brn_parameters *parameters, void **out)
{
    if (!parameters->gradients) {
        size_t bytes = (size_t)parameters->elements * brn_dtype_bytes(parameters->real);
        parameters->gradients = brn__alloc_aligned(bytes);
        if (!parameters->gradients) return BRN_ERROR_NO_MEMORY;
        memset(parameters->gradients, 0, bytes);
    }
    for (int i = 0; i < parameters->count; i++) parameters->entries[i].rows.listed = false;
    *out = parameters->gradients;
    return BRN_OK;
}

void *brn__parameters_gradients(const brn_parameters *parameters) { return parameters->gradients; }

brn__rows *brn__parameters_rows(brn_parameters *parameters, int index)
{
    return &parameters->entries[index].rows;
}

brn_status brn__parameters_reserve_rows(brn_parameters *parameters, int index, int64_t capacity)
{
    brn__rows *rows = &parameters->entries[index].rows;
    if (capacity <= rows->capacity) return BRN_OK;
    int64_t *larger = brn__realloc(rows->rows, (size_t)capacity * sizeof *larger);
    if (!larger) return BRN_ERROR_NO_MEMORY;
    rows->rows = larger;
    rows->capacity = capacity;
    return BRN_OK;
}

static bool is_zero(const brn_parameters *parameters, int64_t begin, int64_t count)
{
    const bool is_double = parameters->real == BRN_DTYPE_F64;
    const double *wide = parameters->gradients;
    const float *narrow = parameters->gradients;
    for (int64_t i = begin; i < begin + count; i++)
        if (is_double ? wide[i] != 0 : narrow[i] != 0) return false;
    return true;
}

brn_status brn__parameters_find_rows(brn_parameters *parameters, int index)
{
    const brn_parameter_info *info = &parameters->entries[index].info;
    brn__rows *rows = &parameters->entries[index].rows;
    const int64_t count = info->shape.dims[0], width = count ? info->count / count : 0;
    BRN__TRY(brn__parameters_reserve_rows(parameters, index, count));
    rows->count = 0;
    for (int64_t row = 0; row < count; row++)
        if (!is_zero(parameters, info->offset + row * width, width)) rows->rows[rows->count++] = row;
    rows->listed = true;
    return BRN_OK;
}

static brn_status check_count(const brn_parameter_info *info, int64_t count)
{
    if (info->count == count) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "parameter %s: %lld values; expected %lld %s", info->name,
                     (long long)count, (long long)info->count, BRN__SHAPE(info->shape));
}

brn_status brn_parameters_read(const brn_parameters *parameters, int index, brn_dtype dtype,
                               void *out, int64_t count)
{
    const brn_parameter_info *info = &parameters->entries[index].info;
    BRN__TRY(check_count(info, count));
    const char *from = parameters->values;
    brn__convert(parameters->real, from + (size_t)info->offset * brn_dtype_bytes(parameters->real),
                 dtype, out, count);
    return BRN_OK;
}

brn_status brn_parameters_write(brn_parameters *parameters, int index, brn_dtype dtype,
                                const void *values, int64_t count)
{
    BRN__TRY(check_count(&parameters->entries[index].info, count));
    brn__convert(dtype, values, parameters->real, brn__parameters_address(parameters, index), count);
    parameters->entries[index].version++;
    return BRN_OK;
}

static double fan_in(brn_shape shape)
{
    double fan = 1;
    for (int i = 1; i < shape.rank; i++) fan *= (double)shape.dims[i];
    return fan;
}

static double fan_out(brn_shape shape)
{
    double fan = shape.rank ? (double)shape.dims[0] : 1;
    for (int i = 2; i < shape.rank; i++) fan *= (double)shape.dims[i];
    return fan;
}

static double draw(brn_init init, brn_shape shape, brn__random *random)
{
    switch (init.kind) {
    case BRN_INIT_ZEROS: return 0;
    case BRN_INIT_ONES: return 1;
    case BRN_INIT_UNIFORM: return brn__random_between(random, -init.a, init.a);
    case BRN_INIT_NORMAL: return init.a * brn__random_normal(random);
    case BRN_INIT_NORMAL_WITHIN_2: return init.a * fmod(brn__random_normal(random), 2);
    case BRN_INIT_KAIMING_NORMAL: return sqrt(2 / fan_in(shape)) * brn__random_normal(random);
    case BRN_INIT_KAIMING_FAN_OUT: return sqrt(2 / fan_out(shape)) * brn__random_normal(random);
    case BRN_INIT_LINEAR_UNIFORM: {
        double bound = 1 / sqrt(fan_in(shape));
        return brn__random_between(random, -bound, bound);
    }
    }
    return 0;
}

brn_status brn_parameters_initialise(brn_parameters *parameters, uint64_t seed, int group)
{
    for (int i = 0; i < parameters->count; i++) {
        stored_parameter *entry = &parameters->entries[i];
        if (group >= 0 && entry->info.group != group) continue;
        brn__random random = brn__random_new(brn__philox_key(seed, entry->info.name), 0, 0, 0);
        char *values = brn__parameters_address(parameters, i);
        size_t bytes = brn_dtype_bytes(parameters->real);
        for (int64_t k = 0; k < entry->info.count; k++) {
            double value = draw(entry->init, entry->info.shape, &random);
            brn__convert(BRN_DTYPE_F64, &value, parameters->real, values + (size_t)k * bytes, 1);
        }
        entry->version++;
    }
    return BRN_OK;
}
