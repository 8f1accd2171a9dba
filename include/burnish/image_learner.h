/* SPDX-License-Identifier: Apache-2.0
 *
 * Training of an image network step by step, by hand: what the image job (image.h) does in one call, for
 * programs and notebooks that look at what comes out before they go on.
 *
 *     brn_image_data_open("photos", &data_options, &data);
 *     brn_image_learner_options options = brn_image_learner_defaults();
 *     brn_image_learner_new(data, &options, &learner);            // body pretrained and frozen
 *     brn_image_fit fit = brn_image_fit_defaults(learner, 1e-2);
 *     fit.epochs = 3;
 *     brn_image_learner_fit(learner, &fit);                       // the head
 *     brn_image_learner_freeze_to(learner, 0);
 *     brn_rates_spread(1e-5, 1e-3, brn_image_learner_groups(learner), fit.rates);
 *     brn_image_learner_fit(learner, &fit);                       // all layers
 *     brn_image_learner_save(learner, "pets.safetensors");        // brn_image_model_open opens it
 *     brn_image_learner_free(learner);
 *
 * Nothing is written but what is asked for. A learner is used by one thread at a time.
 */
#ifndef BURNISH_IMAGE_LEARNER_H
#define BURNISH_IMAGE_LEARNER_H

#include "burnish/events.h"
#include "burnish/hand_fit.h"
#include "burnish/image_data.h"
#include "burnish/lr_finder.h"
#include "burnish/model_zoo.h"
#include "burnish/nn.h"
#include "burnish/parameters.h"
#include "burnish/precision.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_image_learner brn_image_learner;

/* A picture that a function of one's own may change: 8-bit RGB, upright, as it was decoded (a JPEG perhaps at a
 * fraction of its size, where that covers what the network sees). */
typedef struct brn_image_change {
    const char *path;
    bool training;     /* else it is shown plain */
    uint64_t seed;     /* of the random choices of this picture in this epoch; plain: 0 */
    int width, height;
    uint8_t *pixels;   /* (height, width, 3), to be changed in place */
    void *picture;     /* the library's */
} brn_image_change;
/* Called before all other changes, by several threads at once: a pure function of what it is given. A status of the
 * input's (BRN_ERROR_INPUT, _IO, _UNSUPPORTED) leaves the picture out; another one ends the call. */
typedef brn_status brn_image_changer(void *context, brn_image_change *change);
/* Puts other pixels, (height, width, 3), which are copied, in their place; once. */
BRN_API brn_status brn_image_change_replace(brn_image_change *change, int width, int height, const uint8_t *pixels);

typedef struct brn_image_learner_options {
    const char *architecture; /* model_zoo.h */
    const char *network;      /* a described network (network.h) in its place, all of which learns: the text, or the
                               * path of a file with it; `pretrained` is for `weights` then; NULL: none */
    bool pretrained;          /* the body starts from published weights, and frozen */
    const char *weights;      /* their file; NULL: the cache's, fetched if need be */
    int size;                 /* pixels a side of what the network sees, 32 to 2048; 0: the weights' own */
    int batch_size;           /* 2 .. 4096 */
    const char *augment;      /* how training changes pictures, in words (docs/augment.md) */
    brn_nn_head_options head; /* its `outputs` are the data's */
    bool train_bn;            /* batch norms of frozen groups go on learning, as fastai 2 has it; else their
                               * statistics, scale and shift stay, as fast.ai 0.7 has it */
    double label_smoothing;   /* 0 to below 1 */
    brn_image_changer *changer; /* NULL: none. It is no part of what is saved, and features are not cached with it */
    void *changer_context;
    uint64_t seed;
    int threads;              /* 0: all processors we may use */
    brn_precision precision;  /* of convolutions and large products; FP32 where there is no BF16 */
    bool activation_checkpointing; /* runner.h: less memory in training, to the same bits, for more time */
    int loaders;              /* threads that load pictures; -1: chosen */
    bool offline;             /* absent weights are not fetched, but an error */
    const char *mirror;       /* weights.h; NULL: the usual place */
    brn_event_handler *on_event; /* hears BATCH, EPOCH, WARNING, DOWNLOAD, NOTE; may be NULL */
    void *context;
} brn_image_learner_options;

/* efficientnet_lite0, pretrained, 64 a batch, "side-on", fast.ai's head, seed 42. */
BRN_API brn_image_learner_options brn_image_learner_defaults(void);

/* The data are borrowed and must outlive the learner, or be replaced by others. The caller frees.
 * BRN_ERROR_INPUT for fewer than two classes or training pictures, BRN_ERROR_USAGE names an option out of range. */
BRN_API brn_status brn_image_learner_new(brn_image_data *data, const brn_image_learner_options *options,
                                         brn_image_learner **out);
BRN_API void brn_image_learner_free(brn_image_learner *learner); /* NULL is fine */

/* The same classes (or tags, or numbers) from other pictures, at another size (0: as it is), or changed in
 * other ways (NULL: as they are): progressive resizing. BRN_ERROR_USAGE when the classes differ. */
BRN_API brn_status brn_image_learner_set_data(brn_image_learner *learner, brn_image_data *data, int size,
                                              const char *augment);

/* Body and head: 3 in all architectures of the list, those of the description in a network. */
BRN_API int brn_image_learner_groups(const brn_image_learner *learner);
/* Items of a split, outputs (K) and what they stand for, and of which kind they are. */
BRN_API int64_t brn_image_learner_count(const brn_image_learner *learner, brn_split split);
BRN_API int64_t brn_image_learner_outputs(const brn_image_learner *learner);
BRN_API const char *brn_image_learner_output_name(const brn_image_learner *learner, int64_t k); /* the learner's */
BRN_API brn_target_kind brn_image_learner_target(const brn_image_learner *learner);
/* The store, owned by the learner: names, shapes, groups and values of all parameters. */
BRN_API brn_parameters *brn_image_learner_parameters(brn_image_learner *learner);

/* Groups from `first` on learn, negative counts from the end: -1 the head alone (fast.ai's freeze), 0 all
 * (unfreeze). BRN_ERROR_USAGE beyond the groups. */
BRN_API brn_status brn_image_learner_freeze_to(brn_image_learner *learner, int first);
/* Is the group, from 0, one of those that learn? */
BRN_API bool brn_image_learner_learns(const brn_image_learner *learner, int group);
/* 0.7's bn_freeze: batch norms of learning groups keep their statistics; scale and shift learn. */
BRN_API void brn_image_learner_freeze_norms(brn_image_learner *learner, bool freeze);
/* While the body is frozen: train the head on features that the body gave once for each plain picture,
 * cached by their content. Augmentation has no effect then. */
BRN_API void brn_image_learner_precompute(brn_image_learner *learner, bool precompute);
/* Is the next fit one on cached features? */
BRN_API bool brn_image_learner_is_cached(const brn_image_learner *learner);

typedef brn_hand_fit brn_image_fit;

/* One epoch, constant: `rate` for every group; SGD with momentum .9, no decay: fast.ai 0.7's. */
BRN_API brn_image_fit brn_image_fit_defaults(const brn_image_learner *learner, double rate);

/* Trains. BRN_ERROR_INTERRUPTED when the listener stopped it: what was learned stays.
 * BRN_ERROR_DIVERGED at a loss that is no number. */
BRN_API brn_status brn_image_learner_fit(brn_image_learner *learner, const brn_image_fit *fit);

/* A mock training with the optimizer, the ratios of the rates and the decays of `fit`; all is as before
 * then. *out is the caller's: brn_lr_curve_free. */
BRN_API brn_status brn_image_learner_lr_find(brn_image_learner *learner, const brn_image_fit *fit,
                                             const brn_lr_finder_options *finder, brn_lr_curve *out);

typedef struct brn_image_pass {
    brn_split split;
    brn_answer_form form;
    bool augmented;  /* as training changes pictures; keyed by seed and number */
    uint32_t number; /* of the pass: another number, other changes */
} brn_image_pass;

/* One pass over a split: `answers` (count, K) of the caller's, in the order of its items, `seen` (count): could be read
 * (else its row is 0). */
BRN_API brn_status brn_image_learner_answer(brn_image_learner *learner, const brn_image_pass *pass,
                                            float *answers, bool *seen);

/* Values by their names from any file of weights (state_file.h), as brn_model_load has it: of the whole network, or of all
 * but its last layer group. BRN_ERROR_INPUT names what does not fit. */
BRN_API brn_status brn_image_learner_take_weights(brn_image_learner *learner, const char *path, brn_model_part part);
/* The network as it is, as a model file (image.h), whole or not at all. */
BRN_API brn_status brn_image_learner_save(brn_image_learner *learner, const char *path);
/* Of the same architecture, head and classes. BRN_ERROR_INPUT names what differs. */
BRN_API brn_status brn_image_learner_load(brn_image_learner *learner, const char *path);
/* The same, and where the learner that saved it stood: it goes on to the bits that the other one would have come
 * to. Both were made with the same options and data. */
BRN_API brn_status brn_image_learner_resume(brn_image_learner *learner, const char *path);

#ifdef __cplusplus
}
#endif
#endif
