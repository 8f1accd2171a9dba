/* SPDX-License-Identifier: Apache-2.0
 *
 * The image job: from a folder of photos to a classifier, and from a classifier to answers.
 *
 *     brn_image_options options = brn_image_defaults();
 *     options.data = "photos";
 *     brn_image_result result;
 *     if (brn_image_train(&options, &result) != BRN_OK) puts(brn_error_message());
 *
 *     brn_image_model *model;
 *     brn_image_model_open("runs/image-1", 0, &model);
 *     const float *p;                                        // (K) probabilities
 *     brn_image_predict_file(model, "photo.jpg", &p);
 *     puts(brn_image_model_class(model, brn_image_best(p, brn_image_model_classes(model))));
 *     brn_image_model_close(model);
 */
#ifndef BURNISH_IMAGE_H
#define BURNISH_IMAGE_H

#include "burnish/events.h"
#include "burnish/image_data.h"
#include "burnish/options.h"
#include "burnish/status.h"
#include "burnish/precision.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_image_recipe {
    BRN_RECIPE_FINE_TUNE, /* head alone, then all layers with a rate per group; one-cycle each */
    BRN_RECIPE_SCRATCH,   /* random weights, all layers, one-cycle; the architecture's own classifier, no head */
    BRN_RECIPE_COURSE2017, /* the seven steps of fast.ai's course of 2017: find a rate; 3 epochs of the
                              head on cached features; 3 with augmentation; 3 of all layers at lr/9, lr/3,
                              lr; find a rate; restarts of 1 + 2 + 4 epochs at one rate; tta. Epochs,
                              schedule, precompute and freezing are the recipe's */
} brn_image_recipe;

enum { BRN_IMAGE_EPOCHS_BY_DATA = -1 };

typedef struct brn_image_options {
    const char *data;         /* folder: train/ and valid/ of class folders, or class folders; or a list
                                 of pictures with labels, tags or numbers (image_data.h) */
    const char *architecture; /* model_zoo.h */
    const char *network;      /* a described network (network.h) in its place, from random weights: the text, or
                                 the path of a file with it; the model file has it whole; NULL: none */
    const char *out;          /* run folder to make; NULL: runs/image-N. Never overwritten */
    brn_image_recipe recipe;
    bool pretrained;          /* start from the weights in the cache; absent ones are fetched */
    int freeze_epochs;        /* epochs with the body frozen */
    int epochs;               /* epochs with all layers learning (0 with freeze: the head alone), or
                                 BRN_IMAGE_EPOCHS_BY_DATA: 10, but 20 where the recipe fine-tunes all layers on
                                 500 to 5,000 pictures */
    bool freeze;              /* never unfreeze the body: all epochs train the head */
    bool train_bn;            /* frozen groups' batch norms keep learning (fastai 2) */
    bool precompute;          /* frozen epochs on cached features: no augmentation there */
    int batch_size, size;     /* items, 0 = the recipe's default; pixels a side, 0 = the weights' own */
    const char *sizes;        /* progressive resizing: "128,160,224", ever larger, the last one is `size`: the
                                 epochs with all layers are dealt out to them, a stage each; NULL: one size */
    double learning_rate;     /* of the head; 0 = the recipe's default */
    double rate_spread;       /* by how much the first layers' rate is below the head's, when all learn; 1: one
                                 rate for all; 0 = the recipe's default. Not read in course2017 */
    double weight_decay;      /* < 0 = the recipe's default */
    const char *group_rates;  /* of the layer groups, first to last (the head), where all learn: "1e-5,1e-4,1e-3",
                                 "1e-5:1e-3" (geometric), ":1e-3" (a tenth of it before the head), "1e-3/2.6"
                                 (each so many times the one before); NULL: the recipe's */
    const char *group_decays; /* their weight decays, in the same words; NULL: weight_decay for all */
    int freeze_to;            /* layer groups before it never learn; below 0 counts from the last */
    bool gradual_unfreezing;  /* after the head, one layer group more in each stage of freeze_epochs (ULMFiT) */
    bool bn_freeze;           /* where all layers learn, the body's batch norms keep their statistics (0.7) */
    const char *optimizer;    /* brn_optimizer_named; NULL = the recipe's default */
    int lookahead;            /* of any optimizer: every so many steps, .5 of the way; 0: the optimizer's own */
    bool decoupled_decay;     /* of optimizers whose weight decay is coupled (L2) */
    const char *momentum;     /* "0.9": all the time; "0.95,0.85": against the rate in one-cycle, triangle, clr
                                 and clr-beta; NULL: the optimizer's and the curve's */
    double clip;              /* most that the norm of all gradients of a step is; 0: anything */
    int accumulate;           /* batches whose gradients make one step; 0 = 1 */
    const char *schedule;     /* a name, or with numbers NAME:NUMBER,NUMBER. one-cycle:PCT_START,DIV,DIV_FINAL;
                                 cosine; constant; flat-cosine:PCT_START,DIV_FINAL; linear; exponential:SHARE;
                                 polynomial:POWER; step:EPOCHS,FACTOR; triangle:CYCLES,DIV; restarts; and 0.7's
                                 clr:DIV,CUT and clr-beta:DIV,PERCENT; NULL = the recipe's default */
    double warm_up;           /* share of a stage in which rates rise, before its schedule; not with cycles */
    int swa;                  /* stochastic weight averaging: the model is the mean of the weights at the ends
                                 of epoch `swa` (of all, from 1) and those after it; 0: the last */
    double ema;               /* it is their exponential moving average of this decay, over all steps; 0: off */
    int cycle_length;         /* restarts, clr: epochs of the first cycle; 0 = 1 */
    int cycle_multiplier;     /* and how many times longer each one after it is; 0 = 2 */
    const char *augment;      /* how training changes pictures, in words (docs/augment.md); NULL = the
                                 recipe's default */
    double label_smoothing;
    double mixup, cutmix;     /* alpha of Beta(alpha, alpha), usually .4 and 1; 0 = off; one of them */
    bool snapshots;           /* restarts: keep snapshot_N.safetensors of each cycle's end, and measure the
                                 mean of their predictions */
    double valid;             /* share that validates when there is no valid/ folder */
    int tta;                  /* augmented passes at the end (0: none) averaged with the plain one */
    const char *monitor;      /* what the next three watch: valid_loss, train_loss, accuracy, error_rate ... */
    int early_stopping;       /* a stage ends after so many epochs without improvement; 0: never */
    int reduce_on_plateau;    /* rates times .1 after so many epochs without improvement; 0: never */
    bool save_best;           /* the model is that of the best epoch; best.safetensors has it on the way */
    double tta_beta;          /* weight of the plain pass, as fastai 2 has it (.25); 0: fast.ai 0.7's
                                 average, where ceil(tta / 4) plain passes count */
    uint64_t seed;
    int threads;              /* compute; 0 = all processors we may use */
    brn_precision precision;  /* of convolutions and large products; FP32 with a warning where there is no BF16 */
    bool activation_checkpointing; /* runner.h: less memory in training, to the same bits, for more time */
    int loaders;              /* loading threads; -1 = choose */
    double checkpoint_seconds; /* from one saved state to the next: 0 = after every batch; < 0: choose */
    bool offline;             /* absent weights are never fetched, but an error */
    const char *mirror;       /* weights.h: where they are fetched from; NULL: the usual place */
    const char *images;       /* of a list, as in image_data.h: the folder of its pictures; NULL: beside it */
    const char *targets;      /* its columns of targets, commas between; NULL: all that are left */
    const char *target_type;  /* "label", "tags", "numbers"; NULL or "auto": by what is in them */
    const char *tag_separator; /* one character; NULL: a blank */
    const char *phases;       /* JSON: a list of training phases in place of the recipe's stages, each with its own
                                 length, optimizer, rates, momentum, decay and size (docs/image.md); NULL: none */
    const char *class_weights; /* of labels, in the loss of training: "balanced" (rare classes weigh more, 1 in the
                                 mean over pictures), or NAME=WEIGHT,... with 1 for the others; NULL: 1 for all */
    const char *test;         /* pictures without labels, as in image_data.h: their answers, over tta views, go
                                 into test.csv of the run folder, as predictions.h writes them; NULL: none */
    const char *exclude;      /* a table whose column "file" names pictures to leave out, as interpretation writes
                                 the likely mislabelled; NULL: none */
    const char *relabel;      /* a table whose column "suggested" is the label of the pictures that "file" names */
    int folds;                /* K of 2 or more: K models, each validated on another part of the pictures; 0: one */
    int fold;                 /* of these, train this one alone, from 1; 0: all */
    bool describe_plans;      /* send BRN_EVENT_PLAN */
    brn_event_handler *on_event; /* may be NULL */
    void *context;
} brn_image_options;

/* fine-tune, efficientnet_lite0, pretrained, 1 epoch and BRN_IMAGE_EPOCHS_BY_DATA, 32 a batch, seed 42, valid .2, tta 4;
 * monitor valid_loss, whose three watchers are off. */
BRN_API brn_image_options brn_image_defaults(void);
/* The members by name, but for recipe, offline, mirror, describe_plans, on_event and context. */
BRN_API const brn_option *brn_image_option_list(int *count);

enum { BRN_IMAGE_METRICS = 4 };

typedef struct brn_image_result {
    double accuracy, valid_loss; /* of the last epoch; with tta > 0, of the averaged predictions */
    double plain_accuracy;       /* without test-time augmentation */
    double ensemble_accuracy;    /* of the mean of the snapshots' plain predictions; NaN without them */
    int snapshot_count;
    int64_t train_count, valid_count, bad_count;
    double seconds;
    char run[4096];              /* the run folder */
    char report[4160];           /* report.html; "" when there is none */
    brn_target_kind target;      /* accuracy and plain_accuracy are NaN for tags and numbers */
    /* Labels: accuracy, error_rate, valid_loss, plain_accuracy; tags: f2, map, valid_loss, plain_f2; numbers:
     * rmse, mae, valid_loss, plain_rmse. The last one only with tta > 0; none without validation. */
    brn_metric metrics[BRN_IMAGE_METRICS];
    int metric_count;
    double threshold;            /* tags: the probability above which f2 was best (.17 .. .23); else NaN */
    /* With folds: how many, and the metrics' standard deviations over them (by n - 1); the metrics are means,
     * train_count and valid_count are sums. */
    int fold_count;
    double deviations[BRN_IMAGE_METRICS];
} brn_image_result;

/* With swa, batch norms' statistics are estimated anew over the training pictures; swa and ema exclude each
 * other and save_best.
 *
 * Trains, and leaves in the run folder: config.json (every option, resolved), history.csv,
 * model.safetensors (weights and all that prediction needs), state.safetensors (to resume: see
 * brn_image_resume), report.html. `result` may be NULL.
 *
 * With folds the run folder holds fold-1 .. fold-K, a run each, oof.csv (each picture's answers by the model
 * that did not train on it: file, label, fold, p_CLASS ...; averaged views with tta) and metrics.json (means
 * and deviations). Opened as a model it answers with the mean of the K. */
BRN_API brn_status brn_image_train(const brn_image_options *options, brn_image_result *result);

/* Goes on with a run that was interrupted, killed or met a full disk, to the same bits as if it had not
 * been: the parameters' sha256 is that of the uninterrupted run. All options are those of its
 * config.json. A run that had saved no state yet starts again; one that is finished is evaluated again.
 * BRN_ERROR_INPUT when the folder holds no run, its state is damaged, or its pictures have changed;
 * BRN_ERROR_USAGE while another process is at it. */
BRN_API brn_status brn_image_resume(const char *run, brn_event_handler *on_event, void *context,
                                    brn_image_result *result);

/* A trained classifier, or an architecture with its pretrained weights and the classes that they know.
 * A handle is used by one thread at a time; brn_image_model_share makes one for each thread. */
typedef struct brn_image_model brn_image_model;

/* All zero is right. */
typedef struct brn_image_open_options {
    int threads;                 /* 0 = all processors we may use */
    brn_precision precision;     /* of its answers; FP32 where the processor has no BF16 */
    bool offline;                /* an architecture's absent weights are not fetched, but an error */
    const char *mirror;          /* as in brn_image_options */
    brn_event_handler *on_event; /* may be NULL; told of a download */
    void *context;
} brn_image_open_options;

/* `what`: a run folder (with folds: the mean of their models), a model.safetensors file, or an architecture's name, whose weights are
 * fetched into the cache if they are not there. `options` may be NULL. */
BRN_API brn_status brn_image_model_open_with(const char *what, const brn_image_open_options *options,
                                             brn_image_model **out);
/* The same without other options. threads 0 = all. */
BRN_API brn_status brn_image_model_open(const char *what, int threads, brn_image_model **out);
/* Another handle on the same model, for another thread: parameters and class names are the same memory,
 * only read; activations, packed weights and answers are its own. Handles are closed in any order, by any
 * thread, and what they share goes with the last of them. May be called while other handles are in use,
 * `model` itself excepted. threads: that compute for this handle; 0 = all. */
BRN_API brn_status brn_image_model_share(brn_image_model *model, int threads, brn_image_model **out);
BRN_API void brn_image_model_close(brn_image_model *model); /* NULL is fine */
BRN_API int64_t brn_image_model_classes(const brn_image_model *model);
BRN_API const char *brn_image_model_class(const brn_image_model *model, int64_t index);
BRN_API const char *brn_image_model_architecture(const brn_image_model *model);
BRN_API int brn_image_model_size(const brn_image_model *model); /* pixels a side */

/* What the K answers are: probabilities of classes that sum to 1; of tags, each for itself; numbers. The
 * classes' names are those of tags, or of numbers, then. */
BRN_API brn_target_kind brn_image_model_target(const brn_image_model *model);
/* Of tags: a picture has those whose probability is above it. NaN for other targets. */
BRN_API double brn_image_model_threshold(const brn_image_model *model);

/* Answers (K) about one picture: probabilities, or numbers; owned by the model, valid until its next call. */
BRN_API brn_status brn_image_predict_file(brn_image_model *model, const char *path, const float **out);
/* The same of RGB pixels (H, W, 3) in memory. */
BRN_API brn_status brn_image_predict_pixels(brn_image_model *model, const uint8_t *pixels, int width,
                                            int height, const float **out);
/* Logits (K) of the picture last predicted. */
BRN_API const float *brn_image_logits(const brn_image_model *model);
/* Many files in batches: `probabilities` (count, K), given by the caller; ok[i] false where file i is bad
 * (its row is zero). BRN_ERROR_INPUT when none could be read. */
BRN_API brn_status brn_image_predict_files(brn_image_model *model, const char *const *paths,
                                           int64_t count, int batch_size, float *probabilities, bool *ok);

/* Index of the largest of `count` values. */
BRN_API int64_t brn_image_best(const float *values, int64_t count);

typedef struct brn_image_evaluation {
    double accuracy, error_rate, top5, valid_loss; /* NaN for tags and numbers, valid_loss excepted */
    int64_t count, bad_count;
    int64_t *confusion; /* (K, K): row = truth, column = answer; owned by the model; NULL: no labels */
    /* Labels: accuracy, error_rate, top5, valid_loss; tags: f2, map, valid_loss; numbers: rmse, mae,
     * valid_loss. f2 is at the best threshold of these pictures, .17 .. .23. */
    brn_metric metrics[BRN_IMAGE_METRICS];
    int metric_count;
    double threshold; /* tags: that of f2; else NaN */
} brn_image_evaluation;

/* Zeroed members mean their default; a batch is 32 pictures. */
typedef struct brn_image_evaluate_options {
    int batch_size, tta;
    double tta_beta;
    bool whole;
    const char *images, *targets, *tag_separator; /* of a list, as in brn_image_options */
    brn_event_handler *on_event;
    void *context;
} brn_image_evaluate_options;

/* On the validation pictures of a folder or a list, whose targets are read as the model's kind; all as in
 * brn_image_evaluate. BRN_ERROR_INPUT for a class, tag or number that only one of both has. */
BRN_API brn_status brn_image_evaluate_with(brn_image_model *model, const char *data,
                                           const brn_image_evaluate_options *options,
                                           brn_image_evaluation *out);

/* On the validation pictures of a folder (all of it when it has no valid/ and `whole`). tta and tta_beta
 * as in training. Class folders must be among the model's classes. */
BRN_API brn_status brn_image_evaluate(brn_image_model *model, const char *data, int batch_size, int tta,
                                      double tta_beta, bool whole, brn_event_handler *on_event, void *context,
                                      brn_image_evaluation *out);

typedef struct brn_image_bench_options {
    const char *architecture;      /* of the models list */
    bool training;                 /* the whole step: forward, backward, SGD with momentum; else the answers alone */
    int batch_size;                /* 2 (training), 1 (else) or more */
    int size;                      /* of the pictures, 32 to 2048 pixels a side; 0: the architecture's */
    int threads;                   /* 0 = all processors we may use */
    int rounds;                    /* timed steps, after two that are not counted */
    brn_precision precision;       /* FP32 where the processor has no BF16 */
    bool activation_checkpointing; /* runner.h, of training */
} brn_image_bench_options;
/* Training of 16 pictures, in five rounds; the caller sets the architecture. */
BRN_API brn_image_bench_options brn_image_bench_defaults(void);
/* How long one architecture takes with random weights and pictures. seconds[rounds] gets the time of one step of each
 * round. *plan_text, unless NULL, is the plan (brn_plan_describe), which the caller frees with brn_text_free.
 * BRN_ERROR_USAGE for an unknown architecture and sizes that make no sense. */
BRN_API brn_status brn_image_bench(const brn_image_bench_options *options, double *seconds, char **plan_text);
/* What one loading thread does: the training pictures of a folder or a list (image_data.h), from file to network's input of
 * `size` x `size`, 16 to 2048, changed as `augment` says (NULL: as training does, docs/augment.md). seconds[rounds] gets the
 * time of all of them, *count how many they are. BRN_ERROR_INPUT where there are none, or one can't be read. */
BRN_API brn_status brn_image_bench_reading(const char *pictures, const char *augment, int size, int rounds, double *seconds,
                                           int64_t *count);

#ifdef __cplusplus
}
#endif
#endif
