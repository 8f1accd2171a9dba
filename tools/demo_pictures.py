#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a folder of PNG pictures from Fashion-MNIST (Zalando Research, MIT licence).

  OUT/train/CLASS/NNNNN.png   the first 200 pictures of each class of the training file
  OUT/valid/CLASS/NNNNN.png   the first 100 of each class of the test file

28 x 28 pixels, grey. The folder appears whole or not at all; one that is there is left alone.
Usage: tools/demo_pictures.py SOURCE OUT
"""
import gzip
import os
import shutil
import struct
import sys
import zlib

CLASSES = ["t-shirt", "trouser", "pullover", "dress", "coat",
           "sandal", "shirt", "sneaker", "bag", "ankle-boot"]
PARTS = [("train", "train", 200), ("valid", "t10k", 100)]


def idx(path):
    """The values of an IDX file of bytes, and its dimensions."""
    with gzip.open(path, "rb") as file:
        content = file.read()
    zero, kind, rank = struct.unpack(">HBB", content[:4])
    if zero != 0 or kind != 8:
        sys.exit("demo_pictures: %s: expected an IDX file of bytes" % path)
    dims = struct.unpack(">%dI" % rank, content[4:4 + 4 * rank])
    return content[4 + 4 * rank:], dims


def chunk(kind, content):
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(pixels, width, height):
    """8-bit grey, rows unfiltered."""
    rows = b"".join(b"\0" + pixels[y * width:(y + 1) * width] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + \
        chunk(b"IEND", b"")


def write_part(source, out, part, stem, per_class):
    pixels, (count, height, width) = idx(os.path.join(source, stem + "-images-idx3-ubyte.gz"))
    labels, _ = idx(os.path.join(source, stem + "-labels-idx1-ubyte.gz"))
    written = [0] * len(CLASSES)
    for name in CLASSES:
        os.makedirs(os.path.join(out, part, name))
    for i in range(count):
        label = labels[i]
        if written[label] == per_class:
            continue
        written[label] += 1
        picture = png(pixels[i * width * height:(i + 1) * width * height], width, height)
        with open(os.path.join(out, part, CLASSES[label], "%05d.png" % i), "wb") as file:
            file.write(picture)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: tools/demo_pictures.py SOURCE OUT")
    source, out = sys.argv[1:]
    if os.path.isdir(out):
        return
    new = out + ".new"
    shutil.rmtree(new, ignore_errors=True)
    for part, stem, per_class in PARTS:
        write_part(source, new, part, stem, per_class)
    os.rename(new, out)
    print("%s: %s pictures" % (out, " + ".join(str(10 * part[2]) for part in PARTS)))


if __name__ == "__main__":
    main()
