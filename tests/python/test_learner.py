# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import unittest

import burnish
import numpy
import pictures
from burnish import nn
from burnish.image import Data, Learner


class StepByStep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pictures.make_folder(os.path.join(cls.scratch.name, "bars"))
        cls.data = Data(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def learner(self, **options):
        options = dict(pretrained=False, size=32, batch_size=8, threads=1, loaders=1, progress=False, **options)
        return Learner(self.data, "resnet18", **options)

    def small(self, **options):
        network = nn.Network(nn.Conv(4, 3), nn.BatchNorm(), nn.ReLU(), nn.GlobalPool("concat"), nn.Linear(), size=32)
        return Learner(self.data, network, **dict(dict(batch_size=8, threads=1, loaders=1, progress=False), **options))

    def test_data_have_paths_and_targets_in_order(self):
        self.assertEqual(self.data.counts, (16, 6, 0))
        self.assertEqual(self.data.targets().tolist(), [0, 0, 0, 1, 1, 1])
        self.assertTrue(self.data.paths()[3].endswith("valid/upright/00.png"))

    def test_a_frozen_group_does_not_learn(self):
        learner = self.learner()
        learner.freeze()
        self.assertEqual({row[4] for row in learner.summary() if row[3] < 2}, {False})
        learner.unfreeze()
        self.assertEqual({row[4] for row in learner.summary() if row[2] == "weight"}, {True})
        with self.assertRaisesRegex(burnish.UsageError, "layer group"):
            learner.freeze_to(7)

    def test_cycles_follow_their_rates(self):
        learner = self.learner()
        learner.fit(3, 1e-2, schedule={"form": "cycles", "multiplier": 2}, optimizer="sgd", decay=0)
        rates = [rate for rate, loss in learner.recorded]
        # Two training batches an epoch: 1 + 2 epochs. The batches that validate are not among them.
        self.assertEqual(len(rates), 6)
        self.assertAlmostEqual(rates[0], 1e-4)
        self.assertAlmostEqual(rates[1], 5e-3)
        self.assertAlmostEqual(rates[2], 1e-2)

    def test_differential_rates_are_one_a_group(self):
        learner = self.learner()
        self.assertEqual(learner._spread(slice(1e-4, 1e-2)), [1e-4, 1e-3, 1e-2])
        self.assertEqual(learner._spread(slice(1e-2)), [1e-3, 1e-3, 1e-2])
        with self.assertRaisesRegex(burnish.UsageError, "one a layer group"):
            learner.fit(1, [1e-3, 1e-3])

    def test_a_callback_ends_a_fit(self):
        learner = self.learner()
        heard = []

        def stop(event):
            heard.append(event["event"])
            return event["event"] == "epoch"

        learner.fit(5, 1e-3, callbacks=[stop])
        self.assertEqual(heard.count("epoch"), 1)

    def test_the_finder_leaves_no_trace(self):
        learner = self.learner()
        before = learner.answer()
        found = learner.lr_find(iterations=20, stop=False)
        self.assertEqual(len(found["points"]), 20)
        numpy.testing.assert_array_equal(learner.answer(), before)

    def test_averaged_views_are_the_average(self):
        learner = self.learner()
        plain = learner.answer()
        views = [learner.answer(augmented=True, number=i + 1) for i in range(2)]
        numpy.testing.assert_allclose(learner.tta(2, 0.5), (views[0] + views[1]) / 4 + plain / 2, atol=1e-6)

    def test_it_learns_and_its_file_opens_as_a_model(self):
        learner = self.learner(hidden=[], dropout=[0], augment="none")
        learner.fit(6, 1e-3)
        losses = [loss for rate, loss in learner.recorded]
        self.assertLess(losses[-1], losses[0] / 2)
        path = os.path.join(self.scratch.name, "bars.safetensors")
        learner.save(path)
        model = burnish.image.Model(path, threads=1)
        numpy.testing.assert_allclose(model.probabilities(self.data.paths()), learner.answer(), atol=1e-5)
        other = self.learner(seed=9, hidden=[], dropout=[0])
        other.load(path)
        numpy.testing.assert_array_equal(other.answer(), learner.answer())

    def test_pictures_go_through_a_function(self):
        seen = []

        def swap(picture, training, seed):
            seen.append((picture.shape, training, seed != 0))
            return picture[::-1].transpose(1, 0, 2)

        def darken(picture, training, seed):
            picture[:] = 0

        plain, swapped, dark = self.small(), self.small(change=swap), self.small(change=darken)
        answers = swapped.answer()
        self.assertEqual(seen, [((40, 40, 3), False, False)] * 6)
        self.assertFalse((answers == plain.answer()).all())
        self.assertLess(numpy.ptp(dark.answer(), axis=0).max(), 1e-6)
        numpy.testing.assert_array_equal(swapped.answer(), answers)
        swapped.fit(1)
        self.assertEqual(plain.summary(), swapped.summary())
        self.assertEqual({row[1:] for row in seen}, {(False, False), (True, True)})
        swapped.precompute()
        swapped.freeze()
        swapped.fit(1)
        kept = []
        self.small(change=lambda picture, training, seed: kept.append(picture) or picture[3:20, 5:11].copy()).answer()
        self.assertEqual(sum(int(picture.sum()) > 0 for picture in kept), 6)  # they are still there

    def test_a_change_is_the_same_with_any_number_of_threads(self):
        def noise(picture, training, seed):
            if training:
                picture += numpy.random.RandomState(seed % 2**32).randint(0, 9, picture.shape).astype(numpy.uint8)

        found = []
        for loaders in (1, 3, 8):
            learner = self.small(loaders=loaders, change=noise)
            learner.fit(2, 1e-3)
            found.append(learner.answer())
        numpy.testing.assert_array_equal(found[0], found[1])
        numpy.testing.assert_array_equal(found[0], found[2])

    def test_a_broken_change_ends_the_call(self):
        for change, error, text in ((lambda *given: 1 / 0, ZeroDivisionError, "zero"),
                                    (lambda *given: [1, 2], burnish.UsageError, "expected uint8"),
                                    (lambda picture, *given: picture[:, :, :2], burnish.UsageError, "expected uint8"),
                                    (lambda picture, *given: picture[:0], burnish.UsageError, "expected None or uint8")):
            learner = self.small(change=change)
            with self.assertRaisesRegex(error, text):
                learner.fit(1)
            with self.assertRaisesRegex(error, text):
                learner.answer()

    def test_many_learners_come_and_go(self):
        import resource

        def round_trip():
            learner = self.learner()
            learner.answer()
            del learner

        for _ in range(3):
            round_trip()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(12):
            round_trip()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        self.assertLess(grown, 60000)  # KB: less than one of them


if __name__ == "__main__":
    unittest.main()
