# SPDX-License-Identifier: Apache-2.0
"""The rate that the finder suggests against a grid of rates."""
from . import fine_tuning
from .verdict import Difference, mean, sentence, table

NAME = "rate-finder"
TITLE = "The learning-rate finder"
GRID = ("3e-4", "1e-3", "3e-3", "1e-2", "3e-2", "1e-1")
HEAD = ("--size", "96", "--freeze", "--precompute", "--freeze-epochs", "0", "--epochs", "4", "--tta", "0")
ABOUT = """The head alone, four epochs on cached features at 96 pixels (so that a grid can be paid for), one-cycle, with
the finder's `valley` of `burnish image lr-find --size 96` as highest rate, seed by seed, against each rate of a grid.
The best of the grid is the one whose mean over the seeds is highest on the very pictures that it is then measured on,
so that comparison favours the grid; the other one is with a rate drawn from the grid by chance."""


def by_rate(bench, name, seed, rate):
    return bench.train(name, seed, *HEAD, "--learning-rate", rate)["accuracy"]


def one_seed(bench, name, seed):
    """Accuracies on the grid, the finder's rate and the accuracy at it."""
    picked = float("%.3g" % bench.find_rate(name, seed, "--size", "96")["valley"])
    return [by_rate(bench, name, seed, rate) for rate in GRID], picked, by_rate(bench, name, seed, "%g" % picked)


def section(bench):
    rows, to_best, to_any = [], [], []
    for name in fine_tuning.SETS:
        found = bench.by_seed(lambda seed, name=name: one_seed(bench, name, seed))
        if not found:
            continue
        grid = [mean([accuracies[i] for accuracies, _, _ in found]) for i in range(len(GRID))]
        best = grid.index(max(grid))
        less_best = Difference([(at, accuracies[best]) for accuracies, _, at in found])
        less_any = Difference([(at, mean(accuracies)) for accuracies, _, at in found])
        to_best.append((name, less_best))
        to_any.append((name, less_any))
        picks = [picked for _, picked, _ in found]
        rows.append([name, *["%.1f" % (100 * accuracy) for accuracy in grid], "%.2g to %.2g" % (min(picks), max(picks)),
                     "%.1f" % (100 * mean([at for _, _, at in found])), less_best.points(),
                     less_any.points()])
    if not rows:
        return None
    head = ["set", *GRID, "finder's rates", "accuracy there", "less the grid's best, points", "less the grid's mean"]
    return (table(head, rows) + "\n" + sentence("The finder's rate instead of the grid's best", to_best) + "\n\n" +
            sentence("The finder's rate instead of one drawn from the grid", to_any) + "\n")
