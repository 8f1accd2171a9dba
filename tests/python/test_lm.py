# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import unittest

import burnish
import words


class LanguageModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.rows = words.reviews()
        cls.path = words.write_table(os.path.join(cls.scratch.name, "reviews.csv"), ["text", "label"], cls.rows)
        cls.run_folder = os.path.join(cls.scratch.name, "run")
        cls.made = burnish.lm.train(cls.path, out=cls.run_folder, epochs=3, min_freq=1, progress=False, **words.SMALL_LM)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_the_same_seed_gives_the_same_bytes_as_the_command_line(self):
        out = os.path.join(self.scratch.name, "line")
        words.command_line(self, "lm", "train", self.path, "--out", out, "--epochs", "3", "--min-freq", "1",
                           *words.SMALL_LM_LINE)
        words.same_file(self, self.run_folder, out)

    def test_a_text_is_a_function_of_prompt_and_seed(self):
        with_one = self.made.model(threads=1)
        text = with_one.generate("the film", words=12, seed=5)
        self.assertTrue(text.lower().startswith("the film"), text)
        self.assertEqual(text, with_one.generate("the film", words=12, seed=5))
        self.assertNotEqual(text, with_one.generate("the film", words=12, seed=6))
        with self.assertRaisesRegex(burnish.UsageError, "temperature"):
            with_one.generate("the", temperature=-1)
        with self.assertRaisesRegex(burnish.UsageError, "warmth: there is no such option"):
            with_one.generate("the", warmth=1)

    def test_precision_is_an_option(self):
        out = os.path.join(self.scratch.name, "bf16")
        burnish.lm.train(self.path, out=out, epochs=1, min_freq=1, progress=False, precision="bf16", **words.SMALL_LM)
        with self.assertRaisesRegex(burnish.UsageError, "precision"):
            burnish.lm.train(self.path, out=out + "2", epochs=1, min_freq=1, precision="half", **words.SMALL_LM)

    def test_layers_may_be_quasi_recurrent_and_a_classifier_takes_them(self):
        out, line = os.path.join(self.scratch.name, "quasi"), os.path.join(self.scratch.name, "quasi-line")
        made = burnish.lm.train(self.path, out=out, epochs=1, min_freq=1, qrnn=True, progress=False, **words.SMALL_LM)
        words.command_line(self, "lm", "train", self.path, "--qrnn", "--out", line, "--epochs", "1", "--min-freq", "1",
                           *words.SMALL_LM_LINE)
        words.same_file(self, out, line)
        self.assertTrue(made.config["options"]["qrnn"])
        run = burnish.text.train(self.path, encoder=out, out=os.path.join(self.scratch.name, "on-quasi"), epochs=1,
                                 freeze_epochs=0, seed=2, threads=1, progress=False)
        self.assertTrue(run.config["options"]["qrnn"])

    def test_perplexity_is_that_of_the_loss(self):
        import math

        found = self.made.model(threads=1).evaluate(self.path)
        self.assertAlmostEqual(found["perplexity"], math.exp(found["loss"]), places=6)
        self.assertGreater(found["tokens"], 240 * 9)

    def test_a_dict_of_columns_gives_the_bytes_of_the_file(self):
        out = os.path.join(self.scratch.name, "dict")
        burnish.lm.train(words.columns(["text", "label"], self.rows), out=out, epochs=3, min_freq=1, progress=False,
                         **words.SMALL_LM)
        self.assertEqual(words.tensors_of(self.run_folder), words.tensors_of(out))

    def test_a_stopped_run_goes_on_to_the_same_bytes(self):
        out = os.path.join(self.scratch.name, "stopped")
        data = words.columns(["text", "label"], self.rows)

        def stop(event):
            return event["event"] == "epoch" and event["epoch"] == 1

        with self.assertRaises(burnish.Stopped):
            burnish.lm.train(data, out=out, epochs=3, min_freq=1, progress=False, callbacks=[stop], **words.SMALL_LM)
        with self.assertRaises(burnish.Error):
            burnish.lm.resume(out, progress=False)  # its rows are gone
        burnish.lm.resume(out, data, progress=False)
        self.assertEqual(words.tensors_of(self.run_folder), words.tensors_of(out))

    def test_an_interrupt_keeps_the_state(self):
        out = os.path.join(self.scratch.name, "interrupted")

        def interrupt(event):
            if event["event"] == "epoch" and event["epoch"] == 2:
                raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            burnish.lm.train(self.path, out=out, epochs=3, min_freq=1, progress=False, callbacks=[interrupt],
                             **words.SMALL_LM)
        burnish.lm.resume(out, progress=False)
        words.same_file(self, self.run_folder, out)

    def test_the_finder_returns_a_curve(self):
        found = burnish.lm.lr_find(self.path, finder={"iterations": 15, "stop": False}, min_freq=1, **words.SMALL_LM)
        self.assertEqual(len(found["points"]), 15)
        self.assertAlmostEqual(found["points"][0][0], 1e-7)

    def test_wrong_options_raise_and_are_named(self):
        with self.assertRaisesRegex(burnish.UsageError, "layers"):
            burnish.lm.train(self.path, layers=99, progress=False)
        with self.assertRaisesRegex(burnish.UsageError, "tokens: there is no syllables; expected one of words"):
            burnish.lm.train(self.path, tokens="syllables", progress=False)
        with self.assertRaisesRegex(TypeError, "epochs"):
            burnish.lm.train(self.path, epochs="three", progress=False)
        with self.assertRaisesRegex(burnish.UsageError, "text_columns: expected a list"):
            burnish.lm.train(self.path, text_columns="text", progress=False)
        model = self.made.model(threads=1)
        model.close()
        with self.assertRaisesRegex(burnish.UsageError, "closed"):
            model.generate("the")


if __name__ == "__main__":
    unittest.main()
