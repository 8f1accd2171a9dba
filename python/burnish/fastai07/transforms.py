# SPDX-License-Identifier: Apache-2.0
"""How training changes pictures: 0.7's names for the words of docs/augment.md."""
import enum

from .core import *  # noqa: F401,F403
from .names import finish, unsupported

imagenet_stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
inception_stats = ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])


class CropType(enum.IntEnum):
    RANDOM = 1
    CENTER = 2
    NO = 3
    GOOGLENET = 4
    NOOP = 5


class TfmType(enum.IntEnum):
    NO = 1
    PIXEL = 2
    COORD = 3
    CLASS = 4


class _Change:
    """One word; `ready` is False for what is no word by itself."""

    def __init__(self, word):
        self.word = word

    def __repr__(self):
        return f"<{type(self).__name__} {self.word}>"


def _change(name, template, **defaults):
    """A class of _Change whose arguments, in order, fill a word."""
    names = list(defaults)

    def __init__(self, *arguments, **keywords):
        for given in keywords:
            if given not in (*names, "tfm_y", "mode"):
                unsupported(f"{given}= of {name}", ", ".join(names))
        values = {**defaults, **dict(zip(names, arguments)), **{k: v for k, v in keywords.items() if k in names}}
        _Change.__init__(self, template.format(**values))

    return type(name, (_Change,), {"__init__": __init__, "__module__": __name__})


RandomRotate = _change("RandomRotate", "rotate:{deg},{p}", deg=10, p=0.75)
RandomLighting = _change("RandomLighting", "lighting:{b},{c}", b=0.05, c=0.05)
RandomFlip = _change("RandomFlip", "flip:{p}", p=0.5)
RandomDihedral = _change("RandomDihedral", "quarter-turns,flip:0.5")
RandomStretch = _change("RandomStretch", "stretch:{max_stretch}", max_stretch=0.1)
RandomZoom = _change("RandomZoom", "zoom-in:{zoom_max},{zoom_min}", zoom_max=0.1, zoom_min=0)
RandomBlur = _change("RandomBlur", "blur:{blur_strengths},{probability}", blur_strengths=5, probability=0.5)
Cutout = _change("Cutout", "cutout:{n_holes},{length},{p}", n_holes=1, length=16, p=0.5)


class RandomRotateZoom(_Change):
    def __init__(self, deg, zoom, stretch, ps=None, mode=None, tfm_y=None):
        shares = list(ps or [0.25] * 4)[:3]
        super().__init__(f"rotate-zoom:{deg},{zoom},{stretch},{shares[0]},{shares[1]},{shares[2]}")


transforms_basic = [RandomRotate(10), RandomLighting(0.05, 0.05)]
transforms_side_on = transforms_basic + [RandomFlip()]
transforms_top_down = transforms_basic + [RandomDihedral()]

_CROPS = {CropType.RANDOM: "random-crop", CropType.CENTER: "centre-crop", CropType.NO: "squash", CropType.GOOGLENET: "googlenet"}


class _Pictures:
    """What tfms_from_model returns, twice: the size, and the words for training or nothing."""

    def __init__(self, sz, augment, random):
        self.sz, self.augment, self.random = sz, augment, random

    def __repr__(self):
        return f"<{self.sz} pixels: {self.augment}>"


def _words(aug_tfms, max_zoom, pad, crop_type, pad_mode, scale):
    words = []
    if scale is not None:
        low, high = scale if isinstance(scale, (tuple, list)) else (1, scale)
        words.append(f"zoom:{high},{low},0.75")
    elif max_zoom:
        words.append(f"zoom:{max_zoom},1,0.75")
    if pad:
        words.append(f"pad:{pad}")
    for change in aug_tfms or []:
        if not isinstance(change, _Change):
            unsupported(f"the transform {change!r}", "the transforms of fastai.transforms")
        words.append(change.word)
    random = bool(words)
    if crop_type not in _CROPS:
        unsupported(f"crop_type={crop_type!r}", "CropType.RANDOM, CENTER, NO or GOOGLENET")
    words.append(_CROPS[crop_type])
    borders = {None: "reflect", "reflect": "reflect", "replicate": "edge", "constant": "zeros", 4: "mirror", 2: "reflect",
               1: "edge", 0: "zeros"}
    if pad_mode not in borders:
        unsupported(f"pad_mode={pad_mode!r}", "reflect, replicate or constant")
    words.append(borders[pad_mode])
    return ",".join(words), random or crop_type in (CropType.RANDOM, CropType.GOOGLENET)


def tfms_from_stats(stats, sz, aug_tfms=None, max_zoom=None, pad=0, crop_type=CropType.RANDOM, tfm_y=None, sz_y=None,
                    pad_mode=None, norm_y=True, scale=None):
    """(training, validation): sz pixels a side; validation takes the plain centre.

    >>> tfms_from_stats(imagenet_stats, 224, aug_tfms=transforms_side_on, max_zoom=1.1)[0]
    <224 pixels: zoom:1.1,1,0.75,rotate:10,0.75,lighting:0.05,0.05,flip:0.5,random-crop,reflect>
    """
    if [list(part) for part in stats] != [list(part) for part in imagenet_stats]:
        unsupported("statistics other than imagenet_stats", "the library takes those that the network was trained with")
    if tfm_y not in (None, TfmType.NO) or sz_y is not None:
        unsupported("tfm_y", "pictures alone are changed")
    augment, random = _words(aug_tfms, max_zoom, pad, crop_type, pad_mode, scale)
    return _Pictures(sz, augment, random), _Pictures(sz, None, False)


def tfms_from_model(f_model, sz, *arguments, **keywords):
    """tfms_from_stats; the library knows the statistics of each network."""
    return tfms_from_stats(imagenet_stats, sz, *arguments, **keywords)


finish(globals(), "transforms")
