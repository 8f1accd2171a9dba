# SPDX-License-Identifier: Apache-2.0
"""The language-model job: from texts to a network that says which word comes next.

    run = burnish.lm.train(["books/"], epochs=3)
    model = run.model()
    print(model.generate("The film", words=40))
    burnish.text.train("reviews.csv", encoder=run.path)

`Learner` trains step by step.

Options are those of `burnish help lm train` by the names of `brn_lm_options` and `brn_text_options` in C.
"""
from . import _burnish
from .data import opened_all
from .found import Figures, Rates
from .learner import StepByStep
from .opened import Opened
from .progress import handler_of
from .runs import Run, resume_with


def train(data, *, progress=True, callbacks=(), **options):
    """Trains a language model.

    Args:
        data: a text file, a folder of them, a table with a column of texts (a source, a frame or a dict of
            columns), or a list of paths.
        progress, callbacks: as in `burnish.image.train`.
        **options: recipe, encoder, embedding, hidden, layers, qrnn, dropout, length, batch_size, epochs, learning_rate,
            text_columns (a list), rules, tokens, min_freq, valid, seed, threads, precision ("fp32", "bf16", "auto"),
            activation_checkpointing, out ...

    Returns:
        A Run; its metrics are `valid_loss`, `perplexity` and `accuracy`.

    >>> import burnish, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> run = burnish.lm.train({"text": ["one two three four"] * 60}, out=folder.name + "/run", embedding=4, hidden=4,
    ...                        layers=1, length=4, batch_size=2, epochs=1, min_freq=1, threads=1, progress=False)
    >>> run.model(threads=1).generate("one", words=0)
    'one'
    >>> folder.cleanup()
    """
    with opened_all(data) as inputs:
        return Run(_burnish.lm_train({**options, "inputs": inputs}, handler_of(progress, callbacks)), Model)


def resume(run, data=None, *, progress=True, callbacks=()):
    """Goes on with a run that was stopped, to the same bits. `data`: the frame or dict it was trained on, if any."""
    return resume_with(_burnish.lm_resume, run, data, handler_of(progress, callbacks), Model)


def lr_find(data, *, form="fastai2", finder=None, callbacks=(), **options):
    """A mock training whose rate grows: a dict as of `burnish.image.Learner.lr_find`.

    Args:
        form: "fastai2", "lr_find" or "lr_find2"; `finder`: a dict of start, end, iterations, linear, stop.
        **options: as of `train`.
    """
    with opened_all(data) as inputs:
        how = {"form": form, **(finder or {})}
        return Rates(_burnish.lm_lr_find({**options, "inputs": inputs}, how, handler_of(False, callbacks)))


class Model(Opened):
    """A trained language model. One thread uses it at a time.

    Args:
        what: a run folder, its model.safetensors, or a file that fast.ai saved.
        threads: that compute; 0: all.

    Attributes:
        vocabulary: how many tokens have a number.
    """

    def __init__(self, what, *, threads=0):
        self._native = _burnish.LmModel(what, threads=threads)
        self._opened(what)
        self.vocabulary = self._native.facts()["vocabulary"]

    def generate(self, prompt="", **options):
        """The prompt and how it goes on: a str.

        Args:
            **options: words, temperature, top_k, top_p, unknown, seed.
        """
        return self._native.generate(prompt, options)

    def evaluate(self, data, **options):
        """A dict: tokens, and their mean `loss`, its `perplexity`, the share of hits `accuracy`."""
        with opened_all(data) as inputs:
            return Figures(self._native.evaluate(inputs, options))

    def _shown(self):
        self._native.facts()  # raises where it has been closed
        return "A language model", [("tokens that have a number", self.vocabulary)]

    def __repr__(self):
        return f"<lm.Model, {self.vocabulary} tokens>"


# ------------------------------------------------------------------ step by step


class Learner(StepByStep):
    """A language model that is trained step by step.

        learner = burnish.lm.Learner("corpus/", embedding=200, hidden=500)
        learner.fit_one_cycle(5, 5e-3, decay=0.1, clip_norm=0.1, div=10, momenta=(0.8, 0.7, 0.8))
        learner.validate()["perplexity"]
        learner.save("words.safetensors")           # which Model opens, and `encoder` of burnish.text takes

    That one fit makes the bits of `train`.

    Args:
        data: as in `train`; a frame is read once, now.
        progress: show an epoch table in every fit.
        callbacks: callables that hear every event.
        **options: as of `train`, without those of its one fit (epochs, learning_rate, weight_decay, clip, div, momenta) and
            `out`; and word_dropout, input_dropout, weight_dropout, hidden_dropout and output_dropout one by one.

    Attributes:
        vocabulary: how many tokens have a number.
        tokens, batches: of the texts that train, and that validate.

    >>> import burnish
    >>> learner = burnish.lm.Learner({"text": ["one two three four"] * 60}, embedding=4, hidden=4, layers=1, length=4,
    ...                              batch_size=2, min_freq=1, threads=1, progress=False)
    >>> learner.fit(1, 1e-2).groups
    2
    >>> sorted(learner.validate())
    ['accuracy', 'loss', 'perplexity', 'tokens']
    """

    def __init__(self, data, *, progress=True, callbacks=(), **options):
        with opened_all(data) as inputs:
            self._start(_burnish.LmLearner({**options, "inputs": inputs}, None), progress, callbacks)
        facts = self._native.facts()
        self.vocabulary, self.tokens, self.batches = facts["vocabulary"], facts["tokens"], facts["batches"]

    def words(self):
        """Tokens by their number, a list of texts."""
        return self._native.words()

    def validate(self):
        """Figures of the texts that validate: a dict, as of `Model.evaluate`."""
        return Figures(self._native.validate())

    def __repr__(self):
        return f"<lm.Learner: {self.vocabulary} tokens, groups {self._learns()}>"
