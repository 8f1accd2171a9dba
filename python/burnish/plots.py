# SPDX-License-Identifier: Apache-2.0
"""Figures of matplotlib, which is imported when one is drawn. None touches pyplot or what it has open."""
import io

from .errors import UnsupportedError


class Plot:
    """A figure that a notebook shows.

    Attributes:
        figure: matplotlib's Figure, to be changed; axes: its first Axes.
    """

    def __init__(self, width=6, height=4):
        try:
            from matplotlib.figure import Figure
        except ImportError:
            raise UnsupportedError("plot: matplotlib is not installed") from None
        self.figure = Figure(figsize=(width, height), layout="tight")
        self.axes = self.figure.add_subplot()

    def save(self, path):
        """Writes a file; its ending says what: .png, .svg, .pdf."""
        self.figure.savefig(path)

    def _repr_png_(self):
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=100)
        return out.getvalue()

    def __repr__(self):
        return f"<Plot {self.axes.get_title() or self.axes.get_ylabel()}>"


def line(y, up, across="batch", x=None, logarithmic=False):
    """A curve; `x` None: over its index."""
    plot = Plot()
    plot.axes.plot(range(1, len(y) + 1) if x is None else x, y)
    plot.axes.set_xlabel(across)
    plot.axes.set_ylabel(up)
    if logarithmic:
        plot.axes.set_xscale("log")
    return plot


def confusion(matrix, classes):
    """Counts, row = truth, column = answer."""
    side = 2.5 + 0.45 * len(classes)
    plot = Plot(side + 0.6, side)
    shown = plot.axes.imshow(matrix, cmap="Blues", interpolation="nearest", vmin=0)
    plot.figure.colorbar(shown, fraction=0.046)
    plot.axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    plot.axes.set_yticks(range(len(classes)), classes)
    plot.axes.set_xlabel("answer")
    plot.axes.set_ylabel("truth")
    most = max(1, int(matrix.max()))
    for i in range(len(classes)):
        for j in range(len(classes)):
            plot.axes.text(j, i, int(matrix[i, j]), ha="center", va="center", fontsize=8,
                           color="white" if matrix[i, j] > most / 2 else "black")
    return plot


def pictures(arrays, captions, across=3):
    """Pictures (height, width, 3) in rows of `across`, each under its caption."""
    down = -(-len(arrays) // across)
    plot = Plot(2.4 * across, 2.6 * down)
    plot.figure.clear()
    for i, (array, caption) in enumerate(zip(arrays, captions)):
        axes = plot.figure.add_subplot(down, across, i + 1)
        axes.imshow(array)
        axes.set_title(caption, fontsize=8)
        axes.axis("off")
    plot.axes = plot.figure.axes[0]
    return plot


def map_of(vectors, names, title):
    """Vectors (N, width) along the two directions in which they differ most, with their names: near is alike."""
    import numpy

    centred = vectors - vectors.mean(0)
    _, _, directions = numpy.linalg.svd(centred.astype(numpy.float64), full_matrices=False)
    places = centred @ directions[:2].T
    if places.shape[1] < 2:
        places = numpy.column_stack([places, numpy.zeros(len(places))])
    plot = Plot(7, 6)
    plot.axes.scatter(places[:, 0], places[:, 1], s=12)
    for name, (x, y) in zip(names, places):
        plot.axes.annotate(name, (x, y), fontsize=7, xytext=(3, 3), textcoords="offset points")
    plot.axes.margins(x=0.15)  # for the names
    plot.axes.set_title(title)
    return plot
