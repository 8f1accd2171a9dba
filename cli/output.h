/* SPDX-License-Identifier: Apache-2.0
 * What the program says: results on standard output, errors and warnings on standard error, and
 * the exit codes. With --json standard output holds one JSON object a line and nothing else. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "burnish/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum cli_exit {
    CLI_DONE = 0,
    CLI_BAD_INPUT = 1,
    CLI_WRONG_USE = 2,
    CLI_DIVERGED = 3,
    CLI_NO_ROOM = 4, /* memory or disk */
    CLI_NO_NETWORK = 5,
    CLI_OUR_ERROR = 70,
} cli_exit;

/* Once, before anything is said. */
void cli_output_mode(bool json, bool quiet);
bool cli_is_json(void);
bool cli_is_quiet(void);
bool cli_is_terminal(void); /* standard output is a terminal, and neither --json nor --quiet */

/* printf to standard output; nothing with --json. */
void cli_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and nothing with --quiet either. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "burnish: warning: ..." on standard error, a warning event with --json, nothing with --quiet. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "burnish: ..." on standard error, a note event with --json, nothing with --quiet: what is done. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "burnish: ..." on standard error, with --json an error event too. Returns `code`. */
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* CLI_DONE for BRN_OK; else tells the library's message and returns the status's exit code. */
int cli_fail_status(brn_status status);

/* What was said so far leaves the program; a failure is kept for cli_output_finish. */
void cli_output_flush(void);
/* Standard output can no longer be written (disk full, reader gone). */
bool cli_output_broken(void);
/* At the end: `code`, or the code of a failure to write standard output. */
int cli_output_finish(int code);

/* Shows bytes that someone else chose (file and class names) on one line: control characters and
 * bytes that are not UTF-8 as \xNN. Writes into `out`, cut to `size`; returns `out`. */
const char *cli_visible(const char *bytes, char *out, size_t size);

/* Length of the UTF-8 character that starts at `text`, 0 when it is not one. */
int cli_utf8_length(const char *text);

/* Exit code 0 when the folder or file can be read, else tells why not. */
int cli_check_folder(const char *path);
int cli_check_data(const char *path); /* a folder or a file */
int cli_check_file(const char *path);

double cli_seconds(void); /* of a clock that only goes forward */

#endif
