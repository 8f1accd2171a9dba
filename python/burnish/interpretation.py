# SPDX-License-Identifier: Apache-2.0
"""What a classifier of pictures gets wrong."""
import os
from collections import namedtuple

from . import pages, plots
from .errors import UsageError

Mistake = namedtuple("Mistake", "path label answer loss probability")
Mistake.__doc__ = "A picture, its class, the likeliest one, -log of its class's probability, and that of the answer."
Confused = namedtuple("Confused", "label answer count")
Confused.__doc__ = "So many pictures of one class were taken for another."


def judged(paths, labels, answers, losses=None):
    """[(path, label, answer, loss, probability)] of N pictures, classes by number, for Interpretation.

    Args:
        paths: (N) files; labels: int (N) of classes.
        answers: float (N, K) probabilities; rows that are not numbers (files that could not be read) are left out.
        losses: (N) -log of the label's probability; None: from the answers.
    """
    import numpy

    labels, answers = numpy.asarray(labels), numpy.asarray(answers)
    if losses is None:
        losses = -numpy.log(numpy.maximum(answers[numpy.arange(len(labels)), labels].astype(numpy.float64), 1e-30))
    guesses = answers.argmax(1)
    return [(paths[i], int(labels[i]), int(guesses[i]), float(losses[i]), float(answers[i, guesses[i]]))
            for i in numpy.flatnonzero(numpy.isfinite(answers).all(1))]


class Interpretation:
    """Answers about labelled pictures.

    Args:
        classes: (K) names.
        pictures: [(path, label, answer, loss, probability of the answer)] by number of the class, as `judged` gives them.
        suspects: those of them whose labels look wrong, most suspect first.
        top, min_count: of `worst` and `confused`.

    Attributes:
        accuracy: of the pictures; paths, labels, guesses (numbers of classes), losses: of each, in one order.
        confusion: int64 (K, K), row = truth, column = answer.
        worst: Mistakes, largest loss first; confused: Confused pairs, most frequent first.
        suspects: Mistakes whose labels look wrong, most suspect first; of a Model that was asked about a folder or a list.
    """

    def __init__(self, classes, pictures, suspects=(), *, top=10, min_count=2):
        import numpy

        self.classes = list(classes)
        self.paths = [one[0] for one in pictures]
        self.labels = numpy.array([one[1] for one in pictures], numpy.int64)
        self.guesses = numpy.array([one[2] for one in pictures], numpy.int64)
        self.losses = numpy.array([one[3] for one in pictures])
        self.accuracy = float((self.guesses == self.labels).mean()) if pictures else float("nan")
        self.confusion = numpy.zeros((len(self.classes), len(self.classes)), numpy.int64)
        numpy.add.at(self.confusion, (self.labels, self.guesses), 1)
        self._pictures = list(pictures)
        self.suspects = [self._named(one) for one in suspects]
        self.worst, self.confused = self.top_losses(top), self.most_confused(min_count)

    def _named(self, one):
        path, label, answer, loss, probability = one
        return Mistake(path, self.classes[label], self.classes[answer], loss, probability)

    def top_losses(self, k=9):
        """The k worst: a list of Mistake, worst first."""
        return [self._named(self._pictures[i]) for i in (-self.losses).argsort(kind="stable")[:k]]

    def most_confused(self, least=2):
        """Pairs of classes that were confused so often or more: a list of Confused, most frequent first."""
        pairs = [Confused(self.classes[i], self.classes[j], int(self.confusion[i, j]))
                 for i in range(len(self.classes)) for j in range(len(self.classes)) if i != j and self.confusion[i, j]]
        return sorted((pair for pair in pairs if pair.count >= least), key=lambda pair: -pair.count)

    def plot_confusion(self):
        """A Plot of the confusion matrix."""
        return plots.confusion(self.confusion, self.classes)

    def plot_top_losses(self, k=9):
        """A Plot of the k worst pictures: answer / label, loss, probability of the answer. PIL reads them."""
        from PIL import Image

        worst = self.top_losses(k)
        if not all(os.path.isfile(one.path) for one in worst):
            raise UsageError("plot_top_losses: these items are no files of pictures")
        return plots.pictures([Image.open(one.path).convert("RGB") for one in worst],
                              [f"{one.answer} / {one.label}\n{one.loss:.2f}  {one.probability:.2f}" for one in worst])

    def __repr__(self):
        return f"<Interpretation of {len(self.paths)} pictures: accuracy {self.accuracy:.4f}>"

    def _repr_html_(self):
        parts = [pages.title(f"{len(self.paths)} pictures, accuracy {self.accuracy:.4f}"),
                 pages.wide(pages.confusion(self.confusion, self.classes))]
        for name, shown in (("greatest losses", self.top_losses()), ("labels that look wrong", self.suspects[:9])):
            if shown:
                captions = [(f"{one.answer} / {one.label}", f"loss {one.loss:.2f}") for one in shown]
                parts += [pages.title(f"{name} (answer / label)"), pages.grid([one.path for one in shown], captions)]
        return pages.element(*parts)
