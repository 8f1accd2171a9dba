/* SPDX-License-Identifier: Apache-2.0
 * burnish bench train|infer MODEL: speed with random weights and pictures. */
#include "bench.h"
#include "commands.h"
#include "json.h"
#include "output.h"
#include "precision.h"
#include "rates.h"

#include <stdlib.h>
#include <string.h>

void cli_bench_defaults(cli_value *values)
{
    values[CLI_BATCH_SIZE] = (cli_value){.set = true, .whole = 16};
    values[CLI_SIZE] = (cli_value){.set = true, .whole = 224};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = 2};
    values[CLI_ROUNDS] = (cli_value){.set = true, .whole = 5};
}

brn_image_bench_options cli_bench_options(const cli_call *call, bool training)
{
    const cli_value *v = call->values;
    return (brn_image_bench_options){
        .architecture = call->inputs[0],
        .training = training,
        .batch_size = (int)v[CLI_BATCH_SIZE].whole,
        .size = (int)v[CLI_SIZE].whole,
        .threads = (int)v[CLI_THREADS].whole,
        .rounds = (int)v[CLI_ROUNDS].whole,
        .precision = cli_precision(v),
        .activation_checkpointing = training && v[CLI_ACTIVATION_CHECKPOINTING].flag,
    };
}

static void report(const cli_call *call, const char *mode, double *seconds, int rounds)
{
    int64_t batch_size = call->values[CLI_BATCH_SIZE].whole;
    const cli_rates rates = cli_rates_of(seconds, rounds, batch_size);
    if (cli_is_json()) {
        cli_json json = cli_json_event("bench");
        cli_json_text(&json, "model", call->inputs[0]);
        cli_json_text(&json, "mode", mode);
        cli_json_whole(&json, "batch_size", batch_size);
        cli_json_whole(&json, "size", call->values[CLI_SIZE].whole);
        cli_json_whole(&json, "threads", call->values[CLI_THREADS].whole);
        cli_json_rates(&json, &rates, rounds);
        cli_json_end(&json);
    } else if (cli_is_quiet())
        cli_print("%.2f\n", rates.median);
    else
        cli_say("%s %s: %.2f images/s (%.2f to %.2f in %d rounds)\n", call->inputs[0], mode, rates.median,
                rates.minimum, rates.maximum, rounds);
}

static int bench(const cli_call *call, bool training)
{
    const brn_image_bench_options options = cli_bench_options(call, training);
    double *seconds = calloc((size_t)options.rounds, sizeof *seconds);
    if (!seconds) return cli_fail(CLI_NO_ROOM, "no memory for %d rounds", options.rounds);
    brn_status status = brn_image_bench(&options, seconds, NULL);
    int code = cli_fail_status(status);
    if (code == CLI_DONE) report(call, training ? "train" : "infer", seconds, options.rounds);
    free(seconds);
    return code;
}

static int train(const cli_call *call)
{
    return bench(call, true);
}
static int infer(const cli_call *call)
{
    return bench(call, false);
}

const cli_command cli_command_bench_train = {
    .noun = "bench",
    .verb = "train",
    .arguments = "MODEL",
    .summary = "Times training steps with random weights",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_BENCH_OPTIONS, CLI_ACTIVATION_CHECKPOINTING, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = cli_bench_defaults,
    .run = train,
};

const cli_command cli_command_bench_infer = {
    .noun = "bench",
    .verb = "infer",
    .arguments = "MODEL",
    .summary = "Times inference with random weights",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_BENCH_OPTIONS, CLI_QUIET, CLI_JSON, CLI_HELP},
    .defaults = cli_bench_defaults,
    .run = infer,
};
