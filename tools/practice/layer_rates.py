# SPDX-License-Identifier: Apache-2.0
"""A learning rate per layer group against one rate for all layers."""
from . import fine_tuning

NAME = "layer-rates"
TITLE = "A learning rate for each layer group"
ABOUT = """The recipe's rates, from a hundredth in the first layers to the full one in the head, against
`--rate-spread 1`, the same rate everywhere; accuracies without test-time augmentation."""


def one_rate(bench, name, seed):
    return bench.train(name, seed, *fine_tuning.RECIPE, "--rate-spread", "1", "--tta", "0")


def section(bench):
    found = fine_tuning.measure(bench, fine_tuning.baseline, one_rate)
    return fine_tuning.compare("A rate for each layer group", found, ["spread", "one rate"], "plain_accuracy",
                               "plain_loss")
