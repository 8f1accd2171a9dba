# SPDX-License-Identifier: Apache-2.0
"""What notebooks show."""
import csv
import html.parser
import math
import os
import tempfile
import unittest

import burnish
import numpy
import pictures
from burnish import pages, plots
from burnish.data import _first_rows
from burnish.found import Explanation, Figures, Items, Rates, shown_class
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
    def test_the_momentum_has_an_axis_of_its_own_where_it_moves(self):
        rows = {"rooms": [1, 2, 3, 4] * 20, "dear": ["no", "no", "yes", "yes"] * 20}
        learner = burnish.table.Learner(rows, "dear", hidden=[8], batch_size=8, threads=1, progress=False)
        learner.fit(1, 1e-2)
        self.assertEqual(set(learner.momenta), {0.9})
        self.assertEqual(len(self.picture(learner.plot_rates()).figure.axes), 1)
        learner.fit_one_cycle(2, 1e-2)
        first, second = self.picture(learner.plot_rates()).figure.axes
        self.assertEqual(list(second.lines[0].get_ydata()), learner.momenta)
        self.assertEqual((len(learner.momenta), len(first.lines[0].get_ydata())), (24, 24))
        cycle = learner.momenta[8:]
        self.assertEqual((cycle[0], min(cycle)), (0.95, 0.85))
        self.assertEqual(second.get_ylabel(), "momentum (dashed)")

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
        many = plots.confusion(numpy.eye(200, dtype="i8"), [f"class {i}" for i in range(200)])
        self.assertLess(max(self.picture(many).figure.get_size_inches()), 15)

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_a_map_puts_near_what_is_alike(self):
        vectors = numpy.array([[0, 0, 0], [0, .1, 0], [5, 5, 5]], "f4")
        plot = self.picture(plots.map_of(vectors, ["a", "b", "c"], "towns"))
        a, b, c = plot.axes.collections[0].get_offsets()
        self.assertLess(numpy.hypot(*(a - b)), numpy.hypot(*(a - c)) / 10)
        self.assertEqual(sorted(text.get_text() for text in plot.axes.texts), ["a", "b", "c"])

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_names_with_dollars_are_no_formulas(self):
        names = ["$<_$", "$25-$50"]
        self.picture(plots.confusion(numpy.eye(2, dtype="i8"), names))
        self.picture(plots.map_of(numpy.array([[0, 0], [5, 5]], "f4"), names, "$_$"))
        self.picture(plots.dependence([("$_$", "$_$", ["$_$"], [1.0], [1.0]), ("$_$", "a", [1, 2], [1, 2], None)]))
        with self.assertRaisesRegex(burnish.UsageError, "towns: there is nothing"):
            plots.map_of(numpy.zeros((0, 2), "f4"), [], "towns")

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
        self.assertRegex(text, f"<td>{worst['row']}</td>(<td>[^<]*</td>){{3}}<td>{worst['values']['rooms']}</td>")
        with self.assertRaisesRegex(burnish.InputError, "memory:"):
            self.model.interpret()  # the table of the training is gone
        if matplotlib:
            self.assertEqual([bar.get_text() for bar in found.plot().axes.get_yticklabels()], ["noise", "rooms"])
            self.assertEqual(len(self.model.plot_embeddings("rooms").axes.texts), 5)
        with self.assertRaisesRegex(burnish.UsageError, "rooms"):
            self.model.plot_embeddings("noise")

    def test_dependence_is_the_mean_answer_with_a_column_set(self):
        found = self.model.interpret(self.rows, sample=400, points=5)
        rooms, noise = found["dependence"]
        self.assertEqual([rooms["column"], noise["column"]], ["rooms", "noise"])
        self.assertEqual((rooms["category"], sorted(rooms["values"])), (True, ["1", "2", "3", "4", "5"]))
        self.assertAlmostEqual(rooms["shares"].sum(), 1)
        for value, answer in zip(rooms["values"], rooms["answers"][:, 0]):
            same = self.model.predict({**self.rows, "rooms": [int(value)] * 400}).mean(dtype="f8")
            self.assertAlmostEqual(answer, same, delta=1e-3)
        self.assertEqual((len(noise["at"]), noise["answers"].shape, noise["values"], noise["shares"]), (5, (5, 1), None, None))
        for at, answer in zip(noise["at"], noise["answers"][:, 0]):
            same = self.model.predict({**self.rows, "noise": [at] * 400}).mean(dtype="f8")
            self.assertAlmostEqual(answer, same, delta=1e-2)
        numpy.testing.assert_allclose(found["truths"], self.rows["price"])
        numpy.testing.assert_allclose(found["answers"], self.model.predict(self.rows), rtol=1e-5)
        text = found._repr_html_()
        self.assertEqual(Balance(text).wrong, [])
        self.assertIn(">rooms</th>", text)
        self.assertEqual(text.count("<polyline"), 1)
        if matplotlib:
            both, one = found.plot_dependence(), found.plot_dependence("noise")
            self.assertEqual([len(both.figure.axes), len(one.figure.axes)], [2, 1])
            numpy.testing.assert_array_equal(one.axes.lines[0].get_ydata(), noise["answers"][:, 0])
            dots = both.figure.axes[0].collections[-1].get_offsets()
            numpy.testing.assert_array_equal(numpy.asarray(dots)[:, 0], rooms["answers"][:, 0])
            dots = found.plot_answers().axes.collections[0].get_offsets()
            numpy.testing.assert_array_equal(numpy.asarray(dots), numpy.column_stack([found["truths"], found["answers"]]))
            for wrong, words in ((lambda: found.plot_dependence("colour"), "rooms, noise"), (found.plot_confusion, "classes")):
                with self.assertRaisesRegex(burnish.UsageError, words):
                    wrong()

    def test_the_class_that_moves_most_is_shown(self):
        self.assertEqual(shown_class(numpy.array([[1.], [5.]])), 0)
        self.assertEqual(shown_class(numpy.array([[.1, .9], [.2, .8]])), 1)
        self.assertEqual(shown_class(numpy.array([[.1, .5, .4], [.2, .1, .7]])), 1)

    def test_a_column_of_gaps_is_left_out(self):
        rows = {**self.rows, "noise": [None if i % 5 == 0 else value for i, value in enumerate(self.rows["noise"].tolist())]}
        run = burnish.table.train(rows, "price", out=self.scratch.name + "/gaps", epochs=1, threads=1, progress=False)
        found = run.model(threads=1).interpret({**rows, "noise": [None] * 400}, sample=100)
        self.assertEqual(Balance(found._repr_html_()).wrong, [])
        with self.assertRaisesRegex(burnish.UsageError, "no value in noise"):
            found.plot_dependence("noise")
        with self.assertRaisesRegex(burnish.UsageError, "answer: 5; expected 0 to 0"):
            found.plot_dependence("rooms", answer=5)

    def test_classes_have_a_confusion_and_a_curve_each(self):
        rows = {"rooms": self.rows["rooms"], "noise": self.rows["noise"],
                "size": [("small", "middle", "large")[(n > 2) + (n > 4)] for n in self.rows["rooms"].tolist()]}
        run = burnish.table.train(rows, "size", out=self.scratch.name + "/classes", epochs=8, threads=1, progress=False)
        found = run.model(threads=1).interpret(rows, sample=400)
        self.assertEqual(found["confusion"].sum(), 400)
        right = numpy.trace(found["confusion"]) / 400
        self.assertAlmostEqual(right, found["score"]["accuracy"], places=6)
        self.assertNotIn("truths", found)
        rooms = found["dependence"][0]
        self.assertEqual(rooms["answers"].shape, (5, 3))
        numpy.testing.assert_allclose(rooms["answers"].sum(1), 1, atol=1e-5)
        text = found._repr_html_()
        self.assertEqual(Balance(text).wrong, [])
        self.assertIn("truth \\ answer", text)
        self.assertIn("probability of", text)
        if matplotlib:
            small = found["classes"].index("small")
            self.assertGreater(small, 0)
            for answer in ("small", small):
                dots = found.plot_dependence("rooms", answer=answer).axes.collections[-1].get_offsets()
                numpy.testing.assert_array_equal(numpy.asarray(dots)[:, 0], rooms["answers"][:, small])
            self.assertEqual(sum(int(one.get_text()) for one in found.plot_confusion().axes.texts), 400)
            for wrong, words in ((found.plot_answers, "numbers"), (lambda: found.plot_dependence("rooms", answer="huge"), "huge")):
                with self.assertRaisesRegex(burnish.UsageError, words):
                    wrong()


class Opened(unittest.TestCase):
    """Models out of files, and what they answer."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.texts = {"text": ["a <good> film", "a bad film", "good and long"] * 20, "label": ["yes", "no", "yes"] * 20}
        small = dict(embedding=4, hidden=6, layers=1, min_freq=1, batch_size=4, threads=1, progress=False)
        cls.lm_run = burnish.lm.train(cls.texts, out=cls.scratch.name + "/lm", length=4, epochs=1, label_columns=[], **small)
        cls.text_run = burnish.text.train(cls.texts, out=cls.scratch.name + "/text", epochs=2, **small)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def page(self, thing):
        text = thing._repr_html_()
        self.assertEqual(Balance(text).wrong, [], text)
        return text

    def check_model(self, model, learner_parameters, *said):
        """It has the parameters of the learner, by name and shape, and says what it is; closed it says that."""
        parameters = model.summary()
        self.assertEqual(dict(parameters), learner_parameters)
        text = self.page(model)
        for words in (*said, f"{len(parameters)} arrays by name",
                      f"<td style='text-align:left'>{sum(pages.size(shape) for _, shape in parameters)}</td>"):
            self.assertIn(words, text)
        for name, shape in parameters:
            self.assertIn(f"{name}</td><td style='text-align:left'>{' x '.join(map(str, shape))}"
                          if len(shape) > 1 else f"{name}</td>", text)
        model.close()
        self.assertIn(", closed", self.page(model))

    def shapes(self, learner, kinds=("weight", "norm", "embedding", "bias", "buffer")):
        return {one[0]: one[1] for one in learner.summary()}

    def test_models_of_texts_show_themselves(self):
        small = dict(embedding=4, hidden=6, layers=1, min_freq=1, batch_size=4, threads=1, progress=False)
        path = self.scratch.name + "/words.safetensors"
        learner = burnish.lm.Learner(self.texts, length=4, label_columns=[], **small)
        learner.save(path)
        model = burnish.lm.Model(path, threads=1)
        kept = {name: shape for name, shape in self.shapes(learner).items() if name in dict(model.summary())}
        self.check_model(model, kept, "A language model", f"<td style='text-align:left'>{learner.vocabulary}</td>",
                         "words.safetensors")
        self.assertGreater(len(kept), 4)
        path = self.scratch.name + "/reviews.safetensors"
        learner = burnish.text.Learner(self.texts, **small)
        learner.save(path)
        model = burnish.text.Model(path, threads=1)
        kept = {name: shape for name, shape in self.shapes(learner).items() if name in dict(model.summary())}
        self.check_model(model, kept, "A classifier of texts: 2 answers", "2 answers</summary>no, yes")

    def test_models_of_runs_know_their_file(self):
        model = self.lm_run.model(threads=1)
        self.assertEqual(os.path.realpath(model.file), os.path.realpath(self.scratch.name + "/lm/model.safetensors"))
        self.assertIn("arrays by name", self.page(model))
        os.rename(model.file, model.file + ".away")
        self.assertEqual(model.summary(), [])
        self.assertNotIn("arrays by name", self.page(model))
        os.rename(model.file + ".away", model.file)
        both = burnish.text.Model(self.text_run.path, self.text_run.path, threads=1)
        self.assertIn("averaged with other models</td><td style='text-align:left'>1</td>", self.page(both))

    def test_models_of_pictures_and_arrays_show_themselves(self):
        x = numpy.random.RandomState(1).uniform(-1, 1, (40, 3))
        learner = burnish.nn.Learner(burnish.nn.Arrays(x, x[:, 0] > 0, classes=["<a>", "b"]),
                                     burnish.nn.Network(burnish.nn.Linear(8), burnish.nn.ReLU(), burnish.nn.Linear()),
                                     progress=False, threads=1)
        path = self.scratch.name + "/arrays.safetensors"
        learner.save(path)
        self.check_model(burnish.nn.Model(path, threads=1), self.shapes(learner), "&lt;a&gt;, b", "shape of an item")
        data = Data(pictures.make_folder(os.path.join(self.scratch.name, "bars")))
        learner = Learner(data, "resnet18", pretrained=False, size=32, batch_size=8, threads=1, loaders=1, progress=False)
        path = self.scratch.name + "/bars.safetensors"
        learner.save(path)
        model = Model(path, threads=1)
        self.assertEqual(len(model.summary()), len(learner.summary()))
        text = self.page(model)
        self.assertIn("resnet18: 2 classes", text)
        self.assertIn("2 classes</summary>lying, upright", text)
        self.assertIn("512 x 512 x 3 x 3", text)
        found = model.evaluate(data.path)
        self.assertEqual(found["confusion"].sum(), 6)
        self.assertIn("truth \\ answer", self.page(found))
        text = self.page(model.predict(data.paths()[0]))
        self.assertRegex(text, r"(lying|upright)</td><td>[01]\.?\d*</td>")
        if matplotlib:
            self.assertEqual(sum(int(one.get_text()) for one in found.plot_confusion().axes.texts), 6)

    def test_figures_are_shown_beside_those_of_others(self):
        found = Figures({"rmse": .5, "count": 3, "note": None, "item mean": {"rmse": .75, "other": 2}})
        text = self.page(found)
        self.assertIn("<td style='text-align:left'>model</td><td>0.5000</td><td>3</td>", text)
        self.assertIn("<td style='text-align:left'>item mean</td><td>0.7500</td><td></td>", text)
        self.assertEqual(found, {"rmse": .5, "count": 3, "note": None, "item mean": {"rmse": .75, "other": 2}})
        with self.assertRaisesRegex(burnish.UsageError, "none"):
            found.plot_confusion()
        self.assertIn("perplexity", self.page(self.lm_run.model(threads=1).evaluate(self.texts)))

    def test_predictions_are_bars(self):
        answer = self.text_run.model(threads=1).predict("good")
        self.assertEqual(repr(answer)[:18], "Prediction(label='")
        self.assertIn(f"width:{200 * answer.probability:.0f}px", self.page(answer))
        self.assertEqual(burnish.image.Prediction, type(answer))

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_curves_of_a_run(self):
        run = self.text_run
        accuracy = [row["accuracy"] for row in run.history]
        lines = {axes.get_ylabel(): list(axes.lines[0].get_ydata()) for axes in run.plot_metrics().figure.axes}
        self.assertEqual(lines["accuracy"], accuracy)
        self.assertNotIn("valid_loss", lines)
        self.assertEqual(list(run.plot_metrics("accuracy").axes.lines[0].get_ydata()), accuracy)
        with self.assertRaisesRegex(burnish.UsageError, "accuracy"):
            run.plot_metrics("luck")
        self.assertEqual(list(run.plot_rates().axes.lines[0].get_ydata()), [row["learning_rate"] for row in run.history])
        with open(self.lm_run.path + "/curve.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertGreater(len(rows), 4)
        within = self.lm_run.plot_losses().axes.lines[0]
        self.assertEqual(list(within.get_xdata()), [float(row["epoch"]) for row in rows])
        self.assertEqual(list(within.get_ydata()), [float(row["train_loss"]) for row in rows])
        self.assertGreater(len(self.lm_run.plot_rates().axes.lines[0].get_xdata()), 4)


class Samples(unittest.TestCase):
    """Data and networks that a program has put together."""

    def page(self, thing):
        text = thing._repr_html_()
        self.assertEqual(Balance(text).wrong, [], text)
        return text

    def test_arrays_show_their_items(self):
        x = numpy.arange(60.).reshape(20, 3)
        text = self.page(burnish.nn.Arrays(x, x[:, :1] > 30, target="tags", classes=["<late>"], valid=(x[:4], x[:4, :1] > 30)))
        self.assertIn("<td>20</td><td>4</td><td>0</td>", text)
        self.assertIn("<td>0</td><td>1</td><td>2</td><td></td>", text)
        self.assertEqual(text.count("<tr>"), 2 + 1 + 5)
        text = self.page(burnish.nn.Arrays(numpy.random.rand(30, 1, 8, 8), numpy.arange(30) % 3, classes=["a", "b", "c"]))
        self.assertEqual(text.count("<img"), 12)
        self.assertRegex(text, "<figcaption>[abc]</figcaption>")
        self.assertEqual(self.page(burnish.nn.Arrays(numpy.random.rand(5, 4, 8, 8), numpy.arange(5) % 2)).count("<img"), 0)

    def test_numbers_are_a_picture(self):
        import base64
        import io
        import re

        try:
            from PIL import Image
        except ImportError:
            self.skipTest("no PIL")
        for array in (numpy.arange(12.).reshape(3, 4), numpy.arange(36.).reshape(3, 3, 4), numpy.full((1, 2, 2), 7.)):
            data = re.search("base64,([^']*)'", pages.picture_of(array))[1]
            read = numpy.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
            expected = (array - array.min()) * 255 / max(1, numpy.ptp(array))
            expected = expected[0] if len(array) == 1 else numpy.moveaxis(expected, 0, -1) if array.ndim == 3 else expected
            numpy.testing.assert_allclose(read, expected, atol=.51)

    def test_networks_show_their_layers(self):
        nn = burnish.nn
        network = nn.Network(nn.Sequential(nn.Conv(8, 3, padding=1), nn.BatchNorm()), nn.Residual(
            nn.Conv(16, 3, padding=1), shortcut=nn.Conv(16, 1), activation="relu"), nn.GlobalPool(), nn.Linear(), name="small")
        text = self.page(network)
        self.assertIn("small: ", text)
        steps = network.layers((3, 16, 16), 2)
        for kind, path in (("conv", "0.0"), ("batch_norm", "0.1"), ("residual", "1"), ("conv", "1.0"), ("linear", "3")):
            self.assertRegex(text, f"<td[^>]*>{path}</td><td[^>]*>{kind}</td>")
        self.assertIn("1.shortcut", text)
        self.assertIn("activation relu", text)
        summary = network.summary((3, 16, 16), 2)
        self.assertIsInstance(summary, str)
        self.assertIn("\n", summary)
        self.assertEqual(self.page(summary).count("<tr>"), 2 + len(steps))

    def test_frames_show_their_first_rows(self):
        class Frame:
            columns = ["town", "area"]

            def __init__(self, rows):
                self.rows = rows

            def head(self, count):
                return Frame(self.rows[:count])

            def __getitem__(self, name):
                return [row[self.columns.index(name)] for row in self.rows]

        class Unknown:  # as pandas' NA
            def __ne__(self, other):
                return self

            def __bool__(self):
                raise TypeError

            def __str__(self):
                return "<NA>"

        names, rows = _first_rows(Frame([("Cork", 1), (None, math.nan), (Unknown(), 2)] * 5))
        self.assertEqual((names, rows), (["town", "area"], [("Cork", 1), ("", ""), ("<NA>", 2), ("Cork", 1), ("", "")]))
        self.assertEqual(_first_rows(object()), ([], []))


class Maps(unittest.TestCase):
    """What ratings' vectors look like."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        pairs = [(f"u{u}", f"i{i:02}", 5 if (u + i) % 2 else 1) for u in range(16) for i in range(12) if u <= i + 8]
        users, items, values = zip(*pairs)
        cls.rows = {"user": users, "item": items, "rating": values}
        cls.run_ = burnish.ratings.train(cls.rows, factors=4, epochs=20, threads=1, out=cls.scratch.name + "/run", progress=False)
        cls.model = cls.run_.model(threads=1)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_vectors_are_those_of_the_items(self):
        learner = burnish.ratings.Learner(self.rows, factors=4, threads=1, progress=False)
        learner.save(self.scratch.name + "/begun.safetensors")
        model = burnish.ratings.Model(self.scratch.name + "/begun.safetensors", threads=1)
        numpy.testing.assert_array_equal(model.vectors(), learner.parameter("i_weight.weight")[1:])
        vectors = self.model.vectors()
        lengths = numpy.linalg.norm(vectors, axis=1)
        first = self.model.items[0]
        cosines = vectors @ vectors[0] / lengths / lengths[0]
        for one in self.model.similar(first, top=5):
            self.assertAlmostEqual(one.value, cosines[self.model.items.index(one.id)], places=5)

    def test_items_are_shown(self):
        found = self.model.item_table()
        text = found._repr_html_()
        self.assertEqual(Balance(text).wrong, [])
        self.assertEqual(text.count("<tr>"), 1 + 10)
        self.assertEqual(len(found[0]), 4)
        self.assertIn("popularity", self.model.evaluate()._repr_html_())
        self.assertIn("arrays by name", self.model._repr_html_())

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_the_map_has_the_most_rated_items(self):
        table = {one[0]: one[2] for one in self.model.item_table()}
        plot = self.model.plot_items(6)
        places = numpy.asarray(plot.axes.collections[0].get_offsets())
        most = sorted(table, key=lambda name: -table[name])[:6]
        self.assertEqual(len(places), 6)
        self.assertEqual([text.get_text() for text in plot.axes.texts], most)
        vectors = self.model.vectors()[[self.model.items.index(name) for name in most]].astype("f8")
        centred = vectors - vectors.mean(0)
        values, axes = numpy.linalg.eigh(centred.T @ centred)
        for direction, at in ((-1, 0), (-2, 1)):
            axis = axes[:, direction] * numpy.sign(axes[numpy.abs(axes[:, direction]).argmax(), direction])
            numpy.testing.assert_allclose(places[:, at], centred @ axis, atol=1e-6)
            share = values[direction] / values.sum()
            label = (plot.axes.get_xlabel(), plot.axes.get_ylabel())[at]
            self.assertEqual(label, f"direction {at + 1}: {share:.0%} of the variance")
        means = plot.axes.collections[0].get_array()
        self.assertEqual(len(means), 6)
        self.assertTrue(((1 <= means) & (means <= 5)).all())
        for one in (vectors, -vectors):  # no mirror images
            for place in plots.components(one)[0].T:
                axis = (one - one.mean(0)).T @ place
                self.assertGreater(axis[numpy.abs(axis).argmax()], 0)
        plot.figure.draw_without_rendering()
        width, height = plot.figure.get_size_inches() * plot.figure.dpi
        for axes in plot.figure.axes:  # the colours' names too
            box = axes.get_tightbbox(plot.figure._get_renderer())
            self.assertTrue(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, box)
        few = self.model.plot_items(among=most[2:5])
        self.assertEqual([text.get_text() for text in few.axes.texts], most[2:5])
        with self.assertRaisesRegex(burnish.UsageError, "two items"):
            self.model.plot_items(among=most[:1])

    @unittest.skipIf(matplotlib is None, "no matplotlib")
    def test_names_cover_nothing(self):
        draw = numpy.random.default_rng(2)
        names = [f"name number {i}" for i in range(120)]
        plot = plots.map_of(draw.normal(size=(120, 5)), names, "many", draw.integers(1, 100, 120))
        plot.figure.draw_without_rendering()
        boxes = [matplotlib.text.Text.get_window_extent(text) for text in plot.axes.texts]  # without the lines
        self.assertGreater(len(boxes), 40)
        for i, box in enumerate(boxes):
            self.assertEqual([other for other in boxes[:i] if box.overlaps(other)], [])


if __name__ == "__main__":
    unittest.main()
