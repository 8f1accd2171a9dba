# SPDX-License-Identifier: Apache-2.0
"""What all learners that are trained step by step have alike: `burnish.image.Learner`, `burnish.table.Learner` ..."""
from . import pages, plots
from .arrays import floats
from .errors import Stopped, UsageError
from .found import Rates
from .progress import handler_of


class StepByStep:
    """A network whose fits are asked for one by one.

    Attributes:
        groups: how many layer groups it has.
        recorded: (rate, smoothed loss) of every training batch.
        momenta: of every training batch, the momentum (Adam's first beta) that went with the rate.
        found: what `lr_find` returned last.
    """

    def _start(self, native, progress, callbacks, metrics=()):
        self._native = native
        self.progress, self.callbacks, self.metrics = progress, list(callbacks), list(metrics)
        self.recorded, self.momenta = [], []
        self.groups = native.facts()["groups"]

    # -------------------------------------------------------------- what learns

    def freeze_to(self, group):
        """Groups from `group` on learn; negative counts from the end."""
        self._native.freeze_to(group)

    def freeze(self):
        """The head alone learns."""
        self.freeze_to(-1)

    def unfreeze(self):
        """All learns."""
        self.freeze_to(0)

    # -------------------------------------------------------------- fits

    def _spread(self, rate):
        """Rates of the groups: a number for all, slice(low, high), slice(high), or a sequence."""
        if isinstance(rate, slice):
            high = rate.stop
            if rate.start is None:
                return [high / 10] * (self.groups - 1) + [high]
            ratio = (high / rate.start) ** (1 / max(1, self.groups - 1))
            return [rate.start * ratio**g for g in range(self.groups)]
        if hasattr(rate, "__len__"):
            return [float(r) for r in rate]
        return [float(rate)] * self.groups

    def _record(self, event):
        if event["event"] == "batch" and event["learning_rate"] is not None and event["train_loss"] is not None:
            self.recorded.append((event["learning_rate"], event["train_loss"]))
            self.momenta.append(event["momentum"])

    def _measure(self, metric):
        """The function of a metric on what C gives; C refuses those of learners that have none of their own."""
        return metric

    def fit(self, epochs, rate=1e-3, *, decay=0.01, optimizer="adamw", schedule=None, clip_norm=0, snapshots=None,
            callbacks=(), metrics=()):
        """Trains for so many epochs.

        Args:
            rate: a number, slice(low, high) over the layer groups, slice(high) or one a group.
            decay: weight decay, likewise.
            optimizer: a name, or a dict with it and momentum, square_momentum, epsilon, decay_all ...
            schedule: None (constant) or a dict: {"form": "one-cycle", ...} (include/burnish/schedule.h).
            clip_norm: most that the gradients' norm may be; 0: no bound.
            snapshots: of schedules in cycles: saves the network at each one's end as SNAPSHOTS_cyc_I.safetensors.
            callbacks: callables that hear events; one that returns something true ends the fit.
            metrics: functions of (answers, targets) to a number, told after every epoch; of pictures and arrays.
        """
        metrics = [*self.metrics, *metrics]
        options = {
            "metrics": [(getattr(m, "__name__", type(m).__name__), self._measure(m)) for m in metrics],
            "epochs": epochs,
            "rates": self._spread(rate),
            "decays": self._spread(decay),
            "optimizer": optimizer if isinstance(optimizer, dict) else {"name": optimizer},
            "schedule": schedule,
            "clip_norm": clip_norm,
            "snapshots": snapshots,
        }
        try:
            self._native.fit(options, handler_of(self.progress, [self._record, *self.callbacks, *callbacks]))
        except Stopped:
            pass
        return self

    def fit_one_cycle(self, epochs, rate=1e-3, *, pct_start=0.25, div=25, div_final=1e5, momenta=(0.95, 0.85, 0.95), **options):
        """fastai 2's one cycle: rate up, then down; momentum against it (its start, middle and end)."""
        schedule = {"form": "one-cycle", "pct_start": pct_start, "div": div, "div_final": div_final}
        schedule.update(zip(("momentum_start", "momentum_middle", "momentum_end"), momenta))
        return self.fit(epochs, rate, schedule=schedule, **options)

    def fit_flat_cos(self, epochs, rate=1e-3, *, pct_start=0.75, div_final=1e5, **options):
        """A flat rate, then a cosine down."""
        return self.fit(epochs, rate, schedule={"form": "flat-cosine", "pct_start": pct_start, "div_final": div_final}, **options)

    def fit_sgdr(self, cycles, cycle_length=1, rate=1e-3, *, multiplier=2, **options):
        """Cosines with restarts, each `multiplier` times as long as the one before."""
        epochs = sum(cycle_length * multiplier**i for i in range(cycles))
        return self.fit(epochs, rate, schedule={"form": "restarts", "cycles": cycles, "multiplier": multiplier}, **options)

    def fine_tune(self, epochs, rate=2e-3, *, freeze_epochs=1, multiplier=100, pct_start=0.3, div=5, **options):
        """fastai 2's fine_tune: the head, then all layers at half the rate, spread over the groups."""
        self.freeze()
        self.fit_one_cycle(freeze_epochs, slice(rate), pct_start=0.99, **options)
        self.unfreeze()
        return self.fit_one_cycle(epochs, slice(rate / 2 / multiplier, rate / 2), pct_start=pct_start, div=div, **options)

    def lr_find(self, *, form="fastai2", rate=1e-3, decay=0.01, optimizer="adamw", **finder):
        """A mock training whose rate grows; all is as before then.

        Returns:
            Rates, a dict: `points` [(rate, smoothed loss, loss, validation loss)], `begin` and `useful` (which of them
            are worth a look), and the suggestions `valley`, `slide`, `steep`, `minimum`; its `plot()` shows them.
        """
        options = {"rates": self._spread(rate), "decays": self._spread(decay), "optimizer": {"name": optimizer}}
        self.found = Rates(self._native.lr_find(options, {"form": form, **finder}, handler_of(False, self.callbacks)))
        return self.found

    # -------------------------------------------------------------- what was done

    def plot_rates(self):
        """The head's learning rate of every training batch so far, and the momentum where it moves, on an axis of its own:
        a Plot."""
        plot = plots.line([rate for rate, _ in self.recorded], "learning rate")
        if len(set(self.momenta)) > 1:
            momentum = plot.axes.twinx()
            momentum.plot(range(1, len(self.momenta) + 1), self.momenta, color="C1", linestyle="--")
            momentum.set_ylabel("momentum (dashed)")
        return plot

    def plot_losses(self):
        """The smoothed training loss of every batch so far: a Plot."""
        return plots.line([loss for _, loss in self.recorded], "training loss (smoothed)")

    # -------------------------------------------------------------- files

    def save(self, path):
        """Writes a model file, which `Model` opens."""
        self._native.save(path)

    def load(self, path):
        """Takes the values of a model file of the same architecture, head and classes."""
        self._native.load(path)

    def close(self):
        """Frees it now; later calls raise UsageError."""
        self._native.close()

    def summary(self):
        """[(name, shape, kind, group, learns)] of every parameter."""
        facts = self._native.facts()
        return [(*one, facts["learns"][one[3]] and one[2] != "buffer") for one in facts["parameters"]]

    def parameter(self, name):
        """A copy of the values of one, float32, by its name in `summary`."""
        shape, values = self._native.parameter(name)
        return floats(values, *shape)

    def set_parameter(self, name, values):
        """Gives one other values, an array of its shape. They stay until a fit changes them."""
        import numpy

        values = numpy.ascontiguousarray(values, dtype=numpy.float32)
        shapes = {one[0]: tuple(one[1]) for one in self._native.facts()["parameters"]}
        if shapes.get(name, values.shape) != values.shape:
            raise UsageError(f"parameter {name}: values of shape {values.shape}; expected {shapes[name]}")
        self._native.set_parameter(name, values)

    def _learns(self):
        return "".join("L" if on else "-" for on in self._native.facts()["learns"])

    def _title(self):
        return repr(self)[1:-1]

    def _repr_html_(self):
        parameters = [one for one in self.summary() if one[2] != "buffer"]
        groups = []
        for group in range(self.groups):
            mine = [one for one in parameters if one[3] == group]
            learning = sum(one[4] for one in mine)
            state = "frozen" if not learning else "learns" if learning == len(mine) else "learns in part"
            groups.append([group, len({one[0].rpartition(".")[0] for one in mine}), sum(pages.size(one[1]) for one in mine), state])
        rows = [[name, " x ".join(map(str, shape)), pages.size(shape), kind, group, "yes" if learns else "no"]
                for name, shape, kind, group, learns in parameters]
        return pages.element(
            pages.title(self._title()),
            pages.table(["layer group", "layers", "parameters", "state"], groups),
            pages.folded(f"{len(rows)} parameters by name",
                         pages.table(["name", "shape", "values", "kind", "group", "learns"], rows)))
