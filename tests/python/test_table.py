# SPDX-License-Identifier: Apache-2.0
import os
import random
import tempfile
import unittest

import burnish
import numpy


class TableJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.path = os.path.join(cls.scratch.name, "houses.csv")
        draw = random.Random(5)
        with open(cls.path, "w", encoding="utf-8") as file:
            file.write("town,rooms,area,dear\n")
            for _ in range(600):
                town = draw.choice(["Ähtäri", "Basel", "Cork"])
                area = draw.uniform(20, 200)
                dear = area * {"Ähtäri": 1, "Basel": 3, "Cork": 2}[town] > 200
                file.write(f"{town},{draw.randrange(1, 6)},{area:.1f},{'yes' if dear else 'no'}\n")
        cls.made = burnish.table.train(cls.path, "dear", out=os.path.join(cls.scratch.name, "run"), epochs=10, seed=1,
                                       threads=1, progress=False, hidden=[32, 16])

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_it_learns_the_rule(self):
        self.assertGreater(self.made.metrics["accuracy"], 0.9)

    def test_a_row_is_answered_as_in_a_table(self):
        model = self.made.model(threads=1)
        self.assertEqual(model.classes, ["no", "yes"])
        whole = model.predict(self.path)
        self.assertEqual(whole.shape, (600, 2))
        with open(self.path, encoding="utf-8") as file:
            names, first = [line.rstrip("\n").split(",") for line in list(file)[:2]]
        row = dict(zip(names, first))
        numpy.testing.assert_allclose(model.predict_row(row), whole[0], atol=1e-5)
        self.assertAlmostEqual(model.evaluate(self.path)["accuracy"],
                               float((whole.argmax(1) == self._truth()).mean()))

    def _truth(self):
        with open(self.path, encoding="utf-8") as file:
            return numpy.array([line.rstrip("\n").endswith("yes") for line in list(file)[1:]], int)

    def test_embeddings_have_a_vector_a_value(self):
        names, vectors = self.made.model(threads=1).embeddings()["town"]
        self.assertEqual(names, ["#na#", "Basel", "Cork", "Ähtäri"])
        self.assertEqual(vectors.shape[0], 4)

    def test_wrong_things_raise_and_name_what_is_wrong(self):
        with self.assertRaisesRegex(burnish.InputError, "price"):
            burnish.table.train(self.path, "price", progress=False)
        with self.assertRaisesRegex(burnish.UsageError, "list of names"):
            burnish.table.train(self.path, "dear", categories="town", progress=False)
        with self.assertRaisesRegex(burnish.UsageError, "split: there is no sideways"):
            burnish.table.train(self.path, "dear", split="sideways", progress=False)
        narrow = os.path.join(self.scratch.name, "narrow.csv")
        with open(narrow, "w", encoding="utf-8") as file:
            file.write("town,rooms\nCork,2\n")
        with self.assertRaisesRegex(burnish.InputError, "area"):
            self.made.model(threads=1).predict(narrow)


if __name__ == "__main__":
    unittest.main()
