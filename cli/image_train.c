/* SPDX-License-Identifier: Apache-2.0
 * burnish image train FOLDER_OR_LIST */
#include "commands.h"
#include "output.h"
#include "precision.h"
#include "progress.h"
#include "signals.h"

#include "burnish/image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cli_value whole(int64_t number)
{
    return (cli_value){.set = true, .whole = number};
}
static cli_value real(double number)
{
    return (cli_value){.set = true, .real = number};
}
static cli_value text(const char *word)
{
    return (cli_value){.set = true, .text = word};
}
static cli_value flag(bool on)
{
    return (cli_value){.set = true, .flag = on};
}

/* The library's own defaults. Those that the recipe or the weights choose stay unset. */
static void defaults(cli_value *values)
{
    brn_image_options o = brn_image_defaults();
    values[CLI_ARCH] = text(o.architecture);
    values[CLI_RECIPE] = text("fine-tune");
    values[CLI_PRETRAINED] = flag(o.pretrained);
    values[CLI_FREEZE_EPOCHS] = whole(o.freeze_epochs);
    values[CLI_PRECOMPUTE] = flag(o.precompute);
    values[CLI_LABEL_SMOOTHING] = real(o.label_smoothing);
    values[CLI_VALID] = real(o.valid);
    values[CLI_TTA] = whole(o.tta);
    values[CLI_MONITOR] = text(o.monitor);
    values[CLI_SEED] = whole((int64_t)o.seed);
    values[CLI_THREADS] = whole(o.threads);
}

static brn_image_recipe recipe_of(const char *word)
{
    if (!strcmp(word, "scratch")) return BRN_RECIPE_SCRATCH;
    return strcmp(word, "course2017") ? BRN_RECIPE_FINE_TUNE : BRN_RECIPE_COURSE2017;
}

static brn_image_options options_of(const cli_call *call)
{
    const cli_value *v = call->values;
    brn_image_options o = brn_image_defaults();
    o.data = call->inputs[0];
    o.architecture = v[CLI_ARCH].text;
    if (v[CLI_NETWORK].set) o.network = v[CLI_NETWORK].text;
    if (v[CLI_OUT].set) o.out = v[CLI_OUT].text;
    o.recipe = recipe_of(v[CLI_RECIPE].text);
    o.pretrained = v[CLI_PRETRAINED].flag;
    if (v[CLI_EPOCHS].set) o.epochs = (int)v[CLI_EPOCHS].whole;
    o.freeze_epochs = (int)v[CLI_FREEZE_EPOCHS].whole;
    o.freeze = v[CLI_FREEZE].flag;
    o.train_bn = v[CLI_TRAIN_BN].flag;
    o.precompute = v[CLI_PRECOMPUTE].flag;
    if (v[CLI_BATCH_SIZE].set) o.batch_size = (int)v[CLI_BATCH_SIZE].whole;
    if (v[CLI_SIZE].set) o.size = (int)v[CLI_SIZE].whole;
    if (v[CLI_SIZES].set) o.sizes = v[CLI_SIZES].text;
    if (v[CLI_LEARNING_RATE].set) o.learning_rate = v[CLI_LEARNING_RATE].real;
    if (v[CLI_RATE_SPREAD].set) o.rate_spread = v[CLI_RATE_SPREAD].real;
    if (v[CLI_WEIGHT_DECAY].set) o.weight_decay = v[CLI_WEIGHT_DECAY].real;
    if (v[CLI_OPTIMIZER].set) o.optimizer = v[CLI_OPTIMIZER].text;
    if (v[CLI_SCHEDULE].set) o.schedule = v[CLI_SCHEDULE].text;
    if (v[CLI_GROUP_RATES].set) o.group_rates = v[CLI_GROUP_RATES].text;
    if (v[CLI_GROUP_DECAYS].set) o.group_decays = v[CLI_GROUP_DECAYS].text;
    o.freeze_to = (int)v[CLI_FREEZE_TO].whole;
    o.gradual_unfreezing = v[CLI_GRADUAL].flag;
    o.bn_freeze = v[CLI_BN_FREEZE].flag;
    o.lookahead = (int)v[CLI_LOOKAHEAD].whole;
    o.decoupled_decay = v[CLI_DECOUPLED].flag;
    if (v[CLI_MOMENTUM].set) o.momentum = v[CLI_MOMENTUM].text;
    o.clip = v[CLI_CLIP].real;
    o.accumulate = (int)v[CLI_ACCUMULATE].whole;
    o.warm_up = v[CLI_WARM_UP].real;
    o.swa = (int)v[CLI_SWA].whole;
    o.ema = v[CLI_EMA].real;
    if (v[CLI_CYCLE_LENGTH].set) o.cycle_length = (int)v[CLI_CYCLE_LENGTH].whole;
    if (v[CLI_CYCLE_MULTIPLIER].set) o.cycle_multiplier = (int)v[CLI_CYCLE_MULTIPLIER].whole;
    if (v[CLI_MIXUP].set) o.mixup = v[CLI_MIXUP].real;
    if (v[CLI_CUTMIX].set) o.cutmix = v[CLI_CUTMIX].real;
    o.snapshots = v[CLI_SNAPSHOTS].flag;
    if (v[CLI_AUGMENT].set) o.augment = v[CLI_AUGMENT].text;
    o.label_smoothing = v[CLI_LABEL_SMOOTHING].real;
    o.valid = v[CLI_VALID].real;
    if (v[CLI_CLASS_WEIGHTS].set) o.class_weights = v[CLI_CLASS_WEIGHTS].text;
    if (v[CLI_TEST].set) o.test = v[CLI_TEST].text;
    if (v[CLI_EXCLUDE].set) o.exclude = v[CLI_EXCLUDE].text;
    if (v[CLI_RELABEL].set) o.relabel = v[CLI_RELABEL].text;
    if (v[CLI_FOLDS].set) o.folds = (int)v[CLI_FOLDS].whole;
    o.tta = (int)v[CLI_TTA].whole;
    o.monitor = v[CLI_MONITOR].text;
    if (v[CLI_EARLY_STOPPING].set) o.early_stopping = (int)v[CLI_EARLY_STOPPING].whole;
    if (v[CLI_REDUCE_ON_PLATEAU].set) o.reduce_on_plateau = (int)v[CLI_REDUCE_ON_PLATEAU].whole;
    o.save_best = v[CLI_SAVE_BEST].flag;
    o.tta_beta = v[CLI_TTA_BETA].real;
    o.seed = (uint64_t)v[CLI_SEED].whole;
    o.threads = (int)v[CLI_THREADS].whole;
    o.precision = cli_precision(v);
    o.activation_checkpointing = v[CLI_ACTIVATION_CHECKPOINTING].flag;
    if (v[CLI_LOADERS].set) o.loaders = (int)v[CLI_LOADERS].whole;
    if (v[CLI_CHECKPOINT_SECONDS].set) o.checkpoint_seconds = v[CLI_CHECKPOINT_SECONDS].real;
    if (v[CLI_IMAGES].set) o.images = v[CLI_IMAGES].text;
    if (v[CLI_TARGETS].set) o.targets = v[CLI_TARGETS].text;
    if (v[CLI_TARGET_TYPE].set) o.target_type = v[CLI_TARGET_TYPE].text;
    if (v[CLI_TAG_SEPARATOR].set) o.tag_separator = v[CLI_TAG_SEPARATOR].text;
    o.offline = v[CLI_OFFLINE].flag;
    if (v[CLI_MIRROR].set) o.mirror = v[CLI_MIRROR].text;
    const char *verbose = getenv("BRN_VERBOSE");
    o.describe_plans = verbose && !strcmp(verbose, "plan");
    return o;
}

/* How a run that was stopped is gone on with; for people. */
static void tell_how_to_go_on(brn_status status, const char *run)
{
    bool can = status == BRN_ERROR_INTERRUPTED || status == BRN_ERROR_IO;
    if (can && *run) cli_say("to go on: burnish image train --resume %s\n", run);
}

static int finish(cli_progress *progress, brn_status status, const brn_image_result *result)
{
    cli_progress_clear(progress);
    int code = cli_fail_status(status);
    tell_how_to_go_on(status, result->run);
    return code;
}

static int resume(const cli_call *call)
{
    const int code = cli_resume_alone(call, "folder of pictures");
    if (code != CLI_DONE) return code;
    cli_progress progress = cli_progress_of("image train");
    brn_image_result result = {0};
    cli_signals_watch();
    brn_status status =
        brn_image_resume(call->values[CLI_RESUME].text, cli_progress_event, &progress, &result);
    return finish(&progress, status, &result);
}

/* The text of --phases; freed by the caller. */
static int read_phases(const cli_call *call, char **out)
{
    enum { BYTES_MAX = 1 << 20 };
    const char *path = call->values[CLI_PHASES].text;
    if (!path) return CLI_DONE;
    int code = cli_check_file(path);
    if (code != CLI_DONE) return code;
    FILE *file = fopen(path, "rb");
    if (!file) return cli_fail(CLI_BAD_INPUT, "%s: %s", path, strerror(errno));
    char *text = calloc(BYTES_MAX + 1, 1);
    const size_t length = text ? fread(text, 1, BYTES_MAX, file) : 0;
    const bool good = text && !ferror(file) && length < BYTES_MAX && strlen(text) == length;
    fclose(file);
    if (good) {
        *out = text;
        return CLI_DONE;
    }
    free(text);
    return cli_fail(CLI_BAD_INPUT, "%s: expected JSON text of less than 1 MiB", path);
}

static int run(const cli_call *call)
{
    if (call->values[CLI_RESUME].set) return resume(call);
    if (call->input_count == 0)
        return cli_fail(CLI_WRONG_USE, "expected burnish image train FOLDER or LIST, or --resume RUN");
    int code = cli_check_data(call->inputs[0]);
    if (code != CLI_DONE) return code;
    cli_progress progress = cli_progress_of("image train");
    char *phases = NULL;
    brn_image_options options = options_of(call);
    brn_image_result result = {0};
    code = read_phases(call, &phases);
    if (code != CLI_DONE) return code;
    options.phases = phases;
    options.on_event = cli_progress_event;
    options.context = &progress;
    cli_signals_watch();
    brn_status status = brn_image_train(&options, &result);
    free(phases);
    return finish(&progress, status, &result);
}

const cli_command cli_command_image_train = {
    .noun = "image",
    .verb = "train",
    .arguments = "FOLDER_OR_LIST | --resume RUN",
    .summary = "Trains on a folder of pictures, or on a list of them with tags or numbers",
    .details =
        "FOLDER holds train/ and valid/ with a folder of pictures for each class, or the\n"
        "class folders themselves, of which a share is set aside to validate. JPEG, PNG and still WebP.\n"
        "A LIST is a CSV or TSV file (.gz too): the first column names pictures, the others are a label,\n"
        "tags (several words a row) or numbers; a column is_valid (0, 1) says which validate. The last line\n"
        "then has f2 and map of tags, rmse and mae of numbers, in place of accuracy.\n"
        "Without --epochs all layers learn for 10 epochs, or for 20 where 500 to 5,000 pictures train.\n"
        "The run folder gets config.json, history.csv, curve.csv, model.safetensors and report.html,\n"
        "and while it trains state.safetensors: a run that was stopped by a signal, a full disk or a\n"
        "power cut goes on with --resume RUN, to the same bits as if it had not been.",
    .inputs_min = 0,
    .inputs_max = 1,
    .computes = true,
    .options = {
        CLI_IMAGES,
        CLI_TARGETS,
        CLI_TARGET_TYPE,
        CLI_TAG_SEPARATOR,
        CLI_RESUME,
        CLI_OUT,
        CLI_ARCH,
        CLI_NETWORK,
        CLI_RECIPE,
        CLI_PRETRAINED,
        CLI_FREEZE_EPOCHS,
        CLI_EPOCHS,
        CLI_FREEZE,
        CLI_TRAIN_BN,
        CLI_PRECOMPUTE,
        CLI_BATCH_SIZE,
        CLI_SIZE,
        CLI_SIZES,
        CLI_PHASES,
        CLI_LEARNING_RATE,
        CLI_RATE_SPREAD,
        CLI_WEIGHT_DECAY,
        CLI_GROUP_RATES,
        CLI_GROUP_DECAYS,
        CLI_FREEZE_TO,
        CLI_GRADUAL,
        CLI_BN_FREEZE,
        CLI_OPTIMIZER,
        CLI_LOOKAHEAD,
        CLI_DECOUPLED,
        CLI_MOMENTUM,
        CLI_CLIP,
        CLI_ACCUMULATE,
        CLI_SWA,
        CLI_EMA,
        CLI_SCHEDULE,
        CLI_WARM_UP,
        CLI_CYCLE_LENGTH,
        CLI_CYCLE_MULTIPLIER,
        CLI_SNAPSHOTS,
        CLI_AUGMENT,
        CLI_MIXUP,
        CLI_CUTMIX,
        CLI_LABEL_SMOOTHING,
        CLI_VALID,
        CLI_FOLDS,
        CLI_TEST,
        CLI_CLASS_WEIGHTS,
        CLI_EXCLUDE,
        CLI_RELABEL,
        CLI_TTA,
        CLI_TTA_BETA,
        CLI_EARLY_STOPPING,
        CLI_REDUCE_ON_PLATEAU,
        CLI_SAVE_BEST,
        CLI_MONITOR,
        CLI_SEED,
        CLI_THREADS,
        CLI_PRECISION,
        CLI_ACTIVATION_CHECKPOINTING,
        CLI_LOADERS,
        CLI_CHECKPOINT_SECONDS,
        CLI_MIRROR,
        CLI_OFFLINE,
        CLI_QUIET,
        CLI_JSON,
        CLI_HELP,
    },
    .defaults = defaults,
    .run = run,
};
