# SPDX-License-Identifier: Apache-2.0
"""Figures of predictions (N, C), as 0.7 has them, of NumPy arrays."""
from . import traps
from .imports import *  # noqa: F401,F403
from .names import finish

_TINY = 1e-8


def _one_row_each(preds, targets):
    """TTA's stack (passes, N, C) of log-probabilities becomes the logarithm of its mean probabilities."""
    preds = np.asarray(preds)
    if preds.ndim == 3 and preds.shape[1] == len(targets):
        traps.warn("accuracy(log_preds, y) on TTA's stack",
                   f"{preds.shape[0]} passes of {preds.shape[1]} rows are not {preds.shape[1]} rows of predictions; "
                   "the figure is that of the mean probabilities, np.mean(np.exp(log_preds), 0)")
        preds = np.mean(np.exp(preds), 0)
    return preds


def accuracy(preds, targs):
    """The share of rows whose largest column is the target."""
    return float((np.argmax(_one_row_each(preds, targs), axis=1) == np.asarray(targs)).mean())


accuracy_np = accuracy


def accuracy_multi(preds, targs, thresh):
    """The share of right columns of n-hot rows."""
    return float(((np.asarray(preds) > thresh) == (np.asarray(targs) > 0.5)).mean())


accuracy_multi_np = accuracy_multi


def accuracy_thresh(thresh):
    def accuracy_thresh_of(preds, targs):
        return accuracy_multi(preds, targs, thresh)

    return accuracy_thresh_of


def _positive(log_preds, thresh):
    preds = np.exp(np.asarray(log_preds))
    return preds[:, 1] > thresh if preds.ndim == 2 else preds > thresh


def _recall(positive, targs):
    return float((positive & (targs > 0.5)).sum() / (np.sum(targs > 0.5) + _TINY))


def _precision(positive, targs):
    return float((positive & (targs > 0.5)).sum() / (positive.sum() + _TINY))


def _fbeta(precision_found, recall_found, beta):
    square = beta**2
    return (1 + square) * precision_found * recall_found / (square * precision_found + recall_found + _TINY)


def recall(log_preds, targs, thresh=0.5, epsilon=_TINY):
    return _recall(_positive(log_preds, thresh), np.asarray(targs))


def precision(log_preds, targs, thresh=0.5, epsilon=_TINY):
    return _precision(_positive(log_preds, thresh), np.asarray(targs))


def fbeta(log_preds, targs, beta, thresh=0.5, epsilon=_TINY):
    return _fbeta(precision(log_preds, targs, thresh), recall(log_preds, targs, thresh), beta)


def f1(log_preds, targs, thresh=0.5):
    return fbeta(log_preds, targs, 1, thresh)


def recall_np(preds, targs, thresh=0.5):
    return _recall(np.asarray(preds) > thresh, np.asarray(targs))


def precision_np(preds, targs, thresh=0.5):
    return _precision(np.asarray(preds) > thresh, np.asarray(targs))


def fbeta_np(preds, targs, beta, thresh=0.5):
    return _fbeta(precision_np(preds, targs, thresh), recall_np(preds, targs, thresh), beta)


def f1_np(preds, targs, thresh=0.5):
    return fbeta_np(preds, targs, 1, thresh)


finish(globals(), "metrics")
