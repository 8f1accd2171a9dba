/* SPDX-License-Identifier: Apache-2.0
 * The classes of CIFAR-10 (Krizhevsky 2009), in its order. */
#include "io/registry.h"

static const char *const names[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                    "dog",      "frog",       "horse", "ship", "truck"};

const brn_weights_classes brn__classes_cifar10 = {sizeof names / sizeof *names, names};
