/* SPDX-License-Identifier: Apache-2.0
 *
 * A described network (network.h) that learns from arrays in memory: classes, tags or numbers of items of any
 * shape. It is a learner as that of pictures: all functions of image_learner.h take it but brn_image_learner_set_data
 * (and features are never cached).
 *
 *     brn_array_data data = {.rank = 1, .dims = {20}, .target = BRN_TARGET_LABEL, .outputs = 3};
 *     data.parts[BRN_SPLIT_TRAIN] = (brn_array_part){.count = 1000, .inputs = x, .labels = y};     // x (1000, 20)
 *     data.parts[BRN_SPLIT_VALID] = (brn_array_part){.count = 200, .inputs = vx, .labels = vy};
 *     brn_image_learner_options options = brn_image_learner_defaults();
 *     options.network = "{\"format\": 1, \"layers\": [{\"layer\": \"linear\", \"outputs\": 64}, {\"layer\": \"relu\"}, "
 *                       "{\"layer\": \"linear\", \"outputs\": \"classes\"}]}";
 *     brn_array_learner_new(&data, &options, &learner);
 *     brn_image_fit fit = brn_image_fit_defaults(learner, 1e-2);
 *     brn_image_learner_fit(learner, &fit);
 *     brn_array_learner_answer(learner, z, 50, BRN_ANSWER_PROBABILITIES, answers);                  // (50, 3)
 *     brn_image_learner_save(learner, "three.safetensors");   // brn_array_learner_open: to answer with
 *     brn_image_learner_free(learner);
 */
#ifndef BURNISH_ARRAY_LEARNER_H
#define BURNISH_ARRAY_LEARNER_H

#include "burnish/image_learner.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Row-major, borrowed by the learner as long as it lives. */
typedef struct brn_array_part {
    int64_t count;        /* items; 0: there are none */
    const float *inputs;  /* (count, dims) */
    const int64_t *labels; /* (count), 0 .. outputs - 1, where the target is a label */
    const float *targets; /* (count, outputs): tags 0 or 1, or numbers */
} brn_array_part;

typedef struct brn_array_data {
    int rank;                 /* 1 to 3 */
    int64_t dims[3];          /* of one item */
    brn_target_kind target;   /* labels: cross-entropy; tags: binary, of sigmoids; numbers: squared error */
    int64_t outputs;          /* 2 or more labels; 1 or more tags or numbers */
    const char *const *names; /* (outputs), copied; NULL: "0", "1" ... */
    brn_array_part parts[BRN_SPLIT_COUNT];
} brn_array_data;

/* Of the options network, batch_size, weights, train_bn, label_smoothing, seed, threads, precision, activation_checkpointing
 * and on_event count. The caller frees by brn_image_learner_free. BRN_ERROR_INPUT: fewer than two items to train on, a label that is none, or a
 * network that does not fit, with layer and shapes; BRN_ERROR_USAGE: an option out of range. */
BRN_API brn_status brn_array_learner_new(const brn_array_data *data, const brn_image_learner_options *options,
                                         brn_image_learner **out);
/* A saved one, without data: it answers, and learns nothing. `threads` 0: all. */
BRN_API brn_status brn_array_learner_open(const char *path, int threads, brn_image_learner **out);

/* What the network says of `count` items: `answers` (count, outputs) of the caller's. */
BRN_API brn_status brn_array_learner_answer(brn_image_learner *learner, const float *inputs, int64_t count,
                                            brn_answer_form form, float *answers);
/* Rank and shape of an item; 0 for a learner of pictures. */
BRN_API int brn_array_learner_shape(const brn_image_learner *learner, int64_t dims[3]);

#ifdef __cplusplus
}
#endif
#endif
