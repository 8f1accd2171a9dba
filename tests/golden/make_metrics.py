# SPDX-License-Identifier: Apache-2.0
"""Writes metrics.json: scikit-learn's metrics of 60 items and 5 columns.

outputs  2 u("outputs"), rounded to tenths, so that there are ties; float32, as are the targets
n-hot    u("targets") > .2; item 7 has no class, class 4 no item ("map", "auc" are of the other four)
labels   (7 i + 3) mod 5; for two labels (7 i + 3) mod 2 and the first two columns
numbers  u("targets"), column 2 is .25 everywhere

Usage: make_metrics.py     needs scikit-learn
"""
import pathlib

import numpy as np
import sklearn
from scipy.special import expit, softmax
from sklearn import metrics

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent
ITEMS, CLASSES = 60, 5


def multi(outputs, targets):
    probability = expit(outputs.astype(np.float64))
    thresholds = np.arange(.17, .24, .01)
    f2 = [metrics.fbeta_score(targets, probability > t, beta=2, average="samples", zero_division=0)
          for t in thresholds]
    with_items = slice(0, 4)
    return {
        "f2": max(f2), "threshold": float(thresholds[int(np.argmax(f2))]), "f2_at": f2,
        "f1_at_half": metrics.fbeta_score(targets, probability > .5, beta=1, average="samples",
                                          zero_division=0),
        "accuracy_multi": float(((probability > .5) == targets).mean()),
        "average_precisions": [float(metrics.average_precision_score(targets[:, k], outputs[:, k]))
                               for k in range(4)],
        "map": metrics.average_precision_score(targets[:, with_items], outputs[:, with_items]),
        "auc": metrics.roc_auc_score(targets[:, with_items], outputs[:, with_items]),
    }


def single(outputs):
    labels = (7 * np.arange(ITEMS) + 3) % CLASSES
    probability = softmax(outputs.astype(np.float64), axis=1)
    one_hot = np.eye(CLASSES, dtype=int)[labels]
    return {"map": metrics.average_precision_score(one_hot, probability),
            "auc": metrics.roc_auc_score(labels, probability, multi_class="ovr")}


def pair(outputs):
    labels = (7 * np.arange(ITEMS) + 3) % 2
    return {"auc": metrics.roc_auc_score(labels, softmax(outputs[:, :2].astype(np.float64), axis=1)[:, 1])}


def numbers(outputs, targets):
    outputs, targets = outputs.astype(np.float64), targets.astype(np.float64)
    ratio = (np.exp(targets) - np.exp(outputs)) / np.exp(targets)
    return {"mse": metrics.mean_squared_error(targets, outputs),
            "rmse": metrics.mean_squared_error(targets, outputs) ** .5,
            "mae": metrics.mean_absolute_error(targets, outputs),
            "r2": metrics.r2_score(targets, outputs),
            "exp_rmspe": float(np.sqrt((ratio ** 2).mean()))}


if __name__ == "__main__":
    drawn = generator.uniform("outputs", ITEMS * CLASSES).reshape(ITEMS, CLASSES)
    outputs = (np.floor(20 * drawn + .5) / 10).astype(np.float32)
    drawn = generator.uniform("targets", ITEMS * CLASSES).reshape(ITEMS, CLASSES)
    hot = (drawn > .2).astype(int)
    hot[7], hot[:, 4] = 0, 0
    values = drawn.astype(np.float32)
    values[:, 2] = .25
    out = {"made_by": f"make_metrics.py, scikit-learn {sklearn.__version__}",
           "multi": multi(outputs, hot), "single": single(outputs), "pair": pair(outputs),
           "numbers": numbers(outputs, values)}
    (HERE / "metrics.json").write_text(lines(out) + "\n")
