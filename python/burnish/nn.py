# SPDX-License-Identifier: Apache-2.0
"""Networks of your own, put together from layers.

    from burnish import nn
    network = nn.Network(
        nn.Sequential(nn.Conv(16, 3, padding=1, bias=False), nn.BatchNorm(), nn.ReLU(), nn.MaxPool(2)),
        nn.Residual(nn.Conv(16, 3, padding=1), nn.BatchNorm(), activation="relu"),
        nn.GlobalPool(), nn.Linear(), size=64)
    print(network.summary((3, 64, 64), classes=10))
    learner = burnish.image.Learner(data, network)

Layers are descriptions: nothing is computed here, and what they do is C's (docs/networks.md). Their sizes follow from
what comes in; `Linear()` and `Conv(None, 1)` without outputs have one a class. Parameters are named as those of
torch.nn.Sequential, by places, or by `name=`.

>>> network = Network(Conv(8, 3, padding=1), ReLU(), GlobalPool(), Linear())
>>> [(layer.path, layer.shape) for layer in network.layers((3, 32, 32), classes=10)]
[('0', (8, 32, 32)), ('1', (8, 32, 32)), ('2', (8,)), ('3', (10,))]
>>> network.groups
2
"""
import dataclasses
import json
from collections import namedtuple
from typing import Optional, Sequence, Union

from . import _burnish, image, pages
from .arrays import floats
from .errors import UsageError
from .opened import Opened, names_folded

Step = namedtuple("Step", "path kind shape group parameters")
Step.__doc__ = "What one layer gives: its path, kind, shape without the batch, layer group and numbers of its own."


class Layer:
    """What all layers are: values that never change, and compare by what they say."""

    _kind = ""

    def description(self) -> dict:
        """As C reads it: a dict of JSON."""
        said = {"layer": self._kind}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "name" and value is None:
                continue
            if field.metadata.get("classes") and value is None:
                value = "classes"
            elif value == field.default and field.default is not dataclasses.MISSING:
                continue
            said[field.name] = list(value) if isinstance(value, tuple) else value
        return said


def _outputs():
    return dataclasses.field(default=None, metadata={"classes": True})


def _layer(kind):
    def make(cls):
        cls = dataclasses.dataclass(frozen=True)(cls)
        cls._kind = kind
        return cls

    return make


_NAME = dict(default=None, kw_only=True)


@_layer("conv")
class Conv(Layer):
    """A convolution: (C, H, W) to (channels, H', W'). Without `channels`: one a class. `same`: the size stays, by
    zeros around (TensorFlow's SAME)."""

    channels: Optional[int] = _outputs()
    kernel: int = 3
    stride: int = 1
    padding: int = 0
    groups: int = 1
    bias: bool = True
    same: bool = False
    name: Optional[str] = dataclasses.field(**_NAME)

    def description(self) -> dict:
        """As C reads it: a dict of JSON."""
        return {"kernel": self.kernel, **super().description()}


@_layer("linear")
class Linear(Layer):
    """(F) to (outputs). Without `outputs`: one a class. `init`: "uniform" (PyTorch's), "kaiming" or "zeros"."""

    outputs: Optional[int] = _outputs()
    bias: bool = True
    init: str = "uniform"
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("batch_norm")
class BatchNorm(Layer):
    """Batch normalisation of (C, H, W) or (F)."""

    epsilon: float = 1e-5
    momentum: float = 0.1
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("embedding")
class Embedding(Layer):
    """A row of a table for the whole number in one column of (F): to (width). Codes are below `rows`."""

    rows: int
    width: int
    column: int = 0
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("ratio_bag")
class RatioBag(Layer):
    """The words of a text, whole numbers in the columns of (F), 0 where there is none, to (outputs): the sum of their
    (weight + shift) / divisor times their ratios (Wang and Manning 2012). Weights learn; the ratios are zeros until
    `learner.set_parameter("0.ratios", values)` gives them, row 0 those of no word. Without `outputs`: one a class."""

    rows: int
    outputs: Optional[int] = _outputs()
    shift: float = 0.4
    divisor: float = 10.0
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("relu")
class ReLU(Layer):
    """max(x, 0)."""

    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("relu6")
class ReLU6(Layer):
    """min(max(x, 0), 6)."""

    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("leaky_relu")
class LeakyReLU(Layer):
    """x, and slope times x below 0."""

    slope: float = 0.01
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("sigmoid")
class Sigmoid(Layer):
    """1 / (1 + exp(-x))."""

    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("tanh")
class Tanh(Layer):
    """The hyperbolic tangent."""

    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("silu")
class SiLU(Layer):
    """x times its sigmoid (swish)."""

    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("gelu")
class GELU(Layer):
    """x times the normal distribution at x, in the form with tanh."""

    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("hard_swish")
class HardSwish(Layer):
    """x min(max(x + 3, 0), 6) / 6."""

    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("dropout")
class Dropout(Layer):
    """Zeroes values with this probability while it learns, and scales the others up."""

    probability: float
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("max_pool")
class MaxPool(Layer):
    """The largest of each window. A stride of 0 is the kernel; `ceil`: sizes round up."""

    kernel: int
    stride: int = 0
    padding: int = 0
    ceil: bool = False
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("average_pool")
class AvgPool(Layer):
    """The mean of each window."""

    kernel: int
    stride: int = 0
    padding: int = 0
    ceil: bool = False
    count_padding: bool = True
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("global_pool")
class GlobalPool(Layer):
    """(C, H, W) to (C): "average", "max", or "concat", which is fast.ai's: maximum, then average, (2C)."""

    kind: str = "average"
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("flatten")
class Flatten(Layer):
    """(...) to (F)."""

    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("reshape")
class Reshape(Layer):
    """The same values in another shape, without the batch: Reshape((1, 28, 28))."""

    dims: Sequence[int]
    name: Optional[str] = dataclasses.field(**_NAME)

    def __post_init__(self):
        object.__setattr__(self, "dims", tuple(self.dims))


@_layer("columns")
class Columns(Layer):
    """Columns (or channels) begin to end - 1."""

    begin: int
    end: int
    name: Optional[str] = dataclasses.field(**_NAME)


@_layer("identity")
class Identity(Layer):
    """x."""

    name: Optional[str] = dataclasses.field(**_NAME)


class _Inside(Layer):
    """Layers with layers inside."""

    def __init__(self, *layers: Layer, name: Optional[str] = None, **said):
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"{type(self).__name__}: expected layers, got {type(layer).__name__}")
        object.__setattr__(self, "inside", tuple(layers))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "_said", said)

    def __setattr__(self, key, value):
        raise AttributeError(f"{type(self).__name__} does not change")

    def __delattr__(self, key):
        raise AttributeError(f"{type(self).__name__} does not change")

    def __eq__(self, other):
        return type(self) is type(other) and self.description() == other.description()

    def __hash__(self):
        return hash(json.dumps(self.description(), sort_keys=True))

    def __repr__(self):
        parts = [repr(layer) for layer in self.inside]
        parts += [f"{key}={value!r}" for key, value in (*self._said.items(), ("name", self.name)) if value is not None]
        return f"{type(self).__name__}({', '.join(parts)})"

    def __len__(self):
        return len(self.inside)

    def __getitem__(self, place):
        return self.inside[place]

    def description(self) -> dict:
        """As C reads it: a dict of JSON."""
        said = {"layer": self._kind} if self.name is None else {"layer": self._kind, "name": self.name}
        for key, value in self._said.items():
            if value is not None:
                said[key] = value.description() if isinstance(value, Layer) else value
        said["layers"] = [layer.description() for layer in self.inside]
        return said


class Sequential(_Inside):
    """One layer after the other. In the outermost list of a network each one begins a layer group."""

    _kind = "sequential"


class Residual(_Inside):
    """x plus what its layers make of x, then the activation: "relu" and so on. `shortcut` is a layer that x goes through
    where the shape changes."""

    _kind = "residual"

    def __init__(self, *layers: Layer, shortcut: Optional[Layer] = None, activation: Optional[str] = None,
                 name: Optional[str] = None):
        if shortcut is not None and not isinstance(shortcut, Layer):
            raise TypeError(f"Residual: expected a layer as its shortcut, got {type(shortcut).__name__}")
        super().__init__(*layers, name=name, shortcut=shortcut, activation=activation)


class Branches(_Inside):
    """Each of 2 to 8 layers on x, side by side: their channels (or columns) one after the other."""

    _kind = "branches"


class Gate(_Inside):
    """x times what its layers make of x: one number a channel (squeeze and excitation), or the shape of x."""

    _kind = "gate"


class Summary(str):
    """A table as a text, which notebooks show as a table."""

    def _repr_html_(self):
        head, *rows = self.rows
        return pages.element(pages.table(head, rows))


def _described(layers, before=""):
    """[(path, kind, what is said of it)] of layers as C reads them, each before those inside of it."""
    rows = []
    for place, said in enumerate(layers):
        path = f"{before}{said.get('name', place)}"
        words = [f"{key} {value}" for key, value in said.items() if key not in ("layer", "name", "layers", "shortcut")]
        rows.append((path, said["layer"], ", ".join(words)))
        rows += _described(said.get("layers", ()), f"{path}.")
        if "shortcut" in said:
            rows += _described([{**said["shortcut"], "name": "shortcut"}], f"{path}.")
    return rows


class Network:
    """A whole network: layers that lead to one output a class.

    Args:
        *layers: the outermost list.
        name: what it is called: letters, digits and underscores.
        size: pixels a side of the pictures, where a training is not told; None: 128.
        groups: the places of the list at which the second and later layer groups begin; None: at every Sequential
            and at the last layer that learns.
        mean, deviation: of the pixels' channels; None: those of ImageNet.

    Attributes:
        name, text, groups: text is the description in one line; groups is how many there are.

    Raises:
        InputError: names the layer and what was expected.
    """

    def __init__(self, *layers: Layer, name: str = "network", size: Optional[int] = None,
                 groups: Optional[Sequence[int]] = None, mean: Optional[Sequence[float]] = None,
                 deviation: Optional[Sequence[float]] = None):
        said = {"format": 1, "name": name}
        for key, value in (("size", size), ("groups", groups), ("mean", mean), ("deviation", deviation)):
            if value is not None:
                said[key] = list(value) if isinstance(value, (tuple, range)) else value
        said["layers"] = [layer.description() for layer in layers]
        self._take(json.dumps(said))

    def _take(self, text):
        self.name, self.text, self.groups = _burnish.network_read(text)

    @classmethod
    def open(cls, path) -> "Network":
        """From a file of JSON."""
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self = cls.__new__(cls)
        self._take(text)
        return self

    def save(self, path):
        """Writes the description: for `burnish image train --network`, and C's brn_network_open."""
        with open(path, "w", encoding="utf-8") as file:
            json.dump(json.loads(self.text), file, indent=1)

    def layers(self, shape: Sequence[int], classes: int) -> "list[Step]":
        """What each layer gives for an item of this shape, without computing it. InputError where it does not fit."""
        return [Step(*row) for row in _burnish.network_trace(self.text, list(shape), classes)]

    def summary(self, shape: Sequence[int], classes: int) -> str:
        """The same as a table."""
        steps = self.layers(shape, classes)
        rows = [("layer", "kind", "gives", "group", "parameters")]
        rows += [(s.path, s.kind, " x ".join(map(str, s.shape)), str(s.group), f"{s.parameters:,}") for s in steps]
        rows.append(("", "", "", "", f"{sum(s.parameters for s in steps):,}"))
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        text = Summary("\n".join("  ".join(word.rjust(width) if i == 4 else word.ljust(width)
                                           for i, (word, width) in enumerate(zip(row, widths))).rstrip() for row in rows))
        text.rows = rows
        return text

    def __eq__(self, other):
        return isinstance(other, Network) and self.text == other.text

    def __hash__(self):
        return hash(self.text)

    def _repr_html_(self):
        rows = _described(json.loads(self.text)["layers"])
        return pages.element(pages.title(f"{self.name}: {self.groups} layer groups"),
                             pages.table(["layer", "kind", "says"], rows))

    def __repr__(self):
        return f"<nn.Network {self.name}, {self.groups} layer groups>"


def network_of(what: Union[Network, Layer]) -> Network:
    """The network of a network, or of a layer: the layers of a Sequential are the outermost list."""
    if isinstance(what, Network):
        return what
    return Network(*what.inside) if isinstance(what, Sequential) else Network(what)


# ------------------------------------------------------------------ learning from arrays

TRAIN, VALID, TEST = image.TRAIN, image.VALID, image.TEST
_TARGETS = ("label", "tags", "numbers")


def _numbers(what, dtype):
    """A NumPy array of memory in rows, which is not copied where it is so already."""
    import numpy

    if hasattr(what, "__dlpack__") and not hasattr(what, "__array_interface__"):
        if not hasattr(what, "__dlpack_device__") or what.__dlpack_device__()[0] != 1:
            raise UsageError("arrays: expected memory of the processor")
        what = numpy.from_dlpack(what)
    return numpy.ascontiguousarray(what, dtype=dtype)


class Arrays:
    """Arrays to learn from, as float32 and int64: inputs of any shape, a target for each item.

    Args:
        inputs: (N, ...): 1 to 3 dimensions behind the items; NumPy, or whatever has a buffer or DLPack.
        targets: (N) whole numbers: labels; (N) or (N, K) of other numbers.
        valid: a pair of the same to validate on; or the share of the items that is set aside for it.
        test: more inputs, or a pair.
        target: "label", "tags" (N, K of 0 and 1) or "numbers"; None: labels where targets are whole numbers.
        classes: names of labels, tags or numbers.
        seed: of the items that are set aside.

    Attributes:
        classes, target, shape: names, "label", "tags" or "numbers", and the shape of an item.
        counts: of items that train, validate and test.
    """

    def __init__(self, inputs, targets, *, valid=0.2, test=None, target=None, classes=None, seed=42):
        import numpy

        inputs = _numbers(inputs, numpy.float32)
        kind = _numbers(targets, None).dtype.kind
        self.target = target or ("label" if kind in "iub" else "numbers")
        if self.target not in _TARGETS:
            raise UsageError(f"target: {target}; expected label, tags or numbers")
        targets = self._targets_of(targets)
        if not 2 <= inputs.ndim <= 4 or len(targets) != len(inputs):
            raise UsageError(f"arrays: inputs {inputs.shape} and targets {targets.shape}; expected (N, ...) with 1 to 3 "
                             "dimensions behind the N, and a target for each")
        self.shape = inputs.shape[1:]
        if isinstance(valid, (int, float)):
            order = numpy.random.RandomState(seed).permutation(len(inputs))
            aside, rest = order[: int(round(valid * len(order)))], order[int(round(valid * len(order))) :]
            parts = [(inputs[rest], targets[rest]), (inputs[aside], targets[aside])]
        else:
            parts = [(inputs, targets), self._part(valid, targets)]
        parts.append(self._part(test, targets))
        self._parts = parts
        self.counts = tuple(len(part[0]) for part in parts)
        width = int(max([int(part[1].max()) for part in parts if len(part[1])], default=0)) + 1 if self.target == "label" \
            else targets.shape[1]
        self.classes = [str(name) for name in classes] if classes is not None else [str(k) for k in range(max(width, 1))]

    def _targets_of(self, targets):
        import numpy

        array = _numbers(targets, numpy.int64 if self.target == "label" else numpy.float32)
        if self.target != "label" and array.ndim == 1:
            array = array.reshape(-1, 1)
        if array.ndim != (1 if self.target == "label" else 2):
            raise UsageError(f"targets: {self.target} of shape {array.shape}")
        return array

    def _part(self, given, like):
        import numpy

        if given is None:
            return numpy.empty((0, *self.shape), numpy.float32), like[:0]
        pair = given if isinstance(given, (tuple, list)) else (given, None)
        inputs = _numbers(pair[0], numpy.float32)
        if inputs.shape[1:] != self.shape:
            raise UsageError(f"arrays: items of shape {inputs.shape[1:]}; expected {self.shape}")
        targets = numpy.zeros((len(inputs), *like.shape[1:]), like.dtype) if pair[1] is None else self._targets_of(pair[1])
        if targets.shape != (len(inputs), *like.shape[1:]):
            raise UsageError(f"targets: {targets.shape} for {len(inputs)} items")
        return inputs, targets

    def targets(self, split=VALID):
        """int64 (N) labels, or float32 (N, K)."""
        return self._parts[split][1]

    def inputs(self, split=VALID):
        """float32 (N, ...)."""
        return self._parts[split][0]

    def paths(self, split=VALID):
        """Numbers of the items, from 0."""
        return [str(i) for i in range(self.counts[split])]

    def _named(self, target):
        if self.target == "label":
            return self.classes[int(target)]
        if self.target == "tags":
            return " ".join(name for name, on in zip(self.classes, target) if on)
        return ", ".join(f"{value:.4g}" for value in target)

    def _repr_html_(self, most=12):
        split = TRAIN if self.counts[TRAIN] else VALID
        items, targets = self.inputs(split)[:most], [self._named(target) for target in self.targets(split)[:most]]
        if len(self.shape) == 2 or (len(self.shape) == 3 and self.shape[0] in (1, 3)):
            shown = pages.side_by_side([pages.picture_of(item) for item in items], targets)
        else:
            rows = [[*(f"{value:.4g}" for value in item.ravel()[:most].tolist()), *(["…"] if item.size > most else []), target]
                    for item, target in zip(items[:5], targets)]
            width = max([1, *map(len, rows)]) - 1
            shown = pages.wide(pages.table([*([""] * width), "target"], rows))
        what = "classes" if self.target == "label" else self.target
        return pages.element(
            pages.title(f"items of {' x '.join(map(str, self.shape))}, {len(self.classes)} {what}"),
            pages.table(["training", "validation", "test"], [self.counts]), shown)

    def __repr__(self):
        return f"<nn.Arrays {self.shape}: {self.counts[0]} + {self.counts[1]} items, {len(self.classes)} {self.target}>"


class Learner(image.Learner):
    """A network of layers that learns from arrays, by the same calls as one of pictures.

    >>> import numpy
    >>> x = numpy.random.RandomState(1).uniform(-1, 1, (400, 2))
    >>> data = Arrays(x, x[:, 0] * x[:, 1] > 0)
    >>> learner = Learner(data, Network(Linear(32), ReLU(), Linear(32), ReLU(), Linear()), progress=False, threads=1)
    >>> learner.fit_one_cycle(20, 1e-2).validate() > 0.9
    True
    >>> learner.answers([[0.5, 0.5]]).shape
    (1, 2)

    Args:
        data: Arrays.
        network: a Network, a layer or several in a Sequential.
        progress, callbacks, metrics: as those of image.Learner.
        **options: batch_size, weights, train_bn, label_smoothing, seed, threads, precision, activation_checkpointing.
    """

    def __init__(self, data, network, *, progress=True, callbacks=(), metrics=(), **options):
        self.data = data
        self.network = network_of(network)
        self.architecture = self.network.name
        parts = [(len(inputs), inputs, targets) for inputs, targets in data._parts]
        given = (list(data.shape), _TARGETS.index(data.target), data.classes, parts)
        self._start(_burnish.array_learner(given, {**options, "network": self.network.text}), progress, callbacks, metrics)

    def set_data(self, data, size=0, augment=None):
        """Not there: a learner of arrays keeps those that it was made with."""
        raise UsageError("set_data: a learner of arrays keeps those that it was made with")

    def answers(self, inputs, form=image.Learner.PROBABILITIES):
        """What the network says of other items (N, ...): float32 (N, K)."""
        return _answers(self._native, self.data.shape, len(self.data.classes), inputs, form)

    def __repr__(self):
        return super().__repr__().replace("<image.", "<nn.", 1)


def _answers(native, shape, outputs, inputs, form):
    import numpy

    inputs = _numbers(inputs, numpy.float32)
    if inputs.shape[1:] != tuple(shape):
        raise UsageError(f"arrays: items of shape {inputs.shape[1:]}; expected {tuple(shape)}")
    return floats(native.answer_arrays(inputs, len(inputs), form), len(inputs), outputs)


class Model(Opened):
    """A network that a Learner has saved: it answers. One thread uses it at a time.

    Args:
        path: the file.
        threads: that compute; 0: all.

    Attributes:
        classes, target, shape: as those of Arrays.
    """

    def __init__(self, path, *, threads=0):
        self._native = _burnish.array_open(path, threads)
        self._opened(path)
        facts = _burnish.array_facts(self._native)
        self.classes, self.target, self.shape = facts["names"], facts["target"], facts["shape"]

    def answers(self, inputs):
        """Probabilities of labels and tags, or numbers: float32 (N, K)."""
        return _answers(self._native, self.shape, len(self.classes), inputs, image.Learner.PROBABILITIES)

    def _shown(self):
        _burnish.array_facts(self._native)  # raises where it has been closed
        rows = [("shape of an item", " x ".join(map(str, self.shape))), ("answers with", self.target)]
        return f"A network of layers: {len(self.classes)} answers", [*rows, names_folded(self.classes, "answers")]

    def __repr__(self):
        return f"<nn.Model {self.shape}, {len(self.classes)} {self.target}>"
