/* SPDX-License-Identifier: Apache-2.0
 * The learning-rate finder on classifiers of texts: the first stage of the training, made in mock. */
#include "base/alloc.h"
#include "jobs/precision.h"
#include "jobs/scratch_folder.h"
#include "jobs/text_train.h"

brn_status brn_text_lr_find(const brn_text_train_options *options, const brn_lr_finder_options *finder,
                            brn_lr_curve *out)
{
    char *folder;
    *out = (brn_lr_curve){0};
    brn__text_training *t = brn__text_training_new(options->on_event, options->context);
    if (!t) return BRN_ERROR_NO_MEMORY;
    t->progress.stage = "lr-find";
    t->progress.epochs = 1;
    brn_status status = brn__scratch_folder_make(&folder);
    if (status == BRN_OK) status = brn__text_training_prepare(t, options, folder);
    if (status == BRN_OK) status = brn__precision_tell(&t->progress, options->precision);
    if (status == BRN_OK) status = brn__text_stages_find(t, finder, out);
    if (status != BRN_OK) brn_lr_curve_free(out);
    brn__text_training_free(t);
    brn__scratch_folder_remove(folder);
    return status;
}
