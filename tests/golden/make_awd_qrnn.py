# SPDX-License-Identifier: Apache-2.0
"""Writes awd_qrnn.json and text_classifier_qrnn.json: what make_awd_lstm.py and make_text_classifier.py write, of
fastai's AWD_QRNN. And the same small model twice as fast.ai saves one, in lm_fastai/: under the names of fastai 1 and
2 (the copy of the matrix that 1 keeps too), and under 0.7's.

Usage: make_awd_qrnn.py WHEEL     needs torch, fastai and a wheel of fastai 2.3 (fastai_qrnn.py)"""
import pathlib
import sys
import types

import fastai
import torch

import fastai_qrnn
import make_awd_lstm as lstm
import make_text_classifier as classifier
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent
WHEEL = sys.argv[1]
AWD_QRNN = fastai_qrnn.load(WHEEL)[0].AWD_QRNN
CASES = {
    "tied": dict(V=23, E=6, H=9, layers=3, N=3, T=5, tied=True, bias=True, drops=lstm.SOME, alpha=2., beta=1.),
    "untied": dict(V=17, E=5, H=8, layers=2, N=2, T=4, tied=False, bias=False, drops=lstm.NONE, alpha=0., beta=0.),
    "one layer": dict(V=12, E=4, H=7, layers=1, N=1, T=2, tied=True, bias=False, drops=lstm.SOME, alpha=1., beta=3.),
    "one step": dict(V=12, E=4, H=7, layers=2, N=2, T=1, tied=True, bias=True, drops=lstm.SOME, alpha=1., beta=0.),
}


def drop_weights(layer, number, p):
    linear = layer.layers[0].linear

    def set_weights(self):
        raw = self.weight_raw
        mask = lstm.keep(f"0.rnns.{number}.layers.0.linear.dropout", p, *raw.shape) if p else 1.
        setattr(self.module, "weight", raw * mask)
    linear._setweights = types.MethodType(set_weights, linear)


def states_of(encoder):
    states = {f"state.{i}.c": value[0] for i, value in enumerate(encoder.hidden)}
    return {**states, "state.0.x": encoder.rnns[0].layers[0].prevX[:, 0]}


def save(state):
    """Both releases' files, from fastai 2's names."""
    one, old = dict(state), {}
    for name, tensor in state.items():
        if name.endswith(".weight_raw"):
            one[name.replace("weight_raw", "module.weight")] = tensor * 2  # never to be read
        name = name.replace("0.encoder_dp.emb.", "0.encoder_with_dropout.embed.").replace(".layers.0.linear.", ".linear.")
        old[name.replace(".weight_raw", ".module.weight_raw")] = tensor
    torch.save(one, HERE / "lm_fastai" / "qrnn_fwd.pth")
    torch.save(old, HERE / "lm_fastai" / "qrnn07_fwd.pth")


if __name__ == "__main__":
    by = f"make_awd_qrnn.py, torch {torch.__version__}, fastai {fastai.__version__}, {pathlib.Path(WHEEL).name}"
    cases = {name: lstm.run(c, lambda c: lstm.make(c, AWD_QRNN, drop_weights), states_of) for name, c in CASES.items()}
    lstm.write({"made_by": by, "rate": lstm.RATE, "scale": lstm.SCALE, "cases": cases,
                "pretrained": lstm.pretrained(AWD_QRNN, save)}, "awd_qrnn.json")
    torch.set_default_dtype(torch.float64)
    forms = classifier.text.get_text_classifier.__globals__["_model_meta"]
    forms[AWD_QRNN] = forms[classifier.text.AWD_LSTM]
    (HERE / "text_classifier_qrnn.json").write_text(lines({"made_by": by, **classifier.run(AWD_QRNN)}) + "\n")
