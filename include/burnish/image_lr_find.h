/* SPDX-License-Identifier: Apache-2.0
 * The learning-rate finder of the image job. */
#ifndef BURNISH_IMAGE_LR_FIND_H
#define BURNISH_IMAGE_LR_FIND_H

#include "burnish/image.h"
#include "burnish/lr_finder.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Finds a rate for the first stage of the training that these options ask for: the head on a frozen body
 * (freeze_epochs above 0, or freeze), else all layers, in the ratios of the training's own rates. Reads
 * data, architecture, recipe, pretrained, freeze_epochs, freeze, train_bn, batch_size, size,
 * weight_decay, optimizer, label_smoothing, valid, seed, threads, loaders, on_event and context; makes no
 * run folder. With augmented pictures, also where training would use cached features. The listener hears
 * BATCH events (iterations so far of all) and WARNINGs of bad pictures. *out is the caller's:
 * brn_lr_curve_free. */
BRN_API brn_status brn_image_lr_find(const brn_image_options *options,
                                     const brn_lr_finder_options *finder, brn_lr_curve *out);

#ifdef __cplusplus
}
#endif
#endif
