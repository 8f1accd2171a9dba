/* SPDX-License-Identifier: Apache-2.0
 * What the files of the image job share. */
#ifndef BRN__JOBS_IMAGE_JOB_H
#define BRN__JOBS_IMAGE_JOB_H

#include "burnish/image.h"
#include "burnish/image_data.h"
#include "burnish/model_zoo.h"
#include "burnish/weights.h"
#include "data/image/dataset.h"
#include "io/model_file.h"
#include "models/network.h"
#include "train/callbacks.h"

enum { BRN__IMAGE_BATCH_MAX = 4096, BRN__IMAGE_FOLDS_MAX = 100, BRN__IMAGE_PATHS = 5, BRN__IMAGE_SIZES_MAX = 8 };

/* ------------------------------------------------------------------ image_options.c */

/* Options with every default filled in. */
typedef struct brn__image_plan {
    brn_image_options options; /* no NULL, 0 or -1 that means "choose" is left, but for `out` */
    const brn_model *model;
    brn_network *network; /* the plan's, until brn__image_plan_free; NULL: the model is one of the list */
    brn_weights_preprocessing preprocessing;
    char weights[4096]; /* path of the pretrained file; "" for none */
    char paths[BRN__IMAGE_PATHS][4096]; /* of options, once they are settled */
    double group_rates[BRN_GROUPS_MAX]; /* of the stage with all layers */
    double group_decays[BRN_GROUPS_MAX]; /* of the option of that name */
    double frozen_rate;                 /* of the head, while the body is frozen */
} brn__image_plan;

/* BRN_ERROR_USAGE with the option's name and what was expected. A plan made again of its own options is
 * the same. */
brn_status brn__image_plan_make(const brn_image_options *given, brn__image_plan *out);
/* Where the options given leave the epochs to the data: makes the plan again, settled, with those that the
 * number of training pictures asks for. */
brn_status brn__image_plan_for(const brn_image_options *given, const brn_image_data *data, brn__image_plan *plan);
void brn__image_plan_free(brn__image_plan *plan); /* also of one that failed; a zeroed one is fine */
/* Finds the pretrained file that the plan needs, and fetches it if need be. */
brn_status brn__image_plan_obtain(brn__image_plan *plan);
/* Threads for loading, from the option. */
int brn__image_loaders(int loaders);
brn_optimizer_options brn__image_optimizer(const brn__image_plan *plan);
/* Every option, resolved, and the classes, as JSON. */
brn_status brn__image_config_write(const char *path, const brn__image_plan *plan,
                                   const brn_image_data *data);
/* Reads it back. The options' texts, and `data_digest`, live in *owner until brn__image_config_free. */
typedef struct brn__image_config {
    brn_image_options options;
    const char *data_digest;
    void *owner;
} brn__image_config;
brn_status brn__image_config_read(const char *path, brn__image_config *out);
void brn__image_config_free(brn__image_config *config); /* a zeroed one is fine */
/* sha256 of all items' names below the folder, labels, splits and file sizes. */
brn_status brn__image_data_digest(const char *folder, const brn_image_data *data, char hex[65]);

/* How pictures of `size` (0: the weights' own) are prepared for an architecture. */
brn_weights_preprocessing brn__image_preprocessing(const brn_model *model, int size);
/* `augment`: words of data/image/augment_words.h, NULL: side-on. */
brn_status brn__image_transform_of(const brn_weights_preprocessing *preprocessing, const char *augment,
                                   brn__image_transform *out);

/* ------------------------------------------------------------------ image_groups.c */

/* Numbers of layer groups in words: "1e-5,1e-4,1e-3" (one for each), "1e-5:1e-3" (in geometric progression),
 * ":1e-3" (a tenth of it in all but the last: fastai's slice), "1e-3/2.6" (each so many times the one before
 * it: ULMFiT). `name` is the option's. BRN_ERROR_USAGE. */
brn_status brn__image_groups_parse(const char *name, const char *text, int groups, double *out);
/* The options on layer groups; fills group_decays. */
brn_status brn__image_groups_check(brn__image_plan *plan);

/* ------------------------------------------------------------------ image_paths.c */

/* Makes the paths among the options whole, so that a run is gone on with from any folder. The plan stays
 * where it is: its options then point into it. */
void brn__image_plan_settle(brn__image_plan *plan);
/* The folder that pictures' names begin at; brn__free. */
brn_status brn__image_root(const brn_image_options *options, char **out);
/* A picture's path below that folder, or all of it. */
const char *brn__image_name(const char *root, const char *path);

/* ------------------------------------------------------------------ image_weights.c */

/* How absent weights are fetched; on_event may be NULL. */
typedef struct brn__image_pull {
    bool offline;
    const char *mirror;
    brn_event_handler *on_event;
    void *context;
} brn__image_pull;

/* The path of an architecture's weights in the cache, into which they are fetched if need be. */
brn_status brn__image_weights_obtain(const char *architecture, const brn__image_pull *pull,
                                     char *out, size_t size);

/* ------------------------------------------------------------------ image_network.c */

/* The same network on pictures of another size. */
typedef struct brn__image_sized {
    int size; /* pixels a side */
    brn_graph *graph;
    brn_node *pooled;
    brn__network whole; /* input (N, 3, size, size) */
} brn__image_sized;

/* A body with a head, its parameters, and the runner that owns the plans. */
typedef struct brn__image_network {
    const brn_model *model;
    brn_target_kind kind;          /* what its outputs (K) are compared with */
    brn_graph *graph, *head_graph; /* head_graph: the head on pooled features */
    brn_node *pooled;              /* (N, 2C): concat-pooled features of the body */
    brn__network whole;            /* input (N, 3, S, S) */
    brn__network head;             /* input (N, 2C) */
    brn_parameters *parameters;
    brn__learner *learner;
    brn__image_sized sized[BRN__IMAGE_SIZES_MAX]; /* they stay as long as the learner, which has plans of them */
    int sized_count;
} brn__image_network;

typedef struct brn__image_network_options {
    const brn_model *model;
    brn_nn_head_options head;
    brn_target_kind kind; /* labels: cross-entropy; tags: binary, of sigmoids; numbers: squared error */
    bool own_classifier; /* the architecture's, instead of the head */
    int64_t batch_size;  /* nominal */
    int rank;            /* above 0: the network is a described one, on arrays (N, dims) in place of pictures */
    int64_t dims[3];
    int size, threads;
    brn_precision precision;
    bool activation_checkpointing;
    double label_smoothing;
    const float *class_weights; /* (outputs), of labels, in the loss alone; NULL: all the same. Borrowed for as
                                   long as networks are made of the options */
    bool mixes; /* pictures have soft targets in training: MixUp, CutMix */
    uint64_t seed;
} brn__image_network_options;

brn_status brn__image_network_new(const brn__image_network_options *options,
                                  brn__image_network *out);
void brn__image_network_free(brn__image_network *network); /* a zeroed one is fine */
/* *out is the network, of the same store and learner, on pictures of `size`; `options` are those that it
 * was made of. Nothing to free. */
brn_status brn__image_network_at(brn__image_network *network, const brn__image_network_options *options,
                                 int size, brn__image_network *out);
/* From a file of pretrained weights; BRN_MODEL_BODY leaves its classifier aside. */
brn_status brn__image_network_load(brn__image_network *network, const char *path,
                                   brn_model_part part);

/* ------------------------------------------------------------------ image_ground.c */

/* Opens the data of the options, amended as exclude and relabel say, and checks them. *changed, which may be
 * NULL: pictures that were left out or got another label. */
brn_status brn__image_data_of(const brn_image_options *options, brn_image_data **out, int64_t *changed);
/* The weights of classes (K) that the options ask for; brn__free. NULL when they ask for none. */
brn_status brn__image_class_weights(const brn_image_options *options, const brn_image_data *data, float **out);
/* The network that a plan trains on these data; pictures are not mixed, classes weigh the same. */
brn__image_network_options brn__image_network_options_of(const brn__image_plan *plan,
                                                         const brn_image_data *data);
/* A loader over one split of the data, whose items `dataset` has; NULL when the split is empty. */
brn_status brn__image_loader_new(const brn_image_options *options, const brn_image_data *data,
                                 const brn__dataset *dataset, brn_split split, brn__loader **out);

/* ------------------------------------------------------------------ image_features.c */

/* The body's pooled features (2C) of the plain view of every picture, in a mapped file of the cache
 * folder that is named by the sha256 of all they depend on: the body's values, the transform, the
 * pictures' bytes. So a file is valid for ever or never looked at again. */
typedef struct brn__image_features brn__image_features;
brn_status brn__image_features_make(brn__image_network *network, const brn_image_data *data,
                                    const brn__image_transform *transform, int64_t batch_size,
                                    int loaders, brn__progress *progress,
                                    brn__image_features **out);
void brn__image_features_free(brn__image_features *features); /* NULL is fine */
/* Input float32 (2C), target as of pictures; item numbers are those of the data. Owned by the features. */
const brn__dataset *brn__image_features_dataset(const brn__image_features *features);
bool brn__image_features_were_cached(const brn__image_features *features);
const char *brn__image_features_path(const brn__image_features *features);

/* ------------------------------------------------------------------ image_answers.c */

/* Answers about pictures, plain or averaged over augmented views: probabilities of classes (softmax) or of
 * tags (sigmoids), or numbers, which are called probabilities here too.
 *
 * Test-time augmentation combines `tta` passes with the training transforms and the plain one, as fast.ai
 * 0.7 or fastai 2 does (train/tta.h): probabilities, not logits. */
typedef struct brn__image_answers {
    int64_t count, classes; /* of items asked for */
    float *probabilities;   /* (count, K): averaged */
    float *plain;           /* (count, K): of the plain pass alone */
    float *logits;          /* (count, K): of the plain pass */
    bool *seen;             /* (count): could be read */
    int64_t bad_count;
} brn__image_answers;

typedef struct brn__image_ask {
    const brn__dataset *dataset;
    const int64_t *items;
    int64_t count, batch_size;
    int loaders, tta;
    double tta_beta; /* fastai 2's weight of the plain pass; 0: 0.7's average */
    uint64_t seed;
    brn__progress *progress; /* may be NULL */
} brn__image_ask;

brn_status brn__image_answers_make(brn__image_network *network, const brn__image_ask *ask,
                                   brn__image_answers *out);
void brn__image_answers_free(brn__image_answers *answers); /* a zeroed one is fine */

/* Accuracy, error rate, top-5 and mean -log p of the seen items under `labels` (count). */
typedef struct brn__image_score {
    double accuracy, error_rate, top5, loss;
    int64_t count;
} brn__image_score;
brn__image_score brn__image_score_of(const float *probabilities, const bool *seen,
                                     const int64_t *labels, int64_t count, int64_t classes);

/* Numbers `first` .. `first + count - 1`; brn__free. NULL when there is no memory. */
int64_t *brn__image_item_numbers(int64_t first, int64_t count);

/* ------------------------------------------------------------------ image_predict.c */

struct brn_image_model {
    brn__image_network network;
    brn_network *description; /* of a described network, which it lives on; NULL: one of the list */
    brn__image_transform transform;
    char *architecture;
    char **classes; /* (class_count) */
    int64_t class_count;
    uint64_t seed;      /* of the training; keys test-time augmentation and the split */
    double valid_share; /* of the training's split */
    double threshold;   /* of tags; else NaN */
    float *input;       /* (3, S, S) */
    float *logits, *probabilities; /* (K) */
    int64_t *confusion; /* (K, K); made by the first evaluation */
    brn_image_model **members;      /* (member_count): the models of the other folds; each has its own network */
    int member_count;
    brn_image_model *origin;        /* whose network and names it uses; NULL: its own (image_share.c) */
    _Atomic int others;             /* handles open on these, beside this one */
};

/* The buffers of one handle. */
brn_status brn__image_model_buffers(brn_image_model *model);
void brn__image_model_free_buffers(brn_image_model *model);

/* ------------------------------------------------------------------ image_members.c */

/* brn__image_answers_make, or the mean of all members' answers. */
brn_status brn__image_model_ask(brn_image_model *model, const brn__image_ask *ask, brn__image_answers *out);
/* Takes the answers (count) of model `number`, from 0, into the mean of those before it. */
void brn__image_mean_add(int number, int64_t count, const float *answers, float *mean);
/* Outputs (count) that would give these answers. */
void brn__image_logits_of(brn_target_kind kind, int64_t count, const float *answers, float *logits);
/* The finished models of the folds of a run but the first, which `model` is. */
brn_status brn__image_members_open(brn_image_model *model, const char *run, int folds, int threads);
brn_status brn__image_members_share(const brn_image_model *from, int threads, brn_image_model *to);
void brn__image_members_close(brn_image_model *model);

/* p = softmax(logits), in double. */
void brn__softmax(const float *logits, int64_t count, float *p);
/* What `count` outputs of a network say: softmax for labels, sigmoids for tags, numbers as they are. */
void brn__image_answer_of(brn_target_kind kind, const float *logits, int64_t count, float *answer);

#endif
