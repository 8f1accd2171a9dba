# SPDX-License-Identifier: Apache-2.0
"""The learner of pictures, by 0.7's methods."""
from .. import image as _image
from . import traps
from .learner import *  # noqa: F401,F403
from .learner import Epochs, cycle_epochs, refuse
from .metrics import accuracy, accuracy_thresh
from .names import finish, unsupported
from .torch_imports import Architecture, optimizer_options

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

    def freeze_to(self, n):
        self._learner.freeze_to(n)

    def freeze(self):
        self.freeze_to(-1)

    def unfreeze(self):
        self.precompute = False
        self.freeze_to(0)

    def bn_freeze(self, do_freeze):
        self._learner.freeze_norms(do_freeze)

    def freeze_all_but(self, n):
        unsupported("learn.freeze_all_but", "freeze_to")

    def set_data(self, data, precompute=False):
        """Other pictures of the same classes, or another size; the body is frozen again."""
        self._learner.set_data(data._data, data.sz, data.trn_tfms.augment)
        self.data = data
        self.freeze()
        self.precompute = precompute

    # -------------------------------------------------------------- fits

    def _spread(self, rates):
        """One a layer group; the head's alone while features are kept."""
        groups = self._learner.groups
        values = [float(one) for one in np.atleast_1d(rates)]
        if len(values) == 1:
            return values * groups
        if len(values) != groups:
            raise AssertionError(f"size mismatch: {len(values)} rates or decays for {groups} layer groups")
        return values

    def _schedule(self, cycle_len, cycle_mult, use_clr, use_clr_beta):
        if cycle_len is None:
            if use_clr or use_clr_beta:
                unsupported("use_clr without cycle_len", "give cycle_len too")
            return None
        schedule = {"form": "cycles", "multiplier": cycle_mult, "epochs": cycle_len}
        given = use_clr or use_clr_beta
        if given:
            schedule["form"] = "clr" if use_clr else "clr-beta"
            schedule.update(zip(("div", "cut", "momentum_high", "momentum_low"), given))
        return schedule

    def fit(self, lrs, n_cycle, wds=None, cycle_len=None, cycle_mult=1, cycle_save_name=None, best_save_name=None, use_clr=None,
            use_clr_beta=None, metrics=None, callbacks=None, use_wd_sched=False, norm_wds=False, wds_sched_mult=None,
            use_swa=False, swa_start=1, swa_eval_freq=5, get_ep_vals=False):
        """Trains; returns [validation loss, figures...] of the last epoch."""
        refuse(best_save_name=best_save_name, norm_wds=norm_wds, wds_sched_mult=wds_sched_mult, use_swa=use_swa,
               get_ep_vals=get_ep_vals)
        metrics = list(self.metrics if metrics is None else metrics)
        callbacks = list(callbacks or [])
        table = Epochs([_name(one) for one in metrics])
        points, last = [], [None]

        def hear(event):
            stop = False
            if event["event"] == "batch" and event["train_loss"] is not None and event["train_loss"] != last[0]:
                last[0] = event["train_loss"]  # batches of validation tell the loss of training again
                points.append((event["learning_rate"], event["train_loss"]))
                stop = [one.on_batch_end([event["train_loss"]]) for one in callbacks]
            if event["event"] == "epoch":
                table.add([event["train_loss"], event["valid_loss"]], event["metrics"])
                stop = [one.on_epoch_end([event["valid_loss"], *event["metrics"].values()]) for one in callbacks]
            if event["event"] == "warning":
                warnings.warn(event["text"], stacklevel=2)
            return any(stop) if stop else False

        for one in callbacks:
            one.on_train_begin()
        self._learner.fit(cycle_epochs(n_cycle, cycle_len, cycle_mult), self._spread(lrs), decay=self._spread(wds or 0),
                          optimizer=optimizer_options(self.opt_fn, decoupled=use_wd_sched), clip_norm=self.clip or 0,
                          schedule=self._schedule(cycle_len, cycle_mult, use_clr, use_clr_beta),
                          snapshots=self._path(cycle_save_name)[: -len(".safetensors")] if cycle_save_name else None,
                          callbacks=[hear])
        self._record(points, of_finder=False)
        for one in callbacks:
            one.on_train_end()
        return table.finish(self._later(metrics))

    def _later(self, metrics):
        """Figures of the metrics that the library does not measure in every epoch."""
        others = [one for one in metrics if _name(one) != "accuracy"]
        if not others:
            return {}
        answers, targets = self.predict_with_targs()
        return {_name(one): float(one(answers, targets)) for one in others}

    def lr_find(self, start_lr=1e-5, end_lr=10, wds=None, linear=False, **form):
        """A mock training whose rate grows; all is as before then. learn.sched.plot() shows it."""
        starts = self._spread(start_lr)
        options = {"rates": starts, "decays": self._spread(wds or 0), "optimizer": optimizer_options(self.opt_fn)}
        finder = {"form": "lr_find", "start": starts[-1], "end": float(end_lr), "linear": linear, **form}
        batches = -(-len(self.data.trn_ds) // self.data.bs)
        if finder["form"] == "lr_find" and batches < 17:
            traps.warn("the empty plot on few batches", f"an epoch of {batches} batches would leave nothing of the plot; the "
                       "finder goes through the pictures again, for 100 batches at most")
        found = self._learner._native.lr_find(options, finder, None)
        self._record([(rate, loss) for rate, loss, *others in found["points"]], of_finder=True)

    def lr_find2(self, start_lr=1e-5, end_lr=10, num_it=100, wds=None, linear=False, stop_dv=True):
        self.lr_find(start_lr, end_lr, wds, linear, form="lr_find2", iterations=num_it, stop=stop_dv)

    # -------------------------------------------------------------- answers

    def _answer(self, is_test, augmented=False):
        form = self._learner.PROBABILITIES if self.data.is_multi or self.data.is_reg else self._learner.LOG_PROBABILITIES
        if augmented:
            self._passes += 1
        split = _image.TEST if is_test else _image.VALID
        return self._learner.answer(split, form, augmented=augmented, number=self._passes if augmented else 0)

    def _targets(self, is_test):
        return self.data.test_ds.y if is_test else self.data.val_y

    def predict(self, is_test=False):
        """(N, C): log-probabilities of classes, probabilities of tags, numbers."""
        return self._answer(is_test)

    def predict_with_targs(self, is_test=False):
        return self._answer(is_test), self._targets(is_test)

    def TTA(self, n_aug=4, is_test=False):
        """(stack (n_aug + ceil(n_aug / 4), N, C), targets): plain passes first, then changed pictures."""
        plain = [self._answer(is_test)] * math.ceil(n_aug / 4)
        return np.stack(plain + [self._answer(is_test, augmented=True) for _ in range(n_aug)]), self._targets(is_test)

    def predict_array(self, array):
        unsupported("learn.predict_array", "burnish.image.Model(file).answers(picture)")

    # -------------------------------------------------------------- files

    def save(self, name):
        """PATH/models/NAME.safetensors, which burnish.image.Model opens too."""
        self._learner.save(self._path(name))

    def load(self, name):
        self._learner.load(self._path(name))

    def summary(self):
        """{parameter: {shape, trainable, nb_params}} in order."""
        return {name: {"shape": list(shape), "trainable": learns, "nb_params": int(np.prod(shape))}
                for name, shape, kind, group, learns in self._learner.summary() if kind != "buffer"}

    def __repr__(self):
        return repr(self._learner)


def _name(metric):
    name = getattr(metric, "__name__", type(metric).__name__)
    return "accuracy_thresh" if name == "accuracy_thresh_of" else name


finish(globals(), "conv_learner")
