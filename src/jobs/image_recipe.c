/* SPDX-License-Identifier: Apache-2.0
 * The recipes and their numbers. */
#include "base/status.h"
#include "jobs/image_phases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rates are those of the head. Measured on ants_bees and flowers17 (Lite0): the plain accuracy after 4
 * epochs was .960 and .953 with area crops and .928 to .954 and .924 with fast.ai 0.7's zoom of 1.1; a rate
 * of 2e-3 suits few pictures, 4e-3 many; a head trained for long on cached features starts out overfitted
 * (.935 on ants_bees). */
static const double FINE_TUNE_RATE = 3e-3, SCRATCH_RATE = 2e-3, SGD_PER_ADAM = 10;
static const double RATE_SPREAD = 100; /* fastai 2's slice(rate / 100, rate) over the groups */
static const double WEIGHT_DECAY = .01, SGD_WEIGHT_DECAY = 1e-4;
static const char AREA_CROPS[] = "resized-crop:0.4,rotate,flip,lighting";
enum { BATCH = 32 };

/* The seven steps of fast.ai 0.7's course of 2017: find a rate; the head on cached features; the head with
 * augmentation; all layers with lr/9, lr/3, lr; find a rate; one rate for all with restarts of 1 + 2 + 4
 * epochs; test-time augmentation. */
static const double COURSE_RATE = 1e-2, COURSE_FACTOR = 3;
enum { COURSE_BATCH = 64, COURSE_EPOCHS = 3, COURSE_CYCLES_EPOCHS = 7 };

/* ------------------------------------------------------------------ options */

static void fill_usual(brn_image_options *o, double adam_rate)
{
    if (!o->optimizer) o->optimizer = "adamw";
    if (!o->schedule) o->schedule = "one-cycle";
    const bool sgd = strcmp(o->optimizer, "sgd") == 0;
    if (o->learning_rate == 0) o->learning_rate = adam_rate * (sgd ? SGD_PER_ADAM : 1);
    if (o->weight_decay < 0) o->weight_decay = sgd ? SGD_WEIGHT_DECAY : WEIGHT_DECAY;
    if (o->rate_spread == 0) o->rate_spread = o->pretrained ? RATE_SPREAD : 1;
    if (o->batch_size == 0) o->batch_size = BATCH;
    if (!o->augment) o->augment = AREA_CROPS;
}

static void drop_frozen_stage(brn_image_options *o) /* a random body is not worth freezing */
{
    if (o->epochs == 0 && !o->freeze) o->epochs = o->freeze_epochs;
    o->freeze_epochs = 0;
    o->freeze = o->precompute = false;
}

static void fill_fine_tune(brn_image_options *o)
{
    if (!o->pretrained) drop_frozen_stage(o);
    if (o->freeze) o->freeze_epochs += o->epochs, o->epochs = 0;
    if (o->train_bn || o->freeze_epochs == 0) o->precompute = false;
    fill_usual(o, FINE_TUNE_RATE);
}

static void fill_scratch(brn_image_options *o)
{
    o->pretrained = false;
    drop_frozen_stage(o);
    fill_usual(o, SCRATCH_RATE);
}

static void fill_course2017(brn_image_options *o)
{
    o->freeze_epochs = 2 * COURSE_EPOCHS;
    o->epochs = COURSE_EPOCHS + COURSE_CYCLES_EPOCHS;
    o->freeze = o->train_bn = false;
    o->precompute = true;
    if (!o->optimizer) o->optimizer = "sgd"; /* momentum .9 */
    o->schedule = "restarts";
    if (o->learning_rate == 0) o->learning_rate = COURSE_RATE;
    if (o->weight_decay < 0) o->weight_decay = 0;
    if (o->batch_size == 0) o->batch_size = COURSE_BATCH;
    if (!o->augment) o->augment = "side-on";
}

/* ------------------------------------------------------------------ sizes */

int brn__image_sizes_of(const char *text, int out[BRN__IMAGE_SIZES_MAX])
{
    if (!text || !*text) return 0;
    for (int count = 0; count < BRN__IMAGE_SIZES_MAX;) {
        char *end;
        const long size = strtol(text, &end, 10);
        if (end == text || size < 32 || size > 2048) return -1;
        out[count++] = (int)size;
        if (*end == '\0') return count;
        if (*end != ',') return -1;
        text = end + 1;
    }
    return -1;
}

brn_status brn__image_sizes_check(brn_image_options *o)
{
    int sizes[BRN__IMAGE_SIZES_MAX];
    if (!o->sizes) o->sizes = "";
    const int count = brn__image_sizes_of(o->sizes, sizes);
    const int epochs = o->epochs > 0 ? o->epochs : o->freeze_epochs;
    if (count == 0) return BRN_OK;
    if (count < 0)
        return brn__fail(BRN_ERROR_USAGE,
                         "sizes: \"%s\"; expected up to %d numbers of 32 to 2048 pixels: 128,160,224",
                         o->sizes, BRN__IMAGE_SIZES_MAX);
    if (o->recipe == BRN_RECIPE_COURSE2017)
        return brn__fail(BRN_ERROR_USAGE, "sizes: the stages of course2017 are all of one size");
    if (count > epochs)
        return brn__fail(BRN_ERROR_USAGE, "sizes: %d for %d epochs; expected an epoch for each at least", count,
                         epochs);
    if (o->size != 0 && o->size != sizes[count - 1])
        return brn__fail(BRN_ERROR_USAGE, "sizes: the last one of %s is not the size %d", o->sizes, o->size);
    o->size = sizes[count - 1];
    return BRN_OK;
}

/* ------------------------------------------------------------------ stages */

static brn__image_stage *add(brn__image_recipe *recipe, const char *name, int epochs)
{
    brn__image_stage *stage = &recipe->stages[recipe->count++];
    *stage = (brn__image_stage){.epochs = epochs,
                                .curve = brn__image_curve_usual(BRN__CURVE_CONSTANT),
                                .cycle_length = 1,
                                .cycle_multiplier = 1};
    snprintf(stage->name, sizeof stage->name, "%s", name);
    recipe->epochs += epochs;
    return stage;
}

static void follow_options(brn__image_stage *stage, const brn_image_options *o)
{
    brn_status status = brn__image_curve_parse(o->schedule, &stage->curve);
    if (status != BRN_OK) stage->curve = brn__image_curve_usual(BRN__CURVE_CONSTANT); /* was checked */
    stage->warm_up = o->warm_up;
    stage->cycle_length = o->cycle_length;
    stage->cycle_multiplier = o->cycle_multiplier;
}

static brn__image_stage *add_sized(brn__image_recipe *recipe, const char *name, int epochs, int size)
{
    char text[64];
    snprintf(text, sizeof text, size ? "%s at %d" : "%s", name, size);
    brn__image_stage *stage = add(recipe, text, epochs);
    stage->size = size;
    return stage;
}

static void add_head(const brn__image_plan *plan, brn__image_recipe *recipe, int epochs, int size)
{
    brn__image_stage *head = add_sized(recipe, "head", epochs, size);
    follow_options(head, &plan->options);
    head->frozen = true;
    head->cached = plan->options.precompute;
    head->rates[plan->model->body_groups] = plan->frozen_rate;
}

/* The first layer group that may learn. */
static int first_group(const brn__image_plan *plan)
{
    const int first = plan->options.freeze_to;
    return first < 0 ? first + plan->model->body_groups + 1 : first;
}

static void add_all(const brn__image_plan *plan, brn__image_recipe *recipe, int epochs, int size)
{
    char name[64];
    const int first = first_group(plan);
    snprintf(name, sizeof name, first > 0 ? "layers from group %d" : "all layers", first);
    brn__image_stage *all = add_sized(recipe, name, epochs, size);
    follow_options(all, &plan->options);
    all->first_group = first;
    memcpy(all->rates, plan->group_rates, sizeof all->rates);
}

/* One layer group more in each stage, up to all but the last of those that may learn. */
static void add_gradually(const brn__image_plan *plan, brn__image_recipe *recipe, int epochs, int size)
{
    for (int group = plan->model->body_groups - 1; group > first_group(plan); group--) {
        char name[64];
        snprintf(name, sizeof name, "layers from group %d", group);
        brn__image_stage *some = add_sized(recipe, name, epochs, size);
        follow_options(some, &plan->options);
        some->first_group = group;
        memcpy(some->rates, plan->group_rates, sizeof some->rates);
    }
}

/* Deals out the epochs to the sizes, what is left over to the last ones; without sizes they are one stage. */
static void add_each(const brn__image_plan *plan, brn__image_recipe *recipe, int epochs,
                     void (*add_one)(const brn__image_plan *, brn__image_recipe *, int, int))
{
    int sizes[BRN__IMAGE_SIZES_MAX] = {0};
    const int given = brn__image_sizes_of(plan->options.sizes, sizes), count = given > 0 ? given : 1;
    for (int i = 0; i < count; i++)
        add_one(plan, recipe, epochs / count + (count - i <= epochs % count), sizes[i]);
}

static void two_stages(const brn__image_plan *plan, brn__image_recipe *recipe)
{
    const brn_image_options *o = &plan->options;
    int sizes[BRN__IMAGE_SIZES_MAX] = {0};
    brn__image_sizes_of(o->sizes, sizes);
    if (o->epochs == 0) add_each(plan, recipe, o->freeze_epochs, add_head);
    else if (o->freeze_epochs > 0) add_head(plan, recipe, o->freeze_epochs, sizes[0]);
    if (o->gradual_unfreezing && o->epochs > 0)
        add_gradually(plan, recipe, o->freeze_epochs > 0 ? o->freeze_epochs : 1, sizes[0]);
    if (o->epochs > 0) add_each(plan, recipe, o->epochs, add_all);
}

static void same_rate(brn__image_stage *stage, const brn__image_plan *plan, double factor)
{
    const int head = plan->model->body_groups;
    for (int g = 0; g <= head; g++)
        stage->rates[g] = plan->options.learning_rate / pow(factor, head - g);
}

static brn__image_stage *add_course(brn__image_recipe *recipe, const brn__image_plan *plan,
                                    const char *name, int epochs, bool frozen)
{
    brn__image_stage *stage = add(recipe, name, epochs);
    stage->frozen = frozen;
    same_rate(stage, plan, 1);
    return stage;
}

static void course2017(const brn__image_plan *plan, brn__image_recipe *recipe)
{
    brn__image_stage *s = add_course(recipe, plan, "find a rate for the head", 0, true);
    s->finds_rate = s->cached = true;
    add_course(recipe, plan, "head on cached features", COURSE_EPOCHS, true)->cached = true;
    add_course(recipe, plan, "head", COURSE_EPOCHS, true)->curve.form = BRN__CURVE_RESTARTS;
    same_rate(add_course(recipe, plan, "all layers", COURSE_EPOCHS, false), plan, COURSE_FACTOR);
    add_course(recipe, plan, "find a rate for all layers", 0, false)->finds_rate = true;
    s = add_course(recipe, plan, "all layers; restarts", COURSE_CYCLES_EPOCHS, false);
    s->curve.form = BRN__CURVE_RESTARTS;
    s->cycle_multiplier = 2;
}

/* ------------------------------------------------------------------ the tables */

typedef struct recipe_entry {
    const char *name;
    void (*fill)(brn_image_options *options);
    void (*stages)(const brn__image_plan *plan, brn__image_recipe *recipe);
} recipe_entry;

static const recipe_entry recipes[] = {
    [BRN_RECIPE_FINE_TUNE] = {"fine-tune", fill_fine_tune, two_stages},
    [BRN_RECIPE_SCRATCH] = {"scratch", fill_scratch, two_stages},
    [BRN_RECIPE_COURSE2017] = {"course2017", fill_course2017, course2017},
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

const char *brn__image_recipe_name(brn_image_recipe recipe)
{
    return (unsigned)recipe < RECIPES ? recipes[recipe].name : NULL;
}

int brn__image_recipe_find(const char *name)
{
    for (int i = 0; i < RECIPES; i++)
        if (strcmp(recipes[i].name, name) == 0) return i;
    return -1;
}

void brn__image_recipe_fill(brn_image_options *options)
{
    if (options->cycle_length == 0) options->cycle_length = 1;
    if (options->cycle_multiplier == 0) options->cycle_multiplier = 2; /* fast.ai's and SGDR's usual one */
    recipes[options->recipe].fill(options);
}

/* fastai 2's fine_tune: the frozen stage at the full rate, then half of it, spread over the groups. */
void brn__image_recipe_rates(brn__image_plan *plan)
{
    const brn_image_options *o = &plan->options;
    const int groups = plan->model->body_groups + 1;
    plan->frozen_rate = o->learning_rate;
    if (*o->group_rates) {
        brn_status status = brn__image_groups_parse("group learning rates", o->group_rates, groups, plan->group_rates);
        (void)status; /* was checked */
        return;
    }
    const double top = o->pretrained && o->freeze_epochs ? o->learning_rate / 2 : o->learning_rate;
    const double spread = o->rate_spread > 0 ? o->rate_spread : RATE_SPREAD;
    brn_rates_spread(top / spread, top, groups, plan->group_rates);
}

/* What all stages of a plan have alike. */
static void finish_stage(const brn__image_plan *plan, brn__image_stage *stage)
{
    stage->optimizer = brn__image_optimizer(plan);
    brn_status status = brn__image_momentum_parse(plan->options.momentum, &stage->momentum);
    if (status != BRN_OK) stage->momentum.count = 0; /* was checked */
    if (stage->momentum.count == 1) stage->optimizer.momentum = stage->momentum.high;
    stage->has_decays = *plan->options.group_decays != '\0';
    memcpy(stage->decays, plan->group_decays, sizeof stage->decays);
}

brn_status brn__image_recipe_make(const brn__image_plan *plan, brn__image_recipe *out)
{
    *out = (brn__image_recipe){.count = 0};
    if (*plan->options.phases) return brn__image_phases_stages(plan, out);
    recipes[plan->options.recipe].stages(plan, out);
    for (int i = 0; i < out->count; i++) finish_stage(plan, &out->stages[i]);
    return BRN_OK;
}
