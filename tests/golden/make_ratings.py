# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/ratings.json for tests/jobs/test_ratings_golden.c: ten steps of each network of the ratings
job in float64, with generated weights (generator.py) and Burnish's dropout masks: fastai 2's EmbeddingDotBias and
EmbeddingNN, 0.7's EmbeddingNet, and losses of clicks. Gradients of the first step, all losses, the weights at the end.

Step s, row n: user 1 + (7 n + 5 s) mod users, item 1 + (11 n + 3 s) mod items, another item 1 + (5 n + 7 s + 2) mod
items, rating 1 + 2 (u("rating:s", n) + 1). Adam: rate .01, .9, .99, epsilon 1e-5, decoupled decay .1 of weights.

    build/venv/bin/python tests/golden/make_ratings.py     needs torch and fastai 2"""
import json
import pathlib

import fastai
import numpy as np
import torch
from fastai.collab import EmbeddingDotBias, EmbeddingNN
from torch.nn import functional

import generator

BATCH, STEPS, USERS, ITEMS, FACTORS, SEED = 12, 10, 7, 9, 5, 1
LOW, HIGH = .5, 5.5


class Dropout(torch.nn.Module):
    """Element i of sample n is kept in step s when the generator's u(n, i, s) >= p (src/ops/attributes.h)."""
    step = 0

    def __init__(self, stream, p):
        super().__init__()
        self.stream, self.p = stream, p

    def forward(self, x):
        samples, elements = x.shape
        n, i = np.divmod(np.arange(samples * elements, dtype=np.uint64), np.uint64(elements))
        zero = np.zeros_like(i)
        words = np.stack(generator.philox(generator.stream_key(self.stream, SEED), i // np.uint64(4), n,
                                          zero + np.uint64(Dropout.step), zero))
        u = (words[i % np.uint64(4), np.arange(len(i))] >> np.uint64(8)).astype(np.float32) * np.float32(2 ** -24)
        keep = torch.from_numpy((u >= np.float32(self.p)).reshape(x.shape))
        return torch.where(keep, x / (1 - self.p), torch.zeros_like(x))


class EmbeddingNet(torch.nn.Module):
    """0.7's, of the fifth lesson; our names."""

    def __init__(self):
        super().__init__()
        self.embeds = torch.nn.ModuleList([torch.nn.Embedding(USERS + 1, FACTORS), torch.nn.Embedding(ITEMS + 1, FACTORS)])
        self.layers = torch.nn.ModuleList([torch.nn.ModuleList([torch.nn.Linear(2 * FACTORS, 10)]),
                                           torch.nn.ModuleList([torch.nn.Linear(10, 1)])])
        self.first, self.second = Dropout("emb_drop.dropout", .05), Dropout("layers.0.dropout.dropout", .5)

    def forward(self, x):
        x = self.first(torch.cat([self.embeds[0](x[:, 0]), self.embeds[1](x[:, 1])], 1))
        x = self.second(functional.relu(self.layers[0][0](x)))
        return torch.sigmoid(self.layers[1][0](x)) * (HIGH - LOW) + LOW


def network(name):
    if name == "neural":
        return EmbeddingNN([(USERS + 1, 5), (ITEMS + 1, 6)], layers=[FACTORS], y_range=(LOW, HIGH))
    if name == "course":
        return EmbeddingNet()
    return EmbeddingDotBias(FACTORS, USERS + 1, ITEMS + 1, y_range=(LOW, HIGH) if name == "dot" else None)


def summary(name, tensor):
    flat = tensor.detach().double().numpy().reshape(-1)
    return {"shape": list(tensor.shape), "norm": float(np.sqrt(flat @ flat)),
            "dot": float(flat @ generator.uniform("dot:" + name, flat.size)),
            "samples": [float(flat[k * (flat.size - 1) // 7]) for k in range(8)]}


def batch(step):
    n = np.arange(BATCH)
    pairs = np.stack([1 + (7 * n + 5 * step) % USERS, 1 + (11 * n + 3 * step) % ITEMS])
    other = 1 + (5 * n + 7 * step + 2) % ITEMS
    ratings = 1 + 2 * (generator.uniform("rating:%d" % step, BATCH) + 1)
    return torch.from_numpy(pairs.T.copy()), torch.from_numpy(other), torch.from_numpy(ratings)


def loss_of(name, model, step):
    pairs, other, ratings = batch(step)
    y = model(pairs).reshape(-1)
    if name == "bpr":
        return -functional.logsigmoid(y - model(torch.stack([pairs[:, 0], other], 1)).reshape(-1)).mean()
    if name == "weighted":  # every other row is one that was drawn
        drawn = torch.arange(BATCH) % 2 == 1
        weight = torch.where(drawn, torch.ones(BATCH, dtype=torch.double), 1 + ratings)
        return (weight * (y - (~drawn).double()) ** 2).mean()
    return functional.mse_loss(y, ratings)


def decays(name):
    return name.endswith("weight") and not name.startswith("bn") and ".2." not in name


def run(name):
    model = network(name).double().train()
    with torch.no_grad():
        for key, tensor in list(model.named_parameters()) + list(model.named_buffers()):
            if not key.endswith("num_batches_tracked"):
                tensor.copy_(torch.from_numpy(generator.fill("table", key, tuple(tensor.shape))))
    named = [(n, p) for n, p in model.named_parameters() if p.numel()]
    adam = torch.optim.AdamW([{"params": [p for n, p in named if decays(n)], "weight_decay": .1},
                              {"params": [p for n, p in named if not decays(n)], "weight_decay": 0}],
                             lr=.01, betas=(.9, .99), eps=1e-5)
    losses, gradients = [], {}
    for step in range(STEPS):
        Dropout.step = step
        loss = loss_of(name, model, step)
        adam.zero_grad()
        loss.backward()
        if step == 0:
            gradients = {n: summary(n, p.grad) for n, p in named if p.grad is not None}
        adam.step()
        losses.append(float(loss.detach()))
    return {"losses": losses, "gradients": gradients, "weights": {n: summary(n, p) for n, p in named},
            "buffers": {n: summary(n, b) for n, b in model.named_buffers()
                        if b.numel() and not n.endswith("num_batches_tracked")}}


golden = {"versions": {"fastai": fastai.__version__, "torch": torch.__version__}, "batch": BATCH, "steps": STEPS,
          "users": USERS, "items": ITEMS, "factors": FACTORS, "low": LOW, "high": HIGH,
          "cases": {name: run(name) for name in ("dot", "free", "neural", "course", "bpr", "weighted")}}
path = pathlib.Path(__file__).parent / "ratings.json"
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
