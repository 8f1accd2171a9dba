# SPDX-License-Identifier: Apache-2.0
"""Files of random weights in the container that torch.save wrote until 1.5: pickles one after the other, then the
storages. Written by the pickle module alone, with stand-ins for torch's names."""
import collections
import io
import math
import pickle
import random
import struct
import sys
import types
from array import array

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


def _module(name, **names):
    module = types.ModuleType(name)
    for key, value in names.items():
        value.__module__, value.__qualname__ = name, key
        setattr(module, key, value)
    return module


def _rebuild_tensor_v2(*arguments):
    raise NotImplementedError


class FloatStorage:
    def __init__(self, key, values):
        self.key, self.values = key, values


class _Tensor:
    def __init__(self, storage, shape):
        self.storage, self.shape = storage, tuple(shape)

    def __reduce__(self):
        strides = tuple(math.prod(self.shape[i + 1 :]) for i in range(len(self.shape)))
        return _rebuild_tensor_v2, (self.storage, 0, self.shape, strides, False, collections.OrderedDict())


class _Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, FloatStorage):
            return "storage", FloatStorage, value.key, "cpu", len(value.values), None
        return None


def write(path, tensors):
    """tensors: [(name, shape, array of floats)] in order."""
    names = {"torch": _module("torch", FloatStorage=FloatStorage),
             "torch._utils": _module("torch._utils", _rebuild_tensor_v2=_rebuild_tensor_v2)}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(names)
    try:
        states = collections.OrderedDict()
        for number, (name, shape, values) in enumerate(tensors):
            states[name] = _Tensor(FloatStorage(str(number), values), shape)
        out = io.BytesIO()
        _Pickler(out, 2).dump(states)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    with open(path, "wb") as file:
        for value in (MAGIC, PROTOCOL, {"protocol_version": PROTOCOL, "little_endian": True}):
            pickle.dump(value, file, 2)
        file.write(out.getvalue())
        pickle.dump([str(number) for number in range(len(tensors))], file, 2)
        for name, shape, values in tensors:
            file.write(struct.pack("<q", len(values)))
            values.tofile(file)


def random_values(name, shape, kind, draw):
    """A sane start: batch norms that change nothing, weights scaled by their fan-in."""
    count = math.prod(shape)
    if kind == "norm":
        return array("f", [1.0 if name.endswith("weight") else 0.0]) * count
    if name.endswith("running_mean") or name.endswith("bias"):
        return array("f", [0.0]) * count
    if name.endswith("running_var"):
        return array("f", [1.0]) * count
    most = math.sqrt(6 / math.prod(shape[1:])) * 0.7
    # A short sequence over and over: many draws of Python's are slow.
    few = array("f", [draw.uniform(-most, most) for _ in range(min(count, 9973))])
    return (few * (count // len(few) + 1))[:count]


def write_network(path, parameters, seed=1):
    """parameters: rows of burnish.image.Learner.summary(), names as torchvision has them."""
    draw = random.Random(seed)
    write(path, [(name, shape, random_values(name, shape, kind, draw)) for name, shape, kind, *rest in parameters])
