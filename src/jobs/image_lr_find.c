/* SPDX-License-Identifier: Apache-2.0
 * The learning-rate finder on pictures: the first stage of a training, made in mock. */
#include "burnish/image_lr_find.h"
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_targets.h"
#include "jobs/precision.h"
#include "train/lr_finder.h"

#include <string.h>

typedef struct search {
    brn__image_plan plan;
    brn_image_data *data;
    brn__image_transform transform;
    brn__dataset *pictures;
    brn__image_network network;
    brn__loader *train, *valid;
    brn__progress progress;
} search;

/* ------------------------------------------------------------------ what a training would start from */

static brn_status open_data(search *s)
{
    const brn_image_options *o = &s->plan.options;
    const brn_image_data_options how = brn__image_data_options_of(o);
    BRN__TRY(brn_image_data_open(o->data, &how, &s->data));
    BRN__TRY(brn__image_data_check(o, s->data));
    BRN__TRY(brn__image_transform_of(&s->plan.preprocessing, o->augment, &s->transform));
    return brn__image_dataset_new(s->data, &s->transform, &s->pictures);
}

static brn_status make_network(search *s)
{
    const brn__image_network_options options = brn__image_network_options_of(&s->plan, s->data);
    BRN__TRY(brn__image_network_new(&options, &s->network));
    if (!s->plan.options.pretrained) return BRN_OK;
    return brn__image_network_load(&s->network, s->plan.weights, BRN_MODEL_BODY);
}

/* ------------------------------------------------------------------ the search */

static brn_status find(search *s, const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    const brn_image_options *o = &s->plan.options;
    const int head = s->plan.model->body_groups;
    const bool frozen = o->freeze_epochs > 0;
    brn__fit_options fit = {.network = s->network.whole,
                            .train = s->train,
                            .valid = s->valid,
                            .learning_groups = frozen ? 1ull << head : UINT64_MAX,
                            .optimizer = brn__image_optimizer(&s->plan)};
    for (int g = 0; frozen && g < head; g++)
        fit.norm_form[g] = o->train_bn ? BRN_NORM_BATCH : BRN_NORM_FIXED;
    return brn__lr_find_told(s->network.learner, &fit, frozen ? NULL : s->plan.group_rates, finder, &s->progress,
                             head, out);
}

static brn_status warn_of_bad(search *s, const brn__loader *loader)
{
    int64_t count = 0;
    const brn__bad_item *bad = loader ? brn__loader_bad_items(loader, &count) : NULL;
    for (int64_t i = 0; i < count; i++)
        BRN__TRY(brn__progress_send(&s->progress,
                                    brn__event_of(BRN_EVENT_WARNING, bad[i].reason)));
    return BRN_OK;
}

static brn_status run(search *s, const brn_image_options *options, const brn_lr_finder_options *finder,
                      brn_lr_curve *out)
{
    const brn_image_options *o = &s->plan.options;
    BRN__TRY(brn__image_plan_make(options, &s->plan));
    BRN__TRY(brn__precision_tell(&s->progress, options->precision));
    BRN__TRY(open_data(s));
    BRN__TRY(brn__image_plan_obtain(&s->plan));
    BRN__TRY(make_network(s));
    BRN__TRY(brn__image_loader_new(o, s->data, s->pictures, BRN_SPLIT_TRAIN, &s->train));
    if (finder->form == BRN_LR_FIND_VALID)
        BRN__TRY(brn__image_loader_new(o, s->data, s->pictures, BRN_SPLIT_VALID, &s->valid));
    BRN__TRY(find(s, finder, out));
    BRN__TRY(warn_of_bad(s, s->train));
    return warn_of_bad(s, s->valid);
}

brn_status brn_image_lr_find(const brn_image_options *options, const brn_lr_finder_options *finder,
                             brn_lr_curve *out)
{
    *out = (brn_lr_curve){0};
    search *s = brn__alloc_zero(1, sizeof *s);
    if (!s) return BRN_ERROR_NO_MEMORY;
    brn__progress_init(&s->progress, options->on_event, options->context);
    s->progress.stage = "lr-find";
    s->progress.epochs = 1;
    const brn_status status = run(s, options, finder, out);
    if (status != BRN_OK) brn_lr_curve_free(out);
    brn__loader_free(s->valid);
    brn__loader_free(s->train);
    brn__image_network_free(&s->network);
    brn__image_plan_free(&s->plan);
    brn__dataset_free(s->pictures);
    brn_image_data_close(s->data);
    brn__free(s);
    return status;
}
