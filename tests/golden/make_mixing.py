# SPDX-License-Identifier: Apache-2.0
"""Writes mixing.json: what fastai 2's MixUp, CutMix and Learner.tta make of given draws.

Batches and logits are generated (generator.py); draws are handed to fastai by replacing what it draws
with. "loss" is fastai's own mixed loss, with label smoothing 0 and .1, and "gradient" its gradient.

Usage: make_mixing.py     needs torch and fastai 2
"""
import json
import pathlib
from types import SimpleNamespace
from unittest import mock

import fastai
import fastai.learner
import torch
from fastai.callback import mixup
from fastai.losses import CrossEntropyLossFlat, LabelSmoothingCrossEntropy

import generator

HERE = pathlib.Path(__file__).resolve().parent
N, C, H, W, K = 4, 2, 5, 6, 3
LABELS, PARTNERS = [2, 0, 1, 0], [2, 0, 1, 3]


def numbers(tensor):
    return [float(v) for v in tensor.detach().reshape(-1)]


def run(callback, lambdas, centre=None):
    """The callback's before_batch on the generated batch, and the losses afterwards."""
    x = torch.from_numpy(generator.uniform("mixing", N * C * H * W)).float().reshape(N, C, H, W)
    y = torch.tensor(LABELS)
    learn = SimpleNamespace(xb=(x.clone(),), yb=(y,))
    callback.learn, callback.stack_y, callback.training = learn, True, True
    callback.distrib = SimpleNamespace(sample=lambda shape: torch.tensor(lambdas))
    draws = iter(centre or [])
    with mock.patch.object(mixup.torch, "randperm", lambda n: torch.tensor(PARTNERS)), \
         mock.patch.object(mixup.torch, "randint", lambda *a, **kw: torch.tensor([next(draws)])):
        type(callback).x = property(lambda self: self.learn.xb[0])
        type(callback).y = property(lambda self: self.learn.yb[0])
        type(callback).xb = property(lambda self: self.learn.xb)
        type(callback).yb = property(lambda self: self.learn.yb)
        callback.before_batch()
    result = {"lambdas": lambdas, "centre": centre, "share": numbers(callback.lam.expand(N)),
              "mixed": numbers(learn.xb[0]), "losses": []}
    for smoothing in (0., .1):
        logits = torch.from_numpy(3 * generator.uniform("logits", N * K)).float().reshape(N, K).requires_grad_()
        callback.old_lf = CrossEntropyLossFlat() if smoothing == 0 else LabelSmoothingCrossEntropy(eps=smoothing)
        loss = callback.lf(logits, *learn.yb)
        loss.backward()
        result["losses"].append({"smoothing": smoothing, "loss": float(loss), "gradient": numbers(logits.grad)})
    return result


def tta(passes, beta, use_max):
    """fastai's own combination of passes whose predictions are given."""
    def prediction(name):
        return torch.from_numpy(generator.uniform(name, N * K)).reshape(N, K).mul(2).softmax(1)
    given = [prediction(f"pass:{i}") for i in range(passes)] + [prediction("plain")]
    queue = iter(given)
    loader = SimpleNamespace(dataset=SimpleNamespace(set_split_idx=lambda i: mock.MagicMock()))
    learner = mock.MagicMock()
    learner.get_preds = lambda dl, inner: (next(queue), None)
    del learner.progress
    result, _ = fastai.learner.Learner.tta(learner, dl=loader, n=passes, beta=beta, use_max=use_max)
    return {"passes": passes, "beta": beta, "use_max": use_max, "given": [numbers(p) for p in given],
            "result": numbers(result)}


if __name__ == "__main__":
    golden = {"made_by": f"make_mixing.py, torch {torch.__version__}, fastai {fastai.__version__}",
              "shape": [N, C, H, W], "classes": K, "labels": LABELS, "partners": PARTNERS,
              "mixup": [run(mixup.MixUp(), [.3, .9, .5, .02])],
              "cutmix": [run(mixup.CutMix(), [.6], [1, 3]), run(mixup.CutMix(), [.05], [3, 2]),
                         run(mixup.CutMix(), [.97], [5, 0]), run(mixup.CutMix(), [.75], [3, 2])],
              "tta": [tta(4, .25, False), tta(3, .6, False), tta(4, .25, True), tta(1, 0., False)]}
    (HERE / "mixing.json").write_text(
        "{" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in golden.items()) + "}\n")
