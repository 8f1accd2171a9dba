# SPDX-License-Identifier: Apache-2.0
"""Writes losses.json: PyTorch's cross_entropy weighted by class, float64, of 9 items and 5 classes with
logits 3 u("logits"), labels (7 i + 3) mod 5, weights 1 + .9 u("weights") as float32 has them; its value and
its gradient by the logits.

Usage: make_losses.py     needs torch
"""
import pathlib

import torch

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent


def weighted(smoothing):
    logits = torch.from_numpy(3 * generator.uniform("logits", 45)).reshape(9, 5).requires_grad_()
    labels = torch.tensor(generator.targets(9, 5))
    weights = torch.from_numpy(1 + .9 * generator.uniform("weights", 5)).float().double()
    loss = torch.nn.functional.cross_entropy(logits, labels, weights, label_smoothing=smoothing)
    loss.backward()
    return {"smoothing": smoothing, "loss": loss.item(), "gradient": logits.grad.reshape(-1).tolist()}


if __name__ == "__main__":
    out = {"made_by": f"make_losses.py, torch {torch.__version__}", "weighted": weighted(0.),
           "weighted_smoothed": weighted(.1)}
    (HERE / "losses.json").write_text(lines(out) + "\n")
