# SPDX-License-Identifier: Apache-2.0
"""fast.ai 0.7's names: each as the table says, traps told once, scripts as they are."""
import doctest
import importlib
import os
import re
import subprocess
import sys
import tempfile
import unittest
import warnings

import burnish
import legacy_weights
import numpy
import pictures
from burnish import fastai07
from burnish.fastai07 import names, traps

SOURCE = os.environ.get("BURNISH_SOURCE", "")
DATA = os.environ.get("BURNISH_DATA", "")
SCRIPT = os.path.join(DATA, os.pardir, "scripts", "spiders_scorpions.py") if DATA else ""


class Names(unittest.TestCase):
    def test_the_page_has_the_table_of_the_code(self):
        with open(os.path.join(SOURCE, "docs", "fastai07.md"), encoding="utf-8") as file:
            page = file.read()
        self.assertEqual([line for line in page.splitlines() if line.startswith("| ")], [
            line for line in names.table() if line.startswith("| ")])

    def test_every_name_is_what_its_state_says(self):
        for module, table in names.MODULES.items():
            found = fastai07.module_of(module)
            for name, (state, note) in table.items():
                with self.subTest(module=module, name=name):
                    value = getattr(found, name)
                    self.assertEqual(isinstance(value, names.Missing), state == "no")
                    self.assertEqual(bool(note), state != "yes")
                    if state == "no":
                        with self.assertRaisesRegex(burnish.UnsupportedError, rf"fastai\.{module}\.{name} .*not there"):
                            value(1)

    def test_every_module_of_the_package_is_in_the_table(self):
        folder = os.path.dirname(fastai07.__file__)
        ours = {"__init__", "__main__", "names", "traps", "figures", "torchtext", "bow"}
        self.assertEqual({name[:-3] for name in os.listdir(folder) if name.endswith(".py")} - ours - set(names.MODULES), set())

    def test_examples_in_the_text_are_true(self):
        for module in ("transforms", "learner"):
            failed, tried = doctest.testmod(importlib.import_module(f"burnish.fastai07.{module}"))
            self.assertGreater(tried, 0)
            self.assertEqual(failed, 0)


class Figures(unittest.TestCase):
    def setUp(self):
        traps.forget()

    def test_accuracy_of_the_stack_is_that_of_its_mean_and_is_told_once(self):
        from burnish.fastai07.metrics import accuracy

        stack = numpy.log(numpy.array([[[0.9, 0.1], [0.6, 0.4]], [[0.8, 0.2], [0.1, 0.9]]]))
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            self.assertEqual(accuracy(stack, numpy.array([0, 1])), 1)
            self.assertEqual(accuracy(stack, numpy.array([0, 0])), 0.5)
        self.assertEqual([type(one.message) for one in heard], [traps.TrapWarning])
        self.assertIn("accuracy(log_preds, y) on TTA's stack", str(heard[0].message))
        self.assertEqual(accuracy(stack[0], numpy.array([0, 1])), 0.5)

    def test_figures_of_positives(self):
        from burnish.fastai07 import metrics, planet

        preds, targets = numpy.array([0.9, 0.6, 0.2, 0.1]), numpy.array([1, 0, 1, 0])
        self.assertAlmostEqual(metrics.recall_np(preds, targets), 0.5, places=6)
        self.assertAlmostEqual(metrics.precision_np(preds, targets), 0.5, places=6)
        self.assertAlmostEqual(metrics.f1_np(preds, targets), 0.5, places=6)
        many, truth = numpy.array([[0.9, 0.175], [0.2, 0.1]]), numpy.array([[1, 1], [1, 0]])
        self.assertAlmostEqual(planet.f2(many, truth), 1)

    def test_a_plot_of_few_batches_is_not_empty(self):
        from burnish.fastai07 import figures
        from burnish.fastai07.sgdr import LR_Finder

        seen = []
        before, figures.line = figures.line, lambda x, *others, **keywords: seen.append(len(x))
        try:
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                LR_Finder([0.1] * 10, [1.0] * 10, True).plot()
                LR_Finder([0.1] * 30, [1.0] * 30, True).plot()
        finally:
            figures.line = before
        self.assertEqual(seen, [10, 15])
        self.assertEqual(len(heard), 1)
        self.assertIn("the empty plot", str(heard[0].message))

    def test_a_curve_as_svg_leaves_out_what_is_no_number(self):
        from burnish.fastai07.figures import svg

        text = svg([1e-5, 1e-3, 1e-1], [2.0, float("nan"), 1.0], "rate", "loss", logarithmic=True)
        self.assertEqual(re.findall(r"points='([^']*)'", text)[0].count(","), 2)
        self.assertIn(">1e-05<", text)


class Training(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pictures.make_folder(os.path.join(cls.scratch.name, "bars")) + "/"
        warnings.simplefilter("ignore", traps.TrapWarning)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def learner(self, **keywords):
        from burnish.fastai07.conv_learner import ConvLearner, ImageClassifierData, resnet18, tfms_from_model

        data = ImageClassifierData.from_paths(self.folder, bs=8, tfms=tfms_from_model(resnet18, 32))
        return ConvLearner.pretrained(resnet18, data, pretrained=False, threads=1, **keywords)

    def test_data_have_07s_properties(self):
        data = self.learner().data
        self.assertEqual((data.c, data.sz, data.classes, data.is_multi), (2, 32, ["lying", "upright"], False))
        self.assertEqual(data.val_y.tolist(), [0, 0, 0, 1, 1, 1])
        self.assertEqual(data.trn_ds.fnames[0], "train/lying/00.png")

    def test_a_list_of_names_is_split_as_07_did(self):
        from burnish.fastai07.dataset import ImageClassifierData, get_cv_idxs
        from burnish.fastai07.transforms import tfms_from_stats, imagenet_stats

        self.assertEqual(sorted(get_cv_idxs(10)), sorted(numpy.random.RandomState(42).permutation(10)[:2]))
        listed = os.path.join(self.scratch.name, "labels.csv")
        with open(listed, "w") as file:
            file.write("id,label\n" + "".join(f"{i:02},{'low tall' if i % 2 else 'low'}\n" for i in range(8)))
        data = ImageClassifierData.from_csv(self.folder, "train/lying", listed, tfms=tfms_from_stats(imagenet_stats, 32),
                                            suffix=".png", val_idxs=[0, 3])
        self.assertTrue(data.is_multi)
        self.assertEqual(data.classes, ["low", "tall"])
        self.assertEqual(data.val_y.tolist(), [[1, 0], [1, 1]])
        self.assertEqual(data.val_ds.fnames, ["train/lying/00.png", "train/lying/03.png"])

    def test_cycles_groups_and_files(self):
        learn = self.learner()
        self.assertEqual(len(learn.fit(1e-2, 2, cycle_len=1, cycle_mult=2, cycle_save_name="snap")), 2)
        self.assertEqual(len(learn.sched.lrs), 6)  # two batches, 1 + 2 epochs
        self.assertTrue(os.path.exists(os.path.join(self.folder, "models", "snap_cyc_1.safetensors")))
        learn.unfreeze()
        before = learn.predict()
        learn.save("here")
        learn.fit(numpy.array([1e-3, 3e-3, 1e-2]), 1)
        self.assertTrue((learn.predict() != before).any())
        learn.load("here")
        numpy.testing.assert_array_equal(learn.predict(), before)
        with self.assertRaisesRegex(AssertionError, "size mismatch"):
            learn.fit([1e-3, 1e-2], 1)

    def test_a_callable_metric_is_measured_at_the_end(self):
        def half_right(preds, targets):
            return (preds.argmax(1) == targets).mean() / 2

        from burnish.fastai07.metrics import accuracy

        loss, right, half = self.learner(metrics=[accuracy, half_right]).fit(1e-3, 1)
        self.assertAlmostEqual(half, right / 2)

    def test_tta_is_a_stack_of_plain_and_changed_passes(self):
        learn = self.learner()
        stack, y = learn.TTA()
        self.assertEqual(stack.shape, (5, 6, 2))
        numpy.testing.assert_array_equal(stack[0], learn.predict())
        numpy.testing.assert_allclose(numpy.exp(stack).sum(2), 1, rtol=1e-5)
        self.assertEqual(y.tolist(), [0, 0, 0, 1, 1, 1])

    def test_what_is_not_there_says_so_by_name(self):
        learn = self.learner()
        for name, call in (("use_swa", lambda: learn.fit(1e-2, 1, use_swa=True)), ("custom_head", lambda: self.learner(custom_head=1)),
                           ("half", learn.half), ("from_arrays", lambda: type(learn.data).from_arrays()),
                           ("predict_array", lambda: learn.predict_array(0))):
            with self.subTest(name), self.assertRaisesRegex((burnish.UnsupportedError, AttributeError), name):
                call()

    def test_callbacks_hear_and_end_a_fit(self):
        from burnish.fastai07.sgdr import Callback

        heard = []

        class Ends(Callback):
            def on_epoch_end(self, metrics):
                heard.append(len(metrics))
                return True

        self.learner().fit(1e-2, 3, callbacks=[Ends()])
        self.assertEqual(len(heard), 1)


class Scripts(unittest.TestCase):
    def run_script(self, folder, script, *arguments, cache=None):
        where = dict(os.environ, BURNISH_CACHE=cache or os.path.join(folder, "cache"), BURNISH_MIRROR="http://127.0.0.1:1")
        done = subprocess.run([sys.executable, "-m", "burnish.fastai07", script, *arguments], cwd=folder, env=where,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_values_are_echoed_plots_saved_and_arguments_passed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "show.py")
            with open(path, "w") as file:
                file.write("from fastai.imports import *\nfrom fastai.sgdr import *\n1 + 1\nNone\n[i for i in sys.argv[1:]]\n"
                           "LR_Finder([.1, .2, .3], [3, 2, 1], True).plot(0, 0)\nnp.ones(2)\n"
                           "from fastai.conv_learner import *\naccuracy(np.eye(2), [0, 0])\n")
            done = self.run_script(folder, path, "a", "b")
            plot = done.stdout.splitlines()[2]
            self.assertRegex(plot, r"^plot: plots/show-1\.(png|svg)$")
            self.assertTrue(os.path.getsize(os.path.join(folder, plot[len("plot: "):])) > 100)
            self.assertEqual(done.stdout.splitlines(), ["2", "['a', 'b']", plot, "array([1., 1.])", "0.5"])

    def test_cells_of_a_notebook_show_their_last_value(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cells.ipynb")
            with open(path, "w") as file:
                file.write('{"cells": [{"cell_type": "markdown", "source": ["# x"]}, {"cell_type": "code", "source": '
                           '["%matplotlib inline\\n", "from fastai.core import *\\n", "5\\n", "partition([1, 2, 3], 2)"]}]}')
            self.assertEqual(self.run_script(folder, path).stdout, "[[1, 2], [3]]\n")

    @unittest.skipUnless(os.path.exists(SCRIPT), "no spiders_scorpions.py beside BURNISH_DATA")
    def test_the_script_runs_as_it_lies_on_resnext50(self):
        with tempfile.TemporaryDirectory() as folder:
            bars = pictures.make_folder(os.path.join(folder, "data", "spiderscorpions"), 1, 1)
            for split in ("train", "valid"):
                for before, name in (("lying", "spiders"), ("upright", "scorpions")):
                    os.rename(os.path.join(bars, split, before), os.path.join(bars, split, name))
            os.mkdir(os.path.join(folder, "cache"))
            shapes = burnish.image.Learner(burnish.image.Data(bars), "resnext50_32x4d", pretrained=False, size=32, batch_size=8,
                                           progress=False).summary()
            body = [row for row in shapes if not row[0].startswith("head.")]
            legacy_weights.write_network(os.path.join(folder, "cache", "resnext50_32x4d-7cdf4587.pth"),
                                         [*body, ("fc.weight", (1000, 2048), "weight"), ("fc.bias", (1000,), "bias")])
            done = self.run_script(folder, os.path.abspath(SCRIPT))
            self.assertRegex(done.stdout.splitlines()[-1], r"^(0\.0|0\.5|1\.0)$")
            self.assertEqual(len(re.findall(r"^epoch +trn_loss +val_loss +accuracy$", done.stdout, re.M)), 4)
            self.assertEqual(len(re.findall(r"^ +\d+ +[\d.e+-]+ +[\d.e+-]+ +[\d.]+$", done.stdout, re.M)), 3 + 3 + 3 + 7)
            self.assertEqual(len(os.listdir(os.path.join(folder, "plots"))), 2)
            for trap in ("accuracy(log_preds, y)", "empty plot", "stale precompute"):
                self.assertEqual(done.stderr.count(f"TrapWarning: {trap}") + done.stderr.count(f"TrapWarning: the {trap}"), 1, trap)

    @unittest.skipUnless(os.path.exists(SCRIPT) and os.path.isdir(os.path.join(DATA, "pretrained", "efficientnet_lite0")),
                         "no pictures and weights in BURNISH_DATA")
    def test_the_script_on_lite0_names_92_of_94(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "data"))
            os.symlink(os.path.join(os.path.abspath(DATA), "images", "spiders_scorpions"), os.path.join(folder, "data", "spiderscorpions"))
            with open(SCRIPT, encoding="utf-8") as file:
                text = file.read()
            self.assertEqual(text.count("arch=resnext50\n"), 1)
            path = os.path.join(folder, "script.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("arch=resnext50\n", "arch=efficientnet_lite0\n"))
            done = self.run_script(folder, path, cache=os.path.join(os.path.abspath(DATA), "pretrained", "efficientnet_lite0"))
            self.assertGreaterEqual(float(done.stdout.splitlines()[-1]), 92 / 94)


if __name__ == "__main__":
    unittest.main()
