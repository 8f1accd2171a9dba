# SPDX-License-Identifier: Apache-2.0
"""Writes the goldens of tests/data/test_resize.c and test_picture.c with Pillow.

    python3 -m venv build/venv && build/venv/bin/pip install pillow numpy
    build/venv/bin/python tests/golden/make_resize.py

tests/golden/resize/source.png is a small picture of gradients, edges and noise; NAME-WxH-METHOD.png is
Pillow's resize of it. The other files are one picture in many forms (palette, 16 bits, CMYK, EXIF
orientations) beside what Pillow reads from them, as .png."""
import pathlib

import numpy
import PIL
from PIL import Image, ImageOps

folder = pathlib.Path(__file__).parent / "resize"
folder.mkdir(exist_ok=True)
print("Pillow", PIL.__version__)

random = numpy.random.default_rng(7)
height, width = 61, 83
y, x = numpy.mgrid[0:height, 0:width]
rgb = numpy.stack([x * 255 / (width - 1), y * 255 / (height - 1), ((x // 5 + y // 7) % 2) * 255], axis=-1)
rgb[20:40, 30:60] = random.integers(0, 256, (20, 30, 3))
source = Image.fromarray(rgb.round().astype(numpy.uint8))
source.save(folder / "source.png", optimize=True)

methods = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "box": Image.BOX}
for size in [(32, 24), (83, 17), (40, 61), (97, 130), (11, 9), (82, 60), (1, 1)]:
    for name, method in methods.items():
        source.resize(size, method).save(folder / f"{size[0]}x{size[1]}-{name}.png", optimize=True)

# Forms of one picture. The JPEGs' expectation is what Pillow decodes (ours must be within 2 levels: the
# wheel's libjpeg-turbo may be another version).
small = source.crop((20, 10, 60, 40))
small.quantize(64).save(folder / "form-palette.png")
small.quantize(64).convert("RGB").save(folder / "form-palette-expected.png")
small.convert("L").save(folder / "form-grey.png")
small.convert("L").convert("RGB").save(folder / "form-grey-expected.png")
alpha = small.copy()
alpha.putalpha(small.convert("L"))
alpha.save(folder / "form-alpha.png")
small.save(folder / "form-alpha-expected.png")
small.convert("1").save(folder / "form-bits.png")
small.convert("1").convert("RGB").save(folder / "form-bits-expected.png")
deep = numpy.asarray(small.convert("L")).astype(numpy.uint16) * 256
deep += random.integers(0, 256, deep.shape).astype(numpy.uint16)  # Pillow's convert would only clip these
Image.fromarray(deep).save(folder / "form-deep.png")
rounded = Image.fromarray(((deep.astype(numpy.uint32) * 255 + 32767) // 65535).astype(numpy.uint8))
rounded.convert("RGB").save(folder / "form-deep-expected.png")
small.convert("L").save(folder / "form-greyjpeg.jpg", quality=95)
small.convert("CMYK").save(folder / "form-cmyk.jpg", quality=95)
small.save(folder / "form-progressive.jpg", quality=90, progressive=True)
for name in ["greyjpeg", "cmyk", "progressive"]:
    Image.open(folder / f"form-{name}.jpg").convert("RGB").save(folder / f"form-{name}-expected.png")
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    small.save(folder / f"exif-{orientation}.jpg", quality=95, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(folder / f"exif-{orientation}.jpg"))
    upright.convert("RGB").save(folder / f"exif-{orientation}-expected.png")
