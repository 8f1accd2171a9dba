# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/csv/tables.bin: random separated-value texts beside what Python's csv module
reads from them (standard library only):

    python3 tests/golden/make_csv.py

A case is a line "SEPARATOR BYTES RECORDS", the text, and for each record its number of fields and
then, for each field, its length in a line and its bytes. Records without fields (empty lines) are
left out, as the reader of Burnish passes them over."""
import csv
import io
import pathlib
import random

CASES = 120
PIECES = ["a", "b", "7", "-1.5", " ", "é", "日本", ".", "x" * 70, "word", "it's", "5\" pipe"]
SPECIAL = ['"', "\n", "\r\n", "\r", ",", ";", "\t"]


def make_field(draw, separator):
    """A field's text and how it is written."""
    kind = draw.random()
    if kind < 0.1:
        return ""
    if kind < 0.6:  # plain: no separator, no line end; a quote may stand anywhere but in front
        text = "".join(draw.choice(PIECES) for _ in range(draw.randint(1, 4)))
        return text.lstrip('"')
    text = "".join(draw.choice(PIECES + SPECIAL * 2) for _ in range(draw.randint(0, 6)))
    return '"' + text.replace('"', '""') + '"'


def make_text(draw, separator):
    columns, rows = draw.randint(1, 7), draw.randint(1, 6)
    ends = [draw.choice(["\n", "\r\n", "\r"])] if draw.random() < 0.7 else ["\n", "\r\n", "\r"]
    lines = []
    for _ in range(rows):
        fields = [make_field(draw, separator) for _ in range(columns)]
        lines.append(separator.join(fields))
        lines.append(draw.choice(ends))
        if draw.random() < 0.1:
            lines.append(draw.choice(ends))
    if draw.random() < 0.3:
        lines.pop()
    return "".join(lines)


def write_case(out, separator, text):
    records = [r for r in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if r]
    if not records:
        return 0
    encoded = text.encode()
    out.write(b"%d %d %d\n" % (ord(separator), len(encoded), len(records)))
    out.write(encoded)
    for record in records:
        out.write(b"%d\n" % len(record))
        for field in record:
            data = field.encode()
            out.write(b"%d\n" % len(data) + data)
    return 1


folder = pathlib.Path(__file__).parent / "csv"
folder.mkdir(exist_ok=True)
draw = random.Random(11)
with open(folder / "tables.bin", "wb") as out:
    made = 0
    while made < CASES:
        separator = draw.choice([",", ";", "\t", "|"])
        made += write_case(out, separator, make_text(draw, separator))
