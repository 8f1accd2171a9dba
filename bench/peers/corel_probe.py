# SPDX-License-Identifier: Apache-2.0
"""A linear probe of tags: one logistic regression a tag on EfficientNet-Lite0's pooled features.

The bar for `burnish image train labels.csv` on pictures with tags: features of the published weights
(timm's module, global average, 224 x 224 as the weights want it), standardised; C chosen from a grid by
cross-validation on the training rows alone; mean F2 at the best of .17 .. .23 (Planet's), and the mean over
tags of the average precision. Prints one JSON line for each C and one for the chosen one.

    corel_probe.py LABELS.csv WEIGHTS.pth      rows: image_name,tags,is_valid; pictures in images/*.jpg
"""
import argparse
import csv
import json
import pathlib
import warnings

warnings.filterwarnings("ignore")
import numpy
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

GRID = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, .1, 1]
THRESHOLDS = [.17 + .01 * i for i in range(7)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", type=pathlib.Path)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def body(weights):
    """timm's module with the published weights: same tensors in the same order, other names."""
    import timm
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    given = torch.load(weights, map_location="cpu", weights_only=True)
    counter = "num_batches_tracked"
    values = [value for name, value in given.items() if not name.endswith(counter)]
    names = [name for name in model.state_dict() if not name.endswith(counter)]
    assert len(names) == len(values), (len(names), len(values))
    model.load_state_dict(dict(zip(names, values)), strict=False)
    return model.eval()


def picture(path, size=224):
    image = Image.open(path).convert("RGB")
    scale = size / min(image.size)
    width, height = (max(size, round(side * scale)) for side in image.size)
    image = image.resize((width, height), Image.BICUBIC)
    left, top = (width - size) // 2, (height - size) // 2
    pixels = numpy.asarray(image.crop((left, top, left + size, top + size)), dtype=numpy.float32)
    return torch.from_numpy((pixels - 127) / 128).permute(2, 0, 1)


def features(model, paths, batch=50):
    rows = []
    with torch.no_grad():
        for i in range(0, len(paths), batch):
            x = torch.stack([picture(p) for p in paths[i:i + batch]])
            y = model.forward_features(x)
            rows.append(y.mean((2, 3)).numpy())
    return numpy.concatenate(rows)


def read(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({tag for row in rows for tag in row["tags"].split()})
    hot = numpy.array([[tag in row["tags"].split() for tag in names] for row in rows])
    valid = numpy.array([row["is_valid"] == "1" for row in rows])
    folder = path.parent / "images"
    return [folder / (row["image_name"] + ".jpg") for row in rows], hot, valid


def f2(p, right):
    def at(threshold):
        answered = p > threshold
        both = (answered & right).sum(1)
        return numpy.mean(5 * both / numpy.maximum(4 * right.sum(1) + answered.sum(1), 1e-9))
    return max(at(t) for t in THRESHOLDS)


def mean_precision(p, right):
    return numpy.mean([average_precision_score(right[:, k], p[:, k])
                       for k in range(right.shape[1]) if right[:, k].any()])


def probe(x, y, x_new, c):
    scale = StandardScaler().fit(x)
    out = numpy.zeros((len(x_new), y.shape[1]))
    for k in range(y.shape[1]):
        if y[:, k].any():
            model = LogisticRegression(C=c, max_iter=300).fit(scale.transform(x), y[:, k])
            out[:, k] = model.predict_proba(scale.transform(x_new))[:, 1]
    return out


def crossed(x, y, c):
    out = numpy.zeros(y.shape)
    for train, valid in KFold(4, shuffle=True, random_state=0).split(x):
        out[valid] = probe(x[train], y[train], x[valid], c)
    return mean_precision(out, y)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    paths, hot, valid = read(options.labels)
    x = features(body(options.weights), paths)
    scores = {}
    for c in GRID:
        scores[c] = crossed(x[~valid], hot[~valid], c)
        print(json.dumps({"event": "grid", "C": c, "map": round(scores[c], 4)}), flush=True)
    best = max(scores, key=scores.get)
    p = probe(x[~valid], hot[~valid], x[valid], best)
    print(json.dumps({"event": "probe", "C": best, "train": int((~valid).sum()), "valid": int(valid.sum()),
                      "tags": hot.shape[1], "f2": round(f2(p, hot[valid]), 4),
                      "map": round(mean_precision(p, hot[valid]), 4)}))


if __name__ == "__main__":
    main()
