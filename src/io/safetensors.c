/* SPDX-License-Identifier: Apache-2.0
 * The safetensors reader. Beyond the format's own rules (offsets tile the data exactly) the header
 * is bounded before the JSON parser sees it: length, depth, number of values. */
#include "io/safetensors.h"
#include "base/alloc.h"
#include "base/json.h"
#include "io/bytes.h"
#include "io/container.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 3,                            /* { name: { "shape": [ ... */
    COMMAS_MAX = 14 * BRN__STATE_ENTRIES_MAX, /* 3 + 8 + 2 values and the name itself */
    LENGTH_BYTES = 8,
};

typedef struct span {
    uint64_t begin, end;
    const char *name;
} span;

static bool matches(const unsigned char *bytes, size_t length)
{
    return length > LENGTH_BYTES && bytes[LENGTH_BYTES] == '{';
}

/* Bounds what the parser will build. Strings are skipped; anything malformed is left to it. */
static brn_status bound_header(const char *text, size_t length)
{
    int depth = 0, commas = 0, members = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
            continue;
        }
        if (c == '"')
            in_string = true;
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        else if (c == ',')
            commas++, members += depth == 1;
        if (depth > DEPTH_MAX)
            return brn__fail(BRN_ERROR_INPUT, "header: nested deeper than %d at byte %zu",
                             DEPTH_MAX, i);
        if (commas > COMMAS_MAX || members > BRN__STATE_ENTRIES_MAX) /* one may be metadata */
            return brn__fail(BRN_ERROR_INPUT, "header: more values than %d tensors have",
                             BRN__STATE_ENTRIES_MAX);
    }
    return BRN_OK;
}

static brn_status read_shape(const char *name, const json_t *dims, brn_shape *out)
{
    if (!json_is_array(dims))
        return brn__fail(BRN_ERROR_INPUT, "tensor \"%s\": no \"shape\" list", name);
    size_t rank = json_array_size(dims);
    if (rank > BRN_RANK_MAX)
        return brn__fail(BRN_ERROR_INPUT, "tensor \"%s\": %zu dimensions; expected at most %d",
                         name, rank, BRN_RANK_MAX);
    *out = (brn_shape){.rank = (int)rank};
    for (size_t i = 0; i < rank; i++) {
        const json_t *dim = json_array_get(dims, i);
        if (!json_is_integer(dim) || json_integer_value(dim) < 0)
            return brn__fail(BRN_ERROR_INPUT,
                             "tensor \"%s\": dimension %zu is no integer of 0 or more", name, i);
        out->dims[i] = json_integer_value(dim);
    }
    return BRN_OK;
}

static brn_status read_offsets(const char *name, const json_t *offsets, uint64_t data_length,
                               span *out)
{
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 || !json_is_integer(begin) ||
        !json_is_integer(end) || json_integer_value(begin) < 0)
        return brn__fail(BRN_ERROR_INPUT,
                         "tensor \"%s\": \"data_offsets\" is no list of two integers of 0 or more",
                         name);
    *out = (span){(uint64_t)json_integer_value(begin), (uint64_t)json_integer_value(end), name};
    if (json_integer_value(end) < json_integer_value(begin) || out->end > data_length)
        return brn__fail(BRN_ERROR_INPUT,
                         "tensor \"%s\": data_offsets [%lld, %lld] do not lie within the file's "
                         "%llu bytes of data",
                         name, (long long)json_integer_value(begin),
                         (long long)json_integer_value(end), (unsigned long long)data_length);
    return BRN_OK;
}

static brn_status read_dtype(const char *name, const json_t *dtype, brn_dtype *out)
{
    if (!json_is_string(dtype))
        return brn__fail(BRN_ERROR_INPUT, "tensor \"%s\": no \"dtype\" string", name);
    const char *text = json_string_value(dtype);
    *out = brn__dtype_from_file_name(text, json_string_length(dtype));
    if (*out == BRN_DTYPE_COUNT)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "tensor \"%s\": element type \"%s\" is not known",
                         name, BRN__QUOTE(text, strlen(text)));
    return BRN_OK;
}

static brn_status read_tensor(brn__state *state, const char *name, const json_t *value,
                              const unsigned char *data, size_t data_length, span *out)
{
    if (!json_is_object(value) || json_object_size(value) != 3)
        return brn__fail(BRN_ERROR_INPUT,
                         "tensor \"%s\": expected an object of dtype, shape and data_offsets",
                         name);
    brn__entry entry = {0};
    BRN__TRY(read_dtype(name, json_object_get(value, "dtype"), &entry.dtype));
    BRN__TRY(read_shape(name, json_object_get(value, "shape"), &entry.shape));
    BRN__TRY(read_offsets(name, json_object_get(value, "data_offsets"), data_length, out));
    int64_t elements = brn_shape_elements(entry.shape), bytes;
    if (elements < 0 ||
        __builtin_mul_overflow(elements, (int64_t)brn_dtype_bytes(entry.dtype), &bytes))
        return brn__fail(BRN_ERROR_INPUT, "tensor \"%s\": shape %s overflows", name,
                         BRN__SHAPE(entry.shape));
    if (out->end - out->begin != (uint64_t)bytes)
        return brn__fail(BRN_ERROR_INPUT, "tensor \"%s\": %s %s needs %lld bytes, got %llu", name,
                         brn_dtype_name(entry.dtype), BRN__SHAPE(entry.shape), (long long)bytes,
                         (unsigned long long)(out->end - out->begin));
    brn__row_major_strides(entry.shape, entry.strides);
    entry.first = data + out->begin;
    return brn__state_add(state, &entry, name, strlen(name));
}

static brn_status read_metadata(brn__state *state, json_t *metadata)
{
    if (!json_is_object(metadata))
        return brn__fail(BRN_ERROR_INPUT, "__metadata__ is no object of strings");
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return brn__fail(BRN_ERROR_INPUT, "__metadata__: the value of \"%s\" is no string",
                             BRN__QUOTE(key, strlen(key)));
        BRN__TRY(brn__state_add_metadata(state, key, json_string_value(value)));
    }
    return BRN_OK;
}

static int compare_spans(const void *a, const void *b)
{
    const span *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static brn_status check_tiling(span *spans, size_t count, uint64_t data_length)
{
    uint64_t expected = 0;
    if (count) qsort(spans, count, sizeof *spans, compare_spans);
    for (size_t i = 0; i < count; i++) {
        if (spans[i].begin != expected)
            return brn__fail(
                BRN_ERROR_INPUT, "tensor \"%s\": data begins at %llu; expected %llu (%s)",
                spans[i].name, (unsigned long long)spans[i].begin, (unsigned long long)expected,
                spans[i].begin < expected ? "tensors overlap" : "there is a hole");
        expected = spans[i].end;
    }
    if (expected != data_length)
        return brn__fail(BRN_ERROR_INPUT, "%llu bytes of data; expected %llu",
                         (unsigned long long)data_length, (unsigned long long)expected);
    return BRN_OK;
}

static brn_status read_header(brn__state *state, json_t *root, const unsigned char *data,
                              size_t data_length)
{
    if (!json_is_object(root)) return brn__fail(BRN_ERROR_INPUT, "header: not a JSON object");
    size_t room = json_object_size(root), count = 0;
    span *spans = brn__alloc_array(room, sizeof *spans);
    if (!spans) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    const char *name;
    json_t *value;
    json_object_foreach(root, name, value)
    {
        if (strcmp(name, "__metadata__") == 0)
            status = read_metadata(state, value);
        else
            status = read_tensor(state, name, value, data, data_length, &spans[count++]);
        if (status != BRN_OK) break;
    }
    if (status == BRN_OK) status = check_tiling(spans, count, data_length);
    brn__free(spans);
    return status;
}

static brn_status read(brn__state *state)
{
    uint64_t header_length = brn__read_u64(state->bytes);
    if (header_length > BRN__SAFETENSORS_HEADER_MAX)
        return brn__fail(BRN_ERROR_INPUT, "header of %llu bytes; expected at most %d",
                         (unsigned long long)header_length, BRN__SAFETENSORS_HEADER_MAX);
    if (header_length > state->length - LENGTH_BYTES)
        return brn__fail(BRN_ERROR_INPUT, "header of %llu bytes in a file of %zu",
                         (unsigned long long)header_length, state->length);
    const char *header = (const char *)state->bytes + LENGTH_BYTES;
    BRN__TRY(bound_header(header, header_length));
    brn__json_error error;
    json_t *root;
    brn_status status = brn__json_load(header, header_length, &root, &error);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(BRN_ERROR_INPUT, "header: %s at byte %zu", error.reason, error.position);
    BRN__TRY(status);
    size_t data_at = LENGTH_BYTES + header_length;
    status = read_header(state, root, state->bytes + data_at, state->length - data_at);
    json_decref(root);
    return status;
}

const brn__container brn__container_safetensors = {
    .name = "safetensors", .matches = matches, .read = read};
