/* SPDX-License-Identifier: Apache-2.0
 *
 * Training as an ordered list of events. The loop itself knows how to load a batch, run a plan and make
 * an optimizer step; all else (schedules, metrics, history, progress ...) is a callback that answers to
 * some of the events (callbacks.h).
 *
 *     for each epoch                       BEFORE_EPOCH
 *         for each training batch          BEFORE_BATCH
 *             forward, backward            AFTER_LOSS
 *                                          BEFORE_STEP
 *             optimizer step               AFTER_STEP
 *                                          AFTER_BATCH
 *                                          AFTER_TRAIN
 *         for each validation batch        BEFORE_VALIDATE
 *             forward                      AFTER_VALID_BATCH
 *                                          AFTER_VALIDATE
 *                                          AFTER_EPOCH
 *
 * with BEFORE_FIT ahead of it all and AFTER_FIT at the end, however the fit ended. */
#ifndef BRN__TRAIN_LEARNER_H
#define BRN__TRAIN_LEARNER_H

#include "burnish/events.h"
#include "burnish/optimizer.h"
#include "burnish/runner.h"
#include "data/loader.h"

#define BRN__EVENT_LIST(X)                                                                         \
    X(BEFORE_FIT)                                                                                  \
    X(BEFORE_EPOCH)                                                                                \
    X(BEFORE_BATCH)                                                                                \
    X(AFTER_LOSS)                                                                                  \
    X(BEFORE_STEP)                                                                                 \
    X(AFTER_STEP)                                                                                  \
    X(AFTER_BATCH)                                                                                 \
    X(AFTER_TRAIN)                                                                                 \
    X(BEFORE_VALIDATE)                                                                             \
    X(AFTER_VALID_BATCH)                                                                           \
    X(AFTER_VALIDATE)                                                                              \
    X(AFTER_EPOCH)                                                                                 \
    X(AFTER_FIT)

typedef enum brn__event_id {
#define X(name) BRN__##name,
    BRN__EVENT_LIST(X)
#undef X
        BRN__EVENT_COUNT
} brn__event_id;

const char *brn__event_name(brn__event_id event);

/* What a callback answers. Every callback hears every event; the strongest answer counts. */
typedef enum brn__action {
    BRN__GO_ON,
    BRN__SKIP_BATCH, /* no step with this batch: on to AFTER_BATCH */
    BRN__END_EPOCH,  /* no more batches in this training or validation pass */
    BRN__STOP_FIT,   /* on to AFTER_FIT */
} brn__action;

typedef struct brn__fit brn__fit;

typedef struct brn__callback {
    const char *name;
    int order; /* lower hears first; equal: as they were given */
    brn__action (*on[BRN__EVENT_COUNT])(void *state, brn__fit *fit);
    void *state; /* borrowed */
    double *memory; /* (memory_count): what a resumed fit must find again; borrowed, NULL for nothing */
    int memory_count;
} brn__callback;

/* What a batch is run with. */
typedef struct brn__batch_pass {
    brn_runner *runner;
    const struct brn__fit_options *options; /* NULL: inference */
    brn_run counters;
} brn__batch_pass;

/* A network that takes several plans a batch, in place of the loop's own one. */
typedef struct brn__passes {
    /* Training: leaves the gradients of the groups that learn in the store. */
    brn_status (*learn)(void *state, const brn__batch_pass *pass, const brn__batch *batch, double *loss);
    /* Inference: the output (N, K), valid until the runner's next run; and, unless NULL, the measure. */
    brn_status (*answer)(void *state, const brn__batch_pass *pass, const brn__batch *batch, const void **output,
                         double *measure);
    void *state;
} brn__passes;

/* The ends of a graph that can be trained. */
typedef struct brn__network {
    brn_node *input;   /* (N, ...) float32, or int64 (N, T), T as in the batch's length */
    brn_node *target;  /* (N, ...); int64 (N, T): one for each time step */
    brn_node *output;  /* (N, K): what metrics see */
    brn_node *loss;    /* scalar: what is trained */
    brn_node *measure; /* scalar: what validation shows (the loss without label smoothing) */
    brn_node *shown;   /* scalar: what training tells (the loss without penalties); NULL: the loss */
    brn_node *valid_target; /* (N, ...): what `measure` compares with; NULL: target */
    const brn__passes *passes; /* borrowed; NULL: one plan a batch, of the nodes above */
} brn__network;

enum { BRN__METRICS_MAX = 16, BRN__CALLBACKS_MAX = 32 };

/* Memory that decides how a fit goes on, by name: what a file keeps, and fills again. */
typedef struct brn__memory_item {
    const char *name;
    brn_dtype dtype;
    brn_shape shape;
    void *data; /* row-major */
} brn__memory_item;

/* Reads or writes all of the items. */
typedef brn_status brn__memory_visit(void *context, const brn__memory_item *items, int count);

typedef struct brn__fit_options {
    brn__network network;
    brn__loader *train, *valid; /* borrowed; valid may be NULL */
    int epochs;
    uint64_t learning_groups;                /* bit g: layer group g learns */
    unsigned char norm_form[BRN_GROUPS_MAX]; /* brn_norm_form per group */
    brn_optimizer_options optimizer;         /* a new optimizer for each fit */
    double learning_rate;                    /* of all groups, unless a callback changes it */
    double clip_norm;                        /* as in brn_optimizer_settings; 0: none */
    int callback_count;
    const brn__callback *callbacks[BRN__CALLBACKS_MAX]; /* borrowed */
    brn__memory_visit *restore; /* fills the memory of a fit that is gone on with; NULL: a fresh fit */
    void *restore_context;
} brn__fit_options;

typedef struct brn__learner brn__learner;

/* From where a resumed fit goes on. */
typedef struct brn__position {
    int64_t epoch;     /* of the fit */
    int64_t batch;     /* batches of this epoch that were learned from */
    int64_t next;      /* number of the batch that the loader gives next */
    int64_t iteration; /* batches of the fit that were learned from */
    int64_t shuffle;   /* key of the epoch's order, over all fits of the learner */
    int64_t step;      /* key of the next batch's random streams, over all fits */
    int64_t ended;     /* 1: nothing is left to do */
} brn__position;

typedef struct brn__fit_averages {
    double smoothed, decay;        /* .98 smoothed + .02 loss; .98^t */
    double train_loss, valid_loss; /* as below */
    double seconds;                /* of this epoch so far */
} brn__fit_averages;

/* What callbacks see. They change `settings`, and call brn__fit_fail and brn__fit_set_metric; the rest
 * is the loop's. */
struct brn__fit {
    const brn__fit_options *options;
    brn__learner *learner;
    brn_optimizer_settings settings; /* of the next step */

    int epoch;                      /* from 0 */
    int64_t batch, batches;         /* in this epoch's training; batches as if none were bad */
    int64_t valid_batch, valid_batches;
    int64_t iteration, iterations;  /* in the fit */
    brn__batch data;                /* in use */
    brn_plan *plan;                 /* in use */
    const float *output;            /* (N, K), in AFTER_VALID_BATCH */
    double loss;                    /* of this batch */
    double train_loss;              /* smoothed; NaN before the first batch */
    double valid_loss;              /* of this epoch; NaN before it is known */
    double epoch_start, seconds;    /* seconds of this epoch, in AFTER_EPOCH */
    brn_metric metrics[BRN__METRICS_MAX];
    int metric_count;
    brn_status status;              /* why the fit ends early */

    bool settled;                   /* between two batches: `position` and the memory agree */
    brn__position position;
    brn__fit_averages averages;
    brn_optimizer *optimizer;
};

/* Ends the fit with `status`, whose message has been recorded: `return brn__fit_fail(fit, brn__fail(...))`. */
brn__action brn__fit_fail(brn__fit *fit, brn_status status);
/* Hands out all memory of the fit: parameters, optimizer, position, rates, the callbacks' numbers. Only
 * when it is settled. After a visit that writes, call brn__fit_recall. (memory.c) */
brn_status brn__fit_visit(brn__fit *fit, brn__memory_visit *visit, void *context);
/* Takes up what was written into the memory. */
brn_status brn__fit_recall(brn__fit *fit);
/* Sets or adds a metric; `name` lives longer than the fit. More than BRN__METRICS_MAX are dropped. */
void brn__fit_set_metric(brn__fit *fit, const char *name, double value);
/* Classes (or numbers) that the network puts out. */
int64_t brn__fit_outputs(const brn__fit *fit);

/* The learner owns a runner of the store, which is borrowed, and counts steps and epochs over all of its
 * fits: they key shuffles, augmentation and dropout. */
brn_status brn__learner_new(brn_parameters *parameters, const char *backend, int threads,
                            uint64_t seed, brn__learner **out);
void brn__learner_free(brn__learner *learner); /* NULL is fine */
brn_runner *brn__learner_runner(const brn__learner *learner);
brn_parameters *brn__learner_parameters(const brn__learner *learner);
/* The keys of the next epoch's order and of the next batch's random streams. */
typedef struct brn__learner_keys {
    uint32_t epoch, step;
} brn__learner_keys;
brn__learner_keys brn__learner_keys_of(const brn__learner *learner);
void brn__learner_set_keys(brn__learner *learner, brn__learner_keys keys);
/* The counters of the batch that was learned from last. */
brn_run brn__learner_last_run(const brn__learner *learner);

typedef struct brn__fit_result {
    int epochs; /* that were finished, with those before it was resumed */
    double train_loss, valid_loss;
    brn_metric metrics[BRN__METRICS_MAX]; /* of the last epoch */
    int metric_count;
} brn__fit_result;

/* Trains. BRN_ERROR_INTERRUPTED when a callback stopped it so; parameters keep what they have then.
 * `result` may be NULL. */
brn_status brn__learner_fit(brn__learner *learner, const brn__fit_options *options,
                            brn__fit_result *result);

/* A plan whose batch is `count` items, or for a batch of its size and length. Training behaviour when
 * `options` is given, else inference. */
brn_status brn__network_plan(brn_runner *runner, const brn__network *network,
                             const brn__fit_options *options, int64_t count, brn_plan **out);
brn_status brn__batch_plan(brn_runner *runner, const brn__network *network,
                           const brn__fit_options *options, const brn__batch *batch, brn_plan **out);
/* Gives an input or target of a plan the size and length of a batch. */
void brn__network_resize(brn_plan_options *plan, const brn_node *input, const brn__batch *batch);
/* What a validation batch weighs in the mean: its items, or its time steps where each has a target. */
int64_t brn__network_measured(const brn__network *network, const brn__batch *batch);

/* Hears one batch of a prediction; anything but BRN_OK ends it. */
typedef brn_status brn__predict_sink(void *context, const brn__batch *batch, const float *output);

/* One pass of a loader (started by the caller) through the network in inference behaviour; `output`
 * (N, ...) is any node of its graph. */
brn_status brn__predict(brn_runner *runner, const brn__network *network, brn_node *output,
                        brn__loader *loader, brn__predict_sink *sink, void *context);

double brn__seconds_now(void); /* of a steady clock */

#endif
