# SPDX-License-Identifier: Apache-2.0
"""PyTorch trains CIFAR's ResNet-20 from scratch by the recipe of

    burnish image train cifar10 --recipe scratch --arch resnet20_cifar --batch-size 64 --tta 0 \\
        --label-smoothing .1 --augment pad:4,random-crop,zeros,flip --epochs N --seed S

on a folder with train/ and valid/, one folder a class: He et al.'s residual network with shortcuts without parameters
(option A: every second pixel, zeros around the middle half of the channels), the same initialisation, normalisation,
crops, flips, label smoothing, AdamW and one-cycle schedule, written out here number by number. Prints
one JSON line an epoch, {"event": "epoch", "epoch", "train_loss", "valid_loss", "accuracy", "seconds"}, and last
{"event": "done", "peer": "torch", "metrics": {"accuracy", "valid_loss"}, "seconds"}.

--classifier fastai puts fast.ai's head in the place of the paper's average and linear layer.
"""
import argparse
import json
import math
import pathlib
import time

import numpy
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

MEAN, DEVIATION = (.485, .456, .406), (.229, .224, .225)
PADDING, SIDE = 4, 32
RATE, DECAY, BETA2, EPSILON = 2e-3, .01, .99, 1e-5
WARM, DIV, DIV_FINAL = .3, 5, 1e5  # one-cycle: share of the way up, first and last share of the rate
MOMENTUM_HIGH, MOMENTUM_LOW = .95, .85
SMOOTHING = .1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--classifier", choices=("plain", "fastai"), default="plain")
    return parser.parse_args()


# ---------------------------------------------------------------------- the network


class Block(nn.Module):
    """Two convolutions and a shortcut without parameters."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.pad = (width - inputs) // 2

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.pad:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return torch.relu(y + x)


class ConcatPool(nn.Module):
    """The maximum and the average of each channel."""

    def forward(self, x):
        return torch.cat([x.amax((2, 3)), x.mean((2, 3))], 1)


class Average(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def new_network(classifier, classes):
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for stage in range(3):
        for number in range(3):
            width = 16 << stage
            layers.append(Block(inputs, width, 2 if stage and number == 0 else 1))
            inputs = width
    if classifier == "plain":
        layers += [Average(), nn.Linear(64, classes)]
    else:
        layers += [ConcatPool(), nn.BatchNorm1d(128), nn.Dropout(.25), nn.Linear(128, 512), nn.ReLU(),
                   nn.BatchNorm1d(512), nn.Dropout(.5), nn.Linear(512, classes)]
    network = nn.Sequential(*layers)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear) and classifier == "fastai":
            nn.init.kaiming_normal_(module.weight)
            nn.init.zeros_(module.bias)
    return network


def new_optimizer(network, options):
    """Weights of convolutions and linear layers decay; biases and normalisations do not."""
    decayed = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() == 1]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.}],
                             lr=options.rate, betas=(.9, BETA2), eps=EPSILON)


# ---------------------------------------------------------------------- pictures


def read(folder):
    """(N, 3, 32, 32) of 0..255, and labels."""
    classes = sorted(path.name for path in folder.iterdir())
    pictures, labels = [], []
    for label, name in enumerate(classes):
        for path in sorted((folder / name).iterdir()):
            pictures.append(numpy.asarray(Image.open(path).convert("RGB")))
            labels.append(label)
    x = torch.from_numpy(numpy.stack(pictures)).permute(0, 3, 1, 2).float()
    return x, torch.tensor(labels), len(classes)


def normalise(x):
    shape = (1, 3, 1, 1)
    return (x / 255 - torch.tensor(MEAN).view(shape)) / torch.tensor(DEVIATION).view(shape)


def augment(x, generator):
    """A crop of 32 x 32 of the picture in a black frame of 4 (its corner at 0 .. 7, as fast.ai draws it), and a flip."""
    padded = functional.pad(x, (PADDING,) * 4)
    out = torch.empty_like(x)
    places = torch.randint(0, 2 * PADDING, (len(x), 2), generator=generator).tolist()
    flips = torch.rand(len(x), generator=generator) < .5
    for i, (top, left) in enumerate(places):
        out[i] = padded[i, :, top:top + SIDE, left:left + SIDE]
    out[flips] = out[flips].flip(3)
    return out


# ---------------------------------------------------------------------- training


def dip(start, middle, end, progress):
    """Cosines from start to middle in the first WARM of the way, then to the end."""
    low, high, at = (start, middle, progress / WARM) if progress < WARM else (
        middle, end, (progress - WARM) / (1 - WARM))
    return low + (high - low) * (1 - math.cos(math.pi * at)) / 2


def set_rates(optimizer, rate, progress):
    for group in optimizer.param_groups:
        group["lr"] = dip(rate / DIV, rate, rate / DIV_FINAL, progress)
        group["betas"] = (dip(MOMENTUM_HIGH, MOMENTUM_LOW, MOMENTUM_HIGH, progress), BETA2)


def measure(network, x, y):
    network.eval()
    with torch.no_grad():
        outputs = torch.cat([network(part) for part in normalise(x).split(250)])
    network.train()
    return functional.cross_entropy(outputs, y).item(), (outputs.argmax(1) == y).float().mean().item()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    begin = time.perf_counter()
    x, y, classes = read(options.data / "train")
    valid_x, valid_y, _ = read(options.data / "valid")
    network = new_network(options.classifier, classes)
    optimizer = new_optimizer(network, options)
    generator = torch.Generator().manual_seed(options.seed)
    batches = len(x) // options.batch_size
    for epoch in range(options.epochs):
        start, total = time.perf_counter(), 0.
        order = torch.randperm(len(x), generator=generator)
        for i in range(batches):
            set_rates(optimizer, options.rate, (epoch * batches + i) / (options.epochs * batches))
            chosen = order[i * options.batch_size:(i + 1) * options.batch_size]
            loss = functional.cross_entropy(network(normalise(augment(x[chosen], generator))), y[chosen],
                                            label_smoothing=SMOOTHING)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item()
        valid_loss, accuracy = measure(network, valid_x, valid_y)
        print(json.dumps({"event": "epoch", "epoch": epoch + 1, "train_loss": total / batches, "valid_loss": valid_loss,
                          "accuracy": accuracy, "seconds": time.perf_counter() - start}), flush=True)
    print(json.dumps({"event": "done", "peer": "torch", "version": torch.__version__, "seed": options.seed,
                      "metrics": {"accuracy": accuracy, "valid_loss": valid_loss},
                      "seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
