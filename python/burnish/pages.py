# SPDX-License-Identifier: Apache-2.0
"""Pieces of HTML that notebooks show: every one needs nothing else, so that an exported page has them too."""
import base64
import html
import os
import struct
import zlib

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


def folded(summary, *parts):
    """What is shown when its summary is clicked."""
    return f"<details><summary>{html.escape(summary)}</summary>{''.join(parts)}</details>"


def wide(*parts):
    """What scrolls sideways where it is wider than the page."""
    return f"<div style='overflow-x:auto'>{''.join(parts)}</div>"


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
                # Light fields keep the page's own colour of letters, which may be a dark page's.
                style = f" style='background:rgba(31,119,180,{shade:.2f}){';color:white' if shade > 0.8 else ''}'"
            fields.append(f"<td{style}>{html.escape(text)}</td>")
        body.append("<tr>" + "".join(fields) + "</tr>")
    sides = ["" if not rows or _is_number(figure(value)) else " style='text-align:left'" for value in (rows[0] if rows else head)]
    names = "".join(f"<th{side}>{html.escape(str(name))}</th>" for name, side in zip(head, sides))
    return f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def facts(pairs):
    """A table of (what, value), without a head."""
    body = "".join(f"<tr><td style='text-align:left'>{html.escape(str(name))}</td><td style='text-align:left'>"
                   f"{html.escape(figure(value))}</td></tr>" for name, value in pairs)
    return f"<table><tbody>{body}</tbody></table>" if body else ""


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


def _png(pixels):
    """The bytes of a PNG file of uint8 (height, width) or (height, width, 3)."""
    height, width = pixels.shape[:2]

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    rows = b"".join(b"\0" + pixels[i].tobytes() for i in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def picture_of(array, height=96):
    """Numbers (height, width), (1, height, width) or (3, height, width) as a picture, from their least (black) to their
    greatest."""
    import numpy

    array = array[0] if array.ndim == 3 and len(array) == 1 else numpy.moveaxis(array, 0, -1) if array.ndim == 3 else array
    low, high = float(array.min()), float(array.max())
    pixels = ((array - low) * (255 / ((high - low) or 1))).round().astype(numpy.uint8)
    data = base64.b64encode(_png(pixels)).decode()
    return f"<img style='height:{height}px;margin:0;image-rendering:pixelated' alt='' src='data:image/png;base64,{data}'>"


def side_by_side(pictures, captions, align="flex-end"):
    """Pictures, each over its caption (lines, one below the other); `align`: "flex-end" by their feet, "flex-start" by
    their heads."""
    places = []
    for shown, caption in zip(pictures, captions):
        lines = "<br>".join(html.escape(str(line)) for line in ([caption] if isinstance(caption, str) else caption))
        places.append(f"<figure style='margin:4px;text-align:center;font-size:85%'>{shown}"
                      f"<figcaption>{lines}</figcaption></figure>")
    return f"<div style='display:flex;flex-wrap:wrap;align-items:{align}'>{''.join(places)}</div>"


def grid(paths, captions, height=96):
    """Files side by side as pictures, each over its caption."""
    return side_by_side([picture(path, height) for path in paths], captions)


def bar(share, width=200):
    """A bar of a share from 0 to 1."""
    share = min(1, max(0, share))
    return f"<div style='height:.8em;width:{share * width:.0f}px;background:#1f77b4'></div>"


def bars(head, rows, most=None):
    """A table of (name, number) with a bar each, as long as the number is beside `most`, or the greatest of them."""
    most = most or max([0, *(number for _, number in rows)]) or 1
    body = "".join(f"<tr><td style='text-align:left'>{html.escape(str(name))}</td><td>{number:.4g}</td>"
                   f"<td style='text-align:left'>{bar(number / most)}</td></tr>" for name, number in rows)
    names = f"<th style='text-align:left'>{html.escape(head[0])}</th><th>{html.escape(head[1])}</th>"
    return f"<table><thead><tr>{names}<th></th></tr></thead><tbody>{body}</tbody></table>"


def arrays(rows):
    """Arrays by name, folded: rows of (name, shape)."""
    return folded(f"{len(rows)} arrays by name", table(["name", "shape", "values"], [
        [name, " x ".join(map(str, shape)) or "one", size(shape)] for name, shape in rows]))


def size(shape):
    """How many values a shape has."""
    values = 1
    for length in shape:
        values *= length
    return values


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
    return _line(range(len(losses)), losses, width, height, "training loss") if len(losses) > 1 else ""


def line(x, y, name, width=200, height=60):
    """A line with both ends of both axes, as SVG; one point is a dot."""
    return _line(x, y, width, height, name, True)


def _end(value):
    """The number at an axis' end."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.3g}"


def _line(x, y, width, height, name, below=False):
    low, high, first, last = min(y), max(y), min(x), max(x)
    across, up = (last - first) or 1, (high - low) or 1
    places = [(float(width * (at - first) / across), float(height - (value - low) / up * height)) for at, value in zip(x, y)]
    points = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
    drawn = f"<polyline fill='none' stroke='#1f77b4' stroke-width='1.5' points='{points}'/>"
    if len(places) == 1:
        drawn = f"<circle fill='#1f77b4' r='2.5' cx='{places[0][0]:.1f}' cy='{places[0][1]:.1f}'/>"
    ends = f"<text x='{width + 6}' y='4'>{_end(high)}</text><text x='{width + 6}' y='{height + 4}'>{_end(low)}</text>"
    foot = 14 if below else 0
    if below:
        ends += (f"<text x='0' y='{height + 16}'>{_end(first)}</text>"
                 f"<text x='{width}' y='{height + 16}' text-anchor='end'>{_end(last)}</text>")
    return (f"<svg width='{width + 60}' height='{height + 12 + foot}' "
            f"viewBox='-2 -6 {width + 62} {height + 12 + foot}' role='img' "
            f"aria-label='{html.escape(name, quote=True)}'>{drawn}<g font-size='11' fill='currentColor'>{ends}</g></svg>")
