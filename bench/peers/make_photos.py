# SPDX-License-Identifier: Apache-2.0
"""Writes JPEG files that are to a decoder what photos are: noise with a falling spectrum, and edges.

    bench/peers/make_photos.py FOLDER --width 350 --height 260 --count 64

FOLDER/train/{a,b}/N.jpg, quality 88, 4:2:0. The noise's amplitude falls with the frequency as f^-1.5; three rectangles make
edges, and --noise is what a sensor adds to each pixel: 3 and 6 give 2.3 bits a pixel of small photos and 2.1 of 12
megapixels; photos of ants and bees of up to 400 pixels a side have 2.2."""
import argparse
import os

import numpy
from PIL import Image


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--width", type=int, default=350)
    parser.add_argument("--height", type=int, default=260)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--noise", type=float, default=3, help="its deviation, in grey levels")
    return parser.parse_args()


def cloud(draw, height, width):
    """(height, width) of deviation 1."""
    waves = numpy.fft.rfft2(draw.standard_normal((height, width)))
    y, x = numpy.fft.fftfreq(height)[:, None], numpy.fft.rfftfreq(width)[None, :]
    frequency = numpy.hypot(y, x)
    frequency[0, 0] = 1
    values = numpy.fft.irfft2(waves * frequency ** -1.5, s=(height, width))
    return (values - values.mean()) / values.std()


def photo(draw, height, width, noise):
    light = cloud(draw, height, width)
    pixels = numpy.stack([125 + 45 * light + 12 * cloud(draw, height, width) for _ in range(3)], axis=-1)
    for _ in range(3):
        top, left = int(draw.integers(0, height * 3 // 4)), int(draw.integers(0, width * 3 // 4))
        high, wide = int(draw.integers(height // 8, height // 3)), int(draw.integers(width // 8, width // 3))
        pixels[top:top + high, left:left + wide] += draw.uniform(-70, 70, 3)
    pixels += noise * draw.standard_normal((height, width, 1))
    return Image.fromarray(numpy.clip(pixels, 0, 255).astype(numpy.uint8))


def main():
    options = arguments()
    draw, new = numpy.random.default_rng(0), options.folder + ".new"
    for number in range(options.count):
        folder = os.path.join(new, "train", "ab"[number % 2])
        os.makedirs(folder, exist_ok=True)
        picture = photo(draw, options.height, options.width, options.noise)
        picture.save(os.path.join(folder, "%03d.jpg" % number), quality=88, subsampling="4:2:0")
    os.replace(new, options.folder)


if __name__ == "__main__":
    main()
