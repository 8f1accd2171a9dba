/* SPDX-License-Identifier: Apache-2.0
 *
 * MixUp (Zhang et al. 2018) and CutMix (Yun et al. 2019) as fastai 2 does them: a callback that mixes
 * every training batch with itself, in another order, before it is learned from. It rewrites fit->data in
 * place: the loader's inputs are changed, and the targets are replaced by soft ones of the callback's.
 *
 *     brn__mixing mixing;
 *     brn__mixing_init(&mixing, BRN__MIXING_UP, .4, seed, true);
 *     options.callbacks[options.callback_count++] = &mixing.callback;
 *     ...
 *     brn__mixing_deinit(&mixing);
 *
 * The network's target must be float32 (N, K): brn_cross_entropy on soft targets, smoothed or not, is the
 * weighted sum of the two losses that fastai computes. Validation has labels still: see valid_target of
 * brn__network.
 *
 * What is drawn is a function of (seed, step): the same for a fit that was resumed. */
#ifndef BRN__TRAIN_MIXING_H
#define BRN__TRAIN_MIXING_H

#include "base/philox.h"
#include "train/learner.h"

typedef enum brn__mixing_kind {
    BRN__MIXING_UP,  /* each item with its own share, .5 or more; fastai's alpha is .4 */
    BRN__MIXING_CUT, /* one rectangle for the batch, pictures only; fastai's alpha is 1 */
} brn__mixing_kind;

enum { BRN__ORDER_MIXING = 5 }; /* after the rates, before all that looks at the batch */

/* What becomes of a batch of `count` items. */
typedef struct brn__mix {
    int64_t count;
    int64_t *partner;              /* (N): a permutation */
    float *share;                  /* (N): how much of the item itself is left */
    int left, top, right, bottom;  /* CUT: the rectangle that the partner fills */
} brn__mix;

typedef struct brn__mixing {
    brn__callback callback;
    brn__mixing_kind kind;
    double alpha;
    uint64_t key;
    bool labels;
    int64_t capacity; /* items that there is room for */
    brn__mix mix;     /* of the batch in use */
    float *targets;   /* (capacity, K) */
    float *spare;     /* (capacity, BRN__MIXING_BLOCK) */
} brn__mixing;

enum { BRN__MIXING_BLOCK = 512 }; /* values of each item that are mixed at a time */

/* alpha > 0. `labels`: the loader's targets are int64 (N) class numbers; else they are float32 (N, K) and
 * mixed as they are. Buffers are allocated when a fit begins. */
brn_status brn__mixing_init(brn__mixing *mixing, brn__mixing_kind kind, double alpha, uint64_t seed,
                            bool labels);
void brn__mixing_deinit(brn__mixing *mixing); /* a zeroed one is fine */

/* A draw of Beta(alpha, alpha), in [0, 1]. */
double brn__beta_draw(brn__random *random, double alpha);
/* CutMix's rectangle: sqrt(1 - lambda) of each side about a centre, clipped. */
void brn__mix_box(double lambda, int centre_x, int centre_y, int width, int height, brn__mix *out);

/* x: (N, values), in place. spare: (N, BRN__MIXING_BLOCK). */
void brn__mix_up(const brn__mix *mix, int64_t values, float *x, float *spare);
/* x: (N, planes, height, width), in place. */
void brn__mix_cut(const brn__mix *mix, int64_t planes, int64_t height, int64_t width, float *x,
                  float *spare);
/* out: (N, K) = share e(label) + (1 - share) e(partner's label). Labels are in 0 .. K - 1. */
void brn__mix_labels(const brn__mix *mix, const int64_t *labels, int64_t classes, float *out);

#endif
