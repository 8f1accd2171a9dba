/* SPDX-License-Identifier: Apache-2.0
 * burnish image lr-find FOLDER */
#include "commands.h"
#include "lr_find.h"
#include "output.h"
#include "precision.h"
#include "progress.h"
#include "signals.h"

#include "burnish/image_lr_find.h"

static void defaults(cli_value *values)
{
    const brn_image_options o = brn_image_defaults();
    values[CLI_ARCH] = (cli_value){.set = true, .text = o.architecture};
    values[CLI_PRETRAINED] = (cli_value){.set = true, .flag = o.pretrained};
    values[CLI_FREEZE_EPOCHS] = (cli_value){.set = true, .whole = o.freeze_epochs};
    values[CLI_LABEL_SMOOTHING] = (cli_value){.set = true, .real = o.label_smoothing};
    values[CLI_VALID] = (cli_value){.set = true, .real = o.valid};
    values[CLI_SEED] = (cli_value){.set = true, .whole = (int64_t)o.seed};
    values[CLI_THREADS] = (cli_value){.set = true, .whole = o.threads};
    cli_lr_find_defaults(values);
}

static brn_image_options options_of(const cli_call *call)
{
    const cli_value *v = call->values;
    brn_image_options o = brn_image_defaults();
    o.data = call->inputs[0];
    o.architecture = v[CLI_ARCH].text;
    if (v[CLI_NETWORK].set) o.network = v[CLI_NETWORK].text;
    o.pretrained = v[CLI_PRETRAINED].flag;
    o.freeze_epochs = (int)v[CLI_FREEZE_EPOCHS].whole;
    o.train_bn = v[CLI_TRAIN_BN].flag;
    if (v[CLI_BATCH_SIZE].set) o.batch_size = (int)v[CLI_BATCH_SIZE].whole;
    if (v[CLI_SIZE].set) o.size = (int)v[CLI_SIZE].whole;
    if (v[CLI_RATE_SPREAD].set) o.rate_spread = v[CLI_RATE_SPREAD].real;
    if (v[CLI_WEIGHT_DECAY].set) o.weight_decay = v[CLI_WEIGHT_DECAY].real;
    if (v[CLI_OPTIMIZER].set) o.optimizer = v[CLI_OPTIMIZER].text;
    o.label_smoothing = v[CLI_LABEL_SMOOTHING].real;
    o.valid = v[CLI_VALID].real;
    o.seed = (uint64_t)v[CLI_SEED].whole;
    o.threads = (int)v[CLI_THREADS].whole;
    o.precision = cli_precision(v);
    o.activation_checkpointing = v[CLI_ACTIVATION_CHECKPOINTING].flag;
    if (v[CLI_IMAGES].set) o.images = v[CLI_IMAGES].text;
    if (v[CLI_TARGETS].set) o.targets = v[CLI_TARGETS].text;
    if (v[CLI_TARGET_TYPE].set) o.target_type = v[CLI_TARGET_TYPE].text;
    if (v[CLI_TAG_SEPARATOR].set) o.tag_separator = v[CLI_TAG_SEPARATOR].text;
    if (v[CLI_LOADERS].set) o.loaders = (int)v[CLI_LOADERS].whole;
    return o;
}

/* ------------------------------------------------------------------ the command */

static int run(const cli_call *call)
{
    const cli_value *v = call->values;
    const int code = cli_check_data(call->inputs[0]);
    if (code != CLI_DONE) return code;
    const brn_lr_finder_options finder = cli_lr_find_options(v);
    const char *svg = v[CLI_SVG].set ? v[CLI_SVG].text : NULL;
    cli_progress progress = cli_progress_of("image lr-find");
    brn_image_options options = options_of(call);
    options.on_event = cli_progress_event;
    options.context = &progress;
    const double began = cli_seconds();
    brn_lr_curve curve;
    cli_signals_watch();
    brn_status status = brn_image_lr_find(&options, &finder, &curve);
    cli_progress_clear(&progress);
    if (status == BRN_OK) status = cli_lr_find_show(&curve, svg, cli_seconds() - began);
    brn_lr_curve_free(&curve);
    return cli_fail_status(status);
}

const cli_command cli_command_image_lr_find = {
    .noun = "image",
    .verb = "lr-find",
    .arguments = "FOLDER_OR_LIST",
    .summary = "Finds a learning rate by a mock training whose rate grows",
    .details = "FOLDER_OR_LIST is as in image train, and the options are those of the training to come. Suggests\n"
               "rates, of which valley is the one to try, and plots the loss. Nothing is kept of the\n"
               "training. With --freeze-epochs 0 all layers learn, in the ratios of the training's rates.",
    .inputs_min = 1,
    .inputs_max = 1,
    .computes = true,
    .options = {CLI_LR_FIND_OPTIONS, CLI_ARCH, CLI_NETWORK,         CLI_PRETRAINED, CLI_FREEZE_EPOCHS,
                CLI_TRAIN_BN,     CLI_BATCH_SIZE,      CLI_SIZE,      CLI_RATE_SPREAD, CLI_WEIGHT_DECAY, CLI_OPTIMIZER,
                CLI_LABEL_SMOOTHING, CLI_VALID,        CLI_SEED,      CLI_THREADS,      CLI_PRECISION,
                CLI_ACTIVATION_CHECKPOINTING, CLI_LOADERS,
                CLI_IMAGES,       CLI_TARGETS,         CLI_TARGET_TYPE, CLI_TAG_SEPARATOR,
                CLI_QUIET,        CLI_JSON,            CLI_HELP},
    .defaults = defaults,
    .run = run,
};
