# SPDX-License-Identifier: Apache-2.0
"""The table job: from a table to a network with entity embeddings.

    run = burnish.table.train("sales.csv", "Sales")
    model = run.model()
    model.predict("new.csv")                        # float32 (rows, K) or (rows)
    model.predict_row({"Store": 1, "DayOfWeek": 5})

`Learner` trains step by step.

Options are those of `burnish help table train`, and of `brn_table_train_options` in C.
"""
from . import _burnish, pages, plots
from .arrays import doubles, floats, whole_numbers
from .data import opened
from .errors import UsageError
from .found import Columns, Figures, Rates
from .learner import StepByStep
from .opened import Opened, names_folded
from .progress import handler_of
from .runs import Run, resume_with


def train(data, target, *, progress=True, callbacks=(), **options):
    """Trains a network on a table.

    Args:
        data: a file of separated values, "sqlite:FILE?TABLE_OR_QUERY" or "postgresql://...?TABLE_OR_QUERY", a
            frame (pandas, polars, pyarrow ...), or a dict of columns.
        target: the column to learn.
        progress, callbacks: as in `burnish.image.train`.
        **options: categories, numbers, ignored (lists of columns), epochs, batch_size, learning_rate, valid, split,
            hidden, seed, precision ("fp32", "bf16", "auto"), out ...

    Returns:
        A Run.

    >>> import burnish, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> rows = {"rooms": [1, 2, 3, 4] * 20, "dear": ["no", "no", "yes", "yes"] * 20}
    >>> run = burnish.table.train(rows, "dear", out=folder.name + "/run", epochs=1, threads=1, progress=False)
    >>> model = run.model(threads=1)
    >>> model.classes
    ['no', 'yes']
    >>> model.predict({"rooms": [1, 4, 2]}).shape
    (3, 2)
    >>> folder.cleanup()
    """
    with opened(data) as source:
        options = {**options, "data": source, "target": target}
        return Run(_burnish.table_train(options, handler_of(progress, callbacks)), Model)


def resume(run, data=None, *, progress=True, callbacks=()):
    """Goes on with a run that was stopped, to the same bits. `data`: the frame or dict it was trained on, if any."""
    return resume_with(_burnish.table_resume, run, data, handler_of(progress, callbacks), Model)


def lr_find(data, target, *, form="fastai2", finder=None, callbacks=(), **options):
    """A mock training whose rate grows: a dict as of `burnish.image.Learner.lr_find`; options as of `train`."""
    with opened(data) as source:
        options = {**options, "data": source, "target": target}
        return Rates(_burnish.table_lr_find(options, {"form": form, **(finder or {})}, handler_of(False, callbacks)))


class Model(Opened):
    """A trained network. One thread uses it at a time.

    Attributes:
        target: the column that it answers.
        classes: names, or an empty list when it answers a number.
        columns: those that a row needs.
    """

    def __init__(self, what, *, threads=0):
        self._native = _burnish.TableModel(what, threads=threads)
        self._opened(what)
        facts = self._native.facts()
        self.target, self.classes, self.columns = facts["target"], facts["classes"], facts["columns"]

    def _shaped(self, values, rows):
        return floats(values, rows, len(self.classes)) if self.classes else floats(values, rows)

    def predict(self, data):
        """All rows of a table: probabilities (rows, K), or numbers (rows)."""
        with opened(data) as source:
            rows, values = self._native.predict(source)
        return self._shaped(values, rows)

    def predict_row(self, row):
        """One row, a dict by column (absent or None: missing): probabilities (K), or a number."""
        values = [None if row.get(name) is None else str(row[name]) for name in self.columns]
        answer = self._native.predict_row(values)
        return floats(answer, len(self.classes)) if self.classes else float(floats(answer, 1)[0])

    def evaluate(self, data):
        """Figures on all rows of a table that has the target: a dict."""
        with opened(data) as source:
            return Figures(self._native.evaluate(source))

    def embeddings(self):
        """{column: (names of values, float32 (values, width))}: what the network knows of each category."""
        return {
            column: (names, floats(values, len(names), width))
            for column, names, values, width in self._native.embeddings()
        }

    def plot_embeddings(self, column):
        """A map of a category's values as the network sees them, near is alike: a Plot."""
        known = self.embeddings()
        if column not in known:
            raise UsageError(f"column: {column} has no embedding; expected one of {', '.join(known)}")
        names, vectors = known[column]
        return plots.map_of(vectors[1:], names[1:], column)  # the first is #na#

    def interpret(self, data=None, *, target=None, top=10, repeats=5, seed=42, callbacks=(), **options):
        """Which columns matter, how the answers move with them, and which rows are answered worst: Columns, a dict of
        `score`, `importance`, `dependence`, `worst` and, of classes, `confusion`, of numbers `truths` and `answers`
        (`burnish.found.Columns`).

        Args:
            data: rows with the target; None: those of the run that validated.
            target: of several the one to look at; None: the first.
            top: rows; repeats: of the permutations of each column.
            **options: rows (most that importance is measured on), sample (most rows that dependence is the mean of), points
                (of a number's dependence), values (of a category's).
        """
        with opened(data) as source:
            options = {**options, "worst": top, "repeats": repeats, "seed": seed, "target": target}
            found = self._native.interpret(source, options, handler_of(False, callbacks))
        return Columns(_with_arrays(found))

    def _shown(self):
        vectors = [[column, *values.shape] for column, (_, values) in self.embeddings().items()]
        numbers = [column for column in self.columns if column not in {one[0] for one in vectors}]
        what = f"{len(self.classes)} classes" if self.classes else "a number"
        categories = pages.table(["category", "values", "numbers each"], vectors)
        return f"{self.target}: {what}, from {len(self.columns)} columns", [
            pages.folded(f"{len(vectors)} categories", categories) if len(vectors) > 12 else categories,
            names_folded(numbers, "other columns")]

    def __repr__(self):
        return f"<table.Model of {self.target}: {len(self.columns)} columns>"


def _with_arrays(found):
    """What C found, with its bytes as arrays."""
    k = len(found["classes"])
    for one in found["worst"]:
        one["values"] = dict(zip(found["columns"], one["values"]))
    for one in found["dependence"]:
        width = one.pop("width")
        count = len(one["at"]) // 8
        one["at"], one["answers"] = doubles(one["at"], count), doubles(one["answers"], count, width)
        one["shares"] = None if one["shares"] is None else doubles(one["shares"], count)
    confusion, truths, answers = (found.pop(name) for name in ("confusion", "truths", "answers"))
    if confusion is not None:
        found["confusion"] = whole_numbers(confusion, k, k)
    if truths is not None:
        found["truths"], found["answers"] = doubles(truths, len(truths) // 8), doubles(answers, len(answers) // 8)
    return found


# ------------------------------------------------------------------ step by step


class Learner(StepByStep):
    """A network on a table that is trained step by step, as fast.ai's.

        learner = burnish.table.Learner("sales.csv", "Sales")
        learner.lr_find()["valley"]
        learner.fit_one_cycle(3, 5e-3)
        learner.validate()["rmse"]
        learner.predict("new.csv")                  # float32 (rows, K) or (rows)
        learner.save("sales.safetensors")           # which Model opens

    One `fit_one_cycle(epochs, 1e-2)` makes the bits of `train(..., epochs=epochs)`.

    Args:
        data, target: as in `train`; a frame is read once, now.
        progress: show an epoch table in every fit.
        callbacks: callables that hear every event.
        **options: as of `train`, without those of its one fit (epochs, learning_rate, weight_decay) and `out`; a fit by a lazy
            optimizer needs lazy=True.

    Attributes:
        classes: names, or an empty list when it answers a number.
        counts: rows that train, and that validate.

    >>> import burnish
    >>> rows = {"rooms": [1, 2, 3, 4] * 20, "dear": ["no", "no", "yes", "yes"] * 20}
    >>> learner = burnish.table.Learner(rows, "dear", hidden=[8], threads=1, progress=False)
    >>> learner.fit_one_cycle(1, 1e-2).counts
    (64, 16)
    >>> learner.predict({"rooms": [1, 4, 2]}).shape
    (3, 2)
    """

    OUTPUTS, PROBABILITIES, LOG_PROBABILITIES = 0, 1, 2

    def __init__(self, data, target, *, progress=True, callbacks=(), **options):
        self.target = target
        with opened(data) as source:
            self._start(_burnish.TableLearner({**options, "data": source, "target": target}, None), progress, callbacks)
        facts = self._native.facts()
        self.classes, self.counts, self._outputs = facts["classes"], (facts["train"], facts["valid"]), facts["outputs"]

    def answer(self, data=None, form=PROBABILITIES):
        """float32 (rows, K) for all rows of a table, or (None) for those that validate, in their order: what the network
        puts out, probabilities (numbers in their own units), or their logarithms."""
        with opened(data) as source:
            rows, values = self._native.answer(source, form)
        return floats(values, rows, self._outputs)

    def predict(self, data=None):
        """As of `Model`: probabilities (rows, K), or numbers (rows)."""
        answers = self.answer(data)
        return answers if self.classes or self._outputs > 1 else answers[:, 0]

    def validated(self):
        """What the network put out, float32 (rows, K), when the rows that validate were measured last. A callback may
        ask at the end of an epoch."""
        rows, width, values = self._native.validated()
        return floats(values, rows, width)

    def validate(self):
        """Figures of the rows that validate: a dict, as of `Model.evaluate`."""
        return Figures(self._native.validate())

    def __repr__(self):
        return f"<table.Learner of {self.target}: {self.counts[0]} + {self.counts[1]} rows, groups {self._learns()}>"
