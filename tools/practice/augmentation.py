# SPDX-License-Identifier: Apache-2.0
"""Training on changed pictures against training on the pictures as they are."""
from . import fine_tuning

NAME = "augmentation"
TITLE = "Data augmentation"
ABOUT = """`--augment none` against the recipe's `resized-crop:0.4,rotate,flip,lighting`, six epochs both; first without test-time
augmentation."""


def without(bench, name, seed):
    return bench.train(name, seed, *fine_tuning.RECIPE, "--augment", "none", "--tta", "0")


def section(bench):
    found = fine_tuning.measure(bench, fine_tuning.baseline, without)
    alone = fine_tuning.compare("Augmentation", found, ["with", "without"], "plain_accuracy", "plain_loss")
    both = fine_tuning.compare("Augmentation in training and at test time", found, ["with", "without"], "accuracy", "loss")
    return alone and alone + "\nWith test-time augmentation, which a network trained on plain pictures does not have:\n\n" + both
