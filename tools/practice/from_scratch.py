# SPDX-License-Identifier: Apache-2.0
"""What the practices on CIFAR share: ResNet-20 from random weights, SGD with momentum .9."""
SET = "cifar10"
RATE = .1
RECIPE = ("--recipe", "scratch", "--arch", "resnet20_cifar", "--batch-size", "64", "--optimizer", "sgd", "--weight-decay",
          "5e-4", "--augment", "pad:4,random-crop,zeros,flip", "--tta", "0", "--learning-rate", RATE)
EPOCHS = 6
SNAPSHOTS = 3


def train(bench, seed, schedule, epochs, *more):
    return bench.train(SET, seed, *RECIPE, "--schedule", schedule, "--epochs", epochs, *more)


def restarts(bench, seed):
    """Cosine cycles of equal length, a model kept at the end of each."""
    return train(bench, seed, "restarts", EPOCHS, "--cycle-length", EPOCHS // SNAPSHOTS, "--cycle-multiplier", "1",
                 "--snapshots")
