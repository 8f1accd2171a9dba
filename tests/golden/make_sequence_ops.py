# SPDX-License-Identifier: Apache-2.0
"""Writes sequence_ops.json: numbers of PyTorch and fastai, float64, for the operations of sequences.

lazy_adam   torch.optim.SparseAdam on a table (6, 3) of .5 u("table"), 4 steps: step k adds to rows
            (k, 5 - k, k) of the table the gradients u("grad:k") (3, 3); betas .8, .95, rate .1, epsilon
            1e-30 (it stands under the root's correction there and outside of it here).
decoder     torch.nn.functional.linear and cross_entropy with ignore_index 1 of x = u("x") (5, 4, 6) as rows,
            weight u("weight") (11, 6), bias .5 u("bias") (11), target (7 i + 3) mod 11: the loss, its
            gradients and the share of hits.

Usage: make_sequence_ops.py     needs torch and fastai
"""
import pathlib

import fastai
import torch

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent


def drawn(name, *shape):
    return torch.from_numpy(generator.uniform(name, torch.Size(shape).numel())).reshape(shape)


def lazy_adam():
    table = torch.nn.Parameter(.5 * drawn("table", 6, 3))
    optimizer = torch.optim.SparseAdam([table], lr=.1, betas=(.8, .95), eps=1e-30)
    steps = []
    for k in range(4):
        table.grad = torch.sparse_coo_tensor([[k, 5 - k, k]], drawn(f"grad:{k}", 3, 3), (6, 3))
        optimizer.step()
        steps.append(table.detach().reshape(-1).tolist())
    return steps


def decoder():
    x, weight, bias = drawn("x", 20, 6), drawn("weight", 11, 6), .5 * drawn("bias", 11)
    target = torch.tensor(generator.targets(20, 11))
    for tensor in (x, weight, bias):
        tensor.requires_grad_()
    logits = torch.nn.functional.linear(x, weight, bias)
    loss = torch.nn.functional.cross_entropy(logits, target, ignore_index=1)
    loss.backward()
    counts = target != 1
    return {"loss": loss.item(), "hits": (logits.argmax(1) == target)[counts].double().mean().item(),
            "dx": x.grad.reshape(-1).tolist(), "dweight": weight.grad.reshape(-1).tolist(),
            "dbias": bias.grad.tolist()}


if __name__ == "__main__":
    out = {"made_by": f"make_sequence_ops.py, torch {torch.__version__}, fastai {fastai.__version__}",
           "lazy_adam": lazy_adam(), "decoder": decoder()}
    (HERE / "sequence_ops.json").write_text(lines(out) + "\n")
