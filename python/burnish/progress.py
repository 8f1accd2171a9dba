# SPDX-License-Identifier: Apache-2.0
"""How a training is shown: a line an epoch, or in a notebook a table with a bar that is updated in place."""
import html
import sys
import time

from . import pages

#: From one update of a notebook's display to the next, within an epoch.
UPDATE_SECONDS = 0.1


class Progress:
    """Hears events and shows them. In a notebook the display is one HTML element, replaced as a whole, so that
    what is seen is what an exported page has too."""

    def __init__(self, file=None):
        self.rows = []
        self.names = []
        self.losses = []
        self.note = ""
        self._updated = 0.0
        self._file = file
        self._display = _notebook_display() if file is None else None

    def __call__(self, event):
        kind = event["event"]
        if kind == "batch" and event["learning_rate"] is not None and event["train_loss"] is not None:
            self.losses.append(event["train_loss"])
        if kind == "epoch":
            self._add_epoch(event)
        if kind in ("stage", "warning", "note"):
            self.note = event["text"] or ""
        if kind == "done":
            self.note = ""
        if self._display:
            self._update(event)
        elif kind == "epoch":
            self._print_epoch()
        elif kind in ("warning", "note"):
            print(f"{kind}: {self.note}", file=self._file or sys.stderr)

    def _add_epoch(self, event):
        names = list(event["metrics"])
        if names != self.names:
            self.names = names
            if not self._display:
                print("  ".join(f"{name:>10}" for name in ["epoch", "train_loss", "valid_loss", *names]), file=self._file)
        figures = [pages.figure(event["train_loss"]), pages.figure(event["valid_loss"])]
        figures += [pages.figure(None if value is None else float(value)) for value in event["metrics"].values()]
        self.rows.append([str(event["epoch"]), *figures])

    def _print_epoch(self):
        print("  ".join(f"{value:>10}" for value in self.rows[-1]), file=self._file, flush=True)

    def _update(self, event):
        now = time.monotonic()
        if event["event"] == "batch" and now - self._updated < UPDATE_SECONDS:
            return
        self._updated = now
        self._display.update(_Html(self.html(event)))

    def html(self, event=None):
        """The table, the bar of what goes on, and the curve of the losses, as one HTML element."""
        bar = ""
        if event and event["batches"] and event["event"] == "batch":
            bar = (
                f"<progress value='{event['batch']}' max='{event['batches']}'></progress> "
                f"{event['batch']}/{event['batches']} {html.escape(event['stage'] or '')}"
            )
        head = ["epoch", "train_loss", "valid_loss", *self.names]
        return pages.element(pages.table(head, self.rows), pages.curve(self.losses), f"<div>{bar or html.escape(self.note)}</div>")


class _Html:
    def __init__(self, text):
        self.text = text

    def _repr_html_(self):
        return self.text

    def __repr__(self):
        return ""


def _notebook_display():
    """A handle that is updated in place, or None outside of a notebook."""
    try:
        shell = sys.modules["IPython"].get_ipython()
        if shell is None or "IPKernelApp" not in shell.config:
            return None
        from IPython.display import display

        return display(_Html(""), display_id=True)
    except (KeyError, ImportError, AttributeError):
        return None


def handler_of(progress, callbacks):
    """One handler of the progress (True: shown) and of callables that hear every event."""
    heard = list(callbacks)
    if progress:
        heard.insert(0, Progress())
    if not heard:
        return None

    def hear(event):
        stop = False
        for callback in heard:
            stop = bool(callback(event)) or stop
        return stop

    return hear
