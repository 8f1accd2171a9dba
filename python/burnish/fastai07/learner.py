# SPDX-License-Identifier: Apache-2.0
"""What learners of pictures, tables, ratings and texts share: how a fit is asked for, shown and recorded."""
from . import traps
from .model import *  # noqa: F401,F403
from .names import finish, unsupported
from .sgdr import *  # noqa: F401,F403
from .sgdr import LR_Finder
from .torch_imports import optimizer_options


def cycle_epochs(n_cycle, cycle_len, cycle_mult):
    """Epochs of a fit's arguments.

    >>> cycle_epochs(3, 1, 2), cycle_epochs(3, None, 1)
    (7, 3)
    """
    if cycle_len is None:
        return n_cycle
    return sum(int(cycle_len * cycle_mult**i) for i in range(n_cycle))


class Epochs:
    """Prints epochs as 0.7 did, the last one once its figures are complete."""

    def __init__(self, names):
        self.names, self.rows, self.known = list(names), [], False

    def add(self, losses, figures):
        """Two losses and {name: figure}."""
        self._print_last()
        self.rows.append([*losses, *(figures.get(name) for name in self.names)])
        self.known = False

    def finish(self, later):
        """{name: figure} that are known only now; returns the last row without its training loss."""
        if self.rows:
            row = self.rows[-1]
            for place, name in enumerate(self.names):
                row[2 + place] = later.get(name, row[2 + place])
            self._print_last()
        return self.rows[-1][1:] if self.rows else []

    def _print_last(self):
        if not self.rows or self.known:
            return
        if len(self.rows) == 1:
            print("".join(f"{name:<10} " for name in ["epoch", "trn_loss", "val_loss", *self.names]).rstrip())
        shown = "".join(f"{'-' if value is None else round(value, 6):<10} " for value in self.rows[-1])
        print(f"{len(self.rows) - 1:^10} {shown}".rstrip(), flush=True)
        self.known = True


class Learner:
    """0.7's methods that need no network of one's own."""

    def __init__(self, *arguments, **keywords):
        unsupported("Learner of a PyTorch model", "ConvLearner.pretrained and ColumnarModelData.get_learner make learners")

    def _start(self, data, opt_fn, metrics, clip, models_name):
        self.data, self.opt_fn, self.metrics, self.clip = data, opt_fn, metrics, clip
        self.models_path = os.path.join(str(data.path), models_name)
        self.sched = None

    def _path(self, name):
        os.makedirs(self.models_path, exist_ok=True)
        return os.path.join(self.models_path, f"{name}.safetensors")

    def _record(self, points, of_finder):
        """(rate, loss, momentum) of each batch."""
        self.sched = LR_Finder(*([point[i] for point in points] for i in range(2)), of_finder, [point[2] for point in points])

    def load_cycle(self, name, cycle):
        """The snapshot of a cycle of fit(..., cycle_save_name=name)."""
        self.load(f"{name}_cyc_{cycle}")

    def save_cycle(self, name, cycle):
        self.save(f"{name}_cyc_{cycle}")

    # -------------------------------------------------------------- what learns

    def freeze_to(self, n):
        self._learner.freeze_to(n)

    def freeze(self):
        self.freeze_to(-1)

    def unfreeze(self):
        self.freeze_to(0)

    def freeze_all_but(self, n):
        unsupported("learn.freeze_all_but", "freeze_to")

    # -------------------------------------------------------------- fits

    def _spread(self, rates):
        """One a layer group."""
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
        table = Epochs([metric_name(one) for one in metrics])
        points, last = [], [None]

        def hear(event):
            stop = False
            if event["event"] == "batch" and event["train_loss"] is not None and event["train_loss"] != last[0]:
                last[0] = event["train_loss"]  # batches of validation tell the loss of training again
                points.append((event["learning_rate"], event["train_loss"], event["momentum"]))
                stop = [one.on_batch_end([event["train_loss"]]) for one in callbacks]
            if event["event"] == "epoch":
                figures = self._measured(metrics) or event["metrics"]
                table.add([event["train_loss"], event["valid_loss"]], figures)
                stop = [one.on_epoch_end([event["valid_loss"], *figures.values()]) for one in callbacks]
            if event["event"] == "warning":
                warnings.warn(event["text"], stacklevel=2)
            return any(stop) if stop else False

        for one in callbacks:
            one.on_train_begin()
        self._learner.fit(cycle_epochs(n_cycle, cycle_len, cycle_mult), self._spread(lrs), decay=self._spread(0 if wds is None else wds),
                          optimizer=optimizer_options(self.opt_fn, decoupled=use_wd_sched), clip_norm=self.clip or 0,
                          schedule=self._schedule(cycle_len, cycle_mult, use_clr, use_clr_beta),
                          snapshots=self._path(cycle_save_name)[: -len(".safetensors")] if cycle_save_name else None,
                          callbacks=[hear], metrics=self._told(metrics))
        self._record(points, of_finder=False)
        for one in callbacks:
            one.on_train_end()
        return table.finish(self._later(metrics))

    def _told(self, metrics):
        """Metrics that the library calls after every epoch."""
        return []

    def _measured(self, metrics):
        """{name: figure} of the epoch that has just ended, where its outputs are kept."""
        return {}

    def _later(self, metrics):
        """Figures of the metrics that the library does not measure in every epoch."""
        others = [one for one in metrics if metric_name(one) != "accuracy"]
        if not others:
            return {}
        answers, targets = self.predict_with_targs()
        return {metric_name(one): float(one(answers, targets)) for one in others}

    def lr_find(self, start_lr=1e-5, end_lr=10, wds=None, linear=False, **form):
        """A mock training whose rate grows; all is as before then. learn.sched.plot() shows it."""
        starts = self._spread(start_lr)
        options = {"rates": starts, "decays": self._spread(0 if wds is None else wds), "optimizer": optimizer_options(self.opt_fn)}
        finder = {"form": "lr_find", "start": starts[-1], "end": float(end_lr), "linear": linear, **form}
        batches = len(self.data.trn_dl) if hasattr(self.data, "trn_dl") else -(-len(self.data.trn_ds) // self.data.bs)
        if finder["form"] == "lr_find" and batches < 17:
            traps.warn("the empty plot on few batches", f"an epoch of {batches} batches would leave nothing of the plot; the "
                       "finder goes through the data again, for 100 batches at most")
        found = self._learner._native.lr_find(options, finder, None)
        self._record([(rate, loss, None) for rate, loss, *others in found["points"]], of_finder=True)

    def lr_find2(self, start_lr=1e-5, end_lr=10, num_it=100, wds=None, linear=False, stop_dv=True):
        self.lr_find(start_lr, end_lr, wds, linear, form="lr_find2", iterations=num_it, stop=stop_dv)

    # -------------------------------------------------------------- answers

    def predict(self, is_test=False):
        """(N, C) of the rows that validate, or of the test rows: log-probabilities of classes, probabilities of tags,
        numbers."""
        return self._answer(is_test)

    def predict_with_targs(self, is_test=False):
        return self._answer(is_test), self._targets(is_test)

    # -------------------------------------------------------------- files

    def save(self, name):
        """PATH/models/NAME.safetensors, which the Model of burnish.image, burnish.table ... opens too."""
        self._learner.save(self._path(name))

    def load(self, name):
        self._learner.load(self._path(name))

    def summary(self):
        """{parameter: {shape, trainable, nb_params}} in order."""
        return {name: {"shape": list(shape), "trainable": learns, "nb_params": int(np.prod(shape))}
                for name, shape, kind, group, learns in self._learner.summary() if kind != "buffer"}

    def __repr__(self):
        return repr(self._learner)

    def half(self):
        unsupported("learn.half", "float16 is not computed in; precision='bf16' of burnish's own learners is bfloat16")

    def fit_opt_sched(self, *arguments, **keywords):
        unsupported("learn.fit_opt_sched", "the cycles of learn.fit")


def metric_name(metric):
    """What a figure is called in the table of epochs."""
    name = getattr(metric, "__name__", type(metric).__name__)
    return "accuracy_thresh" if name == "accuracy_thresh_of" else name


def refuse(**given):
    """Raises for arguments of fit that are there and have no meaning here."""
    for name, value in given.items():
        if value:
            unsupported(f"{name}= of fit", "the other arguments of fit are there")


finish(globals(), "learner")
