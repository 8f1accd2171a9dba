/* SPDX-License-Identifier: Apache-2.0
 * The image job's options: defaults, checks, and the recipes' numbers. */
#include "base/files.h"
#include "base/status.h"
#include "base/threads.h"
#include "data/image/augment_words.h"
#include "jobs/image_phases.h"
#include "jobs/image_targets.h"
#include "jobs/image_watch.h"
#include "jobs/run_folder.h"
#include "jobs/precision.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double CHECKPOINT_SECONDS = 10;
static const double LOOKAHEAD_SHARE = .5; /* Zhang et al. 2019 */

brn_image_options brn_image_defaults(void)
{
    return (brn_image_options){
        .architecture = "efficientnet_lite0",
        .recipe = BRN_RECIPE_FINE_TUNE,
        .pretrained = true,
        .freeze_epochs = 1,
        .epochs = BRN_IMAGE_EPOCHS_BY_DATA,
        .weight_decay = -1,
        .valid = .2,
        .tta = 4, /* flowers17: .962 for .950 without */
        .monitor = "valid_loss",
        .seed = 42,
        .loaders = -1,
        .checkpoint_seconds = -1,
    };
}

int brn__image_loaders(int loaders)
{
    if (loaders >= 0) return loaders;
    int chosen = brn__processor_count() / 2;
    return chosen < 1 ? 1 : chosen > 8 ? 8 : chosen;
}

static brn_status check_numbers(const brn_image_options *o)
{
    if (!o->data) return brn__fail(BRN_ERROR_USAGE, "data: expected a folder of pictures");
    if (o->freeze_epochs < 0 || o->epochs < 0 || o->freeze_epochs + o->epochs < 1 ||
        o->freeze_epochs > 100000 || o->epochs > 100000)
        return brn__fail(BRN_ERROR_USAGE, "epochs: %d frozen and %d; expected at least 1 in all",
                         o->freeze_epochs, o->epochs);
    if (o->batch_size != 0 && (o->batch_size < 2 || o->batch_size > BRN__IMAGE_BATCH_MAX))
        return brn__fail(BRN_ERROR_USAGE, "batch size: %d; expected 2 to %d (batch norm needs two)",
                         o->batch_size, BRN__IMAGE_BATCH_MAX);
    if (o->size != 0 && (o->size < 32 || o->size > 2048))
        return brn__fail(BRN_ERROR_USAGE, "size: %d; expected 32 to 2048 pixels", o->size);
    if (o->folds < 0 || o->folds == 1 || o->folds > BRN__IMAGE_FOLDS_MAX || o->fold < 0 || o->fold > o->folds)
        return brn__fail(BRN_ERROR_USAGE, "folds: number %d of %d; expected 2 to %d folds, and one of them",
                         o->fold, o->folds, BRN__IMAGE_FOLDS_MAX);
    if (!(o->learning_rate >= 0 && o->learning_rate <= 100))
        return brn__fail(BRN_ERROR_USAGE, "learning rate: %g; expected more than 0, at most 100",
                         o->learning_rate);
    if (!(o->rate_spread == 0 || (o->rate_spread >= 1 && o->rate_spread <= 1e6)))
        return brn__fail(BRN_ERROR_USAGE, "rate spread: %g; expected 1 to 1e6", o->rate_spread);
    if (!(o->weight_decay <= 10))
        return brn__fail(BRN_ERROR_USAGE, "weight decay: %g; expected 0 to 10", o->weight_decay);
    if (!(o->label_smoothing >= 0 && o->label_smoothing < 1))
        return brn__fail(BRN_ERROR_USAGE, "label smoothing: %g; expected 0 to below 1",
                         o->label_smoothing);
    if (!(o->mixup >= 0 && o->mixup <= 100 && o->cutmix >= 0 && o->cutmix <= 100) ||
        (o->mixup > 0 && o->cutmix > 0))
        return brn__fail(BRN_ERROR_USAGE, "mixup: %g, cutmix: %g; expected 0 to 100, and one of them 0",
                         o->mixup, o->cutmix);
    if (o->cycle_length < 0 || o->cycle_length > 100000 || o->cycle_multiplier < 0 ||
        o->cycle_multiplier > 100)
        return brn__fail(BRN_ERROR_USAGE,
                         "cycles: %d epochs, then times %d; expected 1 to 100000 and 1 to 100",
                         o->cycle_length, o->cycle_multiplier);
    if (o->tta < 0 || o->tta > 1000)
        return brn__fail(BRN_ERROR_USAGE, "tta: %d passes; expected 0 to 1000", o->tta);
    if (!(o->tta_beta >= 0 && o->tta_beta <= 1))
        return brn__fail(BRN_ERROR_USAGE, "tta beta: %g; expected 0 to 1", o->tta_beta);
    if (!(o->checkpoint_seconds <= 1e9))
        return brn__fail(BRN_ERROR_USAGE, "checkpoint seconds: %g; expected 0 to 1e9",
                         o->checkpoint_seconds);
    if (o->threads < 0 || o->threads > 4096 || o->loaders < -1 || o->loaders > 256)
        return brn__fail(BRN_ERROR_USAGE, "threads: %d, loaders %d; expected at most 4096 and 256",
                         o->threads, o->loaders);
    return brn__precision_check(o->precision);
}

static brn_status check_steps(const brn_image_options *o)
{
    if (!(o->clip >= 0 && o->clip <= 1e9))
        return brn__fail(BRN_ERROR_USAGE, "clip: %g; expected more than 0, at most 1e9, or 0 for none", o->clip);
    if (o->accumulate < 0 || o->accumulate > 10000)
        return brn__fail(BRN_ERROR_USAGE, "accumulate: %d batches; expected 1 to 10000", o->accumulate);
    if (o->lookahead < 0 || o->lookahead > 10000)
        return brn__fail(BRN_ERROR_USAGE, "lookahead: %d steps; expected 1 to 10000", o->lookahead);
    if (!(o->ema >= 0 && o->ema < 1))
        return brn__fail(BRN_ERROR_USAGE, "ema: a decay of %g; expected more than 0 and less than 1", o->ema);
    if ((o->swa > 0) + (o->ema > 0) + o->save_best > 1)
        return brn__fail(BRN_ERROR_USAGE, "swa, ema, save best: each says which weights the model has; expected "
                                          "one of them");
    return BRN_OK;
}

static brn_status check_words(const brn_image_options *o)
{
    brn_optimizer_options optimizer;
    brn__augment_options augment;
    BRN__TRY(brn_optimizer_named(o->optimizer, &optimizer));
    BRN__TRY(brn__image_curves_check(o));
    return brn__augment_parse(o->augment, &augment);
}

/* ------------------------------------------------------------------ pictures */

brn_weights_preprocessing brn__image_preprocessing(const brn_model *model, int size)
{
    const brn_weights_entry *entry = brn__network_of(model) ? NULL : brn_weights_find(model->name);
    brn_weights_preprocessing p;
    if (entry) {
        p = entry->preprocessing;
    } else {
        p = (brn_weights_preprocessing){.size = model->input_size,
                                        .resize = model->input_size * 8 / 7,
                                        .interpolation = BRN_WEIGHTS_BILINEAR};
        for (int c = 0; c < 3; c++)
            p.mean[c] = (float)model->mean[c], p.deviation[c] = (float)model->deviation[c];
    }
    if (size == 0 || size == p.size) return p;
    p.resize = (int)lround((double)size * p.resize / p.size);
    p.size = size;
    return p;
}

brn_status brn__image_transform_of(const brn_weights_preprocessing *preprocessing, const char *augment,
                                   brn__image_transform *out)
{
    brn__image_transform transform = brn__image_transform_defaults(preprocessing->size);
    transform.resize = preprocessing->resize;
    transform.interpolation = preprocessing->interpolation == BRN_WEIGHTS_BICUBIC
                                  ? BRN__INTERPOLATION_BICUBIC
                                  : BRN__INTERPOLATION_BILINEAR;
    memcpy(transform.mean, preprocessing->mean, sizeof transform.mean);
    memcpy(transform.deviation, preprocessing->deviation, sizeof transform.deviation);
    *out = transform;
    return augment ? brn__augment_parse(augment, &out->training) : BRN_OK;
}

/* ------------------------------------------------------------------ epochs by the data */

/* Lite0 with all layers learning, three seeds: 1,020 pictures are not learned in 10 epochs (.962; .971 in 20),
 * 244 are learned by heart in 20 (loss .20 for .15). Beyond some thousands an epoch has steps enough. */
enum { FEW_EPOCHS = 10, MORE_EPOCHS = 20, MORE_FROM_PICTURES = 500, MORE_TO_PICTURES = 5000 };

static int epochs_for(const brn_image_options *o, int64_t pictures)
{
    const bool tunes_all = o->recipe == BRN_RECIPE_FINE_TUNE && o->pretrained && !o->freeze;
    return tunes_all && pictures >= MORE_FROM_PICTURES && pictures <= MORE_TO_PICTURES ? MORE_EPOCHS : FEW_EPOCHS;
}

brn_status brn__image_plan_for(const brn_image_options *given, const brn_image_data *data, brn__image_plan *plan)
{
    if (given->epochs != BRN_IMAGE_EPOCHS_BY_DATA) return BRN_OK;
    brn_image_options chosen = *given;
    chosen.epochs = epochs_for(&plan->options, brn_image_data_split_count(data, BRN_SPLIT_TRAIN));
    brn__image_plan_free(plan);
    BRN__TRY(brn__image_plan_make(&chosen, plan));
    brn__image_plan_settle(plan);
    return BRN_OK;
}

/* ------------------------------------------------------------------ the plan */

brn_optimizer_options brn__image_optimizer(const brn__image_plan *plan)
{
    brn_optimizer_options options;
    brn_status status = brn_optimizer_named(plan->options.optimizer, &options);
    if (status != BRN_OK) options = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM); /* was checked */
    options.weight_decay = plan->options.weight_decay;
    if (plan->options.decoupled_decay) options.decoupled_decay = true;
    if (plan->options.lookahead > 0) {
        options.lookahead_every = plan->options.lookahead;
        options.lookahead_share = LOOKAHEAD_SHARE;
    }
    options.threads = plan->options.threads;
    return options;
}

/* Once it is known how many epochs there will be. */
static brn_status check_swa(const brn__image_plan *plan)
{
    brn__image_recipe recipe;
    const int start = plan->options.swa;
    if (start == 0) return BRN_OK;
    BRN__TRY(brn__image_recipe_make(plan, &recipe));
    const int epochs = recipe.epochs;
    if (start >= 0 && start <= epochs) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "swa: from epoch %d on; expected 1 to %d, the last", start, epochs);
}

/* From the description, if there is one: it is kept as a text, so that the run needs no file of it. */
static brn_status find_model(brn__image_plan *plan)
{
    brn_image_options *o = &plan->options;
    if (!o->network) o->network = "";
    if (!*o->network) {
        if (!o->architecture) o->architecture = brn_image_defaults().architecture;
        plan->model = brn_model_find(o->architecture);
        if (!plan->model) return BRN_ERROR_USAGE;
    } else {
        BRN__TRY(brn__network_find(o->network, &plan->network));
        plan->model = brn_network_model(plan->network);
        o->network = brn_network_text(plan->network);
        o->pretrained = false;
    }
    o->architecture = plan->model->name;
    return BRN_OK;
}

void brn__image_plan_free(brn__image_plan *plan)
{
    brn_network_free(plan->network);
    plan->network = NULL;
}

brn_status brn__image_plan_make(const brn_image_options *given, brn__image_plan *out)
{
    *out = (brn__image_plan){.options = *given};
    brn_image_options *o = &out->options;
    if (o->epochs == BRN_IMAGE_EPOCHS_BY_DATA) o->epochs = MORE_EPOCHS; /* until the data are known */
    BRN__TRY(check_numbers(o));
    if (!brn__image_recipe_name(o->recipe))
        return brn__fail(BRN_ERROR_USAGE, "recipe: there is none numbered %d", (int)o->recipe);
    BRN__TRY(brn__run_folder_check(o->out));
    BRN__TRY(find_model(out));
    if (!o->momentum) o->momentum = "";
    if (o->accumulate == 0) o->accumulate = 1;
    BRN__TRY(brn__image_groups_check(out));
    brn__image_recipe_fill(o);
    BRN__TRY(check_steps(o));
    BRN__TRY(brn__image_sizes_check(o));
    BRN__TRY(brn__image_phases_check(out));
    BRN__TRY(check_words(o));
    if (!o->monitor) o->monitor = brn_image_defaults().monitor;
    BRN__TRY(brn__image_watch_check(o));
    BRN__TRY(brn__image_targets_plan(o));
    if (o->threads == 0) o->threads = brn__processor_count();
    o->loaders = brn__image_loaders(o->loaders);
    out->preprocessing = brn__image_preprocessing(out->model, o->size);
    o->size = out->preprocessing.size;
    out->preprocessing.resize = o->size; /* as the training crops see pictures: fast.ai's centre crop */
    if (o->checkpoint_seconds < 0) o->checkpoint_seconds = CHECKPOINT_SECONDS;
    brn__image_recipe_rates(out);
    return check_swa(out);
}

brn_status brn__image_plan_obtain(brn__image_plan *plan)
{
    const brn_image_options *o = &plan->options;
    const brn__image_pull pull = {
        .offline = o->offline, .mirror = o->mirror, .on_event = o->on_event, .context = o->context};
    if (!o->pretrained) return BRN_OK;
    return brn__image_weights_obtain(plan->model->name, &pull, plan->weights, sizeof plan->weights);
}
