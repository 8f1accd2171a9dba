# SPDX-License-Identifier: Apache-2.0
"""Writes qrnn.json for tests/ops/test_qrnn.c: fastai's QRNNLayer in float64 on generated values (generator.py), with
the state and the step before it given. The loss is the sum of the outputs times generated numbers, so that every
output sends a gradient back. Zoneout's masks are generated too: kept where u > -.2, times 2.

Usage: make_qrnn.py WHEEL     needs torch, fastai and a wheel of fastai 2.3 (fastai_qrnn.py)"""
import json
import pathlib
import sys
import unittest.mock

import numpy as np
import torch

import fastai_qrnn
import generator

# T, N, I, H, window, backward, zoneout
CASES = {"one step": (1, 3, 5, 7, 2, False, False), "one item": (6, 1, 4, 9, 2, False, False),
         "one of all": (1, 1, 1, 1, 1, False, False), "window 1": (5, 3, 17, 33, 1, False, False),
         "window 2": (5, 3, 17, 33, 2, False, False), "backward": (4, 2, 5, 16, 1, True, False),
         "backward, window 2": (4, 3, 5, 7, 2, True, False), "zoneout": (4, 2, 3, 6, 2, False, True),
         "zoneout backward": (3, 2, 3, 5, 1, True, True)}


def drawn(name, *shape):
    values = generator.uniform(name, int(np.prod(shape))).reshape(shape)
    return torch.from_numpy(values).requires_grad_()


def summary(name, tensor):
    flat = tensor.detach().numpy().reshape(-1)
    return {"shape": list(tensor.shape), "norm": float(np.sqrt(flat @ flat)),
            "dot": float(flat @ generator.uniform("dot:" + name, flat.size)),
            "samples": [float(flat[k * (flat.size - 1) // 7]) for k in range(8)]}


def step(qrnn, steps, items, inputs, hidden, window, backward, zoneout):
    layer = qrnn.QRNNLayer(inputs, hidden, save_prev_x=True, zoneout=.5 if zoneout else 0, window=window,
                           batch_first=False, backward=backward).double().train()
    qrnn.dropout_mask = lambda x, size, p: 2. * (drawn("keep", *size).detach() > -.2)
    given = {"x": drawn("x", steps, items, inputs), "before": drawn("before", items, inputs), "c0": drawn("c0", items, hidden)}
    parts = {"w": layer.linear.weight, "b": layer.linear.bias}
    with torch.no_grad():
        for name, tensor in parts.items():
            tensor.copy_(drawn(name, *tensor.shape))
    layer.prevX = given["before"][None]
    with unittest.mock.patch.object(torch.Tensor, "sigmoid", lambda x: torch.sigmoid(x).clone()):  # it is zoned out in place
        y, c = layer(given["x"], given["c0"])
    outputs = {"y": y, "c_n": c}
    sum((value * drawn("v:" + name, *value.shape).detach()).sum() for name, value in outputs.items()).backward()
    if window == 1:
        del given["before"]
    else:
        outputs["last"] = layer.prevX[0]
    return {"sizes": [steps, items, inputs, hidden, window, int(backward), int(zoneout)],
            "outputs": {n: summary(n, v) for n, v in outputs.items()},
            "gradients": {n: summary(n, v.grad) for n, v in {**given, **parts}.items()}}


if __name__ == "__main__":
    layers = fastai_qrnn.load(sys.argv[1])[1]
    golden = {"made_by": f"make_qrnn.py, torch {torch.__version__}, {pathlib.Path(sys.argv[1]).name}",
              "cases": {n: step(layers, *s) for n, s in CASES.items()}}
    path = pathlib.Path(__file__).parent / "qrnn.json"
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)
