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

    def test_a_notebook_has_a_bar_while_an_epoch_goes_on(self):
        class Display:
            shown = []

            def update(self, thing):
                self.shown.append(thing._repr_html_())

        progress = Progress(io.StringIO())
        progress._display = Display()
        for i in range(1, 4):
            progress._updated = 0.0  # as if time had passed
            progress({**epoch(1), "event": "batch", "batch": i, "batches": 10, "train_loss": 3.0 - i,
                      "learning_rate": 0.1 if i < 3 else None})
        self.assertIn("<progress value='3' max='10'></progress> 3/10 fit", Display.shown[-1])
        self.assertEqual(progress.losses, [2.0, 1.0])  # the third batch validates
        progress({**epoch(1), "event": "batch", "batch": 4, "batches": 10, "learning_rate": 0.1})
        self.assertEqual(len(Display.shown), 3)  # too soon
        progress(epoch(1, accuracy=0.5))
        self.assertNotIn("<progress", Display.shown[-1])
        self.assertIn("<td>0.5000</td>", Display.shown[-1])
        progress({**epoch(1), "event": "stage", "text": "all layers"})
        self.assertIn("all layers", Display.shown[-1])
        progress({**epoch(1), "event": "done", "text": "runs/a"})
        self.assertNotIn("all layers", Display.shown[-1])

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
