/* SPDX-License-Identifier: Apache-2.0
 * The recipes and their numbers. */
#include "jobs/image_recipe.h"

#include <math.h>
#include <string.h>

/* Rates are those of the head. Measured on ants_bees and flowers17 (Lite0): the plain accuracy after 4
 * epochs was .960 and .953 with area crops and .928 to .954 and .924 with fast.ai 0.7's zoom of 1.1; a rate
 * of 2e-3 suits few pictures, 4e-3 many; a head trained for long on cached features starts out overfitted
 * (.935 on ants_bees). */
static const double FINE_TUNE_RATE = 3e-3, SCRATCH_RATE = 2e-3, SGD_PER_ADAM = 10;
static const double RATE_SPREAD = 100; /* fastai 2's slice(rate / 100, rate) over the groups */
static const double WEIGHT_DECAY = .01, SGD_WEIGHT_DECAY = 1e-4;
static const double PCT_START = .3; /* fastai 2's fine_tune warms up for 99 % of the frozen stage */
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

/* ------------------------------------------------------------------ stages */

static brn__image_stage *add(brn__image_recipe *recipe, const char *name, int epochs)
{
    brn__image_stage *stage = &recipe->stages[recipe->count++];
    *stage = (brn__image_stage){.name = name,
                                .epochs = epochs,
                                .curve = BRN__CURVE_CONSTANT,
                                .pct_start = PCT_START,
                                .cycle_length = 1,
                                .cycle_multiplier = 1};
    recipe->epochs += epochs;
    return stage;
}

static void follow_options(brn__image_stage *stage, const brn_image_options *o)
{
    stage->curve = (brn__image_curve)brn__image_curve_find(o->schedule);
    stage->cycle_length = o->cycle_length;
    stage->cycle_multiplier = o->cycle_multiplier;
}

static void two_stages(const brn__image_plan *plan, brn__image_recipe *recipe)
{
    const brn_image_options *o = &plan->options;
    if (o->freeze_epochs > 0) {
        brn__image_stage *head = add(recipe, "head", o->freeze_epochs);
        follow_options(head, o);
        head->frozen = true;
        head->cached = o->precompute;
        head->rates[plan->model->body_groups] = plan->frozen_rate;
    }
    if (o->epochs > 0) {
        brn__image_stage *all = add(recipe, "all layers", o->epochs);
        follow_options(all, o);
        memcpy(all->rates, plan->group_rates, sizeof all->rates);
    }
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
    add_course(recipe, plan, "head", COURSE_EPOCHS, true)->curve = BRN__CURVE_RESTARTS;
    same_rate(add_course(recipe, plan, "all layers", COURSE_EPOCHS, false), plan, COURSE_FACTOR);
    add_course(recipe, plan, "find a rate for all layers", 0, false)->finds_rate = true;
    s = add_course(recipe, plan, "all layers; restarts", COURSE_CYCLES_EPOCHS, false);
    s->curve = BRN__CURVE_RESTARTS;
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

static const char *const curves[] = {
    [BRN__CURVE_CONSTANT] = "constant",       [BRN__CURVE_COSINE] = "cosine",
    [BRN__CURVE_ONE_CYCLE] = "one-cycle",     [BRN__CURVE_FLAT_COSINE] = "flat-cosine",
    [BRN__CURVE_RESTARTS] = "restarts",
};
enum { CURVES = sizeof curves / sizeof *curves };

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

int brn__image_curve_find(const char *name)
{
    for (int i = 0; i < CURVES; i++)
        if (strcmp(curves[i], name) == 0) return i;
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
    if (!o->pretrained) {
        for (int g = 0; g < groups; g++) plan->group_rates[g] = o->learning_rate;
        return;
    }
    double top = o->freeze_epochs ? o->learning_rate / 2 : o->learning_rate;
    brn_rates_spread(top / RATE_SPREAD, top, groups, plan->group_rates);
}

brn__image_recipe brn__image_recipe_of(const brn__image_plan *plan)
{
    brn__image_recipe recipe = {.count = 0};
    recipes[plan->options.recipe].stages(plan, &recipe);
    return recipe;
}
