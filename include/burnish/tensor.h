/* SPDX-License-Identifier: Apache-2.0
 *
 * Element types, shapes and plain host tensors.
 *
 *     brn_tensor *t;
 *     brn_tensor_new(BRN_DTYPE_F32, brn_shape_of(2, (int64_t[]){16, 1000}), &t);
 *     float *logits = brn_tensor_data(t);          // (N, K), row-major
 *     brn_tensor_free(t);
 *
 * Dimensions are outermost first everywhere; the letters are those of docs/shapes.md.
 */
#ifndef BURNISH_TENSOR_H
#define BURNISH_TENSOR_H

#include "burnish/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, bytes per element, name in messages, name in safetensors files) */
#define BRN_DTYPE_LIST(X)                                                                          \
    X(F32, 4, "float32", "F32")                                                                    \
    X(F64, 8, "float64", "F64")                                                                    \
    X(F16, 2, "float16", "F16")                                                                    \
    X(BF16, 2, "bfloat16", "BF16")                                                                 \
    X(I64, 8, "int64", "I64")                                                                      \
    X(I32, 4, "int32", "I32")                                                                      \
    X(I16, 2, "int16", "I16")                                                                      \
    X(I8, 1, "int8", "I8")                                                                         \
    X(U8, 1, "uint8", "U8")                                                                        \
    X(BOOL, 1, "bool", "BOOL")

typedef enum brn_dtype {
#define X(name, bytes, text, file) BRN_DTYPE_##name,
    BRN_DTYPE_LIST(X)
#undef X
        BRN_DTYPE_COUNT
} brn_dtype;

BRN_API size_t brn_dtype_bytes(brn_dtype dtype);
BRN_API const char *brn_dtype_name(brn_dtype dtype);

enum { BRN_RANK_MAX = 8 };

typedef struct brn_shape {
    int rank;                  /* 0 (a scalar) .. BRN_RANK_MAX */
    int64_t dims[BRN_RANK_MAX]; /* outermost first; entries past rank are 0 */
} brn_shape;

BRN_API brn_shape brn_shape_of(int rank, const int64_t *dims);
BRN_API int64_t brn_shape_elements(brn_shape shape); /* 1 for a scalar; -1 on overflow */
BRN_API bool brn_shape_equal(brn_shape a, brn_shape b);
/* Writes "(16, 3, 224, 224)" into `out`, cut to `size`; returns `out`. */
BRN_API const char *brn_shape_text(brn_shape shape, char *out, size_t size);

typedef struct brn_tensor brn_tensor;

/* A row-major host tensor that owns its zeroed, 64-byte aligned memory. */
BRN_API brn_status brn_tensor_new(brn_dtype dtype, brn_shape shape, brn_tensor **out);
/* A tensor over foreign row-major memory; `release(context)` is called when the tensor is freed
 * (release may be NULL: the memory is borrowed and must outlive the tensor). */
BRN_API brn_status brn_tensor_take(brn_dtype dtype, brn_shape shape, void *data,
                                   void (*release)(void *context), void *context,
                                   brn_tensor **out);
BRN_API void brn_tensor_free(brn_tensor *tensor); /* NULL is fine */
BRN_API brn_dtype brn_tensor_dtype(const brn_tensor *tensor);
BRN_API brn_shape brn_tensor_shape(const brn_tensor *tensor);
BRN_API size_t brn_tensor_bytes(const brn_tensor *tensor);
/* Row-major elements; lives until the tensor is freed. */
BRN_API void *brn_tensor_data(const brn_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
