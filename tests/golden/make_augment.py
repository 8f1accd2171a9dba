# SPDX-License-Identifier: Apache-2.0
"""Writes augment.json: where pixels come from and what they become, by fastai 2, torchvision and PyTorch.

"fastai2": aug_transforms' transforms with given draws, composed by setup_aug_tfms and run by fastai; the
coordinates are those that reach grid_sample. "old": fast.ai 0.7's transforms (OpenCV is not needed: each
is a step back through the formulas of its source). "rotation": torchvision's matrix. "lighting",
"padding", "blur", "erase": values.

A place is given for the pixels of a 3 x 3 grid over the result (first, middle, last), row by row.

Usage: make_augment.py     needs torch, torchvision, Pillow and fastai 2
"""
import json
import math
import pathlib
import random

import fastai
import numpy as np
import torch
import torchvision
import torchvision.transforms.functional as tvf
from fastai.vision import augment
from fastai.vision.core import PILImage, TensorImage
from torchvision.transforms import functional as functional

HERE = pathlib.Path(__file__).resolve().parent


def grid(size):
    """Pixels of the result: first, middle (a whole one), last."""
    at = [0, (size - 1) // 2, size - 1]
    return [(x, y) for y in at for x in at]


def rounded(values):
    return [round(float(v), 6) for v in values]


# ---------------------------------------------------------------- fastai 2

def item_box(method, width, height, side, across, down):
    """What fastai's Resize cuts out of the picture: left, top, width, height."""
    boxes = []
    original = PILImage._do_crop_pad
    try:
        PILImage._do_crop_pad = lambda self, sz, tl, orig_sz, **kw: boxes.append((*tl, *sz)) or self
        resize = augment.Resize(side, method=method)
        resize.pcts = (across, down)
        resize.encodes(PILImage.create(np.zeros((height, width, 3), np.uint8)))
    finally:
        PILImage._do_crop_pad = original
    return boxes[0]


def coordinates(transform, picture):
    """The grid that the transform samples at, (H, W, 2) in -1 .. 1, and the picture it samples."""
    seen = []
    original = augment._grid_sample

    def record(x, coords, **kw):
        seen.append((coords.detach().clone(), kw.get("align_corners")))
        return original(x, coords, **kw)
    try:
        augment._grid_sample = record
        result = transform(picture, split_idx=0)
    finally:
        augment._grid_sample = original
    assert len(seen) == 1 and seen[0][1], seen  # one interpolation, corners aligned
    return seen[0][0][0], result


def symmetry_of(index):
    """The flip and quarter turns (flip first, then turns (x, y) -> (-y, x)) of fastai's dihedral."""
    want = augment.dihedral_mat(torch.zeros(1, 3, 4, 4), p=1., draw=index)[0][:2, :2].numpy()
    for flip in (False, True):
        for turns in range(4):
            matrix = np.diag([-1., 1.]) if flip else np.eye(2)
            matrix = np.linalg.matrix_power(np.array([[0., -1.], [1., 0.]]), turns) @ matrix
            if np.allclose(matrix, want):
                return flip, turns
    raise ValueError(index)


def fastai_case(size, side, width, height, method="crop", across=.5, down=.5, dihedral=0, theta=0.,
                zoom=1., zoom_across=.5, zoom_down=.5, warp_across=0., warp_down=0., crop=None):
    """`crop`: (part, left, top) of RandomResizedCropGPU in the square."""
    align = dict(size=size if crop is None else None, align_corners=True)
    transforms = [augment.Dihedral(p=1., draw=dihedral, **align),
                  augment.Warp(p=1., draw_x=warp_across, draw_y=warp_down, **align),
                  augment.Rotate(p=1., draw=theta, **align),
                  augment.Zoom(p=1., draw=zoom, draw_x=zoom_across, draw_y=zoom_down, **align)]
    transform, = augment.setup_aug_tfms(transforms)
    transform.split_idx = 0
    square = TensorImage(torch.zeros(1, 3, side, side))
    places, _ = coordinates(transform, square)
    if crop is not None:
        part, left, top = crop
        cutter = augment.RandomResizedCropGPU(size, min_scale=.5, ratio=(1, 1))
        cutter.before_call = lambda *a, **kw: None
        cutter.do, cutter.cp_size, cutter.tl = True, (part, part), (top, left)
        inner, _ = coordinates(cutter, square)
        at = (torch.tensor([left, top]) + (inner + 1) / 2 * (part - 1)) / (side - 1) * 2 - 1
        places = torch.nn.functional.grid_sample(places.permute(2, 0, 1)[None], at[None].float(),
                                                 align_corners=True)[0].permute(1, 2, 0)
    box = item_box(method, width, height, side, across, down)
    source = []
    for x, y in grid(size):
        pixel = (places[y, x].double() + 1) / 2 * (side - 1)
        source += [(float(pixel[a]) + .5) * box[2 + a] / side - .5 + box[a] for a in range(2)]
    flip, turns = symmetry_of(dihedral)
    return {"size": size, "side": side, "width": width, "height": height, "method": method,
            "across": across, "down": down, "flip": flip, "turns": turns, "angle": -theta,
            "zoom": zoom, "zoom_across": zoom_across, "zoom_down": zoom_down,
            "warp_across": warp_across, "warp_down": warp_down,
            "crop": None if crop is None else
            {"area": (crop[0] / side) ** 2, "across": (crop[1] + .5) / (side - crop[0] + 1),
             "down": (crop[2] + .5) / (side - crop[0] + 1)},
            "places": rounded(source)}


def fastai_cases():
    cases = [fastai_case(64, 64, 100, 80),
             fastai_case(64, 64, 100, 80, across=.2, down=.9),
             fastai_case(64, 64, 60, 97, method="squish"),
             fastai_case(64, 64, 60, 97, method="pad", across=.3, down=.6),
             fastai_case(64, 96, 100, 130, across=.8, down=.1, theta=10.),
             fastai_case(64, 64, 64, 64, theta=-7.5),
             fastai_case(64, 64, 64, 64, zoom=1.1, zoom_across=.2, zoom_down=.7),
             fastai_case(64, 64, 64, 64, zoom=.8, zoom_across=.9, zoom_down=.4),
             fastai_case(64, 64, 64, 64, warp_across=.2, warp_down=0.),
             fastai_case(64, 64, 64, 64, warp_across=0., warp_down=-.15),
             fastai_case(64, 64, 64, 64, warp_across=.2, warp_down=.2),
             fastai_case(64, 64, 64, 64, warp_across=-.11, warp_down=.3),
             fastai_case(48, 92, 300, 200, across=.25, down=.5, dihedral=6, theta=8., zoom=1.05,
                         zoom_across=.1, zoom_down=.6, warp_across=.12, warp_down=-.2),
             fastai_case(48, 92, 300, 200, dihedral=1, crop=(80, 5, 11)),
             fastai_case(48, 92, 300, 200, across=.6, dihedral=4, theta=-9., zoom=1.08, zoom_across=.8,
                         zoom_down=.3, warp_across=-.2, warp_down=.1, crop=(75, 9, 2))]
    cases += [fastai_case(32, 40, 50, 41, dihedral=k, theta=5.) for k in range(8)]
    return cases


# ---------------------------------------------------------------- fast.ai 0.7

def old_case(size, width, height, zoom=1., crop="random", across=.5, down=.5, pad=0, angle=0., enlarge=0.,
             stretch_across=0., stretch_down=0., flip=False, area=1., aspect=1.):
    """Back from the result: flip, crop, stretch, zoom, rotation, scale."""
    if crop == "googlenet":
        scaled = np.array([width, height], float)
    else:
        target = int(size * zoom)
        ratio = target / min(width, height)
        scaled = np.array([max(math.floor(width * ratio), target), max(math.floor(height * ratio), target)], float)
    places = []
    for x, y in grid(size):
        at = np.array([size - 1 - x if flip else x, y], float)
        if crop == "squash":
            at = (at + .5) * scaled / size - .5
        elif crop == "googlenet":
            box = np.array([int(math.sqrt(area * width * height * aspect)),
                            int(math.sqrt(area * width * height / aspect))], float)
            assert (box <= scaled).all()
            start = np.floor(np.array([across, down]) * (scaled - box))
            at = (at + .5) * box / size - .5 + start
        elif crop == "centre":
            at = at + np.ceil((scaled - size) / 2)
        else:
            at = at + np.floor(np.array([across, down]) * (scaled + 2 * pad - size)) - pad
        stretch = 1 + np.array([stretch_across, stretch_down])
        if (stretch != 1).any():  # cv2.resize by fx, fy, then the middle
            stretched = np.rint(scaled * stretch)
            at = at + (stretched - scaled) // 2
            at = (at + .5) / stretch - .5
        centre = (scaled - 1) / 2
        at = (at - centre) / (1 + enlarge) + centre
        if angle:
            at = rotate_back(at, angle, centre)
        places += list((at + .5) * np.array([width, height]) / scaled - .5)
    return {"size": size, "width": width, "height": height, "zoom": zoom, "crop": crop, "across": across,
            "down": down, "pad": pad, "angle": angle, "enlarge": enlarge, "stretch_across": stretch_across,
            "stretch_down": stretch_down, "flip": flip, "area": area, "aspect": aspect,
            "places": rounded(places)}


def rotate_back(at, angle, centre):
    """torchvision's own matrix of a counter-clockwise rotation, from the result to the source."""
    a, b, tx, c, d, ty = functional._get_inverse_affine_matrix([0., 0.], -angle, [0., 0.], 1., [0., 0.])
    assert abs(tx) < 1e-12 and abs(ty) < 1e-12
    return np.array([[a, b], [c, d]]) @ (at - centre) + centre


def old_cases():
    return [old_case(64, 100, 80), old_case(64, 100, 80, zoom=1.1, across=.3, down=.9),
            old_case(64, 80, 121, zoom=1.25, across=.7, down=.2, angle=10., flip=True),
            old_case(64, 100, 80, crop="centre", zoom=1.07), old_case(64, 97, 60, crop="squash"),
            old_case(64, 97, 60, crop="squash", angle=-8., zoom=1.1),
            old_case(32, 32, 32, pad=4, across=.05, down=.95), old_case(32, 40, 32, pad=4, across=.6),
            old_case(64, 100, 80, enlarge=.3), old_case(64, 100, 80, stretch_across=.2, down=.1),
            old_case(64, 75, 80, stretch_down=.37, across=.8),
            old_case(64, 75, 80, stretch_down=.15, enlarge=.1, angle=6., zoom=1.05, flip=True),
            old_case(64, 150, 100, crop="googlenet", area=.3, aspect=1.2, across=.4, down=.8),
            old_case(64, 150, 100, crop="googlenet", area=.5, aspect=1 / 1.3, angle=9.)]


# ---------------------------------------------------------------- values

def lighting_cases():
    cases = []
    levels = [0., 1.5, 2., 10.25, 63., 127.5, 200., 254., 255.]
    x = torch.tensor(levels, dtype=torch.float64).div(255).repeat(3, 1)[None, :, None].clone()
    for brightness, contrast in [(.5, 1.), (.6, 1.), (.4, 1.25), (.5, .8), (.55, .9), (.42, 1.2)]:
        transforms = [augment.Brightness(p=1., draw=brightness), augment.Contrast(p=1., draw=contrast)]
        transform, = augment.setup_aug_tfms(transforms)
        result = transform(TensorImage(x.clone()), split_idx=0)
        cases.append({"brightness": math.log(brightness / (1 - brightness)), "log_contrast": math.log(contrast),
                      "levels": levels, "values": rounded(result[0, 0, 0])})
    return cases


def padding_cases():
    generator = np.random.default_rng(3)
    height, width = 5, 7
    picture = generator.integers(0, 256, (height, width, 3))
    x = torch.tensor(picture).permute(2, 0, 1)[None].double()
    step, start = (.7, -.3), (-9.25, -7.5)  # of x along columns, and of y along rows
    rows = {}
    for name, mode, align in [("mirror", "reflection", True), ("reflect", "reflection", False),
                              ("edge", "border", True), ("zeros", "zeros", True), ("bicubic", "zeros", True)]:
        places = torch.zeros(1, 24, 24, 2, dtype=torch.float64)
        for row in range(24):
            for column in range(24):
                at = (start[0] + .9 * column + .1 * row, start[1] + step[0] * row + .05 * column)
                n = [(2 * a + 1) / s - 1 if not align else 2 * a / (s - 1) - 1
                     for a, s in zip(at, (width, height))]
                places[0, row, column] = torch.tensor(n)
        kind = "bicubic" if name == "bicubic" else "bilinear"
        result = torch.nn.functional.grid_sample(x, places, mode=kind, padding_mode=mode, align_corners=align)
        rows[name] = rounded((result[0, 0] / 255).clamp(0, 1).reshape(-1))
    return {"width": width, "height": height, "picture": picture.reshape(-1).tolist(),
            "matrix": [.9, .1, start[0], .05, step[0], start[1]], "size": 24, "modes": rows}


def blur_cases():
    cases = []
    for strength in (5, 6, 8):
        side = 2 * strength - 1
        sigma = .3 * ((side - 1) * .5 - 1) + .8
        kernel = tvf.gaussian_blur(impulse(2 * side + 1), [side, side], [sigma, sigma])
        cases.append({"strength": strength, "middle_row": rounded(kernel[0, side])})
    return cases


def impulse(side):
    x = torch.zeros(1, side, side, dtype=torch.float64)
    x[0, side // 2, side // 2] = 1
    return x


class Scripted:
    """Stands in for `random`, with draws in 0 .. 1 that are given."""
    def __init__(self, draws): self.draws = list(draws)
    def uniform(self, low, high): return low + (high - low) * self.draws.pop(0)
    def randint(self, low, high): return low + int(self.draws.pop(0) * (high - low + 1))
    def random(self): return self.draws.pop(0)


def erase_cases():
    cases = []
    for draws in [(.5, .5, .5, .5), (.9, .1, .99, .0), (.2, .8, .3, .7), (1., 1., .5, .5), (.01, .5, .2, .2)]:
        eraser = augment.RandomErasing(p=1.)
        try:
            augment.random = Scripted(draws)
            bounds = eraser._bounds(40 * 40, 40, 40)
        finally:
            augment.random = random
        aspect = math.exp(math.log(.3) + (math.log(1 / .3) - math.log(.3)) * draws[1])
        cases.append({"size": 40, "area": .3 * draws[0], "aspect": aspect, "y": draws[2], "x": draws[3],
                      "bounds": [min(int(b), 40) for b in bounds]})
    return cases


if __name__ == "__main__":
    golden = {"made_by": f"make_augment.py, torch {torch.__version__}, torchvision {torchvision.__version__}, "
                         f"fastai {fastai.__version__}",
              "fastai2": fastai_cases(), "old": old_cases(), "lighting": lighting_cases(),
              "padding": padding_cases(), "blur": blur_cases(), "erase": erase_cases()}
    def text(value):
        return json.dumps(value, separators=(",", ":"))
    parts = []
    for name, value in golden.items():
        inside = "[\n" + ",\n".join(text(v) for v in value) + "]" if isinstance(value, list) else text(value)
        parts.append(f"{text(name)}:{inside}")
    (HERE / "augment.json").write_text("{" + ",\n".join(parts) + "}\n")
