/* SPDX-License-Identifier: Apache-2.0
 * burnish models import NAME FILE: a downloaded weight file goes into the cache. */
#include "commands.h"
#include "json.h"
#include "output.h"

#include "burnish/weights.h"

static int run(const cli_call *call)
{
    char path[4096], visible[4096];
    int code = cli_check_file(call->inputs[1]);
    if (code != CLI_DONE) return code;
    brn_status status = brn_weights_import(call->inputs[0], call->inputs[1]);
    if (status == BRN_OK) status = brn_weights_locate(call->inputs[0], path, sizeof path);
    if (status != BRN_OK) return cli_fail_status(status);
    if (cli_is_json()) {
        cli_json json = cli_json_event("done");
        cli_json_text(&json, "model", brn_weights_find(call->inputs[0])->architecture);
        cli_json_text(&json, "cached", path);
        cli_json_end(&json);
    } else
        cli_say("%s is in the cache: %s\n", brn_weights_find(call->inputs[0])->architecture,
                cli_visible(path, visible, sizeof visible));
    return CLI_DONE;
}

const cli_command cli_command_models_import = {
    .noun = "models",
    .verb = "import",
    .arguments = "NAME FILE",
    .summary = "Copies a downloaded weight file into the cache",
    .details = "FILE must be the one that the registry knows for NAME: its sha256 is checked. The\n"
               "cache is $BURNISH_CACHE, else $XDG_CACHE_HOME/burnish, else ~/.cache/burnish.",
    .inputs_min = 2,
    .inputs_max = 2,
    .options = {CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
