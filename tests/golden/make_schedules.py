# SPDX-License-Identifier: Apache-2.0
"""Writes torch_schedules.json: what PyTorch's schedulers and fastai 2's fine_tune really set, step by
step. PyTorch: the rate (and momentum) at steps 0 .. STEPS - 1 of one parameter. fine_tune: the rates of
a learner with three groups, eight batches an epoch, one frozen epoch and two of all layers.

Usage: make_schedules.py     needs torch and fastai 2
"""
import pathlib

import fastai
import torch
from torch.optim import lr_scheduler

from make_models import lines
from make_optimizers import Pairs

HERE = pathlib.Path(__file__).resolve().parent
RATE, STEPS = .1, 70

SCHEDULERS = {
    "step": lambda o: lr_scheduler.StepLR(o, 15, .5),
    "milestones": lambda o: lr_scheduler.MultiStepLR(o, [5, 20, 21, 50], .3),
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, STEPS, 2.5),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, .95),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, 1e-4),
    "warm_restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 10, 2, 1e-4),
    "cyclic": lambda o: lr_scheduler.CyclicLR(o, .01, .1, 4, 10, cycle_momentum=True),
    "cyclic_halved": lambda o: lr_scheduler.CyclicLR(o, .01, .1, 7, 7, mode="triangular2",
                                                     cycle_momentum=False),
    "one_cycle": lambda o: lr_scheduler.OneCycleLR(o, .1, STEPS),
    "one_cycle_three": lambda o: lr_scheduler.OneCycleLR(o, .1, STEPS, three_phase=True,
                                                         anneal_strategy="linear"),
    "warm_up": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, .1, total_iters=20),
            lr_scheduler.CosineAnnealingLR(o, STEPS - 20)], [20]),
}


def steps(make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE, momentum=.9)
    scheduler, rates, momenta = make(optimizer), [], []
    for _ in range(STEPS):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        momenta.append(float(optimizer.param_groups[0]["momentum"]))
        optimizer.step()
        scheduler.step()
    return {"rates": rates, "momenta": momenta} if len(set(momenta)) > 1 else {"rates": rates}


def fine_tune():
    """Every group's rate and the momentum at each batch of Learner.fine_tune(2)."""
    from fastai.callback.core import Callback
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.torch_core import params
    import fastai.callback.schedule  # adds fine_tune to Learner
    seen = {"rates": [], "momenta": []}

    class See(Callback):
        order = 90

        def after_pred(self):
            if self.training:
                seen["rates"].append([float(h["lr"]) for h in self.opt.hypers])
                seen["momenta"].append(float(self.opt.hypers[-1]["mom"]))

    batches = torch.utils.data.DataLoader(Pairs(), 2)
    model = torch.nn.Sequential(*(torch.nn.Linear(1, 1) for _ in range(3)))
    learner = Learner(DataLoaders(batches, batches), model, loss_func=torch.nn.MSELoss(), cbs=See(),
                      splitter=lambda m: [params(layer) for layer in m])
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(2)
    return seen


if __name__ == "__main__":
    by = f"make_schedules.py, torch {torch.__version__}, fastai {fastai.__version__}"
    out = {"made_by": by, "rate": RATE, "steps": STEPS,
           "torch": {name: steps(make) for name, make in SCHEDULERS.items()}, "fine_tune": fine_tune()}
    (HERE / "torch_schedules.json").write_text(lines(out) + "\n")
