# SPDX-License-Identifier: Apache-2.0
"""Writes optimizers.json (ten steps of torch.optim in float64) and schedules.json (fastai 2's own
schedule functions at 101 points).

Optimizers: 37 parameters starting at u("parameters"), gradient of step t (0-based) u("grad:t"),
rate .01; the parameters after each step. "named" are those that Burnish knows by name, of PyTorch or
fastai 2, on three tensors: 37 at u("parameters"), 5 at .01 u("second"), 3 at 0, with gradients
u("grad:t"), u("second:t"), u("third:t"); after each step all 45 numbers. Schedules: value at position k / 100, k = 0..100.

Usage: make_optimizers.py     needs torch and fastai 2
"""
import pathlib

import fastai
import fastai.optimizer
import numpy
import torch
from fastai.callback import schedule

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent
COUNT, STEPS, RATE = 37, 10, .01

OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd_momentum": (torch.optim.SGD, {"momentum": .9}),
    "sgd_momentum_decay": (torch.optim.SGD, {"momentum": .9, "weight_decay": .01}),
    "adamw": (torch.optim.AdamW, {"betas": (.9, .99), "eps": 1e-5, "weight_decay": .01}),
}


# name: (maker of what steps a list of tensors, what differs from the named optimizer's defaults)
TORCH, FAST = torch.optim, fastai.optimizer
NAMED = {
    "sgd": (lambda p: TORCH.SGD(p, RATE, momentum=.9, weight_decay=.02), {"weight_decay": .02}),
    "nesterov": (lambda p: TORCH.SGD(p, RATE, momentum=.8, nesterov=True), {"momentum": .8}),
    "rmsprop": (lambda p: TORCH.RMSprop(p, RATE, weight_decay=.02), {"weight_decay": .02}),
    "adam": (lambda p: TORCH.Adam(p, RATE, betas=(.9, .99), eps=1e-5, weight_decay=.02),
             {"weight_decay": .02}),
    "adagrad": (lambda p: TORCH.Adagrad(p, RATE), {}),
    "adamw": (lambda p: FAST.Adam(p, RATE), {}),
    "lamb": (lambda p: FAST.Lamb(p, RATE, wd=.02), {"weight_decay": .02}),
    "radam": (lambda p: FAST.RAdam(p, RATE), {}),
    "ranger": (lambda p: FAST.ranger(p, RATE), {}),
    "sgd, lookahead": (lambda p: FAST.Lookahead(FAST.SGD(p, RATE, mom=.9), k=3, alpha=.25),
                       {"lookahead_every": 3, "lookahead_share": .25}),
    "sgd, value": (lambda p: TORCH.SGD(p, RATE), {"momentum": 0, "clip_value": .4}),
    "sgd, norm": (lambda p: TORCH.SGD(p, RATE), {"momentum": 0, "clip_norm": 1.5}),
}


def run_named(make, options):
    tensors = [torch.nn.Parameter(torch.from_numpy(values)) for values in (
        generator.uniform("parameters", COUNT), .01 * generator.uniform("second", 5), numpy.zeros(3))]
    optimizer, steps = make(tensors), []
    for step in range(STEPS):
        for tensor, name in zip(tensors, ("grad", "second", "third")):
            tensor.grad = torch.from_numpy(generator.uniform(f"{name}:{step}", len(tensor)))
        if "clip_value" in options:
            torch.nn.utils.clip_grad_value_(tensors, options["clip_value"])
        if "clip_norm" in options:
            torch.nn.utils.clip_grad_norm_(tensors, options["clip_norm"])
        optimizer.step()
        steps.append(torch.cat([t.detach() for t in tensors]).tolist())
    return {"rate": RATE, "options": options, "steps": steps}


def run(make, options):
    parameter = torch.nn.Parameter(torch.from_numpy(generator.uniform("parameters", COUNT)))
    optimizer = make([parameter], lr=RATE, **options)
    steps = []
    for step in range(STEPS):
        parameter.grad = torch.from_numpy(generator.uniform(f"grad:{step}", COUNT))
        optimizer.step()
        steps.append(parameter.detach().tolist())
    return {"options": {"lr": RATE, **{k: list(v) if isinstance(v, tuple) else v
                                       for k, v in options.items()}}, "steps": steps}


def sample(function):
    return [float(function(k / 100)) for k in range(101)]


def schedules():
    """The same functions that Learner.fit_one_cycle, fit_flat_cos and fit_sgdr compose."""
    peak, div, div_final, pct = 1e-2, 25., 1e5, .25
    one_cycle = schedule.combined_cos(pct, peak / div, peak, peak / div_final)
    moms = schedule.combined_cos(pct, .95, .85, .95)
    flat = schedule.combine_scheds([.75, .25], [schedule.SchedNo(peak, peak),
                                                schedule.SchedCos(peak, peak / div_final)])
    return {
        "one_cycle": {"peak": peak, "div": div, "div_final": div_final, "pct_start": pct,
                      "values": sample(one_cycle)},
        "one_cycle_momentum": {"start": .95, "middle": .85, "end": .95, "pct_start": pct,
                               "values": sample(moms)},
        "flat_cosine": {"peak": peak, "div_final": div_final, "pct_start": .75, "values": sample(flat)},
        "cosine": {"start": peak, "end": 0., "values": sample(schedule.SchedCos(peak, 0.))},
        "linear": {"start": .1, "end": .9, "values": sample(schedule.SchedLin(.1, .9))},
        "exponential": {"start": 1e-5, "end": 10., "values": sample(schedule.SchedExp(1e-5, 10.))},
        "polynomial": {"start": .1, "end": .9, "power": 3.,
                       "values": sample(schedule.SchedPoly(.1, .9, 3.))},
    }


def recorded(fit):
    """The rates and momenta that a real Learner used, in epochs of eight batches."""
    import fastai.learner
    from fastai.data.core import DataLoaders
    from fastai.optimizer import SGD
    from functools import partial
    dls = DataLoaders(torch.utils.data.DataLoader(Pairs(), 2), torch.utils.data.DataLoader(Pairs(), 2))
    learner = fastai.learner.Learner(dls, torch.nn.Linear(1, 1), loss_func=torch.nn.MSELoss(),
                                     opt_func=partial(SGD, mom=.9))
    with learner.no_bar(), learner.no_logging():
        fit(learner)
    schedule_names = {"lr": "rates", "mom": "momenta"}  # momenta only where they are scheduled
    return {schedule_names[name]: [float(v) for v in values]
            for name, values in learner.recorder.hps.items() if name in schedule_names}


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return 16

    def __getitem__(self, index):
        return torch.full((1,), float(index)), torch.zeros(1)


if __name__ == "__main__":
    generator.check()
    by = f"make_optimizers.py, torch {torch.__version__}, fastai {fastai.__version__}"
    optimizers = {"made_by": by, "seed": 0, "count": COUNT,
                  "optimizers": {name: run(*how) for name, how in OPTIMIZERS.items()},
                  "named": {name: run_named(*how) for name, how in NAMED.items()}}
    (HERE / "optimizers.json").write_text(lines(optimizers) + "\n")
    learner_runs = {
        "fit_one_cycle": recorded(lambda learner: learner.fit_one_cycle(2, 1e-2)),
        "fit_flat_cos": recorded(lambda learner: learner.fit_flat_cos(2, 1e-2)),
        "fit_sgdr": recorded(lambda learner: learner.fit_sgdr(2, 1, lr_max=1e-2)),
    }
    (HERE / "schedules.json").write_text(
        lines({"made_by": by, "schedules": schedules(), "learner": learner_runs}) + "\n")
