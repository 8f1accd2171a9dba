/* SPDX-License-Identifier: Apache-2.0
 * Messages, exit codes, and names made fit to print. */
#include "output.h"
#include "json.h"
#include "signals.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Set once when the program starts. */
static bool mode_json, mode_quiet;
/* errno of the first write to standard output that failed. */
static int broken;

void cli_output_flush(void)
{
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && !broken) broken = errno ? errno : EIO;
}

void cli_output_mode(bool json, bool quiet)
{
    mode_json = json;
    mode_quiet = quiet;
}

bool cli_is_json(void)
{
    return mode_json;
}
bool cli_is_quiet(void)
{
    return mode_quiet;
}
bool cli_is_terminal(void)
{
    const char *kind = getenv("TERM");
    if (kind && !strcmp(kind, "dumb")) return false; /* it shows control sequences as they are */
    return !mode_json && !mode_quiet && isatty(STDOUT_FILENO);
}

void cli_print(const char *format, ...)
{
    va_list arguments;
    if (mode_json) return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    cli_output_flush();
}

void cli_say(const char *format, ...)
{
    va_list arguments;
    if (mode_json || mode_quiet) return;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    cli_output_flush();
}

/* On standard error with its prefix, or as an event. */
static void tell_aside(const char *event, const char *prefix, const char *message)
{
    char visible[8192];
    if (mode_json) {
        cli_json json = cli_json_event(event);
        cli_json_text(&json, "message", message);
        cli_json_end(&json);
    } else if (!mode_quiet)
        fprintf(stderr, "%s: %s\n", prefix, cli_visible(message, visible, sizeof visible));
}

void cli_warn(const char *format, ...)
{
    char message[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    tell_aside("warning", "burnish: warning", message);
}

void cli_note(const char *format, ...)
{
    char message[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    tell_aside("note", "burnish", message);
}

int cli_fail(int code, const char *format, ...)
{
    char message[8192], visible[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (mode_json) {
        cli_json json = cli_json_event("error");
        cli_json_text(&json, "message", message);
        cli_json_whole(&json, "code", code);
        cli_json_end(&json);
    }
    cli_output_flush();
    fprintf(stderr, "burnish: %s\n", cli_visible(message, visible, sizeof visible));
    return code;
}

static int exit_code(brn_status status)
{
    switch (status) {
    case BRN_OK: return CLI_DONE;
    case BRN_ERROR_INPUT: return CLI_BAD_INPUT;
    case BRN_ERROR_USAGE: return CLI_WRONG_USE;
    case BRN_ERROR_DIVERGED: return CLI_DIVERGED;
    case BRN_ERROR_NO_MEMORY: return CLI_NO_ROOM;
    case BRN_ERROR_IO: return CLI_NO_ROOM;
    case BRN_ERROR_NETWORK: return CLI_NO_NETWORK;
    case BRN_ERROR_UNSUPPORTED: return CLI_BAD_INPUT;
    case BRN_ERROR_INTERRUPTED: return 128 + (cli_signal() ? cli_signal() : 2);
    case BRN_ERROR_INTERNAL: return CLI_OUR_ERROR;
    }
    return CLI_OUR_ERROR;
}

int cli_fail_status(brn_status status)
{
    if (status == BRN_OK) return CLI_DONE;
    const char *message = brn_error_message();
    return cli_fail(exit_code(status), "%s", *message ? message : brn_status_sentence(status));
}

bool cli_output_broken(void)
{
    return broken != 0;
}

int cli_output_finish(int code)
{
    cli_output_flush();
    if (!broken) return code;
    fprintf(stderr, "burnish: standard output: %s\n", strerror(broken));
    return code == CLI_DONE ? CLI_NO_ROOM : code;
}

int cli_utf8_length(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80) return 1;
    int length = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc2 || byte[0] > 0xf4) return 0;
    for (int i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80) return 0;
    /* Longer than needed, surrogates, past U+10FFFF. */
    if (byte[0] == 0xe0 && byte[1] < 0xa0) return 0;
    if (byte[0] == 0xed && byte[1] >= 0xa0) return 0;
    if (byte[0] == 0xf0 && byte[1] < 0x90) return 0;
    if (byte[0] == 0xf4 && byte[1] >= 0x90) return 0;
    return length;
}

const char *cli_visible(const char *bytes, char *out, size_t size)
{
    size_t used = 0;
    while (*bytes) {
        unsigned char byte = (unsigned char)*bytes;
        int length = cli_utf8_length(bytes);
        bool plain = length > 0 && byte >= 0x20 && byte != 0x7f;
        size_t needed = plain ? (size_t)length : 4;
        if (used + needed >= size) break;
        if (plain)
            memcpy(out + used, bytes, needed);
        else
            snprintf(out + used, size - used, "\\x%02x", byte);
        used += needed;
        bytes += length ? length : 1;
    }
    out[used] = 0;
    return out;
}

static int check(const char *path, bool folder)
{
    struct stat info;
    const char *what = folder ? "folder" : "file";
    if (stat(path, &info) != 0)
        return cli_fail(CLI_BAD_INPUT, "%s: expected a %s: %s", path, what, strerror(errno));
    if ((S_ISDIR(info.st_mode) != 0) != folder)
        return cli_fail(CLI_BAD_INPUT, "%s: expected a %s", path, what);
    if (access(path, folder ? R_OK | X_OK : R_OK) != 0)
        return cli_fail(CLI_BAD_INPUT, "%s: %s", path, strerror(errno));
    return CLI_DONE;
}

int cli_check_folder(const char *path)
{
    return check(path, true);
}
int cli_check_data(const char *path)
{
    struct stat info;
    return check(path, stat(path, &info) != 0 || !S_ISREG(info.st_mode));
}
int cli_check_file(const char *path)
{
    return check(path, false);
}

double cli_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
