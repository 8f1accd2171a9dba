/* SPDX-License-Identifier: Apache-2.0
 *
 * What a long call tells while it runs. The library never prints: it hands events to a function that
 * the caller gave, in the calling thread. The command line turns them into a progress bar, plain
 * lines or JSON.
 */
#ifndef BURNISH_EVENTS_H
#define BURNISH_EVENTS_H

#include "burnish/status.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_event_kind {
    BRN_EVENT_START,   /* text = run folder; epochs = all epochs to come */
    BRN_EVENT_STAGE,   /* text = "head" , "all layers", "precompute" ...: a stage begins */
    BRN_EVENT_BATCH,   /* batch of batches is done; train_loss is the smoothed one */
    BRN_EVENT_EPOCH,   /* an epoch is done: losses, metrics, seconds */
    BRN_EVENT_WARNING, /* text: something the user should know; the call goes on */
    BRN_EVENT_PLAN,    /* text: a compiled plan's description (only when asked for) */
    BRN_EVENT_NOTE,    /* text: what the call does or did that the user should know: a download, an early end */
    BRN_EVENT_DOWNLOAD, /* text = file; batch of batches bytes are there (batches 0: not known) */
    BRN_EVENT_DONE     /* the call has succeeded: metrics, seconds, text = run folder */
} brn_event_kind;

typedef struct brn_metric {
    const char *name; /* accuracy, error_rate, valid_loss ... */
    double value;
} brn_metric;

typedef struct brn_event {
    brn_event_kind kind;
    const char *stage;          /* name of the current stage, or NULL */
    int epoch, epochs;          /* 1-based number of the epoch; of how many in all */
    int64_t batch, batches;     /* done so far in this epoch; of how many */
    double train_loss, valid_loss, learning_rate; /* NaN where there is none; rate of the last group;
                                                     batches that validate have none */
    double momentum;            /* of the last group, at this rate; Adam: its first beta. NaN where there is none */
    const brn_metric *metrics;
    int metric_count;
    double seconds;             /* of the epoch; DONE: of the call */
    const char *report;         /* DONE: the report's path, or NULL; valid during the call only */
    const char *text;           /* valid during the call only */
} brn_event;

/* Return 0 to go on, anything else to stop: the call then ends as soon as it can with
 * BRN_ERROR_INTERRUPTED and keeps what it has. */
typedef int brn_event_handler(void *context, const brn_event *event);

#ifdef __cplusplus
}
#endif
#endif
