# SPDX-License-Identifier: Apache-2.0
"""What notebooks show."""
import html.parser
import math
import os
import tempfile
import unittest

import burnish
import numpy
import pictures
from burnish import pages, plots
from burnish.found import Explanation, Items, Rates
from burnish.image import Data, Learner, Model
from burnish.interpretation import Interpretation, judged

try:
    import matplotlib
except ImportError:
    matplotlib = None

PNG = b"\x89PNG\r\n\x1a\n"
EMPTY = {"img", "br"}


class Balance(html.parser.HTMLParser):
    """Every element that begins ends, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong = [], []
        self.feed(text)
        self.wrong += self.open

    def handle_starttag(self, tag, attributes):
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


class Shown(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pictures.make_folder(os.path.join(cls.scratch.name, "bars"))
        cls.data = Data(cls.folder)
        cls.learner = Learner(cls.data, "resnet18", pretrained=False, size=32, batch_size=8, threads=1, loaders=1, progress=False)
        cls.learner.fit(2, 1e-3)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def page(self, thing):
        text = thing._repr_html_() if hasattr(thing, "_repr_html_") else thing
        self.assertEqual(Balance(text).wrong, [], text)
        return text

    def picture(self, plot):
        self.assertEqual(plot._repr_png_()[:8], PNG)
        return plot

    def test_data_show_pictures_and_their_labels(self):
        text = self.page(self.data)
        self.assertEqual(text.count("<img"), 12)
        self.assertEqual(text.count("data:image/png;base64,"), 12)
        self.assertIn("lying", text)
        self.assertIn("upright", text)
        self.assertIn("<td>16</td><td>6</td><td>0</td>", text)

    def test_a_learner_shows_its_groups_and_what_is_frozen(self):
        self.learner.freeze()
        text = self.page(self.learner)
        self.assertEqual(text.count(">frozen</td>"), 2)
        self.assertEqual(text.count(">learns</td>"), 1)
        self.assertIn("512 x 512 x 3 x 3", text)
        values = sum(math.prod(shape) for _, shape, kind, _, _ in self.learner.summary() if kind != "buffer")
        self.assertIn(f"{len([one for one in self.learner.summary() if one[2] != 'buffer'])} parameters by name", text)
        self.assertGreater(values, 11_000_000)
        self.learner.unfreeze()
        self.assertEqual(self.page(self.learner).count(">frozen</td>"), 0)

    def test_an_interpretation_counts_and_shows_the_worst(self):
        answers = numpy.array([[.9, .1], [.2, .8], [.4, .6], [.3, .7], [.99, .01], [math.nan, math.nan]], "f4")
        found = Interpretation(self.data.classes, judged(self.data.paths(), self.data.targets(), answers))
        self.assertEqual(found.confusion.tolist(), [[1, 2], [1, 1]])
        self.assertAlmostEqual(found.accuracy, 2 / 5)
        worst = found.top_losses(2)
        self.assertEqual([(one.label, one.answer) for one in worst], [("upright", "lying"), ("lying", "upright")])
        self.assertAlmostEqual(worst[0].loss, -math.log(.01), places=4)
        self.assertEqual(found.most_confused(1), [("lying", "upright", 2), ("upright", "lying", 1)])
        text = self.page(found)
        self.assertLess(text.index("loss 4.61"), text.index("loss 1.61"))
        self.assertEqual(text.count("<img"), 5)

    def test_labels_that_look_wrong_are_shown(self):
        pictures = [("a.jpg", 0, 1, 4.5, .95), ("b.jpg", 0, 0, .1, .9), ("c.jpg", 1, 0, 1.5, .7)]
        found = Interpretation(["x", "y"], pictures, [pictures[0]], top=2, min_count=2)
        self.assertEqual(found.suspects, [("a.jpg", "x", "y", 4.5, .95)])
        self.assertEqual([one.path for one in found.worst], ["a.jpg", "c.jpg"])
        self.assertEqual((found.confused, found.most_confused(1)), ([], [("x", "y", 1), ("y", "x", 1)]))
        text = self.page(found)
        self.assertEqual([text.count(one) for one in ("a.jpg", "b.jpg", "c.jpg")], [2, 1, 1])
        self.assertNotIn("look wrong", self.page(Interpretation(["x", "y"], pictures)))

    def test_a_learner_and_its_model_are_interpreted_alike(self):
        path = os.path.join(self.scratch.name, "bars.safetensors")
        self.learner.save(path)
        mine, its = self.learner.interpret(), Model(path, threads=1).interpret(self.data)
        numpy.testing.assert_allclose(mine.losses, its.losses, atol=1e-4)
        self.assertAlmostEqual(mine.accuracy, self.learner.validate())
        self.assertEqual(mine.confusion.sum(), 6)
        of_folder = Model(path, threads=1).interpret(self.folder)
        self.assertEqual([one._replace(loss=0) for one in of_folder.top_losses(6)], [one._replace(loss=0) for one in its.top_losses(6)])
        numpy.testing.assert_allclose(of_folder.losses, sorted(its.losses, reverse=True), rtol=1e-12)
        self.assertEqual([one for one in of_folder.suspects if one not in of_folder.worst], [])
        self.assertEqual(self.page(of_folder).count("<img"), 6 + len(of_folder.suspects))
        with self.assertRaisesRegex(TypeError, "whole"):
            Model(path, threads=1).interpret(self.data, whole=True)

    def test_names_are_escaped(self):
        self.assertIn("&lt;b&gt;", self.page(pages.table(["<b>"], [["<i>"]])))
        self.assertNotIn("<i>", pages.table(["<b>"], [["<i>"]]))
        self.assertIn("&lt;x&gt;", self.page(Explanation(0, [("<x>", 1.0)])))
        self.assertIn("&lt;t&gt;", self.page(Items([burnish.ratings.Item("1", "<t>", 2.0)])))

    def test_large_or_absent_pictures_are_named(self):
        path = os.path.join(self.scratch.name, "large.png")
        with open(path, "wb") as file:
            file.write(b"x" * (pages.PICTURE_BYTES_MAX + 1))
        self.assertEqual(pages.picture(path), "<span>large.png</span>")
        self.assertEqual(pages.picture("/nowhere/a&b.jpg"), "<span>a&amp;b.jpg</span>")

    def test_words_are_coloured_by_what_they_say(self):
        text = self.page(Explanation(1, [("good", 2.0), ("bad", -1.0)]))
        self.assertIn("rgba(44,160,44,0.80)'>good", text)
        self.assertIn("rgba(214,39,40,0.40)'>bad", text)

    def test_a_run_shows_its_epochs(self):
        rows = {"rooms": [1, 2, 3, 4] * 20, "dear": ["no", "no", "yes", "yes"] * 20}
        run = burnish.table.train(rows, "dear", out=self.scratch.name + "/run", epochs=3, threads=1, progress=False)
        text = self.page(run)
        self.assertEqual(text.count(">all layers</td>"), 3)
        self.assertIn(f"{run.metrics['accuracy']:.4f}", text)
        if matplotlib:
            plot = self.picture(run.plot_losses())
            self.assertEqual([len(line.get_xdata()) for line in plot.axes.lines], [3, 3])

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_curves_are_those_that_were_recorded(self):
        rates = self.picture(self.learner.plot_rates()).axes.lines[0].get_ydata()
        self.assertEqual(list(rates), [rate for rate, _ in self.learner.recorded])
        losses = self.picture(self.learner.plot_losses()).axes.lines[0].get_ydata()
        self.assertEqual(list(losses), [loss for _, loss in self.learner.recorded])

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_the_finder_marks_its_suggestions(self):
        points = [(10.0 ** -i, 5.0 + i, 5.0, math.nan) for i in range(6, 0, -1)]
        found = Rates(points=points, begin=1, useful=4, valley=1e-3, slide=None, steep=1e-4, minimum=None)
        self.assertIn("<td>0.001</td>", self.page(found))
        axes = self.picture(found.plot()).axes
        self.assertEqual(len(axes.lines[0].get_xdata()), 4)
        self.assertEqual([text.get_text() for text in axes.get_legend().get_texts()], ["valley 0.001", "steep 0.0001"])
        self.assertEqual(axes.get_xscale(), "log")

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_the_confusion_matrix_has_its_counts(self):
        plot = self.picture(self.learner.interpret().plot_confusion())
        self.assertEqual(sum(int(text.get_text()) for text in plot.axes.texts), 6)

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_a_map_puts_near_what_is_alike(self):
        vectors = numpy.array([[0, 0, 0], [0, .1, 0], [5, 5, 5]], "f4")
        plot = self.picture(plots.map_of(vectors, ["a", "b", "c"], "towns"))
        a, b, c = plot.axes.collections[0].get_offsets()
        self.assertLess(numpy.hypot(*(a - b)), numpy.hypot(*(a - c)) / 10)
        self.assertEqual(sorted(text.get_text() for text in plot.axes.texts), ["a", "b", "c"])

    def test_without_matplotlib_it_is_said(self):
        import sys
        from unittest import mock

        with mock.patch.dict(sys.modules, {"matplotlib.figure": None}):
            with self.assertRaisesRegex(burnish.UnsupportedError, "matplotlib"):
                self.learner.plot_losses()


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        draw = numpy.random.default_rng(1)
        cls.rows = {"rooms": draw.integers(1, 6, 400), "noise": draw.normal(size=400)}
        cls.rows["price"] = 100.0 * cls.rows["rooms"]
        cls.run_ = burnish.table.train(cls.rows, "price", out=cls.scratch.name + "/run", epochs=8, threads=1, progress=False)
        cls.model = cls.run_.model(threads=1)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_tables_and_models_say_what_they_have(self):
        with burnish.Table({"town": ["Cork", None, "<Basel>"] * 3, "area": [1.5, 2, 3] * 3}) as kept:
            text = kept._repr_html_()
            self.assertEqual(Balance(text).wrong, [])
            self.assertEqual(text.count("<tr>"), 1 + 5)
            self.assertIn("&lt;Basel&gt;", text)
        self.assertNotIn("Cork", kept._repr_html_())
        text = self.model._repr_html_()
        self.assertEqual(Balance(text).wrong, [])
        self.assertRegex(text, r">rooms</td><td>6</td><td>\d</td>")  # five values and #na#
        self.assertIn("1 other columns</summary>noise", text)
        rows = {"user": ["a", "b", "a", "b"] * 5, "item": ["x", "y", "y", "x"] * 5, "rating": [5, 1, 2, 4] * 5}
        run = burnish.ratings.train(rows, factors=2, epochs=1, threads=1, out=self.scratch.name + "/ratings", progress=False)
        text = run.model(threads=1)._repr_html_()
        self.assertEqual(Balance(text).wrong, [])
        self.assertIn("2 users, 2 items, vectors of 2", text)

    def test_learners_of_other_jobs_show_themselves(self):
        learner = burnish.table.Learner(self.rows, "price", hidden=[8], threads=1, progress=False)
        learner.fit(1, 1e-2)
        text = learner._repr_html_()
        self.assertEqual(Balance(text).wrong, [])
        self.assertIn("table.Learner of price: 320 + 80 rows", text)
        self.assertEqual(text.count(">learns</td>"), learner.groups)
        self.assertIsInstance(learner.lr_find(), Rates)
        if matplotlib:
            self.assertEqual(len(learner.plot_losses().axes.lines[0].get_ydata()), len(learner.recorded))

    def test_a_run_of_folds_shows_its_figures(self):
        run = burnish.table.train(self.rows, "price", out=self.scratch.name + "/folds", folds=2, epochs=1, threads=1, progress=False)
        text = run._repr_html_()
        self.assertEqual(Balance(text).wrong, [])
        self.assertIn("rmse", text)
        with self.assertRaisesRegex(burnish.UsageError, "fold-1"):
            run.plot_losses()

    def test_one_of_several_targets_is_looked_at(self):
        rows = {**self.rows, "loud": 10 * self.rows["noise"]}
        run = burnish.table.train(rows, "price", more_targets=["loud"], out=self.scratch.name + "/two", epochs=8, threads=1,
                                  progress=False)
        model = run.model(threads=1)
        self.assertEqual(model.interpret(rows)["importance"][0]["column"], "rooms")
        self.assertEqual(model.interpret(rows, target="loud")["importance"][0]["column"], "noise")

    def test_what_decides_matters_most(self):
        found = self.model.interpret(self.rows, top=4)
        self.assertEqual(found["importance"][0]["column"], "rooms")
        self.assertEqual(found["score"]["count"], 400)
        self.assertEqual(len(found["worst"]), 4)
        worst = found["worst"][0]
        self.assertAlmostEqual(worst["loss"], abs(worst["truth"] - worst["answer"]), places=3)
        self.assertEqual(float(worst["values"]["rooms"]) * 100, worst["truth"])
        text = found._repr_html_()
        self.assertEqual(Balance(text).wrong, [])
        self.assertLess(text.index("rooms"), text.index("noise"))
        with self.assertRaisesRegex(burnish.InputError, "memory:"):
            self.model.interpret()  # the table of the training is gone
        if matplotlib:
            self.assertEqual([bar.get_text() for bar in found.plot().axes.get_yticklabels()], ["noise", "rooms"])
            self.assertEqual(len(self.model.plot_embeddings("rooms").axes.texts), 5)
        with self.assertRaisesRegex(burnish.UsageError, "rooms"):
            self.model.plot_embeddings("noise")


if __name__ == "__main__":
    unittest.main()
