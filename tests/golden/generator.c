/* SPDX-License-Identifier: Apache-2.0
 * Mirror of generator.py; both must be changed together. */
#include "golden/generator.h"

#include "base/philox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void golden_uniform(const char *name, int64_t count, double *out)
{
    uint64_t key = brn__philox_key(0, name);
    for (int64_t i = 0; i < count; i += 4) {
        uint64_t at = (uint64_t)i / 4;
        brn__philox_block block = brn__philox(key, (uint32_t)at, (uint32_t)(at >> 32), 0, 0);
        for (int64_t j = 0; j < 4 && i + j < count; j++) out[i + j] = block.word[j] * 0x1p-31 - 1;
    }
}

static bool starts_with(const char *text, const char *part)
{
    return strncmp(text, part, strlen(part)) == 0;
}

static bool ends_with(const char *text, const char *part)
{
    size_t length = strlen(text), part_length = strlen(part);
    return length >= part_length && strcmp(text + length - part_length, part) == 0;
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0) names++;
    return *names != NULL;
}

bool golden_ends_residual_block(const char *architecture, const char *name)
{
    static const char *const basic[] = {"resnet18",       "resnet34",       "resnet18_head",
                                        "resnet20_cifar", "resnet56_cifar", NULL};
    static const char *const bottleneck[] = {"resnet50", "resnet101", "resnet152", "resnext50_32x4d",
                                             "resnext101_32x8d", "wide_resnet50_2", NULL};
    if (is_one_of(architecture, basic))
        return starts_with(name, "layer") && ends_with(name, ".bn2.weight");
    if (is_one_of(architecture, bottleneck))
        return starts_with(name, "layer") && ends_with(name, ".bn3.weight");
    if (strcmp(architecture, "efficientnet_lite0") == 0)
        return starts_with(name, "_blocks.") && ends_with(name, "._bn2.weight");
    if (strcmp(architecture, "mobilenet_v2") == 0) return ends_with(name, ".conv.3.weight");
    if (starts_with(architecture, "vgg") || starts_with(architecture, "squeezenet") ||
        starts_with(architecture, "densenet") || strcmp(architecture, "table") == 0)
        return false;
    fprintf(stderr, "golden_fill: unknown architecture %s\n", architecture);
    abort();
}

void golden_fill(const char *architecture, const char *name, int rank, const int64_t *shape,
                 double *out)
{
    int64_t count = 1, fan_in = 1;
    for (int i = 0; i < rank; i++) {
        count *= shape[i];
        if (i > 0) fan_in *= shape[i];
    }
    double offset = 0, scale = 0, outer = 1;
    if (rank >= 2) {
        scale = sqrt(6.0 / (double)fan_in);
    } else if (ends_with(name, "running_var")) {
        offset = 1, scale = .5;
    } else if (ends_with(name, "running_mean") || ends_with(name, "bias")) {
        scale = .1;
    } else if (ends_with(name, "weight")) {
        offset = 1, scale = .2;
        if (golden_ends_residual_block(architecture, name)) outer = .2;
    } else {
        fprintf(stderr, "golden_fill: no rule for %s\n", name);
        abort();
    }
    golden_uniform(name, count, out);
    for (int64_t i = 0; i < count; i++) out[i] = (offset + scale * out[i]) * outer;
}

void golden_targets(int64_t count, int64_t classes, int64_t *out)
{
    for (int64_t i = 0; i < count; i++) out[i] = (7 * i + 3) % classes;
}
