# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import unittest

import burnish
import numpy
import words

SMALL = dict(embedding=12, hidden=16, layers=1, epochs=6, batch_size=16, learning_rate=0.02, min_freq=1,
             seed=2, threads=1)
SMALL_LINE = ["--embedding", "12", "--hidden", "16", "--layers", "1", "--epochs", "6", "--batch-size", "16", "--learning-rate",
              "0.02", "--min-freq", "1", "--seed", "2", "--threads", "1"]


class TextJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.rows = words.reviews()
        cls.path = words.write_table(os.path.join(cls.scratch.name, "reviews.csv"), ["text", "label"], cls.rows)
        cls.run_folder = os.path.join(cls.scratch.name, "run")
        cls.made = burnish.text.train(cls.path, out=cls.run_folder, progress=False, **SMALL)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_it_learns_the_word_that_decides(self):
        self.assertGreater(self.made.metrics["accuracy"], 0.9)
        model = self.made.model(threads=1)
        found = model.predict("the story was wonderful")
        self.assertEqual(found.label, "positive")
        output, tokens = model.explain("the story was wonderful")
        self.assertEqual(output, found.index)
        self.assertEqual(max(tokens, key=lambda token: token[1])[0], "wonderful")

    def test_the_same_seed_gives_the_same_bytes_as_the_command_line(self):
        out = os.path.join(self.scratch.name, "line")
        words.command_line(self, "text", "train", self.path, "--out", out, *SMALL_LINE)
        words.same_file(self, self.run_folder, out)

    def test_frames_and_stopped_runs_give_the_same_bytes(self):
        out = os.path.join(self.scratch.name, "stopped")
        data = words.columns(["text", "label"], self.rows)
        with self.assertRaises(burnish.Stopped):
            burnish.text.train(data, out=out, progress=False, callbacks=[lambda event: event["event"] == "epoch"], **SMALL)
        burnish.text.resume(out, data, progress=False)
        self.assertEqual(words.tensors_of(self.run_folder), words.tensors_of(out))

    def test_the_finder_returns_a_curve(self):
        options = {**SMALL, "epochs": 1}
        found = burnish.text.lr_find(self.path, finder={"iterations": 15, "stop": False}, **options)
        self.assertEqual(len(found["points"]), 15)
        self.assertAlmostEqual(found["points"][0][0], 1e-7)
        self.assertGreater(found["points"][-1][1], 0)

    def test_evaluation_and_interpretation_agree(self):
        model = self.made.model(threads=1)
        score = model.evaluate(self.path)
        self.assertEqual(score["count"], 240)
        found = model.interpret(self.path, top=3)
        self.assertEqual(found["score"], score)
        self.assertEqual(len(found["worst"]), 3)
        self.assertEqual(found["confusion"].sum(), 240)
        self.assertAlmostEqual(numpy.trace(found["confusion"]) / 240, score["accuracy"])
        losses = [one["loss"] for one in found["worst"]]
        self.assertEqual(losses, sorted(losses, reverse=True))
        answers = model.probabilities([text for text, _ in self.rows])
        self.assertEqual(answers.shape, (240, 2))
        right = [model.classes[best] == label for best, (_, label) in zip(answers.argmax(1), self.rows)]
        self.assertAlmostEqual(sum(right) / 240, score["accuracy"])

    def test_it_starts_from_a_language_model(self):
        encoder = os.path.join(self.scratch.name, "lm")
        burnish.lm.train(self.path, out=encoder, epochs=1, min_freq=1, progress=False, **words.SMALL_LM)
        out = os.path.join(self.scratch.name, "tuned")
        run = burnish.text.train(self.path, encoder=encoder, out=out, epochs=1, batch_size=16, threads=1, progress=False)
        self.assertEqual(run.config["options"]["encoder"], encoder)
        both = burnish.text.Model(out, self.run_folder, threads=1)
        mean = (run.model(threads=1).probabilities(["wonderful"]) + self.made.model(threads=1).probabilities(["wonderful"])) / 2
        numpy.testing.assert_allclose(both.probabilities(["wonderful"]), mean, atol=1e-6)

    def test_a_page_explains(self):
        page = os.path.join(self.scratch.name, "words.html")
        self.made.model(threads=1).explain_page(["a wonderful <film>"], page)
        with open(page, encoding="utf-8") as file:
            self.assertIn("wonderful", file.read())

    def test_wrong_things_raise(self):
        model = self.made.model(threads=1)
        with self.assertRaises(TypeError):
            model.probabilities([1, 2])
        with self.assertRaisesRegex(burnish.UsageError, "NUL"):
            model.probabilities(["a\0b"])
        with self.assertRaises(burnish.UsageError):
            model.explain("a", 7)
        with self.assertRaises(burnish.InputError):
            burnish.text.Model(self.path)
        with self.assertRaisesRegex(burnish.UsageError, "schedule: there is no flat; expected one of one-cycle, slanted"):
            burnish.text.train(self.path, schedule="flat", progress=False)


if __name__ == "__main__":
    unittest.main()
