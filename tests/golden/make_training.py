# SPDX-License-Identifier: Apache-2.0
"""Writes training.json: the losses of the first 50 batches of a small net, trained in float64 by fastai 2's
real Learner (or, for 0.7's fit, by PyTorch's SGD with 0.7's rates by their formula).

Net      conv 3x3 (8), batch norm, ReLU, conv 3x3 stride 2 (16), batch norm, ReLU, mean, linear (5);
         parameters generator.fill("resnet18", name): conv1, bn1, conv2, bn2, fc
Groups   conv1 .. bn1 | conv2 .. bn2 | fc
Data     64 items of (3, 12, 12), u("item:I"), label (7 I + 3) mod 5; batches of 16 in order, 13 epochs (15 of
         sgdr)

Usage: make_training.py     needs torch and fastai 2
"""
import math
import pathlib
from collections import OrderedDict
from functools import partial

import fastai

import torch
from fastai.callback.core import Callback
from fastai.callback.schedule import *  # adds fit_one_cycle and the others to Learner
from fastai.callback.training import GradientClip
from fastai.data.core import DataLoaders
from fastai.learner import Learner, Recorder
from fastai.optimizer import SGD, Adam, Lamb, ranger
from fastai.torch_core import params

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent
ITEMS, BATCH, EPOCHS, LOSSES = 64, 16, 13, 50


class Items(torch.utils.data.Dataset):
    def __len__(self):
        return ITEMS

    def __getitem__(self, i):
        return torch.from_numpy(generator.uniform(f"item:{i}", 432)).reshape(3, 12, 12), (7 * i + 3) % 5


def net():
    nn = torch.nn
    model = nn.Sequential(OrderedDict([
        ("conv1", nn.Conv2d(3, 8, 3, padding=1, bias=False)), ("bn1", nn.BatchNorm2d(8)), ("relu1", nn.ReLU()),
        ("conv2", nn.Conv2d(8, 16, 3, 2, 1, bias=False)), ("bn2", nn.BatchNorm2d(16)), ("relu2", nn.ReLU()),
        ("pool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("fc", nn.Linear(16, 5))])).double()
    for name, parameter in model.named_parameters():
        parameter.data = torch.from_numpy(generator.fill("resnet18", name, tuple(parameter.shape)))
    return model


def groups(model):
    return [params(model[:3]), params(model[3:6]), params(model[6:])]


class Losses(Callback):
    def __init__(self):
        self.values = []

    def after_loss(self):
        if self.training:
            self.values.append(float(self.learn.loss_grad))


def batches():
    return torch.utils.data.DataLoader(Items(), BATCH)


def learner_losses(fit, opt_func, *callbacks):
    seen = Losses()
    learner = Learner(DataLoaders(batches(), batches()), net(), loss_func=torch.nn.CrossEntropyLoss(),
                      opt_func=opt_func, splitter=groups, cbs=[seen, *callbacks])
    learner.remove_cb(Recorder)  # it keeps its averages in float32
    with learner.no_bar():
        fit(learner)
    return seen.values[:LOSSES]


def cycle_rate(rate, iteration, cycle=8, multiplier=2):
    """fast.ai 0.7's fit(rate, n, cycle_len=2, cycle_mult=2) on four batches an epoch."""
    at, length = iteration, cycle
    while at >= length:
        at, length = at - length, length * multiplier
    if iteration < length / 20:
        return rate / 100
    return rate / 2 * (1 + math.cos(math.pi * at / length))


def fit_07(rates, decay):
    model, losses, iteration = net(), [], 0
    optimizer = torch.optim.SGD([{"params": g} for g in groups(model)], lr=.1, momentum=.9,
                                weight_decay=decay)
    for _ in range(EPOCHS):
        for inputs, labels in batches():
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = cycle_rate(rate, iteration)
            loss = torch.nn.functional.cross_entropy(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            iteration += 1
    return losses[:LOSSES]


if __name__ == "__main__":
    out = {
        "made_by": f"make_training.py, torch {torch.__version__}, fastai {fastai.__version__}",
        "one_cycle": learner_losses(lambda l: l.fit_one_cycle(EPOCHS, slice(1e-3, 1e-2)), Adam),
        "flat_cosine": learner_losses(lambda l: l.fit_flat_cos(EPOCHS, 1e-2), ranger),
        "sgdr": learner_losses(lambda l: l.fit_sgdr(2, 5, lr_max=1e-2, cycle_mult=2), Lamb),
        "constant": learner_losses(lambda l: l.fit(EPOCHS, 2e-2, wd=.05), partial(SGD, mom=.9),
                                   GradientClip(.2)),
        "cycles_07": fit_07([.05 / 9, .05 / 3, .05], 1e-3),
    }
    (HERE / "training.json").write_text(lines(out) + "\n")
