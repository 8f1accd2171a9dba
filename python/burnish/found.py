# SPDX-License-Identifier: Apache-2.0
"""What calls find, as the dicts, tuples and lists that they are, which notebooks show as tables and colours."""
from collections import namedtuple

from . import pages, plots
from .errors import UsageError

#: Suggestions of the rate finder, the one to take first.
SUGGESTIONS = ("valley", "slide", "steep", "minimum")


class Rates(dict):
    """What a rate finder returns: `points` [(rate, smoothed loss, loss, validation loss)], `begin` and `useful` (which of
    them are worth a look), and the suggestions `valley`, `slide`, `steep`, `minimum`, each a rate or None."""

    def plot(self):
        """Losses over rates, with the suggestions marked: a Plot."""
        points = self["points"][self["begin"] : self["begin"] + self["useful"]] or self["points"]
        plot = plots.line([point[1] for point in points], "loss (smoothed)", "rate", [point[0] for point in points], True)
        for i, name in enumerate(SUGGESTIONS):
            rate = self[name]
            if rate is not None:
                nearest = min(points, key=lambda point: abs(point[0] - rate))
                plot.axes.plot([rate], [nearest[1]], "o", color=f"C{i + 1}", label=f"{name} {rate:.2g}")
        if plot.axes.get_legend_handles_labels()[0]:
            plot.axes.legend()
        return plot

    def __repr__(self):
        given = ", ".join(f"{name} {self[name]:.2g}" for name in SUGGESTIONS if self[name] is not None)
        return f"<Rates of {len(self['points'])} batches: {given}>"

    def _repr_html_(self):
        rows = [[name, "" if self[name] is None else f"{self[name]:.2g}"] for name in SUGGESTIONS]
        return pages.element(pages.table(["suggestion", "rate"], rows), pages.curve([point[1] for point in self["points"]]))


class Figures(dict):
    """What was measured: a dict of numbers by name; of several contenders, dicts by theirs; of labels perhaps `confusion`."""

    def __init__(self, found, classes=()):
        super().__init__(found)
        self.classes = list(classes)

    def _repr_html_(self):
        own = {name: value for name, value in self.items() if isinstance(value, (int, float))}
        others = {name: value for name, value in self.items() if isinstance(value, dict)}
        if others:
            rows = [["model", *own.values()], *([name, *(one.get(key) for key in own)] for name, one in others.items())]
            return pages.element(pages.wide(pages.table(["", *own], rows)))
        shown = pages.confusion(self["confusion"], self.classes) if "confusion" in self else ""
        return pages.element(pages.wide(pages.table(list(own), [list(own.values())])), shown and pages.wide(shown))

    def plot_confusion(self):
        """A Plot of the confusion matrix; of labels."""
        if "confusion" not in self:
            raise UsageError("plot_confusion: these figures have none")
        return plots.confusion(self["confusion"], self.classes)


class Prediction(namedtuple("Prediction", "label probability index")):
    """The likeliest class, its probability, and its number."""

    __slots__ = ()

    def _repr_html_(self):
        return pages.element(pages.bars(["answer", "probability"], [(self.label, self.probability)], 1))


class Explanation(namedtuple("Explanation", "output words")):
    """The number of an answer, and [(token, what it adds to it)]."""

    __slots__ = ()

    def _repr_html_(self):
        return pages.element(pages.words(self.words))


class Texts(dict):
    """The worst answers of a text model: `score`, `worst` (dicts), and of labels `confusion`."""

    def __init__(self, found, classes):
        super().__init__(found)
        self.classes = classes

    def _repr_html_(self):
        rows = []
        for one in self["worst"]:
            text = one["text"] if len(one["text"]) < 300 else "… " + one["text"][-300:]
            rows.append([one["place"], text, one["label"], one["answer"], one["loss"]])
        score = {name: value for name, value in self["score"].items() if value is not None}
        parts = [pages.table(list(score), [list(score.values())])]
        if "confusion" in self:
            parts.append(pages.wide(pages.confusion(self["confusion"], self.classes)))
        return pages.element(*parts, pages.table(["where", "text", "label", "answer", "loss"], rows))

    def plot_confusion(self):
        """A Plot of the confusion matrix; of labels."""
        if "confusion" not in self:
            raise UsageError("plot_confusion: expected labels")
        return plots.confusion(self["confusion"], self.classes)


class Items(list):
    """Items with their values, best first."""

    def _repr_html_(self):
        rows = [[i, one.id, one.title, f"{one.value:.3f}"] for i, one in enumerate(self, 1)]
        return pages.element(pages.table(["", "id", "title", "value"], rows))


class ItemTable(list):
    """[(id, title, ratings in training, bias)] of items."""

    def _repr_html_(self, most=10):
        rows = sorted(self, key=lambda one: -one[2])
        return pages.element(pages.title(f"{len(self)} items; those with most ratings"),
                             pages.table(["id", "title", "ratings", "bias"], rows[:most]))


class Columns(dict):
    """What a network on a table goes by.

    `score`: figures of all rows. `importance`: dicts of column, loss, deviation, metric; what matters most first.
    `dependence`: how the mean answer moves with one column, in the same order: dicts of column, category (a truth), at
    (float64 (points), the column's values; of a category 0, 1 ...), values (names, most frequent first; None for numbers),
    shares (float64 (points) of the rows; None for numbers) and answers (float64 (points, K), or (points, 1) of a number).
    `worst`: dicts of row, truth, answer, loss, and values, a dict by column. `classes`: names; with them `confusion`
    int64 (K, K), row = truth; without `truths` and `answers`, float64 (rows)."""

    SHOWN = 6  # columns whose dependence is drawn

    def _drawn(self):
        """The dependences that have points: a column of gaps alone has none."""
        return [one for one in self["dependence"] if len(one["answers"])]

    def _of(self, column):
        for one in self["dependence"]:
            if one["column"] == column:
                return one
        raise UsageError(f"column: {column} is none of {', '.join(one['column'] for one in self['dependence'])}")

    def _class_number(self, answer):
        if isinstance(answer, str):
            if answer not in self["classes"]:
                raise UsageError(f"answer: {answer} is none of {', '.join(self['classes'])}")
            return self["classes"].index(answer)
        count = max(1, len(self["classes"]))
        if answer is not None and not 0 <= answer < count:
            raise UsageError(f"answer: {answer}; expected 0 to {count - 1}")
        return answer

    def _name(self, k):
        return f"probability of {self['classes'][k]}" if self["classes"] else self["target"]

    def _repr_html_(self):
        score = {name: value for name, value in self["score"].items() if value is not None}
        parts = [pages.table(list(score), [list(score.values())])]
        if "confusion" in self:
            parts.append(pages.wide(pages.confusion(self["confusion"], self["classes"])))
        parts.append(pages.bars(["column", "loss grows by"], [(one["column"], one["loss"]) for one in self["importance"][:20]]))
        parts.append(pages.title("how the mean answer moves with a column, all else as it is"))
        parts.append(pages.side_by_side(*self._curves(), "flex-start"))
        most = [one["column"] for one in self["importance"] if one["column"] in self["columns"]][: self.SHOWN]
        worst = [[one["row"], one["truth"], one["answer"], one["loss"], *(one["values"][name] for name in most)]
                 for one in self["worst"]]
        return pages.element(*parts, pages.title("greatest losses"),
                             pages.wide(pages.table(["row", "truth", "answer", "loss", *most], worst)))

    def _curves(self):
        """(pieces of HTML, captions): the mean answer over the columns that matter most."""
        shown, captions = [], []
        for one in self._drawn()[: self.SHOWN]:
            k = shown_class(one["answers"])
            answers = one["answers"][:, k].tolist()
            if one["category"]:
                rows = list(zip(one["values"], answers))[:5]
                more = [["and more", ""]] if len(answers) > len(rows) else []
                piece = pages.table([one["column"], "answer"], [*rows, *more])
            else:
                piece = pages.line(one["at"].tolist(), answers, one["column"])
            shown.append(piece)
            captions.append([*([] if one["category"] else [one["column"]]), *([self._name(k)] if self["classes"] else [])])
        return shown, captions

    def plot(self, most=15):
        """Importance of the columns that matter most: a Plot."""
        rows = self["importance"][:most][::-1]
        plot = plots.Plot(6, 1 + 0.28 * len(rows))
        plot.axes.barh([one["column"] for one in rows], [one["loss"] for one in rows], xerr=[one["deviation"] for one in rows])
        plot.axes.set_xlabel("growth of the loss without the column")
        plot.axes.locator_params(axis="x", nbins=5)
        return plot

    def plot_dependence(self, *columns, answer=None, most=SHOWN):
        """How the mean answer moves with a column, all else as it is (partial dependence): a Plot, with a part for each.

        Args:
            columns: their names; none: the `most` that matter most.
            answer: of classes, a name or its number; None: of two the second, else the one that moves most.
        """
        chosen = [self._of(column) for column in columns] or self._drawn()[:most]
        empty = [one["column"] for one in chosen if not len(one["answers"])]
        if empty or not chosen:
            raise UsageError(f"plot_dependence: {'no value in ' + ', '.join(empty) if empty else 'no columns'}")
        answer = self._class_number(answer)
        parts = []
        for one in chosen:
            k = shown_class(one["answers"]) if answer is None else answer
            parts.append((one["column"], self._name(k), one["values"] or one["at"], one["answers"][:, k], one["shares"]))
        return plots.dependence(parts)

    def plot_confusion(self):
        """A Plot of the confusion matrix; of classes."""
        if "confusion" not in self:
            raise UsageError("plot_confusion: expected classes; plot_answers() has numbers")
        return plots.confusion(self["confusion"], self["classes"])

    def plot_answers(self):
        """Answers over truths, and the line on which they are the same: a Plot; of numbers."""
        if "truths" not in self:
            raise UsageError("plot_answers: expected numbers; plot_confusion() has classes")
        return plots.answers(self["truths"], self["answers"], self["target"])


def shown_class(answers):
    """The class whose probability (points, K) is shown: the second of two, else the one that moves most; 0 of a number."""
    if answers.shape[1] <= 2:
        return answers.shape[1] - 1
    return int((answers.max(0) - answers.min(0)).argmax())
