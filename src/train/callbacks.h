/* SPDX-License-Identifier: Apache-2.0
 *
 * The callbacks, each in a file of its own. A state is made with an _init function in storage of the
 * caller; its `callback` member is what brn__fit_options takes.
 *
 *     brn__rates rates;
 *     brn__rates_init(&rates, BRN__RATES_ONE_CYCLE, group_rates, groups, .3, 5);
 *     options.callbacks[options.callback_count++] = &rates.callback; */
#ifndef BRN__TRAIN_CALLBACKS_H
#define BRN__TRAIN_CALLBACKS_H

#include "base/text.h"
#include "burnish/schedule.h"
#include "train/learner.h"
#include "train/metric_list.h"
#include "train/monitor.h"

/* Who hears an event first. */
enum {
    BRN__ORDER_PLATEAU = -10, /* before the rates: it takes off what it has laid on them */
    BRN__ORDER_RATES = 0,
    BRN__ORDER_NAN = 10,
    BRN__ORDER_METRICS = 20,
    BRN__ORDER_STOPPING = 30, /* early stopping, best model: they read metrics */
    BRN__ORDER_HISTORY = 40,
    BRN__ORDER_PLANS = 50,
    BRN__ORDER_PROGRESS = 60,
    BRN__ORDER_CHECKPOINT = 70, /* after all that a checkpoint must hold */
};

/* ------------------------------------------------------------------ rates.c */

typedef enum brn__rates_form {
    BRN__RATES_CONSTANT,
    BRN__RATES_COSINE,    /* from the rate to 0 */
    BRN__RATES_ONE_CYCLE, /* up, down; momentum against it between .95 and .85 */
} brn__rates_form;

/* Sets each layer group's rate (and momentum) before every batch: the group's own rate times one curve. */
typedef struct brn__rates {
    brn__callback callback;
    double rates[BRN_GROUPS_MAX];
    int groups;
    brn_schedule rate, momentum; /* the rate's highest value is 1 */
    bool moves_momentum;
} brn__rates;
/* pct_start and div are one-cycle's. */
void brn__rates_init(brn__rates *rates, brn__rates_form form, const double *group_rates, int groups,
                     double pct_start, double div);

/* ------------------------------------------------------------------ metrics.c */

/* Means of metrics over the validation items. */
typedef struct brn__metrics {
    brn__callback callback;
    const brn__metric *metrics[BRN__METRICS_MAX];
    double sums[BRN__METRICS_MAX];
    int count;
    int64_t items;
} brn__metrics;
void brn__metrics_init(brn__metrics *metrics, const brn__metric *const *list, int count);

/* ------------------------------------------------------------------ terminate_on_nan.c */

/* Ends the fit with BRN_ERROR_DIVERGED, before a step is made, when a batch's loss is not a number. The
 * message names epoch, batch and rate, and what the first value that is not finite comes out of
 * (find_nan.h). So does a parameter that is not finite after an epoch's training. */
extern const brn__callback brn__terminate_on_nan;

/* The same; the message has the stage too, and epochs are counted over all fits of a run. */
typedef struct brn__nan_stop {
    brn__callback callback;
    const struct brn__progress *progress; /* borrowed */
} brn__nan_stop;
void brn__nan_stop_init(brn__nan_stop *stop, const struct brn__progress *progress);

/* ------------------------------------------------------------------ history.c */

/* history.csv: one row an epoch, over all fits of a run; replaced as a whole, so that a reader never
 * sees half of a row. A resumed run keeps the rows before its first epoch. */
typedef struct brn__history {
    brn__callback callback;
    const char *path;  /* borrowed */
    const char *stage; /* column of the rows to come; borrowed */
    int epochs_before; /* of earlier fits */
    brn__text text;
} brn__history;
void brn__history_init(brn__history *history, const char *path);
void brn__history_deinit(brn__history *history);

/* ------------------------------------------------------------------ progress.c */

/* Turns the loop's events into those of burnish/events.h. A batch event counts validation batches too. */
typedef struct brn__progress {
    brn__callback callback;
    brn_event_handler *on_event; /* may be NULL */
    void *context;
    const char *stage;         /* borrowed */
    int epochs_before, epochs; /* of earlier fits; in all */
    bool stopped;
} brn__progress;
void brn__progress_init(brn__progress *progress, brn_event_handler *on_event, void *context);
/* For whoever has something to tell beside the loop. BRN_ERROR_INTERRUPTED when the listener wants to
 * stop. Stage and epochs are filled in. */
brn_status brn__progress_send(brn__progress *progress, brn_event event);
/* An event with no numbers in it. */
brn_event brn__event_of(brn_event_kind kind, const char *text);

/* ------------------------------------------------------------------ checkpoint.c */

/* Hands all memory of the fit to `save`, after a batch or an epoch, once `seconds` have passed since the
 * last time (0: always), and at the end of the fit, also of one that was interrupted. A save that takes
 * long is made less often. */
typedef struct brn__checkpoint {
    brn__callback callback;
    double seconds;
    brn__memory_visit *save;
    void *context;
    double saved_at, cost; /* seconds */
} brn__checkpoint;
void brn__checkpoint_init(brn__checkpoint *checkpoint, double seconds, brn__memory_visit *save_items,
                          void *context);

/* ------------------------------------------------------------------ plan_report.c */

/* Sends a description of the first training and of the first validation plan of a fit. */
typedef struct brn__plan_report {
    brn__callback callback;
    brn__progress *progress; /* borrowed */
} brn__plan_report;
void brn__plan_report_init(brn__plan_report *report, brn__progress *progress);

/* ------------------------------------------------------------------ early_stopping.c */

enum {
    BRN__EARLY_STOPPING_MEMORY = 4,
    BRN__SAVE_BEST_MEMORY = 3 + BRN__METRICS_MAX,
    BRN__PLATEAU_MEMORY = 4 + BRN_GROUPS_MAX,
};

/* Ends the fit, as one that is done, when the value has not improved in `patience` epochs in a row
 * (1 or more; the first epoch that is a number improves on nothing). A NaN is no improvement. A fit
 * without the value fails: at its beginning when there is nothing to validate on. */
typedef struct brn__early_stopping {
    brn__callback callback;
    brn__monitor monitor;
    int patience;
    brn__progress *progress; /* borrowed; hears a note when the fit has ended early; may be NULL */
    double memory[BRN__EARLY_STOPPING_MEMORY];
} brn__early_stopping;
void brn__early_stopping_init(brn__early_stopping *stopping, const brn__monitor *monitor,
                              int patience, brn__progress *progress);
bool brn__early_stopping_stopped(const brn__early_stopping *stopping);

/* ------------------------------------------------------------------ save_best.c */

typedef struct brn__save_best brn__save_best;

/* Where the best values are kept: written whole or not at all, and read back into the store. */
typedef struct brn__best_file {
    brn_status (*write)(void *context, const brn__save_best *best);
    brn_status (*read)(void *context, const brn__save_best *best);
    void *context;
} brn__best_file;

/* Writes the parameters and buffers after every epoch whose value is the best so far, over all fits that
 * it is given to. Of equal epochs the first is kept. A failure to write ends the fit. */
struct brn__save_best {
    brn__callback callback;
    brn__monitor monitor;
    brn__best_file file;
    const brn__progress *progress; /* borrowed: numbers the epochs; may be NULL */
    const brn__fit *fit;           /* while it is written; else NULL */
    double memory[BRN__SAVE_BEST_MEMORY];
};
void brn__save_best_init(brn__save_best *best, const brn__monitor *monitor,
                         const brn__best_file *file, const brn__progress *progress);
double brn__save_best_value(const brn__save_best *best); /* NaN: none so far */
int brn__save_best_epoch(const brn__save_best *best);    /* from 1; 0: none so far */
/* A metric of the best epoch by its place in the fit's list: a fit that was resumed at its end has
 * measured none itself, and knows no names. */
double brn__save_best_metric(const brn__save_best *best, int index);
/* Gives the store the values of the best epoch, and `result` (of the last fit; may be NULL) its numbers.
 * Nothing happens when there is none. */
brn_status brn__save_best_restore(brn__save_best *best, brn__fit_result *result);

/* ------------------------------------------------------------------ reduce_on_plateau.c */

/* Multiplies all groups' rates by `factor` (0 to 1) whenever the value has not improved in `patience`
 * epochs in a row, but not below min_rate. Beside a schedule it scales the whole curve. Counting is
 * fastai 2's (PyTorch's patience is one less). */
typedef struct brn__reduce_on_plateau {
    brn__callback callback;
    brn__monitor monitor;
    int patience;
    double factor, min_rate;
    brn__progress *progress; /* borrowed; hears a note when the rates fall; may be NULL */
    bool fell;               /* and nothing was told of it yet */
    double memory[BRN__PLATEAU_MEMORY];
} brn__reduce_on_plateau;
void brn__reduce_on_plateau_init(brn__reduce_on_plateau *reduce, const brn__monitor *monitor,
                                 int patience, double factor, double min_rate,
                                 brn__progress *progress);
double brn__reduce_on_plateau_scale(const brn__reduce_on_plateau *reduce); /* of the rates now */

#endif
