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

int cli_bench_take(const cli_call *call, bool training, brn_image_bench_options *out)
{
    const cli_value *v = call->values;
    *out = (brn_image_bench_options){
        .architecture = call->inputs[0],
        .training = training,
        .batch_size = (int)v[CLI_BATCH_SIZE].whole,
        .size = (int)v[CLI_SIZE].whole,
        .threads = (int)v[CLI_THREADS].whole,
        .rounds = (int)v[CLI_ROUNDS].whole,
        .precision = brn_precision_here(cli_precision(v)),
        .activation_checkpointing = v[CLI_ACTIVATION_CHECKPOINTING].flag,
    };
    if (out->activation_checkpointing && !training)
        return cli_fail(CLI_WRONG_USE, "--activation-checkpointing is for training: there are no gradients in --mode infer");
    if (cli_precision(v) == BRN_PRECISION_BF16 && out->precision != BRN_PRECISION_BF16)
        cli_warn("this processor has no products of bfloat16: what follows is of float32");
    return CLI_DONE;
}

void cli_bench_json(cli_json *json, const brn_image_bench_options *options)
{
    cli_json_text(json, "model", options->architecture);
    cli_json_text(json, "mode", options->training ? "train" : "infer");
    cli_json_text(json, "precision", brn_precision_name(options->precision));
    cli_json_bool(json, "activation_checkpointing", options->activation_checkpointing);
    cli_json_whole(json, "batch_size", options->batch_size);
    cli_json_whole(json, "size", options->size);
    cli_json_whole(json, "threads", options->threads);
}

static void report(const brn_image_bench_options *options, double *seconds)
{
    const char *mode = options->training ? "train" : "infer";
    const cli_rates rates = cli_rates_of(seconds, options->rounds, options->batch_size);
    if (cli_is_json()) {
        cli_json json = cli_json_event("bench");
        cli_bench_json(&json, options);
        cli_json_rates(&json, &rates, options->rounds);
        cli_json_end(&json);
    } else if (cli_is_quiet())
        cli_print("%.2f\n", rates.median);
    else
        cli_say("%s %s in %s: %.2f images/s (%.2f to %.2f in %d rounds)\n", options->architecture, mode,
                brn_precision_name(options->precision), rates.median, rates.minimum, rates.maximum, options->rounds);
}

static int bench(const cli_call *call, bool training)
{
    brn_image_bench_options options;
    int code = cli_bench_take(call, training, &options);
    if (code != CLI_DONE) return code;
    double *seconds = calloc((size_t)options.rounds, sizeof *seconds);
    if (!seconds) return cli_fail(CLI_NO_ROOM, "no memory for %d rounds", options.rounds);
    code = cli_fail_status(brn_image_bench(&options, seconds, NULL));
    if (code == CLI_DONE) report(&options, seconds);
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
