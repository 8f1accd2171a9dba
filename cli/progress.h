/* SPDX-License-Identifier: Apache-2.0
 * Shows the events of a long call: a bar and a table on a terminal, the table alone elsewhere, one
 * JSON object a line with --json, the result alone with --quiet. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "burnish/events.h"
#include "download.h"
#include <stdbool.h>

typedef struct cli_progress {
    const char *command; /* for the start event: "image train" */
    bool header;         /* the table's head is printed */
    bool bar;            /* a bar is on the last line of the screen */
    double began, drawn; /* seconds: first batch seen of this epoch; bar last drawn */
    int epoch;
    int64_t began_at; /* batches that were done at `began` */
    cli_download download;
} cli_progress;

cli_progress cli_progress_of(const char *command);
/* brn_event_handler; `context` is the cli_progress. Non-zero once a signal came. */
int cli_progress_event(void *context, const brn_event *event);
/* Takes the bar off the screen: before anything else is said. */
void cli_progress_clear(cli_progress *progress);

#endif
