# SPDX-License-Identifier: Apache-2.0
"""What is made, trained and freed leaves nothing: no memory, no files, no threads. BURNISH_CYCLES says how often;
tests/soak/python: 10,000 times.

Memory is what is resident and of no file, after the allocator has given back what it holds free: that of a program which leaks
nothing stays within some ten KB once it is warm, however often. Its growth is the median of what eleven measurements differ by, one
after the other: a leak grows in all of them. Names are interned and let go all the time, and once in some thousand cycles the
interpreter's dict of them has no room left between those that are gone, and is made anew for three times as many as there are
(21,845 to 43,690 of them: 406 to 939 KB). That is had out of the way first."""
import ctypes
import gc
import os
import shutil
import sys
import tempfile
import unittest

import burnish
import numpy
from burnish import nn

CYCLES = int(os.environ.get("BURNISH_CYCLES", "100"))
WARM_UP = max(50, CYCLES // 5)
MEASUREMENTS = 11
KILOBYTES_A_THOUSAND = 32  # cycles: 32 bytes each, less than one name
ROOM = 256                 # KB in all, whatever the number of cycles: 64 pages
ROOM_AT_ONCE = 1024        # KB in all, though it be one step
FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # runs are synced to disk, which takes most of the time
ROWS = {"town": ["Cork", "Basel", None, "Oulu"] * 50, "area": [1.5, 2.5, 3.5, 4.5] * 50, "dear": [True, False] * 100}
TEXTS = {"text": ["a good film", "a bad film", "good and long"] * 8, "label": ["yes", "no", "yes"] * 8}
RATINGS = {"user": [f"u{i % 6}" for i in range(40)], "item": [f"i{i % 7}" for i in range(40)], "rating": [1, 5, 3, 2] * 10}
NUMBERS = numpy.random.default_rng(1).uniform(-1, 1, (64, 3))

trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)


def held():
    """KB of memory of its own (not of files, whose pages come and go) that are resident, once free memory has been given back."""
    gc.collect()
    trim(0)
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))


def open_things():
    """Files and threads."""
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))


def growth(counts, kilobytes):
    """KB in a thousand cycles: the median of the growths from one measurement to the next."""
    return 1000 * float(numpy.median(numpy.diff(kilobytes) / numpy.diff(counts)))


def setUpModule():
    for i in range(40_000):
        sys.intern(f"a name that goes {i}")


class Cycles(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(dir=FOLDER)
        self.addCleanup(self.scratch.cleanup)
        self.out = os.path.join(self.scratch.name, "run")

    def check(self, cycle, cycles=CYCLES):
        for _ in range(WARM_UP):
            cycle()
        counts, kilobytes, things = [0], [held()], open_things()
        for i in range(1, MEASUREMENTS):
            counts.append(cycles * i // (MEASUREMENTS - 1))
            for _ in range(counts[-1] - counts[-2]):
                cycle()
            kilobytes.append(held())
        found, allowed = growth(counts, kilobytes), KILOBYTES_A_THOUSAND + ROOM * 1000 / cycles
        if CYCLES >= 1000:
            print(f"{self._testMethodName}: {cycles} cycles after {WARM_UP}: {found:+.1f} KB a thousand, in all "
                  f"{kilobytes[-1] - kilobytes[0]:+.0f} of {kilobytes[0]:.0f} KB (at most {allowed:.1f} a thousand)", file=sys.stderr)
        self.assertLess(found, allowed, f"KB after {counts} cycles: {kilobytes}")
        self.assertLess(kilobytes[-1] - kilobytes[0], ROOM_AT_ONCE, f"KB after {counts} cycles: {kilobytes}")
        self.assertEqual(open_things(), things)

    def test_trainings_and_models(self):
        def cycle():
            run = burnish.table.train(ROWS, "dear", out=self.out, epochs=1, hidden=[16], threads=1, progress=False)
            run.model(threads=1).predict(ROWS)
            shutil.rmtree(self.out)

        self.check(cycle)

    def test_learners(self):
        network = nn.Network(nn.Linear(8), nn.ReLU(), nn.Linear())
        path = os.path.join(self.scratch.name, "saved.safetensors")

        def cycle():
            learner = burnish.table.Learner(ROWS, "dear", hidden=[8], threads=1, progress=False)
            learner.fit(1, 1e-2).predict(ROWS)
            learner.close()
            films = burnish.ratings.Learner(RATINGS, factors=4, threads=1, progress=False)
            films.fit(1, 1e-2).predict()  # freed with the object
            signs = nn.Learner(nn.Arrays(NUMBERS, NUMBERS[:, 0] > 0), network, threads=1, progress=False)
            signs.fit(1, 1e-2).save(path)
            nn.Model(path, threads=1).answers(NUMBERS)

        self.check(cycle)

    def test_texts(self):
        small = dict(embedding=4, hidden=4, layers=1, min_freq=1, batch_size=4, threads=1, progress=False)

        def cycle():
            burnish.lm.train(TEXTS, out=self.out, length=4, epochs=1, label_columns=[], **small).model(threads=1).generate("a", words=2)
            shutil.rmtree(self.out)
            learner = burnish.text.Learner(TEXTS, **small)
            learner.fit(1, 1e-2).answer()

        self.check(cycle)

    def test_what_models_show(self):
        table = burnish.table.train(ROWS, "dear", out=self.out + "1", epochs=1, hidden=[16], threads=1, progress=False)
        films = burnish.ratings.train(RATINGS, factors=4, epochs=1, threads=1, out=self.out + "2", progress=False)

        def cycle():
            with burnish.Table(ROWS) as rows:
                model = table.model(threads=1)
                model.interpret(rows, repeats=1, sample=20, points=3)._repr_html_()
                model._repr_html_()
            model = films.model(threads=1)
            model.vectors(), model.item_table()._repr_html_(), model.evaluate()._repr_html_(), model.summary()

        self.check(cycle)

    def test_errors(self):
        def cycle():
            for wrong in (lambda: burnish.table.train(ROWS, "price", progress=False),
                          lambda: burnish.table.train(ROWS, "dear", epochs=-1, progress=False),
                          lambda: burnish.text.Model("no-such-run"),
                          lambda: burnish.Table({"a": [1], "b": []}),
                          lambda: nn.Network(nn.Linear(0))):
                with self.assertRaises(burnish.Error):
                    wrong()

        self.check(cycle)

    def test_a_leak_would_be_seen(self):
        kept = []
        counts = list(range(0, 5000, 500))
        kilobytes = []
        for count in counts:
            kept += [bytearray(200) for _ in range(500)]
            kilobytes.append(held())
        self.assertGreater(growth(counts, kilobytes), KILOBYTES_A_THOUSAND + ROOM * 1000 / 10_000)
        self.assertEqual(growth([0, 10, 20, 30], [7, 600, 600, 600]), 0)
        self.assertEqual(growth([0, 10, 20], [1, 2, 3]), 100)


if __name__ == "__main__":
    unittest.main()
