# SPDX-License-Identifier: Apache-2.0
"""Writes sequence_ops.json: numbers of PyTorch and fastai, float64, for the operations of sequences.

lazy_adam   torch.optim.SparseAdam on a table (6, 3) of .5 u("table"), 4 steps: step k adds to rows
            (k, 5 - k, k) of the table the gradients u("grad:k") (3, 3); betas .8, .95, rate .1, epsilon
            1e-30 (it stands under the root's correction there and outside of it here).
decoder     torch.nn.functional.linear and cross_entropy with ignore_index 1 of x = u("x") (5, 4, 6) as rows,
            weight u("weight") (11, 6), bias .5 u("bias") (11), target (7 i + 3) mod 11: the loss, its
            gradients and the share of hits.
penalty     fastai's RNNRegularizer, alpha 2 and beta 1, on raw = u("raw") (3, 4, 5) batch first and dropped =
            u("dropped") alike: what it adds to the loss, and its gradients.
pool        fastai's masked_concat_pool of u("output") (4, 12, 5), batch first, in chunks of 4; sequences of 12,
            9, 4 and 2 tokens padded as fastai pads (whole chunks in front, the rest behind), the tokens given;
            the result and its gradient for dy = u("dpooled") (4, 15).

Usage: make_sequence_ops.py     needs torch and fastai
"""
import pathlib
import types
import unittest.mock

import fastai.callback.rnn
import fastai.text.models.core
import torch

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent


def drawn(name, *shape):
    return torch.from_numpy(generator.uniform(name, torch.Size(shape).numel())).reshape(shape)


def lazy_adam():
    table = torch.nn.Parameter(.5 * drawn("table", 6, 3))
    optimizer = torch.optim.SparseAdam([table], lr=.1, betas=(.8, .95), eps=1e-30)
    steps = []
    for k in range(4):
        table.grad = torch.sparse_coo_tensor([[k, 5 - k, k]], drawn(f"grad:{k}", 3, 3), (6, 3))
        optimizer.step()
        steps.append(table.detach().reshape(-1).tolist())
    return steps


def decoder():
    x, weight, bias = drawn("x", 20, 6), drawn("weight", 11, 6), .5 * drawn("bias", 11)
    target = torch.tensor(generator.targets(20, 11))
    for tensor in (x, weight, bias):
        tensor.requires_grad_()
    logits = torch.nn.functional.linear(x, weight, bias)
    loss = torch.nn.functional.cross_entropy(logits, target, ignore_index=1)
    loss.backward()
    counts = target != 1
    return {"loss": loss.item(), "hits": (logits.argmax(1) == target)[counts].double().mean().item(),
            "dx": x.grad.reshape(-1).tolist(), "dweight": weight.grad.reshape(-1).tolist(),
            "dbias": bias.grad.tolist()}


def penalty():
    raw, dropped = drawn("raw", 3, 4, 5).requires_grad_(), drawn("dropped", 3, 4, 5).requires_grad_()
    callback = fastai.callback.rnn.RNNRegularizer(alpha=2., beta=1.)
    callback.learn = types.SimpleNamespace(loss_grad=torch.zeros((), dtype=torch.float64), training=True,
                                           rnn=types.SimpleNamespace(raw_out=raw, out=dropped))
    # It asks for float32; the numbers here are of float64.
    with unittest.mock.patch.object(torch.Tensor, "float", lambda tensor: tensor):
        callback.after_loss()
    loss = callback.learn.loss_grad
    loss.backward()
    return {"loss": loss.item(), "draw": raw.grad.reshape(-1).tolist(),
            "ddropped": dropped.grad.reshape(-1).tolist()}


def pool():
    output, padding, chunk, length = drawn("output", 4, 12, 5).requires_grad_(), 1, 4, 12
    tokens = torch.full((4, length), padding)
    for row, count in enumerate((12, 9, 4, 2)):
        start = (length - count) // chunk * chunk
        tokens[row, start:start + count] = 7
    pooled = fastai.text.models.core.masked_concat_pool(output, tokens == padding, chunk)
    pooled.backward(drawn("dpooled", 4, 15))
    return {"tokens": tokens.reshape(-1).tolist(), "pooled": pooled.reshape(-1).tolist(),
            "doutput": output.grad.reshape(-1).tolist()}


if __name__ == "__main__":
    out = {"made_by": f"make_sequence_ops.py, torch {torch.__version__}, fastai {fastai.__version__}",
           "lazy_adam": lazy_adam(), "decoder": decoder(),
           "penalty": penalty(), "pool": pool()}
    (HERE / "sequence_ops.json").write_text(lines(out) + "\n")
