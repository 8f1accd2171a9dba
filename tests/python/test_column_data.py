# SPDX-License-Identifier: Apache-2.0
"""0.7's scripts of tables, written from what it was: ColumnarModelData and its learner."""
import doctest
import io
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import warnings
from contextlib import redirect_stdout

import burnish
import numpy
from burnish.fastai07 import traps
from burnish.fastai07.column_data import *
from burnish.fastai07 import column_data, figures

SOURCE = os.environ.get("BURNISH_SOURCE", "")
DATA = os.environ.get("BURNISH_DATA", "")
PEERS = os.environ.get("BURNISH_PEERS_PYTHON", os.path.join(SOURCE, "build", "peers", "bin", "python"))


def has_pandas(python):
    return os.path.exists(python) and subprocess.run([python, "-c", "import pandas"], capture_output=True).returncode == 0


def python_with_pandas():
    """An interpreter that has it; None: there is none."""
    return next((one for one in (sys.executable, PEERS) if has_pandas(one)), None)


class Columns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", traps.TrapWarning)
        cls.scratch = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def rows(self, count=320):
        store = numpy.arange(count) * 7 % 5
        temperature = (numpy.arange(count) * 11 % 30).astype(numpy.float32)
        return {"store": store, "temperature": temperature}, store + temperature / 30

    def data(self, **keywords):
        df, y = self.rows()
        return ColumnarModelData.from_data_frame(self.scratch.name, numpy.arange(0, 320, 4), df, y, ["store"], bs=32, **keywords)

    def learner(self, md=None, **keywords):
        return (md or self.data()).get_learner([(6, 4)], 1, 0.04, 1, [32, 16], [0.001, 0.01], y_range=(0, 6), threads=1, **keywords)

    def quietly(self, call, *arguments, **keywords):
        out = io.StringIO()
        with redirect_stdout(out):
            found = call(*arguments, **keywords)
        return found, out.getvalue()

    def test_examples_in_the_text_are_true(self):
        failed, tried = doctest.testmod(column_data, verbose=False)
        self.assertEqual((failed, tried > 0), (0, True))

    def test_data_have_07s_properties(self):
        md = self.data()
        self.assertEqual((len(md.trn_ds), len(md.val_ds), len(md.trn_dl), len(md.val_dl)), (240, 80, 8, 2))
        self.assertEqual((md.trn_y.shape, md.val_y.shape, md.is_reg), ((240, 1), (80, 1), True))
        numpy.testing.assert_allclose(md.val_y[:, 0], self.rows()[1][::4], rtol=1e-6)

    def test_metrics_are_measured_after_every_epoch(self):
        def rmse(y_pred, targ):
            seen.append((y_pred.shape, targ.shape))
            return math.sqrt(((y_pred - targ) ** 2).mean())

        seen, m = [], self.learner()
        found, shown = self.quietly(m.fit, 1e-2, 3, metrics=[rmse])
        self.assertEqual(seen, [((80, 1), (80, 1))] * 3)
        self.assertAlmostEqual(found[1] ** 2, found[0], places=5)
        x, y = m.predict_with_targs()
        self.assertAlmostEqual(rmse(x, y), found[1], places=5)
        lines = shown.splitlines()
        self.assertEqual(lines[0].split(), ["epoch", "trn_loss", "val_loss", "rmse"])
        self.assertEqual(len(lines), 4)
        self.assertEqual(lines[3].split()[3], str(round(found[1], 6)))
        self.assertLess(found[1], y.std() / 2)

    def test_the_network_is_that_of_the_arguments(self):
        m = self.learner(self.data(), models_name="m")
        shapes = {name: row["shape"] for name, row in m.summary().items()}
        self.assertEqual(shapes["embeds.0.weight"], [6, 4])
        self.assertEqual((shapes["layers.0.0.weight"], shapes["layers.1.0.weight"]), ([32, 5], [16, 32]))
        self.assertNotIn("layers.0.2.weight", shapes)
        self.assertTrue((m.predict() > 0).all() and (m.predict() < 6).all())
        bn = self.data().get_learner([(6, 4)], 1, 0, 1, [8], [0], use_bn=True, threads=1)
        self.assertIn("layers.0.2.weight", bn.summary())
        self.assertEqual(m.opt_fn, optim.Adam)
        for wrong, word in (([(6, 4)] * 2, "emb_szs: 2 for 1"), ([], "emb_szs: 0")):
            with self.assertRaisesRegex(AssertionError, word):
                self.data().get_learner(wrong, 1, 0, 1, [8], [0])
        with self.assertRaisesRegex(AssertionError, "n_cont: 3 for 1 columns of numbers: temperature"):
            self.data().get_learner([(6, 4)], 3, 0, 1, [8], [0])

    def test_cycles_groups_files_and_the_finder(self):
        m = self.learner()
        self.quietly(m.fit, 1e-3, 2, cycle_len=1, cycle_mult=2, cycle_save_name="snap")
        self.assertEqual(len(m.sched.lrs), 24)  # eight batches, 1 + 2 epochs
        self.assertAlmostEqual(m.sched.lrs[0], 1e-5)
        before = m.predict()
        m.save("here")
        m.lr_find()
        self.assertTrue(m.sched.of_finder and len(m.sched.losses) > 10)
        numpy.testing.assert_array_equal(m.predict(), before)
        self.quietly(m.fit, numpy.array([1e-3, 3e-3, 1e-2]), 1, wds=numpy.array([1e-4, 1e-3, 1e-3]), use_wd_sched=True)
        self.assertTrue((m.predict() != before).any())
        m.load("here")
        numpy.testing.assert_array_equal(m.predict(), before)
        m.load_cycle("snap", 1)
        numpy.testing.assert_array_equal(m.predict(), before)
        with self.assertRaisesRegex(AssertionError, "size mismatch"):
            m.fit([1e-3, 1e-2], 1)
        model = burnish.table.Model(os.path.join(self.scratch.name, "models", "here.safetensors"), threads=1)
        numpy.testing.assert_allclose(model.predict_row({"store": 0, "temperature": 0}), before[0, 0], rtol=1e-5)

    def test_test_rows_and_rows_apart(self):
        df, y = self.rows()
        md = self.data(test_df={name: column[:7] for name, column in df.items()})
        m = self.learner(md)
        self.quietly(m.fit, 1e-2, 1)
        whole = m.predict(True)
        self.assertEqual(whole.shape, (7, 1))
        numpy.testing.assert_allclose(whole[::4], m.predict()[:2], rtol=1e-5)
        numpy.testing.assert_allclose(m.predict_array(df["store"][:7, None], df["temperature"][:7, None]), whole, rtol=1e-5)
        with self.assertRaisesRegex(AssertionError, "no test_df"):
            self.learner().predict(True)
        train, valid = ({name: column[part] for name, column in df.items()} for part in (slice(0, 240), slice(240, 320)))
        apart = ColumnarModelData.from_data_frames(self.scratch.name, train, valid, y[:240], y[240:], ["store"], bs=32)
        together = ColumnarModelData.from_data_frame(self.scratch.name, range(240, 320), df, y, ["store"], 32)
        answers = []
        for one in (apart, together):
            m = self.learner(one)
            self.quietly(m.fit, 1e-2, 1)
            answers.append(m.predict())
        numpy.testing.assert_array_equal(answers[0], answers[1])
        xs = numpy.stack(list(df.values()), 1).astype(numpy.float32)
        m = ColumnarModelData.from_arrays(self.scratch.name, range(240, 320), xs, y).get_learner([], 2, 0, 1, [8], [0], threads=1)
        self.assertEqual(m.predict().shape, (80, 1))

    def test_a_table_of_the_library_is_as_good_as_its_columns(self):
        df, y = self.rows()
        answers = []
        with burnish.Table(df) as table:
            for rows in (df, table, table.source):
                md = ColumnarModelData.from_data_frame(self.scratch.name, range(240, 320), rows, y, ["store"], 32, test_df=rows)
                m = self.learner(md)
                self.quietly(m.fit, 1e-2, 1)
                answers.append(m.predict(True))
        numpy.testing.assert_array_equal(answers[0], answers[1])
        numpy.testing.assert_array_equal(answers[0], answers[2])

    def test_momenta_are_plotted_beside_the_rates_where_they_move(self):
        m = self.learner()
        self.quietly(m.fit, 1e-3, 1, cycle_len=2, use_clr_beta=(10, 10, 0.95, 0.85))
        self.assertEqual(len(m.sched.momentums), len(m.sched.lrs))
        self.assertEqual((round(max(m.sched.momentums), 3), round(min(m.sched.momentums), 2)), (0.95, 0.85))
        top = m.sched.lrs.index(max(m.sched.lrs))
        self.assertLessEqual(abs(m.sched.momentums.index(min(m.sched.momentums)) - top), 1)  # one against the other

        def curves(**keywords):
            drawn = []
            with unittest.mock.patch.object(figures, "line", lambda x, y, across, up: drawn.append((list(y), up))), \
                    unittest.mock.patch.object(figures, "_pyplot", lambda: None):
                m.sched.plot_lr(**keywords)
            return drawn

        self.assertEqual(curves(), [(m.sched.lrs, "learning rate"), (m.sched.momentums, "momentum")])
        self.assertEqual(curves(show_moms=False), [(m.sched.lrs, "learning rate")])
        self.quietly(m.fit, 1e-3, 1, cycle_len=1)
        self.assertEqual(set(m.sched.momentums), {0.9})  # Adam's, as it is
        self.assertEqual(curves(), [(m.sched.lrs, "learning rate")])
        m.lr_find()
        self.assertEqual(curves(), [(m.sched.lrs, "learning rate")])

    def test_classes_and_tags(self):
        df, y = self.rows()
        classes = (y > 2).astype(int) * 2  # none is 1
        md = ColumnarModelData.from_data_frame(self.scratch.name, range(240, 320), df, classes, ["store"], 32, is_reg=False)
        m = md.get_learner([(6, 4)], 1, 0, 3, [16], [0], threads=1)
        found, shown = self.quietly(m.fit, 1e-2, 3)
        self.assertEqual(shown.split()[3], "accuracy")
        log_preds, targets = m.predict_with_targs()
        self.assertEqual((log_preds.shape, targets.shape, set(targets)), ((80, 3), (80,), {0, 2}))
        numpy.testing.assert_allclose(numpy.exp(log_preds).sum(1), 1, rtol=1e-5)
        self.assertEqual(numpy.exp(log_preds[:, 1]).max(), 0)
        self.assertAlmostEqual(accuracy(log_preds, targets), found[1])
        self.assertGreater(found[1], 0.9)
        tags = numpy.stack([y > 2, y > 3, y < 2], 1)
        md = ColumnarModelData.from_data_frame(self.scratch.name, range(240, 320), df, tags, ["store"], 32, False, True)
        m = md.get_learner([(6, 4)], 1, 0, 3, [16], [0], threads=1)
        from burnish.fastai07.metrics import accuracy_thresh

        found, shown = self.quietly(m.fit, 1e-2, 3, metrics=[accuracy_thresh(0.5)])
        preds, targets = m.predict_with_targs()
        self.assertEqual((preds.shape, targets.shape), ((80, 3), (80, 3)))
        self.assertAlmostEqual(accuracy_thresh(0.5)(preds, targets), found[1])
        self.assertGreater(found[1], 0.9)

    def test_a_described_network_makes_the_same_learner(self):
        md = self.data()
        model = MixedInputModel([(6, 4)], 1, 0.04, 1, [32, 16], [0.001, 0.01], y_range=(0, 6)).cuda()
        m = StructuredLearner(md, StructuredModel(model), opt_fn=optim.Adam, threads=1)
        numpy.testing.assert_array_equal(m.predict(), self.learner(md).predict())
        for wrong in (lambda: StructuredLearner(md, lambda x: x), lambda: StructuredLearner(md, model, crit=1),
                      lambda: ColumnarModelData.from_data_frame(".", [0], 7, [1], [])):
            with self.assertRaises(burnish.UnsupportedError):
                wrong()
        df = {**self.rows()[0], "town": ["Cork", None] * 160}
        with self.assertRaisesRegex(ValueError, "town: a column of words"):
            ColumnarModelData.from_data_frame(".", [0], df, self.rows()[1], ["store"]).get_learner([(6, 4)], 2, 0, 1, [8], [0])
        with self.assertRaisesRegex(KeyError, "no column town"):
            ColumnarModelData.from_data_frame(".", [0], self.rows()[0], self.rows()[1], ["town"])

    def test_words_gaps_and_truths_are_columns_too(self):
        df = {"town": ["Cork", "Basel", None, "Nice"] * 20, "open": numpy.arange(80) % 2 == 0,
              "area": numpy.where(numpy.arange(80) % 9 == 0, numpy.nan, numpy.arange(80.0)), "y0": numpy.arange(80.0)}
        md = ColumnarModelData.from_data_frame(self.scratch.name, range(60, 80), df, numpy.arange(80) % 4, ["town", "open"], 16)
        m = md.get_learner([(4, 2), (2, 1)], 2, 0, 1, [8], [0], threads=1)
        self.quietly(m.fit, 1e-2, 1)
        self.assertTrue(numpy.isfinite(m.predict()).all())


class Scripts(unittest.TestCase):
    def run_example(self, name, *arguments, **where):
        """What it printed."""
        python = python_with_pandas()
        if python is None:
            self.skipTest("no pandas")
        package = os.path.dirname(os.path.dirname(burnish.__file__))
        with tempfile.TemporaryDirectory() as folder:
            env = dict(os.environ, PYTHONPATH=package, MODELS=os.path.join(folder, "models"), **where)
            done = subprocess.run([python, "-m", "burnish.fastai07", os.path.join(SOURCE, "examples", name), *arguments], cwd=folder,
                                  env=env, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(os.listdir(os.path.join(folder, "plots")))
            return done.stdout

    @unittest.skipUnless(os.path.isdir(os.path.join(DATA, "tabular", "rossmann")), "no tabular/rossmann in BURNISH_DATA")
    def test_rossmann_sales_are_foretold_within_a_quarter(self):
        shown = self.run_example("rossmann.py", os.path.abspath(os.path.join(DATA, "tabular", "rossmann")), "10",
                                 TRAIN="train_100stores.csv")
        rows = re.findall(r"^ +\d+ +[\d.e+-]+ +[\d.e+-]+ +([\d.]+)$", shown, re.M)
        self.assertEqual(len(rows), 3)
        self.assertEqual(round(float(shown.splitlines()[-1]), 4), round(float(rows[-1]), 4))
        self.assertLess(float(rows[-1]), 1 / 4)


if __name__ == "__main__":
    unittest.main()
