# SPDX-License-Identifier: Apache-2.0
"""NB-SVM by 0.7's names, and the layer of networks that it is."""
import doctest
import io
import os
import tempfile
import unittest
import warnings
from contextlib import redirect_stdout

import burnish
import numpy
from burnish.fastai07 import bow, traps
from burnish.fastai07.nlp import *
from burnish import nn


class Rows:
    """A matrix of counts as SciPy's are asked for it."""

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def tocsr(self):
        return self

    def sign(self):
        return Rows(numpy.sign(self.array))

    def nonzero(self):
        return self.array.nonzero()

    def __getitem__(self, rows):
        return Rows(self.array[rows])

    def sum(self, axis):
        return self.array.sum(axis).reshape(1, -1)


class Layers(unittest.TestCase):
    def setUp(self):
        draw = numpy.random.RandomState(3)
        self.x = draw.randint(0, 7, (40, 5)).astype(float)
        self.y = draw.randint(0, 3, 40)
        self.ratios = numpy.concatenate([numpy.zeros((1, 3)), draw.normal(size=(6, 3))])

    def learner(self, **options):
        data = nn.Arrays(self.x, self.y, valid=(self.x, self.y))
        learner = nn.Learner(data, nn.RatioBag(7, **options), batch_size=40, threads=1, progress=False)
        learner.set_parameter("0.ratios", self.ratios)
        return learner

    def logits(self, weight, shift=0.4, divisor=10):
        rows = self.x.astype(int)
        return ((weight[rows] + shift) / divisor * self.ratios[rows]).sum(1)

    def test_a_bag_is_the_sum_of_weighted_ratios(self):
        for options in ({}, {"shift": -1.5, "divisor": 0.25}):
            learner = self.learner(**options)
            weight = learner.parameter("0.weight")
            self.assertEqual(weight.shape, (7, 1))
            self.assertTrue(0.05 < numpy.abs(weight).max() <= 0.1)
            numpy.testing.assert_allclose(learner.answers(self.x, learner.LOGITS), self.logits(weight, **options), rtol=2e-5, atol=1e-5)

    def test_weights_learn_and_ratios_do_not(self):
        learner = self.learner()
        weight = learner.parameter("0.weight").astype(float)
        kinds = {name: (shape, kind) for name, shape, kind, group, learns in learner.summary()}
        self.assertEqual(kinds, {"0.weight": ((7, 1), "weight"), "0.ratios": ((7, 3), "buffer")})
        learner.fit(1, 5.0, decay=0, optimizer={"name": "sgd", "momentum": 0})
        logits = self.logits(weight)
        errors = numpy.exp(logits) / numpy.exp(logits).sum(1, keepdims=True) - numpy.eye(3)[self.y]
        slope, rows = numpy.zeros((7, 1)), self.x.astype(int)
        for n in range(40):
            for word in rows[n]:
                slope[word, 0] += self.ratios[word] @ errors[n] / 10 / 40
        numpy.testing.assert_allclose(learner.parameter("0.weight"), weight - 5.0 * slope, rtol=1e-4, atol=1e-6)
        self.assertGreater(numpy.abs(slope).max(), 1e-3)
        numpy.testing.assert_array_equal(learner.parameter("0.ratios"), self.ratios.astype(numpy.float32))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bag.safetensors")
            learner.save(path)
            numpy.testing.assert_array_equal(nn.Model(path, threads=1).answers(self.x), learner.answers(self.x))

    def test_values_that_do_not_fit_are_refused(self):
        learner = self.learner()
        with self.assertRaisesRegex(burnish.UsageError, r"0.ratios: values of shape \(7, 2\); expected \(7, 3\)"):
            learner.set_parameter("0.ratios", numpy.zeros((7, 2)))
        with self.assertRaisesRegex(burnish.UsageError, "there is no 1.ratios"):
            learner.set_parameter("1.ratios", self.ratios)
        with self.assertRaises(burnish.Error):
            learner._native.set_parameter("0.ratios", b"1234")
        with self.assertRaises(burnish.Error):
            learner.answers(self.x + 7)


class Bags(unittest.TestCase):
    def setUp(self):
        traps.forget()
        draw = numpy.random.RandomState(5)
        self.y = draw.randint(0, 2, 400)
        common = draw.poisson(0.3, (400, 40))
        telling = draw.poisson(numpy.where(self.y[:, None] == numpy.arange(10) % 2, 0.6, 0.1))
        self.bow = numpy.concatenate([common, telling], 1)

    def data(self, make=lambda x: x, sl=100):
        return TextClassifierData.from_bow(make(self.bow[:300]), self.y[:300], make(self.bow[300:]), self.y[300:], sl)

    def quietly(self, call, *arguments, **keywords):
        with redirect_stdout(io.StringIO()) as out:
            found = call(*arguments, **keywords)
        return found, out.getvalue()

    def test_examples_in_the_text_are_true(self):
        self.assertEqual(doctest.testmod(bow, verbose=False), (0, 1))

    def test_the_lesson_as_it_was(self):
        md = self.data()
        self.assertEqual((len(md.trn_dl), len(md.val_dl), md.c, md.r.shape), (5, 2, 2, (50, 2)))
        present = self.bow[:300] > 0
        share = [(present[self.y[:300] == k].sum(0) + 1) / ((self.y[:300] == k).sum() + 1) for k in range(2)]
        numpy.testing.assert_allclose(md.r[:, 1], numpy.log(share[1] / share[0]))
        numpy.testing.assert_allclose(md.r[:, 0], -md.r[:, 1])
        learner = md.dotprod_nb_learner(threads=1, seed=1)
        bayes = ((self.bow[300:] > 0) @ md.r).argmax(1)
        preds, targets = learner.predict_with_targs()
        self.assertEqual((preds.shape, targets.tolist()), ((100, 2), numpy.eye(2)[self.y[300:]].tolist()))
        self.assertEqual(set(bayes), {0, 1})
        self.assertGreater((preds.argmax(1) == bayes).mean(), 0.9)  # it starts so: the weights are nearly alike
        numpy.testing.assert_allclose(preds.sum(1), 1, rtol=1e-5)

        def right(preds, targs):
            return (preds.argmax(1) == targs.argmax(1)).mean()

        (loss, thresh, own, exact), shown = self.quietly(learner.fit, 0.02, 4, wds=1e-5, cycle_len=1,
                                                         metrics=[accuracy_thresh(0.5), right, accuracy])
        self.assertEqual(shown.split()[:6], ["epoch", "trn_loss", "val_loss", "accuracy_thresh", "right", "accuracy"])
        self.assertEqual(len(shown.splitlines()), 5)
        preds, targets = learner.predict_with_targs()
        self.assertAlmostEqual(thresh, accuracy_thresh(0.5)(preds, targets))
        self.assertAlmostEqual(own, right(preds, targets))
        self.assertAlmostEqual(own, exact)
        self.assertGreater(own, 0.85)
        with self.assertWarns(traps.TrapWarning):  # few batches
            learner.lr_find()
        self.assertTrue(learner.sched.of_finder)
        (loss, thresh), shown = self.quietly(learner.fit, 0.02, 1)
        self.assertIn("accuracy_thresh", shown)

    def test_sparse_matrices_are_those_of_arrays(self):
        with tempfile.TemporaryDirectory() as folder:
            learners = [self.data(make).dotprod_nb_learner(threads=1, seed=1) for make in (lambda x: x, Rows)]
            for learner in learners:
                learner.data.path = learner.models_path = folder
                self.quietly(learner.fit, 0.02, 1)
            numpy.testing.assert_array_equal(learners[0].predict(), learners[1].predict())
            learners[0].save("bow")
            before = learners[0].predict()
            self.quietly(learners[0].fit, 0.1, 1)
            learners[0].load("bow")
            numpy.testing.assert_array_equal(learners[0].predict(), before)
        other = self.data().get_model(DotProdNB, w_adj=1, r_adj=2, threads=1)
        self.assertIn('"divisor":2.0', other._learner.network.text)

    def test_long_texts_are_cut_and_that_is_said(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.data(sl=50).dotprod_nb_learner(threads=1)
        with self.assertWarnsRegex(traps.TrapWarning, "texts longer than sl"):
            learner = self.data(sl=5).dotprod_nb_learner(threads=1)
        self.assertEqual(learner._learner.data.shape, (5,))
        numpy.testing.assert_array_equal(learner._learner.data.inputs()[0], self.bow[300].nonzero()[0][:5] + 1)

    def test_what_is_not_there_says_so(self):
        md = self.data()
        for call in (lambda: md.dotprod_nb_learner(threads=1).predict(True), lambda: BOW_Learner(md, None), lambda: DotProdNB(3, 2)(1),
                     lambda: md.get_model(len), lambda: md.dotprod_nb_learner(crit=1), lambda: SimpleNB(3, 2)):
            with self.assertRaises(burnish.UnsupportedError):
                call()
        with self.assertRaisesRegex(AssertionError, "50 words that train and 49"):
            TextClassifierData.from_bow(self.bow, self.y, self.bow[:, :49], self.y, 10)
        with self.assertRaisesRegex(AssertionError, "400 texts and 3 targets"):
            TextClassifierData.from_bow(self.bow, self.y[:3], self.bow, self.y, 10)


if __name__ == "__main__":
    unittest.main()
