# SPDX-License-Identifier: Apache-2.0
import collections
import ctypes
import doctest
import gc
import os
import subprocess
import tempfile
import threading
import unittest

import burnish
import numpy
import words
from burnish import _burnish, data

PEERS = os.environ.get("BURNISH_PEERS_PYTHON", os.path.join(os.environ.get("BURNISH_SOURCE", ""), "build", "peers", "bin", "python"))
NAMES = ["town", "area", "dear"]


def houses(count=200):
    towns = ["Ähtäri", "Basel", "Cork"]
    rows = [(towns[i % 3], float(20 + 37 * i % 180), i % 3 == 1) for i in range(count)]
    return rows


class Frames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.rows = houses()
        cls.path = words.write_table(os.path.join(cls.scratch.name, "houses.csv"), NAMES, cls.rows)
        cls.small = dict(epochs=2, hidden=[8], seed=1, threads=1, progress=False)
        cls.made = burnish.table.train(cls.path, "dear", out=os.path.join(cls.scratch.name, "run"), **cls.small)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def trained(self, name, data):
        out = os.path.join(self.scratch.name, name)
        burnish.table.train(data, "dear", out=out, **self.small)
        return words.tensors_of(out)

    def test_columns_of_lists_and_arrays_are_the_table_of_the_file(self):
        file = words.tensors_of(self.made.path)
        lists = words.columns(NAMES, self.rows)
        self.assertEqual(self.trained("lists", lists), file)
        arrays = {name: numpy.array(values) for name, values in lists.items()}
        self.assertEqual(self.trained("arrays", arrays), file)
        every_other = numpy.repeat(arrays["area"], 2)[::2]
        self.assertEqual(self.trained("strided", {**arrays, "area": every_other}), file)

    def test_answers_to_a_frame_are_those_to_its_file(self):
        model = self.made.model(threads=1)
        lists = words.columns(NAMES, self.rows)
        numpy.testing.assert_array_equal(model.predict(lists), model.predict(self.path))
        self.assertEqual(model.evaluate(lists), model.evaluate(self.path))

    def test_what_is_missing_is_missing(self):
        model = self.made.model(threads=1)
        row = model.predict_row({"town": None, "area": None})
        for data in ({"town": [None], "area": [float("nan")]}, {"town": [None], "area": numpy.array([numpy.nan])}):
            numpy.testing.assert_allclose(model.predict(data)[0], row, atol=1e-6)

    def test_a_kept_table_serves_many_calls_and_is_freed(self):
        model = self.made.model(threads=1)
        with burnish.Table(words.columns(NAMES, self.rows), "houses") as table:
            self.assertEqual((table.source, table.rows), ("memory:houses", 200))
            numpy.testing.assert_array_equal(model.predict("memory:houses"), model.predict(table))
            with self.assertRaisesRegex(burnish.UsageError, "has the name houses"):
                burnish.Table({"a": [1]}, "houses")
        with self.assertRaisesRegex(burnish.UsageError, "closed"):
            model.predict(table)
        with self.assertRaises(burnish.Error):
            model.predict("memory:houses")
        table = burnish.Table({"a": [1]}, "passing")
        del table
        gc.collect()
        burnish.Table({"a": [1]}, "passing").close()

    def test_columns_may_be_any_that_can_be_gone_through(self):
        rows = {"area": collections.deque([1.5, 2.5]), "town": {"Cork": 1, "Basel": 2}.keys()}
        with burnish.Table(rows, "through") as table:
            self.assertEqual(table.rows, 2)
            self.assertIn("Basel", table._repr_html_())

    def test_columns_come_back_as_they_were_kept(self):
        days = numpy.array(["1969-12-31T23:59:58.5", "NaT", "2015-07-31"], "datetime64[ms]")
        given = {"town": ["Ähtäri", None, "7"], "rooms": [3, None, 2**53 + 1], "whole": numpy.array([-2, 0, 2**62]),
                 "area": numpy.array([40.5, numpy.nan, 120], numpy.float32), "open": [True, False, True], "shut": [None, False, True],
                 "day": days, "none": [None, None, None]}
        with burnish.Table(given) as table:
            found = table.columns()
        self.assertEqual(list(found), list(given))
        self.assertEqual({name: column.dtype.kind for name, column in found.items() if name != "none"},
                         {"town": "O", "rooms": "f", "whole": "i", "area": "f", "open": "b", "shut": "O", "day": "M"})
        for name in ("town", "whole", "open", "shut"):
            self.assertEqual(found[name].tolist(), list(given[name]), name)
        numpy.testing.assert_array_equal(found["rooms"], [3, numpy.nan, 2**53])
        numpy.testing.assert_array_equal(found["area"], given["area"])
        self.assertEqual(found["day"].tolist()[2], days.tolist()[2])
        self.assertTrue(numpy.isnat(found["day"][1]))
        self.assertEqual(found["day"][0], numpy.datetime64("1969-12-31T23:59:58"))  # kept to the second
        self.assertTrue(all(one is None or one != one for one in found["none"].tolist()))
        self.assertEqual(data.columns(self.path)["town"].tolist(), [row[0] for row in self.rows])
        with self.assertRaisesRegex(burnish.UsageError, "closed"):
            table.columns()
        with self.assertRaises(burnish.Error):
            data.columns("nowhere.csv")
        many = {"n": numpy.arange(1000), "word": [None if i % 67 == 66 else f"w{i % 300}" for i in range(1000)]}
        with burnish.Table(many) as table:
            found = table.columns()
        self.assertEqual({name: column.tolist() for name, column in found.items()},
                         {"n": list(range(1000)), "word": many["word"]})

    def test_examples_in_the_text_are_true(self):
        failed, tried = doctest.testmod(data, verbose=False)
        self.assertEqual((failed, tried > 3), (0, True))

    def test_frames_that_lack_pyarrow_go_column_by_column(self):
        class Frame(dict):
            def __arrow_c_stream__(self):
                raise ImportError("`Import pyarrow` failed")

        frame = Frame({"area": numpy.array([1.5, numpy.nan]), "town": numpy.array(["Cork", None], dtype=object)})
        with burnish.Table(frame) as table:
            self.assertEqual(table.columns()["town"].tolist(), ["Cork", None])

        class Stream:
            __arrow_c_stream__ = Frame.__arrow_c_stream__

        with self.assertRaises(ImportError):
            burnish.Table(Stream())

    def test_wrong_columns_raise(self):
        for data, word in (({"a": [1, 2], "b": [1]}, "one length"), ({}, "one length"), (7, "expected a frame"),
                           ({"a": numpy.zeros((2, 2))}, r"\(N,\)"), ({"a": "text"}, "expected an array or a list"),
                           ({"a": [2**70]}, "64 bits"), ({"a": 3}, "expected an array or a list")):
            with self.assertRaisesRegex(burnish.UsageError, word):
                burnish.Table(data)

    def test_buffers_that_do_not_fit_raise_and_do_not_crash(self):
        offsets = numpy.array([0, 3, 2], numpy.int64)
        for column in (("a", "l", None, b"1234567", None), ("a", "U", None, offsets, b"abc"), ("a", "U", None, b"", b""),
                       ("a", "l", b"", bytes(16), None), ("a", "l", None, None, None), ("a", "??", None, bytes(16), None)):
            with self.assertRaisesRegex(burnish.UsageError, "buffers"):
                _burnish.table_keep_columns("wrong", 2, [column])
        with self.assertRaises(burnish.UsageError):
            _burnish.table_keep_columns("wrong", -1, [])
        with self.assertRaises(burnish.UsageError):
            _burnish.table_keep_columns("wrong", 1, [7])
        with self.assertRaises(ValueError):
            _burnish.table_keep_stream("wrong", 7)

    def test_a_stream_that_has_been_read_raises(self):
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        room = ctypes.create_string_buffer(5 * 8)
        with self.assertRaisesRegex(burnish.UsageError, "has been read"):
            _burnish.table_keep_stream("wrong", make(ctypes.addressof(room), b"arrow_array_stream", None))

    def test_a_model_of_two_threads_raises_or_answers(self):
        model = self.made.model(threads=1)
        whole = model.predict(self.path)
        wrong = []

        def ask():
            for _ in range(20):
                try:
                    if not numpy.array_equal(model.predict(self.path), whole):
                        wrong.append("other answers")
                except burnish.UsageError as error:
                    if "another thread" not in str(error):
                        wrong.append(str(error))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

BESIDE_TORCH = """
import sys, torch, pandas, numpy, burnish
path, run = sys.argv[1:]
frame = pandas.read_csv(path)
model = burnish.table.Model(run, threads=1)
found = model.predict({name: frame[name].to_numpy() for name in frame})
assert numpy.array_equal(found, model.predict(path))
assert numpy.array_equal(model.predict(frame), found)
tensor = torch.from_dlpack(found)  # the library's numbers, not copied
tensor[0, 0] = 7
assert found[0, 0] == 7
assert torch.ones(64, 64).mm(torch.ones(64, 64)).sum() == 64 ** 3
from burnish.image import _pixels
picture = torch.zeros(4, 5, 3, dtype=torch.uint8)
pixels = _pixels(picture)
picture[1, 2, 0] = 9
assert pixels[1, 2, 0] == 9, "copied"
print("beside torch", torch.__version__)
"""


class BesideTorch(unittest.TestCase):
    @unittest.skipUnless(os.path.exists(PEERS), "no PyTorch (BURNISH_PEERS_PYTHON)")
    def test_it_runs_beside_torch_and_shares_memory(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = words.write_table(os.path.join(scratch, "houses.csv"), NAMES, houses())
            run = os.path.join(scratch, "run")
            burnish.table.train(path, "dear", out=run, epochs=1, hidden=[8], threads=1, progress=False)
            done = subprocess.run([PEERS, "-c", BESIDE_TORCH, path, run], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("beside torch", done.stdout)

    def test_pictures_come_as_dlpack(self):
        class Foreign:  # DLPack and nothing else
            def __init__(self, array, device=1):
                self.array, self.device = array, device

            def __dlpack__(self, **options):
                return self.array.__dlpack__(**options)

            def __dlpack_device__(self):
                return (self.device, 0)

        pixels = numpy.arange(60, dtype=numpy.uint8).reshape(4, 5, 3)
        from burnish.image import _pixels

        self.assertTrue(numpy.shares_memory(_pixels(Foreign(pixels)), pixels))
        with self.assertRaisesRegex(burnish.UsageError, "memory of the processor"):
            _pixels(Foreign(pixels, 2))
        with self.assertRaisesRegex(burnish.UsageError, "float32"):
            _pixels(Foreign(pixels.astype(numpy.float32)))


if __name__ == "__main__":
    unittest.main()
