/* SPDX-License-Identifier: Apache-2.0
 * burnish info */
#include "commands.h"
#include "json.h"
#include "output.h"

#include "burnish/model_zoo.h"
#include "burnish/version.h"
#include "burnish/weights.h"

static void print_json(const char *cache)
{
    cli_json json = cli_json_event("info");
    cli_json_text(&json, "version", brn_version());
    cli_json_text(&json, "onednn", brn_onednn_version());
    cli_json_text(&json, "instruction_set", brn_instruction_set());
    cli_json_whole(&json, "processors", brn_processors());
    cli_json_array(&json, "backends");
    for (int i = 0; brn_backend_name(i); i++) cli_json_text(&json, NULL, brn_backend_name(i));
    cli_json_close(&json);
    cli_json_array(&json, "architectures");
    for (int i = 0; i < brn_model_count(); i++) cli_json_text(&json, NULL, brn_model_at(i)->name);
    cli_json_close(&json);
    cli_json_text(&json, "cache", cache);
    cli_json_end(&json);
}

static int run(const cli_call *call)
{
    char folder[4096], visible[4096];
    (void)call;
    bool cache = brn_weights_cache_folder(folder, sizeof folder) == BRN_OK;
    if (cli_is_json()) {
        print_json(cache ? folder : NULL);
        return CLI_DONE;
    }
    cli_print("burnish %s\n", brn_version());
    cli_say("oneDNN %s\n", brn_onednn_version());
    cli_say("instruction set: %s\n", brn_instruction_set());
    cli_say("processors: %d\n", brn_processors());
    cli_say("backends:");
    for (int i = 0; brn_backend_name(i); i++) cli_say(" %s", brn_backend_name(i));
    cli_say("\narchitectures:");
    for (int i = 0; i < brn_model_count(); i++) cli_say(" %s", brn_model_at(i)->name);
    cli_say("\ncache: %s\n", cache ? cli_visible(folder, visible, sizeof visible)
                                   : "none (BURNISH_CACHE, XDG_CACHE_HOME, HOME are not set)");
    return CLI_DONE;
}

const cli_command cli_command_info = {
    .noun = "info",
    .arguments = "",
    .summary = "Shows what this build is and can do",
    .options = {CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
