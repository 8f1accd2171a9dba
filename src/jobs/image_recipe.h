/* SPDX-License-Identifier: Apache-2.0
 * A recipe as a list of stages: what a training does, one after the other. A new recipe is a function in
 * image_recipe.c and a line in its table. */
#ifndef BRN__JOBS_IMAGE_RECIPE_H
#define BRN__JOBS_IMAGE_RECIPE_H

#include "jobs/image_curves.h"
#include "jobs/image_job.h"

typedef struct brn__image_stage {
    char name[64];
    bool finds_rate;    /* nothing is learned: the rate finder shows what the next stage could use */
    bool frozen;        /* the body */
    int first_group;    /* not frozen: layer groups before it are */
    bool cached;        /* on cached features: no augmentation */
    int epochs;
    int size;           /* of the pictures; 0: the plan's */
    brn__image_curve_spec curve;
    double warm_up;     /* share of the stage */
    brn__image_momentum momentum;
    brn_optimizer_options optimizer;
    int cycle_length;   /* of restarts and clr: epochs of the first cycle */
    int cycle_multiplier;
    double rates[BRN_GROUPS_MAX]; /* by layer group, at the curve's top */
    bool has_pieces;    /* rates and momentum of phases, in place of the curve */
    brn_schedule rate_pieces, momentum_pieces; /* times rates; no pieces: the optimizer's stays */
    bool has_decays;    /* else the optimizer's holds for all groups */
    double decays[BRN_GROUPS_MAX];
} brn__image_stage;

enum { BRN__STAGES_MAX = 32 };

typedef struct brn__image_recipe {
    brn__image_stage stages[BRN__STAGES_MAX];
    int count;
    int epochs; /* in all */
} brn__image_recipe;

/* The recipe's own numbers for options that were left to it: 0, NULL or below 0. */
void brn__image_recipe_fill(brn_image_options *options);
/* The rates of the plan's options. */
void brn__image_recipe_rates(brn__image_plan *plan);
/* What the plan does. */
brn_status brn__image_recipe_make(const brn__image_plan *plan, brn__image_recipe *out);
/* Sizes of the option `sizes` (1 .. BRN__IMAGE_SIZES_MAX); -1 when it is not made so. */
int brn__image_sizes_of(const char *text, int out[BRN__IMAGE_SIZES_MAX]);
/* BRN_ERROR_USAGE for sizes that the recipe cannot have; size becomes the last of them. */
brn_status brn__image_sizes_check(brn_image_options *options);
/* "fine-tune"; NULL when there is no such recipe. The other way: -1. */
const char *brn__image_recipe_name(brn_image_recipe recipe);
int brn__image_recipe_find(const char *name);

#endif
