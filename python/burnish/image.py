# SPDX-License-Identifier: Apache-2.0
"""The image job: from a folder of photos, or a list, to a classifier.

    run = burnish.image.train("photos/", epochs=5)
    model = run.model()
    model.predict("photo.jpg")                      # Prediction(label='ants', probability=0.98)
    model.probabilities(["a.jpg", "b.jpg"])         # float32 (2, K)

Options are those of the command line with `_` for `-`, and of `brn_image_options` in C: `burnish help image
train` has them all with their defaults.
"""
import json

from . import _burnish, pages
from .arrays import floats, whole_numbers
from .errors import UsageError
from .found import Figures, Prediction, Rates
from .interpretation import Confused, Interpretation, Mistake, judged  # noqa: F401 (names of this module)
from .learner import StepByStep
from .opened import Opened, names_folded
from .progress import handler_of
from .runs import Run


def train(data, *, progress=True, callbacks=(), **options):
    """Trains a classifier.

    Args:
        data: a folder (train/ and valid/ of class folders, or class folders), or a list (.csv, .tsv).
        progress: show an epoch table.
        callbacks: callables that hear every event, a dict; one that returns something true stops the training.
        **options: as on the command line: architecture (or a network of burnish.nn), epochs, batch_size, size, learning_rate,
            seed, precision ("fp32", "bf16", "auto"), activation_checkpointing, out ...

    Returns:
        A Run.

    Raises:
        InputError, UsageError, DivergedError, FileError, NetworkError; KeyboardInterrupt at Ctrl-C, after the
        state has been saved (`resume` goes on with it).
    """
    options = {"recipe": None, **_network_options(options), "data": data}
    return Run(_burnish.image_train(options, handler_of(progress, callbacks)), Model)


def _network_options(options):
    """A network of burnish.nn in place of an architecture is handed on as its text."""
    from . import nn

    architecture = options.get("architecture")
    if isinstance(architecture, (nn.Network, nn.Layer)):
        options = {**options, "architecture": None, "network": nn.network_of(architecture).text}
    return options


def resume(run, *, progress=True, callbacks=()):
    """Goes on with a run that was stopped, to the same bits as if it had not been."""
    return Run(_burnish.image_resume(run, handler_of(progress, callbacks)), Model)


def lr_find(data, *, form="fastai2", finder=None, callbacks=(), **options):
    """A mock training whose rate grows: a dict as of `Learner.lr_find`.

    The first stage of the training is tried: the head while the body is frozen, or all layers.

    Args:
        form: "fastai2", "lr_find" or "lr_find2"; `finder`: a dict of start, end, iterations, linear, stop.
        **options: as of `train`.
    """
    options = {"recipe": None, **_network_options(options), "data": data}
    return Rates(_burnish.image_lr_find(options, {"form": form, **(finder or {})}, handler_of(False, callbacks)))


class Model(Opened):
    """A trained model, or an architecture with its published weights. One thread uses it at a time.

    Args:
        what: a run folder, a model.safetensors file, or an architecture's name.
        threads: that compute; 0: all.
        offline: absent weights are an error and are not fetched.

    Attributes:
        classes: list of names; of tags, or of numbers, for models of those.
        architecture, size, target: the network, its pixels a side, "label", "tags" or "numbers".
        threshold: of tags: a picture has those above it.
    """

    def __init__(self, what, *, threads=0, offline=False):
        self._native = _burnish.ImageModel(what, threads=threads, offline=offline)
        self._opened(what)
        facts = self._native.facts()
        self.classes = facts["classes"]
        self.architecture = facts["architecture"]
        self.size = facts["size"]
        self.target = facts["target"]
        self.threshold = facts["threshold"]

    def answers(self, picture):
        """float32 (K) of one picture: a path, a PIL image, or uint8 (height, width, 3) as a NumPy array, a buffer, a
        PyTorch tensor or whatever else has DLPack; rows one behind the other are not copied."""
        if isinstance(picture, (str, bytes)) or hasattr(picture, "__fspath__"):
            values, ok = self._native.predict_files([picture], 1)
            return floats(values, len(self.classes))
        return floats(self._native.predict_pixels(_pixels(picture)), len(self.classes))

    def predict(self, picture):
        """What a picture shows: a Prediction; of tags the list of those it has, of numbers the array."""
        answers = self.answers(picture)
        if self.target == "label":
            best = int(answers.argmax())
            return Prediction(self.classes[best], float(answers[best]), best)
        if self.target == "tags":
            return [name for name, value in zip(self.classes, answers) if value > self.threshold]
        return answers

    def probabilities(self, paths, batch_size=32):
        """float32 (N, K) of many files; the row of a file that could not be read is NaN."""
        paths = list(paths)
        values, ok = self._native.predict_files(paths, batch_size)
        array = floats(values, len(paths), len(self.classes))
        for row, good in enumerate(ok):
            if not good:
                array[row] = float("nan")
        return array

    def evaluate(self, data, *, progress=False, callbacks=(), **options):
        """Figures on the validation pictures: a dict; `confusion` is int64 (K, K), row = truth,
        and `plot_confusion()` shows it."""
        found = self._native.evaluate(data, options, handler_of(progress, callbacks))
        if "confusion" in found:
            found["confusion"] = whole_numbers(found["confusion"], len(self.classes), len(self.classes))
        return Figures(found, self.classes)

    def interpret(self, data, top=10, min_count=2, *, split=1, progress=False, callbacks=(), **options):
        """What it gets wrong on the validation pictures (of labels): an Interpretation, with the `top` largest losses and
        the pairs that were confused `min_count` times or more.

        Args:
            data: a folder or a list, as in `train`; or a Data, whose `split` is looked at, without suspects.
            progress, callbacks: of a folder or a list.
            **options: batch_size; of a folder or a list also tta, tta_beta, whole.
        """
        if isinstance(data, Data):
            return self._interpret_data(data, split, top, min_count, **options)
        pictures, suspects = self._native.interpret(data, options, handler_of(progress, callbacks))
        return Interpretation(self.classes, pictures, suspects, top=top, min_count=min_count)

    def _interpret_data(self, data, split, top, min_count, batch_size=32):
        for target in (self.target, data.target):
            _labels_only(target)
        if data.classes != self.classes:
            raise UsageError(f"interpret: the model has the classes {self.classes}, the data {data.classes}")
        paths = data.paths(split)
        pictures = judged(paths, data.targets(split), self.probabilities(paths, batch_size))
        return Interpretation(self.classes, pictures, top=top, min_count=min_count)

    def _shown(self):
        self._native.facts()  # raises where it has been closed
        rows = [("pixels a side", self.size), ("answers with", self.target)]
        if self.target == "tags":
            rows.append(("a tag's probability is above", self.threshold))
        answers = "classes" if self.target == "label" else self.target
        return f"{self.architecture}: {len(self.classes)} {answers}", [*rows, names_folded(self.classes, answers)]

    def __repr__(self):
        return f"<image.Model {self.architecture}, {self.size} pixels, {len(self.classes)} classes>"


def _labels_only(target):
    if target != "label":
        raise UsageError(f"interpret: expected labels, and not {target}")


def _pixels(picture):
    if hasattr(picture, "convert"):  # PIL
        picture = picture.convert("RGB")
    import numpy

    if hasattr(picture, "__dlpack__") and not hasattr(picture, "__array_interface__"):
        if not hasattr(picture, "__dlpack_device__") or picture.__dlpack_device__()[0] != 1:
            raise UsageError("picture: expected memory of the processor")
        picture = numpy.from_dlpack(picture)
    array = numpy.ascontiguousarray(picture)
    if array.dtype != numpy.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise UsageError(f"picture: expected uint8 (height, width, 3), got {array.dtype} {array.shape}")
    return array


def _change_of(change):
    """The function of a change on what C gives: bytes."""
    import numpy

    def on_memory(pixels, height, width, training, seed):
        picture = numpy.frombuffer(pixels, numpy.uint8).reshape(height, width, 3)
        changed = change(picture, training, seed)
        return None if changed is None or changed is picture else _pixels(changed)

    return on_memory


# ------------------------------------------------------------------ step by step

TRAIN, VALID, TEST = 0, 1, 2


class Data:
    """Pictures, what they show, and which of them validate.

    Args:
        path: a folder or a list, as in `train`.
        **options: valid (share), seed, test, images, targets, target_type, tag_separator, folds, fold.
    """

    def __init__(self, path, **options):
        self._native = _burnish.ImageData(path, options)
        facts = self._native.facts()
        self.path = path
        self.classes = facts["classes"]
        self.target = facts["target"]
        self.counts = (facts["train"], facts["valid"], facts["test"])

    def paths(self, split=VALID):
        """Paths of a split, in the order of its answers."""
        return self._native.items(split)[0]

    def targets(self, split=VALID):
        """int64 (N) labels, or float32 (N, K) tags or numbers."""
        paths, values = self._native.items(split)
        if self.target == "label":
            return whole_numbers(values, len(paths))
        return floats(values, len(paths), len(self.classes))

    def _named(self, target):
        if self.target == "label":
            return self.classes[int(target)]
        if self.target == "tags":
            return " ".join(name for name, on in zip(self.classes, target) if on)
        return ", ".join(f"{value:.4g}" for value in target)

    def _repr_html_(self, most=12):
        counts = pages.table(["training", "validation", "test"], [self.counts])
        split = TRAIN if self.counts[TRAIN] else VALID
        paths, targets = self.paths(split), self.targets(split)
        shown = [i * len(paths) // most for i in range(most)] if len(paths) > most else range(len(paths))
        return pages.element(
            pages.title(f"{self.path}: {len(self.classes)} {'classes' if self.target == 'label' else self.target}"), counts,
            pages.grid([paths[i] for i in shown], [self._named(targets[i]) for i in shown]))

    def __repr__(self):
        return f"<image.Data {self.path}: {self.counts[0]} + {self.counts[1]} pictures, {len(self.classes)} classes>"


class Learner(StepByStep):
    """A network that is trained step by step, as fast.ai's.

        learner = burnish.image.Learner(data, "efficientnet_lite0")
        learner.lr_find()["valley"]
        learner.fit_one_cycle(3, 2e-3)              # the head; the body is frozen
        learner.unfreeze()
        learner.fit_one_cycle(5, slice(2e-5, 1e-3))
        learner.tta()                               # float32 (N, K)

    Args:
        data: a Data.
        architecture: its name, or a network or layers of burnish.nn, which start from random weights and learn as a
            whole.
        progress: show an epoch table in every fit.
        change: a function that every picture goes through before all else, in Python: of (picture, training, seed), to
            another uint8 (height, width, 3), or None where it changed this one in place. It is called with the
            interpreter's lock, is slower than `augment`, and is no part of a saved model. Random choices go by `seed`.
        metrics: functions of (answers, targets), as `predict` gives them, to a number; told after every epoch.
        **options: pretrained, weights, size, batch_size, augment, hidden, dropout, train_bn, label_smoothing, seed,
            threads, precision ("fp32", "bf16", "auto"), activation_checkpointing, loaders, offline, mirror.
    """

    def __init__(self, data, architecture="efficientnet_lite0", *, progress=True, callbacks=(), metrics=(), change=None,
                 **options):
        self.data = data
        options = _network_options({**options, "architecture": architecture})
        self.architecture = architecture if options["architecture"] else json.loads(options["network"])["name"]
        if change is not None:
            options["change"] = _change_of(change)
        self._start(_burnish.ImageLearner(data._native, options, None), progress, callbacks, metrics)

    # -------------------------------------------------------------- what learns

    def precompute(self, on=True):
        """While the body is frozen: train on cached features of the plain pictures."""
        self._native.switch("precompute", on)

    def freeze_norms(self, on=True):
        """Batch norms of learning groups keep their statistics."""
        self._native.switch("freeze_norms", on)

    # -------------------------------------------------------------- fits

    def _measure(self, metric):
        """The function of a metric on what C gives: bytes."""

        def measure(answers, targets):
            k = len(self.data.classes)
            n = len(answers) // (4 * k)
            return float(metric(floats(answers, n, k),
                                whole_numbers(targets, n) if self.data.target == "label" else floats(targets, n, k)))

        return measure

    # -------------------------------------------------------------- answers

    LOGITS, PROBABILITIES, LOG_PROBABILITIES = 0, 1, 2

    def answer(self, split=VALID, form=PROBABILITIES, *, augmented=False, number=0):
        """One pass: float32 (N, K)."""
        values, _ = self._native.answer(split, form, augmented, number, handler_of(False, self.callbacks))
        return floats(values, self.data.counts[split], len(self.data.classes))

    def predict(self, split=VALID):
        """Probabilities (N, K), and the targets."""
        return self.answer(split), self.data.targets(split)

    def tta(self, n=4, beta=0.25, split=VALID):
        """fastai 2's test-time augmentation: (1 - beta) x mean of n augmented passes + beta x the plain one."""
        plain = self.answer(split)
        mean = sum(self.answer(split, augmented=True, number=i + 1) for i in range(n)) / n
        return (1 - beta) * mean + beta * plain

    def validate(self):
        """Accuracy of the plain answers (labels only)."""
        if self.data.target != "label":
            raise UsageError(f"validate: expected labels, and not {self.data.target}; predict() has answers and targets")
        answers, labels = self.predict()
        return float((answers.argmax(1) == labels).mean())

    def interpret(self, top=10, split=VALID, min_count=1):
        """What it gets wrong (labels only): an Interpretation, with the `top` largest losses."""
        import numpy

        _labels_only(self.data.target)
        logs, labels = self.answer(split, self.LOG_PROBABILITIES), self.data.targets(split)
        losses = -logs[numpy.arange(len(labels)), labels]
        pictures = judged(self.data.paths(split), labels, numpy.exp(logs), losses)
        return Interpretation(self.data.classes, pictures, top=top, min_count=min_count)

    # -------------------------------------------------------------- files

    def set_data(self, data, size=0, augment=None):
        """The same classes from other pictures, or at another size: progressive resizing."""
        self._native.set_data(data._native, size, augment)
        self.data = data

    def take_weights(self, path, *, body=False):
        """Takes values by their names from any file of weights, a .safetensors or what torch.save wrote of a state_dict; with
        `body` all but those of the last layer group."""
        self._native.take_weights(path, body)

    def resume(self, path):
        """As `load`, and goes on where the learner that saved it stood, to the same bits, in another process too. Both
        were made with the same options and data."""
        self._native.resume(path)

    def _title(self):
        return f"{self.architecture} on {len(self.data.classes)} {'classes' if self.data.target == 'label' else self.data.target}"

    def __repr__(self):
        return f"<image.Learner {self.architecture} on {self.data!r}, groups {self._learns()}>"
