/* SPDX-License-Identifier: Apache-2.0
 * Inside of an optimizer: what making it (optimizer.c) and stepping it (step.c) share. */
#ifndef BRN__OPTIM_OPTIMIZER_H
#define BRN__OPTIM_OPTIMIZER_H

#include "burnish/optimizer.h"
#include "graph/parameters.h"
#include "optim/steppers.h"

enum { BRN__OPTIMIZER_STEPPERS_MAX = 6 };

/* A range of the flat buffers that is stepped with one set of numbers: half of a layer group (its
 * decayed weights, or the rest), or one parameter where norms of parameters count. */
typedef struct brn__part {
    int group;
    bool is_decayed; /* by its kind: weights */
    int64_t begin, end;
    int64_t first_block; /* of all parts' blocks: its place in partial_sums */
} brn__part;

struct brn_optimizer {
    brn_parameters *parameters;
    brn_optimizer_options options;
    const brn__stepper_set *set; /* of the store's element type */
    brn__stepper *steppers[BRN__OPTIMIZER_STEPPERS_MAX]; /* without the decay */
    int stepper_count;                                    /* the last one descends */
    brn__stepper *decay;
    bool is_adam; /* ADAM with decoupled decay and nothing else: one pass */
    bool by_parameter; /* LAMB: the step is scaled by norms of each parameter */
    size_t bytes;      /* of an element */
    bool is_double;
    int64_t elements;               /* of parameters without buffers */
    char *average, *square, *slow;  /* NULL where the optimizer has none */
    brn__part *parts;
    int part_count;
    int64_t block_count;
    double *partial_sums; /* (2, block_count) */
    double *trust;        /* (part_count) */
    int64_t steps[BRN_GROUPS_MAX];
    unsigned char *still; /* (block_count): 1 where every gradient is zero, by the lists of rows */
    int *tables;          /* parameters whose rows this step visits one by one, ascending */
    int table_count;
};

/* Marks the blocks that hold nothing but rows which the last run has left at zero. (rows.c) */
void brn__mark_still(brn_optimizer *optimizer);
/* Chooses the tables that a lazy step visits by row. (rows.c) */
void brn__choose_tables(brn_optimizer *optimizer, uint64_t learning_groups);
/* Whether a step of the part leaves a parameter with a zero gradient as it is, and its state. */
bool brn__leaves_still(const brn_optimizer *optimizer, const brn__part *part,
                       const brn_group_settings *settings);
/* The part that holds a parameter. */
const brn__part *brn__part_of(const brn_optimizer *optimizer, const brn_parameter_info *info);
/* Cuts the next range that lies in no table from [*begin, end); its end, and `end` in *begin where there
 * is none. */
int64_t brn__next_dense(const brn_optimizer *optimizer, int64_t *begin, int64_t end);

#endif
