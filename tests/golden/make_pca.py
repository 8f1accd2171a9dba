# SPDX-License-Identifier: Apache-2.0
"""Writes pca.json: scikit-learn's PCA of generated points, float32 as they come.

tall  (40, 6)  u("tall"), column j times j + 1
wide  (5, 12)  u("wide")

Usage: make_pca.py     needs scikit-learn 1.5 or later, for the signs
"""
import pathlib

import numpy as np
import sklearn
from sklearn.decomposition import PCA

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent


def case(points, components):
    pca = PCA(components, svd_solver="full").fit(points)
    return {"variances": pca.explained_variance_.tolist(),
            "shares": pca.explained_variance_ratio_.tolist(),
            "axes": pca.components_.ravel().tolist(),
            "scores": pca.transform(points).ravel().tolist()}


def points(name, count, width):
    return generator.uniform(name, count * width).astype(np.float32).astype(np.float64).reshape(count, width)


def main():
    scale = np.arange(1, 7)
    tall = (points("tall", 40, 6).astype(np.float32) * scale.astype(np.float32)).astype(np.float64)
    golden = {"sklearn": sklearn.__version__, "tall": case(tall, 3), "wide": case(points("wide", 5, 12), 4)}
    (HERE / "pca.json").write_text(lines(golden) + "\n")


if __name__ == "__main__":
    main()
