# SPDX-License-Identifier: Apache-2.0
import doctest
import io
import subprocess
import sys
import unittest

import burnish
import burnish.errors
from burnish.progress import Progress


def epoch(number, **metrics):
    return {"event": "epoch", "epoch": number, "train_loss": 0.5, "valid_loss": None, "metrics": metrics, "batch": 0,
            "batches": 0, "stage": "fit", "text": None}


class Shown(unittest.TestCase):
    def test_an_epoch_is_a_line_under_its_names(self):
        file = io.StringIO()
        progress = Progress(file)
        progress(epoch(1, accuracy=0.75))
        progress(epoch(2, accuracy=1))
        self.assertEqual([line.split() for line in file.getvalue().splitlines()],
                         [["epoch", "train_loss", "valid_loss", "accuracy"], ["1", "0.5000", "0.7500"],
                          ["2", "0.5000", "1.0000"]])

    def test_the_page_has_every_epoch_and_escapes_names(self):
        progress = Progress(io.StringIO())
        progress.losses = [3.0, 2.0, 1.0]
        progress(epoch(1, **{"a<b": 0.25}))
        text = progress.html()
        self.assertIn("a&lt;b", text)
        self.assertNotIn("a<b", text)
        self.assertIn("0.2500", text)
        self.assertIn("<polyline", text)

    def test_examples_of_docstrings_hold(self):
        failed, ran = doctest.testmod(burnish.errors)
        self.assertEqual(failed, 0)
        self.assertGreater(ran, 0)

    def test_numpy_is_not_imported_before_it_is_used(self):
        code = "import sys, burnish; sys.exit('numpy' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", code]).returncode, 0)

    def test_every_name_that_is_promised_is_there(self):
        for name in burnish.__all__:
            self.assertTrue(hasattr(burnish, name), name)
        self.assertIn("efficientnet_lite0", burnish.architectures())


if __name__ == "__main__":
    unittest.main()
