# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/splits.json, the golden of tests/data/test_split.c, with NumPy.

    python3 -m venv build/venv && build/venv/bin/pip install numpy
    build/venv/bin/python tests/golden/make_splits.py

A case is what get_cv_idxs of fast.ai 0.7 gives: part number cv_idx of int(val_pct * n) items of
RandomState(seed).permutation(n). Long ones are kept as their length, first items and a weighted sum."""
import json
import pathlib

import numpy

CASES = [(10, 0, .2, 42), (10, 1, .3, 42), (10, 3, .3, 42), (10, 4, .3, 42), (1, 0, 1., 0), (5, 0, .1, 7),
         (100, 0, .2, 42), (100, 4, .2, 42), (1000, 2, .25, 0), (700, 0, 1., 4294967295),
         (40479, 0, .2, 42), (100000, 3, .2, 123456789)]
cases = []
for n, cv_idx, val_pct, seed in CASES:
    size = int(val_pct * n)
    items = numpy.random.RandomState(seed).permutation(n)[cv_idx * size:(cv_idx + 1) * size]
    cases.append({"n": n, "cv_idx": cv_idx, "val_pct": val_pct, "seed": seed, "count": len(items),
                  "first": items[:20].tolist(),
                  "sum": int(sum((i % 1000 + 1) * int(item) for i, item in enumerate(items)))})
path = pathlib.Path(__file__).parent / "splits.json"
path.write_text(json.dumps({"numpy": numpy.__version__, "cases": cases}) + "\n")
