# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure import models
from measure.programs import figures
from measure.row import Row

TITLE = "The same against what fastai does by default"
ABOUT = """Burnish as above; fastai 2's `Learner` with torchvision's network, contiguous and float32 (in the bf16 row too), on
random pictures in memory, SGD with momentum .9: its own default, Adam, would take longer."""


def peers(run, only):
    return figures(run.peer("fastai_train.py", "resnext50_32x4d", "--steps", run.steps, "--threads", run.threads, "--size",
                            models.size(run)), models.rate)


ROWS = [Row("train-fastai/resnext50_32x4d", "ResNeXt-50 32x4d, training step", "img/s",
            ours=partial(models.ours, mode="train", model="resnext50_32x4d"), peers=peers,
            targets={"fp32": (1.8, 2.2), "bf16": (1.8, 4)}, precisions=("fp32", "bf16"), packages=("fastai", *models.PACKAGES))]
