# SPDX-License-Identifier: Apache-2.0
"""Files that mean harm, by kind. Each function yields (name, bytes); all of them are to be refused."""
import glob
import json
import os
import struct
import zipfile
import zlib

from build import (chunk, dictionary, name_of, png, riff, safetensors, tensor, text, torch_legacy, torch_tar,
                   torch_zip, vp8l, vp8x, whole)

# What an unpickler that calls things would call.
GADGETS = """os system/posix system/nt system/os popen/os execv/os remove/os rmdir/os putenv/builtins eval/builtins exec
builtins __import__/builtins compile/builtins getattr/builtins open/builtins breakpoint/__builtin__ eval/subprocess Popen
subprocess call/subprocess check_output/subprocess run/subprocess getoutput/commands getoutput/runpy run_path
runpy _run_code/shutil rmtree/importlib import_module/pickle loads/_pickle loads/marshal loads/ctypes CDLL/code interact
pty spawn/webbrowser open/timeit timeit/cProfile run/pdb run/sys exit/types CodeType/types FunctionType
functools partial/operator attrgetter/operator methodcaller/socket create_connection/asyncio run/pip main
torch load/torch.hub load/torch.serialization load/torch._inductor.codecache PyCodeCache.load
torch.jit._script unpackage_script_module/numpy load/numpy.core.multiarray _reconstruct/copyreg _reconstructor
multiprocessing.util spawnv_passfds/distutils.file_util write_file/logging.config listen/site execsitecustomize
torch _utils._rebuild_tensor_v2/torch._utils os.system/collections OrderedDict.__reduce_ex__"""


def calls(module, name, argument):
    """The ways in which a pickle can make Python call module.name(argument)."""
    function, words = name_of(module, name), text(argument)
    yield "reduce", b"\x80\x02" + function + b"(" + words + b"tR."
    yield "stack-global", b"\x80\x04" + text(module) + text(name) + b"\x93" + words + b"\x85R."
    yield "inst", b"(" + words + b"i" + module.encode() + b"\n" + name.encode() + b"\n."
    yield "obj", b"\x80\x02(" + function + words + b"o."
    yield "newobj", b"\x80\x02" + function + b"(" + words + b"t\x81."
    yield "newobj-ex", b"\x80\x04" + function + b"(" + words + b"t}\x92."
    yield "build", b"\x80\x02" + name_of("collections", "OrderedDict") + b")R}" + text("__setstate__") + function + b"sb" + \
        words + b"b."
    yield "as-value", dictionary(function + b"(" + words + b"tR")
    yield "as-hook", b"\x80\x02" + tensor()[:-len(name_of("collections", "OrderedDict") + b")RtR")] + function + b"(" + words + \
        b"tRtR."


def gadgets(canary):
    """Every gadget in every container, the ways of calling in turn; the first one in all ways."""
    containers = (("zip", torch_zip), ("legacy", torch_legacy), ("tar", torch_tar))
    for i, gadget in enumerate(GADGETS.replace("\n", "/").split("/")):
        module, name = gadget.split()
        ways = list(calls(module, name, "touch " + canary))
        for kind, container in containers:
            for way, pickled in ways if i == 0 else [ways[i % len(ways)]]:
                yield "%s.%s-%s.%s.pth" % (module, name, way, kind), container(pickled)
    evil = dict(calls("os", "system", "touch " + canary))["reduce"]
    fine = dictionary(tensor())
    yield "storages.tar.pth", torch_tar(fine, storages=evil)
    yield "tensors.tar.pth", torch_tar(fine, tensors=evil)
    yield "system.tar.pth", torch_tar(fine, system=evil)
    yield "first.legacy.pth", evil + torch_legacy(fine)
    yield "bare.pth", evil


def opcodes():
    """A pickle that begins with each byte there is, and one with each byte amid a dictionary."""
    for byte in range(256):
        if byte not in b"(.}])":  # these may begin a pickle of plain values
            yield "opcode-%02x.zip.pth" % byte, torch_zip(b"\x80\x02" + bytes([byte]) + b"\1\n\1\n.")
        if byte % 4 == 0 and byte not in b"0123(4NX\x88":
            yield "opcode-%02x.legacy.pth" % byte, torch_legacy(b"\x80\x02}" + text("w") + bytes([byte]) + bytes(9) + b"s.")


def pickle_bombs():
    lists = b"\x80\x02]" + b"(2e" * 40
    cases = {
        "marks": b"\x80\x02" + b"(" * 100000 + b".",
        "deep": b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".",
        "deep-tuples": b"\x80\x02)" + b"\x85" * 200000 + b".",
        "laughs": b"\x80\x02]" + b"".join(b"q" + bytes([i]) + b"](" + (b"h" + bytes([i])) * 10 + b"e" for i in range(200)) + b".",
        "doubling": b"\x80\x02K\1" + b"2\x86" * 100000 + b".",
        "cycle": b"\x80\x02}q\0" + text("w") + b"h\0s.",
        "self-list": b"\x80\x02]q\0h\0a.",
        "lists": lists + b".",
        "long-text": b"\x80\x02X" + struct.pack("<I", 0x7FFFFFFF) + b"x.",
        "long-text-8": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b"x.",
        "long-bytes": b"\x80\x03B" + struct.pack("<I", 0xFFFFFFFF) + b"x.",
        "long-integer": b"\x80\x02\x8b" + struct.pack("<i", 0x7FFFFFFF) + b"\1.",
        "negative-integer": b"\x80\x02\x8b" + struct.pack("<i", -1) + b"\1.",
        "memo": b"\x80\x02Nr" + struct.pack("<I", 0xFFFFFFFF) + b".",
        "memo-get": b"\x80\x02j" + struct.pack("<I", 0xFFFFFFFF) + b".",
        "frame": b"\x80\x04\x95" + struct.pack("<Q", 1 << 63) + b"N.",
        "protocol": b"\x80\xff}.",
        "empty-stack": b"\x80\x02.",
        "underflow": b"\x80\x02t.",
        "set-on-list": b"\x80\x02]" + text("w") + tensor() + b"s.",
        "set-on-tensor": b"\x80\x02" + tensor() + text("w") + tensor() + b"s.",
        "append-to-dict": b"\x80\x02}" + tensor() + b"a.",
        "list-as-key": b"\x80\x02}]" + tensor() + b"s.",
        "build-tensor": b"\x80\x02" + tensor() + b"}b.",
        "persistent-text": b"\x80\x02Pwhatever\n.",
        "persistent-number": b"\x80\x02K\1Q.",
        "digits": b"\x80\x02L" + b"9" * 1000000 + b"L\n.",
        "no-stop": b"\x80\x02" + b"N0" * 100000,
        "nothing": b"",
    }
    for name, pickled in cases.items():
        yield "bomb-%s.zip.pth" % name, torch_zip(pickled)
        yield "bomb-%s.legacy.pth" % name, torch_legacy(pickled)
        yield "bomb-%s.tar.pth" % name, torch_tar(pickled)


def tensors():
    """Shapes, strides and storages that do not fit each other."""
    big = 1 << 62
    cases = {
        "numel": {"count": big}, "numel-63": {"count": (1 << 63) - 1}, "numel-negative": {"count": -1},
        "numel-more": {"count": 7}, "numel-less": {"count": 5}, "numel-65": {"count": 1 << 65},
        "offset": {"offset": big}, "offset-negative": {"offset": -1}, "offset-one": {"offset": 1},
        "shape": {"shape": (big, 4), "strides": (4, 1)}, "shape-square": {"shape": (1 << 32, 1 << 32), "strides": (0, 0)},
        "shape-negative": {"shape": (-2, -3)}, "shape-one-more": {"shape": (2, 4)},
        "shape-huge-no-stride": {"shape": (big, big, big), "strides": (0, 0, 0)},
        "strides": {"strides": (big, big)}, "strides-wrap": {"strides": ((1 << 63) - 1, 1)},
        "strides-negative": {"strides": (-3, -1)}, "strides-short": {"strides": (3,)}, "strides-long": {"strides": (3, 1, 1)},
        "rank": {"shape": (1,) * 64, "strides": (1,) * 64}, "rank-100000": {"shape": (1,) * 100000, "strides": (1,) * 100000},
        "key": {"key": "../../etc/passwd"}, "key-long": {"key": "k" * 5000}, "key-zero": {"key": "0\0"},
        "type": {"kind": "QInt8Storage"}, "type-double": {"kind": "DoubleStorage"}, "type-none": {"kind": "Storage"},
    }
    for name, fields in cases.items():
        yield "tensor-%s.zip.pth" % name, torch_zip(dictionary(tensor(**fields)))
        yield "tensor-%s.legacy.pth" % name, torch_legacy(dictionary(tensor(**fields)))
    yield "legacy-count.pth", torch_legacy(dictionary(tensor()), count=1 << 60)
    yield "legacy-count-negative.pth", torch_legacy(dictionary(tensor()), count=-1)
    yield "legacy-magic.pth", torch_legacy(dictionary(tensor()), magic=1)
    yield "legacy-protocol.pth", torch_legacy(dictionary(tensor()), protocol=1 << 70)
    yield "legacy-big-endian.pth", torch_legacy(dictionary(tensor()), little=False)


def headers():
    """safetensors: lengths, shapes, offsets, types, and JSON itself."""
    def one(dtype="F32", shape=(2, 3), offsets=(0, 24), **more):
        return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}}
    data = bytes(24)
    for i, shape in enumerate(([1 << 62, 4], [1 << 32, 1 << 32], [(1 << 63) - 1], [1 << 64], [-1, -6], [2.0, 3.0], ["2", 3],
                               [2, 4], [], [1] * 64 + [6], None, "6", {"0": 6}, [[2, 3]], [0, 1 << 62], [1e300])):
        yield "shape-%d.safetensors" % i, safetensors(one(shape=shape), data)
    for i, offsets in enumerate(([0, 25], [1, 25], [24, 0], [-24, 0], [0, 1 << 63], [1 << 63, (1 << 63) + 24], [0.0, 24.0],
                                 [0], [0, 12, 24], None, [0, 1 << 64], "0,24", [(1 << 64) - 24, 0])):
        yield "offsets-%d.safetensors" % i, safetensors(one(offsets=offsets), data)
    for i, dtype in enumerate(("F33", "", "f32", "F32\0", 32, None, ["F32"], "F" * 100000)):
        yield "dtype-%d.safetensors" % i, safetensors(one(dtype=dtype), data)
    for length in (0, 1, 7, 1 << 20, 25 << 20, 100 << 20, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 8, (1 << 64) - 1):
        yield "length-%x.safetensors" % length, safetensors(one(), data, length)
    spare = one(extra=1)
    yield "extra-field.safetensors", safetensors(spare, data)
    yield "hole.safetensors", safetensors({**one(offsets=(0, 24)), "v": {"dtype": "F32", "shape": [1], "data_offsets": [28, 32]}}, bytes(32))
    yield "overlap.safetensors", safetensors({**one(), "v": {"dtype": "F32", "shape": [1], "data_offsets": [20, 24]}}, data)
    yield "left-over.safetensors", safetensors(one(), data + b"more")
    yield "metadata-number.safetensors", safetensors({"__metadata__": {"a": 1}, **one()}, data)
    yield "metadata-list.safetensors", safetensors({"__metadata__": ["a"], **one()}, data)
    many = {"t%d" % i: {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(100002)}
    yield "many.safetensors", safetensors(many)
    yield "long-name.safetensors", safetensors({"n" * 100000: one()["w"]}, data)
    yield "wide.safetensors", safetensors(b" " * (26 << 20) + json.dumps(one()).encode(), data)
    good = json.dumps(one())
    for i, words in enumerate((b"", b"{", b"[]", b"null", b"1", good.encode()[:-1], good.encode() + b"}", b"[" * 200000,
                               b'{"a":' * 100000, b"{" + b'"w":1,' * 200000 + b'"w":1}', good.replace("}", ",}").encode(),
                               b"{" + good.encode()[1:-1] + b"," + good.encode()[1:], b'{"\xff":1}', b'{"w\\u0000":{}}',
                               b'{"\\ud800":{}}', b"{\0}", good.replace("24", "1e1").encode(), b'{"a":' + b"9" * 100000 + b"}",
                               b'{"a":1e999999}', b"\xef\xbb\xbf" + good.encode(), good.encode("utf-16"))):
        yield "json-%d.safetensors" % i, safetensors(words, data)


def archives():
    """Zip and tar: bombs, lies about sizes and places, polyglots."""
    fine = dictionary(tensor())
    good = torch_zip(fine)
    def changed(at, content, base=good):
        return base[:at] + content + base[at + len(content):]
    central, end = good.index(b"PK\1\2"), good.index(b"PK\5\6")
    yield "deflate.pth", torch_zip(fine, [("data/0", bytes(100 << 20))], zipfile.ZIP_DEFLATED)
    yield "bzip2.pth", torch_zip(fine, [("data/0", bytes(50 << 20))], zipfile.ZIP_BZIP2)
    yield "lzma.pth", torch_zip(fine, [("data/0", bytes(20 << 20))], zipfile.ZIP_LZMA)
    inner = torch_zip(fine, [("data/0", bytes(1 << 20))], zipfile.ZIP_DEFLATED)
    yield "nested.pth", torch_zip(inner, [("data/0", inner)] * 1)
    for name, at, content in (
            ("encrypted", central + 8, b"\1\0"), ("method", central + 10, b"\x63\0"), ("crc", central + 16, b"\1\2\3\4"),
            ("stored-size", central + 20, b"\xff\xff\xff\x7f"), ("size", central + 24, b"\xff\xff\xff\x7f"),
            ("both-sizes", central + 20, b"\xff\xff\xff\x7f" * 2), ("zip64-sizes", central + 20, b"\xff" * 8),
            ("name-length", central + 28, b"\xff\xff"), ("extra-length", central + 30, b"\xff\xff"),
            ("offset", central + 42, b"\xff\xff\xff\x7f"), ("offset-self", central + 42, struct.pack("<I", central)),
            ("count", end + 8, b"\xff\xff\xff\xff"), ("directory-size", end + 12, b"\xff\xff\xff\x7f"),
            ("directory-offset", end + 16, b"\xff\xff\xff\x7f"), ("directory-zero", end + 16, bytes(4)),
            ("comment", end + 20, b"\xff\xff"), ("local-name", 30, b"x"), ("signature", central, b"PK\1\1"),
            ("local-signature", 0, b"PK\3\3")):
        yield "zip-%s.pth" % name, changed(at, content)
    overlap = bytearray(torch_zip(fine, [("data/0", bytes(24)), ("data/1", bytes(24))]))
    places = [i for i in range(len(overlap)) if overlap[i:i + 4] == b"PK\1\2"]
    overlap[places[3] + 42:places[3] + 46] = overlap[places[2] + 42:places[2] + 46]
    yield "zip-overlap.pth", bytes(overlap)
    other = torch_zip(fine, [("data/0", bytes(24)), ("data_pkl", fine)])
    yield "zip-twice.pth", other.replace(b"m/data_pkl", b"m/data.pkl")
    yield "zip-two-folders.pth", other.replace(b"m/data_pkl", b"n/data.pkl")
    yield "zip-empty.pth", b"PK\5\6" + bytes(18)
    yield "zip-prefix.pth", b"\x7fELF" + bytes(60) + good
    yield "zip-suffix.pth", good + b"#!/bin/sh\ntouch x\n"
    yield "zip-twin.pth", good + good
    yield "zip-no-pickle.pth", good.replace(b"data.pkl", b"data.pkk")
    yield "zip-no-storage.pth", torch_zip(fine, [])
    with_order = good.replace(b"little", b"bigend")
    yield "zip-order.pth", with_order
    yield "jpeg-zip.pth", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(9) + good
    yield "pdf-zip.pth", b"%PDF-1.4\n" + good
    yield "safetensors-zip.pth", safetensors({"w": {"dtype": "U8", "shape": [len(good)], "data_offsets": [0, len(good)]}}, b"") + good[:-1]
    tar = torch_tar(fine)
    def header(**fields):
        block = bytearray(tar[:512])
        for at, content in fields.values():
            block[at:at + len(content)] = content
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block) + tar[512:]
    yield "tar-checksum.pth", b"y" + tar[1:]
    yield "tar-size.pth", header(size=(124, b"77777777777\0"))
    yield "tar-size-binary.pth", header(size=(124, b"\x80" + b"\xff" * 11))
    yield "tar-size-negative.pth", header(size=(124, b"-0000000001\0"))
    yield "tar-link.pth", header(kind=(156, b"2"), target=(157, b"/etc/passwd"))
    yield "tar-folder.pth", header(kind=(156, b"5"))
    yield "tar-sparse.pth", header(kind=(156, b"S"))
    yield "tar-twice.pth", tar[:1024] + tar
    yield "tar-behind.pth", tar + b"x" * 512
    yield "tar-no-end.pth", tar[:-1024 * 8]
    yield "gzip.pth", b"\x1f\x8b\x08\0\0\0\0\0\0\3" + zlib.compress(bytes(50 << 20))[2:-4] + bytes(8)
    for kind, content in (("elf", b"\x7fELF\2\1\1"), ("script", b"#!/bin/sh\ntouch x\n"), ("html", b"<!DOCTYPE html><title>404"),
                          ("hdf5", b"\x89HDF\r\n\x1a\n"), ("onnx", b"\x08\x07\x12\x07pytorch"), ("npy", b"\x93NUMPY\1\0"),
                          ("lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 46830571\n"), ("gguf", b"GGUF\3\0\0\0")):
        yield "foreign-%s.pth" % kind, content + bytes(600)
        yield "short-%s.pth" % kind, content


def pictures(golden):
    """Bombs and broken structures; `golden` gives the content of a golden picture."""
    for i, (width, height) in enumerate(((1 << 31, 1 << 31), ((1 << 31) - 1, 1), (1, 20000), (20000, 1), (16384, 16384),
                                         (9460, 9460), (0, 8), (8, 0), (0, 0))):
        yield "size-%d.png" % i, png(width & 0xFFFFFFFF, height & 0xFFFFFFFF, rows=b"")
    for i, (depth, colour) in enumerate(((3, 2), (16, 3), (4, 6), (8, 1), (8, 7), (32, 2), (0, 0))):
        yield "kind-%d.png" % i, png(depth=depth, colour=colour, rows=bytes(1000))
    yield "no-palette.png", png(colour=3)
    yield "interlace.png", png(interlace=2)
    yield "no-pixels.png", png(rows=b"")
    yield "few-rows.png", png(height=4000, rows=bytes(25 * 100))
    yield "no-end.png", png(end=False)
    yield "filter.png", png(rows=(b"\7" + bytes(24)) * 8)
    yield "bad-zlib.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"x" * 99)
    yield "two-headers.png", png(before=chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0)))
    yield "unknown-critical.png", png(before=chunk(b"ABCD", b"x"))
    for kind in (b"IDAT", b"PLTE", b"eXIf", b"iCCP", b"zTXt", b"tEXt", b"iTXt", b"sPLT", b"hIST", b"abcd"):
        yield "long-%s.png" % kind.decode(), png(before=chunk(kind, b"x", 0x7FFFFFFF), rows=b"")
        yield "longer-%s.png" % kind.decode(), png(before=chunk(kind, b"x", 0xFFFFFFFF), rows=b"")
    squeezed = b"name\0\0" + zlib.compress(bytes(200 << 20), 9)
    yield "icc-bomb.png", png(before=chunk(b"iCCP", squeezed), end=False)
    yield "text-bomb.png", png(before=chunk(b"zTXt", squeezed), end=False)
    yield "text-flood.png", png(before=chunk(b"tEXt", b"a\0b") * 50000, end=False)
    jpeg, progressive = golden("form-greyjpeg.jpg"), golden("form-progressive.jpg")
    def sized(content, marker, height, width):
        at = content.index(marker) + 5
        return content[:at] + struct.pack(">HH", height, width) + content[at + 4:]
    for i, (height, width) in enumerate(((65535, 65535), (16385, 8), (8, 16385), (16384, 16384), (0, 40), (40, 0))):
        yield "size-%d.jpg" % i, sized(jpeg, b"\xff\xc0", height, width)
        yield "size-%d-progressive.jpg" % i, sized(progressive, b"\xff\xc2", height, width)
    yield "cut-large.jpg", sized(jpeg, b"\xff\xc0", 2000, 2000)
    scan = progressive.rindex(b"\xff\xda")
    tall = sized(progressive, b"\xff\xc2", 2000, 2000)
    yield "scans.jpg", progressive[:-2] + progressive[scan:-2] * 3000 + b"\xff\xd9"
    yield "scans-large.jpg", tall[:-2] + tall[scan:-2] * 2000 + b"\xff\xd9"
    for name, content in (("no-tables", jpeg.replace(b"\xff\xdb", b"\xff\xfe")),
                          ("no-frame", jpeg.replace(b"\xff\xc0", b"\xff\xfe")), ("no-scan", jpeg.replace(b"\xff\xda", b"\xff\xfe")),
                          ("hierarchical", jpeg.replace(b"\xff\xc0", b"\xff\xc5")), ("lossless", jpeg.replace(b"\xff\xc0", b"\xff\xc3")),
                          ("twelve-bits", jpeg.replace(b"\xff\xc0\0\x0b\x08", b"\xff\xc0\0\x0b\x0c")),
                          ("components", jpeg.replace(b"\xff\xc0\0\x0b\x08\0\x1e\0\x28\x01", b"\xff\xc0\0\x0b\x08\0\x1e\0\x28\xff"))):
        assert content != jpeg, name
        yield name + ".jpg", content
    yield "markers.jpg", b"\xff\xd8" + b"\xff\xfe\0\2" * 100000
    yield "fill.jpg", b"\xff\xd8" + b"\xff" * 1000000
    yield "start.jpg", b"\xff\xd8\xff\xd8" + jpeg[2:]
    for i, (width, height) in enumerate(((16384, 16384), (9400, 9400), (16384, 5462), (100, 100))):
        yield "lossless-%d.webp" % i, riff((b"VP8L", vp8l(width, height)))
        yield "extended-%d.webp" % i, riff((b"VP8X", vp8x(width, height)), (b"VP8L", vp8l(width, height)))
    for i, flags in enumerate((2, 0x3E, 0xFF)):
        frame = (b"ANMF", bytes(16) + b"VP8L" + struct.pack("<I", 25) + vp8l(16, 16) + b"\0")
        yield "animated-%d.webp" % i, riff((b"VP8X", vp8x(16, 16, flags)), (b"ANIM", bytes(6)), *[frame] * 20000)
    lossy, lossless = golden("form-lossy.webp"), golden("form-lossless.webp")
    yield "canvas.webp", riff((b"VP8X", vp8x(1 << 24, 1 << 24)), (b"VP8 ", lossy[20:]))
    yield "canvas-small.webp", riff((b"VP8X", vp8x(8, 8)), (b"VP8 ", lossy[20:]))
    yield "riff-long.webp", b"RIFF\xff\xff\xff\xff" + lossy[8:]
    yield "riff-short.webp", b"RIFF\x0c\0\0\0" + lossy[8:]
    yield "chunk-long.webp", lossy[:16] + b"\xff\xff\xff\xff" + lossy[20:]
    yield "no-chunk.webp", riff()
    yield "exif-only.webp", riff((b"VP8X", vp8x(8, 8, 8)), (b"EXIF", b"II*\0\x08\0\0\0\xff\xff"))
    yield "alpha-only.webp", riff((b"VP8X", vp8x(8, 8, 16)), (b"ALPH", bytes(99)))
    yield "partition.webp", lossy[:30] + b"\xff" * 8 + lossy[38:120]
    yield "huffman.webp", riff((b"VP8L", lossless[20:30] + b"\xff" * 400))
    foreign = {"gif": b"GIF89a" + bytes(64), "bmp": b"BM\x46\0\0\0" + bytes(64), "tif": b"II*\0" + bytes(64), "psd": b"8BPS\0\1",
               "heic": b"\0\0\0\x18ftypheic" + bytes(64), "avif": b"\0\0\0\x18ftypavif" + bytes(64), "ico": b"\0\0\1\0\1\0" + bytes(32),
               "html": b"<html><img src=x>", "svg": b'<svg onload="alert(1)"/>', "ps": b"%!PS-Adobe\n(x) run", "pdf": b"%PDF-1.7\n",
               "mvg": b"push graphic-context\nimage over 0,0 0,0 'https://x'\n", "txt": b"words\n", "zero": bytes(4096), "empty": b"",
               "zip": torch_zip(b"N."), "pnm": b"P6 99999 99999 255\n", "gifar": b"GIF89a" + torch_zip(b"N."), "wav": b"RIFF\4\0\0\0WAVE"}
    for kind, content in foreign.items():
        yield "%s-renamed.jpg" % kind, content


def found(root):
    """What the fuzzers found: not all of it must be refused."""
    for path in sorted(glob.glob(os.path.join(root, "*", "*"))):
        with open(path, "rb") as file:
            yield os.path.basename(os.path.dirname(path)) + "-" + os.path.basename(path), file.read()
