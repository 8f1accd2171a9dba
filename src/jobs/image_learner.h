/* SPDX-License-Identifier: Apache-2.0
 * The image learner from inside. */
#ifndef BRN__JOBS_IMAGE_LEARNER_H
#define BRN__JOBS_IMAGE_LEARNER_H

#include "burnish/image_learner.h"
#include "jobs/image_job.h"

struct brn_image_learner {
    brn_image_learner_options options; /* its texts are the learner's, or NULL */
    const brn_model *model;
    brn_network *description; /* the learner's; NULL: the model is one of the list */
    brn_weights_preprocessing preprocessing;
    brn__image_transform transform;
    brn_image_data *data; /* borrowed; NULL: arrays (array_learner.c) */
    brn__dataset *pictures;
    int64_t starts[BRN_SPLIT_COUNT], counts[BRN_SPLIT_COUNT]; /* items of the dataset, by split */
    int64_t outputs;                                          /* K */
    int rank;        /* of arrays: 1 to 3, and an item's shape; else 0 */
    int64_t dims[3];
    char **names;    /* (outputs) of arrays */
    brn__image_network network;
    brn__progress progress;
    brn__image_features *features; /* of the body as it is; NULL: not computed yet */
    bool *warned;                  /* by item: told as bad already */
    uint64_t learning;             /* bit g: group g learns */
    bool norms_frozen, precompute;
    char *architecture, *augment;
};

/* The options that both kinds have. */
brn_status brn__image_learner_check(const brn_image_learner_options *options);

/* What a fit or a pass stands on: cached features and the head, or pictures and the whole network. */
typedef struct brn__image_footing {
    const brn__network *network;
    const brn__dataset *dataset;
} brn__image_footing;
brn_status brn__image_learner_stand(brn_image_learner *learner, brn__image_footing *out);
typedef enum brn__image_view {
    BRN__IMAGE_PLAIN,     /* pictures as they are, in order */
    BRN__IMAGE_AUGMENTED, /* changed as in training, in order */
    BRN__IMAGE_TO_LEARN,  /* changed, shuffled */
} brn__image_view;

/* A loader over a split of it; *out NULL when the split is empty. */
brn_status brn__image_learner_loader(const brn_image_learner *learner, const brn__image_footing *footing,
                                     brn_split split, brn__image_view view, brn__loader **out);
/* One pass of a loader, started here: item `first` and on of its dataset into `answers` and `seen` (NULL: nobody
 * asks). */
brn_status brn__image_learner_pass(brn_image_learner *learner, const brn__network *network, brn__loader *loader,
                                   int64_t first, brn_answer_form form, float *answers, bool *seen);
/* Tells of pictures that could not be read, each once. */
brn_status brn__image_learner_warn(brn_image_learner *learner, const brn__loader *loader);
/* The body has changed, or the pictures have. */
void brn__image_learner_forget_features(brn_image_learner *learner);

#endif
