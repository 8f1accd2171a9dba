# SPDX-License-Identifier: Apache-2.0
"""ResNet-20 on CIFAR's sample from scratch, beside PyTorch by the same recipe."""
import math
import os

from . import sets
from .bench import NotMeasured, events, key_of
from .verdict import deviation, mean, percent, table

NAME = "peer"
TITLE = "From scratch, beside PyTorch"
EPOCHS, SEEDS = 15, (1, 2, 3, 4, 5)
ABOUT = """CIFAR's ResNet-20 from random weights on all of the sample, %d epochs, batch 64, one-cycle AdamW of 2e-3, crops of
a padded picture and flips, label smoothing .1; PyTorch by `bench/peers/torch_cifar.py`, which has the same network,
initialisation, schedule, decay and normalisation written out. `BURNISH_PEERS_PYTHON` names a python that has torch; the
random numbers are other ones, so runs are not paired.""" % EPOCHS
RECIPE = ("--recipe", "scratch", "--arch", "resnet20_cifar", "--batch-size", "64", "--tta", "0", "--label-smoothing", ".1",
          "--augment", "pad:4,random-crop,zeros,flip", "--epochs", EPOCHS)


def peer(bench, seed):
    python = os.environ.get("BURNISH_PEERS_PYTHON", os.path.join("build", "peers", "bin", "python"))

    def run():
        if not os.path.exists(python):
            print("  no PyTorch at %s: make bench installs it, BURNISH_PEERS_PYTHON names another" % python)
            raise NotMeasured(python)
        return events([python, os.path.join("bench", "peers", "torch_cifar.py"), sets.folder("cifar10_whole"), "--epochs",
                       str(EPOCHS), "--seed", str(seed), "--threads", str(bench.threads)])[-1]["metrics"]

    return bench.once(key_of("torch", "cifar10_whole", seed, ["--epochs", EPOCHS]), run)


def losses(runs):
    """Of validation; the peer names them otherwise."""
    return [run.get("valid_loss", run.get("loss")) for run in runs]


def section(bench):
    measuring = bench.seeds
    bench.seeds = list(SEEDS)
    ours = bench.by_seed(lambda seed: bench.train("cifar10_whole", seed, *RECIPE))
    theirs = bench.by_seed(lambda seed: peer(bench, seed))
    bench.seeds = measuring
    if not ours or not theirs:
        return None
    rows = [[who, percent([run["accuracy"] for run in runs]), " ".join("%.1f" % (100 * run["accuracy"]) for run in runs),
             "%.3f ± %.3f" % (mean(losses(runs)), deviation(losses(runs))),
             "%.0f s" % mean([run["cpu_seconds"] for run in runs])]
            for who, runs in (("Burnish", ours), ("PyTorch", theirs))]
    gap = mean([run["accuracy"] for run in ours]) - mean([run["accuracy"] for run in theirs])
    error = math.hypot(*[deviation([run["accuracy"] for run in runs]) / math.sqrt(len(runs)) for runs in (ours, theirs)])
    return (table(["", "accuracy", "each seed", "loss", "processor time of a run"], rows) +
            "\nBurnish %s PyTorch by %.2f points, standard error %.2f (to be at most 1 below): **%s**.\n" % (
                "is above" if gap >= 0 else "is below", abs(100 * gap), 100 * error, "kept" if gap >= -.01 else "not kept"))
