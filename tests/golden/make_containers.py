#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/containers/: tiny weight files by torch.save and safetensors, so that the
readers are tested on what those programs write. Made with torch 2.15.0 and safetensors (versions
are in containers/versions.txt). Element k (row-major) of the tensor with seed s is
((7 k + s) mod 23 - 11) / 4, without the division for integers.

The tar files of torch before 0.1.10 are written here, as its serialization.py did: torch no longer
writes them, but it still reads them, which is checked. `make_containers.py tar` writes them alone, and
`make_containers.py variants` what save_variants() does: the other files hold addresses and so
differ each time."""
import collections
import io
import os
import pickle
import struct
import sys
import tarfile

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


def dump(thing):
    return pickle.dumps(thing, protocol=2)


def dump_item(numbers, type_name, text=None):
    """pickle of (number, text or number, torch type) with protocol 2, opcode by opcode."""
    out = b"\x80\x02" + number_opcode(numbers[0])
    if text is None:
        out += number_opcode(numbers[1])
    else:
        out += b"X" + struct.pack("<I", len(text)) + text.encode()
    return out + b"ctorch\n" + type_name.encode() + b"\n\x87."


def number_opcode(number):
    return pickle.dumps(number, protocol=2)[2:-1]


NAMES = {torch.float32: "Float", torch.float16: "Half", torch.bfloat16: "BFloat16",
         torch.float64: "Double", torch.int64: "Long", torch.int32: "Int", torch.int16: "Short",
         torch.int8: "Char", torch.uint8: "Byte", torch.bool: "Bool"}
FIRST_ID = 0x7F0012345600  # ids were addresses


class TarPickler(pickle.Pickler):
    """Tensors become ids; storages that several tensors share are kept once."""

    def __init__(self, out, text_ids):
        super().__init__(out, protocol=2)
        self.text_ids = text_ids
        self.tensors, self.storages = [], {}  # (id, tensor); data_ptr -> (id, tensor)

    def persistent_id(self, thing):
        if not isinstance(thing, torch.Tensor):
            return None
        address = thing.untyped_storage().data_ptr() or id(thing)
        number = FIRST_ID + 64 * len(self.tensors)
        storage, _ = self.storages.setdefault(address, (number + 32, thing.data))
        self.tensors.append((number, thing.data, storage))
        return str(number) if self.text_ids else number


def storage_bytes(tensor):
    count = tensor.untyped_storage().nbytes() // tensor.element_size()
    flat = torch.as_strided(tensor, (count,), (1,), 0).contiguous().view(torch.uint8)
    return count, bytes(flat.tolist())


def save_tar(name, thing, text_ids, view_of=None):
    """`view_of`: the position of the tensor that is given a storage within its storage."""
    objects = io.BytesIO()
    pickler = TarPickler(objects, text_ids)
    pickler.dump(thing)
    storages, views, tensors = b"", [], b""
    for number, tensor in pickler.storages.values():
        count, content = storage_bytes(tensor)
        storages += dump_item([number], NAMES[tensor.dtype] + "Storage", "cpu")
        storages += struct.pack("<q", count) + content
    for position, (number, tensor, storage) in enumerate(pickler.tensors):
        offset = tensor.storage_offset()
        if position == view_of:
            count = tensor.untyped_storage().nbytes() // tensor.element_size()
            views.append((number + 16, storage, offset - 1, count - offset + 1))
            storage, offset = number + 16, 1
        tensors += dump_item([number, storage], NAMES[tensor.dtype] + "Tensor")
        tensors += struct.pack("<ii", tensor.dim(), -1)  # 4 bytes that mean nothing
        tensors += struct.pack("<%dq" % (2 * tensor.dim()), *tensor.shape, *tensor.stride())
        tensors += struct.pack("<q", offset)
    system = {"protocol_version": 1000, "little_endian": True,
              "type_sizes": {"short": 2, "int": 4, "long": 8}}
    path = os.path.join(FOLDER, name)
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as tar:
        for member, content in (("sys_info", dump(system)), ("pickle", objects.getvalue()),
                                ("tensors", dump(len(pickler.tensors)) + tensors),
                                ("storages", dump(len(pickler.storages)) + storages + dump(views))):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            info.mtime = 1484000000.5 if member == "tensors" else 0  # a record for the fraction
            tar.addfile(info, io.BytesIO(content))
    check_tar(path, thing)


def check_tar(path, thing):
    def same(a, b):
        if isinstance(a, torch.Tensor):
            return a.dtype == b.dtype and a.stride() == b.stride() and torch.equal(a.data, b.data)
        if isinstance(a, dict):
            return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
        return a == b

    assert same(thing, torch.load(path, weights_only=False)), path


def save_tars(module, inner):
    plain = tensors()
    sliced = list(plain).index("sliced")
    save_tar("tensors.tar.pt", plain, True, sliced)
    save_tar("nested.tar.pt", {"epoch": 3, "rate": 0.1, "note": None, "done": True,
                               "steps": [1, 2], "state_dict": inner}, False)
    save_tar("module.tar.pt", collections.OrderedDict(module.state_dict()), True)
    save_tar("model.tar.pt", {"model": collections.OrderedDict(module.state_dict()),
                              "opt": {"lr": 0.1}}, False)


def save_variants(module):
    """Forms that torch.save takes options for; names that others than torch give."""
    for protocol in (3, 4, 5):
        for zipped, suffix in ((True, "zip"), (False, "legacy")):
            torch.save(tensors(), os.path.join(FOLDER, f"protocol{protocol}.{suffix}.pt"),
                       pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    torch.serialization.set_crc32_options(False)
    save("no_crc32.zip.pt", tensors(), True)
    torch.serialization.set_crc32_options(True)
    for key in ("model_state_dict", "net"):
        save(f"{key}.zip.pt", {key: module.state_dict(), "epoch": 3}, True)
    save("mixed.legacy.pt", {"state_dict": mixed()}, False)


def mixed():
    """As in half files: convolutions in half, norms in float. DenseNet's old names, from DataParallel."""
    layer = "module.features.denseblock1.denselayer1."
    out = collections.OrderedDict()
    for number, kernel in ((1, 1), (2, 3)):
        for seed, part in enumerate(("weight", "bias", "running_mean", "running_var")):
            out[f"{layer}norm.{number}.{part}"] = values(10 * number + seed, 4)
        out[f"{layer}conv.{number}.weight"] = values(10 * number + 4, 4, 4, kernel, kernel,
                                                     dtype=torch.float16)
    out["module.classifier.weight"] = values(30, 2, 4, dtype=torch.float16)
    out["module.classifier.bias"] = values(31, 2, dtype=torch.float16)
    return out


def main():
    os.makedirs(FOLDER, exist_ok=True)
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    with torch.no_grad():
        for seed, (_, tensor) in enumerate(module.state_dict().items()):
            tensor.copy_(values(seed, *tensor.shape, dtype=tensor.dtype))
    inner = collections.OrderedDict(("module." + k, v) for k, v in tensors().items())
    if sys.argv[1:] != ["variants"]:
        save_tars(module, inner)
    if sys.argv[1:] != ["tar"]:
        save_variants(module)
    if sys.argv[1:]:
        return
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
