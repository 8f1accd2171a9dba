# SPDX-License-Identifier: Apache-2.0
"""The ratings job: from who rated what to what they would like.

    run = burnish.ratings.train("ratings.csv", user="userId", item="movieId")
    model = run.model()
    model.recommend("17", top=5)                    # [Item(id='318', title='318', value=4.8), ...]
    model.recommend({"318": 5, "2571": 1})          # someone new, by their ratings
    model.similar("318")

`Learner` trains step by step. Options are those of `burnish help ratings train` by the names of `brn_ratings_options` in C.
"""
from collections import namedtuple
from contextlib import ExitStack

from . import _burnish, pages, plots
from .arrays import doubles, floats, whole_numbers
from .data import opened
from .errors import InputError, UsageError
from .found import Figures, Items, ItemTable, Rates
from .learner import StepByStep
from .opened import Opened
from .progress import handler_of
from .runs import Run, resume_with

Item = namedtuple("Item", "id title value")
Item.__doc__ = "An item, its title (its id where there is none), and its expected rating, score or cosine."


def _asked(job, data, options, *rest):
    """Tables among the options are kept for the time of the call."""
    with ExitStack() as stack:
        options = {**options, "data": stack.enter_context(opened(data))}
        for name in ("titles", "valid_data"):
            if options.get(name) is not None:
                options[name] = stack.enter_context(opened(options[name]))
        return job(options, *rest)


def train(data, *, progress=True, callbacks=(), **options):
    """Trains a model of ratings, or of clicks.

    Args:
        data: a table with a row a rating: a source, a frame, or a dict of columns.
        progress, callbacks: as in `burnish.image.train`.
        **options: user, item, rating, time (names of columns), clicks (True: a row is a click, without a rating),
            titles (a table) with title_id and title_name, split, valid, network ("dot", "neural"), factors,
            loss ("mse", "bpr", "weighted"), epochs, batch_size, learning_rate, low, high, seed, threads,
            precision ("fp32", "bf16", "auto"), out ...

    Returns:
        A Run; `run.result["score"]` also has what needs no model, to compare.

    >>> import burnish, tempfile
    >>> pairs = [(f"u{u}", f"i{i}", 5 if (u + i) % 2 else 1) for u in range(8) for i in range(6)]
    >>> users, items, values = zip(*pairs)
    >>> folder = tempfile.TemporaryDirectory()
    >>> run = burnish.ratings.train({"user": users, "item": items, "rating": values}, factors=4, epochs=1, threads=1,
    ...                             out=folder.name + "/run", progress=False)
    >>> model = run.model(threads=1)
    >>> len(model.users), len(model.items)
    (8, 6)
    >>> model.predict(["u0", "u1"], ["i3", "i3"]).shape
    (2,)
    >>> len(model.recommend({"i1": 5, "i2": 1}, top=3))
    3
    >>> folder.cleanup()
    """
    return Run(_asked(_burnish.ratings_train, data, options, handler_of(progress, callbacks)), Model)


def resume(run, data=None, *, progress=True, callbacks=()):
    """Goes on with a run that was stopped, to the same bits. `data`: the frame or dict it was trained on, if any."""
    return resume_with(_burnish.ratings_resume, run, data, handler_of(progress, callbacks), Model)


def lr_find(data, *, form="fastai2", finder=None, callbacks=(), **options):
    """A mock training whose rate grows: a dict as of `burnish.image.Learner.lr_find`; options as of `train`."""
    how = {"form": form, **(finder or {})}
    return Rates(_asked(_burnish.ratings_lr_find, data, options, how, handler_of(False, callbacks)))


def _number(numbers, what, name):
    number = numbers.get(str(name))
    if number is None:
        raise InputError(f"{what} {name} is not known to the model")
    return number


class Model(Opened):
    """A trained model. One thread uses it at a time.

    Args:
        what: a run folder or its model.safetensors.
        threads: that compute; 0: all.

    Attributes:
        users, items: lists of ids, texts; titles: of the items.
        factors: width of their vectors.
        clicks: answers are scores, not ratings.
    """

    def __init__(self, what, *, threads=0):
        self._native = _burnish.RatingsModel(what, threads=threads)
        self._opened(what)
        facts = self._native.facts()
        self.users, self.items, self.titles = facts["users"], facts["items"], facts["titles"]
        self.factors, self.clicks = facts["factors"], facts["clicks"]
        self._user_numbers = {name: i for i, name in enumerate(self.users, 1)}
        self._item_numbers = {name: i for i, name in enumerate(self.items, 1)}

    def _user(self, name):
        return _number(self._user_numbers, "user", name)

    def _item(self, name):
        return _number(self._item_numbers, "item", name)

    def _named(self, found):
        return Items(Item(self.items[i - 1], self.titles[i - 1], value) for i, value in found)

    def _ask(self, ask, of, number, new, top, with_seen, rated_by, among):
        chosen = None if among is None else sorted({self._item(name) for name in among})
        if not hasattr(of, "items"):
            return self._named(ask(number(of), top, with_seen, rated_by, chosen))
        pairs = sorted((new(name), float(rating)) for name, rating in of.items())
        codes, values = [code for code, _ in pairs], [value for _, value in pairs]
        return self._named(ask(0, top, with_seen, rated_by, chosen, codes, values))

    def recommend(self, user, top=10, *, with_seen=False, rated_by=0, among=None):
        """The best items for a user, best first: a list of Item.

        Args:
            user: an id; or the ratings of someone new, a dict by item id, who is folded in without training.
            with_seen: also what the user has rated; rated_by: only items with so many ratings; among: ids to
                choose from.
        """
        return self._ask(self._native.recommend, user, self._user, self._item, top, with_seen, rated_by, among)

    def similar(self, item, top=10, *, rated_by=0, among=None):
        """The items most like one, by cosine: a list of Item. `item`: an id; or the ratings of something new, a dict
        by user id."""
        return self._ask(self._native.similar, item, self._item, self._user, top, False, rated_by, among)

    def predict(self, users, items):
        """Expected ratings float64 (N) of N users' ids for N items' ids; of one each, a float."""
        if isinstance(users, (str, int)):
            return float(self.predict([users], [items])[0])
        users, items = [self._user(name) for name in users], [self._item(name) for name in items]
        return doubles(self._native.predict(users, items), len(users))

    def predict_rows(self, data):
        """Expected ratings float64 (rows) of a table with the columns of users and items."""
        with opened(data) as source:
            values = self._native.predict_rows(source)
        return doubles(values, len(values) // 8)

    def evaluate(self, data=None):
        """Figures on a table like the training's (None: on the run's rows that validated): a dict of count, rmse,
        mae, precision, recall, ndcg, mrr ..., with "item mean" and "popularity" to compare."""
        with opened(data) as source:
            return Figures(self._native.evaluate(source))

    def evaluate_folding(self):
        """What folding in costs: a dict of users, count, trained_mse, folded_mse, item_mean_mse."""
        return Figures(self._native.folding())

    def item_table(self):
        """[(id, title, ratings in training, bias)] of all items; the bias is NaN for a neural model."""
        return ItemTable((i, t, *facts[:2]) for i, t, facts in zip(self.items, self.titles, self._native.item_facts()))

    def vectors(self):
        """float32 (items, width): what is learned of each item, in the order of `items`; its factors, or a neural model's
        embedding."""
        values, width = self._native.item_vectors()
        return floats(values, len(self.items), width)

    def plot_items(self, most=150, *, among=None):
        """A map of the items that most have rated, along the two directions in which their vectors differ most (principal
        components): near is alike. A Plot, coloured by the mean rating.

        Args:
            most: items; names are written where there is room, of the most rated first.
            among: ids to choose from; None: all.
        """
        facts, vectors = self._native.item_facts(), self.vectors()
        chosen = range(len(self.items)) if among is None else sorted({self._item(name) - 1 for name in among})
        shown = sorted((i for i in chosen if facts[i][0]), key=lambda i: -facts[i][0])[:most]
        if len(shown) < 2:
            raise UsageError("plot_items: expected two items with ratings or more")
        return plots.map_of(vectors[shown], [self.titles[i] for i in shown], "Map of items", [facts[i][0] for i in shown],
                            None if self.clicks else [facts[i][2] for i in shown], "mean rating")

    def _shown(self):
        most = sorted(self.item_table(), key=lambda one: -one[2])[:5]
        return f"{len(self.users)} users, {len(self.items)} items, vectors of {self.factors}", [
            pages.table(["id", "title", "ratings", "bias"], most)]

    def __repr__(self):
        return f"<ratings.Model: {len(self.users)} users, {len(self.items)} items>"


# ------------------------------------------------------------------ step by step


class Learner(StepByStep):
    """A model of ratings that is trained step by step.

        learner = burnish.ratings.Learner("ratings.csv", user="userId", item="movieId")
        learner.fit_one_cycle(5, 5e-3, decay=0.1)
        learner.predict(["1", "1"], ["31", "1029"])
        learner.save("films.safetensors")           # which Model opens

    Args:
        data: as in `train`; a frame is read once, now.
        progress: show an epoch table in every fit.
        callbacks: callables that hear every event.
        **options: as of `train`, without those of its one fit (epochs, learning_rate, weight_decay, lazy), `titles` and `out`.

    Attributes:
        users, items: lists of ids, texts, in the order in which they first appear.
        counts: ratings that train, and that validate.

    >>> import burnish
    >>> pairs = [(f"u{u}", f"i{i}", 5 if (u + i) % 2 else 1) for u in range(8) for i in range(6)]
    >>> users, items, values = zip(*pairs)
    >>> rows = {"user": users, "item": items, "rating": values}
    >>> learner = burnish.ratings.Learner(rows, factors=4, threads=1, progress=False)
    >>> learner.fit_one_cycle(1, 1e-2).counts
    (38, 10)
    >>> learner.predict(["u0", "u1"], ["i3", "i3"]).shape
    (2,)
    >>> learner.parameter("i_weight.weight").shape
    (7, 4)
    """

    def __init__(self, data, *, progress=True, callbacks=(), **options):
        self._start(_asked(_burnish.RatingsLearner, data, options, None), progress, callbacks)
        facts = self._native.facts()
        self.users, self.items, self.counts = facts["users"], facts["items"], (facts["train"], facts["valid"])
        self._user_numbers = {name: i for i, name in enumerate(self.users, 1)}
        self._item_numbers = {name: i for i, name in enumerate(self.items, 1)}

    def valid_rows(self):
        """The ratings that validate, in their order: (users, items, values), int64 (N) numbers from 1 and float32 (N)."""
        users, items, values = self._native.valid_rows()
        return whole_numbers(users, self.counts[1]), whole_numbers(items, self.counts[1]), floats(values, self.counts[1])

    def validated(self):
        """Expected ratings, float32 (N), of the ratings that validate when they were measured last. A callback may ask at
        the end of an epoch."""
        rows, width, values = self._native.validated()
        return floats(values, rows)

    def predict(self, users=None, items=None):
        """Expected ratings float64 (N) of N users' ids for N items' ids; of one each, a float; without them, of the ratings that
        validate."""
        if isinstance(users, (str, int)):
            return float(self.predict([users], [items])[0])
        if users is None:
            users, items, _ = self.valid_rows()
            users, items = users.tolist(), items.tolist()
        else:
            users = [_number(self._user_numbers, "user", name) for name in users]
            items = [_number(self._item_numbers, "item", name) for name in items]
        return doubles(self._native.predict(users, items), len(users))

    def __repr__(self):
        return f"<ratings.Learner: {len(self.users)} users, {len(self.items)} items, {self.counts[0]} + {self.counts[1]} ratings>"
