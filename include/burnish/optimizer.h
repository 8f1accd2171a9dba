/* SPDX-License-Identifier: Apache-2.0
 *
 * Optimizers: one step moves every parameter of the learning layer groups by its gradient. Rates,
 * momenta and decays are given at each step and for each group, so that schedules, frozen groups
 * and differential rates need nothing else.
 *
 *     brn_optimizer *optimizer;
 *     brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
 *     brn_optimizer_new(parameters, &o, &optimizer);
 *     brn_optimizer_settings s = brn_optimizer_settings_of(&o, 1e-3);   // every group alike
 *     s.groups[0].learning_rate = 1e-5;
 *     brn_plan_run(plan, &run);                                         // writes the gradients
 *     brn_optimizer_step(optimizer, &s, learning_groups);
 *
 * p is a parameter, g its gradient, m and v the state that the optimizer keeps for it (0 at first),
 * t the number of steps its group has made. Everything is elementwise (but for LAMB's norms), on the
 * flat buffers of the store, in its element type; the bits do not depend on the number of threads.
 * mu = momentum, a = square_momentum, e = epsilon, r = learning_rate:
 *
 *     coupled decay      g += weight_decay p                              (L2; 0.7's wds)
 *     decoupled decay    p -= r weight_decay p                            (Loshchilov, Hutter 2017)
 *     SGD                m = mu m + g;  p -= r m                          (nesterov: g + mu m)
 *     RMSPROP            v = a v + (1 - a) g^2;  d = g / (sqrt(v) + e);  m = mu m + d;  p -= r m
 *     ADAM               m = mu m + (1 - mu) g;  v = a v + (1 - a) g^2;   (Kingma, Ba 2014)
 *                        d = (m / (1 - mu^t)) / (sqrt(v / (1 - a^t)) + e);  p -= r d
 *     LAMB               ADAM's d, scaled for each parameter: p -= r min(|p| / |d|, 10) d, and
 *                        p -= r d where a norm is 0                       (You et al. 2019)
 *     RADAM              ADAM's m and v; w = 2 / (1 - a) - 1,
 *                        q = w - 2 t a^t / (1 - a^t); with q > 5
 *                        d = sqrt((q - 4)(q - 2) w / ((w - 4)(w - 2) q)) times ADAM's d, else
 *                        d = m / (1 - mu^t);  p -= r d                    (Liu et al. 2019)
 *     RANGER             RADAM with a lookahead
 *     ADAGRAD            v += g^2;  p -= r g / (sqrt(v) + e)              (Duchi et al. 2011)
 *     lookahead          of any of them: s = p before the group's first step; at every k-th,
 *                        s += share (p - s);  p = s                       (Zhang et al. 2019)
 *     lazy               of SGD, RMSPROP, ADAM and ADAGRAD: of a table whose rows were looked up
 *                        (brn_embedding), only the rows that the last run named are stepped and decayed;
 *                        m, v and p of the others wait as they are. t still counts every step. It is
 *                        another method than the dense one (PyTorch's SparseAdam is lazy ADAM).
 *
 * Without lazy, rows that were not named are passed over only where a step would leave every bit of
 * them: SGD without momentum, and ADAGRAD, both without decay and lookahead. With momentum 0, SGD and
 * RMSPROP leave m alone. A gradient that no plan has written is zero.
 */
#ifndef BURNISH_OPTIMIZER_H
#define BURNISH_OPTIMIZER_H

#include "burnish/parameters.h"
#include "burnish/runner.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_optimizer brn_optimizer;

typedef enum brn_optimizer_kind {
    BRN_OPTIMIZER_SGD,
    BRN_OPTIMIZER_RMSPROP,
    BRN_OPTIMIZER_ADAM,
    BRN_OPTIMIZER_LAMB,
    BRN_OPTIMIZER_RADAM,
    BRN_OPTIMIZER_RANGER,
    BRN_OPTIMIZER_ADAGRAD,
} brn_optimizer_kind;

typedef struct brn_optimizer_options {
    brn_optimizer_kind kind;
    bool nesterov;        /* SGD only */
    bool decoupled_decay; /* ADAM with it is AdamW */
    bool decay_all;       /* biases and normalisations too: fast.ai 0.7; fastai 2 does not */
    double epsilon;
    double momentum, square_momentum, weight_decay; /* where brn_optimizer_settings_of starts */
    int threads;                                    /* 0 = all processors we may use */
    int lookahead_every;    /* k; 0: none */
    double lookahead_share; /* in [0, 1] */
    bool lazy;              /* see above; not together with a lookahead */
} brn_optimizer_options;

/* SGD: momentum .9. RMSPROP: square_momentum .99, epsilon 1e-8, momentum 0. ADAM: .9, .99, epsilon
 * 1e-5, decoupled decay .01 of weights only, as fastai 2 (PyTorch's own: .999, 1e-8, decay 0). LAMB and
 * RADAM: the same but decay 0. RANGER: .95, .99, 1e-6, .01 and a lookahead of 6 and .5. ADAGRAD: epsilon
 * 1e-10. Decay is 0 elsewhere, and decoupled in ADAM and those made of it. */
BRN_API brn_optimizer_options brn_optimizer_defaults(brn_optimizer_kind kind);
/* The same by name: "sgd", "nesterov", "rmsprop", "adam" (coupled decay), "adamw", "lamb", "radam",
 * "ranger", "adagrad", "lazy_adam" (coupled decay) or "lazy_adamw". BRN_ERROR_USAGE with all names when there is none of that name. */
BRN_API brn_status brn_optimizer_named(const char *name, brn_optimizer_options *out);

/* The store is borrowed and must outlive the optimizer. The state covers all groups; memory of
 * groups that never learn is not touched. */
BRN_API brn_status brn_optimizer_new(brn_parameters *parameters,
                                     const brn_optimizer_options *options, brn_optimizer **out);
BRN_API void brn_optimizer_free(brn_optimizer *optimizer); /* NULL is fine */

typedef struct brn_group_settings {
    double learning_rate, momentum, square_momentum, weight_decay;
} brn_group_settings;

typedef struct brn_optimizer_settings {
    double clip_norm; /* > 0: gradients are scaled so that their norm over all learning groups is at
                       * most this (by clip_norm / (norm + 1e-6), as PyTorch) */
    double clip_value; /* > 0: each number of the gradients is brought into [-clip_value, clip_value];
                        * not together with clip_norm */
    brn_group_settings groups[BRN_GROUPS_MAX];
} brn_optimizer_settings;

/* The same for every group: the options' momenta and decay, no clipping. */
BRN_API brn_optimizer_settings brn_optimizer_settings_of(const brn_optimizer_options *options,
                                                         double learning_rate);

/* Steps the groups whose bit is set in `learning_groups` and touches their parameters. Allocates
 * nothing. With clip_norm, BRN_ERROR_DIVERGED if the norm is not a number: nothing is changed. */
BRN_API brn_status brn_optimizer_step(brn_optimizer *optimizer,
                                      const brn_optimizer_settings *settings,
                                      uint64_t learning_groups);

/* Norm of the gradients of these groups now, in double, in fixed blocks. */
BRN_API double brn_optimizer_gradient_norm(brn_optimizer *optimizer, uint64_t learning_groups);

/* What the optimizer remembers, for files that resume training: writing the same bytes into a new
 * optimizer of the same store and options goes on as if nothing had happened. */
typedef struct brn_optimizer_state {
    const char *name; /* "steps" (by group), "average" (m), "square" (v), "slow" (s) */
    brn_dtype dtype;  /* I64, else the store's */
    int64_t count;    /* all but steps: the store's elements without buffers, same offsets */
    void *data;       /* owned by the optimizer; may be written between steps */
} brn_optimizer_state;
BRN_API int brn_optimizer_state_count(const brn_optimizer *optimizer);
BRN_API brn_optimizer_state brn_optimizer_state_at(brn_optimizer *optimizer, int index);

#ifdef __cplusplus
}
#endif
#endif
