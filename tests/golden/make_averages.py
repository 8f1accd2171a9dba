# SPDX-License-Identifier: Apache-2.0
"""Writes averages.json: torch.optim.swa_utils in float64 on a small net, Linear(2, 4), BatchNorm1d(4,
momentum .3), Linear(4, 2), whose parameters take the values u("NAME:k") at k = 0 .. 4. Stored: every
parameter of AveragedModel (plain mean) and of get_ema_multi_avg_fn(.9) after the five, and the running
statistics that update_bn finds for the mean over 20 items u("items"), in batches of 8, 8 and 4.

Usage: make_averages.py     needs torch
"""
import pathlib

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent
NAMES = {"0": "a", "1": "n", "2": "b"}  # the layers' names there


def put(model, k):
    for name, parameter in model.named_parameters():
        layer, kind = name.split(".")
        values = generator.uniform(f"{NAMES[layer]}.{kind}:{k}", parameter.numel())
        parameter.data = torch.from_numpy(values).reshape(parameter.shape)


def state(averaged):
    return {NAMES[name[0]] + name[1:]: value.reshape(-1).tolist()
            for name, value in averaged.module.state_dict().items() if "num_batches" not in name}


if __name__ == "__main__":
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.BatchNorm1d(4, momentum=.3),
                                torch.nn.Linear(4, 2)).double()
    mean = AveragedModel(model)
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(.9))
    for k in range(5):
        put(model, k)
        mean.update_parameters(model)
        ema.update_parameters(model)
    items = torch.from_numpy(generator.uniform("items", 40)).reshape(20, 2)
    update_bn([items[:8], items[8:16], items[16:]], mean)
    out = {"made_by": f"make_averages.py, torch {torch.__version__}", "mean": state(mean),
           "ema": state(ema)}
    (HERE / "averages.json").write_text(lines(out) + "\n")
