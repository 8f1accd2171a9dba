# SPDX-License-Identifier: Apache-2.0
"""Cyclical learning rates against exponentially decaying ones, in as many iterations and in half of them."""
from . import from_scratch
from .verdict import Difference, percent, sentence, table

NAME = "schedules"
TITLE = "Cyclical learning rates"
EPOCHS = from_scratch.EPOCHS
HALF = EPOCHS // 2
ABOUT = """ResNet-20 from random weights on `cifar10`, SGD with momentum .9, batch 64, highest rate %g in all:
`exponential:0.01` (to a hundredth, a factor a batch), `triangle:2,6` (Smith 2015: two triangles between a sixth of the
rate and the rate), `one-cycle` (Smith 2018), `restarts` (cosines of %d epochs each; Loshchilov, Hutter 2016). Smith's
figure says that cyclical rates reach in half the iterations what decaying ones reach in all; the last row asks that.
The rate was not tuned for any of them, and 31 batches are an epoch: Smith's runs have thousands.""" % (from_scratch.RATE, EPOCHS // from_scratch.SNAPSHOTS)
FORMS = (("exponential:0.01", "exponential"), ("triangle:2,6", "triangle"), ("one-cycle", "one cycle"))


def one_seed(bench, seed):
    runs = {(name, epochs): from_scratch.train(bench, seed, words, epochs)["accuracy"]
            for words, name in FORMS for epochs in (EPOCHS, HALF)}
    runs[("restarts", EPOCHS)] = from_scratch.restarts(bench, seed)["plain_accuracy"]
    return runs


def section(bench):
    found = bench.by_seed(lambda seed: one_seed(bench, seed))
    if not found:
        return None
    base, rows = ("exponential", EPOCHS), []

    def difference(key, other=base):
        return Difference([(runs[key], runs[other]) for runs in found])

    for name in ("exponential", "triangle", "one cycle", "restarts"):
        for epochs in (EPOCHS, HALF):
            key = (name, epochs)
            if key in found[0]:
                d = difference(key)
                rows.append([name, epochs, percent([runs[key] for runs in found]),
                             *(["", ""] if key == base else [d.points(), d.verdict])])
    text = table(["rates", "epochs", "accuracy", "less exponential in %d epochs, points" % EPOCHS, "verdict"], rows) + "\n"
    for name in ("triangle", "one cycle", "restarts"):
        text += sentence("%s instead of exponential rates, in equal epochs" % name.capitalize(),
                         [(from_scratch.SET, difference((name, EPOCHS)))]) + "\n"
    for name in ("triangle", "one cycle"):
        d = difference((name, HALF))
        text += "Half the iterations: %s in %d epochs is %s exponential in %d (%s points).\n" % (
            name, HALF, {1: "better than", 0: "not told apart from", -1: "worse than"}[d.sign], EPOCHS, d.points())
    return text
