# SPDX-License-Identifier: Apache-2.0
"""Writes models/NAME.json: what PyTorch in float64 computes for models with generated weights.

One training step (forward, cross-entropy, backward) in two forms of batch norm: "train" with batch
statistics, and "fixed" with running statistics and gradients of everything that learns. Whether
scale and shift of the norms learn changes no other gradient, so "fixed" serves both forms that
Burnish has, and its logits are those of inference. It is the only form of a network without batch
norm. A tensor is stored as its summary, to 13 digits:
shape, L2 norm, dot product with the generated vector of stream "dot:" + name, and eight samples at
flat indices k (n - 1) / 7, k = 0..7, rounded down. A gradient that is zero but for
rounding (a shift right before a 1x1 convolution and a batch norm) is stored as zeros with "scale",
the median norm of the step's gradients: what its remains are to be compared with.

"float32" holds the errors of PyTorch's own single precision, "tolerance" what the test of a
single-precision backend allows.

Usage: make_models.py [NAME...]                  writes them, or all
       make_models.py --search NAME FORM COUNT   looks for an input without fragile activations
Needs torch and torchvision; BURNISH_DATA for EfficientNet-Lite0's check
"""
import copy
import csv
import functools
import json
import os
import pathlib
import sys

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import generator

HERE = pathlib.Path(__file__).resolve().parent
INPUT_SHAPES = {"train": (4, 3, 64, 64), "fixed": (2, 3, 48, 48)}  # by form, or name and form
for name in ("resnet152", "resnext101_32x8d", "wide_resnet50_2", "densenet121", "vgg11", "vgg11_bn"):
    INPUT_SHAPES[name, "fixed"] = (1, 3, 48, 48)
for name in ("vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn"):
    INPUT_SHAPES[name, "fixed"] = (1, 3, 32, 32)
INPUT_SHAPES["squeezenet1_1", "fixed"] = (2, 3, 60, 60)  # where its pools round up
for name in ("resnet20_cifar", "resnet56_cifar"):
    INPUT_SHAPES[name, "train"], INPUT_SHAPES[name, "fixed"] = (4, 3, 32, 32), (1, 3, 32, 32)
VGG_FEATURES = (4, 6, 2, 10)  # of vgg_classifier
INPUT_SHAPES["vgg_classifier", "fixed"] = VGG_FEATURES

# Single precision is fragile at ReLU's kink and where two values of a max pool are close: one
# activation that rounding moves across changes the gradients before it, with batch norm over 16
# values a channel by about 1 %. In the form "fixed" the input is small and was chosen by --search
# such that none is near. In the form "train" no such input exists for the deep nets, only for those
# in SHALLOW.
INPUT_STREAM = {("resnet34", "train"): "input:47", ("resnet50", "train"): "input:6",
                ("resnext50_32x4d", "train"): "input:5", ("resnet34", "fixed"): "input:1",
                ("resnet50", "fixed"): "input:9", ("resnet101", "fixed"): "input:9",
                ("resnet152", "fixed"): "input:14", ("resnext50_32x4d", "fixed"): "input:12",
                ("vgg_classifier", "fixed"): "input:10", ("vgg11", "fixed"): "input:19",
                ("vgg11_bn", "fixed"): "input:9", ("vgg13", "fixed"): "input:1",
                ("vgg13_bn", "fixed"): "input:3", ("vgg16", "fixed"): "input:2",
                ("vgg16_bn", "fixed"): "input:6", ("vgg19", "fixed"): "input:1",
                ("vgg19_bn", "fixed"): "input:8", ("squeezenet1_0", "fixed"): "input:9",
                ("squeezenet1_1", "fixed"): "input:19", ("mobilenet_v2", "fixed"): "input:9",
                ("resnet20_cifar", "fixed"): "input:9", ("resnet56_cifar", "fixed"): "input:9",
                ("densenet121", "fixed"): "input:22", ("resnet20_cifar", "train"): "input:12"}
SHALLOW = ("resnet18", "resnet18_head", "resnet34", "resnet20_cifar")
RUNS = 8  # of float32

# Tolerances in form "train": MULTIPLE times PyTorch's own error, but at least these, which for the
# gradients are MULTIPLE times the largest that flips did to any of the deep nets: another order of
# summing flips other activations. An error of a single value ("full"), which a flip moves freely,
# is held to something in SHALLOW alone.
MULTIPLE = 4
AT_LEAST = {"outputs": 1e-4, "norm": 2.5e-2, "dot": 7e-2, "median": 2e-2}
STRICT = 1e-4
dot_vectors = {}


# ---------------------------------------------------------------- the models

class Lite0Block(nn.Module):
    """Inverted residual with the pretrained file's names; ReLU6, no squeeze-and-excitation."""

    def __init__(self, kernel, stride, expand, inputs, outputs):
        super().__init__()
        width = inputs * expand
        if expand != 1:
            self._expand_conv = nn.Conv2d(inputs, width, 1, bias=False)
            self._bn0 = lite0_norm(width)
        self._depthwise_conv = nn.Conv2d(width, width, kernel, stride, groups=width, bias=False)
        self._bn1 = lite0_norm(width)
        self._project_conv = nn.Conv2d(width, outputs, 1, bias=False)
        self._bn2 = lite0_norm(outputs)
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x):
        y = x
        if hasattr(self, "_expand_conv"):
            y = F.relu6(self._bn0(self._expand_conv(y)))
        y = F.relu6(self._bn1(same_conv(self._depthwise_conv, y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skip else y


class Lite0(nn.Module):
    STAGES = [  # kernel, stride of the first block, expansion, inputs, outputs, blocks
        (3, 1, 1, 32, 16, 1), (3, 2, 6, 16, 24, 2), (5, 2, 6, 24, 40, 2), (3, 2, 6, 40, 80, 3),
        (5, 1, 6, 80, 112, 3), (5, 2, 6, 112, 192, 4), (3, 1, 6, 192, 320, 1)]

    def __init__(self):
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, bias=False)
        self._bn0 = lite0_norm(32)
        self._blocks = nn.ModuleList()
        for kernel, stride, expand, inputs, outputs, repeat in self.STAGES:
            for i in range(repeat):
                self._blocks.append(Lite0Block(kernel, 1 if i else stride, expand,
                                               outputs if i else inputs, outputs))
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = lite0_norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x):
        x = F.relu6(self._bn0(same_conv(self._conv_stem, x)))
        for block in self._blocks:
            x = block(x)
        x = F.relu6(self._bn1(self._conv_head(x)))
        return self._fc(x.mean((2, 3)))


def lite0_norm(width):
    return nn.BatchNorm2d(width, eps=1e-3, momentum=.01)


def same_conv(conv, x):
    """TensorFlow's SAME: output = ceil(input / stride), the odd pixel of padding goes to the end."""
    pads = []
    for size, kernel, stride in zip(x.shape[:1:-1], conv.kernel_size[::-1], conv.stride[::-1]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return conv(F.pad(x, pads))


def fastai_head(width):
    head = nn.Module()
    head.bn1 = nn.BatchNorm1d(2 * width)
    head.linear1 = nn.Linear(2 * width, 512)
    head.bn2 = nn.BatchNorm1d(512)
    head.linear2 = nn.Linear(512, 10)
    return head


def run_head(head, x):
    x = torch.cat([x.amax((2, 3)), x.mean((2, 3))], 1)  # maximum first
    x = F.relu(head.linear1(head.bn1(x)))
    return head.linear2(head.bn2(x))


class HeadedResNet18(nn.Module):
    """Body of resnet18 cut before its pooling, with the head of fast.ai 0.7, dropouts 0, 10 classes."""

    def __init__(self):
        super().__init__()
        for name, child in list(torchvision.models.resnet18().named_children())[:8]:
            setattr(self, name, child)
        self.head = fastai_head(512)

    def forward(self, x):
        for name, child in self.named_children():
            if name != "head":
                x = child(x)
        return run_head(self.head, x)


class Vgg(nn.Module):
    """torchvision's `features`, averaged, and a linear layer in the place of its classifier, which
    has 120 million weights; vgg_classifier has that."""
    CONVOLUTIONS = {"11": "A", "13": "B", "16": "D", "19": "E"}

    def __init__(self, name):
        super().__init__()
        layers, _, norm = name.removeprefix("vgg").partition("_")
        plan = torchvision.models.vgg.cfgs[self.CONVOLUTIONS[layers]]
        self.features = torchvision.models.vgg.make_layers(plan, batch_norm=norm == "bn")
        self.linear = nn.Linear(512, 10)

    def forward(self, x):
        return self.linear(self.features(x).mean((2, 3)))


class VggClassifier(nn.Module):
    """The classifier of torchvision's VGG on features of few channels and another size than 7x7."""

    def __init__(self):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(VGG_FEATURES[1] * 49, 4096), nn.ReLU(), nn.Dropout(0),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0), nn.Linear(4096, 10))

    def forward(self, x):
        return self.classifier(self.avgpool(x).flatten(1))


class CifarBlock(nn.Module):
    """Basic block with option A: zeros for the channels that x lacks, as in the pretrained files'
    code (akamaster/pytorch_resnet_cifar10)."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.width = width

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if x.shape != y.shape:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.width // 4, self.width // 4))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        for layer, width in enumerate((16, 32, 64), 1):
            stage = [CifarBlock(max(width // 2, 16) if i == 0 else width, width,
                                2 if layer > 1 and i == 0 else 1) for i in range(blocks)]
            setattr(self, f"layer{layer}", nn.Sequential(*stage))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


OURS = {"efficientnet_lite0": Lite0, "resnet18_head": HeadedResNet18,
        "vgg_classifier": VggClassifier,
        "resnet20_cifar": lambda: CifarResNet(3), "resnet56_cifar": lambda: CifarResNet(9)}
NO_DROPOUT = ("squeezenet1_0", "squeezenet1_1", "mobilenet_v2")


def new_model(name):
    if name in OURS:
        return OURS[name]()
    if name.startswith("vgg"):
        return Vgg(name)
    options = {"dropout": 0} if name in NO_DROPOUT else {}
    return getattr(torchvision.models, name)(weights=None, **options)


def has_norms(model):
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())


@functools.lru_cache(1)
def model_once(name):
    torch.set_default_dtype(torch.float64)
    model = new_model(name)
    state = {key: torch.from_numpy(generator.fill(name, key, tuple(value.shape)))
             for key, value in model.state_dict().items() if not key.endswith("num_batches_tracked")}
    model.load_state_dict(state, strict=False)
    return model


def filled_model(name):
    return copy.deepcopy(model_once(name))


# ---------------------------------------------------------------- summaries and steps

def summary(name, tensor):
    shape = list(tensor.shape)
    flat = tensor.detach().double().numpy().reshape(-1)
    key = name, flat.size
    if key not in dot_vectors:
        dot_vectors[key] = generator.uniform("dot:" + name, flat.size)
    samples = [rounded(flat[k * (flat.size - 1) // 7], 13) for k in range(8)]
    return {"shape": shape, "norm": rounded(np.sqrt(flat @ flat), 13),
            "dot": rounded(flat @ dot_vectors[key], 13), "samples": samples}


def rounded(value, digits):
    return float(f"{value:.{digits}g}")


def mark_zeros(gradients):
    """Replaces rounding noise by zeros and the scale to judge it by."""
    median = float(np.median([entry["norm"] for entry in gradients.values()]))
    for entry in gradients.values():
        if entry["norm"] < 1e-10 * median:
            entry.update(norm=0.0, dot=0.0, samples=[0.0] * 8, scale=median)
    return gradients


def set_norm_mode(model, form):
    """train: batch statistics; fixed: running statistics."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.train(form == "train")


def input_of(name, form, stream):
    shape = INPUT_SHAPES.get((name, form), INPUT_SHAPES[form])
    return torch.from_numpy(generator.uniform(stream, int(np.prod(shape))).reshape(shape))


def step(model, form, x):
    set_norm_mode(model, form)
    x = x.clone().requires_grad_(True)
    logits = model(x)
    loss = F.cross_entropy(logits, torch.tensor(generator.targets(*logits.shape)))
    loss.backward()
    out = {"loss": loss.item(), "logits": summary("logits", logits),
           "input_gradient": summary("input_gradient", x.grad),
           "gradients": {key: summary(key, parameter.grad)
                         for key, parameter in model.named_parameters()}}
    if form == "train":
        out["buffers"] = {key: summary(key, value) for key, value in model.named_buffers()
                          if not key.endswith("num_batches_tracked")}
    return out


def float32_model(name, trial):
    """In single precision; from the second trial on, weights moved by up to their rounding."""
    model = filled_model(name)
    if trial:
        for key, parameter in model.named_parameters():
            noise = torch.from_numpy(np.random.default_rng([trial, *key.encode()]).uniform(
                -2.0 ** -23, 2.0 ** -23, tuple(parameter.shape)))
            parameter.data *= 1 + noise
    return model.float()


def float32_errors(name, form, x, golden):
    """The errors of PyTorch's own float32 steps in both memory layouts, each the largest of RUNS:
    of loss, logits and statistics; of the gradients' norms and dot products; of everything in
    their summaries; and the median over the gradients of the last."""
    out = {}
    for trial in range(RUNS):
        layout = (torch.contiguous_format, torch.channels_last)[trial % 2]
        model = float32_model(name, trial // 2).to(memory_format=layout)
        got = step(model, form, x.float().contiguous(memory_format=layout))
        outputs = [abs(got["loss"] - golden["loss"]) / max(1, abs(golden["loss"])),
                   *distance(golden["logits"], got["logits"])]
        for key, value in got.get("buffers", {}).items():
            outputs += distance(golden["buffers"][key], value)
        errors = np.array([distance(golden["input_gradient"], got["input_gradient"])] +
                          [distance(golden["gradients"][key], value)
                           for key, value in got["gradients"].items()])
        run = {"outputs": max(outputs), "norm": errors[:, 0].max(), "dot": errors[:, 1].max(),
               "full": errors.max(), "median": np.median(errors.max(1))}
        out = {key: max(rounded(value, 3), out.get(key, 0)) for key, value in run.items()}
    return out


def gap_of_pool(z, y, kernel, stride, padding=0, dilation=1, ceil_mode=False, **_):
    """How far the largest value of each window is from the second, where it is positive: windows of
    zeros pass no gradient to a ReLU. And the error of single precision, of z as y."""
    room = kernel if ceil_mode else 0
    padded = F.pad(z, (padding, padding + room, padding, padding + room), value=-torch.inf)
    windows = F.unfold(padded.flatten(0, 1)[:, None].nan_to_num(neginf=-1e300), kernel, dilation,
                       stride=stride)
    first, second = windows.topk(2, 1).values.unbind(1)
    return (first - second)[first > 0], (z - y).square().mean().sqrt()


def kink_margin(name, form, x):
    """How far the activations keep from the kinks of ReLU (0) and ReLU6 (0, 6), and those of a max
    pool from each other: the smallest distance in units of single precision's error, the root mean
    square over its tensor. Below about 4, some order of summing moves an activation across."""
    plain = {key: getattr(F, key) for key in ("relu", "relu6", "hardtanh", "max_pool2d")}

    def run(model, x):
        seen = []

        def spy(key):
            def seeing(t, *arguments, inplace=False, **options):
                seen.append((key, t.double(), arguments, options))
                return plain[key](t.clone(), *arguments, **options)
            return seeing

        for key in plain:
            setattr(F, key, spy(key))
        with torch.no_grad():
            model(x)
        for key, function in plain.items():
            setattr(F, key, function)
        return seen

    model = filled_model(name)
    set_norm_mode(model, form)
    exact, single = run(model, x), run(copy.deepcopy(model).float(), x.float())
    margins = []
    for (key, z, arguments, options), (_, y, *_) in zip(exact, single):
        if key == "max_pool2d":
            gaps, error = gap_of_pool(z, y, *arguments, **options)
            margins.append(float(gaps.min() / error))
        else:
            kinks = [0] if key == "relu" else [0, 6]
            error = (z - y).square().mean().sqrt()
            margins += [float((z - kink).abs().min() / error) for kink in kinks]
    return min(margins)


def search(name, form, count):
    """The input stream of the largest margin among the first `count`, for INPUT_STREAM."""
    streams = [f"input:{i}" if i else "input" for i in range(count)]
    margins = {stream: kink_margin(name, form, input_of(name, form, stream)) for stream in streams}
    best = max(margins, key=margins.get)
    print(f"{name} {form}: {best}, margin {margins[best]:.3g}")


def tolerance(name, form, errors):
    """Of the measures of float32_errors(); one that is left out has no limit."""
    if form == "fixed":
        return {"outputs": STRICT, "full": STRICT}
    out = {key: rounded(max(least, MULTIPLE * errors[key]), 3)
           for key, least in AT_LEAST.items()}
    return {**out, "full": STRICT} if name in SHALLOW else out


def distance(want, got):
    """As golden_check_summary(): the errors of norm, dot and samples, in units of relative L2 error."""
    scale = want.get("scale", want["norm"])
    if "scale" in want:
        return [got["norm"] / scale, 0, 0]
    rms = scale / np.prod(want["shape"]) ** .5
    samples = [abs(g - w) / (3 * max(rms, abs(w))) for g, w in zip(got["samples"], want["samples"])]
    return [abs(got["norm"] - want["norm"]) / scale,
            abs(got["dot"] - want["dot"]) / (3 * 3 ** -.5 * scale), max(samples)]


def pretrained_check():
    """The module above with the real weights against the stored logits of 16 pictures."""
    from PIL import Image
    data = pathlib.Path(os.environ["BURNISH_DATA"]) / "pretrained"
    torch.set_default_dtype(torch.float32)
    model = Lite0()
    weights = torch.load(next((data / "efficientnet_lite0").glob("*.pth")), map_location="cpu",
                         weights_only=True)
    model.load_state_dict(weights)
    rows = list(csv.DictReader(open(data / "check" / "expected.csv")))
    pictures = np.stack([np.asarray(Image.open(data / "check" / row["file"]).convert("RGB"))
                         for row in rows])
    x = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() - 127) / 128
    want = np.fromfile(data / "check" / "logits_efficientnet_lite0_16x1000_f32.bin", "<f4")
    with torch.no_grad():
        got = model.eval()(x).numpy()
    worst = float(abs(got - want.reshape(16, 1000)).max())
    assert worst < 1e-3, worst
    assert [int(row["efflite0_top1"]) for row in rows] == got.argmax(1).tolist()
    return {"what": "this module with the real weights on pretrained/check, input (x - 127) / 128",
            "pictures": 16, "top1_equal": 16, "largest_logit_difference": worst}


def make(name):
    dot_vectors.clear()
    out = {"model": name,
           "made_by": f"make_models.py, torch {torch.__version__}, torchvision {torchvision.__version__}",
           "seed": 0, "dtype": "float64"}
    if name == "efficientnet_lite0":
        out["pretrained_check"] = pretrained_check()
        model_once.cache_clear()
    errors, tolerances = {}, {}
    for form in ("train", "fixed") if has_norms(model_once(name)) else ("fixed",):
        stream = INPUT_STREAM.get((name, form), "input")
        x = input_of(name, form, stream)
        golden = step(filled_model(name), form, x)
        mark_zeros(golden["gradients"])
        out[form] = {"input_shape": list(x.shape), "input_stream": stream, **golden}
        errors[form] = {"margin": rounded(kink_margin(name, form, x), 3),
                        **float32_errors(name, form, x, golden)}
        tolerances[form] = tolerance(name, form, errors[form])
    with torch.no_grad():
        inference = summary("logits", filled_model(name).eval()(x))
    assert max(distance(out["fixed"]["logits"], inference)) < 1e-12
    out["float32"] = {"runs": RUNS, **errors}
    out["tolerance"] = tolerances
    return out


# ---------------------------------------------------------------- JSON, one line per tensor

def compact(value):
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{compact(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(v) for v in value) + "]"
    return json.dumps(value)


def lines(value):
    """Objects of objects are spread over lines; everything else stays on one."""
    if not any(isinstance(v, dict) for v in value.values()):
        return compact(value)
    inside = [f"{json.dumps(k)}:{lines(v) if isinstance(v, dict) else compact(v)}"
              for k, v in value.items()]
    return "{\n" + ",\n".join(inside) + "}"


def generator_samples():
    """What generator.c must give to the last bit."""
    cases = [("resnet18", "conv1.weight", (64, 3, 7, 7)), ("resnet18", "layer1.0.bn2.weight", (64,)),
             ("resnet18_head", "head.bn2.weight", (512,)), ("resnet50", "layer1.0.bn2.weight", (64,)),
             ("resnet50", "layer1.0.bn3.weight", (256,)), ("resnet50", "fc.bias", (1000,)),
             ("efficientnet_lite0", "_blocks.1._bn2.weight", (24,)),
             ("efficientnet_lite0", "_bn1.running_mean", (1280,)),
             ("efficientnet_lite0", "_bn1.running_var", (1280,)), ("efficientnet_lite0", "_fc.weight", (1000, 1280))]
    return {"uniform": {name: [float(v) for v in generator.uniform(name, 9)]
                        for name in ("input", "input:8", "dot:fc.weight", "")},
            "fill": [{"architecture": a, "name": n, "shape": list(shape),
                      "first": [float(v) for v in generator.fill(a, n, shape).reshape(-1)[:5]],
                      "last": float(generator.fill(a, n, shape).reshape(-1)[-1])}
                     for a, n, shape in cases]}


NAMES = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
         "resnet18_head", "efficientnet_lite0", "resnext101_32x8d", "wide_resnet50_2",
         "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn",
         "vgg_classifier", "squeezenet1_0", "squeezenet1_1", "mobilenet_v2", "densenet121",
         "resnet20_cifar", "resnet56_cifar"]

if __name__ == "__main__":
    generator.check()
    if sys.argv[1:2] == ["--search"]:
        sys.exit(search(sys.argv[2], sys.argv[3], int(sys.argv[4])))
    (HERE / "generator.json").write_text(lines(generator_samples()) + "\n")
    for name in sys.argv[1:] or NAMES:
        golden = make(name)
        path = HERE / "models" / f"{name}.json"
        path.write_text(lines(golden) + "\n")
        json.loads(path.read_text())
        print(f"{path.name}: {path.stat().st_size} bytes, float32 {golden['float32']}", flush=True)
