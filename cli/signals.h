/* SPDX-License-Identifier: Apache-2.0
 * SIGINT and SIGTERM ask a long command to stop at the next event; a second one ends the program. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

void cli_signals_watch(void);
int cli_signal(void); /* the signal that came, or 0 */

#endif
