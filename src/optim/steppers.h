/* SPDX-License-Identifier: Apache-2.0
 *
 * An optimizer is a short list of steppers (as in fastai 2). A stepper does one elementwise thing
 * to one block of parameters; the block is small enough that all of a list runs in the first cache.
 */
#ifndef BRN__OPTIM_STEPPERS_H
#define BRN__OPTIM_STEPPERS_H

#include <stdbool.h>
#include <stdint.h>

enum { BRN__STEP_BLOCK = 1024 }; /* elements: 5 arrays of float are 20 KB */

/* One block of one range. Arrays have the store's element type; `d` is what will be subtracted: at
 * first a copy of the gradient. */
typedef struct brn__step_block {
    int64_t count;
    void *p, *d, *m, *v, *s;
    double learning_rate, momentum, square_momentum, weight_decay, epsilon;
    double debias_average, debias_square; /* 1 - momentum^t, 1 - square_momentum^t */
    double rectification;                 /* RAdam's; 0: too few steps for the squares to count */
    double trust;                         /* LAMB's |p| / |d| of the parameter */
    double lookahead_share;
} brn__step_block;

typedef void brn__stepper(const brn__step_block *block);

/* The same loops for float and double (steppers.c). */
#define BRN__STEPPER_LIST(X)                                                                       \
    X(decay_coupled)   /* d += weight_decay p */                                                   \
    X(decay_decoupled) /* p -= learning_rate weight_decay p */                                     \
    X(average)         /* m = momentum m + d; d = m; with momentum 0 neither changes */                                             \
    X(average_ahead)   /* m = momentum m + d; d += momentum m; as above */                                   \
    X(average_damped)  /* m = momentum m + (1 - momentum) d; d as it was */                        \
    X(square)          /* v = square_momentum v + (1 - square_momentum) d^2 */                     \
    X(divide_by_root)  /* d /= sqrt(v) + epsilon */                                                \
    X(square_sum)      /* v += d^2 */                                                              \
    X(adam)            /* d = (m / debias_average) / (sqrt(v / debias_square) + epsilon) */        \
    X(radam)           /* the same times rectification, or m / debias_average */                   \
    X(scale_by_trust)  /* d *= trust */                                                            \
    X(descend)         /* p -= learning_rate d */                                                  \
    X(remember)        /* s = p */                                                                 \
    X(look_ahead)      /* s += lookahead_share (p - s); p = s */

typedef enum brn__stepper_id {
#define X(name) BRN__STEPPER_##name,
    BRN__STEPPER_LIST(X)
#undef X
        BRN__STEPPER_COUNT
} brn__stepper_id;

/* The loops of one element type and one instruction set (simd/steppers.c). */
typedef struct brn__stepper_set {
    brn__stepper *steppers[BRN__STEPPER_COUNT];
    /* d = scale gradient, or the gradient brought into [-limit, limit] with a limit above 0 */
    void (*scale_gradient)(const void *gradient, double scale, double limit, void *d, int64_t count);
    /* In eight lanes and double. */
    double (*sum_of_squares)(const void *values, int64_t count);
    /* From the gradient to p: scaling, decoupled decay, average_damped, square, adam, descend. `d` of the
     * block is not used. */
    void (*adam_block)(const brn__step_block *block, const void *gradient, double scale);
} brn__stepper_set;

/* Of the instruction set in use. */
const brn__stepper_set *brn__stepper_set_of(bool is_double);

#endif
