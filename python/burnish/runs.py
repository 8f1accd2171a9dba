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

    def plot_losses(self):
        """Training and validation losses of the epochs: a Plot."""
        rows = self._epochs()
        if not rows:
            raise UsageError(f"plot_losses: {self.path} has no epochs of its own; the runs of its folds have: {self.path}/fold-1")
        plot = plots.line([row["train_loss"] for row in rows], "loss", "epoch")
        plot.axes.lines[0].set_label("training")
        valid = [row.get("valid_loss") for row in rows]
        if all(isinstance(value, float) for value in valid):
            plot.axes.plot(range(1, len(rows) + 1), valid, label="validation")
        plot.axes.locator_params(axis="x", integer=True)
        plot.axes.legend()
        return plot

    def _repr_html_(self):
        figures = {name: float(value) for name, value in self.metrics.items() if value is not None}
        rows = self._epochs()
        names = [name for name in (rows[0] if rows else ()) if name not in ("stage", "epoch", "seconds", "learning_rate")]
        epochs = pages.table(["stage", "epoch", *names],
                             [[row["stage"], int(row["epoch"]), *(row[name] for name in names)] for row in rows])
        return pages.element(pages.title(self.path), pages.table(list(figures), [list(figures.values())]), epochs)

    def __repr__(self):
        figures = ", ".join(f"{name} {value:.4f}" for name, value in self.metrics.items() if value is not None)
        return f"<Run {self.path}: {figures}>"


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
