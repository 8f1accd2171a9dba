/* SPDX-License-Identifier: Apache-2.0
 * burnish bench read FOLDER_OR_LIST: how many pictures one thread reads and changes for training. */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "rates.h"

#include "burnish/image.h"

#include <stdlib.h>

static void defaults(cli_value *values)
{
    values[CLI_SIZE] = (cli_value){.set = true, .whole = 224};
    values[CLI_ROUNDS] = (cli_value){.set = true, .whole = 5};
}

static void report(const cli_call *call, double *seconds, int rounds, int64_t pictures)
{
    const cli_rates rates = cli_rates_of(seconds, rounds, pictures);
    if (cli_is_json()) {
        cli_json json = cli_json_event("bench");
        cli_json_text(&json, "mode", "read");
        cli_json_text(&json, "augment", call->values[CLI_AUGMENT].set ? call->values[CLI_AUGMENT].text : "side-on");
        cli_json_whole(&json, "pictures", pictures);
        cli_json_whole(&json, "size", call->values[CLI_SIZE].whole);
        cli_json_rates(&json, &rates, rounds);
        cli_json_end(&json);
    } else if (cli_is_quiet())
        cli_print("%.1f\n", rates.median);
    else
        cli_say("%.1f images/s in one thread (%.1f to %.1f in %d rounds)\n", rates.median, rates.minimum, rates.maximum,
                rounds);
}

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    const int rounds = (int)v[CLI_ROUNDS].whole;
    int64_t pictures = 0;
    int code = cli_check_data(call->inputs[0]);
    if (code != CLI_DONE) return code;
    double *seconds = calloc((size_t)rounds, sizeof *seconds);
    if (!seconds) return cli_fail(CLI_NO_ROOM, "no memory for %d rounds", rounds);
    code = cli_fail_status(brn_image_bench_reading(call->inputs[0], v[CLI_AUGMENT].set ? v[CLI_AUGMENT].text : NULL,
                                                   (int)v[CLI_SIZE].whole, rounds, seconds, &pictures));
    if (code == CLI_DONE) report(call, seconds, rounds, pictures);
    free(seconds);
    return code;
}

const cli_command cli_command_bench_read = {
    .noun = "bench",
    .verb = "read",
    .arguments = "FOLDER_OR_LIST",
    .summary = "Times reading and changing pictures, in one thread",
    .details = "All training pictures, from their files (which the page cache holds after the first, uncounted\n"
               "round) to the network's input, changed anew in each round as --augment says.",
    .inputs_min = 1,
    .inputs_max = 1,
    .options = {CLI_AUGMENT, CLI_SIZE, CLI_ROUNDS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = defaults,
    .run = run,
};
