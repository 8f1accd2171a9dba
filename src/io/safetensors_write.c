/* SPDX-License-Identifier: Apache-2.0
 * The safetensors writer. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "io/bytes.h"
#include "io/safetensors.h"
#include "io/state.h"
#include "tensor/tensor.h"

#include <string.h>

enum { LENGTH_BYTES = 8, DATA_ALIGNMENT = 64 };

static brn_status no_memory(void)
{
    return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for a safetensors header");
}

/* Sets root[key] = value, taking `value`. */
static brn_status set_new(json_t *root, const char *key, json_t *value)
{
    if (!value) return no_memory();
    if (json_object_get(root, key)) {
        json_decref(value);
        return brn__fail(BRN_ERROR_USAGE, "safetensors: \"%s\" is given twice",
                         BRN__QUOTE(key, strlen(key)));
    }
    if (!brn__is_utf8(key)) {
        json_decref(value);
        return brn__fail(BRN_ERROR_USAGE, "safetensors: the name \"%s\" is not UTF-8",
                         BRN__QUOTE(key, strlen(key)));
    }
    return json_object_set_new(root, key, value) == 0 ? BRN_OK : no_memory();
}

static brn_status add_metadata(json_t *root, const brn__safetensors_pair *pairs, int64_t count)
{
    if (count == 0) return BRN_OK;
    json_t *metadata = json_object();
    if (!metadata) return no_memory();
    if (json_object_set_new(root, "__metadata__", metadata) != 0) return no_memory();
    for (int64_t i = 0; i < count; i++) {
        if (!brn__is_utf8(pairs[i].value))
            return brn__fail(BRN_ERROR_USAGE, "safetensors: the value of \"%s\" is not UTF-8",
                             BRN__QUOTE(pairs[i].key, strlen(pairs[i].key)));
        BRN__TRY(set_new(metadata, pairs[i].key, json_string(pairs[i].value)));
    }
    return BRN_OK;
}

static brn_status check_item(const brn__safetensors_item *item, int64_t *bytes)
{
    size_t length = strlen(item->name);
    if (length == 0 || length > BRN__STATE_NAME_BYTES_MAX)
        return brn__fail(BRN_ERROR_USAGE, "safetensors: a name has %zu bytes; expected 1 to %d",
                         length, BRN__STATE_NAME_BYTES_MAX);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)item->name[i] < 0x20 || item->name[i] == 0x7F)
            return brn__fail(BRN_ERROR_USAGE,
                             "safetensors: the name \"%s\" holds a control character",
                             BRN__QUOTE(item->name, length));
    if (strcmp(item->name, "__metadata__") == 0)
        return brn__fail(BRN_ERROR_USAGE, "safetensors: no tensor may be named \"__metadata__\"");
    int64_t elements = brn_shape_elements(item->shape);
    if (elements < 0 ||
        __builtin_mul_overflow(elements, (int64_t)brn_dtype_bytes(item->dtype), bytes))
        return brn__fail(BRN_ERROR_USAGE, "safetensors: %s: shape %s is negative or overflows",
                         item->name, BRN__SHAPE(item->shape));
    return BRN_OK;
}

static brn_status add_item(json_t *root, const brn__safetensors_item *item, int64_t *offset)
{
    int64_t bytes, end;
    BRN__TRY(check_item(item, &bytes));
    if (__builtin_add_overflow(*offset, bytes, &end))
        return brn__fail(BRN_ERROR_USAGE, "safetensors: the tensors overflow");
    json_t *dims = json_array();
    for (int i = 0; dims && i < item->shape.rank; i++)
        if (json_array_append_new(dims, json_integer(item->shape.dims[i])) != 0) {
            json_decref(dims);
            dims = NULL;
        }
    if (!dims) return no_memory();
    json_t *value = json_pack("{s:s, s:o, s:[I, I]}", "dtype", brn__dtype_file_name(item->dtype),
                              "shape", dims, "data_offsets", (json_int_t)*offset, (json_int_t)end);
    if (!value) return no_memory();
    *offset = end;
    return set_new(root, item->name, value);
}

static brn_status write_all(brn__replacement *file, const char *header, size_t length,
                            const brn__safetensors_item *items, int64_t count)
{
    static const char spaces[DATA_ALIGNMENT + 1] =
        "                                                                ";
    size_t padding = (DATA_ALIGNMENT - (LENGTH_BYTES + length) % DATA_ALIGNMENT) % DATA_ALIGNMENT;
    unsigned char prefix[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++)
        prefix[i] = (unsigned char)((uint64_t)(length + padding) >> (8 * i));
    BRN__TRY(brn__replacement_write(file, prefix, sizeof prefix));
    BRN__TRY(brn__replacement_write(file, header, length));
    BRN__TRY(brn__replacement_write(file, spaces, padding));
    for (int64_t i = 0; i < count; i++) {
        size_t bytes = (size_t)brn_shape_elements(items[i].shape) * brn_dtype_bytes(items[i].dtype);
        BRN__TRY(brn__replacement_write(file, items[i].data, bytes));
    }
    return BRN_OK;
}

static brn_status write_file(const char *path, const char *header,
                             const brn__safetensors_item *items, int64_t count)
{
    size_t length = strlen(header);
    if (length > BRN__SAFETENSORS_HEADER_MAX - DATA_ALIGNMENT)
        return brn__fail(BRN_ERROR_USAGE, "safetensors: a header of %zu bytes; expected at most %d",
                         length, BRN__SAFETENSORS_HEADER_MAX - DATA_ALIGNMENT);
    brn__replacement *file;
    BRN__TRY(brn__replacement_open(path, &file));
    brn_status status = write_all(file, header, length, items, count);
    if (status == BRN_OK) return brn__replacement_commit(file);
    brn__replacement_abandon(file);
    return status;
}

brn_status brn__safetensors_write(const char *path, const brn__safetensors_item *items,
                                  int64_t count, const brn__safetensors_pair *pairs,
                                  int64_t pair_count)
{
    if (count > BRN__STATE_ENTRIES_MAX)
        return brn__fail(BRN_ERROR_USAGE, "safetensors: %lld tensors; expected at most %d",
                         (long long)count, BRN__STATE_ENTRIES_MAX);
    json_t *root = json_object();
    if (!root) return no_memory();
    int64_t offset = 0;
    brn_status status = add_metadata(root, pairs, pair_count);
    for (int64_t i = 0; i < count && status == BRN_OK; i++)
        status = add_item(root, &items[i], &offset);
    char *header = NULL;
    if (status == BRN_OK) status = brn__json_dump(root, JSON_COMPACT, &header);
    else json_decref(root);
    if (status == BRN_OK) status = write_file(path, header, items, count);
    brn__free(header);
    return status;
}
