# SPDX-License-Identifier: Apache-2.0
"""Writes the WebP files and some PNG files of tests/data/test_picture.c with Pillow, beside what Pillow reads
from them; those of make_resize.py are older.

    python3 -m venv build/venv && build/venv/bin/pip install pillow
    build/venv/bin/python tests/golden/make_pictures.py

The pictures are parts of tests/golden/resize/source.png. What is lossy must be within 2 levels of Pillow's
(the wheel's libwebp is another version), what is lossless must be equal."""
import pathlib

import PIL
from PIL import Image, ImageOps, features

folder = pathlib.Path(__file__).parent / "resize"
print("Pillow", PIL.__version__, "libwebp", features.version("webp"))

small = Image.open(folder / "source.png").convert("RGB").crop((20, 10, 60, 40))
alpha = small.copy()
alpha.putalpha(small.convert("L"))
small.save(folder / "form-lossy.webp", quality=80)
small.save(folder / "form-lossless.webp", lossless=True)
alpha.save(folder / "form-lossy-alpha.webp", quality=80, exact=True)
alpha.save(folder / "form-lossless-alpha.webp", lossless=True, exact=True)
for name in ["lossy", "lossless", "lossy-alpha", "lossless-alpha"]:
    picture = Image.open(folder / f"form-{name}.webp")
    picture.convert("RGB").save(folder / f"form-{name}-expected.png", optimize=True)
small.save(folder / "animated.webp", save_all=True, append_images=[alpha.convert("RGB").rotate(180)], quality=50)

# A picture held sideways, in the two formats beside JPEG that can say so.
for orientation, name, options in [(5, "exif-5.png", {}), (6, "exif-6.webp", {"lossless": True}),
                                   (3, "exif-3.webp", {"quality": 60})]:
    exif = Image.Exif()
    exif[0x0112] = orientation
    small.save(folder / name, exif=exif, **options)
    upright = ImageOps.exif_transpose(Image.open(folder / name)).convert("RGB")
    upright.save(folder / f"{name.replace('.', '-')}-expected.png", optimize=True)

# Transparency beside grey, and of colours of a palette: dropped, as everywhere.
grey_alpha = Image.merge("LA", [small.convert("L"), small.convert("L").rotate(180)])
grey_alpha.save(folder / "form-greyalpha.png")
few = small.quantize(16)
few.save(folder / "form-clear.png", transparency=bytes(range(0, 256, 16)))
for name in ["greyalpha", "clear"]:
    Image.open(folder / f"form-{name}.png").convert("RGB").save(folder / f"form-{name}-expected.png", optimize=True)
