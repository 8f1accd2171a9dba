# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure import models
from measure.row import Row

TITLE = "Training steps of image networks"
ABOUT = """A step on 16 random pictures of 224 x 224: forward, cross-entropy, backward, SGD with momentum .9; 1,000 classes,
random weights, no loading. PyTorch runs contiguous (`eager`), with channels last, and compiled with channels last; in
bf16 under autocast."""
TARGETS = {"resnext50_32x4d": (1.3, 1.45), "resnet50": (1.15, 1.35), "resnet34": (1.15, 1.35), "vgg16": (1.15, 1.6)}


def row(model):
    targets = {precision: TARGETS[model] for precision in ("fp32", "bf16") if model in TARGETS}
    return Row("train/" + model, models.TITLES[model] + ", training step", "img/s",
               ours=partial(models.ours, mode="train", model=model), peers=partial(models.torch, mode="train", model=model),
               targets=targets, precisions=("fp32", "bf16"), packages=models.PACKAGES)


ROWS = [row(model) for model in models.TITLES]
