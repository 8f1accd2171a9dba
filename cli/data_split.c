/* SPDX-License-Identifier: Apache-2.0
 * burnish data split FOLDER */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "signals.h"

#include "burnish/data_split.h"

#include <inttypes.h>
#include <string.h>

static const char *const ways[] = {"link", "copy", "move"};

static void defaults(cli_value *values)
{
    brn_data_split_options o = brn_data_split_defaults();
    values[CLI_VALID_SHARE] = (cli_value){.set = true, .real = o.valid};
    values[CLI_TEST_SHARE] = (cli_value){.set = true, .real = o.test};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_SPLIT] = (cli_value){.set = true, .text = "by-class"};
    values[CLI_BY] = (cli_value){.set = true, .text = ways[o.by]};
    values[CLI_TOGETHER] = (cli_value){.set = true, .flag = o.together};
    values[CLI_NEAR] = (cli_value){.set = true, .whole = o.near_bits};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
}

static int show(void *context, int64_t done, int64_t total)
{
    double *shown = context, now = cli_seconds();
    if (cli_is_terminal() && now - *shown >= .1) {
        cli_say("\r%" PRId64 " of %" PRId64 " files compared\033[K", done, total);
        *shown = now;
    }
    return cli_signal();
}

static brn_data_split_by way_of(const char *word)
{
    int way = 0;
    while (strcmp(ways[way], word) != 0) way++;
    return (brn_data_split_by)way;
}

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    double shown = 0, began = cli_seconds();
    char out[4160];
    brn_data_split_options options = {.valid = v[CLI_VALID_SHARE].real,
                                      .test = v[CLI_TEST_SHARE].real,
                                      .seed = (uint64_t)v[CLI_SEED].whole,
                                      .together = v[CLI_TOGETHER].flag,
                                      .near_bits = (int)v[CLI_NEAR].whole,
                                      .by = way_of(v[CLI_BY].text),
                                      .threads = (int)v[CLI_THREADS].whole,
                                      .progress = show,
                                      .context = &shown};
    if (!strcmp(v[CLI_SPLIT].text, "fastai07")) options.split = BRN_SPLIT_FASTAI07;
    if (v[CLI_SPLIT_OUT].set) options.out = v[CLI_SPLIT_OUT].text;
    int code = cli_check_folder(call->inputs[0]);
    if (code != CLI_DONE) return code;
    brn_data_split_result result;
    cli_signals_watch();
    brn_status status = brn_data_split_folder(call->inputs[0], &options, &result);
    if (cli_is_terminal()) cli_say("\r\033[K");
    if (status != BRN_OK) return cli_fail_status(status);
    if (!cli_is_json()) {
        cli_say("%" PRId64 " train, %" PRId64 " valid, %" PRId64 " test", result.train, result.valid,
                result.test);
        if (result.grouped) cli_say(", %" PRId64 " kept beside pictures alike", result.grouped);
        cli_say("\n");
        cli_print("%s\n", cli_visible(result.out, out, sizeof out));
        return CLI_DONE;
    }
    cli_json json = cli_json_event("done");
    cli_json_text(&json, "out", result.out);
    cli_json_whole(&json, "train", result.train);
    cli_json_whole(&json, "valid", result.valid);
    cli_json_whole(&json, "test", result.test);
    cli_json_whole(&json, "grouped", result.grouped);
    cli_json_real(&json, "seconds", cli_seconds() - began);
    cli_json_end(&json);
    return CLI_DONE;
}

const cli_command cli_command_data_split = {
    .noun = "data",
    .verb = "split",
    .arguments = "FOLDER",
    .summary = "Makes train/, valid/ and test/ of class folders",
    .details =
        "FOLDER holds a folder of pictures for each class. Each class is split by the same shares,\n"
        "and pictures that are the same or look alike stay on one side, so that nothing validates\n"
        "what was trained on. split.csv in the new folder says what came from where. Without\n"
        "pictures alike the choice is that of image train with the same --valid and --seed.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_SPLIT_OUT, CLI_VALID_SHARE, CLI_TEST_SHARE, CLI_SEED, CLI_SPLIT, CLI_BY,
                CLI_TOGETHER, CLI_NEAR, CLI_THREADS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
