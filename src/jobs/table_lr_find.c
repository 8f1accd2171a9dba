/* SPDX-License-Identifier: Apache-2.0
 * The learning-rate finder on tables: the training, made in mock. */
#include "burnish/table_lr_find.h"
#include "jobs/precision.h"
#include "jobs/table_training.h"
#include "train/lr_finder.h"

static brn_status find(brn__table_training *t, const brn_table_train_options *options,
                       const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    brn_table_train_options one = *options;
    if (one.folds && !one.fold) one.fold = 1; /* any fold shows it */
    BRN__TRY(brn__table_training_prepare(t, &one));
    BRN__TRY(brn__precision_tell(&t->progress, options->precision));
    BRN__TRY(brn__table_training_loader(t, true, &t->train));
    if (finder->form == BRN_LR_FIND_VALID) BRN__TRY(brn__table_training_loader(t, false, &t->valid));
    const brn__fit_options fit = brn__table_training_fit_options(t);
    return brn__lr_find_told(t->network.learner, &fit, NULL, finder, &t->progress, 0, out);
}

brn_status brn_table_lr_find(const brn_table_train_options *options, const brn_lr_finder_options *finder,
                             brn_lr_curve *out)
{
    *out = (brn_lr_curve){0};
    brn__table_training *t = brn__table_training_new(options->on_event, options->context);
    if (!t) return BRN_ERROR_NO_MEMORY;
    t->progress.stage = "lr-find";
    t->progress.epochs = 1;
    const brn_status status = find(t, options, finder, out);
    if (status != BRN_OK) brn_lr_curve_free(out);
    brn__table_training_free(t);
    return status;
}
