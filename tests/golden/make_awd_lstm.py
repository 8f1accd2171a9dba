# SPDX-License-Identifier: Apache-2.0
"""Writes awd_lstm.json for tests/models/test_awd_lstm.c: fastai 2's AWD-LSTM language model in float64, with
generated weights (generator.py) and Burnish's dropout masks. For each case the first training step (loss with
its penalties, every gradient, the carried state) and the losses of ten steps of plain gradient descent, the
state carried from batch to batch. And a small model as fast.ai saves one, lm_fastai/, for tests/jobs/test_lm.c.

    python3 -m venv build/venv && build/venv/bin/pip install fastai
    build/venv/bin/python tests/golden/make_awd_lstm.py"""
import json
import pathlib
import pickle
import types

import fastai
import numpy as np
import torch
from fastai.text.models.awdlstm import AWD_LSTM
from fastai.text.models.core import LinearDecoder, SequentialRNN

import generator

SEED, STEPS, RATE, SCALE = 1, 10, .5, .3
NONE = dict(input=0., output=0., weight=0., embedding=0., hidden=0.)
SOME = dict(input=.25, output=.1, weight=.2, embedding=.3, hidden=.15)
CASES = {
    "tied": dict(V=23, E=6, H=9, layers=3, N=3, T=5, tied=True, bias=True, drops=SOME, alpha=2., beta=1.),
    "untied": dict(V=17, E=5, H=8, layers=2, N=2, T=4, tied=False, bias=False, drops=NONE, alpha=0., beta=0.),
    "one layer": dict(V=12, E=4, H=7, layers=1, N=1, T=2, tied=True, bias=False, drops=SOME, alpha=1., beta=3.),
}
now = {"step": 0}


def keep(stream, p, rows, width):
    """Is element i of row n kept? u(n, i) >= p (src/ops/attributes.h)."""
    n, i = np.divmod(np.arange(rows * width, dtype=np.uint64), np.uint64(width))
    step, zero = np.full_like(i, now["step"]), np.zeros_like(i)
    words = np.stack(generator.philox(generator.stream_key(stream, SEED), i // np.uint64(4), n, step, zero))
    u = (words[i % np.uint64(4), np.arange(len(i))] >> np.uint64(8)).astype(np.float32) * np.float32(2 ** -24)
    return torch.from_numpy((u >= np.float32(p)).reshape(rows, width)).double() / (1 - p)


class Locked(torch.nn.Module):
    """One mask for all of the time."""

    def __init__(self, stream, p):
        super().__init__()
        self.stream, self.p = stream + ".dropout", p

    def forward(self, x):
        return x * keep(self.stream, self.p, x.shape[0], x.shape[2])[:, None] if self.p else x


class Words(torch.nn.Module):
    def __init__(self, embedding, p):
        super().__init__()
        self.emb, self.p = embedding, p

    def forward(self, words):
        rows = torch.nn.functional.embedding(words, self.emb.weight)
        if not self.p:
            return rows
        return rows * keep("0.encoder_dp.dropout", self.p, 1, self.emb.weight.shape[0])[0][words][..., None]


def drop_weights(layer, number, p):
    def set_weights(self):
        raw = self.weight_hh_l0_raw
        mask = keep(f"0.rnns.{number}.dropout", p, *raw.shape) if p else 1.
        setattr(self.module, "weight_hh_l0", raw * mask)
    layer._setweights = types.MethodType(set_weights, layer)


def make(c, form=AWD_LSTM, drop=drop_weights):
    encoder = form(c["V"], c["E"], c["H"], c["layers"])
    decoder = LinearDecoder(c["V"], c["E"], tie_encoder=encoder.encoder if c["tied"] else None, bias=c["bias"])
    model = SequentialRNN(encoder, decoder).double().train()
    drops = c["drops"]
    encoder.encoder_dp = Words(encoder.encoder, drops["embedding"])
    encoder.input_dp = Locked("0.input_dp", drops["input"])
    encoder.hidden_dps = torch.nn.ModuleList(
        [Locked(f"0.hidden_dps.{i}", drops["hidden"]) for i in range(c["layers"])])
    decoder.output_dp = Locked("1.output_dp", drops["output"])
    for number, layer in enumerate(encoder.rnns):
        drop(layer, number, drops["weight"])
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            tensor.copy_(torch.from_numpy(SCALE * generator.uniform(name, tensor.numel())).reshape(tensor.shape))
    model.reset()
    return model


def summary(name, tensor):
    flat = tensor.detach().numpy().reshape(-1)
    return {"shape": list(tensor.shape), "norm": float(np.sqrt(flat @ flat)),
            "dot": float(flat @ generator.uniform("dot:" + name, flat.size)),
            "samples": [float(flat[k * (flat.size - 1) // 7]) for k in range(8)]}


def batch(c, step):
    """Tokens and those that come next; the padding's row (1), which fastai's embedding does not teach, is left out."""
    n, t = np.divmod(np.arange(c["N"] * (c["T"] + 1)), c["T"] + 1)
    stream = 2 + (5 * n + 3 * t + 7 * step + t * t) % (c["V"] - 2)
    stream = torch.from_numpy(stream.reshape(c["N"], c["T"] + 1))
    return stream[:, :-1], stream[:, 1:]


def states_of(encoder):
    return {f"state.{i}.{part}": value[0] for i, pair in enumerate(encoder.hidden) for part, value in zip("hc", pair)}


def run(c, make=make, states_of=states_of):
    model, out = make(c), {}
    losses, measures = [], []
    for step in range(STEPS):
        now["step"] = step
        tokens, targets = batch(c, step)
        logits, raw, dropped = model(tokens)
        measure = torch.nn.functional.cross_entropy(logits.reshape(-1, c["V"]), targets.reshape(-1))
        loss = measure + c["alpha"] * dropped.pow(2).mean()
        if c["T"] > 1:
            loss = loss + c["beta"] * (raw[:, 1:] - raw[:, :-1]).pow(2).mean()
        model.zero_grad()
        loss.backward()
        if step == 0:
            hits = (logits.argmax(-1) == targets).double().mean()
            out = {"hits": hits.item(), "states": {n: summary(n, v) for n, v in states_of(model[0]).items()},
                   "gradients": {n: summary(n, p.grad) for n, p in model.named_parameters()}}
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= RATE * parameter.grad
        losses.append(loss.item())
        measures.append(measure.item())
    keys = {k: c[k] for k in ("V", "E", "H", "layers", "N", "T", "tied", "bias", "alpha", "beta")}
    return {**keys, **c["drops"], "losses": losses, "measures": measures, **out}


WORDS = ["xxunk", "xxpad", "xxbos", "xxeos", "xxfld", "xxrep", "xxwrep", "xxup", "xxmaj", "the", "film", "was", "good", "bad"]


def pretrained(form, save):
    """A model in float32, which is saved, and its loss on a batch."""
    torch.manual_seed(1)
    encoder = form(len(WORDS), 4, 6, 2)
    model = SequentialRNN(encoder, LinearDecoder(len(WORDS), 4, tie_encoder=encoder.encoder))
    with torch.no_grad():
        model[1].decoder.bias.uniform_(-.5, .5)
    save({name: tensor for name, tensor in model.state_dict().items()})
    model.double().eval().reset()
    tokens = torch.tensor([[2, 8, 9, 10, 11], [2, 9, 10, 11, 13]])
    targets = torch.tensor([[8, 9, 10, 11, 12], [9, 10, 11, 13, 0]])
    logits = model(tokens)[0]
    return {"tokens": tokens.tolist(), "targets": targets.tolist(),
            "loss": torch.nn.functional.cross_entropy(logits.reshape(-1, len(WORDS)), targets.reshape(-1)).item()}


def save_pretrained(folder):
    """As fast.ai saves it, with its words beside it."""
    folder.mkdir(exist_ok=True)
    with open(folder / "words.pkl", "wb") as file:
        pickle.dump(WORDS, file, protocol=2)
    return pretrained(AWD_LSTM, lambda state: torch.save(state, folder / "lstm_fwd.pth"))


def write(golden, name):
    path = pathlib.Path(__file__).parent / name
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    write({"made_by": f"make_awd_lstm.py, torch {torch.__version__}, fastai {fastai.__version__}", "rate": RATE,
           "scale": SCALE, "cases": {name: run(c) for name, c in CASES.items()},
           "pretrained": save_pretrained(pathlib.Path(__file__).parent / "lm_fastai")}, "awd_lstm.json")
