# SPDX-License-Identifier: Apache-2.0
"""What is made, trained and freed leaves nothing. BURNISH_CYCLES says how often; tests/soak/python: 10,000 times."""
import os
import resource
import shutil
import tempfile
import unittest

import burnish

CYCLES = int(os.environ.get("BURNISH_CYCLES", "100"))
KILOBYTES_A_CYCLE = 4  # less than the rows and the model of one, of 16 KB
ROOM = 1500            # KB: of the allocator, whatever the number
ROWS = {"town": ["Cork", "Basel", None, "Oulu"] * 50, "area": [1.5, 2.5, 3.5, 4.5] * 50, "dear": [True, False] * 100}


def grown():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Cycles(unittest.TestCase):
    def check(self, cycle):
        for _ in range(max(50, CYCLES // 5)):  # what the allocator holds settles within some 1,500 trainings
            cycle()
        before = grown()
        for _ in range(CYCLES):
            cycle()
        self.assertLess(grown() - before, ROOM + (CYCLES * KILOBYTES_A_CYCLE if CYCLES < 1000 else 0))

    def test_trainings_and_models(self):
        with tempfile.TemporaryDirectory() as scratch:
            out = os.path.join(scratch, "run")

            def cycle():
                run = burnish.table.train(ROWS, "dear", out=out, epochs=1, hidden=[16], threads=1, progress=False)
                run.model(threads=1).predict(ROWS)
                shutil.rmtree(out)

            self.check(cycle)

    def test_errors(self):
        def cycle():
            for wrong in (lambda: burnish.table.train(ROWS, "price", progress=False),
                          lambda: burnish.table.train(ROWS, "dear", epochs=-1, progress=False),
                          lambda: burnish.text.Model("no-such-run"),
                          lambda: burnish.Table({"a": [1], "b": []})):
                with self.assertRaises(burnish.Error):
                    wrong()

        self.check(cycle)


if __name__ == "__main__":
    unittest.main()
