# SPDX-License-Identifier: Apache-2.0
"""The table job: from a table to a network with entity embeddings.

    run = burnish.table.train("sales.csv", "Sales")
    model = run.model()
    model.predict("new.csv")                        # float32 (rows, K) or (rows)
    model.predict_row({"Store": 1, "DayOfWeek": 5})

Options are those of `burnish help table train`, and of `brn_table_train_options` in C.
"""
from . import _burnish
from .arrays import floats
from .progress import handler_of
from .runs import Run


def train(data, target, *, progress=True, callbacks=(), **options):
    """Trains a network on a table.

    Args:
        data: a file of separated values, "sqlite:FILE?TABLE_OR_QUERY" or "postgresql://...?TABLE_OR_QUERY".
        target: the column to learn.
        progress, callbacks: as in `burnish.image.train`.
        **options: categories, numbers, ignored (lists of columns), epochs, batch_size, learning_rate, valid, split,
            hidden, seed, out ...

    Returns:
        A Run.
    """
    return Run(_burnish.table_train({**options, "data": data, "target": target}, handler_of(progress, callbacks)), Model)


def resume(run, *, progress=True, callbacks=()):
    """Goes on with a run that was stopped, to the same bits as if it had not been."""
    return Run(_burnish.table_resume(run, handler_of(progress, callbacks)), Model)


class Model:
    """A trained network. One thread uses it at a time.

    Attributes:
        target: the column that it answers.
        classes: names, or an empty list when it answers a number.
        columns: those that a row needs.
    """

    def __init__(self, what, *, threads=0):
        self._native = _burnish.TableModel(what, threads=threads)
        facts = self._native.facts()
        self.target, self.classes, self.columns = facts["target"], facts["classes"], facts["columns"]

    def _shaped(self, values, rows):
        return floats(values, rows, len(self.classes)) if self.classes else floats(values, rows)

    def predict(self, data):
        """All rows of a table: probabilities (rows, K), or numbers (rows)."""
        rows, values = self._native.predict(data)
        return self._shaped(values, rows)

    def predict_row(self, row):
        """One row, a dict by column (absent or None: missing): probabilities (K), or a number."""
        values = [None if row.get(name) is None else str(row[name]) for name in self.columns]
        answer = self._native.predict_row(values)
        return floats(answer, len(self.classes)) if self.classes else float(floats(answer, 1)[0])

    def evaluate(self, data):
        """Figures on all rows of a table that has the target: a dict."""
        return self._native.evaluate(data)

    def embeddings(self):
        """{column: (names of values, float32 (values, width))}: what the network knows of each category."""
        return {
            column: (names, floats(values, len(names), width))
            for column, names, values, width in self._native.embeddings()
        }

    def __repr__(self):
        return f"<table.Model of {self.target}: {len(self.columns)} columns>"
