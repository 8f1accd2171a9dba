# SPDX-License-Identifier: Apache-2.0
"""What learners of pictures and of tables share: how a fit is asked for, shown and recorded."""
from .model import *  # noqa: F401,F403
from .names import finish, unsupported
from .sgdr import *  # noqa: F401,F403
from .sgdr import LR_Finder


def cycle_epochs(n_cycle, cycle_len, cycle_mult):
    """Epochs of a fit's arguments.

    >>> cycle_epochs(3, 1, 2), cycle_epochs(3, None, 1)
    (7, 3)
    """
    if cycle_len is None:
        return n_cycle
    return sum(int(cycle_len * cycle_mult**i) for i in range(n_cycle))


class Epochs:
    """Prints epochs as 0.7 did, the last one once its figures are complete."""

    def __init__(self, names):
        self.names, self.rows, self.known = list(names), [], False

    def add(self, losses, figures):
        """Two losses and {name: figure}."""
        self._print_last()
        self.rows.append([*losses, *(figures.get(name) for name in self.names)])
        self.known = False

    def finish(self, later):
        """{name: figure} that are known only now; returns the last row without its training loss."""
        if self.rows:
            row = self.rows[-1]
            for place, name in enumerate(self.names):
                row[2 + place] = later.get(name, row[2 + place])
            self._print_last()
        return self.rows[-1][1:] if self.rows else []

    def _print_last(self):
        if not self.rows or self.known:
            return
        if len(self.rows) == 1:
            print("".join(f"{name:<10} " for name in ["epoch", "trn_loss", "val_loss", *self.names]).rstrip())
        shown = "".join(f"{'-' if value is None else round(value, 6):<10} " for value in self.rows[-1])
        print(f"{len(self.rows) - 1:^10} {shown}".rstrip(), flush=True)
        self.known = True


class Learner:
    """0.7's methods that need no network of one's own."""

    def __init__(self, *arguments, **keywords):
        unsupported("Learner of a PyTorch model", "ConvLearner.pretrained and ColumnarModelData.get_learner make learners")

    def _start(self, data, opt_fn, metrics, clip, models_name):
        self.data, self.opt_fn, self.metrics, self.clip = data, opt_fn, metrics, clip
        self.models_path = os.path.join(str(data.path), models_name)
        self.sched = None

    def _path(self, name):
        os.makedirs(self.models_path, exist_ok=True)
        return os.path.join(self.models_path, f"{name}.safetensors")

    def _record(self, points, of_finder):
        self.sched = LR_Finder([rate for rate, loss in points], [loss for rate, loss in points], of_finder)

    def load_cycle(self, name, cycle):
        """The snapshot of a cycle of fit(..., cycle_save_name=name)."""
        self.load(f"{name}_cyc_{cycle}")

    def save_cycle(self, name, cycle):
        self.save(f"{name}_cyc_{cycle}")

    def half(self):
        unsupported("learn.half", "the library computes in float32")

    def fit_opt_sched(self, *arguments, **keywords):
        unsupported("learn.fit_opt_sched", "the cycles of learn.fit")


def refuse(**given):
    """Raises for arguments of fit that are there and have no meaning here."""
    for name, value in given.items():
        if value:
            unsupported(f"{name}= of fit", "the other arguments of fit are there")


finish(globals(), "learner")
