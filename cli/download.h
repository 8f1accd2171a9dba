/* SPDX-License-Identifier: Apache-2.0
 * Shows how a file comes from the network: a line on a terminal, an event a second with --json. */
#ifndef CLI_DOWNLOAD_H
#define CLI_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed is right. */
typedef struct cli_download {
    bool line;           /* one that is to be rewritten is on the screen */
    double began, shown; /* seconds: the first bytes, the last line */
    int64_t began_at;    /* bytes that were there before */
} cli_download;

/* `total` is 0 when not known. */
void cli_download_show(cli_download *download, const char *file, int64_t done, int64_t total);
/* Takes the line off the screen: before anything else is said. */
void cli_download_clear(cli_download *download);

#endif
