# SPDX-License-Identifier: Apache-2.0
"""Writes lstm.json for tests/ops/test_lstm.c: PyTorch's LSTM in float64 on generated values (generator.py).
The loss is the sum of the outputs times generated numbers, so that every output sends a gradient back.

Usage: make_lstm.py     needs torch
"""
import json
import pathlib

import numpy as np
import torch

import generator

# T, N, I, H
CASES = {"one step": (1, 3, 5, 7), "one item": (6, 1, 4, 9), "one of all": (1, 1, 1, 1), "odd": (5, 3, 17, 33),
         "even": (4, 2, 16, 32)}


def drawn(name, *shape):
    values = generator.uniform(name, int(np.prod(shape))).reshape(shape)
    return torch.from_numpy(values).requires_grad_()


def summary(name, tensor):
    flat = tensor.detach().numpy().reshape(-1)
    return {"shape": list(tensor.shape), "norm": float(np.sqrt(flat @ flat)),
            "dot": float(flat @ generator.uniform("dot:" + name, flat.size)),
            "samples": [float(flat[k * (flat.size - 1) // 7]) for k in range(8)]}


def step(steps, items, inputs, hidden):
    lstm = torch.nn.LSTM(inputs, hidden).double()
    given = {"x": drawn("x", steps, items, inputs), "h0": drawn("h0", items, hidden), "c0": drawn("c0", items, hidden)}
    parts = {"w_ih": lstm.weight_ih_l0, "w_hh": lstm.weight_hh_l0, "b_ih": lstm.bias_ih_l0, "b_hh": lstm.bias_hh_l0}
    with torch.no_grad():
        for name, tensor in parts.items():
            tensor.copy_(drawn(name, *tensor.shape))
    y, (h, c) = lstm(given["x"], (given["h0"][None], given["c0"][None]))
    outputs = {"y": y, "h_n": h[0], "c_n": c[0]}
    sum((value * drawn("v:" + name, *value.shape).detach()).sum() for name, value in outputs.items()).backward()
    return {"sizes": [steps, items, inputs, hidden], "outputs": {n: summary(n, v) for n, v in outputs.items()},
            "gradients": {n: summary(n, v.grad) for n, v in {**given, **parts}.items()}}


golden = {"made_by": f"make_lstm.py, torch {torch.__version__}", "cases": {n: step(*s) for n, s in CASES.items()}}
path = pathlib.Path(__file__).parent / "lstm.json"
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
