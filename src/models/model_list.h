/* SPDX-License-Identifier: Apache-2.0
 * The list of architectures: a record `brn__model_NAME` in one of this folder's files, one line
 * here. Its order is the order of `burnish models list`. */
#ifndef BRN__MODELS_MODEL_LIST_H
#define BRN__MODELS_MODEL_LIST_H

#include "burnish/model_zoo.h"

#define BRN__MODEL_LIST(X)                                                                         \
    X(efficientnet_lite0)                                                                          \
    X(resnet18)                                                                                    \
    X(resnet34)                                                                                    \
    X(resnet50)                                                                                    \
    X(resnet101)                                                                                   \
    X(resnet152)                                                                                   \
    X(resnext50_32x4d)                                                                             \
    X(resnext101_32x8d)                                                                            \
    X(wide_resnet50_2)                                                                             \
    X(vgg11)                                                                                       \
    X(vgg11_bn)                                                                                    \
    X(vgg13)                                                                                       \
    X(vgg13_bn)                                                                                    \
    X(vgg16)                                                                                       \
    X(vgg16_bn)                                                                                    \
    X(vgg19)                                                                                       \
    X(vgg19_bn)                                                                                    \
    X(squeezenet1_0)                                                                               \
    X(squeezenet1_1)                                                                               \
    X(mobilenet_v2)                                                                                \
    X(densenet121)                                                                                 \
    X(resnet20_cifar)                                                                              \
    X(resnet56_cifar)

#define X(name) extern const brn_model brn__model_##name;
BRN__MODEL_LIST(X)
#undef X

/* Pixels of torchvision's ImageNet weights, for a record's initialiser. */
#define BRN__IMAGENET_PIXELS .mean = {.485, .456, .406}, .deviation = {.229, .224, .225}

#endif
