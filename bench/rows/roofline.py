# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure import models, texts
from measure.row import Figure, Row

TITLE = "Roofline of each model"
ABOUT = """`burnish bench profile MODEL` on 16 pictures of 224 x 224, the training step without the optimizer, and inference. Of
the language model the share of the peak alone: the products of its LSTMs and of its decoder, by the seconds of a whole step."""


def profile(run, model, mode, size=None, batch_size=16):
    events = run.ours("bench", "profile", model, "--mode", mode, "--batch-size", batch_size, "--size", size or models.size(run),
                      "--threads", run.threads, "--rounds", run.steps, "--json", *run.precise()).events()
    return events[0], events[-1]


def figure(roof, seconds, flops, peak):
    return [Figure("", roof, {"milliseconds": 1e3 * seconds, "gflop": flops / 1e9, "gflops_per_second": flops / seconds / 1e9,
                              "peak": peak["flops_per_second"] / 1e9, "gigabytes_per_second": peak["bytes_per_second"] / 1e9})]


def pictures(run, model, mode):
    peak, done = profile(run, model, mode)
    return figure(100 * done["roof"], done["step_seconds"], done["flops"], peak)


def words(run):
    peak, _ = profile(run, "resnet18", "infer", 32, 1)
    rate = texts.ours(run)[0].value
    length, batch_size = texts.sizes(run, 72, 64)
    seconds = length * batch_size / rate
    return figure(100 * texts.FLOPS * rate / peak["flops_per_second"], seconds, texts.FLOPS * length * batch_size, peak)


ROWS = [Row("roofline/%s-%s" % (mode, model), "%s, %s" % (title, {"train": "training step", "infer": "inference"}[mode]), "%",
            ours=partial(pictures, model=model, mode=mode), section="roofline", rounds=1, precisions=("fp32", "bf16"))
        for model, title in models.TITLES.items() for mode in ("train", "infer")] + [
    Row("roofline/train-awd-lstm", "AWD-LSTM 400/1152/3, training step", "%", ours=words, section="roofline", rounds=1,
        precisions=("fp32", "bf16"))]
