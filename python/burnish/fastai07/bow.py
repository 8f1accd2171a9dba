# SPDX-License-Identifier: Apache-2.0
"""Bags of words by 0.7's names: NB-SVM, a linear classifier of words whose inputs are their log-count ratios (Wang and
Manning 2012), on the library's networks of arrays. In 0.7 these names are those of fastai.nlp."""
from .. import nn as _nn
from . import traps
from .core import _Batches, _Parts
from .imports import *  # noqa: F401,F403
from .learner import Learner, metric_name
from .metrics import accuracy_thresh
from .names import unsupported
from .torch_imports import optim


def calc_pr(y_i, x, y, b):
    """For each word, in how many texts of class y_i (or, b False, of the others) it is, and one, of how many, and one; x (N, V):
    0 and 1, an array or a matrix of SciPy."""
    chosen = np.flatnonzero((np.asarray(y).reshape(-1) == y_i) == b)
    return (np.asarray(x[chosen].sum(0)).reshape(-1) + 1) / (len(chosen) + 1)


def calc_r(y_i, x, y):
    """The log-count ratios (V) of the words for class y_i.

    >>> np.exp(calc_r(1, np.array([[1, 0], [1, 1], [0, 1]]), [1, 1, 0])).round(2)
    array([2.  , 0.67])
    """
    return np.log(calc_pr(y_i, x, y, True) / calc_pr(y_i, x, y, False))


class BOW_Dataset:
    """Texts as the numbers of their words, from 1 on: rows of `bow` (N, V), counts, of which only what is not 0 matters."""

    def __init__(self, bow, y, max_len):
        self.bow = bow.tocsr() if hasattr(bow, "tocsr") else np.asarray(bow)
        self.y, self.max_len = np.asarray(y).reshape(-1).astype(np.int64), max_len
        self.vocab_size, self.c = self.bow.shape[1], int(self.y.max()) + 1
        if len(self.y) != self.bow.shape[0]:
            raise AssertionError(f"from_bow: {self.bow.shape[0]} texts and {len(self.y)} targets")

    def __len__(self):
        return len(self.y)

    def numbers(self):
        """(N, L): each row's words, then zeros; L is max_len at most."""
        texts, found = self.bow.nonzero()
        counts = np.bincount(texts, minlength=len(self))
        if counts.max(initial=0) > self.max_len:
            traps.warn("texts longer than sl", f"{int((counts > self.max_len).sum())} texts have more than {self.max_len} different words; "
                       "those beyond are left out, in the order of their columns")
        order = np.lexsort((found, texts))
        texts, found = texts[order], found[order]
        places = np.arange(len(texts)) - np.repeat(np.cumsum(counts) - counts, counts)
        out = np.zeros((len(self), max(1, min(self.max_len, int(counts.max(initial=0))))), dtype=np.float32)
        kept = places < out.shape[1]
        out[texts[kept], places[kept]] = found[kept] + 1
        return out


class TextClassifierData(_Parts):
    """Made by from_bow. r (V, C): log-count ratios of the texts that train."""

    def __init__(self, path, trn_ds, val_ds, bs=64):
        self.path, self.bs, self.trn_ds, self.val_ds, self.test_ds = path, bs, trn_ds, val_ds, None
        self.c = max(2, trn_ds.c, val_ds.c)
        if trn_ds.vocab_size != val_ds.vocab_size:
            raise AssertionError(f"from_bow: {trn_ds.vocab_size} words that train and {val_ds.vocab_size} that validate")
        words = trn_ds.bow.sign() if hasattr(trn_ds.bow, "sign") else trn_ds.bow != 0
        self.r = np.stack([calc_r(i, words, trn_ds.y) for i in range(self.c)], 1)
        self.trn_dl, self.val_dl = _Batches(trn_ds, bs), _Batches(val_ds, bs)
        self.is_reg = self.is_multi = False

    @classmethod
    def from_bow(cls, trn_bow, trn_y, val_bow, val_y, sl):
        """Matrices (N, V) of counts, as scikit-learn's CountVectorizer makes them, or arrays; classes from 0 on; at most sl
        different words of a text are looked at."""
        return cls(".", BOW_Dataset(trn_bow, trn_y, sl), BOW_Dataset(val_bow, val_y, sl))

    def dotprod_nb_learner(self, w_adj=0.4, r_adj=10, **keywords):
        """The learner of DotProdNB, with Adam."""
        return BOW_Learner(self, DotProdNB(self.trn_ds.vocab_size, self.c, w_adj, r_adj), **keywords)

    def get_model(self, f, **keywords):
        """The learner of DotProdNB by its name: the sizes are those of the data."""
        if f is not DotProdNB:
            unsupported("TextClassifierData.get_model of a PyTorch module", "DotProdNB")
        return self.dotprod_nb_learner(**keywords)

    def __repr__(self):
        return f"<TextClassifierData {len(self.trn_ds)} + {len(self.val_ds)} texts, {self.trn_ds.vocab_size} words, {self.c} classes>"


class DotProdNB:
    """What a BOW_Learner trains: of the words of a text the sum of (w + w_adj) r / r_adj, a number a class. w learns, one a word;
    r are the ratios of the data."""

    def __init__(self, nf, ny, w_adj=0.4, r_adj=10):
        self.nf, self.ny, self.w_adj, self.r_adj = nf, ny, w_adj, r_adj

    def cuda(self, *arguments):
        return self

    def __call__(self, *arguments):
        unsupported("DotProdNB(...) as a PyTorch module", "md.dotprod_nb_learner()")


class BOW_Learner(Learner):
    """The learner of bags of words, by 0.7's methods. It learns by cross-entropy; metrics get probabilities and rows of 0
    and 1, as they did."""

    def __init__(self, data, models, opt_fn=None, metrics=None, clip=None, crit=None, tmp_name="tmp", models_name="models", seed=42,
                 threads=0):
        model = getattr(models, "model", models)
        if not isinstance(model, DotProdNB) or not isinstance(data, TextClassifierData) or crit is not None:
            unsupported("BOW_Learner of a PyTorch model, and crit", "TextClassifierData.dotprod_nb_learner")
        self._start(data, opt_fn or optim.Adam, [accuracy_thresh(0.5)] if metrics is None else metrics, clip, models_name)
        inputs = [data.trn_ds.numbers(), data.val_ds.numbers()]
        width = max(one.shape[1] for one in inputs)
        train, valid = (np.pad(one, ((0, 0), (0, width - one.shape[1]))) for one in inputs)
        arrays = _nn.Arrays(train, data.trn_y, valid=(valid, data.val_y), target="label", classes=range(data.c))
        network = _nn.Network(_nn.RatioBag(model.nf + 1, shift=float(model.w_adj), divisor=float(model.r_adj)))
        self._learner = _nn.Learner(arrays, network, progress=False, batch_size=data.bs, seed=seed, threads=threads)
        self._learner.set_parameter("0.ratios", np.concatenate([np.zeros((1, data.c)), data.r]))  # row 0: no word

    def _one_hot(self, labels):
        return np.eye(self.data.c, dtype=np.float32)[labels]

    def _answer(self, is_test):
        """(N, C): probabilities, as 0.7's network gives them."""
        if is_test:
            unsupported("predict(True) of bags of words", "from_bow with the other texts in the place of those that validate")
        return self._learner.answer(form=self._learner.PROBABILITIES)

    def _targets(self, is_test):
        return self._one_hot(self.data.val_y)

    def _told(self, metrics):
        def of(metric):
            def measured(answers, labels):
                return metric(answers, self._one_hot(labels))

            measured.__name__ = metric_name(metric)
            return measured

        return [of(metric) for metric in metrics if metric_name(metric) != "accuracy"]

    def _later(self, metrics):
        return {}
