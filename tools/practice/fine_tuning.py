# SPDX-License-Identifier: Apache-2.0
"""What the practices of fine-tuning share: three sets, a recipe at 96 pixels, and how it is compared."""
from .verdict import Difference, percent, sentence, table, together

SETS = ("ants_bees", "spiders_scorpions", "flowers17")
# EfficientNet-Lite0, an epoch of the head, five of all layers, area crops, four views.
RECIPE = ("--size", "96", "--epochs", "5", "--learning-rate", "3e-3", "--rate-spread", "100")


def baseline(bench, name, seed):
    return bench.train(name, seed, *RECIPE)


def measure(bench, with_it, without):
    """Of every set: (set, pairs of runs). `with_it` and `without`: functions of (bench, set, seed)."""
    found = []
    for name in SETS:
        pairs = bench.by_seed(lambda seed, name=name: (with_it(bench, name, seed), without(bench, name, seed)))
        if pairs:
            found.append((name, pairs))
    return found


def compare(what, found, head, accuracy="accuracy", loss="loss", other_accuracy=None, other_loss=None):
    """A table and a verdict; None of nothing. The last two: the key of the runs without, where it is another."""
    rows, named, in_loss = [], [], []
    if not found:
        return None
    for name, pairs in found:
        a = [(w[accuracy], o[other_accuracy or accuracy]) for w, o in pairs]
        b = [(w[loss], o[other_loss or loss]) for w, o in pairs]
        points, losses = Difference(a), Difference(b)
        named.append((name, points))
        in_loss.append(losses)
        rows.append([name, percent([x for x, _ in a]), percent([x for _, x in a]), points.points(), points.verdict,
                     "%+.3f ± %.3f" % (losses.mean, losses.deviation), losses.verdict_of_less])
    columns = ["set", *head, "difference, points", "verdict", "difference of the loss", "verdict"]
    loss_in_all = together(in_loss)
    return (table(columns, rows) + "\n" + sentence(what, named) + "\nThe loss over all sets: %+.3f ± %.3f, %s.\n" % (
        loss_in_all.mean, loss_in_all.deviation, loss_in_all.verdict_of_less))
