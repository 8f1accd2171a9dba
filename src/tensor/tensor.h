/* SPDX-License-Identifier: Apache-2.0
 * Internal side of tensors: conversions and shape text for messages. */
#ifndef BRN__TENSOR_TENSOR_H
#define BRN__TENSOR_TENSOR_H

#include "burnish/tensor.h"

/* A shape's text with automatic lifetime: BRN__SHAPE(s) inside a call's arguments. */
typedef struct brn__shape_buffer {
    char text[128];
} brn__shape_buffer;
#define BRN__SHAPE(shape) brn_shape_text((shape), (brn__shape_buffer){{0}}.text, 128)

/* The name used in safetensors files, and its inverse (BRN_DTYPE_COUNT when unknown). */
const char *brn__dtype_file_name(brn_dtype dtype);
brn_dtype brn__dtype_from_file_name(const char *name, size_t length);

/* Converts `count` elements between any two element types (values, not bits). Integers out of range
 * wrap; floats round to nearest even. */
void brn__convert(brn_dtype from, const void *source, brn_dtype to, void *target, int64_t count);

float brn__half_to_float(uint16_t half);
uint16_t brn__float_to_half(float value);
float brn__bf16_to_float(uint16_t bits);
uint16_t brn__float_to_bf16(float value);

#endif
