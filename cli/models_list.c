/* SPDX-License-Identifier: Apache-2.0
 * burnish models list */
#include "commands.h"
#include "json.h"
#include "output.h"

#include "burnish/model_zoo.h"
#include "burnish/weights.h"

static void list_json(const brn_model *model, const brn_weights_entry *entry, const char *path)
{
    cli_json json = cli_json_event("model");
    cli_json_text(&json, "name", model->name);
    cli_json_array(&json, "aliases");
    for (int i = 0; i < 3 && model->aliases[i]; i++) cli_json_text(&json, NULL, model->aliases[i]);
    cli_json_close(&json);
    cli_json_whole(&json, "size", model->input_size);
    cli_json_text(&json, "weights", entry ? entry->files[0].name : NULL);
    cli_json_text(&json, "source", entry ? entry->source : NULL);
    cli_json_text(&json, "licence", entry ? entry->licence : NULL);
    cli_json_text(&json, "cached", path);
    cli_json_end(&json);
}

static int run(const cli_call *call)
{
    (void)call;
    cli_say("%-20s %-6s  %-34s %s\n", "architecture", "size", "pretrained weights", "in the cache");
    for (int i = 0; i < brn_model_count() && !cli_output_broken(); i++) {
        char path[4096];
        const brn_model *model = brn_model_at(i);
        const brn_weights_entry *entry = brn_weights_find(model->name);
        bool cached = entry && brn_weights_locate(model->name, path, sizeof path) == BRN_OK;
        if (cli_is_json())
            list_json(model, entry, cached ? path : NULL);
        else if (cli_is_quiet())
            cli_print("%s\n", model->name);
        else
            cli_say("%-20s %-6d  %-34s %s\n", model->name, model->input_size,
                    entry ? entry->files[0].name : "-", cached ? "yes" : "no");
    }
    char folder[4096], visible[4096];
    if (brn_weights_cache_folder(folder, sizeof folder) == BRN_OK)
        cli_say("\ncache: %s\n", cli_visible(folder, visible, sizeof visible));
    return CLI_DONE;
}

const cli_command cli_command_models_list = {
    .noun = "models",
    .verb = "list",
    .arguments = "",
    .summary = "Lists the architectures and their weights",
    .options = {CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
