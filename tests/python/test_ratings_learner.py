# SPDX-License-Identifier: Apache-2.0
"""burnish.ratings.Learner, and 0.7's collaborative filtering on it."""
import io
import math
import os
import tempfile
import unittest
import warnings
from contextlib import redirect_stdout

import burnish
import numpy
import words
from burnish.fastai07 import traps
from burnish.fastai07.column_data import *

ROWS = words.columns(["user", "item", "rating"], words.ratings())
DATA = os.environ.get("BURNISH_DATA", "")


class StepByStep(unittest.TestCase):
    small = dict(factors=6, threads=1, progress=False, batch_size=32)

    def learner(self, **options):
        return burnish.ratings.Learner(ROWS, **{**self.small, **options})

    def test_one_cycle_is_the_training_of_the_job(self):
        with tempfile.TemporaryDirectory() as folder:
            run = burnish.ratings.train(ROWS, out=os.path.join(folder, "run"), epochs=3, **self.small)
            learner = self.learner().fit_one_cycle(3, 5e-3, decay=0.1)
            model = run.model(threads=1)
            pairs = ROWS["user"][:50], ROWS["item"][:50]
            numpy.testing.assert_array_equal(learner.predict(*pairs), model.predict(*pairs))
            path = os.path.join(folder, "learner.safetensors")
            learner.save(path)
            saved = burnish.ratings.Model(path, threads=1)
            self.assertEqual(saved.recommend("u0"), model.recommend("u0"))
            other = self.learner()
            other.load(path)
            numpy.testing.assert_array_equal(other.predict(), learner.predict())
            with self.assertRaisesRegex(burnish.InputError, "another one"):
                self.learner(factors=5).load(path)
            fewer = {name: values[:-40] for name, values in ROWS.items()}
            fewer["user"] = ["x" + one for one in fewer["user"]]
            with self.assertRaisesRegex(burnish.InputError, "user"):
                burnish.ratings.Learner(fewer, **self.small).load(path)

    def test_each_epoch_has_its_outputs(self):
        heard = []

        def hear(event):
            if event["event"] == "epoch":
                heard.append((learner.validated().copy(), event["metrics"]["rmse"]))

        learner = self.learner()
        learner.fit(2, 1e-2, callbacks=[hear])
        users, items, values = learner.valid_rows()
        self.assertEqual((len(heard), learner.counts), (2, (384, 96)))
        outputs, rmse = heard[-1]
        numpy.testing.assert_allclose(outputs, learner.predict(), rtol=1e-5)
        self.assertAlmostEqual(float(numpy.sqrt(((outputs - values) ** 2).mean())), rmse, places=5)
        by_id = learner.predict([learner.users[k - 1] for k in users], [learner.items[k - 1] for k in items])
        numpy.testing.assert_array_equal(by_id, learner.predict())
        self.assertEqual(learner.predict(learner.users[users[0] - 1], learner.items[items[0] - 1]), by_id[0])
        u, i = learner.parameter("u_weight.weight"), learner.parameter("i_weight.weight")
        raw = (u[users] * i[items]).sum(1) + (learner.parameter("u_bias.weight")[users] + learner.parameter("i_bias.weight")[items])[:, 0]
        low, high = 1 - 0.1 * 4, 5 + 0.1 * 4
        numpy.testing.assert_allclose(low + (high - low) / (1 + numpy.exp(-raw)), outputs, rtol=1e-4)
        with self.assertRaisesRegex(burnish.UsageError, "there is no u"):
            learner.parameter("u")
        with self.assertRaisesRegex(burnish.InputError, "user nobody"):
            learner.predict(["nobody"], ["i1"])


class Collab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", traps.TrapWarning)
        cls.scratch = tempfile.TemporaryDirectory()
        words.write_table(os.path.join(cls.scratch.name, "ratings.csv"), ["userId", "movieId", "rating"],
                          [(user[1:], item, rating) for user, item, rating in words.ratings()])

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def made(self, **keywords):
        cf = CollabFilterDataset.from_csv(self.scratch.name, "ratings.csv", "userId", "movieId", "rating")
        return cf, cf.get_learner(6, get_cv_idxs(len(cf.ratings)), 32, opt_fn=optim.Adam, threads=1, **keywords)

    def fit(self, learn, *arguments, **keywords):
        out = io.StringIO()
        with redirect_stdout(out):
            return learn.fit(*arguments, **keywords), out.getvalue()

    def test_ratings_have_07s_properties(self):
        cf, learn = self.made()
        self.assertEqual((cf.n_users, cf.n_items, cf.min_score, cf.max_score), (40, 20, 1, 5))
        first = words.ratings()[0]
        self.assertEqual((cf.user2idx[int(first[0][1:])], cf.item2idx[first[1]]), (0, 0))
        val = numpy.sort(get_cv_idxs(480))
        numpy.testing.assert_array_equal(learn.data.val_y[:, 0], cf.ratings[val])
        self.assertEqual((len(learn.data.trn_ds), len(learn.data.val_ds)), (384, 96))
        self.assertTrue((learn.predict() > 1).all() and (learn.predict() < 5).all())
        self.assertTrue((abs(learn.model.u(range(40))) <= 0.05).all())

    def test_a_fit_learns_who_likes_what(self):
        cf, learn = self.made(metrics=[lambda preds, y: math.sqrt(((preds - y) ** 2).mean())])
        found, shown = self.fit(learn, 1e-2, 2, wds=2e-4, cycle_len=1, cycle_mult=2)
        self.assertEqual(len(shown.splitlines()), 4)
        self.assertAlmostEqual(found[1] ** 2, found[0], places=4)
        preds, y = learn.predict_with_targs()
        self.assertEqual((preds.shape, y.shape), ((96,), (96,)))
        self.assertAlmostEqual(float(((preds - y) ** 2).mean()), found[0], places=4)
        self.assertEqual(len(learn.sched.lrs), 36)
        before, _ = self.fit(learn, 5e-2, 5)
        self.assertLess(before[0], 0.6)  # of a variance of 2.4
        even = [cf.item2idx[f"i{k}"] for k in range(0, 20, 2)]
        self.assertEqual((learn.model.i(even).shape, learn.model.ib(even).shape), ((10, 6), (10, 1)))
        learn.save("cf")
        kept = learn.predict()
        self.fit(learn, 1e-2, 1)
        learn.load("cf")
        numpy.testing.assert_array_equal(learn.predict(), kept)
        learn.lr_find()
        numpy.testing.assert_array_equal(learn.predict(), kept)
        with self.assertRaises(burnish.UnsupportedError):
            learn.predict(True)

    def test_a_frame_is_the_file(self):
        cf, learn = self.made()
        rows = {"u": cf.user_col, "m": cf.item_col, "r": cf.ratings}
        other = CollabFilterDataset.from_data_frame(self.scratch.name, rows, "u", "m", "r")
        again = other.get_learner(6, get_cv_idxs(480), 32, opt_fn=optim.Adam, threads=1)
        numpy.testing.assert_array_equal(again.predict(), learn.predict())

    @unittest.skipUnless(os.path.exists(os.path.join(DATA, "recsys", "ml-100k", "u.data")), "no recsys/ml-100k in BURNISH_DATA")
    def test_ratings_of_films_are_foretold_better_than_by_their_means(self):
        from burnish.fastai07.__main__ import run

        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(DATA, "recsys", "ml-100k", "u.data")) as file:
                rows = [line.split("\t")[:3] for line in file]
            rows = [row for row in rows if int(row[0]) <= 200]
            words.write_table(os.path.join(folder, "ratings.csv"), ["userId", "movieId", "rating"], rows)
            source = os.path.join(os.environ["BURNISH_SOURCE"], "examples", "films.py")
            with redirect_stdout(io.StringIO()) as out:
                left = run(source, [folder], os.path.join(folder, "plots"))
        cf, val = left["cf"], numpy.sort(left["val_idxs"])
        trains = numpy.ones(len(cf.ratings), dtype=bool)
        trains[val] = False
        sums, counts = (numpy.bincount([cf.item2idx[item] for item in cf.item_col[trains].tolist()], weights, cf.n_items)
                        for weights in (cf.ratings[trains], None))
        overall = cf.ratings[trains].mean()
        means = numpy.where(counts > 0, sums / numpy.maximum(counts, 1), overall)
        by_mean = numpy.sqrt(numpy.mean((means[[cf.item2idx[item] for item in cf.item_col[val].tolist()]] - cf.ratings[val]) ** 2))
        ours = math.sqrt(((left["preds"] - left["y"]) ** 2).mean())
        self.assertLess(ours, by_mean - 0.03)
        self.assertIn("(300, 50)", out.getvalue())


if __name__ == "__main__":
    unittest.main()
