# SPDX-License-Identifier: Apache-2.0
"""burnish.lm.Learner and burnish.text.Learner: texts step by step."""
import os
import tempfile
import unittest

import burnish
import numpy
import words

TEXTS = {"text": [text for text, label in words.reviews()], "label": [label for text, label in words.reviews()]}


class LanguageModels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.small = dict(words.SMALL_LM, progress=False, min_freq=1, text_columns=["text"])

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_one_fit_is_the_training_of_the_job(self):
        run = burnish.lm.train(TEXTS, out=os.path.join(self.scratch.name, "run"), epochs=2, **self.small)
        learner = burnish.lm.Learner(TEXTS, **self.small)
        self.assertEqual(learner.groups, 2)
        learner.fit_one_cycle(2, 5e-3, decay=0.1, clip_norm=0.1, div=10, momenta=(0.8, 0.7, 0.8))
        os.mkdir(os.path.join(self.scratch.name, "kept"))
        path = os.path.join(self.scratch.name, "kept", "model.safetensors")
        learner.save(path)
        self.assertEqual(words.tensors_of(os.path.dirname(path)), words.tensors_of(run.path))
        self.assertAlmostEqual(learner.validate()["loss"], run.metrics["valid_loss"], places=5)
        fresh = burnish.lm.Learner(TEXTS, **self.small)
        fresh.load(path)
        self.assertEqual(fresh.validate(), learner.validate())
        fewer = burnish.lm.Learner({"text": TEXTS["text"][:40] + ["other"] * 9}, **self.small)
        with self.assertRaisesRegex(burnish.InputError, "other ones"):
            fewer.load(path)

    def test_dropouts_are_given_one_by_one(self):
        def fitted(**dropouts):
            learner = burnish.lm.Learner(TEXTS, **{**self.small, **dropouts}).fit(1, 1e-2)
            return learner.parameter("0.encoder.weight")

        none = dict(word_dropout=0, input_dropout=0, weight_dropout=0, hidden_dropout=0, output_dropout=0)
        numpy.testing.assert_array_equal(fitted(**none), fitted(dropout=0))
        for name in ("word_dropout", "input_dropout", "weight_dropout", "output_dropout"):
            self.assertTrue((fitted(**{**none, name: 0.5}) != fitted(**none)).any(), name)
        form = dict(word_dropout=0.02, input_dropout=0.25, weight_dropout=0.2, hidden_dropout=0.15, output_dropout=0.1)
        numpy.testing.assert_array_equal(fitted(**form), fitted())
        with self.assertRaisesRegex(burnish.UsageError, "dropout 1.5"):
            fitted(input_dropout=1.5)


class Classifiers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.lm = dict(words.SMALL_LM, progress=False, min_freq=1, text_columns=["text"])
        cls.small = dict(embedding=12, hidden=16, layers=1, chunk=12, min_freq=1, batch_size=16, seed=3, threads=1, progress=False)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_one_fit_is_the_training_of_the_job(self):
        run = burnish.text.train(TEXTS, out=os.path.join(self.scratch.name, "run"), epochs=2, **self.small)
        learner = burnish.text.Learner(TEXTS, **self.small)
        self.assertEqual((learner.groups, learner.classes), (3, ["negative", "positive"]))
        learner.fit_one_cycle(2, 5e-3, momenta=(0.8, 0.7, 0.8))
        os.mkdir(os.path.join(self.scratch.name, "kept"))
        path = os.path.join(self.scratch.name, "kept", "model.safetensors")
        learner.save(path)
        self.assertEqual(words.tensors_of(os.path.dirname(path)), words.tensors_of(run.path))
        model = burnish.text.Model(path, threads=1)
        fresh = burnish.text.Learner(TEXTS, **self.small)
        fresh.load(path)
        numpy.testing.assert_array_equal(fresh.answer(), learner.answer())
        right = (learner.answer().argmax(1) == learner.labels()).mean()
        self.assertAlmostEqual(right, run.metrics["accuracy"])
        with self.assertRaisesRegex(burnish.InputError, "other ones|another one"):
            burnish.text.Learner(TEXTS, **{**self.small, "min_freq": 200}).load(path)
        self.assertEqual(model.classes, learner.classes)

    def test_outputs_of_an_epoch_are_in_the_texts_order(self):
        long = {"text": [text + " story" * (i % 9) for i, text in enumerate(TEXTS["text"])], "label": TEXTS["label"]}
        heard = []

        def hear(event):
            if event["event"] == "epoch":
                heard.append((learner.validated().copy(), event["metrics"]["accuracy"]))

        learner = burnish.text.Learner(long, **self.small)
        self.assertEqual(learner.validated().shape, (0, 2))
        learner.fit(2, 1e-2, callbacks=[hear])
        outputs, right = heard[-1]
        numpy.testing.assert_allclose(outputs, learner.answer(learner.OUTPUTS), atol=1e-5)
        self.assertAlmostEqual((outputs.argmax(1) == learner.labels()).mean(), right)
        shares, logs = learner.answer(), learner.answer(learner.LOG_PROBABILITIES)
        numpy.testing.assert_allclose(numpy.exp(logs), shares, rtol=1e-5)

    def test_it_starts_from_a_language_models_encoder_and_thaws(self):
        lm = burnish.lm.Learner(TEXTS, **self.lm).fit(2, 1e-2)
        path = os.path.join(self.scratch.name, "words.safetensors")
        lm.save(path)
        learner = burnish.text.Learner(TEXTS, encoder=path, batch_size=16, chunk=12, threads=1, progress=False, head_dropout=0)
        numpy.testing.assert_array_equal(learner.parameter("0.encoder.weight"), lm.parameter("0.encoder.weight"))
        self.assertEqual(learner.vocabulary, lm.vocabulary)
        learner.freeze()
        learner.fit(1, 1e-2)
        numpy.testing.assert_array_equal(learner.parameter("0.encoder.weight"), lm.parameter("0.encoder.weight"))
        before = learner.answer()
        self.assertGreater(len(learner.lr_find()["points"]), 5)
        numpy.testing.assert_array_equal(learner.answer(), before)
        learner.unfreeze()
        learner.fit(1, slice(1e-3, 1e-2))
        self.assertTrue((learner.parameter("0.encoder.weight") != lm.parameter("0.encoder.weight")).any())


if __name__ == "__main__":
    unittest.main()
