/* SPDX-License-Identifier: Apache-2.0
 * The steppers for float and for double: steppers_of.h is compiled once for each. */
#include "optim/steppers.h"

#include <math.h>

#define REAL float
#define NAME(name) name##_f32
#define SQRT sqrtf
#include "optim/steppers_of.h"
#undef REAL
#undef NAME
#undef SQRT

#define REAL double
#define NAME(name) name##_f64
#define SQRT sqrt
#include "optim/steppers_of.h"
