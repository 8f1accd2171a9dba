# SPDX-License-Identifier: Apache-2.0
"""Other methods on categories: as whole numbers, as zeros and ones, and by vectors that a network has learned
(Guo and Berkhahn 2016, table 1: there k = 10 neighbours by L1, forests of depth 35, boosted trees).

Reads a table with an is_valid column and a number to predict, and the CSV that `burnish table embeddings` prints; values
without a vector get that of #na#. Learns the logarithm of the target on some of the training rows, drawn by the seed.
Prints one JSON object: {"METHOD FORM": mean absolute relative error of the validation rows, ...}

Usage: sklearn_embeddings.py TABLE VECTORS TARGET [--rows 20000] [--seed 1]     needs pandas and scikit-learn
"""
import argparse
import json

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import OneHotEncoder


def vectors_of(path):
    """Of each column: value -> vector."""
    table = pd.read_csv(path, dtype={"value": str}, keep_default_na=False, na_values={"": [""]})
    found = {}
    for name, rows in table.groupby("column"):
        numbers = rows.drop(columns=["column", "value"]).apply(pd.to_numeric).dropna(axis=1).to_numpy()
        found[name] = dict(zip(rows["value"], numbers))
    return found


def embed(table, vectors):
    parts = [np.stack([vectors[name].get(str(value), vectors[name]["#na#"]) for value in table[name]])
             for name in table.columns]
    return np.concatenate(parts, axis=1)


def methods(seed):
    return {"k-nearest neighbours": lambda form: KNeighborsRegressor(
                10, weights="distance", **({"metric": "hamming"} if form == "zeros and ones" else {"p": 1})),
            "ridge regression": lambda form: Ridge(1.0),
            "random forest": lambda form: RandomForestRegressor(50, max_depth=35, random_state=seed),
            "boosted trees": lambda form: HistGradientBoostingRegressor(max_iter=150, random_state=seed)}


def main():
    parser = argparse.ArgumentParser()
    for name in ("table", "vectors", "target"):
        parser.add_argument(name)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    vectors = vectors_of(options.vectors)
    table = pd.read_csv(options.table)
    train, valid = table[table.is_valid == 0], table[table.is_valid == 1]
    train = train.sample(min(options.rows, len(train)), random_state=options.seed)
    names = [name for name in table.columns if name in vectors]
    codes = {name: {value: i for i, value in enumerate(sorted(set(table[name])))} for name in names}
    numbered = [part[names].apply(lambda column: column.map(codes[column.name])).to_numpy(float) for part in (train, valid)]
    hot = OneHotEncoder(handle_unknown="ignore").fit(numbered[0])
    forms = {"whole numbers": numbered, "zeros and ones": [hot.transform(part) for part in numbered],
             "vectors": [embed(part[names], vectors) for part in (train, valid)]}
    y, truth = np.log(train[options.target]), valid[options.target].to_numpy(float)
    found = {}
    for method, make in methods(options.seed).items():
        for form, (x, x_valid) in forms.items():
            if form == "zeros and ones" and method.startswith("k-"):
                x, x_valid = numbered  # the distance counts the columns that differ, as L1 of zeros and ones does
            elif form == "zeros and ones" and method == "boosted trees":
                x, x_valid = x.toarray(), x_valid.toarray()
            answer = np.exp(make(form).fit(x, y).predict(x_valid))
            found["%s, %s" % (method, form)] = float(np.mean(np.abs(answer - truth) / truth))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
