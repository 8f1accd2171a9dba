/* SPDX-License-Identifier: Apache-2.0
 * burnish models pull NAME: the weight file of an architecture comes into the cache. */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "signals.h"

#include "burnish/weights.h"

typedef struct view {
    bool bar;              /* a line to be rewritten is on the screen */
    double began, shown;   /* seconds: the first bytes, the last line */
    int64_t began_at;      /* bytes that were there before */
} view;

static const double mebibyte = 1 << 20, redraw_seconds = .1, event_seconds = 1;

static void draw(view *v, const char *file, int64_t done, int64_t total, double now)
{
    double seconds = now - v->began;
    double rate = seconds > 0 ? (double)(done - v->began_at) / mebibyte / seconds : 0;
    if (total > 0)
        cli_say("\r%s  %.1f of %.1f MiB  %.1f MiB/s\033[K", file, (double)done / mebibyte,
                (double)total / mebibyte, rate);
    else
        cli_say("\r%s  %.1f MiB  %.1f MiB/s\033[K", file, (double)done / mebibyte, rate);
    v->bar = true;
}

static int show(void *context, const char *file, int64_t done, int64_t total)
{
    view *v = context;
    double now = cli_seconds();
    if (v->began == 0) v->began = now, v->began_at = done;
    if (cli_is_json() && total > 0 && now - v->shown >= event_seconds) {
        cli_json json = cli_json_event("download");
        cli_json_text(&json, "file", file);
        cli_json_whole(&json, "bytes", done);
        cli_json_whole(&json, "total", total);
        cli_json_end(&json);
        v->shown = now;
    } else if (cli_is_terminal() && now - v->shown >= redraw_seconds) {
        draw(v, file, done, total, now);
        v->shown = now;
    }
    return cli_signal();
}

static void clear(view *v)
{
    if (v->bar) cli_say("\r\033[K");
    v->bar = false;
}

static void note(void *context, const char *sentence)
{
    char visible[8192];
    clear(context);
    cli_say("%s\n", cli_visible(sentence, visible, sizeof visible));
}

static int run(const cli_call *call)
{
    char path[4096], visible[4096];
    view v = {0};
    brn_weights_pull_options options = brn_weights_pull_defaults();
    if (call->values[CLI_MIRROR].set) options.mirror = call->values[CLI_MIRROR].text;
    if (call->values[CLI_TIMEOUT].set)
        options.stall_seconds = (int)call->values[CLI_TIMEOUT].whole;
    options.offline = call->values[CLI_OFFLINE].flag;
    options.progress = show;
    options.note = note;
    options.context = &v;
    cli_signals_watch();
    brn_status status = brn_weights_pull(call->inputs[0], &options, path, sizeof path);
    clear(&v);
    if (status != BRN_OK) return cli_fail_status(status);
    const char *name = brn_weights_find(call->inputs[0])->architecture;
    if (cli_is_json()) {
        cli_json json = cli_json_event("done");
        cli_json_text(&json, "model", name);
        cli_json_text(&json, "cached", path);
        cli_json_end(&json);
    } else
        cli_say("%s is in the cache: %s\n", name, cli_visible(path, visible, sizeof visible));
    return CLI_DONE;
}

const cli_command cli_command_models_pull = {
    .noun = "models",
    .verb = "pull",
    .arguments = "NAME",
    .summary = "Fetches a weight file into the cache",
    .details =
        "The file's sha256 is checked, and it appears whole or not at all; what an interrupted\n"
        "call has fetched is gone on with. A mirror is a folder that holds the files under their\n"
        "own names; $BURNISH_MIRROR is one too. To import a file by hand: burnish models import.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_MIRROR, CLI_OFFLINE, CLI_TIMEOUT, CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
