#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/containers/: tiny weight files by torch.save and safetensors, so that the
readers are tested on what those programs write. Made with torch 2.15.0 and safetensors (versions
are in containers/versions.txt). Element k (row-major) of the tensor with seed s is
((7 k + s) mod 23 - 11) / 4, without the division for integers."""
import collections
import os

import torch
import safetensors
import safetensors.torch

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "containers")


def values(seed, *shape, dtype=torch.float32):
    count = 1
    for dim in shape:
        count *= dim
    numbers = [(7 * k + seed) % 23 - 11 for k in range(count)]
    if dtype == torch.bool:
        numbers = [n > 0 for n in numbers]
    elif dtype == torch.uint8:
        numbers = [n + 11 for n in numbers]
    elif dtype.is_floating_point:
        numbers = [n / 4 for n in numbers]
    return torch.tensor(numbers, dtype=dtype).reshape(shape)


def tensors():
    table = collections.OrderedDict()
    table["float"] = values(0, 2, 3)
    table["half"] = values(1, 3, dtype=torch.float16)
    table["bfloat16"] = values(2, 4, dtype=torch.bfloat16)
    table["double"] = values(3, 2, 2, dtype=torch.float64)
    table["long"] = values(4, 3, dtype=torch.int64)
    table["int"] = values(5, 3, dtype=torch.int32)
    table["short"] = values(6, 5, dtype=torch.int16)
    table["char"] = values(7, 3, dtype=torch.int8)
    table["byte"] = values(8, 3, dtype=torch.uint8)
    table["bool"] = values(9, 4, dtype=torch.bool)
    table["scalar"] = values(10, dtype=torch.int64).reshape(())
    table["empty"] = torch.zeros(0, 3)
    table["transposed"] = values(11, 3, 4).t().contiguous().t()  # strides (1, 3)
    table["permuted"] = values(12, 2, 3, 2, 2).permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)
    base = torch.zeros(6, 5)
    base[1::2, 1:] = values(13, 3, 4)
    table["sliced"] = base[1::2, 1:]  # offset 6, strides (10, 1)
    table["shared"] = base  # the same storage, whole
    table["expanded"] = values(14, 1).expand(2, 3)  # strides (0, 0)
    table["parameter"] = torch.nn.Parameter(values(15, 2, 2))
    return table


def save(name, thing, zipped):
    torch.save(thing, os.path.join(FOLDER, name), _use_new_zipfile_serialization=zipped)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    with torch.no_grad():
        for seed, (_, tensor) in enumerate(module.state_dict().items()):
            tensor.copy_(values(seed, *tensor.shape, dtype=tensor.dtype))
    inner = collections.OrderedDict(("module." + k, v) for k, v in tensors().items())
    for zipped, suffix in ((True, "zip"), (False, "legacy")):
        save(f"tensors.{suffix}.pt", tensors(), zipped)
        save(f"nested.{suffix}.pt", {"epoch": 3, "rate": 0.1, "note": None, "done": True,
                                     "steps": [1, 2], "state_dict": inner}, zipped)
        save(f"model.{suffix}.pt", {"model": module.state_dict(), "opt": {"lr": 0.1}}, zipped)
        save(f"module.{suffix}.pt", module.state_dict(), zipped)  # BUILD with _metadata
    save("whole_module.zip.pt", module, True)  # names classes: must be refused
    plain = {k: v.detach().contiguous().clone() for k, v in tensors().items()}
    safetensors.torch.save_file(plain, os.path.join(FOLDER, "tensors.safetensors"),
                                metadata={"format": "pt", "made by": "make_containers.py"})
    with open(os.path.join(FOLDER, "versions.txt"), "w") as out:
        print("torch", torch.__version__, file=out)
        print("safetensors", safetensors.__version__, file=out)


main()
