# SPDX-License-Identifier: Apache-2.0
"""The text job: from labelled texts to a classifier.

    run = burnish.text.train("reviews.csv", encoder="runs/lm-1")
    model = run.model()
    model.predict("A film to see twice")            # Prediction(label='positive', probability=0.97, index=1)
    model.explain("A film to see twice")            # (1, [('xxbos', 0.0), ('a', 0.1), ...])

`Learner` trains step by step.

Options are those of `burnish help text train` by the names of `brn_text_train_options` and `brn_text_options` in C.
"""
from . import _burnish
from .arrays import floats, whole_numbers
from .data import opened_all
from .found import Explanation, Figures, Prediction, Rates, Texts
from .learner import StepByStep
from .opened import Opened, names_folded
from .progress import handler_of
from .runs import Run, resume_with


def train(data, *, progress=True, callbacks=(), **options):
    """Trains a classifier of texts.

    Args:
        data: a folder of classes, a table with columns of texts and labels (a source, a frame or a dict of
            columns), or a list of paths.
        progress, callbacks: as in `burnish.image.train`.
        **options: encoder (a run of `burnish.lm`), text_columns and label_columns (lists), target ("label", "tags",
            "numbers"), epochs, freeze_epochs, learning_rate, batch_size, valid, seed, threads,
            precision ("fp32", "bf16", "auto"), out ...

    Returns:
        A Run.

    >>> import burnish, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> rows = {"text": ["a good film", "a bad film"] * 20, "label": ["yes", "no"] * 20}
    >>> run = burnish.text.train(rows, out=folder.name + "/run", embedding=4, hidden=4, layers=1, epochs=1, min_freq=1,
    ...                          batch_size=8, threads=1, progress=False)
    >>> model = run.model(threads=1)
    >>> model.probabilities(["good", "bad", "a film"]).shape
    (3, 2)
    >>> [token for token, share in model.explain("good film")[1]][-1]
    'film'
    >>> folder.cleanup()
    """
    with opened_all(data) as inputs:
        return Run(_burnish.text_train({**options, "inputs": inputs}, handler_of(progress, callbacks)), Model)


def resume(run, data=None, *, progress=True, callbacks=()):
    """Goes on with a run that was stopped, to the same bits. `data`: the frame or dict it was trained on, if any."""
    return resume_with(_burnish.text_resume, run, data, handler_of(progress, callbacks), Model)


def lr_find(data, *, form="fastai2", finder=None, callbacks=(), **options):
    """A mock training whose rate grows: a dict as of `burnish.image.Learner.lr_find`.

    The first stage that has epochs is tried: with `encoder` the head, with `freeze_epochs=0` all layers.

    Args:
        form: "fastai2", "lr_find" or "lr_find2"; `finder`: a dict of start, end, iterations, linear, stop.
        **options: as of `train`.
    """
    with opened_all(data) as inputs:
        how = {"form": form, **(finder or {})}
        return Rates(_burnish.text_lr_find({**options, "inputs": inputs}, how, handler_of(False, callbacks)))


class Model(Opened):
    """A trained classifier. One thread uses it at a time.

    Args:
        what: a run folder or its model.safetensors.
        *others: further ones, whose answers are averaged with it: one that reads backwards, say.
        threads: that compute; 0: all.

    Attributes:
        target: "label", "tags" or "numbers".
        classes: names of the K answers.
        joined: how many others there are.
    """

    def __init__(self, what, *others, threads=0):
        self._native = _burnish.TextModel(what, threads=threads)
        self._opened(what)
        self.joined = len(others)
        for other in others:
            self._native.join(other)
        facts = self._native.facts()
        self.target, self.classes = facts["target"], facts["classes"]

    def probabilities(self, texts):
        """float32 (N, K) of a list of texts; numbers where the target is."""
        texts = list(texts)
        return floats(self._native.predict(texts), len(texts), len(self.classes))

    def predict(self, text):
        """What a text says: a Prediction; of tags the list of those above one half, of numbers the array (K,)."""
        answers = self.probabilities([text])[0]
        if self.target == "label":
            best = int(answers.argmax())
            return Prediction(self.classes[best], float(answers[best]), best)
        if self.target == "tags":
            return [name for name, value in zip(self.classes, answers) if value > 0.5]
        return answers

    def explain(self, text, output=-1):
        """Explanation(number of the answer, [(token, what it adds to the answer)]); -1: of the likeliest."""
        return Explanation(*self._native.explain(text, output))

    def explain_page(self, texts, path):
        """Writes a page with the texts, their words coloured by what they add."""
        self._native.explain_page(list(texts), path)

    def evaluate(self, data, **options):
        """Figures on labelled texts: a dict of count, loss, accuracy, f1, rmse, mae (None where there is none)."""
        with opened_all(data) as inputs:
            return Figures(self._native.evaluate(inputs, options))

    def interpret(self, data, top=10, **options):
        """The worst answers: a dict of `score`, `worst` (dicts of place, text, label, answer, loss, probability) and,
        of labels, `confusion` int64 (K, K), row = truth, and `plot_confusion()`."""
        with opened_all(data) as inputs:
            found = self._native.interpret(inputs, options, top)
        if "confusion" in found:
            found["confusion"] = whole_numbers(found["confusion"], len(self.classes), len(self.classes))
        return Texts(found, self.classes)

    def _shown(self):
        self._native.facts()  # raises where it has been closed
        rows = [("answers with", self.target), *([("averaged with other models", self.joined)] if self.joined else [])]
        return f"A classifier of texts: {len(self.classes)} answers", [*rows, names_folded(self.classes, "answers")]

    def __repr__(self):
        return f"<text.Model, {len(self.classes)} answers ({self.target})>"


# ------------------------------------------------------------------ step by step


class Learner(StepByStep):
    """A classifier of texts that is trained step by step.

        learner = burnish.text.Learner("reviews.csv", encoder="words.safetensors")
        learner.freeze()
        learner.fit_one_cycle(1, 2e-2)              # the head
        learner.unfreeze()
        learner.fit_one_cycle(2, slice(1e-4, 1e-2))
        learner.save("reviews.safetensors")         # which Model opens

    All layer groups learn at first: the embedding, the LSTM layers, the head.

    Args:
        data: as in `train`; a frame is read once, now.
        progress: show an epoch table in every fit.
        callbacks: callables that hear every event.
        **options: as of `train`, without those of its stages (freeze_epochs, epochs, learning_rate, rate_factor, schedule,
            weight_decay, clip) and `out`; and word_dropout, input_dropout, weight_dropout, hidden_dropout, output_dropout
            and head_dropout one by one.

    Attributes:
        classes: names of the K answers.
        counts: texts that train, and that validate.
        vocabulary: how many tokens have a number.

    >>> import burnish
    >>> rows = {"text": ["a good film", "a bad film"] * 20, "label": ["yes", "no"] * 20}
    >>> learner = burnish.text.Learner(rows, embedding=4, hidden=4, layers=1, min_freq=1, batch_size=8, threads=1, progress=False)
    >>> learner.fit(1, 1e-2).groups
    3
    >>> learner.answer().shape, learner.labels().shape
    ((4, 2), (4,))
    """

    OUTPUTS, PROBABILITIES, LOG_PROBABILITIES = 0, 1, 2

    def __init__(self, data, *, progress=True, callbacks=(), **options):
        with opened_all(data) as inputs:
            self._start(_burnish.TextLearner({**options, "inputs": inputs}, None), progress, callbacks)
        facts = self._native.facts()
        self.classes, self.counts, self.vocabulary = facts["classes"], (facts["train"], facts["valid"]), facts["vocabulary"]

    def answer(self, form=PROBABILITIES):
        """float32 (N, K) for the texts that validate, in their order: what the network puts out, probabilities (or numbers),
        or their logarithms."""
        return floats(self._native.answer(form), self.counts[1], len(self.classes))

    def labels(self):
        """int64 (N): the classes of the texts that validate, in their order; -1 where there are none."""
        return whole_numbers(self._native.labels(), self.counts[1])

    def validated(self):
        """What the network put out, float32 (N, K), when the texts that validate were measured last. A callback may ask at
        the end of an epoch."""
        rows, width, values = self._native.validated()
        return floats(values, rows, width)

    def __repr__(self):
        return f"<text.Learner: {self.counts[0]} + {self.counts[1]} texts, {len(self.classes)} answers, groups {self._learns()}>"
