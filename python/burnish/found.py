# SPDX-License-Identifier: Apache-2.0
"""What calls find, as the dicts, tuples and lists that they are, which notebooks show as tables and colours."""
from collections import namedtuple

from . import pages, plots

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
            parts.append(pages.confusion(self["confusion"], self.classes))
        return pages.element(*parts, pages.table(["where", "text", "label", "answer", "loss"], rows))

    def plot_confusion(self):
        """A Plot of the confusion matrix; of labels."""
        return plots.confusion(self["confusion"], self.classes)


class Items(list):
    """Items with their values, best first."""

    def _repr_html_(self):
        rows = [[i, one.id, one.title, f"{one.value:.3f}"] for i, one in enumerate(self, 1)]
        return pages.element(pages.table(["", "id", "title", "value"], rows))


class Columns(dict):
    """What a network on a table goes by: `score`, `importance` (dicts of column, loss, deviation, metric), `worst` (dicts
    of row, truth, answer, loss, and values, a dict by column)."""

    def _repr_html_(self):
        score = {name: value for name, value in self["score"].items() if value is not None}
        most = max([0, *(one["loss"] for one in self["importance"])]) or 1
        bars = "".join(
            f"<tr><td style='text-align:left'>{pages.html.escape(one['column'])}</td><td>{one['loss']:.4g}</td><td style='text-align:left'><div "
            f"style='height:.8em;width:{max(0, 200 * one['loss'] / most):.0f}px;background:#1f77b4'></div></td></tr>"
            for one in self["importance"][:20])
        worst = [[one["row"], one["truth"], one["answer"], one["loss"]] for one in self["worst"]]
        return pages.element(
            pages.table(list(score), [list(score.values())]),
            f"<table><thead><tr><th>column</th><th>loss grows by</th><th></th></tr></thead><tbody>{bars}</tbody></table>",
            pages.table(["row", "truth", "answer", "loss"], worst))

    def plot(self, most=15):
        """Importance of the columns that matter most: a Plot."""
        rows = self["importance"][:most][::-1]
        plot = plots.Plot(6, 1 + 0.28 * len(rows))
        plot.axes.barh([one["column"] for one in rows], [one["loss"] for one in rows], xerr=[one["deviation"] for one in rows])
        plot.axes.set_xlabel("growth of the loss without the column")
        plot.axes.locator_params(axis="x", nbins=5)
        return plot
