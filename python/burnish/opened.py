# SPDX-License-Identifier: Apache-2.0
"""What models of all jobs have alike: the file that they were opened from, and how notebooks show them."""
import os

from . import _burnish, pages
from .errors import Error, UsageError


class Opened:
    """A model out of a file.

    Attributes:
        file: its path; None for an architecture with its published weights.
    """

    def _opened(self, what):
        """Keeps where a run folder's model, or the file itself, lies."""
        path = os.fsdecode(what)
        path = os.path.join(path, "model.safetensors") if os.path.isdir(path) else path
        self.file = os.path.abspath(path) if os.path.isfile(path) else None
        self._given = os.fsdecode(what)

    def summary(self):
        """[(name, shape)] of every array that the file has now, those that are no parameters too; [] when it is gone, or was
        none."""
        try:
            return _burnish.state_tensors(self.file) if self.file else []
        except Error:
            return []

    def close(self):
        """Frees the model now; later calls raise UsageError."""
        self._native.close()

    def _shown(self):
        """A title, and [(what, value)] or pieces of HTML."""
        return repr(self)[1:-1], []

    def _repr_html_(self):
        try:
            name, facts = self._shown()
        except UsageError:  # it has been closed
            return pages.element(pages.title(repr(self)[1:-1] + ", closed"))
        rows = [fact for fact in facts if not isinstance(fact, str)]
        arrays = self.summary()
        if arrays:
            rows += [("numbers in its file", sum(pages.size(shape) for _, shape in arrays)), ("file", self._given)]
        return pages.element(
            pages.title(name), pages.facts(rows), *(fact for fact in facts if isinstance(fact, str)),
            pages.arrays(arrays) if arrays else "")


def names_folded(names, what):
    """The names of classes and the like, folded."""
    return pages.folded(f"{len(names)} {what}", pages.html.escape(", ".join(map(str, names))))
