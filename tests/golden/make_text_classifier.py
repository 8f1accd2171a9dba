# SPDX-License-Identifier: Apache-2.0
"""Writes text_classifier.json: fastai 2's text classifier (AWD_LSTM in a SentenceEncoder, PoolingLinearClassifier),
float64, without dropout, in training mode: vocabulary 13, embedding 4, hidden 6, 3 layers, head 5, 3 classes;
chunks of 4, of which those of the last 8 steps are kept. Four texts of 14, 9, 6 and 3 tokens, padded to 14 as fastai pads
(whole chunks in front, the rest behind); word t of text n is 2 + (3 n + 5 t) mod 11, the label n mod 3. Weights are generator.uniform times .5 under the
names of the golden file, norms' scales 1 + .2 u. answers are those of a network
that was never trained, in evaluation mode. The loss has RNNRegularizer's penalties (alpha 2, beta 1).

Usage: make_text_classifier.py     needs torch and fastai
"""
import pathlib
import types
import unittest.mock

import fastai.callback.rnn
import fastai.text.all as text
import torch

import generator
from make_models import lines

HERE = pathlib.Path(__file__).resolve().parent
WORDS, EMBEDDING, HIDDEN, LAYERS, HEAD, CLASSES, CHUNK, KEPT, PADDING = 13, 4, 6, 3, 5, 3, 4, 8, 1
LENGTHS, STEPS = (14, 9, 6, 3), 14


def model(form=text.AWD_LSTM):
    config = dict(text.awd_lstm_clas_config, emb_sz=EMBEDDING, n_hid=HIDDEN, n_layers=LAYERS)
    # Dropouts go by mode, and batch norm must be in training mode: all probabilities are 0.
    for key in ("output_p", "hidden_p", "input_p", "embed_p", "weight_p"):
        config[key] = 0.
    return text.get_text_classifier(form, WORDS, CLASSES, seq_len=CHUNK, config=config, drop_mult=0.,
                                    lin_ftrs=[HEAD], ps=[0.], pad_idx=PADDING, max_len=KEPT).train()


def names(network):
    """Our name of each parameter of fastai's."""
    out, head = {}, 0
    for name, parameter in network.named_parameters():
        if name.endswith("encoder_dp.emb.weight") or name.endswith("module.weight_hh_l0"):
            continue
        out[name] = name.replace("0.module.", "0.", 1)
    for layer, block in enumerate(network[1].layers):
        for index, part in enumerate(block):
            kind = {"BatchNorm1d": "norm", "Linear": "linear"}.get(type(part).__name__)
            for name, _ in part.named_parameters():
                out[f"1.layers.{layer}.{index}.{name}"] = f"head.{layer}.{kind}.{name}"
    return out


def fill(network):
    ours = names(network)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name not in ours:
                continue
            u = torch.from_numpy(generator.uniform(ours[name], parameter.numel())).reshape(parameter.shape)
            parameter.copy_(1 + .2 * u if ours[name].endswith("norm.weight") else .5 * u)
    return ours


def texts():
    tokens = torch.full((len(LENGTHS), STEPS), PADDING)
    for n, count in enumerate(LENGTHS):
        start = (STEPS - count) // CHUNK * CHUNK
        tokens[n, start:start + count] = torch.tensor([2 + (3 * n + 5 * t) % 11 for t in range(count)])
    return tokens


def run(form=text.AWD_LSTM):
    """Loss, answers and gradients."""
    network = model(form)
    ours, tokens = fill(network), texts()
    logits, features, _ = network(tokens)
    labels = torch.arange(len(LENGTHS)) % CLASSES
    measure = torch.nn.functional.cross_entropy(logits, labels)
    loss = measure + penalties(features)
    loss.backward()
    gradients = {ours[name]: parameter.grad.reshape(-1).tolist() for name, parameter in network.named_parameters()
                 if name in ours}
    fresh = model(form).eval()
    fill(fresh)
    answers = fresh(tokens)[0]
    return {"tokens": tokens.reshape(-1).tolist(), "loss": loss.item(), "measure": measure.item(),
            "logits": logits.reshape(-1).tolist(), "answers": answers.reshape(-1).tolist(), "gradients": gradients}


def penalties(features):
    callback = fastai.callback.rnn.RNNRegularizer(alpha=2., beta=1.)
    callback.learn = types.SimpleNamespace(loss_grad=torch.zeros((), dtype=torch.float64), training=True,
                                           rnn=types.SimpleNamespace(raw_out=features, out=features))
    with unittest.mock.patch.object(torch.Tensor, "float", lambda tensor: tensor):
        callback.after_loss()
    return callback.learn.loss_grad


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    out = {"made_by": f"make_text_classifier.py, torch {torch.__version__}, fastai {fastai.__version__}", **run()}
    (HERE / "text_classifier.json").write_text(lines(out) + "\n")
