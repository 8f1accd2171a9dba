# SPDX-License-Identifier: Apache-2.0
"""The learner of pictures, by 0.7's methods."""
from .. import image as _image
from . import traps
from .learner import *  # noqa: F401,F403
from .metrics import accuracy, accuracy_thresh
from .names import finish, unsupported
from .torch_imports import Architecture

#: {architecture: [children of the body, where its layer groups part]}, of what 0.7 tabulated.
model_meta = {name: [8, 6] for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50", "wrn")}
model_meta.update({"vgg16": [0, 22], "vgg19": [0, 22], "dn121": [0, 7]})


class ConvLearner(Learner):
    """Made by ConvLearner.pretrained; the body is frozen at first."""

    def __init__(self, *arguments, **keywords):
        unsupported("ConvLearner(...) of a model", "ConvLearner.pretrained")

    @classmethod
    def pretrained(cls, f, data, ps=None, xtra_fc=None, xtra_cut=0, custom_head=None, precompute=False, pretrained=True,
                   opt_fn=None, metrics=None, clip=None, crit=None, models_name="models", tmp_name="tmp", seed=42, threads=0):
        """A network `f` of fastai.model with a new head for the data's classes."""
        if xtra_cut or custom_head is not None or crit is not None:
            unsupported("xtra_cut, custom_head and crit of ConvLearner.pretrained", "ps and xtra_fc shape the head")
        if not isinstance(f, Architecture):
            unsupported(f"the network {f!r}", "a name of fastai.torch_imports, or of the library's own networks")
        self = object.__new__(cls)
        self._start(data, opt_fn, metrics, clip, models_name)
        if metrics is None:
            self.metrics = [] if data.is_reg else [accuracy_thresh(0.5)] if data.is_multi else [accuracy]
        options = {}
        if xtra_fc is not None or ps is not None:
            hidden = [512] if xtra_fc is None else list(xtra_fc)
            shares = [0.25] * len(hidden) + [0.5] if ps is None else ps
            options = {"hidden": hidden, "dropout": list(shares) if hasattr(shares, "__len__") else [shares] * (len(hidden) + 1)}
        self._learner = _image.Learner(data._data, f.of_library, progress=False, pretrained=pretrained, size=data.sz,
                                       batch_size=data.bs, augment=data.trn_tfms.augment, train_bn=False, seed=seed,
                                       threads=threads, **options)
        self._precompute, self._passes = False, 0
        self.freeze()
        self.precompute = precompute
        return self

    @classmethod
    def lsuv_learner(cls, *arguments, **keywords):
        unsupported("ConvLearner.lsuv_learner", "ConvLearner.pretrained(..., pretrained=False)")

    @classmethod
    def from_model_data(cls, *arguments, **keywords):
        unsupported("ConvLearner.from_model_data", "ConvLearner.pretrained")

    # -------------------------------------------------------------- what learns

    @property
    def precompute(self):
        """Trains the head on features of the plain pictures, kept from one epoch to the next."""
        return self._precompute

    @precompute.setter
    def precompute(self, on):
        self._precompute = bool(on)
        self._learner.precompute(self._precompute)
        if on:
            traps.warn("stale precompute", "features are kept by the content of pictures, not by how many there are, and "
                       "are always those of the data at hand; augmentation has no effect until learn.precompute=False")

    def unfreeze(self):
        self.precompute = False
        super().unfreeze()

    def bn_freeze(self, do_freeze):
        self._learner.freeze_norms(do_freeze)

    def set_data(self, data, precompute=False):
        """Other pictures of the same classes, or another size; the body is frozen again."""
        self._learner.set_data(data._data, data.sz, data.trn_tfms.augment)
        self.data = data
        self.freeze()
        self.precompute = precompute

    # -------------------------------------------------------------- answers

    def _answer(self, is_test, augmented=False):
        form = self._learner.PROBABILITIES if self.data.is_multi or self.data.is_reg else self._learner.LOG_PROBABILITIES
        if augmented:
            self._passes += 1
        split = _image.TEST if is_test else _image.VALID
        return self._learner.answer(split, form, augmented=augmented, number=self._passes if augmented else 0)

    def _targets(self, is_test):
        return self.data.test_ds.y if is_test else self.data.val_y

    def TTA(self, n_aug=4, is_test=False):
        """(stack (n_aug + ceil(n_aug / 4), N, C), targets): plain passes first, then changed pictures."""
        plain = [self._answer(is_test)] * math.ceil(n_aug / 4)
        return np.stack(plain + [self._answer(is_test, augmented=True) for _ in range(n_aug)]), self._targets(is_test)

    def predict_array(self, array):
        unsupported("learn.predict_array", "burnish.image.Model(file).answers(picture)")


finish(globals(), "conv_learner")
