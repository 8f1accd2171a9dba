/* SPDX-License-Identifier: Apache-2.0
 * burnish models info FILE: what is in a weight file. */
#include "commands.h"
#include "json.h"
#include "output.h"

#include "burnish/state_file.h"

#include <inttypes.h>

static int64_t total_elements(const brn_state_file *file)
{
    int64_t total = 0;
    for (int64_t i = 0; i < brn_state_file_count(file); i++)
        total += brn_shape_elements(brn_state_file_tensor(file, i).shape);
    return total;
}

static void print_json(const brn_state_file *file, const char *path)
{
    cli_json json = cli_json_event("file");
    cli_json_text(&json, "input", path);
    cli_json_text(&json, "kind", brn_state_file_kind(file));
    cli_json_whole(&json, "tensors", brn_state_file_count(file));
    cli_json_whole(&json, "elements", total_elements(file));
    cli_json_object(&json, "metadata");
    const char *key;
    for (int64_t i = 0; (key = brn_state_file_metadata_key(file, i)); i++)
        cli_json_text(&json, key, brn_state_file_metadata(file, key));
    cli_json_end(&json);
    for (int64_t i = 0; i < brn_state_file_count(file) && !cli_output_broken(); i++) {
        brn_state_tensor tensor = brn_state_file_tensor(file, i);
        json = cli_json_event("tensor");
        cli_json_text(&json, "name", tensor.name);
        cli_json_text(&json, "type", brn_dtype_name(tensor.dtype));
        cli_json_array(&json, "shape");
        for (int j = 0; j < tensor.shape.rank; j++)
            cli_json_whole(&json, NULL, tensor.shape.dims[j]);
        cli_json_end(&json);
    }
}

static void print_text(const brn_state_file *file, const char *path)
{
    char visible[4096], value[200], shape[128];
    cli_print("%s: %s, %" PRId64 " tensors, %" PRId64 " values\n",
              cli_visible(path, visible, sizeof visible), brn_state_file_kind(file),
              brn_state_file_count(file), total_elements(file));
    const char *key;
    for (int64_t i = 0; (key = brn_state_file_metadata_key(file, i)); i++)
        cli_say("  %s: %s\n", cli_visible(key, visible, sizeof visible),
                cli_visible(brn_state_file_metadata(file, key), value, sizeof value));
    for (int64_t i = 0; i < brn_state_file_count(file) && !cli_output_broken(); i++) {
        brn_state_tensor tensor = brn_state_file_tensor(file, i);
        cli_say("  %-52s %-9s %s\n", cli_visible(tensor.name, visible, sizeof visible),
                brn_dtype_name(tensor.dtype), brn_shape_text(tensor.shape, shape, sizeof shape));
    }
}

static int run(const cli_call *call)
{
    brn_state_file *file;
    int code = cli_check_file(call->inputs[0]);
    if (code != CLI_DONE) return code;
    brn_status status = brn_state_file_open(call->inputs[0], &file);
    if (status != BRN_OK) return cli_fail_status(status);
    if (cli_is_json())
        print_json(file, call->inputs[0]);
    else
        print_text(file, call->inputs[0]);
    brn_state_file_close(file);
    return CLI_DONE;
}

const cli_command cli_command_models_info = {
    .noun = "models",
    .verb = "info",
    .arguments = "FILE",
    .summary = "Shows what is in a weight file",
    .details = "Reads safetensors files and what torch.save writes. Nothing in a file is executed.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
