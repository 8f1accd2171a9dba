# SPDX-License-Identifier: Apache-2.0
"""Tables and ratings by 0.7's names. Rows are those of a pandas frame, of a dict of columns, or of a burnish.Table."""
import csv as _csv

from .. import data as _data
from .. import ratings as _ratings
from .. import table as _table
from ..data import Table
from .core import _Batches, _Parts
from .dataset import *  # noqa: F401,F403
from .learner import *  # noqa: F401,F403
from .learner import metric_name
from .metrics import accuracy
from .names import finish, unsupported
from .torch_imports import optim

# ------------------------------------------------------------------ columns


def columns_of(frame):
    """{name: array (N,)} of a frame or a dict; words and gaps are objects.

    >>> columns_of({"town": ["Cork", None], "area": [1, 2]})
    {'town': array(['Cork', None], dtype=object), 'area': array([1, 2])}
    """
    if _data.is_source(frame):
        frame = _data.columns(frame)
    if not hasattr(frame, "columns") and not hasattr(frame, "items"):
        unsupported(f"rows of {type(frame).__name__}", "a pandas frame, a dict of columns, or a burnish.Table")
    names = list(frame.columns) if hasattr(frame, "columns") else list(frame)
    return {str(name): _column(frame[name]) for name in names}


def _column(values):
    if hasattr(values, "astype") and hasattr(values, "cat"):
        values = values.astype(object)  # pandas' categories
    array = np.asarray(values)
    if array.dtype.kind in "biufM":
        return array
    return np.array([one if _data.is_there(one) else None for one in array.tolist()], dtype=object)


def _category(values):
    """Whole numbers stay such; what else is told apart by its text."""
    if values.dtype.kind == "f" and np.isfinite(values).all() and (values == np.round(values)).all():
        return values.astype(np.int64)
    return values


def _number(name, values):
    if values.dtype == object:
        try:
            values = np.array([np.nan if one is None else one for one in values.tolist()], dtype=np.float64)
        except ValueError:
            raise ValueError(f"{name}: a column of words; expected numbers, or the column in cat_flds") from None
    return values.astype(np.float32 if values.dtype.itemsize <= 4 else np.float64)


def _free(name, taken):
    while name in taken:
        name = "_" + name
    return name


def _rows(columns):
    return len(next(iter(columns.values()))) if columns else 0


# ------------------------------------------------------------------ data


class ColumnarDataset:
    """Rows and what is to be learned of them: trn_ds, val_ds, test_ds."""

    def __init__(self, columns, y):
        self.columns, self.y = columns, y

    def __len__(self):
        return _rows(self.columns)


def _targets(y, is_reg, is_multi):
    """y as learners hand it out: numbers (N, K), n-hot rows (N, K), or classes (N,)."""
    y = np.asarray(y)
    if is_multi or is_reg:
        return y.astype(np.float32).reshape(len(y), -1)
    return y.reshape(-1).astype(np.int64)


class ColumnarModelData(_Parts):
    """Made by from_data_frame, from_data_frames or from_arrays.

    cat_flds are looked up in embeddings; all other columns are numbers. A gap in a number is filled by the median of
    the rows that train, and told; a category that they do not have is one that is not known.
    """

    def __init__(self, path, trn_ds, val_ds, cat_flds, bs=64, is_reg=True, is_multi=False, test_ds=None):
        self.path, self.bs, self.is_reg, self.is_multi = str(path), bs, is_reg and not is_multi, is_multi
        self.trn_ds, self.val_ds, self.test_ds = trn_ds, val_ds, test_ds
        self.cat_flds = [str(name) for name in cat_flds]
        self.cont_flds = [name for name in trn_ds.columns if name not in self.cat_flds]
        missing = [name for name in self.cat_flds if name not in trn_ds.columns]
        if missing:
            raise KeyError(f"cat_flds: the rows have no column {missing[0]}")
        self.trn_dl, self.val_dl = _Batches(trn_ds, bs), _Batches(val_ds, 2 * bs)
        self.test_dl = _Batches(test_ds, 2 * bs) if test_ds else None

    @classmethod
    def from_data_frame(cls, path, val_idxs, df, y, cat_flds, bs=64, is_reg=True, is_multi=False, test_df=None, shuffle=True):
        """A frame, of which the rows with the numbers val_idxs validate; y (N) or (N, K)."""
        columns, y = columns_of(df), _targets(y, is_reg, is_multi)
        validates = np.zeros(_rows(columns), dtype=bool)
        validates[np.asarray(val_idxs, dtype=np.int64)] = True
        parts = [ColumnarDataset({name: one[mask] for name, one in columns.items()}, y[mask]) for mask in (~validates, validates)]
        return cls(path, *parts, cat_flds, bs, is_reg, is_multi, cls._test(test_df))

    @classmethod
    def from_data_frames(cls, path, trn_df, val_df, trn_y, val_y, cat_flds, bs=64, is_reg=True, is_multi=False, test_df=None):
        """Two frames of the same columns: rows that train, and rows that validate."""
        parts = [ColumnarDataset(columns_of(df), _targets(y, is_reg, is_multi)) for df, y in ((trn_df, trn_y), (val_df, val_y))]
        return cls(path, *parts, cat_flds, bs, is_reg, is_multi, cls._test(test_df))

    @classmethod
    def from_arrays(cls, path, val_idxs, xs, y, is_reg=True, is_multi=False, bs=64, test_xs=None, shuffle=True):
        """Numbers (N, D), without categories."""
        named = [None if one is None else {f"x{i}": column for i, column in enumerate(np.asarray(one).T)} for one in (xs, test_xs)]
        return cls.from_data_frame(path, val_idxs, named[0], y, [], bs, is_reg, is_multi, named[1])

    @classmethod
    def _test(cls, test_df):
        if test_df is None:
            return None
        columns = columns_of(test_df)
        return ColumnarDataset(columns, np.zeros((_rows(columns), 1), dtype=np.float32))

    # -------------------------------------------------------------- for the library

    def _inputs(self, ds):
        """The columns of the training's table that a row is known by."""
        missing = [name for name in (*self.cat_flds, *self.cont_flds) if name not in ds.columns]
        if missing:
            raise KeyError(f"the rows have no column {missing[0]}")
        return {**{name: _category(ds.columns[name]) for name in self.cat_flds},
                **{name: _number(name, ds.columns[name]) for name in self.cont_flds}}

    def _whole(self):
        """(columns of all rows, those that train first, names of the targets, name of the column that says which validate)."""
        parts = [self._inputs(self.trn_ds), self._inputs(self.val_ds)]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        y = np.concatenate([self.trn_ds.y, self.val_ds.y])
        names = []
        for k in range(1 if y.ndim == 1 else y.shape[1]):
            names.append(_free(f"y{k}", columns))
            column = y if y.ndim == 1 else y[:, k]
            columns[names[-1]] = column > 0.5 if self.is_multi else column
        validates = _free("validates", columns)
        columns[validates] = np.arange(len(y)) >= len(self.trn_ds)
        return columns, names, validates

    def get_learner(self, emb_szs, n_cont, emb_drop, out_sz, szs, drops, y_range=None, use_bn=False, **keywords):
        """A learner with the network of MixedInputModel, and Adam."""
        model = MixedInputModel(emb_szs, n_cont, emb_drop, out_sz, szs, drops, y_range, use_bn, self.is_reg, self.is_multi)
        return StructuredLearner(self, StructuredModel(model), opt_fn=optim.Adam, **keywords)

    def __repr__(self):
        rows = f"{len(self.trn_ds)} + {len(self.val_ds)} rows"
        return f"<ColumnarModelData {rows}, {len(self.cat_flds)} categories, {len(self.cont_flds)} numbers>"


# ------------------------------------------------------------------ networks


class MixedInputModel:
    """Embeddings of categories (of which emb_szs has (values, width)) beside numbers, hidden layers, and an output: what
    a StructuredLearner trains. How many values there are is counted in the rows that train."""

    def __init__(self, emb_szs, n_cont, emb_drop, out_sz, szs, drops, y_range=None, use_bn=False, is_reg=True, is_multi=False):
        self.emb_szs, self.n_cont, self.emb_drop, self.out_sz = [tuple(one) for one in emb_szs], n_cont, emb_drop, out_sz
        self.szs, self.drops, self.y_range, self.use_bn = list(szs), list(drops), y_range, use_bn
        if len(self.drops) != len(self.szs):
            raise AssertionError(f"drops: {len(self.drops)} for {len(self.szs)} hidden layers")

    def cuda(self, *arguments):
        return self

    def _options(self, data):
        if len(self.emb_szs) != len(data.cat_flds):
            raise AssertionError(f"emb_szs: {len(self.emb_szs)} for {len(data.cat_flds)} columns of categories")
        if self.n_cont != len(data.cont_flds):
            raise AssertionError(f"n_cont: {self.n_cont} for {len(data.cont_flds)} columns of numbers: {', '.join(data.cont_flds)}")
        options = {"form": "course", "hidden": self.szs, "dropout": self.drops, "embedding_dropout": float(self.emb_drop),
                   "embedding_widths": [int(width) for _, width in self.emb_szs], "hidden_norms": self.use_bn}
        if self.y_range is not None:
            options.update(low=float(self.y_range[0]), high=float(self.y_range[1]))
        return options


class StructuredModel:
    """A MixedInputModel as a learner takes it."""

    def __init__(self, model, name="unnamed"):
        self.model, self.name = model, name


class StructuredLearner(Learner):
    """The learner of tables, by 0.7's methods."""

    def __init__(self, data, models, opt_fn=None, metrics=None, clip=None, crit=None, tmp_name="tmp", models_name="models", seed=42,
                 threads=0):
        model = getattr(models, "model", models)
        if not isinstance(model, MixedInputModel) or crit is not None:
            unsupported("StructuredLearner of a PyTorch model, and crit", "ColumnarModelData.get_learner, or a MixedInputModel")
        self._start(data, opt_fn, metrics or [], clip, models_name)
        self.model = model
        if metrics is None and not data.is_reg and not data.is_multi:
            self.metrics = [accuracy]
        columns, targets, validates = data._whole()
        options = {"target": targets[0], "more_targets": targets[1:], "target_class": not data.is_reg and not data.is_multi}
        if data.is_multi and len(targets) < 2:
            unsupported("is_multi with one column", "is_reg=False, whose targets are 0 and 1")
        with Table(columns) as rows:
            self._learner = _table.Learner(rows, progress=False, split="column", split_column=validates, only_named=True,
                                           categories=data.cat_flds, numbers=data.cont_flds, batch_size=data.bs, seed=seed,
                                           threads=threads, **options, **model._options(data))

    # -------------------------------------------------------------- answers

    def _spread_classes(self, answers):
        """A column a class number: those that no row that trains has are impossible."""
        if self.data.is_reg or self.data.is_multi:
            return answers
        seen = [int(name) for name in self._learner.classes]
        out = np.full((len(answers), max(self.model.out_sz, max(seen) + 1)), -np.inf, dtype=np.float32)
        out[:, seen] = answers
        return out

    def _form(self):
        return self._learner.PROBABILITIES if self.data.is_multi or self.data.is_reg else self._learner.LOG_PROBABILITIES

    def _answer(self, is_test):
        if is_test and self.data.test_ds is None:
            raise AssertionError("predict(True): the data have no test_df")
        rows = self.data._inputs(self.data.test_ds) if is_test else None
        return self._spread_classes(self._learner.answer(rows, self._form()))

    def _targets(self, is_test):
        return self.data.test_ds.y if is_test else self.data.val_y

    def predict_array(self, x_cat, x_cont=None):
        """Of rows (N, categories) and (N, numbers), in the order of cat_flds and of the other columns."""
        parts = zip((self.data.cat_flds, self.data.cont_flds), (x_cat, x_cont))
        rows = {name: np.asarray(values)[:, i] for names, values in parts for i, name in enumerate(names)}
        return self._spread_classes(self._learner.answer(self.data._inputs(ColumnarDataset(rows, None)), self._form()))

    def _finished(self, outputs):
        """Outputs of the network as `predict` gives them."""
        if self.data.is_multi:
            return 1 / (1 + np.exp(-outputs.astype(np.float64)))
        if self.data.is_reg:
            return outputs
        shifted = outputs - outputs.max(1, keepdims=True)
        return self._spread_classes(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))

    def _measured(self, metrics):
        if not metrics or self.data.is_reg and self.data.val_y.shape[1] > 1:
            return {}
        outputs = self._finished(self._learner.validated())
        return {metric_name(one): float(one(outputs, self.data.val_y)) for one in metrics}

    def _later(self, metrics):
        return super()._later(metrics) if self.data.is_reg and self.data.val_y.shape[1] > 1 else {}


# ------------------------------------------------------------------ ratings


def _unique(ids):
    """(ids in the order in which they first appear, {id: its place})."""
    places = {}
    for one in ids.tolist():
        places.setdefault(one, len(places))
    return list(places), places


class CollabFilterDataset:
    """Who rated what: made by from_csv or from_data_frame.

    Attributes:
        user2idx, item2idx: places of ids, in the order in which they first appear.
        n_users, n_items, min_score, max_score: of all ratings.
    """

    def __init__(self, path, user_col, item_col, ratings):
        self.path = str(path)
        self.user_col, self.item_col = np.asarray(user_col), np.asarray(item_col)
        self.ratings = np.asarray(ratings).astype(np.float32)
        self.users, self.user2idx = _unique(self.user_col)
        self.items, self.item2idx = _unique(self.item_col)
        self.n_users, self.n_items = len(self.users), len(self.items)
        self.min_score, self.max_score = float(self.ratings.min()), float(self.ratings.max())

    @classmethod
    def from_data_frame(cls, path, df, user_name, item_name, rating):
        columns = columns_of(df)
        return cls(path, columns[user_name], columns[item_name], columns[rating])

    @classmethod
    def from_csv(cls, path, csv, user_name, item_name, rating):
        """A file below path whose first line names its columns; ids that are all whole numbers are such."""
        with open(os.path.join(str(path), csv), newline="", encoding="utf-8") as file:
            rows = list(_csv.DictReader(file))
        ids = [np.array([row[name] for row in rows]) for name in (user_name, item_name)]
        ids = [one.astype(np.int64) if all(word.isdigit() for word in one.tolist()) else one for one in ids]
        return cls(path, *ids, [float(row[rating]) for row in rows])

    def get_learner(self, n_factors, val_idxs, bs, **keywords):
        """A learner of EmbeddingDotBias; the ratings with the numbers val_idxs validate."""
        return CollabFilterLearner(self, n_factors, val_idxs, bs, **keywords)

    def __repr__(self):
        return f"<CollabFilterDataset {len(self.ratings)} ratings, {self.n_users} users, {self.n_items} items>"


class _Ratings(_Parts):
    """`learn.data`."""

    def __init__(self, path, bs, trn_ds, val_ds):
        self.path, self.bs, self.trn_ds, self.val_ds, self.test_ds = path, bs, trn_ds, val_ds, None
        self.trn_dl, self.val_dl = _Batches(trn_ds, bs), _Batches(val_ds, 2 * bs)
        self.is_reg, self.is_multi = True, False


class EmbeddingDotBias:
    """`learn.model`: u(places), i(places), ub(places), ib(places) are rows of vectors and biases (N, factors) or (N, 1)."""

    def __init__(self, learner):
        self._learner = learner

    def _rows(self, name, places):
        return self._learner.parameter(name)[1:][np.asarray(places, dtype=np.int64)]  # row 0 is one that is not known

    def u(self, places):
        return self._rows("u_weight.weight", places)

    def i(self, places):
        return self._rows("i_weight.weight", places)

    def ub(self, places):
        return self._rows("u_bias.weight", places)

    def ib(self, places):
        return self._rows("i_bias.weight", places)

    def cuda(self, *arguments):
        return self


class CollabFilterLearner(Learner):
    """The learner of ratings, by 0.7's methods; made by CollabFilterDataset.get_learner."""

    def __init__(self, dataset, n_factors, val_idxs, bs, opt_fn=None, metrics=None, clip=None, tmp_name="tmp", models_name="models",
                 seed=42, threads=0):
        if not isinstance(dataset, CollabFilterDataset):
            unsupported("CollabFilterLearner of a PyTorch model", "CollabFilterDataset.get_learner")
        validates = np.zeros(len(dataset.ratings), dtype=bool)
        validates[np.asarray(val_idxs, dtype=np.int64)] = True
        rows = {"user": dataset.user_col, "item": dataset.item_col, "rating": dataset.ratings, "is_valid": validates}
        self._learner = _ratings.Learner(rows, progress=False, form="course", factors=n_factors, batch_size=bs, low=dataset.min_score,
                                         high=dataset.max_score, seed=seed, threads=threads)
        pairs = {"user": dataset.user_col, "item": dataset.item_col}
        trn_ds = ColumnarDataset({name: one[~validates] for name, one in pairs.items()}, dataset.ratings[~validates][:, None])
        users, items, values = self._learner.valid_rows()  # of a pair that is rated twice the later rating counts
        val_ds = ColumnarDataset({"user": users - 1, "item": items - 1}, values[:, None])
        self._start(_Ratings(dataset.path, bs, trn_ds, val_ds), opt_fn, metrics or [], clip, models_name)

    @property
    def model(self):
        return EmbeddingDotBias(self._learner)

    def _answer(self, is_test):
        if is_test:
            unsupported("predict(True) of ratings", "burnish.ratings.Model(file).predict(users, items)")
        return self._learner.predict().astype(np.float32)

    def _targets(self, is_test):
        return self.data.val_y[:, 0]

    def _measured(self, metrics):
        outputs = self._learner.validated()
        return {metric_name(one): float(one(outputs, self.data.val_y[:, 0])) for one in metrics}

    def _later(self, metrics):
        return {}


finish(globals(), "column_data")
