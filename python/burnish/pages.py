# SPDX-License-Identifier: Apache-2.0
"""Pieces of HTML that notebooks show: every one needs nothing else, so that an exported page has them too."""
import base64
import html
import os

#: Files of more bytes than this are named, not shown.
PICTURE_BYTES_MAX = 400_000

_KINDS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


def figure(value):
    """A number as a text; None is empty."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.0f}"


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return text == ""
    return True


def element(*parts):
    """What is shown, as one element."""
    return "<div class='burnish'>" + "".join(parts) + "</div>"


def title(text):
    return f"<div style='margin:.3em 0'><b>{html.escape(str(text))}</b></div>"


def table(head, rows, shades=None):
    """A table; `shades`: rows of numbers from 0 to 1, how dark each field is."""
    body = []
    for i, row in enumerate(rows):
        fields = []
        for j, value in enumerate(row):
            shade = shades[i][j] if shades else None
            text = figure(value)
            style = "" if _is_number(text) else " style='text-align:left'"
            if shade is not None:
                style = f" style='background:rgba(31,119,180,{shade:.2f});color:{'white' if shade > 0.6 else 'black'}'"
            fields.append(f"<td{style}>{html.escape(text)}</td>")
        body.append("<tr>" + "".join(fields) + "</tr>")
    names = "".join(f"<th>{html.escape(str(name))}</th>" for name in head)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def picture(path, height=96):
    """A file as a picture in the page itself, or its name where it is large, gone or of another kind."""
    kind = _KINDS.get(os.path.splitext(path)[1].lower())
    try:
        if kind and os.path.getsize(path) <= PICTURE_BYTES_MAX:
            with open(path, "rb") as file:
                data = base64.b64encode(file.read()).decode()
            return f"<img style='height:{height}px;margin:0' alt='' src='data:image/{kind};base64,{data}'>"
    except OSError:
        pass
    return f"<span>{html.escape(os.path.basename(path))}</span>"


def grid(paths, captions, height=96):
    """Pictures side by side, each over its caption (lines, one below the other)."""
    places = []
    for path, caption in zip(paths, captions):
        lines = "<br>".join(html.escape(str(line)) for line in ([caption] if isinstance(caption, str) else caption))
        places.append(f"<figure style='margin:4px;text-align:center;font-size:85%'>{picture(path, height)}"
                      f"<figcaption>{lines}</figcaption></figure>")
    return f"<div style='display:flex;flex-wrap:wrap;align-items:flex-end'>{''.join(places)}</div>"


def confusion(matrix, classes):
    """A table of counts, row = truth, column = answer, darker where a class's share is greater."""
    rows, shades = [], []
    for name, counts in zip(classes, matrix):
        all_of_it = max(1, sum(int(count) for count in counts))
        rows.append([name, *(int(count) for count in counts)])
        shades.append([None, *(int(count) / all_of_it for count in counts)])
    return table(["truth \\ answer", *classes], rows, shades)


def words(pairs):
    """Words, each coloured by its share: green speaks for the answer, red against it."""
    most = max((abs(share) for _, share in pairs), default=0) or 1
    shown = []
    for word, share in pairs:
        colour = "44,160,44" if share > 0 else "214,39,40"
        shown.append(f"<span title='{share:+.3f}' style='padding:1px 3px;background:rgba({colour},{0.8 * abs(share) / most:.2f})'>"
                     f"{html.escape(word)}</span>")
    return "<div style='line-height:1.8'>" + " ".join(shown) + "</div>"


def curve(losses, width=320, height=80):
    """A line over its index, its greatest and least value beside it, as SVG; "" for fewer than two."""
    losses = losses[:: max(1, len(losses) // 400)]
    if len(losses) < 2:
        return ""
    low, high = min(losses), max(losses)
    scale = (high - low) or 1
    points = " ".join(f"{i * width / (len(losses) - 1):.1f},{height - (loss - low) / scale * height:.1f}"
                      for i, loss in enumerate(losses))
    return (f"<svg width='{width + 60}' height='{height + 12}' viewBox='-2 -6 {width + 62} {height + 12}' role='img' "
            f"aria-label='training loss'><polyline fill='none' stroke='#1f77b4' stroke-width='1.5' points='{points}'/>"
            f"<g font-size='11' fill='currentColor'><text x='{width + 6}' y='4'>{high:.3g}</text>"
            f"<text x='{width + 6}' y='{height + 4}'>{low:.3g}</text></g></svg>")
