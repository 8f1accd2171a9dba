# SPDX-License-Identifier: Apache-2.0
"""The mean of models kept at the ends of cycles against one model, in equal epochs."""
from . import from_scratch
from .verdict import Difference, percent, sentence, table

NAME = "snapshots"
TITLE = "Restarts and snapshot ensembles"
EPOCHS = from_scratch.EPOCHS
ABOUT = """ResNet-20 from random weights on `cifar10`, %d epochs in all: the mean of the predictions of %d models, one
kept at the end of each cosine cycle of %d epochs (`--schedule restarts --cycle-multiplier 1 --snapshots`; Huang et al.
2017), against its own last model, and against one model trained by one cycle for as many epochs. So short a training is hard
on restarts, whose members have 62 batches each; the paper's cycles have 40 epochs and more.""" % (
    EPOCHS, from_scratch.SNAPSHOTS, EPOCHS // from_scratch.SNAPSHOTS)


def one_seed(bench, seed):
    cycles = from_scratch.restarts(bench, seed)
    return cycles["ensemble_accuracy"], cycles["plain_accuracy"], from_scratch.train(bench, seed, "one-cycle", EPOCHS)[
        "accuracy"]


def section(bench):
    found = bench.by_seed(lambda seed: one_seed(bench, seed))
    if not found:
        return None
    last = Difference([(mean, member) for mean, member, _ in found])
    single = Difference([(mean, one) for mean, _, one in found])
    rows = [["mean of %d snapshots" % from_scratch.SNAPSHOTS, percent([row[0] for row in found]), "", ""],
            ["its last member", percent([row[1] for row in found]), last.points(), last.verdict],
            ["one model, one cycle", percent([row[2] for row in found]), single.points(), single.verdict]]
    return (table(["model", "accuracy", "ensemble less this, points", "verdict of the ensemble"], rows) + "\n" +
            sentence("A snapshot ensemble instead of its last member", [(from_scratch.SET, last)]) + "\n" +
            sentence("A snapshot ensemble instead of one model of equal epochs", [(from_scratch.SET, single)]) + "\n")
