#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the texts of tools/demo_text.

  tools/demo_texts.py novels FOLDER OUT     a row (novel,text) for each chapter of Jane Austen's novels; FOLDER holds
                                            a CSV file a novel, a line a row, as tools/r_data.py writes them
  tools/demo_texts.py films PACKAGE OUT     a row (text,label,is_valid) for each snippet of a film review in PyPI's
                                            source package vaderSentiment (C. J. Hutto and E. Gilbert 2014: 10,605
                                            snippets, each rated from -4 to 4 by twenty people)

Of the film reviews, ratings above .5 are "good", below -.5 "bad"; the 533 between are left out. Every tenth snippet
validates; NAME-valid.csv beside OUT holds these alone."""
import csv
import glob
import io
import os
import re
import sys
import tarfile

INNER = "additional_resources/hutto_ICWSM_2014.tar.gz"
SNIPPETS = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


def write(path, header, rows):
    with open(path + ".new", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    os.replace(path + ".new", path)
    print("%s: %d rows" % (path, len(rows)))


def chapters(path):
    """Lines wrap at 70 characters and paragraphs end at an empty one; what stands before the first chapter is no text."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = [row[0] if row else "" for row in list(csv.reader(file))[1:]]
    text = "\n".join(lines)
    for part in re.split(r"\n(?:CHAPTER|Chapter) [IVXLC0-9]+\.?[^\n]*\n", "\n" + text)[1:]:
        paragraphs = (" ".join(p.split()) for p in re.split(r"\n\s*\n", part))
        body = "\n".join(p for p in paragraphs if p)
        if len(body) > 500:
            yield body


def novels(folder, out):
    rows = []
    for path in sorted(glob.glob(os.path.join(folder, "*.csv"))):
        name = os.path.splitext(os.path.basename(path))[0]
        rows += [(name, body) for body in chapters(path)]
    write(out, ("novel", "text"), rows)


def films(package, out):
    with tarfile.open(package) as outer:
        inner = next(m for m in outer.getmembers() if m.name.endswith(INNER))
        with tarfile.open(fileobj=io.BytesIO(outer.extractfile(inner).read())) as archive:
            lines = archive.extractfile(SNIPPETS).read().decode("utf-8").splitlines()
    rows = []
    for line in lines:
        _, rating, text = line.split("\t")
        if abs(float(rating)) >= .5:
            rows.append((text, "good" if float(rating) > 0 else "bad", len(rows) % 10 == 9))
    header = ("text", "label", "is_valid")
    write(out.replace(".csv", "-valid.csv"), header, [row for row in rows if row[2]])
    write(out, header, rows)


if len(sys.argv) != 4 or sys.argv[1] not in ("novels", "films"):
    sys.exit(__doc__)
{"novels": novels, "films": films}[sys.argv[1]](sys.argv[2], sys.argv[3])
