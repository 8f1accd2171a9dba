/* SPDX-License-Identifier: Apache-2.0
 * burnish data preview FOLDER: a contact sheet of what training will see. */
#include "commands.h"
#include "json.h"
#include "output.h"

#include "burnish/preview.h"

#include <inttypes.h>

static void defaults(cli_value *values)
{
    brn_preview_options o = brn_preview_defaults();
    values[CLI_PICTURES] = (cli_value){.set = true, .whole = o.pictures};
    values[CLI_COPIES] = (cli_value){.set = true, .whole = o.copies};
    values[CLI_SIZE] = (cli_value){.set = true, .whole = o.size};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
}

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    brn_preview_options options = brn_preview_defaults();
    brn_preview_result result = {0};
    int code = cli_check_data(call->inputs[0]);
    if (code != CLI_DONE) return code;
    options.data = call->inputs[0];
    options.images = v[CLI_IMAGES].set ? v[CLI_IMAGES].text : NULL;
    options.out = v[CLI_SHEET].set ? v[CLI_SHEET].text : "preview.html";
    options.augment = v[CLI_AUGMENT].set ? v[CLI_AUGMENT].text : NULL;
    options.pictures = (int)v[CLI_PICTURES].whole;
    options.copies = (int)v[CLI_COPIES].whole;
    options.size = (int)v[CLI_SIZE].whole;
    options.seed = (uint64_t)v[CLI_SEED].whole;
    brn_status status = brn_preview_write(&options, &result);
    if (status != BRN_OK) return cli_fail_status(status);
    if (cli_is_json()) {
        cli_json json = cli_json_event("done");
        cli_json_text(&json, "out", options.out);
        cli_json_text(&json, "augment", result.augment);
        cli_json_whole(&json, "pictures", result.pictures);
        cli_json_whole(&json, "bad_count", result.bad_count);
        cli_json_end(&json);
        return CLI_DONE;
    }
    char path[4096];
    cli_say("--augment %s\n", result.augment);
    cli_say("%" PRId64 " pictures, %" PRId64 " could not be read\n", result.pictures,
            result.bad_count);
    cli_print("%s\n", cli_visible(options.out, path, sizeof path));
    return CLI_DONE;
}

const cli_command cli_command_data_preview = {
    .noun = "data",
    .verb = "preview",
    .arguments = "FOLDER_OR_LIST",
    .summary = "Shows what training will see: a sheet of augmented pictures",
    .details =
        "Each picture is shown plain, then changed as --augment says: .png is one picture, .html a\n"
        "page that tells what was drawn. Copy k is what epoch k of a training with that seed sees.\n"
        "WORDS begin with a set (side-on, top-down, basic, fastai2, none), then words with their\n"
        "numbers follow: side-on,zoom:1.2,cutout:2,16. A word that is not known lists them all;\n"
        "docs/augment.md describes them.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_SHEET, CLI_IMAGES, CLI_AUGMENT, CLI_PICTURES, CLI_COPIES, CLI_SIZE, CLI_SEED, CLI_QUIET,
                CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
