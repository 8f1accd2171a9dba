# SPDX-License-Identifier: Apache-2.0
"""Writes table_losses.json: values and gradients, float64, of the focal loss (fastai 2's formula written in
PyTorch: the mean of (1 - exp(-ce))^gamma ce) on 9 items and 5 classes with logits 3 u("logits") and labels
(7 i + 3) mod 5, and of the quantile loss max(q d, (q - 1) d) on 45 numbers 3 u("logits") against u("numbers").

Usage: make_table_losses.py     needs torch
"""
import pathlib

import torch

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent


def result(loss, x):
    loss.backward()
    return {"loss": loss.item(), "gradient": x.grad.reshape(-1).tolist()}


def focal(gamma):
    logits = torch.from_numpy(3 * generator.uniform("logits", 45)).reshape(9, 5).requires_grad_()
    each = torch.nn.functional.cross_entropy(logits, torch.tensor(generator.targets(9, 5)), reduction="none")
    return {"gamma": gamma, **result(((1 - torch.exp(-each)) ** gamma * each).mean(), logits)}


def quantile(q):
    x = torch.from_numpy(3 * generator.uniform("logits", 45)).requires_grad_()
    d = torch.from_numpy(generator.uniform("numbers", 45)) - x
    return {"quantile": q, **result(torch.maximum(q * d, (q - 1) * d).mean(), x)}


if __name__ == "__main__":
    out = {"made_by": f"make_table_losses.py, torch {torch.__version__}", "focal": focal(2.), "focal_half": focal(.5),
           "quantile": quantile(.9)}
    (HERE / "table_losses.json").write_text(lines(out) + "\n")
