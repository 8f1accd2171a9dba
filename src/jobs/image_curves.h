/* SPDX-License-Identifier: Apache-2.0
 * How rates and momenta run over a stage, in words: "one-cycle", "step:3,0.5". A new form is a line in the
 * table of image_curves.c and a case where its schedule is made. */
#ifndef BRN__JOBS_IMAGE_CURVES_H
#define BRN__JOBS_IMAGE_CURVES_H

#include "burnish/image.h"
#include "train/scheduling.h"

typedef enum brn__image_curve {
    BRN__CURVE_ONE_CYCLE,   /* pct_start, div, div_final; momentum against it */
    BRN__CURVE_COSINE,      /* from the rate to 0 */
    BRN__CURVE_CONSTANT,
    BRN__CURVE_FLAT_COSINE, /* the rate for a share of the stage, then down */
    BRN__CURVE_RESTARTS,    /* fast.ai 0.7's cosines: cycle_length epochs, then times cycle_multiplier */
    BRN__CURVE_LINEAR,      /* from the rate to 0 */
    BRN__CURVE_EXPONENTIAL, /* from the rate to a share of it */
    BRN__CURVE_POLYNOMIAL,  /* rate (1 - f)^power */
    BRN__CURVE_STEP,        /* every so many epochs times a factor */
    BRN__CURVE_TRIANGLE,    /* Smith's cyclical rates: so many times from rate / div up and back */
    BRN__CURVE_CLR,         /* 0.7's use_clr, of cycle_length epochs each: div, cut */
    BRN__CURVE_CLR_BETA,    /* 0.7's use_clr_beta: div, per cent */
} brn__image_curve;

typedef struct brn__image_curve_spec {
    brn__image_curve form;
    double numbers[3];
} brn__image_curve_spec;

/* The form with its usual numbers. */
brn__image_curve_spec brn__image_curve_usual(brn__image_curve form);
/* NAME or NAME:NUMBER,NUMBER. BRN_ERROR_USAGE with all names. */
brn_status brn__image_curve_parse(const char *text, brn__image_curve_spec *out);
bool brn__image_curve_has_cycles(brn__image_curve form); /* which know their own length */

/* "0.9": it stays so; "0.95,0.85": it runs against the rate. count 0: what the optimizer and curve have. */
typedef struct brn__image_momentum {
    int count;
    double high, low;
} brn__image_momentum;
brn_status brn__image_momentum_parse(const char *text, brn__image_momentum *out);

/* The options schedule, momentum and warm_up together. */
brn_status brn__image_curves_check(const brn_image_options *options);

#endif
