# SPDX-License-Identifier: Apache-2.0
"""The mean of five views of a picture against the picture alone, of the same networks."""
from . import fine_tuning

NAME = "test-time"
TITLE = "Test-time augmentation"
ABOUT = """`--tta 4`, the mean of the plain view and four augmented ones, against the plain view alone: the same networks,
so the differences are of one prediction against another."""


def section(bench):
    found = fine_tuning.measure(bench, fine_tuning.baseline, fine_tuning.baseline)
    return fine_tuning.compare("Test-time augmentation", found, ["five views", "one view"], "accuracy", "loss",
                               "plain_accuracy", "plain_loss")
