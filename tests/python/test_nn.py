# SPDX-License-Identifier: Apache-2.0
import gc
import json
import os
import tempfile
import threading
import unittest

import burnish
import numpy
import pictures
from burnish import nn


def small(**options):
    return nn.Network(
        nn.Sequential(nn.Conv(8, 3, padding=1, bias=False), nn.BatchNorm(), nn.ReLU(), nn.MaxPool(2)),
        nn.Residual(nn.Conv(8, 3, padding=1), nn.BatchNorm(), activation="relu"),
        nn.Gate(nn.GlobalPool(), nn.Linear(4), nn.GELU(), nn.Linear(8), nn.Sigmoid()),
        nn.Branches(nn.Conv(4, 1), nn.AvgPool(3, 1, 1)),
        nn.GlobalPool("concat"), nn.Dropout(0.1), nn.Linear(), size=32, name="small", **options)


def resnet18():
    def block(width, stride):
        shortcut = nn.Sequential(nn.Conv(width, 1, stride, bias=False), nn.BatchNorm(), name="downsample")
        return nn.Residual(nn.Conv(width, 3, stride, 1, bias=False, name="conv1"), nn.BatchNorm(name="bn1"), nn.ReLU(),
                           nn.Conv(width, 3, 1, 1, bias=False, name="conv2"), nn.BatchNorm(name="bn2"),
                           shortcut=shortcut if stride == 2 else None, activation="relu")

    stages = [nn.Sequential(block(64 << i, 2 if i else 1), block(64 << i, 1), name=f"layer{i + 1}") for i in range(4)]
    return nn.Network(nn.Conv(64, 7, 2, 3, bias=False, name="conv1"), nn.BatchNorm(name="bn1"), nn.ReLU(),
                      nn.MaxPool(3, 2, 1), *stages, nn.GlobalPool(), nn.Linear(name="fc"), size=32, groups=[6, 8])


class Descriptions(unittest.TestCase):
    def test_layers_are_values(self):
        self.assertEqual(nn.Conv(8, 3), nn.Conv(8, kernel=3))
        self.assertEqual(len({nn.Sequential(nn.ReLU()), nn.Sequential(nn.ReLU()), nn.ReLU()}), 2)
        for layer in (nn.Conv(8, 3), nn.Sequential(nn.ReLU())):
            with self.assertRaises(AttributeError):
                layer.name = "x"
            self.assertEqual(eval(repr(layer), vars(nn)), layer)
        with self.assertRaisesRegex(TypeError, "expected layers, got int"):
            nn.Sequential(3)

    def test_shapes_follow(self):
        layers = small().layers((3, 32, 32), classes=5)
        self.assertEqual([(layer.path, layer.shape) for layer in layers if layer.kind in ("max_pool", "conv")],
                         [("0.0", (8, 32, 32)), ("0.3", (8, 16, 16)), ("1.0", (8, 16, 16)), ("3.0", (4, 16, 16))])
        self.assertEqual(layers[-1].shape, (5,))
        self.assertEqual(small().groups, 2)
        rows = [line.split() for line in small().summary((3, 32, 32), 5).splitlines()]
        self.assertIn(["4", "global_pool", "24", "0", "0"], rows)
        self.assertEqual(rows[-1], ["1,101"])

    def test_what_does_not_fit_is_told(self):
        with self.assertRaisesRegex(burnish.InputError, r"layer 1 \(conv\) on x \(1, 4\)"):
            nn.Network(nn.Linear(4), nn.Conv(2, 3), nn.Linear()).layers((7,), 2)
        with self.assertRaisesRegex(burnish.InputError, 'layer 0: "kernel": expected a whole number'):
            nn.Network(nn.Conv(4, 0))
        with self.assertRaisesRegex(burnish.UsageError, "shape: expected 1 to 3 numbers"):
            small().layers((1, 2, 3, 4), 2)

    def test_a_file_has_the_network(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "small.json")
            small().save(path)
            self.assertEqual(nn.Network.open(path), small())
            with open(path, encoding="utf-8") as file:
                self.assertEqual(json.load(file)["name"], "small")


class OnPictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pictures.make_folder(os.path.join(cls.scratch.name, "bars"))
        cls.data = burnish.image.Data(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def learner(self, network, **options):
        options = dict(dict(batch_size=8, threads=1, loaders=1, progress=False, seed=7), **options)
        return burnish.image.Learner(self.data, network, **options)

    def path(self, name):
        return os.path.join(self.scratch.name, name)

    def test_a_described_resnet_learns_as_the_lists(self):
        run = dict(epochs=2, recipe="scratch", size=32, batch_size=8, threads=1, loaders=1, tta=0, progress=False)
        runs = [burnish.image.train(self.folder, architecture=architecture, out=self.path(f"run-{i}"), **run)
                for i, architecture in enumerate(("resnet18", resnet18()))]
        answers = [run.model().probabilities(self.data.paths()) for run in runs]
        numpy.testing.assert_array_equal(answers[0], answers[1])
        self.assertEqual(runs[0].metrics, runs[1].metrics)

    def test_it_is_frozen_saved_and_gone_on_with(self):
        learner = self.learner(small())
        learner.fit_one_cycle(2, 1e-2)
        learner.freeze()
        before = learner.answer()
        learner.lr_find(iterations=10, stop=False)
        numpy.testing.assert_array_equal(learner.answer(), before)
        learner.save(self.path("small.safetensors"))
        learner.fit(1, 1e-2)
        other = self.learner(small())
        other.resume(self.path("small.safetensors"))
        other.freeze()
        other.fit(1, 1e-2)
        numpy.testing.assert_array_equal(other.answer(), learner.answer())
        model = burnish.image.Model(self.path("small.safetensors"), threads=1)
        self.assertEqual((model.architecture, model.size), ("small", 32))
        numpy.testing.assert_allclose(model.probabilities(self.data.paths()), before, atol=1e-5)
        third = self.learner(nn.Network(nn.GlobalPool(), nn.Linear(), name="small"), size=32)
        with self.assertRaisesRegex(burnish.InputError, "another network of the name small"):
            third.load(self.path("small.safetensors"))

    def test_metrics_of_ones_own_are_told(self):
        told, seen = [], []

        def share(answers, targets):
            seen.append((answers.shape, targets.dtype.name))
            return (answers.argmax(1) == targets).mean()

        learner = self.learner(small(), metrics=[share])
        learner.fit(2, 1e-2, callbacks=[lambda event: event["event"] == "epoch" and told.append(event["metrics"])])
        self.assertEqual(seen, [((6, 2), "int64")] * 2)
        self.assertEqual([metrics["share"] for metrics in told], [metrics["accuracy"] for metrics in told])

        def broken(answers, targets):
            raise ZeroDivisionError("mine")

        with self.assertRaisesRegex(ZeroDivisionError, "mine"):
            learner.fit(1, metrics=[broken])
        with self.assertRaisesRegex(ValueError, "much"):
            learner.fit(1, metrics=[lambda answers, targets: "much"])
        learner.fit(1)

    def test_mistakes_are_interpreted(self):
        learner = self.learner(small())
        learner.fit(1, 1e-2)
        found = learner.interpret(top=4)
        learner.save(self.path("interpreted.safetensors"))
        model = burnish.image.Model(self.path("interpreted.safetensors"), threads=1)
        same = model.interpret(self.folder, top=4, min_count=1)
        self.assertEqual([mistake.path for mistake in same.worst], [mistake.path for mistake in found.worst])
        self.assertEqual(same.confused, found.confused)
        numpy.testing.assert_array_equal(same.confusion, found.confusion)
        self.assertLessEqual(len(same.suspects), 6)
        self.assertEqual(found.confusion.sum(), 6)
        self.assertEqual(len(found.worst), 4)
        self.assertGreaterEqual(found.worst[0].loss, found.worst[3].loss)
        self.assertTrue(os.path.exists(found.worst[0].path))


class OnArrays(unittest.TestCase):
    def setUp(self):
        draw = numpy.random.RandomState(5)
        self.x = draw.uniform(-1, 1, (500, 2)).astype(numpy.float32)
        self.y = (self.x[:, 0] * self.x[:, 1] > 0).astype(numpy.int64)

    def learner(self, data=None, **options):
        network = nn.Sequential(nn.Linear(32), nn.BatchNorm(), nn.ReLU(), nn.Linear(32), nn.ReLU(), nn.Linear())
        options = dict(dict(threads=1, progress=False, batch_size=32), **options)
        return nn.Learner(data or nn.Arrays(self.x, self.y), network, **options)

    def test_classes_are_learned(self):
        learner = self.learner(metrics=[lambda answers, targets: float((answers.argmax(1) == targets).mean())])
        learner.fit_one_cycle(20, 1e-2)
        self.assertGreater(learner.validate(), 0.93)
        self.assertEqual(learner.data.counts, (400, 100, 0))
        inputs = learner.data.inputs()
        numpy.testing.assert_allclose(learner.answers(inputs), learner.answer(), atol=1e-6)
        self.assertEqual(learner.interpret().confusion.sum(), 100)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "signs.safetensors")
            learner.save(path)
            model = nn.Model(path, threads=1)
            numpy.testing.assert_array_equal(model.answers(inputs), learner.answers(inputs))
            self.assertEqual((model.shape, model.target, model.classes), ((2,), "label", ["0", "1"]))
            learner.fit(1)
            other = self.learner()
            other.resume(path)
            other.fit(1)
            numpy.testing.assert_array_equal(other.answers(inputs), learner.answers(inputs))
            with self.assertRaisesRegex(burnish.InputError, "expected \"image\""):
                burnish.image.Model(path)

    def test_weights_are_taken_by_their_names(self):
        learner, other = self.learner(seed=1), self.learner(seed=2)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.safetensors")
            learner.save(path)
            other.take_weights(path)
            numpy.testing.assert_array_equal(other.answers(self.x), learner.answers(self.x))
            third = self.learner(nn.Arrays(self.x, numpy.arange(500) % 5))
            with self.assertRaisesRegex(burnish.InputError, r"its tensor 5.bias is \(2\), the model needs \(5\)"):
                third.take_weights(path)
            third.take_weights(path, body=True)
            self.assertEqual(third.answers(self.x).shape, (500, 5))

    def test_numbers_and_tags_are_learned(self):
        numbers = nn.Arrays(self.x, self.x @ numpy.array([[1, 0.5], [-2, 1]]), valid=(self.x[:50], self.x[:50] @ [[1, 0.5], [-2, 1]]))
        learner = self.learner(numbers)
        learner.fit_one_cycle(20, 1e-2)
        answers, targets = learner.predict()
        self.assertLess(((answers - targets) ** 2).mean(), 0.02)
        with self.assertRaisesRegex(burnish.UsageError, "expected labels, and not numbers"):
            learner.validate()
        tags = nn.Arrays(self.x, (self.x > 0).astype(float), target="tags", classes=["right", "up"])
        learner = self.learner(tags)
        learner.fit_one_cycle(15, 1e-2)
        answers, targets = learner.predict()
        self.assertGreater(((answers > 0.5) == (targets == 1)).mean(), 0.95)

    def test_pictures_in_memory_are_learned(self):
        draw = numpy.random.RandomState(2)
        x = draw.uniform(0, 0.2, (160, 1, 12, 12))
        y = numpy.arange(160) % 2
        for i in range(160):
            place = draw.randint(2, 10)
            (x[i, 0] if y[i] else x[i, 0].T)[place] += 1
        learner = nn.Learner(nn.Arrays(x, y), nn.Network(nn.Conv(8, 3, padding=1), nn.BatchNorm(), nn.ReLU(),
                                                         nn.Conv(8, 5), nn.GlobalPool("max"), nn.Linear()),
                             threads=1, progress=False, batch_size=16)
        learner.fit_one_cycle(12, 1e-2)
        self.assertGreater(learner.validate(), 0.9)

    def test_precision_and_checkpointing_are_options(self):
        with self.assertRaisesRegex(burnish.UsageError, "precision"):
            self.learner(precision="half")
        kept, again = self.learner(), self.learner(activation_checkpointing=True, precision="fp32")
        for learner in (kept, again):
            learner.fit_one_cycle(2, 1e-2)
        numpy.testing.assert_array_equal(kept.answer(), again.answer())
        short = self.learner(precision="auto")
        short.fit_one_cycle(2, 1e-2)
        self.assertLess(abs(short.validate() - kept.validate()), 0.05)

    def test_what_is_no_array_is_refused(self):
        with self.assertRaisesRegex(burnish.UsageError, "a target for each"):
            nn.Arrays(self.x, self.y[:7])
        with self.assertRaisesRegex(burnish.UsageError, r"items of shape \(3,\)"):
            nn.Arrays(self.x, self.y, valid=(numpy.zeros((2, 3)), [0, 1]))
        with self.assertRaisesRegex(burnish.InputError, "label -1 of item"):
            self.learner(nn.Arrays(self.x, -self.y, classes=["a", "b"]))
        learner = self.learner()
        with self.assertRaisesRegex(burnish.UsageError, r"items of shape \(3,\); expected \(2,\)"):
            learner.answers(numpy.zeros((4, 3)))
        with self.assertRaisesRegex(burnish.UsageError, "bytes; expected"):
            learner._native.answer_arrays(b"123", 4, 1)
        learner.close()
        with self.assertRaisesRegex(burnish.UsageError, "closed"):
            learner.fit(1)
        with self.assertRaisesRegex(burnish.UsageError, "closed"):
            learner.answers(self.x)

    def test_what_is_for_pictures_is_refused_by_name(self):
        learner = self.learner()
        with self.assertRaisesRegex(burnish.UsageError, "keeps those"):
            learner.set_data(learner.data)
        with self.assertRaisesRegex(burnish.UsageError, "no files"):
            learner.interpret().plot_top_losses()
        with self.assertRaisesRegex(burnish.UsageError, "cycles"):
            learner.fit(1, snapshots="here")

    def test_one_thread_uses_a_learner(self):
        learner = self.learner()
        inside, done, told = threading.Event(), threading.Event(), []

        def wait(event):
            inside.set()
            done.wait(20)

        thread = threading.Thread(target=lambda: learner.fit(1, callbacks=[wait]))
        thread.start()
        inside.wait(20)
        for call in (lambda: learner.answers(self.x), lambda: learner.fit(1), learner.close, lambda: learner.save("x")):
            try:
                call()
            except burnish.UsageError as error:
                told.append(str(error))
        done.set()
        thread.join()
        self.assertEqual(len(told), 4, told)
        learner.fit(1)

    def test_the_arrays_outlive_their_names(self):
        learner = self.learner(nn.Arrays(self.x.copy(), self.y.copy()))
        learner.data = None
        gc.collect()
        keep = [numpy.ones(1 << 20) for _ in range(8)]
        learner.data = nn.Arrays(self.x, self.y)
        learner.fit(3, 1e-2)
        other = self.learner()
        other.fit(3, 1e-2)
        numpy.testing.assert_array_equal(learner.answers(self.x), other.answers(self.x))
        del keep


if __name__ == "__main__":
    unittest.main()
