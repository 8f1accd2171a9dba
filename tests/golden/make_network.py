# SPDX-License-Identifier: Apache-2.0
"""Writes networks.json: networks described as docs/networks.md has it, beside the same ones built in PyTorch, in
float64, in training mode: outputs (N, K), the cross-entropy of targets (7 n + 3) mod K, and the gradients of all
parameters under the names of torch's state_dict, which are those of the description. Parameters are
generator.uniform of their name, times .5; those of norms 1 + .2 u and .1 u. Inputs are the stream "input"; in "rows" columns 0 and 1 are codes.

Usage: make_network.py     needs torch
"""
import json
import pathlib

import torch
from torch import nn

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent


class Inside(nn.Module):
    """Layers that are children by their place."""

    def __init__(self, *layers, shortcut=None):
        super().__init__()
        self.count = len(layers)
        for place, layer in enumerate(layers):
            self.add_module(str(place), layer)
        if shortcut is not None:
            self.shortcut = shortcut
        self.has_shortcut = shortcut is not None

    def all(self, x):
        for place in range(self.count):
            x = getattr(self, str(place))(x)
        return x


class Residual(Inside):
    def forward(self, x):
        return torch.relu(self.all(x) + (self.shortcut(x) if self.has_shortcut else x))


class Branches(Inside):
    def forward(self, x):
        return torch.cat([getattr(self, str(place))(x) for place in range(self.count)], 1)


class Gate(Inside):
    def forward(self, x):
        gate = self.all(x)
        return x * (gate[:, :, None, None] if x.dim() == 4 else gate)


class ConcatPool(nn.Module):
    def forward(self, x):
        return torch.cat([x.amax((2, 3)), x.mean((2, 3))], 1)


class AveragePool(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


class Column(nn.Module):
    def __init__(self, rows, width, column):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, width))
        self.column = column

    def forward(self, x):
        return self.weight[x[:, self.column].long()]


class Columns(nn.Module):
    def __init__(self, begin, end):
        super().__init__()
        self.begin, self.end = begin, end

    def forward(self, x):
        return x[:, self.begin:self.end]


def layer(kind, /, **fields):
    return {"layer": kind, **fields}


PICTURES = {"format": 1, "name": "pictures", "layers": [
    layer("conv", channels=4, kernel=3, padding=1, stride=2, bias=False), layer("batch_norm", epsilon=1e-3), layer("silu"),
    layer("residual", activation="relu", layers=[
        layer("conv", channels=8, kernel=3, padding=1, stride=2), layer("batch_norm"), layer("relu"),
        layer("conv", channels=8, kernel=3, padding=1, groups=4)],
        shortcut=layer("sequential", layers=[layer("conv", channels=8, kernel=1, stride=2), layer("batch_norm")])),
    layer("gate", layers=[layer("global_pool"), layer("linear", outputs=2), layer("relu"), layer("linear", outputs=8),
                          layer("sigmoid")]),
    layer("branches", layers=[layer("average_pool", kernel=3, stride=1, padding=1), layer("conv", channels=3, kernel=1)]),
    layer("max_pool", kernel=2), layer("leaky_relu", slope=.1),
    layer("global_pool", kind="concat"), layer("linear", outputs="classes")]}


def pictures():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4, 1e-3), nn.SiLU(),
        Residual(nn.Conv2d(4, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1, groups=4),
                 shortcut=nn.Sequential(nn.Conv2d(4, 8, 1, 2), nn.BatchNorm2d(8))),
        Gate(AveragePool(), nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8), nn.Sigmoid()),
        Branches(nn.AvgPool2d(3, 1, 1), nn.Conv2d(8, 3, 1)),
        nn.MaxPool2d(2), nn.LeakyReLU(.1), ConcatPool(), nn.Linear(22, 3))


ROWS = {"format": 1, "name": "rows", "layers": [
    layer("branches", layers=[layer("embedding", rows=5, width=3), layer("embedding", rows=4, width=2, column=1),
                              layer("columns", begin=2, end=6)]),
    layer("linear", outputs=12), layer("gelu"), layer("batch_norm"),
    layer("residual", activation="relu", layers=[layer("linear", outputs=12, bias=False), layer("hard_swish")]),
    layer("gate", layers=[layer("linear", outputs=12), layer("tanh")]),
    layer("reshape", dims=[3, 2, 2]), layer("conv", channels=4, kernel=1), layer("relu6"), layer("flatten"),
    layer("identity"), layer("linear", outputs="classes")]}


def rows():
    return nn.Sequential(
        Branches(Column(5, 3, 0), Column(4, 2, 1), Columns(2, 6)), nn.Linear(9, 12), nn.GELU(approximate="tanh"),
        nn.BatchNorm1d(12), Residual(nn.Linear(12, 12, bias=False), nn.Hardswish()),
        Gate(nn.Linear(12, 12), nn.Tanh()), nn.Unflatten(1, (3, 2, 2)), nn.Conv2d(3, 4, 1), nn.ReLU6(), nn.Flatten(),
        nn.Identity(), nn.Linear(16, 4))


def step(description, network, x, classes):
    norms = {f"{name}.{part}" for name, module in network.named_modules()
             if isinstance(module, nn.modules.batchnorm._BatchNorm) for part in ("weight", "bias")}
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            u = torch.from_numpy(generator.uniform(name, parameter.numel())).reshape(parameter.shape)
            scaled = 1 + .2 * u if name.endswith("weight") else .1 * u
            parameter.copy_(scaled if name in norms else .5 * u)
    logits = network.train()(x)
    target = (7 * torch.arange(len(x)) + 3) % classes
    loss = nn.functional.cross_entropy(logits, target)
    loss.backward()
    return {"description": json.dumps(description), "shape": list(x.shape), "classes": classes,
            "input": x.reshape(-1).tolist(), "logits": logits.reshape(-1).tolist(), "loss": loss.item(),
            "gradients": {name: parameter.grad.reshape(-1).tolist() for name, parameter in network.named_parameters()}}


def stream(*shape):
    count = int(torch.tensor(shape).prod())
    return torch.from_numpy(generator.uniform("input", count)).reshape(shape)


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    table = stream(6, 6)
    table[:, 0] = torch.tensor([0, 4, 2, 2, 1, 3.])
    table[:, 1] = torch.tensor([3, 3, 0, 1, 2, 0.])
    out = {"made_by": f"make_network.py, torch {torch.__version__}",
           "pictures": step(PICTURES, pictures(), stream(4, 3, 12, 12), 3), "rows": step(ROWS, rows(), table, 4)}
    (HERE / "networks.json").write_text(lines(out) + "\n")
