# SPDX-License-Identifier: Apache-2.0
"""Files built byte by byte, with the standard library alone: containers of weights, pictures."""
import io
import json
import pickle
import struct
import tarfile
import zipfile
import zlib

# ------------------------------------------------------------------ pickles


def text(value):
    """BINUNICODE."""
    content = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(content)) + content


def whole(value):
    """LONG1, which holds any integer."""
    content = value.to_bytes((value.bit_length() + 8) // 8 or 1, "little", signed=True)
    return b"\x8a" + bytes([len(content)]) + content


def name_of(module, name):
    """GLOBAL."""
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def tensor(kind="FloatStorage", count=6, offset=0, shape=(2, 3), strides=(3, 1), key="0"):
    """The call that torch.save writes for a tensor; it leaves it on the stack."""
    storage = b"(" + text("storage") + name_of("torch", kind) + text(key) + text("cpu") + whole(count) + b"tQ"
    sizes = b"(" + b"".join(map(whole, shape)) + b"t"
    steps = b"(" + b"".join(map(whole, strides)) + b"t"
    hooks = name_of("collections", "OrderedDict") + b")R"
    return name_of("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + whole(offset) + sizes + steps + \
        b"\x89" + hooks + b"tR"


def dictionary(value, key="w"):
    return b"\x80\x02}" + text(key) + value + b"s."


# ------------------------------------------------------------------ containers


def torch_zip(pickled, members=(("data/0", bytes(24)),), method=zipfile.ZIP_STORED, folder="m"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(folder + "/data.pkl", pickled)
        archive.writestr(folder + "/byteorder", "little")
        for name, content in members:
            archive.writestr(folder + "/" + name, content)
    return out.getvalue()


def torch_legacy(pickled, data=bytes(24), count=6, magic=0x1950a86a20f9469cfc6c, protocol=1001, little=True):
    system = {"protocol_version": protocol, "little_endian": little, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    return pickle.dumps(magic, 2) + pickle.dumps(protocol, 2) + pickle.dumps(system, 2) + pickled + \
        pickle.dumps(["0"], 2) + struct.pack("<q", count) + data


def torch_tar(pickled, storages=None, tensors=None, system=None):
    out = io.BytesIO()
    parts = [("sys_info", system or pickle.dumps({"protocol_version": 1000, "little_endian": True,
                                                  "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2)),
             ("pickle", pickled), ("storages", storages or pickle.dumps(0, 2)), ("tensors", tensors or pickle.dumps(0, 2))]
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in parts:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def safetensors(header, data=b"", length=None):
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(content) if length is None else length) + content + data


# ------------------------------------------------------------------ pictures


def chunk(kind, content, length=None):
    return struct.pack(">I", len(content) if length is None else length) + kind + content + \
        struct.pack(">I", zlib.crc32(kind + content))


def png(width=8, height=8, depth=8, colour=2, interlace=0, before=b"", rows=None, end=True):
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 3)
    if rows is None:
        rows = (b"\0" + bytes((width * samples * depth + 7) // 8)) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)) + \
        before + chunk(b"IDAT", zlib.compress(rows, 9)) + (chunk(b"IEND", b"") if end else b"")


def riff(*chunks):
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)
                              for kind, content in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def vp8l(width, height, tail=bytes(20)):
    return b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + tail


def vp8x(width, height, flags=0):
    return struct.pack("<I", flags) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
