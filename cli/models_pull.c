/* SPDX-License-Identifier: Apache-2.0
 * burnish models pull NAME: the weight file of an architecture comes into the cache. */
#include "commands.h"
#include "download.h"
#include "json.h"
#include "output.h"
#include "signals.h"

#include "burnish/weights.h"

static int show(void *context, const char *file, int64_t done, int64_t total)
{
    cli_download_show(context, file, done, total);
    return cli_signal();
}

static void note(void *context, const char *sentence)
{
    char visible[8192];
    cli_download_clear(context);
    cli_say("%s\n", cli_visible(sentence, visible, sizeof visible));
}

static int run(const cli_call *call)
{
    char path[4096], visible[4096];
    cli_download download = {0};
    brn_weights_pull_options options = brn_weights_pull_defaults();
    if (call->values[CLI_MIRROR].set) options.mirror = call->values[CLI_MIRROR].text;
    if (call->values[CLI_TIMEOUT].set)
        options.stall_seconds = (int)call->values[CLI_TIMEOUT].whole;
    options.offline = call->values[CLI_OFFLINE].flag;
    options.progress = show;
    options.note = note;
    options.context = &download;
    cli_signals_watch();
    brn_status status = brn_weights_pull(call->inputs[0], &options, path, sizeof path);
    cli_download_clear(&download);
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
