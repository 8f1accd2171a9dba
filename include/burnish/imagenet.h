/* SPDX-License-Identifier: Apache-2.0
 *
 * The 1,000 classes of ImageNet (ILSVRC-2012), in the order of every pretrained network's outputs.
 *
 *     int best = ...;                                  // index of the largest of 1,000 outputs
 *     printf("%s\n", brn_imagenet_class_name(best));   // 340: "zebra"
 *
 * The names are WordNet's (Princeton University). Two pairs of classes share a name: 134 (a bird)
 * and 517 (a machine) are both "crane", 638 and 639 are both "maillot".
 */
#ifndef BURNISH_IMAGENET_H
#define BURNISH_IMAGENET_H

#include "burnish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BRN_IMAGENET_CLASSES = 1000 };

/* The class's name, or NULL when `index` is not in 0..999. Static storage. */
BRN_API const char *brn_imagenet_class_name(int index);

#ifdef __cplusplus
}
#endif
#endif
