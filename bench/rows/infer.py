# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure import models
from measure.row import Row

TITLE = "Inference of image networks"
ABOUT = """Answers for 16 random pictures of 224 x 224 at once. OpenVINO with one batch at a time in all threads, and with as
many at once as there are threads (`openvino-streams`); ONNX Runtime with all its optimizations (float32 alone); PyTorch
as above, compiled with frozen weights; in bf16 with weights and pictures that are bf16 from the start."""
TARGETS = {"resnext50_32x4d": (1, 1.08), "resnet50": (1, 1.08), "vgg16": (1, 1.3)}


def peers(run, only, model):
    return models.each(("onnx", lambda: models.onnx(run, only, model)),
                       ("torch", lambda: models.torch(run, only, "infer", model)))


def row(model):
    targets = {precision: TARGETS[model] for precision in ("fp32", "bf16") if model in TARGETS}
    return Row("infer/" + model, models.TITLES[model] + ", inference", "img/s",
               ours=partial(models.ours, mode="infer", model=model), peers=partial(peers, model=model), targets=targets,
               precisions=("fp32", "bf16"), packages=models.PACKAGES + models.ONNX_PACKAGES)


ROWS = [row(model) for model in models.TITLES if model != "resnet34"]
