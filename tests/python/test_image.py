# SPDX-License-Identifier: Apache-2.0
import os
import signal
import tempfile
import threading
import unittest

import burnish
import numpy
import pictures

SMALL = dict(architecture="resnet18", recipe="scratch", epochs=1, freeze_epochs=0, batch_size=8, size=32, tta=0,
             threads=1, loaders=1, seed=3)


class ImageJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.data = pictures.make_folder(os.path.join(cls.scratch.name, "bars"))
        cls.run_folder = os.path.join(cls.scratch.name, "run")
        cls.events = []
        cls.run_made = burnish.image.train(cls.data, out=cls.run_folder, progress=False, callbacks=[cls.hear], **SMALL)

    @classmethod
    def hear(cls, event):
        cls.events.append(event)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_a_run_has_what_the_files_say(self):
        run = self.run_made
        self.assertEqual(run.path, self.run_folder)
        self.assertEqual(len(run.history), 1)
        self.assertEqual(run.config["options"]["epochs"], 1)
        self.assertAlmostEqual(run.metrics["valid_loss"], run.result["valid_loss"])
        self.assertIn("accuracy", repr(run))

    def test_handlers_hear_start_epochs_and_end(self):
        kinds = [event["event"] for event in self.events]
        self.assertEqual(kinds[0], "start")
        self.assertEqual(kinds.count("epoch"), 1)
        self.assertEqual(kinds[-1], "done")
        epoch = self.events[kinds.index("epoch")]
        self.assertEqual(set(epoch["metrics"]), {"accuracy", "error_rate"})

    def test_the_same_seed_gives_the_same_bytes_as_the_command_line(self):
        again = os.path.join(self.scratch.name, "again")
        burnish.image.train(self.data, out=again, progress=False, **SMALL)
        with open(os.path.join(again, "model.safetensors"), "rb") as a:
            with open(os.path.join(self.run_folder, "model.safetensors"), "rb") as b:
                self.assertEqual(a.read(), b.read())

    def test_pictures_are_answered_alike_from_files_pixels_and_in_batches(self):
        model = self.run_made.model(threads=1)
        self.assertEqual(model.classes, ["lying", "upright"])
        path = os.path.join(self.data, "valid", "upright", "00.png")
        pixels = numpy.frombuffer(pictures.bar(1, 500), numpy.uint8).reshape(pictures.SIDE, pictures.SIDE, 3)
        one = model.answers(path)
        self.assertEqual(one.dtype, numpy.float32)
        self.assertAlmostEqual(float(one.sum()), 1, places=5)
        numpy.testing.assert_allclose(model.answers(pixels), one, atol=1e-6)
        numpy.testing.assert_allclose(model.probabilities([path, path])[1], one, atol=1e-5)
        best = model.predict(path)
        self.assertEqual(best.label, model.classes[int(one.argmax())])
        self.assertAlmostEqual(best.probability, float(one.max()))

    def test_a_file_that_is_no_picture_is_a_row_of_nan(self):
        bad = os.path.join(self.scratch.name, "bad.png")
        with open(bad, "w") as file:
            file.write("not a picture")
        good = os.path.join(self.data, "valid", "lying", "00.png")
        rows = self.run_made.model(threads=1).probabilities([bad, good])
        self.assertTrue(numpy.isnan(rows[0]).all())
        self.assertFalse(numpy.isnan(rows[1]).any())

    def test_an_evaluation_counts_every_picture_once(self):
        found = self.run_made.model(threads=1).evaluate(self.data)
        self.assertEqual(found["count"], 6)
        self.assertEqual(found["confusion"].sum(), 6)
        self.assertAlmostEqual(found["accuracy"], numpy.trace(found["confusion"]) / 6)

    def test_the_rate_finder_tries_the_first_stage(self):
        heard = []
        options = {key: value for key, value in SMALL.items() if key != "epochs"}
        found = burnish.image.lr_find(self.data, finder={"iterations": 12, "stop": False}, callbacks=[heard.append], **options)
        self.assertEqual(len(found["points"]), 12)
        rates = [point[0] for point in found["points"]]
        self.assertEqual(rates, sorted(rates))
        self.assertTrue(all(point[1] > 0 for point in found["points"]))
        self.assertIn("batch", {event["event"] for event in heard})
        with self.assertRaisesRegex(burnish.UsageError, "form"):
            burnish.image.lr_find(self.data, form="guess", **options)

    def test_wrong_things_raise_and_name_what_is_wrong(self):
        model = self.run_made.model(threads=1)
        with self.assertRaisesRegex(burnish.UsageError, "uint8"):
            model.answers(numpy.zeros((4, 4, 3), numpy.float32))
        with self.assertRaisesRegex(burnish.UsageError, "height"):
            model.answers(numpy.zeros((4, 4), numpy.uint8))
        with self.assertRaisesRegex(burnish.InputError, "nothing.png"):
            model.answers("nothing.png")
        with self.assertRaisesRegex(burnish.UsageError, "epocs"):
            burnish.image.train(self.data, epocs=3)
        with self.assertRaisesRegex(TypeError, "epochs"):
            burnish.image.train(self.data, epochs="three")
        with self.assertRaisesRegex(burnish.UsageError, "recipe"):
            burnish.image.train(self.data, recipe="soup")
        with self.assertRaisesRegex(burnish.FileError, "nowhere"):
            burnish.image.train(os.path.join(self.scratch.name, "nowhere"), progress=False, pretrained=False)
        with self.assertRaisesRegex(ValueError, "null byte|NUL"):
            burnish.image.Model("a\0b")

    def test_a_closed_model_raises(self):
        model = self.run_made.model(threads=1)
        model.close()
        with self.assertRaisesRegex(burnish.UsageError, "closed"):
            model.answers("x.png")
        model.close()

    def test_a_model_that_another_thread_uses_raises(self):
        model = self.run_made.model(threads=1)
        paths = [os.path.join(self.data, "valid", "lying", "00.png")] * 200
        errors, begun = [], threading.Event()

        def work():
            begun.set()
            model.probabilities(paths)

        thread = threading.Thread(target=work)
        thread.start()
        begun.wait()
        while thread.is_alive():
            try:
                model._native.facts()
            except burnish.UsageError as error:
                errors.append(str(error))
        thread.join()
        self.assertTrue(errors and "another thread" in errors[0])

    def test_an_exception_in_a_handler_comes_out_as_it_is(self):
        def fail(event):
            if event["event"] == "batch":
                raise KeyError("mine")

        out = os.path.join(self.scratch.name, "failed")
        with self.assertRaisesRegex(KeyError, "mine"):
            burnish.image.train(self.data, out=out, progress=False, callbacks=[fail], **SMALL)

    def test_ctrl_c_keeps_the_state_and_the_run_goes_on_to_the_same_bits(self):
        def interrupt(event):
            if event["event"] == "batch" and event["batch"] == 1 and not done:
                done.append(True)
                signal.raise_signal(signal.SIGINT)

        done = []
        out = os.path.join(self.scratch.name, "interrupted")
        with self.assertRaises(KeyboardInterrupt):
            burnish.image.train(self.data, out=out, progress=False, callbacks=[interrupt], **SMALL)
        self.assertTrue(os.path.exists(os.path.join(out, "state.safetensors")))
        run = burnish.image.resume(out, progress=False)
        self.assertEqual(run.path, out)
        with open(os.path.join(out, "model.safetensors"), "rb") as a:
            with open(os.path.join(self.run_folder, "model.safetensors"), "rb") as b:
                self.assertEqual(a.read(), b.read())


if __name__ == "__main__":
    unittest.main()
