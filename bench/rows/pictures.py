# SPDX-License-Identifier: Apache-2.0
import os
from functools import partial

from measure.programs import figures
from measure.row import Figure, Row

TITLE = "Reading and augmenting photos"
ABOUT = """From a JPEG file in the page cache to the normalised input of 224 x 224, in one thread: decoding, a random crop of
70 to 100 % of the area, flip, rotation by up to 10 degrees, brightness and contrast (`burnish bench read --augment
resized-crop:0.7,flip,rotate:10,1,lighting`). The photos are made by the bench (`bench/peers/make_photos.py`): noise with the
spectrum of photos and edges, quality 88, about as many bytes a pixel as photos have. The peer is torchvision on PIL, as its
`ImageFolder` and fastai read; in the first row also its own decoder with transforms on tensors, which for large photos
has a row of its own, and so has PIL that may decode at a fraction of the size (`draft`), which neither of them does. Of
photos of 12 megapixels four fifths of our time are libjpeg-turbo's reading of the coefficients (`perf`)."""
AUGMENT = "resized-crop:0.7,flip,rotate:10,1,lighting"
KINDS = {"350x260": (350, 260, 64, 3), "12-megapixels": (4000, 3000, 4, 6)}  # width, height, photos, noise


def folder(run, kind):
    width, height, count, noise = KINDS[kind]
    count = max(2, count // 4) if run.quick else count
    path = run.place("photos-%dx%d-%d" % (width, height, count))
    if not os.path.exists(path):
        run.start(run.python, os.path.join("bench", "peers", "make_photos.py"), path, "--width", width, "--height", height,
                  "--count", count, "--noise", noise)
    return path


def ours(run, kind):
    event = run.ours("bench", "read", folder(run, kind), "--augment", AUGMENT, "--rounds", run.steps, "--json").events()[-1]
    return [Figure("", event["images_per_second"])]


def peers(run, only, kind, configurations):
    chosen = [name for name in configurations if only is None or "torchvision " + name in only]
    events = run.peer("torchvision_read.py", folder(run, kind), "--rounds", run.steps, "--configurations", ",".join(chosen))
    return figures(events, lambda event: event["images_per_second"], "torchvision ")


def row(kind, title, targets, configurations=("PIL", "tensors"), name=None):
    return Row("pictures/" + (name or kind), title, "img/s", ours=partial(ours, kind=kind),
               peers=partial(peers, kind=kind, configurations=configurations), targets=targets,
               packages=("torch", "torchvision", "pillow", "numpy"))


ROWS = [row("350x260", "JPEG of 350 x 260 to 224 x 224, one core", {"fp32": (1.5, 3)}),
        row("12-megapixels", "JPEG of 12 megapixels to 224 x 224, one core", {"fp32": (4, 6)}, ("PIL",)),
        row("12-megapixels", "the same, torchvision's decoder and transforms on tensors", {}, ("tensors",),
            "12-megapixels-tensors"),
        row("12-megapixels", "the same, PIL reading at a fraction of the size", {}, ("draft",), "12-megapixels-draft")]
