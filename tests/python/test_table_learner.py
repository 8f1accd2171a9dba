# SPDX-License-Identifier: Apache-2.0
"""burnish.table.Learner: a table step by step."""
import os
import tempfile
import unittest

import burnish
import numpy
import words


def houses(count=240):
    towns, prices = ["Cork", "Basel", "Nice"], [3, 1, 2]
    rows = [(towns[i % 3], float(i * 7 % 40), prices[i % 3] + i * 7 % 40 / 40) for i in range(count)]
    return words.columns(["town", "area", "price"], rows)


class StepByStep(unittest.TestCase):
    small = dict(hidden=[16], threads=1, progress=False, batch_size=32)

    def learner(self, target="price", **options):
        return burnish.table.Learner(houses(), target, **{**self.small, **options})

    def test_one_cycle_is_the_training_of_the_job(self):
        with tempfile.TemporaryDirectory() as folder:
            run = burnish.table.train(houses(), "price", out=os.path.join(folder, "run"), epochs=2, **self.small)
            learner = self.learner().fit_one_cycle(2, 1e-2)
            numpy.testing.assert_array_equal(learner.predict(houses()), run.model(threads=1).predict(houses()))
            self.assertEqual(learner.validate(), {**run.metrics, "count": 48})
            learner.save(os.path.join(folder, "model.safetensors"))
            self.assertEqual(words.tensors_of(folder), words.tensors_of(run.path))
            other = self.learner()
            other.load(os.path.join(folder, "model.safetensors"))
            numpy.testing.assert_array_equal(other.predict(), learner.predict())
            with self.assertRaisesRegex(burnish.InputError, "another one"):
                self.learner(hidden=[8]).load(os.path.join(folder, "model.safetensors"))

    def test_outputs_of_an_epoch_are_there_while_it_is_told(self):
        heard = []

        def hear(event):
            if event["event"] == "epoch":
                heard.append(learner.validated().copy())
                self.assertAlmostEqual(event["metrics"]["rmse"], learner_rmse(heard[-1]), places=5)

        def learner_rmse(outputs):
            return float(numpy.sqrt(numpy.mean((outputs[:, 0] - truth) ** 2)))

        learner = self.learner(split="time", split_column="area")
        truth = [price for area, price in zip(houses()["area"], houses()["price"]) if area >= 32]
        self.assertEqual(len(truth), learner.counts[1])
        self.assertEqual(learner.validated().shape, (0, 0))
        learner.fit(2, 1e-2, callbacks=[hear])
        self.assertEqual(len(heard), 2)
        numpy.testing.assert_allclose(heard[-1][:, 0], learner.predict(), rtol=1e-5)

    def test_forms_of_answers(self):
        learner = self.learner("town").fit(1, 1e-2)
        self.assertEqual((learner.classes, learner.groups), (["Basel", "Cork", "Nice"], 3))
        outputs, shares, logs = (learner.answer(None, form) for form in range(3))
        numpy.testing.assert_allclose(numpy.exp(logs), shares, rtol=1e-5)
        numpy.testing.assert_allclose(outputs - logs, (outputs - logs)[:, :1].repeat(3, 1), atol=1e-5)
        with self.assertRaisesRegex(burnish.UsageError, "form"):
            learner.answer(None, 3)

    def test_frozen_groups_widths_and_the_finder(self):
        learner = self.learner(form="course", categories=["town"], embedding_widths=[9], hidden_norms=True)
        before = {name: shape for name, shape, *others in learner.summary()}
        self.assertEqual(before["embeds.0.weight"], (4, 9))
        self.assertIn("layers.0.2.weight", before)
        learner.freeze()
        self.assertEqual({row[4] for row in learner.summary() if row[3] < 2}, {False})
        answers = learner.predict()
        self.assertGreater(len(learner.lr_find()["points"]), 10)
        numpy.testing.assert_array_equal(learner.predict(), answers)
        with self.assertRaisesRegex(burnish.UsageError, "one a layer group"):
            learner.fit(1, [1e-3, 1e-3])

    def test_a_callback_ends_a_fit_and_an_exception_comes_through(self):
        heard = []
        self.learner().fit(5, 1e-2, callbacks=[lambda event: event["event"] == "epoch" and heard.append(1) is None])
        self.assertEqual(len(heard), 1)

        def fails(event):
            raise KeyError("mine")

        with self.assertRaisesRegex(KeyError, "mine"):
            self.learner().fit(1, 1e-2, callbacks=[fails])
        with self.assertRaisesRegex(burnish.UsageError, "hidden_norm"):
            self.learner(hidden_norm=True)

    def test_metrics_of_ones_own_are_refused_and_a_closed_one_raises(self):
        def bias(answers, targets):
            return 0

        learner = self.learner()
        with self.assertRaisesRegex(burnish.UsageError, "metrics"):
            learner.fit(1, 1e-2, metrics=[bias])
        with self.assertRaisesRegex(burnish.UsageError, "metrics"):
            self.learner(metrics=[bias])
        learner.fit(1, 1e-2, callbacks=[lambda event: self.assertRaises(burnish.UsageError, learner.close)])
        learner.close()
        learner.close()
        for call in (learner.validated, learner.validate, learner.summary, lambda: learner.fit(1)):
            with self.assertRaisesRegex(burnish.UsageError, "closed"):
                call()


if __name__ == "__main__":
    unittest.main()
