# SPDX-License-Identifier: Apache-2.0
"""Plots: matplotlib's where it is installed, else lines as SVG. The runner saves them (docs/fastai07.md)."""
import html
import math

#: SVGs that were drawn and not yet shown or saved.
drawn = []


def _pyplot():
    try:
        import matplotlib.pyplot
    except ImportError:
        return None
    return matplotlib.pyplot


def line(x, y, across, up, logarithmic=False):
    """A curve, its axes named."""
    pyplot = _pyplot()
    if pyplot is None:
        drawn.append(svg(list(x), list(y), across, up, logarithmic))
        _show()
        return
    pyplot.plot(x, y)
    pyplot.xlabel(across)
    pyplot.ylabel(up)
    if logarithmic:
        pyplot.xscale("log")


def lines(x, curves, across):
    """Curves [(y, what it is)] side by side, each with axes of its own."""
    pyplot = _pyplot()
    if pyplot is not None and len(curves) > 1:
        pyplot.figure(figsize=(6 * len(curves), 4))
    for place, (y, up) in enumerate(curves):
        if pyplot is not None and len(curves) > 1:
            pyplot.subplot(1, len(curves), place + 1)
        line(x, y, across, up)


def _show():
    import sys

    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        from IPython.display import SVG, display

        display(SVG(drawn.pop()))


def svg(x, y, across, up, logarithmic=False, width=480, height=320):
    """The curve as text; what is not finite is left out."""
    points = [(math.log10(a) if logarithmic else a, b) for a, b in zip(x, y)
              if math.isfinite(b) and (not logarithmic or a > 0)]
    left, bottom = 60, 40

    def place(values, value, start, length):
        low, high = min(values), max(values)
        return start + (value - low) / ((high - low) or 1) * length

    text = [f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' font-family='sans-serif' font-size='11'>",
            f"<rect width='{width}' height='{height}' fill='white'/>"]
    if points:
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        at = [(place(xs, a, left, width - left - 10), height - place(ys, b, bottom, height - bottom - 10)) for a, b in points]
        text.append("<polyline fill='none' stroke='#1f77b4' stroke-width='1.5' points='"
                    + " ".join(f"{a:.1f},{b:.1f}" for a, b in at) + "'/>")
        for value in (min(ys), max(ys)):
            text.append(f"<text x='{left - 6}' y='{height - place(ys, value, bottom, height - bottom - 10) + 4:.1f}' "
                        f"text-anchor='end'>{value:.3g}</text>")
        for value in (min(xs), max(xs)):
            shown = 10**value if logarithmic else value
            text.append(f"<text x='{place(xs, value, left, width - left - 10):.1f}' y='{height - 24}' "
                        f"text-anchor='middle'>{shown:.3g}</text>")
    text.append(f"<text x='{width / 2}' y='{height - 8}' text-anchor='middle'>{html.escape(across)}</text>")
    text.append(f"<text transform='translate(14,{height / 2}) rotate(-90)' text-anchor='middle'>{html.escape(up)}</text></svg>")
    return "\n".join(text) + "\n"


def save(folder, stem, number):
    """Writes what was plotted since as FOLDER/STEM-NUMBER.png or .svg; returns the next number and the paths."""
    import os

    paths = []

    def path_of(kind):
        os.makedirs(folder, exist_ok=True)
        paths.append(os.path.join(folder, f"{stem}-{number + len(paths)}.{kind}"))
        return paths[-1]

    import sys

    pyplot = sys.modules.get("matplotlib.pyplot")
    for figure in pyplot.get_fignums() if pyplot else ():
        pyplot.figure(figure).savefig(path_of("png"))
        pyplot.close(figure)
    while drawn:
        with open(path_of("svg"), "w", encoding="utf-8") as file:
            file.write(drawn.pop(0))
    return number + len(paths), paths
