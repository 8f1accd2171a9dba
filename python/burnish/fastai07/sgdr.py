# SPDX-License-Identifier: Apache-2.0
"""What a fit or a rate finder recorded, and callbacks."""
from . import figures, traps
from .imports import *  # noqa: F401,F403
from .names import finish


class Callback:
    """Heard by `learn.fit(..., callbacks=[...])`; one that returns something true ends the fit."""

    def on_train_begin(self):
        pass

    def on_batch_end(self, metrics):
        pass

    def on_epoch_end(self, metrics):
        pass

    def on_train_end(self):
        pass


class LR_Finder:
    """`learn.sched`: rates, momenta and smoothed losses of each training batch."""

    def __init__(self, rates, losses, of_finder, momenta=()):
        self.lrs, self.losses, self.of_finder, self.momentums = list(rates), list(losses), of_finder, list(momenta)
        self.iterations = list(range(len(self.losses)))

    def _skips(self, n_skip, n_skip_end):
        count = len(self.losses)
        if count - n_skip - n_skip_end < 2:
            traps.warn("the empty plot on few batches",
                       f"{count} batches without the first {n_skip} and the last {n_skip_end} leave nothing to see; all are shown")
            n_skip = n_skip_end = 0
        return slice(n_skip, count - n_skip_end)

    def plot(self, n_skip=10, n_skip_end=5):
        """Losses over rates (of a fit: plot_loss)."""
        if not self.of_finder:
            return self.plot_loss(n_skip, n_skip_end)
        shown = self._skips(n_skip, n_skip_end)
        figures.line(self.lrs[shown], self.losses[shown], "learning rate (log scale)", "loss", logarithmic=True)

    def plot_lr(self, show_text=True, show_moms=True):
        """Rates, and momenta beside them where they move; show_text changes nothing, as there are no phases to name."""
        curves = [(self.lrs, "learning rate")]
        if show_moms and len(set(self.momentums)) > 1:
            curves.append((self.momentums, "momentum"))
        figures.lines(self.iterations, curves, "iterations")

    def plot_loss(self, n_skip=10, n_skip_end=5):
        shown = self._skips(n_skip, n_skip_end)
        figures.line(self.iterations[shown], self.losses[shown], "iterations", "loss")


finish(globals(), "sgdr")
