# SPDX-License-Identifier: Apache-2.0
"""Figures of matplotlib, which is imported when one is drawn. None touches pyplot or what it has open."""
import io

from .errors import UnsupportedError, UsageError


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


def line(y, up, across="batch", x=None, logarithmic=False, marker=""):
    """A curve; `x` None: over its index."""
    plot = Plot()
    plot.axes.plot(range(1, len(y) + 1) if x is None else x, y, marker=marker, markersize=4)
    plot.axes.set_xlabel(across)
    plot.axes.set_ylabel(up)
    if logarithmic:
        plot.axes.set_xscale("log")
    return plot


def lines(x, series, across, up=None, marker="o"):
    """Curves over one axis: (name, numbers) each, with their names where there are several."""
    plot = Plot()
    for name, y in series:
        plot.axes.plot(x, y, label=name, marker=marker, markersize=4)
    plot.axes.set_xlabel(across)
    plot.axes.set_ylabel(up or (series[0][0] if len(series) == 1 else ""))
    plot.axes.locator_params(axis="x", integer=True)
    if len(series) > 1:
        plot.axes.legend()
    return plot


def side_by_side(x, series, across):
    """Curves over one axis, (name, numbers) each, in a part of its own: their sizes differ."""
    if len(series) == 1:
        return lines(x, series, across)
    beside = min(3, len(series))
    down = -(-len(series) // beside)
    plot = Plot(3.4 * beside, 2.7 * down)
    plot.figure.clear()
    for i, (name, y) in enumerate(series):
        axes = plot.figure.add_subplot(down, beside, i + 1)
        axes.plot(x, y, marker="o", markersize=4)
        axes.set_xlabel(across)
        axes.set_ylabel(name)
        axes.locator_params(axis="x", integer=True, nbins=6)
    plot.axes = plot.figure.axes[0]
    return plot


def answers(truths, given, name):
    """Answers over truths, and the line on which they are the same."""
    plot = Plot(5, 5)
    low, high = float(min(truths.min(), given.min())), float(max(truths.max(), given.max()))
    plot.axes.plot([low, high], [low, high], color="0.6", linewidth=1, zorder=1)
    plot.axes.scatter(truths, given, s=8, alpha=min(1, max(0.1, 300 / max(1, len(truths)))), zorder=2)
    plot.axes.set_xlabel(f"{name}, truth")
    plot.axes.set_ylabel(f"{name}, answer")
    plot.axes.locator_params(nbins=5)
    plot.axes.set_aspect("equal")
    return plot


CATEGORIES = 12  # of a part: those that are most frequent


def _short(name, letters=18):
    return name if len(name) <= letters else name[: letters - 1] + "\u2026"


def plain(name):
    """A name as matplotlib writes it letter by letter: its dollar signs begin no formula."""
    return str(name).replace("$", r"\$")


def dependence(parts, across=3):
    """Mean answers over values: parts of (column, name of the answer, numbers or names, answers, shares of names)."""
    across = min(across, len(parts))
    down = -(-len(parts) // across)
    plot = Plot(3.4 * across + 0.6, 2.7 * down)
    plot.figure.clear()
    for i, (column, name, values, given, shares) in enumerate(parts):
        axes = plot.figure.add_subplot(down, across, i + 1)
        axes.tick_params(labelsize=8)
        if shares is None:
            axes.plot(values, given, marker="o" if len(given) < 20 else "", markersize=3)
            axes.locator_params(axis="x", nbins=4)
            axes.set_xlabel(plain(column), fontsize=9)
            axes.set_ylabel(plain(name), fontsize=8)
        else:
            shown = range(min(CATEGORIES, len(given)))
            places = [-k for k in shown]
            axes.hlines(places, min(given[k] for k in shown), [given[k] for k in shown], color="0.85", linewidth=1)
            axes.scatter([given[k] for k in shown], places, s=[12 + 60 * shares[k] for k in shown], zorder=2)
            axes.set_yticks(places, [plain(_short(values[k])) for k in shown], fontsize=7)
            axes.locator_params(axis="x", nbins=4)
            more = ", the most frequent values" if len(given) > len(places) else ""
            axes.set_title(plain(column) + more, fontsize=9)
            axes.set_xlabel(plain(name), fontsize=8)
    plot.axes = plot.figure.axes[0]
    return plot


COUNTED = 40  # classes of a confusion matrix whose counts are written


def confusion(matrix, classes):
    """Counts, row = truth, column = answer; written into their fields where these are large enough."""
    side = min(14, 2.5 + 0.45 * len(classes))
    plot = Plot(side + 0.6, side)
    shown = plot.axes.imshow(matrix, cmap="Blues", interpolation="nearest", vmin=0)
    plot.figure.colorbar(shown, fraction=0.046)
    names = [plain(name) for name in classes]
    plot.axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    plot.axes.set_yticks(range(len(names)), names)
    plot.axes.set_xlabel("answer")
    plot.axes.set_ylabel("truth")
    most = max(1, int(matrix.max()))
    if len(classes) > COUNTED:
        plot.axes.tick_params(labelsize=max(3, 450 / len(classes) / 2))
        return plot
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
        axes.set_title(plain(caption), fontsize=8)
        axes.axis("off")
    plot.axes = plot.figure.axes[0]
    return plot


def components(vectors):
    """Places (N, 2) of vectors (N, width) along the two directions in which they differ most (principal components), and
    each direction's share of the variance. A direction's largest coordinate is positive, as in C's maps."""
    import numpy

    centred = (vectors - vectors.mean(0)).astype(numpy.float64)
    _, deviations, directions = numpy.linalg.svd(centred, full_matrices=False)
    count = min(2, len(directions))
    signs = [numpy.sign(one[numpy.abs(one).argmax()]) or 1 for one in directions[:count]]
    places, shares = numpy.zeros((len(vectors), 2)), numpy.zeros(2)
    places[:, :count] = centred @ directions[:count].T * signs
    shares[:count] = deviations[:count] ** 2 / ((deviations**2).sum() or 1)
    return places, shares


_NAME_SIZE = 7                 # points, of a map's names
_SIDES = ((1, 0), (-1, 0), (0.8, 1), (0.8, -1), (-0.8, 1), (-0.8, -1), (0, 1), (0, -1))  # of a dot, to try a name at
_GAPS = (2, 6, 12, 20, 30)     # points from the dot to its name, and which of them have a line that leads there
_LEADS_FROM = 2


def _places_of(x, y, width, height, radius):
    """Boxes (left, bottom, right, top) to try a name at, nearest first, and the gap of each."""
    for gap in _GAPS:
        for across, down in _SIDES:
            left = x + across * (radius + gap + width / 2) - width / 2
            bottom = y + down * (radius + gap + height / 2) - height / 2
            yield (left, bottom, left + width, bottom + height), gap


def _write_names(axes, places, names, radii):
    """Writes names beside dots, the first of them first, where each covers neither a dot nor another name."""
    import numpy

    points = 72 / axes.figure.dpi
    dots = axes.transData.transform(places) * points
    window = axes.get_window_extent()
    low, high = numpy.array([window.x0, window.y0]) * points + 2, numpy.array([window.x1, window.y1]) * points - 2
    taken = numpy.empty((0, 4))
    for place, (x, y), name, radius in zip(places, dots, names, radii):
        name = plain(name)
        written = axes.text(0, 0, name, fontsize=_NAME_SIZE)
        extent = written.get_window_extent()
        written.remove()
        for at, gap in _places_of(x, y, extent.width * points + 2, extent.height * points, radius):
            box = numpy.array(at)
            beside = numpy.hypot(*(dots - numpy.clip(dots, box[:2], box[2:])).T) >= radii
            apart = (taken[:, :2] >= box[2:]).any(1) | (taken[:, 2:] <= box[:2]).any(1)
            if (box[:2] > low).all() and (box[2:] < high).all() and beside.all() and apart.all():
                taken = numpy.vstack([taken, box])
                leads = {"arrowprops": {"arrowstyle": "-", "color": "0.7", "linewidth": 0.5}} if gap >= _GAPS[_LEADS_FROM] else {}
                axes.annotate(name, place, fontsize=_NAME_SIZE, ha="center", va="center", textcoords="offset points",
                              xytext=((box[0] + box[2]) / 2 - x, (box[1] + box[3]) / 2 - y), **leads)
                break


def map_of(vectors, names, title, weights=None, values=None, values_name=""):
    """Vectors (N, width) along the two directions in which they differ most, with their names where there is room: near is
    alike. `weights` (N): the names to write first, and the greater dots; `values` (N): their colours."""
    import numpy

    if not len(vectors):
        raise UsageError(f"{title}: there is nothing to draw")
    places, shares = components(numpy.asarray(vectors))
    weights = numpy.ones(len(places)) if weights is None else numpy.asarray(weights, numpy.float64)
    differ = (weights != weights[0]).any()
    order = numpy.argsort(-(weights if differ else numpy.hypot(*places.T)), kind="stable")  # else those that stand out
    radii = 2 + 2.5 * differ * numpy.sqrt(weights / (weights.max() or 1))
    across, up = numpy.ptp(places, 0)
    height = min(8, max(4, 8 * up / (across or 1)))
    plot = Plot(8, height)
    plot.figure.set_layout_engine("none")  # names are placed by where the axes are
    plot.figure.subplots_adjust(left=0.1, right=0.97 if values is None else 0.9, bottom=0.55 / height, top=1 - 0.35 / height)
    colours = {} if values is None else {"c": values, "cmap": "viridis"}
    shown = plot.axes.scatter(*places.T, s=(2 * radii) ** 2, alpha=0.8, linewidths=0, **colours)
    if values is not None:
        plot.figure.colorbar(shown, label=values_name, fraction=0.04, pad=0.02)
    plot.axes.margins(0.08)
    plot.axes.set_title(plain(title))
    plot.axes.set_xlabel(f"direction 1: {shares[0]:.0%} of the variance")
    plot.axes.set_ylabel(f"direction 2: {shares[1]:.0%} of the variance")
    plot.axes.set_aspect("equal", adjustable="datalim")  # distances are comparable
    plot.figure.draw_without_rendering()
    _write_names(plot.axes, places[order], [_short(names[i], 26) for i in order], radii[order])
    return plot
