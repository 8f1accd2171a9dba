/* SPDX-License-Identifier: Apache-2.0
 * burnish data check FOLDER */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "signals.h"

#include "burnish/data_tools.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 4160 };

static void defaults(cli_value *values)
{
    brn_data_check_options o = brn_data_check_defaults();
    values[CLI_NEAR] = (cli_value){.set = true, .whole = o.near_bits};
    values[CLI_MIN_SIDE] = (cli_value){.set = true, .whole = o.min_side};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
}

/* "leak,corrupt" as bits; 0 and a message when a word is no kind. */
static uint32_t read_kinds(const char *words)
{
    uint32_t kinds = 0;
    while (*words) {
        const size_t length = strcspn(words, ",");
        int kind = 0;
        for (; kind < BRN_FINDING_KINDS; kind++) {
            const char *name = brn_data_finding_name((brn_data_finding_kind)kind);
            if (strlen(name) == length && !strncmp(name, words, length)) break;
        }
        if (kind == BRN_FINDING_KINDS) {
            char names[512] = "";
            for (int i = 0; i < BRN_FINDING_KINDS; i++)
                snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                         brn_data_finding_name((brn_data_finding_kind)i));
            cli_fail(CLI_WRONG_USE, "--kinds %.*s: expected some of %s", (int)length, words, names);
            return 0;
        }
        kinds |= UINT32_C(1) << kind;
        words += length + (words[length] == ',');
    }
    return kinds;
}

/* ------------------------------------------------------------------ while it runs */

typedef struct view {
    const char *change; /* "renamed", "moved" */
    double shown;
} view;

static int show(void *context, int64_t done, int64_t total)
{
    view *v = context;
    const double now = cli_seconds();
    if (cli_is_terminal() && now - v->shown >= .1) {
        cli_say("\r%" PRId64 " of %" PRId64 " files\033[K", done, total);
        v->shown = now;
    }
    return cli_signal();
}

static void show_change(void *context, const char *from, const char *to, const char *problem)
{
    const view *v = context;
    char a[SHOWN], b[SHOWN];
    if (problem) {
        cli_warn("%s", problem);
    } else if (cli_is_json()) {
        cli_json json = cli_json_event(v->change);
        cli_json_text(&json, "path", from);
        cli_json_text(&json, "to", to);
        cli_json_end(&json);
    } else {
        cli_say("%s %s to %s\n", v->change, cli_visible(from, a, sizeof a),
                cli_visible(to, b, sizeof b));
    }
}

/* ------------------------------------------------------------------ what was found */

static void print_finding(const brn_data_finding *f)
{
    char path[SHOWN], reason[2 * SHOWN];
    if (!cli_is_json()) {
        cli_print("%-15s %s: %s\n", brn_data_finding_name(f->kind),
                  cli_visible(f->path, path, sizeof path),
                  cli_visible(f->reason, reason, sizeof reason));
        return;
    }
    cli_json json = cli_json_event("file");
    cli_json_text(&json, "path", f->path);
    cli_json_text(&json, "kind", brn_data_finding_name(f->kind));
    cli_json_text(&json, "reason", f->reason);
    cli_json_text(&json, "partner", f->partner);
    if (f->distance >= 0) cli_json_whole(&json, "distance", f->distance);
    cli_json_end(&json);
}

static void print_done(const brn_data_check *check, const char *page, double seconds)
{
    cli_json json = cli_json_event("done");
    cli_json_whole(&json, "files", brn_data_check_files(check));
    cli_json_whole(&json, "pictures", brn_data_check_pictures(check));
    cli_json_whole(&json, "findings", brn_data_check_count(check));
    cli_json_object(&json, "kinds");
    for (int i = 0; i < BRN_FINDING_KINDS; i++)
        cli_json_whole(&json, brn_data_finding_name((brn_data_finding_kind)i),
                       brn_data_check_kind_count(check, (brn_data_finding_kind)i));
    cli_json_close(&json);
    cli_json_text(&json, "report", page);
    cli_json_real(&json, "seconds", seconds);
    cli_json_end(&json);
}

static void print_sum(const brn_data_check *check, const char *page, double seconds)
{
    char path[SHOWN];
    cli_say("%" PRId64 " files, %" PRId64 " pictures, %" PRId64 " findings, %.1f s\n",
            brn_data_check_files(check), brn_data_check_pictures(check),
            brn_data_check_count(check), seconds);
    for (int i = 0; i < BRN_FINDING_KINDS; i++) {
        const int64_t count = brn_data_check_kind_count(check, (brn_data_finding_kind)i);
        if (count > 0)
            cli_say("  %6" PRId64 "  %s\n", count,
                    brn_data_finding_name((brn_data_finding_kind)i));
    }
    if (page) cli_say("page %s\n", cli_visible(page, path, sizeof path));
}

/* ------------------------------------------------------------------ the command */

static brn_status change(const cli_call *call, brn_data_check *check, view *v)
{
    int64_t count;
    brn_status status = BRN_OK;
    if (call->values[CLI_FIX_EXTENSIONS].flag) {
        v->change = "renamed";
        status = brn_data_check_fix_extensions(check, show_change, v, &count);
    }
    if (status == BRN_OK && call->values[CLI_MOVE].set) {
        v->change = "moved";
        status = brn_data_check_move(check, call->values[CLI_MOVE].text, show_change, v, &count);
    }
    return status;
}

static brn_status check_folder(const cli_call *call, const brn_data_check_options *options, view *v,
                               int64_t *count)
{
    const double began = cli_seconds();
    const char *page = call->values[CLI_HTML].set ? call->values[CLI_HTML].text : NULL;
    brn_data_check *check;
    brn_status status = brn_data_check_open(call->inputs[0], options, &check);
    if (cli_is_terminal()) cli_say("\r\033[K");
    if (status != BRN_OK) return status;
    *count = brn_data_check_count(check);
    for (int64_t i = 0; i < *count; i++) {
        const brn_data_finding finding = brn_data_check_finding(check, i);
        print_finding(&finding);
    }
    if (page) status = brn_data_check_page(check, page); /* before what it shows is moved */
    if (status == BRN_OK) status = change(call, check, v);
    if (status == BRN_OK && cli_is_json()) print_done(check, page, cli_seconds() - began);
    else if (status == BRN_OK) print_sum(check, page, cli_seconds() - began);
    brn_data_check_close(check);
    return status;
}

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    int64_t count = 0;
    view seen = {0};
    brn_data_check_options options = {.near_bits = (int)v[CLI_NEAR].whole,
                                      .min_side = (int)v[CLI_MIN_SIDE].whole,
                                      .threads = (int)v[CLI_THREADS].whole,
                                      .progress = show,
                                      .context = &seen};
    int code = cli_check_folder(call->inputs[0]);
    if (code != CLI_DONE) return code;
    if (v[CLI_KINDS].set) options.kinds = read_kinds(v[CLI_KINDS].text);
    if (v[CLI_KINDS].set && !options.kinds) return CLI_WRONG_USE;
    cli_signals_watch();
    brn_status status = check_folder(call, &options, &seen, &count);
    if (status != BRN_OK) return cli_fail_status(status);
    return v[CLI_STRICT].flag && count > 0 ? CLI_BAD_INPUT : CLI_DONE;
}

const cli_command cli_command_data_check = {
    .noun = "data",
    .verb = "check",
    .arguments = "FOLDER",
    .summary = "Finds what is wrong with a folder of pictures",
    .details =
        "All files are read and decoded, in all folders below. Kinds of findings: unreadable,\n"
        "not-a-picture, unsupported, truncated, corrupt, wrong-extension, no-extension, two-labels\n"
        "(the same picture in two class folders), leak (in two of train, valid and test), duplicate,\n"
        "near-duplicate, tiny, size and aspect (far from the others'). Nothing is deleted or\n"
        "overwritten; --move takes all that is listed out of the way, so name --kinds.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_KINDS, CLI_NEAR, CLI_MIN_SIDE, CLI_HTML, CLI_FIX_EXTENSIONS, CLI_MOVE,
                CLI_STRICT, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
