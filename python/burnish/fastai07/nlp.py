# SPDX-License-Identifier: Apache-2.0
"""Texts by 0.7's names: a language model, and a classifier that starts from its encoder."""
import tempfile

from .. import lm as _lm
from .. import text as _text
from .bow import BOW_Learner, DotProdNB, TextClassifierData, calc_pr, calc_r  # noqa: F401
from .column_data import columns_of
from .core import _Parts
from .learner import *  # noqa: F401,F403
from .learner import metric_name
from .lm_rnn import Described, seq2seq_reg
from .metrics import accuracy
from .names import finish, unsupported
from .torchtext import Field, Vocab

# ------------------------------------------------------------------ texts


def _files(path):
    """Documents of a folder (each file one) or of a file (each line one)."""
    if os.path.isdir(path):
        names = [os.path.join(path, name) for name in sorted(os.listdir(path))]
        texts = []
        for name in names:
            if os.path.isfile(name):
                with open(name, encoding="utf-8") as file:
                    texts.append(file.read())
        return texts
    with open(path, encoding="utf-8") as file:
        return [line for line in file if line.strip()]


def _column(frame, col):
    columns = columns_of(frame)
    if isinstance(col, int) and str(col) not in columns:
        col = list(columns)[col]
    return ["" if one is None else str(one) for one in columns[str(col)].tolist()]


class _Documents:
    """trn_ds, val_ds: one stream of `tokens`, as 0.7 had it; texts of a classifier."""

    def __init__(self, length, y=None):
        self._length, self.y = length, y

    def __len__(self):
        return self._length

    def __getitem__(self, place):
        unsupported("the tokens of a set of texts", "md.nt, len(md.trn_dl) and TEXT.vocab are there")


class _Batches:
    def __init__(self, count):
        self._count = count

    def __len__(self):
        return self._count


def _field_options(field):
    if not hasattr(field, "_options"):
        unsupported("torchtext's own Field", "the runner's, which is there where torchtext is not installed")
    return field._options()


# ------------------------------------------------------------------ learners


def _penalties(reg_fn):
    keywords = {}
    while isinstance(reg_fn, partial):
        keywords = {**reg_fn.keywords, **keywords}
        reg_fn = reg_fn.func
    if reg_fn not in (None, seq2seq_reg):
        unsupported("a reg_fn of one's own", "partial(seq2seq_reg, alpha=2, beta=1)")
    return {"alpha": float(keywords.get("alpha", 0)), "beta": float(keywords.get("beta", 0))}


def words_of(numbers):
    """A text whose words are the numbers.

    >>> words_of(np.array([5, 0]))
    '5 0'
    """
    return " ".join(map(str, np.asarray(numbers).tolist()))


class RNN_Learner(Learner):
    """A learner of texts, by 0.7's methods; made by get_model, or of what get_language_model and get_rnn_classifer describe.
    The network is made at its first use, with the penalties of `reg_fn`; where they change later, its values go over."""

    def __new__(cls, data, models=None, opt_fn=None, metrics=None, clip=None, crit=None, tmp_name="tmp", models_name="models",
                seed=42, threads=0):
        described = getattr(models, "model", models)
        if not isinstance(described, Described) or not hasattr(data, "_learner"):
            unsupported("RNN_Learner of a PyTorch model", "get_model of the data, or what get_language_model and get_rnn_classifer describe")
        if crit is not None:
            unsupported("crit= of RNN_Learner", "cross-entropy, and learn.reg_fn")
        return data._learner(described, seed, threads, opt_fn=opt_fn, metrics=metrics, clip=clip, models_name=models_name)

    def __init__(self, *arguments, **keywords):
        pass  # __new__ and _of have made it

    @classmethod
    def _of(cls, data, make, opt_fn, metrics=None, clip=None, models_name="models"):
        self = object.__new__(cls)
        self._start(data, opt_fn, metrics or [], clip, models_name)
        self.reg_fn, self._make, self._made, self._first = None, make, None, 0
        return self

    @property
    def _learner(self):
        penalties = _penalties(self.reg_fn)
        if self._made is None or self._made[0] != penalties:
            learner = self._make(**penalties)
            if self._made is not None:
                with tempfile.TemporaryDirectory(prefix="burnish-") as folder:
                    path = os.path.join(folder, "values.safetensors")
                    self._made[1].save(path)
                    learner.load(path)
            learner.freeze_to(self._first)
            self._made = penalties, learner
        return self._made[1]

    def freeze_to(self, n):
        self._learner.freeze_to(n)
        self._first = n

    def save_encoder(self, name):
        """PATH/models/NAME.safetensors: the whole model, of which load_encoder takes the encoder."""
        self.save(name)

    def fit(self, lrs, n_cycle, *arguments, metrics=None, **keywords):
        """As of all learners."""
        self._check(self.metrics if metrics is None else metrics)
        return super().fit(lrs, n_cycle, *arguments, metrics=metrics, **keywords)

    def _check(self, metrics):
        pass

    def _later(self, metrics):
        return {}


class LanguageLearner(RNN_Learner):
    """The language model's, whose metrics are accuracy alone."""

    @classmethod
    def _of_rows(cls, data, rows, options, opt_fn, **keywords):
        return cls._of(data, lambda **more: _lm.Learner(rows, progress=False, **options, **more), opt_fn, **keywords)

    def predict(self, is_test=False):
        unsupported("predict of a language model", "burnish.lm.Model(file).generate(prompt)")

    predict_with_targs = predict

    def load_encoder(self, name):
        """All that save_encoder kept."""
        self.load(name)

    def _check(self, metrics):
        others = [metric_name(one) for one in metrics if metric_name(one) != "accuracy"]
        if others:
            unsupported(f"the metric {others[0]} of a language model", "accuracy, and exp of the loss")


class TextLearner(RNN_Learner):
    """The classifier's."""

    def load_encoder(self, name):
        """Words and weights of the encoder that save_encoder kept; before the first fit."""
        if self._made is not None:
            unsupported("load_encoder after the network was used", "load_encoder right behind get_model")
        self.data._encoder = self._path(name)

    def _answer(self, is_test):
        if is_test:
            unsupported("predict(True) of texts", "burnish.text.Model(file).probabilities(texts)")
        return self._learner.answer(self._learner.LOG_PROBABILITIES)

    def predict(self, is_test=False):
        """(N, C): log-probabilities of the texts that validate, in their order."""
        return self._answer(is_test)

    def predict_with_targs(self, is_test=False):
        return self._answer(is_test), self._learner.labels()

    def _by_number(self, answers):
        """A column a class."""
        return answers

    def _measured(self, metrics):
        outputs = self._learner.validated().astype(np.float64)
        shifted = outputs - outputs.max(1, keepdims=True)
        answers = self._by_number((shifted - np.log(np.exp(shifted).sum(1, keepdims=True))).astype(np.float32))
        return {metric_name(one): float(one(answers, self.data.val_y)) for one in metrics}


# ------------------------------------------------------------------ data


class LanguageModelData:
    """Made by from_text_files or from_dataframes; then field.vocab has the tokens.

    Attributes:
        nt: how many tokens have a number.
        trn_dl, val_dl: their lengths are batches.
    """

    def __init__(self, path, field, trn, val, bs=64, bptt=70, backwards=False, min_freq=1, max_size=None, **others):
        self.path, self.field, self.bs, self.bptt = str(path), field, bs, bptt
        how = _field_options(field)
        texts = [field._text(text) for text in trn] + [field._text(text) for text in val]
        self._rows = {"text": texts, "is_valid": [False] * len(trn) + [True] * len(val)}
        self._options = {**how, "text_columns": ["text"], "min_freq": max(1, min_freq), "length": bptt,
                         "variable_length": True, "batch_size": bs, "backward": backwards, "decoder_bias": False}
        if max_size is not None:
            self._options["max_vocabulary"] = max_size
        found = _lm.Learner(self._rows, progress=False, embedding=1, hidden=1, layers=1, **self._options)
        self.nt = found.vocabulary
        field.vocab = Vocab(found.words())
        self.trn_ds, self.val_ds, self.test_ds = _Documents(1), _Documents(1), None
        self.trn_dl, self.val_dl = _Batches(found.batches[0]), _Batches(found.batches[1])
        self.is_reg = self.is_multi = False

    @classmethod
    def from_text_files(cls, path, field, train, validation, test=None, bs=64, bptt=70, **keywords):
        """Folders of texts (each file a document) or files (each line one), below path."""
        parts = [_files(os.path.join(str(path), name)) for name in (train, validation)]
        return cls(path, field, *parts, bs, bptt, **keywords)

    @classmethod
    def from_dataframes(cls, path, field, col, train_df, val_df, test_df=None, bs=64, bptt=70, **keywords):
        """Frames or dicts with a column of texts, by its name or number."""
        return cls(path, field, _column(train_df, col), _column(val_df, col), bs, bptt, **keywords)

    def get_model(self, opt_fn, emb_sz, n_hid, n_layers, dropout=0.4, dropouth=0.3, dropouti=0.5, dropoute=0.1, wdrop=0.5,
                  tie_weights=True, qrnn=False, bias=False, seed=42, threads=0, **keywords):
        """The learner of an AWD-LSTM, or with qrnn of quasi-recurrent layers."""
        options = {**self._options, "embedding": emb_sz, "hidden": n_hid, "layers": n_layers, "untied": not tie_weights,
                   "decoder_bias": bias, "qrnn": qrnn, "output_dropout": dropout, "hidden_dropout": dropouth, "input_dropout": dropouti,
                   "word_dropout": dropoute, "weight_dropout": wdrop, "seed": seed, "threads": threads}
        return LanguageLearner._of_rows(self, self._rows, options, opt_fn, **keywords)

    def __repr__(self):
        return f"<LanguageModelData {self.nt} tokens, {len(self.trn_dl)} + {len(self.val_dl)} batches>"


class TextData(_Parts):
    """Texts and their labels, made by from_splits. Words are those of the encoder that the learner loads, or counted anew."""

    def __init__(self, path, trn, val, bs, text_name="text", label_name="label", backwards=False):
        self.path, self.bs, self._backwards, self._encoder = str(path), bs, backwards, None
        field = trn.fields[text_name]
        self._options = {**_field_options(field), "text_columns": ["text"], "label_columns": ["label"], "min_freq": 1}
        examples = [*trn.examples, *val.examples]
        labels = [str(getattr(one, label_name)) for one in examples]
        self._rows = {"text": [field._text(getattr(one, text_name)) for one in examples], "label": labels,
                      "is_valid": [False] * len(trn) + [True] * len(val)}
        self.classes = sorted(set(labels[: len(trn)]))
        places = {name: place for place, name in enumerate(self.classes)}
        y = np.array([places.get(name, -1) for name in labels])
        self.c = len(self.classes)
        self.trn_ds, self.val_ds, self.test_ds = _Documents(len(trn), y[: len(trn)]), _Documents(len(val), y[len(trn):]), None
        self.trn_dl, self.val_dl = _Batches(-(-len(trn) // bs)), _Batches(-(-len(val) // bs))
        self.is_reg = self.is_multi = False

    @classmethod
    def from_splits(cls, path, splits, bs, text_name="text", label_name="label", backwards=False):
        """torchtext's sets: the first trains, the second validates."""
        return cls(path, splits[0], splits[1], bs, text_name, label_name, backwards)

    def get_model(self, opt_fn, max_sl, bptt, emb_sz, n_hid, n_layers, dropout=0.4, dropouth=0.3, dropouti=0.5, dropoute=0.1,
                  wdrop=0.5, seed=42, threads=0, metrics=None, **keywords):
        """The learner of a classifier on an AWD-LSTM's encoder, with a hidden layer of 50."""
        options = {**self._options, "embedding": emb_sz, "hidden": n_hid, "layers": n_layers, "chunk": bptt, "kept": max_sl,
                   "batch_size": self.bs, "output_dropout": dropout, "hidden_dropout": dropouth, "input_dropout": dropouti,
                   "word_dropout": dropoute, "weight_dropout": wdrop, "backwards": self._backwards, "seed": seed, "threads": threads}

        def make(**more):
            return _text.Learner(self._rows, progress=False, encoder=self._encoder, **options, **more)

        return TextLearner._of(self, make, opt_fn, metrics=[accuracy] if metrics is None else metrics, **keywords)

    def __repr__(self):
        return f"<TextData {len(self.trn_ds)} + {len(self.val_ds)} texts, {self.c} classes>"


finish(globals(), "nlp")
