# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure import models
from measure.row import Row

TITLE = "Pictures by batch size"
ABOUT = """ResNet-50's training step as above with 4, 16 and 64 pictures; PyTorch with channels last."""


def row(batch_size):
    return Row("images/resnet50-%d" % batch_size, "ResNet-50, training step, %d pictures" % batch_size, "img/s",
               ours=partial(models.ours, mode="train", model="resnet50", batch_size=batch_size),
               peers=partial(models.torch, mode="train", model="resnet50", batch_size=batch_size,
                             configurations=("channels_last",)),
               precisions=("fp32", "bf16"), section="growth", rounds=2, packages=models.PACKAGES)


ROWS = [row(batch_size) for batch_size in (4, 16, 64)]
