# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/tables/net.json for tests/models/test_table_net.c: one training step of fastai 2's
TabularModel in float64 for each case, with generated weights (generator.py) and Burnish's dropout masks.

    python3 -m venv build/venv && build/venv/bin/pip install fastai
    build/venv/bin/python tests/golden/make_table_net.py"""
import json
import pathlib

import fastai
import numpy as np
import torch
from fastai.tabular.all import TabularModel

import generator

BATCH, SEED = 12, 1
CASES = {
    "range": dict(cards=[5, 12, 3], widths=[3, 6, 2], numbers=4, layers=[16, 8], ps=[.1, .2], embed_p=.25,
                  use_bn=True, y_range=(-1, 3), outputs=1),
    "classes": dict(cards=[4, 9], widths=[2, 5], numbers=2, layers=[10, 7], ps=[.05, .5], embed_p=.04, use_bn=False,
                    y_range=None, outputs=3),
    "numbers": dict(cards=[], widths=[], numbers=5, layers=[6], ps=[0.], embed_p=0., use_bn=True, y_range=None,
                    outputs=1),
    "categories": dict(cards=[3, 4, 5, 6, 7, 8, 9, 10, 11, 12], widths=[1, 2, 3, 1, 2, 3, 1, 2, 3, 4], numbers=0,
                       layers=[], ps=[], embed_p=.5, use_bn=True, y_range=None, outputs=4),
    "few": dict(cards=[2, 3, 4, 3], widths=[4, 8, 6, 5], numbers=2, layers=[9], ps=[.1], embed_p=0., use_bn=True,
                y_range=None, outputs=3),
}


class Dropout(torch.nn.Module):
    """Element i of sample n is kept when the generator's u(n, i) >= p (src/ops/attributes.h)."""

    def __init__(self, stream, p):
        super().__init__()
        self.stream, self.p = stream, p

    def forward(self, x):
        samples, elements = x.shape
        n, i = np.divmod(np.arange(samples * elements, dtype=np.uint64), np.uint64(elements))
        zero = np.zeros_like(i)
        words = np.stack(generator.philox(generator.stream_key(self.stream, SEED), i // np.uint64(4), n, zero, zero))
        u = (words[i % np.uint64(4), np.arange(len(i))] >> np.uint64(8)).astype(np.float32) * np.float32(2 ** -24)
        keep = torch.from_numpy((u >= np.float32(self.p)).reshape(x.shape))
        return torch.where(keep, x / (1 - self.p), torch.zeros_like(x))


def make(case):
    model = TabularModel(list(zip(case["cards"], case["widths"])), case["numbers"], case["outputs"], case["layers"],
                         ps=list(case["ps"]), embed_p=case["embed_p"], y_range=case["y_range"],
                         use_bn=case["use_bn"]).double()
    if case["embed_p"]:
        model.emb_drop = Dropout("emb_drop.dropout", case["embed_p"])
    for number, layer in enumerate(model.layers):
        for name, module in list(layer.named_children()):
            if isinstance(module, torch.nn.Dropout):
                setattr(layer, name, Dropout("layers.%d.dropout.dropout" % number, module.p))
    with torch.no_grad():
        for name, tensor in list(model.named_parameters()) + list(model.named_buffers()):
            if not name.endswith("num_batches_tracked"):
                tensor.copy_(torch.from_numpy(generator.fill("table", name, tuple(tensor.shape))))
    return model.train()


def summary(name, tensor):
    flat = tensor.detach().double().numpy().reshape(-1)
    return {"shape": list(tensor.shape), "norm": float(np.sqrt(flat @ flat)),
            "dot": float(flat @ generator.uniform("dot:" + name, flat.size)),
            "samples": [float(flat[k * (flat.size - 1) // 7]) for k in range(8)]}


def step(case):
    model = make(case)
    codes = torch.tensor([[(7 * n + 3 * c) % card for c, card in enumerate(case["cards"])] for n in range(BATCH)],
                         dtype=torch.long).reshape(BATCH, -1)
    numbers = torch.from_numpy(generator.uniform("numbers", BATCH * case["numbers"])).reshape(BATCH, -1)
    output = model(codes, numbers)
    if case["outputs"] == 1:
        target = torch.from_numpy(generator.uniform("target", BATCH))
        loss = torch.nn.functional.mse_loss(output[:, 0], target)
    else:
        loss = torch.nn.functional.cross_entropy(output, torch.tensor(generator.targets(BATCH, case["outputs"])))
    loss.backward()
    buffers = {n: summary(n, b) for n, b in model.named_buffers()
               if b.numel() and not n.endswith("num_batches_tracked")}
    return {**{k: v for k, v in case.items() if v is not None}, "loss": float(loss.detach()),
            "output": summary("output", output),
            "gradients": {n: summary(n, p.grad) for n, p in model.named_parameters() if p.numel()}, "buffers": buffers}


golden = {"versions": {"fastai": fastai.__version__, "torch": torch.__version__}, "batch": BATCH,
          "cases": {name: step(case) for name, case in CASES.items()}}
path = pathlib.Path(__file__).parent / "tables" / "net.json"
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
