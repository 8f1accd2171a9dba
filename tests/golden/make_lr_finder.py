# SPDX-License-Identifier: Apache-2.0
"""Writes lr_finder.json: what fastai 2's own suggestion functions say of curves of rates and losses, and
the rates that a real lr_find used.

A curve's losses are made here from the counter generator, so that both sides could; they are stored as
float32 prints them. "all" curves go through lr_find's own slicing (the first num_it // 10 and the last five
left out, nothing from the first NaN on); null in a list is NaN.

Usage: make_lr_finder.py     needs torch and fastai 2
"""
import math
import pathlib

import fastai
import numpy as np
import torch
from fastai.callback.schedule import minimum, slide, steep, valley

import generator
from make_models import lines
from make_optimizers import Pairs

HERE = pathlib.Path(__file__).resolve().parent
ITERATIONS = 100


def rates(start, end, count, iterations=ITERATIONS):
    return [start * (end / start) ** (i / iterations) for i in range(count)]


def bowl(rate, low, high):
    """A loss that falls from `low` on and explodes at `high`."""
    return 2.5 - 1.6 / (1 + (low / rate) ** 1.2) + (rate / high) ** 1.5


def noisy(curve, name, amount):
    return [v + amount * n for v, n in zip(curve, generator.uniform(name, len(curve)))]


def curves():
    new, old = rates(1e-7, 10, 100), rates(1e-5, 10, 100)
    smooth = [bowl(r, 1e-3, .3) for r in new]
    return {
        "smooth": (new, smooth),
        "noisy": (new, noisy(smooth, "noisy", .05)),
        "very noisy": (old, noisy([bowl(r, 3e-4, .05) for r in old], "very", .3)),
        "falling": (new, [3 - .02 * i for i in range(100)]),
        "rising": (new, [1 + .001 * i * i for i in range(100)]),
        "flat": (new, [.7] * 100),
        "stopped": (new[:81], [bowl(r, 1e-4, .02) for r in new[:81]]),
        "early": (new[:33], noisy([2 - .01 * i for i in range(33)], "early", .2)),
        "of numbers till 60": (new, [v if i < 60 else math.nan for i, v in enumerate(smooth)]),
        "of numbers till 97": (new, noisy([v if i < 97 else math.nan for i, v in enumerate(smooth)],
                                          "ninety", .02)),
    }


def suggestions(lrs, losses):
    lrs, losses = torch.tensor(lrs[ITERATIONS // 10:-5]), torch.tensor(losses[ITERATIONS // 10:-5])
    bad = torch.nonzero(torch.isnan(losses.view(-1)))
    if len(bad) > 0:
        lrs, losses = lrs[:min(bad)], losses[:min(bad)]
    out = {f.__name__: float(f(lrs, losses, ITERATIONS)[0]) for f in (valley, steep, minimum)}
    out["slide"] = float(slide(lrs, losses, ITERATIONS)[0]) if len(losses) > 15 else None
    return out


def stored(values):
    return [None if math.isnan(v) else float(np.float32(v)) for v in values]


def real_rates():
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    import fastai.callback.schedule  # adds lr_find to Learner
    batches = torch.utils.data.DataLoader(Pairs(), 4)
    learner = Learner(DataLoaders(batches, batches), torch.nn.Linear(1, 1),
                      loss_func=lambda output, target: output.sum() * 0 + 1.)
    with learner.no_bar():
        learner.lr_find(show_plot=False, suggest_funcs=None)
    return [float(v) for v in learner.recorder.lrs]


if __name__ == "__main__":
    by = f"make_lr_finder.py, torch {torch.__version__}, fastai {fastai.__version__}"
    made = {name: {"rates": stored(x), "losses": stored(y), "suggestions": suggestions(x, y)}
            for name, (x, y) in curves().items()}
    out = {"made_by": by, "iterations": ITERATIONS, "rates": real_rates(), "curves": made}
    (HERE / "lr_finder.json").write_text(lines(out) + "\n")
