/* SPDX-License-Identifier: Apache-2.0
 * burnish data download LIST FOLDER */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "signals.h"

#include "burnish/data_tools.h"

#include <inttypes.h>

enum { SHOWN = 4160 };

static void defaults(cli_value *values)
{
    brn_data_download_options o = brn_data_download_defaults();
    values[CLI_CONNECTIONS] = (cli_value){.set = true, .whole = o.connections};
    values[CLI_PER_HOST] = (cli_value){.set = true, .whole = o.per_host};
    values[CLI_FILE_BYTES] = (cli_value){.set = true, .whole = o.file_bytes};
    values[CLI_TOTAL_BYTES] = (cli_value){.set = true, .whole = o.total_bytes};
    values[CLI_FILE_SECONDS] = (cli_value){.set = true, .whole = o.file_seconds};
    values[CLI_TIMEOUT] = (cli_value){.set = true, .whole = o.stall_seconds};
}

static void json_file(const brn_download_event *event)
{
    static const char *const outcomes[] = {"saved", "kept", "failed"};
    cli_json json = cli_json_event("download");
    cli_json_text(&json, "url", event->url);
    cli_json_text(&json, "outcome", outcomes[event->outcome]);
    cli_json_text(&json, "file", event->file);
    cli_json_text(&json, "problem", event->problem);
    cli_json_whole(&json, "done", event->done);
    cli_json_whole(&json, "total", event->total);
    cli_json_end(&json);
}

static int on_file(void *context, const brn_download_event *event)
{
    char url[SHOWN], problem[SHOWN];
    (void)context;
    if (cli_is_terminal()) cli_say("\r\033[K");
    if (cli_is_json()) json_file(event);
    else if (event->problem)
        cli_print("%s: %s\n", cli_visible(event->url, url, sizeof url),
                  cli_visible(event->problem, problem, sizeof problem));
    if (cli_is_terminal()) cli_say("%" PRId64 " of %" PRId64, event->done, event->total);
    return cli_signal();
}

static int waiting(void *context)
{
    (void)context;
    return cli_signal();
}

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    const double began = cli_seconds();
    char folder[SHOWN];
    brn_data_download_options options = {.connections = (int)v[CLI_CONNECTIONS].whole,
                                         .per_host = (int)v[CLI_PER_HOST].whole,
                                         .file_bytes = v[CLI_FILE_BYTES].whole,
                                         .total_bytes = v[CLI_TOTAL_BYTES].whole,
                                         .stall_seconds = (int)v[CLI_TIMEOUT].whole,
                                         .file_seconds = (int)v[CLI_FILE_SECONDS].whole,
                                         .allow_private = v[CLI_ALLOW_PRIVATE].flag,
                                         .on_file = on_file,
                                         .waiting = waiting};
    brn_data_download_result result;
    int code = cli_check_file(call->inputs[0]);
    if (code != CLI_DONE) return code;
    cli_signals_watch();
    brn_status status = brn_data_download(call->inputs[0], call->inputs[1], &options, &result);
    if (cli_is_terminal()) cli_say("\r\033[K");
    if (status != BRN_OK) return cli_fail_status(status);
    if (!cli_is_json()) {
        cli_say("%" PRId64 " saved, %" PRId64 " there before, %" PRId64 " failed, %.1f MiB, %.1f s\n",
                result.saved, result.kept, result.failed, (double)result.bytes / (1 << 20),
                cli_seconds() - began);
        cli_say("%s\n", cli_visible(call->inputs[1], folder, sizeof folder));
    } else {
        cli_json json = cli_json_event("done");
        cli_json_text(&json, "folder", call->inputs[1]);
        cli_json_whole(&json, "saved", result.saved);
        cli_json_whole(&json, "kept", result.kept);
        cli_json_whole(&json, "failed", result.failed);
        cli_json_whole(&json, "bytes", result.bytes);
        cli_json_real(&json, "seconds", cli_seconds() - began);
        cli_json_end(&json);
    }
    if (result.saved + result.kept == 0)
        return cli_fail(CLI_NO_NETWORK, "%s: not one picture came", call->inputs[0]);
    return CLI_DONE;
}

const cli_command cli_command_data_download = {
    .noun = "data",
    .verb = "download",
    .arguments = "LIST FOLDER",
    .summary = "Fetches the pictures of a list of addresses",
    .details =
        "LIST is a text with an address (http, https) a line, and a label behind it if pictures belong\n"
        "into class folders; or a CSV file with the columns url and label. What is no picture is not\n"
        "kept. FOLDER/download.csv says what became of each address. A second call goes on with what\n"
        "is missing. Addresses of this machine and of private networks need --allow-private.",
    .inputs_min = 2,
    .inputs_max = 2,
    .options = {CLI_CONNECTIONS, CLI_PER_HOST, CLI_FILE_BYTES, CLI_TOTAL_BYTES, CLI_FILE_SECONDS,
                CLI_TIMEOUT, CLI_ALLOW_PRIVATE, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
