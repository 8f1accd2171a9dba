# SPDX-License-Identifier: Apache-2.0
"""Writes cifar10.json: what PyTorch in float64 answers with the real weights of the CIFAR ResNets on
the 1,000 validation pictures of $BURNISH_DATA/images/cifar10_sample.zip, by class and then by file
name. "answers" has a digit for each picture, the class; "close" the numbers of the pictures whose
two best logits are within 1e-3 of each other, which single precision may turn round.

Needs torch, torchvision, Pillow and BURNISH_DATA
"""
import io
import json
import os
import pathlib
import zipfile

import numpy as np
import torch
from PIL import Image

import make_models

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path(os.environ["BURNISH_DATA"])
CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
FILES = {"resnet20_cifar": "resnet20-12fca82f.th", "resnet56_cifar": "resnet56-4bfd9763.th"}


def pictures():
    out = []
    with zipfile.ZipFile(DATA / "images" / "cifar10_sample.zip") as archive:
        for name in CLASSES:
            start = f"cifar10/valid/{name}/"
            files = sorted(f for f in archive.namelist() if f.startswith(start) and f.endswith(".jpg"))
            assert len(files) == 100
            out += [np.asarray(Image.open(io.BytesIO(archive.read(f))).convert("RGB")) for f in files]
    pixels = torch.from_numpy(np.stack(out)).permute(0, 3, 1, 2).double() / 255
    mean, deviation = (torch.tensor(v).double()[:, None, None]
                       for v in ([.485, .456, .406], [.229, .224, .225]))
    return (pixels - mean) / deviation


def answers(name, x):
    weights = torch.load(DATA / "pretrained" / "resnet_cifar10" / FILES[name], map_location="cpu",
                         weights_only=True)["state_dict"]
    model = make_models.new_model(name).double().eval()
    model.load_state_dict({key.removeprefix("module."): value for key, value in weights.items()})
    with torch.no_grad():
        logits = model(x)
    best = logits.argmax(1)
    two = logits.topk(2, 1).values
    close = (two[:, 0] - two[:, 1] < 1e-3).nonzero()[:, 0].tolist()
    right = int((best == torch.arange(1000) // 100).sum())
    return {"answers": "".join(map(str, best.tolist())), "right": right, "close": close}


def main():
    x = pictures()
    out = {"made_by": f"make_cifar10.py, torch {torch.__version__}",
           **{name: answers(name, x) for name in FILES}}
    (HERE / "cifar10.json").write_text(make_models.lines(out) + "\n")
    print({name: (out[name]["right"], out[name]["close"]) for name in FILES})


main()
