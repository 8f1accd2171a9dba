# SPDX-License-Identifier: Apache-2.0
"""Pictures that tests make: a bright bar, lying or upright, on noise."""
import os
import random
import struct
import zlib

SIDE = 40


def bar(label, number):
    """RGB bytes (SIDE, SIDE, 3); label 0: lying."""
    draw = random.Random(1000 * label + number)
    place = 6 + draw.randrange(SIDE - 14)
    pixels = bytearray()
    for y in range(SIDE):
        for x in range(SIDE):
            along = x if label else y
            bright = 180 if place <= along < place + 6 else 0
            pixels += bytes(bright + draw.randrange(60) for _ in range(3))
    return bytes(pixels)


def write_png(path, pixels):
    """8-bit RGB, no filter."""
    rows = b"".join(b"\0" + pixels[3 * SIDE * y : 3 * SIDE * (y + 1)] for y in range(SIDE))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_folder(folder, train=8, valid=3):
    """folder/{train,valid}/{lying,upright}/N.png; so many of each."""
    for split, count in (("train", train), ("valid", valid)):
        for label, name in enumerate(("lying", "upright")):
            place = os.path.join(folder, split, name)
            os.makedirs(place)
            for i in range(count):
                write_png(os.path.join(place, f"{i:02}.png"), bar(label, i + (500 if split == "valid" else 0)))
    return folder
