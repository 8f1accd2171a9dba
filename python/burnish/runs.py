# SPDX-License-Identifier: Apache-2.0
"""What a training leaves behind."""
import csv
import json
import os

from . import pages, plots
from .errors import UsageError


class Run:
    """A run folder and what came out of it.

    Attributes:
        path: the run folder.
        metrics: dict of the last epoch's figures, as `accuracy`, `valid_loss` ... (None where there is none).
        result: dict of everything that the job returned.
    """

    def __init__(self, result, opener):
        self.result = result
        self.path = result["run"]
        self.metrics = dict(result["metrics"])
        self._opener = opener

    def model(self, **options):
        """The trained model, opened."""
        return self._opener(self.path, **options)

    @property
    def history(self):
        """Rows of history.csv, one an epoch, as dicts; numbers are floats."""
        with open(os.path.join(self.path, "history.csv"), newline="", encoding="utf-8") as file:
            return [{key: _number(value) for key, value in row.items()} for row in csv.DictReader(file)]

    @property
    def config(self):
        """Every option, resolved, as config.json has it."""
        with open(os.path.join(self.path, "config.json"), encoding="utf-8") as file:
            return json.load(file)

    def _epochs(self):
        if not os.path.exists(os.path.join(self.path, "history.csv")):
            return []  # a run of folds: each of them has its own
        return [row for row in self.history if isinstance(row.get("train_loss"), float)]

    def _curve(self):
        """Rows of curve.csv, within the epochs, of jobs that write one: {name: [numbers]}."""
        path = os.path.join(self.path, "curve.csv")
        if not os.path.exists(path):
            return {}
        with open(path, newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["train_loss"]]
        return {name: [float(row[name] or "nan") for row in rows] for name in (rows[0] if rows else ()) if name != "stage"}

    def _epochs_to_plot(self, name):
        rows = self._epochs()
        if not rows:
            raise UsageError(f"{name}: {self.path} has no epochs of its own; the runs of its folds have: {self.path}/fold-1")
        return rows, list(range(1, len(rows) + 1))

    def plot_losses(self):
        """Training and validation losses of the epochs: a Plot. Training's is drawn within the epochs where it was kept."""
        rows, epochs = self._epochs_to_plot("plot_losses")
        curve = self._curve()
        if curve:
            plot = plots.line(curve["train_loss"], "loss", "epoch", curve["epoch"])
        else:
            plot = plots.line([row["train_loss"] for row in rows], "loss", "epoch", epochs, marker="o")
        plot.axes.lines[0].set_label("training")
        valid = [row.get("valid_loss") for row in rows]
        if all(isinstance(value, float) for value in valid):
            plot.axes.plot(epochs, valid, label="validation", marker="o", markersize=4)
        plot.axes.locator_params(axis="x", integer=True)
        plot.axes.legend()
        return plot

    def plot_metrics(self, *names):
        """What was measured on the validation data after each epoch: a Plot, with a part for each. `names`: of the columns of
        `history`; none: all."""
        rows, epochs = self._epochs_to_plot("plot_metrics")
        there = [name for name in rows[0] if name not in _NO_METRICS and all(isinstance(row[name], float) for row in rows)]
        wrong = [name for name in names if name not in there]
        if wrong or not there:
            raise UsageError(f"plot_metrics: {', '.join(wrong) or 'nothing was measured'}; "
                             f"expected {', '.join(there) or 'metrics'}")
        return plots.side_by_side(epochs, [(name, [row[name] for row in rows]) for name in names or there], "epoch")

    def plot_rates(self):
        """Learning rates over the training, of each layer group where they differ: a Plot."""
        rows, epochs = self._epochs_to_plot("plot_rates")
        curve = self._curve()
        rates = {}  # the first group of those with the same rates
        for name, values in curve.items():
            if name.startswith("rate_") and any(value == value for value in values):
                rates.setdefault(str(values), (f"layer group {name[5:]}", values))
        if rates:
            return plots.lines(curve["epoch"], list(rates.values()), "epoch", "learning rate", marker="")
        return plots.line([row["learning_rate"] for row in rows], "learning rate", "epoch", epochs, marker="o")

    def _repr_html_(self):
        figures = {name: float(value) for name, value in self.metrics.items() if value is not None}
        rows = self._epochs()
        names = [name for name in (rows[0] if rows else ()) if name not in ("stage", "epoch", "seconds", "learning_rate")]
        epochs = pages.table(["stage", "epoch", *names],
                             [[row["stage"], int(row["epoch"]), *(row[name] for name in names)] for row in rows])
        measured = pages.table(list(figures), [list(figures.values())])
        return pages.element(pages.title(self.path), pages.wide(measured), pages.wide(epochs))

    def __repr__(self):
        figures = ", ".join(f"{name} {value:.4f}" for name, value in self.metrics.items() if value is not None)
        return f"<Run {self.path}: {figures}>"


_NO_METRICS = ("stage", "epoch", "train_loss", "valid_loss", "learning_rate", "seconds", "error_rate")


def _number(text):
    try:
        return float(text)
    except ValueError:
        return text


def resume_with(job, run, data, handler, opener):
    """Goes on with a run; a table of this program is kept under the name that the run knows it by."""
    from .data import is_source, name_in, opened
    from .errors import UsageError

    name = None
    if data is not None and not is_source(data):
        name = name_in(run)
        if name is None:
            raise UsageError(f"{os.fspath(run)}: it was not trained on a table of memory; data: expected None")
    with opened(data, name):
        return Run(job(run, handler), opener)
