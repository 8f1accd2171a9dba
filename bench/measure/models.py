# SPDX-License-Identifier: Apache-2.0
"""Image networks on random pictures: ours, PyTorch's, and those of the two programs for inference."""
from .programs import figures, say
from .row import Failed, Figure

TITLES = {"resnext50_32x4d": "ResNeXt-50 32x4d", "resnet50": "ResNet-50", "resnet34": "ResNet-34", "vgg16": "VGG-16",
          "efficientnet_lite0": "EfficientNet-Lite0"}
PACKAGES = ("torch", "torchvision", "timm")  # that the networks are of
ONNX_PACKAGES = ("onnxruntime", "openvino", "numpy")
TORCH = ("eager", "channels_last", "compile")
ONNX = ("onnxruntime", "openvino", "openvino-streams")


def rate(event):
    return event["images_per_second"]


def milliseconds(event):
    return 1e3 / event["images_per_second"]


def size(run):
    return 64 if run.quick else 224


def ours(run, mode, model, batch_size=16, value=rate, rounds=None):
    event = run.ours("bench", mode, model, "--batch-size", batch_size, "--size", size(run), "--threads", run.threads, "--rounds",
                     rounds or run.steps, "--json", *run.precise()).events()[-1]
    if event["precision"] != run.precision:
        raise Failed("this processor has no %s" % run.precision)
    return [Figure("", value(event))]


def torch(run, only, mode, model, batch_size=16, value=rate, steps=None, configurations=TORCH):
    chosen = [name for name in configurations if only is None or "torch " + name in only]
    if run.quick:
        chosen = [name for name in chosen if name != "compile"] or chosen
    if not chosen:
        return []
    events = run.peer("torch_train.py", mode, model, "--batch-size", batch_size, "--threads", run.threads, "--steps",
                      steps or run.steps, "--size", size(run), "--precision", run.precision, "--configurations", ",".join(chosen))
    return figures(events, value, "torch ")


def each(*programs):
    """Figures of several programs, each (name, function without arguments): one that fails costs its own figures alone."""
    found = []
    for name, measure in programs:
        try:
            found += measure()
        except Failed as problem:
            say("failed: %s" % problem)
            found.append(Figure(name, None, {"error": str(problem)}))
    return found


def onnx(run, only, model, batch_size=16, value=rate, steps=None, configurations=ONNX):
    """ONNX Runtime has no bfloat16 on these processors."""
    chosen = [name for name in configurations if (only is None or name in only) and
              (run.precision == "fp32" or name != "onnxruntime")]
    if not chosen:
        return []
    events = run.peer("onnx_infer.py", model, "--batch-size", batch_size, "--threads", run.threads, "--steps", steps or run.steps,
                      "--size", size(run), "--precision", run.precision, "--folder", run.folder, "--configurations",
                      ",".join(chosen))
    return figures(events, value)
