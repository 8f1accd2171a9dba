# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import unittest

import burnish
import numpy
import words

SMALL = dict(factors=8, epochs=20, learning_rate=0.03, batch_size=32, seed=1, threads=1)
SMALL_LINE = ["--factors", "8", "--epochs", "20", "--learning-rate", "0.03", "--batch-size", "32", "--seed", "1", "--threads", "1"]
NAMES = ["user", "item", "rating"]


class RatingsJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.rows = words.ratings()
        cls.path = words.write_table(os.path.join(cls.scratch.name, "ratings.csv"), NAMES, cls.rows)
        cls.run_folder = os.path.join(cls.scratch.name, "run")
        cls.made = burnish.ratings.train(cls.path, out=cls.run_folder, progress=False, **SMALL)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_even_users_are_recommended_even_items(self):
        self.assertLess(self.made.metrics["rmse"], self.made.result["score"]["item mean"]["rmse"])
        model = self.made.model(threads=1)
        found = model.recommend("u4", 3, with_seen=True)
        self.assertEqual([int(item.id[1:]) % 2 for item in found], [0, 0, 0])
        self.assertEqual([item.value for item in found], sorted((item.value for item in found), reverse=True))
        self.assertAlmostEqual(model.predict("u4", found[0].id), found[0].value, places=5)
        alike = model.similar("i5", 3)
        self.assertEqual([int(item.id[1:]) % 2 for item in alike], [1, 1, 1])

    def test_someone_new_is_folded_in(self):
        model = self.made.model(threads=1)
        found = model.recommend({"i1": 5, "i3": 5, "i0": 1}, 2)
        self.assertEqual([int(item.id[1:]) % 2 for item in found], [1, 1])
        self.assertFalse({item.id for item in found} & {"i1", "i3", "i0"})
        among = model.recommend({"i1": 5, "i3": 5, "i0": 1}, 9, among=["i7", "i2"])
        self.assertEqual([item.id for item in among], ["i7", "i2"])
        self.assertGreater(model.evaluate_folding()["users"], 0)

    def test_the_same_seed_gives_the_same_bytes_as_the_command_line(self):
        out = os.path.join(self.scratch.name, "line")
        words.command_line(self, "ratings", "train", self.path, "--out", out, *SMALL_LINE)
        words.same_file(self, self.run_folder, out)

    def test_dicts_and_stopped_runs_give_the_same_bytes(self):
        out = os.path.join(self.scratch.name, "stopped")
        data = words.columns(NAMES, self.rows)
        with self.assertRaises(burnish.Stopped):
            burnish.ratings.train(data, out=out, progress=False, callbacks=[lambda event: event["event"] == "epoch"], **SMALL)
        burnish.ratings.resume(out, data, progress=False)
        self.assertEqual(words.tensors_of(self.run_folder), words.tensors_of(out))

    def test_rows_of_tables_are_answered_as_pairs(self):
        model = self.made.model(threads=1)
        rows = model.predict_rows(self.path)
        pairs = model.predict([row[0] for row in self.rows], [row[1] for row in self.rows])
        numpy.testing.assert_array_equal(rows, pairs)
        unknown = model.predict_rows({"user": ["u1", "nobody"], "item": ["i1", "i1"]})
        self.assertEqual(len(unknown), 2)
        truth = numpy.array([row[2] for row in self.rows])
        found = model.evaluate(self.path)
        self.assertAlmostEqual(found["mae"], float(abs(rows - truth).mean()), places=5)
        self.assertAlmostEqual(model.evaluate()["rmse"], self.made.metrics["rmse"], places=6)

    def test_clicks_need_no_rating(self):
        liked = [row[:2] for row in self.rows if row[2] > 3]
        run = burnish.ratings.train(words.columns(NAMES[:2], liked), clicks=True, loss="bpr", progress=False,
                                    out=os.path.join(self.scratch.name, "clicks"), **{**SMALL, "epochs": 2})
        self.assertTrue(run.model(threads=1).clicks)

    def test_the_finder_returns_a_curve(self):
        found = burnish.ratings.lr_find(self.path, finder={"iterations": 12, "stop": False}, **SMALL)
        self.assertEqual(len(found["points"]), 12)

    def test_wrong_things_raise_and_name_what_is_wrong(self):
        model = self.made.model(threads=1)
        with self.assertRaisesRegex(burnish.InputError, "user nobody"):
            model.recommend("nobody")
        with self.assertRaisesRegex(burnish.UsageError, "top"):
            model.recommend("u1", -1)
        with self.assertRaisesRegex(burnish.UsageError, "2 users, 1 items"):
            model.predict(["u1", "u2"], ["i1"])
        with self.assertRaisesRegex(burnish.UsageError, "loss: there is no hinge; expected one of mse, bpr, weighted"):
            burnish.ratings.train(self.path, loss="hinge", progress=False)
        with self.assertRaisesRegex(burnish.UsageError, "factors"):
            burnish.ratings.train(self.path, factors=0, progress=False)


if __name__ == "__main__":
    unittest.main()
