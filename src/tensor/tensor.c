/* SPDX-License-Identifier: Apache-2.0
 * Element types, shapes, host tensors. */
#include "tensor/tensor.h"
#include "base/alloc.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

struct brn_tensor {
    brn_dtype dtype;
    brn_shape shape;
    void *data;
    void (*release)(void *context);
    void *context;
};

static const struct {
    size_t bytes;
    const char *name, *file;
} dtypes[BRN_DTYPE_COUNT] = {
#define X(name, bytes, text, file) [BRN_DTYPE_##name] = {bytes, text, file},
    BRN_DTYPE_LIST(X)
#undef X
};

size_t brn_dtype_bytes(brn_dtype dtype) { return dtypes[dtype].bytes; }
const char *brn_dtype_name(brn_dtype dtype) { return dtypes[dtype].name; }
const char *brn__dtype_file_name(brn_dtype dtype) { return dtypes[dtype].file; }

brn_dtype brn__dtype_from_file_name(const char *name, size_t length)
{
    for (int i = 0; i < BRN_DTYPE_COUNT; i++)
        if (strlen(dtypes[i].file) == length && !memcmp(dtypes[i].file, name, length))
            return (brn_dtype)i;
    return BRN_DTYPE_COUNT;
}

brn_shape brn_shape_of(int rank, const int64_t *dims)
{
    brn_shape shape = {.rank = rank};
    for (int i = 0; i < rank && i < BRN_RANK_MAX; i++) shape.dims[i] = dims[i];
    return shape;
}

int64_t brn_shape_elements(brn_shape shape)
{
    int64_t count = 1;
    for (int i = 0; i < shape.rank; i++)
        if (shape.dims[i] < 0 || __builtin_mul_overflow(count, shape.dims[i], &count)) return -1;
    return count;
}

bool brn_shape_equal(brn_shape a, brn_shape b)
{
    if (a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dims[i] != b.dims[i]) return false;
    return true;
}

const char *brn_shape_text(brn_shape shape, char *out, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < shape.rank && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? ", " : "(",
                                 (long long)shape.dims[i]);
    if (!shape.rank) snprintf(out, size, "()");
    else if (used < size) snprintf(out + used, size - used, ")");
    return out;
}

static void release_owned(void *context) { brn__free_aligned(context); }

brn_status brn_tensor_take(brn_dtype dtype, brn_shape shape, void *data,
                           void (*release)(void *context), void *context, brn_tensor **out)
{
    brn_tensor *tensor = brn__alloc_zero(1, sizeof *tensor);
    if (!tensor) return BRN_ERROR_NO_MEMORY;
    *tensor = (brn_tensor){dtype, shape, data, release, context};
    *out = tensor;
    return BRN_OK;
}

brn_status brn_tensor_new(brn_dtype dtype, brn_shape shape, brn_tensor **out)
{
    int64_t elements = brn_shape_elements(shape);
    size_t bytes;
    if (elements < 0 || __builtin_mul_overflow((size_t)elements, brn_dtype_bytes(dtype), &bytes))
        return brn__fail(BRN_ERROR_INPUT, "tensor: shape %s has too many elements",
                         BRN__SHAPE(shape));
    void *data = brn__alloc_aligned(bytes);
    if (!data) return BRN_ERROR_NO_MEMORY;
    memset(data, 0, bytes);
    brn_status status = brn_tensor_take(dtype, shape, data, release_owned, data, out);
    if (status != BRN_OK) brn__free_aligned(data);
    return status;
}

void brn_tensor_free(brn_tensor *tensor)
{
    if (!tensor) return;
    if (tensor->release) tensor->release(tensor->context);
    brn__free(tensor);
}

brn_dtype brn_tensor_dtype(const brn_tensor *tensor) { return tensor->dtype; }
brn_shape brn_tensor_shape(const brn_tensor *tensor) { return tensor->shape; }
void *brn_tensor_data(const brn_tensor *tensor) { return tensor->data; }

size_t brn_tensor_bytes(const brn_tensor *tensor)
{
    return (size_t)brn_shape_elements(tensor->shape) * brn_dtype_bytes(tensor->dtype);
}
