# SPDX-License-Identifier: Apache-2.0
"""Writes the goldens of tests/data/test_prepare.c with fastai 2 and pandas.

    python3 -m venv build/venv && build/venv/bin/pip install fastai
    build/venv/bin/python tests/golden/make_tables.py [FOLDER/tabular/adult/adult.csv]

mixed.csv is made here: words, numbers with gaps, whole numbers, truths and dates. mixed.json holds what
fastai's Categorify, FillMissing and Normalize (learned on the rows that are no multiple of 4) make of
each row, and pandas' date parts by add_datepart. adult.json holds, for the Adult table, summaries of
the same alone: for each column the dot product with a generated vector and samples of rows."""
import json
import pathlib
import random
import sys

import fastai
import numpy
import pandas
from fastai.tabular.all import (Categorify, FillMissing, Normalize, TabularPandas, add_datepart)

from generator import uniform

folder = pathlib.Path(__file__).parent / "tables"
folder.mkdir(exist_ok=True)
print("fastai", fastai.__version__, "pandas", pandas.__version__)


def write_mixed(path):
    draw = random.Random(3)
    words = ["red", "Blue", "grün", " green", "red wine", "7", "Zoë"]
    lines = ["word,size,weight,count,level,ok,SaleDate,stamp,price"]
    day = numpy.datetime64("2011-12-20")
    for row in range(240):
        rare = "rare%d" % row if row % 4 == 0 and draw.random() < .3 else None
        fields = [rare or ("" if draw.random() < .1 else draw.choice(words)),
                  "" if draw.random() < .15 else "%.3f" % draw.gauss(3, 2),
                  "%d" % draw.randint(-50, 50),
                  "%d" % draw.randint(1, 5),
                  "" if draw.random() < .1 else "%d" % draw.randint(0, 3),
                  draw.choice(["True", "False"]),
                  str(day + draw.randint(0, 1500)),
                  "%s %02d:%02d:%02d" % (day + draw.randint(-20000, 20000), draw.randint(0, 23), draw.randint(0, 59),
                                         draw.randint(0, 59)),
                  "%.2f" % abs(draw.gauss(100, 30))]
        lines.append(",".join(fields))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def prepare(frame, categories, numbers, target, valid):
    splits = ([i for i in range(len(frame)) if not valid[i]], [i for i in range(len(frame)) if valid[i]])
    made = TabularPandas(frame.copy(), procs=[Categorify, FillMissing, Normalize], cat_names=list(categories),
                         cont_names=list(numbers), y_names=target, splits=splits, inplace=False, reduce_memory=False)
    return made, made.items.sort_index()


def dates(frame, column, time):
    before = set(frame.columns)
    made = add_datepart(frame.copy(), column, drop=False, time=time)
    return {name: [int(v) for v in made[name]] for name in made.columns if name not in before}


def summary(name, values):
    """As golden.h reads it."""
    flat = numpy.asarray(values, numpy.float64)
    return {"shape": [flat.size], "norm": float(numpy.sqrt(flat @ flat)),
            "dot": float(flat @ uniform("dot:" + name, flat.size)),
            "samples": [float(flat[k * (flat.size - 1) // 7]) for k in range(8)]}


write_mixed(folder / "mixed.csv")
frame = pandas.read_csv(folder / "mixed.csv", parse_dates=["SaleDate", "stamp"])
for name in ("SaleDate", "stamp"):  # fastai counts nanoseconds
    frame[name] = frame[name].astype("datetime64[ns]")
valid = [i % 4 == 0 for i in range(len(frame))]
made, items = prepare(frame, ["word", "count", "ok", "level"], ["size", "weight"], "price", valid)
golden = {"versions": {"fastai": fastai.__version__, "pandas": pandas.__version__},
          "categories": {n: [int(v) for v in items[n]] for n in made.cat_names},
          "numbers": {n: [float(v) for v in items[n]] for n in made.cont_names},
          "dates": {**dates(frame, "SaleDate", False), **dates(frame, "stamp", True)}}
(folder / "mixed.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")

if len(sys.argv) > 1:
    frame = pandas.read_csv(sys.argv[1])
    valid = [i % 5 == 0 for i in range(len(frame))]
    made, items = prepare(frame, ["workclass", "education", "marital-status", "occupation", "relationship", "race",
                                  "sex", "native-country"],
                          ["age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"],
                          "salary", valid)
    golden = {"versions": {"fastai": fastai.__version__, "pandas": pandas.__version__},
              "categories": {n: summary(n, items[n]) for n in made.cat_names},
              "numbers": {n: summary(n, items[n]) for n in made.cont_names},
              "target": summary("salary", items["salary"])}
    (folder / "adult.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
