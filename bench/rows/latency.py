# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure import models
from measure.row import Row

TITLE = "Latency of one picture"
ABOUT = """The same networks and programs with one picture at a time: how long one answer takes, the median of ten times the
steps. The ratio is how many times as fast Burnish is."""
TIMES = 10


def ours(run, model):
    return models.ours(run, "infer", model, 1, models.milliseconds, TIMES * run.steps)


def peers(run, only, model):
    steps = TIMES * run.steps
    return models.each(
        ("onnx", lambda: models.onnx(run, only, model, 1, models.milliseconds, steps, ("onnxruntime", "openvino"))),
        ("torch", lambda: models.torch(run, only, "infer", model, 1, models.milliseconds, steps)))


ROWS = [Row("latency/" + model, models.TITLES[model] + ", one picture", "ms", ours=partial(ours, model=model),
            peers=partial(peers, model=model), ratio="time", precisions=("fp32", "bf16"),
            packages=models.PACKAGES + models.ONNX_PACKAGES)
        for model in ("resnext50_32x4d", "resnet50", "efficientnet_lite0")]
