/* SPDX-License-Identifier: Apache-2.0
 * The steppers for float and for double: steppers_of.h is compiled once for each, and this file once
 * for each instruction set (BRN__ISA). */
#include "optim/steppers.h"

#include <math.h>

#define JOIN(name, type) JOIN2(name, type, BRN__ISA)
#define JOIN2(name, type, isa) JOIN3(name, type, isa)
#define JOIN3(name, type, isa) name##_##type##_##isa

#define REAL float
#define NAME(name) JOIN(name, f32)
#define SQRT sqrtf
#include "optim/simd/steppers_of.h"
#undef REAL
#undef NAME
#undef SQRT

#define REAL double
#define NAME(name) JOIN(name, f64)
#define SQRT sqrt
#include "optim/simd/steppers_of.h"
