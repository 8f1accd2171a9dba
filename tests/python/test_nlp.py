# SPDX-License-Identifier: Apache-2.0
"""0.7's scripts of texts, written from what it was: a language model, and sentiment from its encoder."""
import io
import math
import os
import tempfile
import unittest
import warnings
from contextlib import redirect_stdout

import burnish
import numpy
import words
from burnish.fastai07 import traps
from burnish.fastai07.lm_rnn import seq2seq_reg
from burnish.fastai07.nlp import *
from burnish.fastai07.torchtext import IMDB, Dataset, Example, Field

SOURCE = os.environ.get("BURNISH_SOURCE", "")


def write_reviews(folder):
    """train/ and test/ with pos/, neg/ and all/, as the data of the course's notebook lie."""
    for number, (text, label) in enumerate(words.reviews()):
        part = "test" if number % 4 == 3 else "train"
        for inside in ("all", "pos" if label == "positive" else "neg"):
            where = os.path.join(folder, part, inside)
            os.makedirs(where, exist_ok=True)
            with open(os.path.join(where, f"{number:03}.txt"), "w") as file:
                file.write(text.replace("film", "Film"))


class Texts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", traps.TrapWarning)
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = cls.scratch.name
        write_reviews(cls.folder)
        cls.field = Field(lower=True, tokenize="spacy")
        cls.md = LanguageModelData.from_text_files(cls.folder, cls.field, train="train/all", validation="test/all", test="test/all",
                                                   bs=4, bptt=12, min_freq=1)
        cls.opt_fn = partial(optim.Adam, betas=(0.7, 0.99))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def quietly(self, call, *arguments, **keywords):
        with redirect_stdout(io.StringIO()) as out:
            found = call(*arguments, **keywords)
        return found, out.getvalue()

    def model(self, **keywords):
        return self.md.get_model(self.opt_fn, 16, 24, 1, dropouti=0.05, dropout=0.05, wdrop=0.1, dropoute=0.02, dropouth=0.05,
                                 threads=1, seed=3, **keywords)

    def splits(self):
        return IMDB.splits(self.field, Field(sequential=False), self.folder)

    def classifier(self, **keywords):
        data = TextData.from_splits(self.folder, self.splits(), 16)
        return data.get_model(self.opt_fn, 60, 12, emb_sz=16, n_hid=24, n_layers=1, dropout=0.1, dropouti=0.1, wdrop=0.1,
                              dropoute=0.02, dropouth=0.1, threads=1, seed=3, **keywords)

    def test_the_field_gets_its_words(self):
        self.assertEqual((len(self.field.vocab), self.md.nt), (self.md.nt, self.md.nt))
        self.assertIn("film", self.field.vocab.stoi)  # the capital is gone
        self.assertNotIn("Film", self.field.vocab.stoi)
        self.assertEqual(self.field.vocab.itos[self.field.vocab.stoi["wonderful"]], "wonderful")
        characters = Field(tokenize=list)
        LanguageModelData.from_dataframes(self.folder, characters, "t", {"t": ["abc"] * 60}, {"t": ["cab"] * 60}, bs=2, bptt=4)
        self.assertTrue({"a", "b", "c"} <= set(characters.vocab.itos))
        own = Field(tokenize=lambda text: text.split("-"))
        LanguageModelData.from_dataframes(self.folder, own, 0, {"t": ["one-two three"] * 60}, {"t": ["one-two three"] * 9}, bs=2, bptt=4)
        self.assertTrue({"one", "two_three"} <= set(own.vocab.itos))

    def test_a_language_model_then_a_classifier_from_its_encoder(self):
        learner = self.model()
        learner.reg_fn = partial(seq2seq_reg, alpha=2, beta=1)
        learner.clip = 0.3
        found, shown = self.quietly(learner.fit, 1e-2, 2, wds=1e-6, cycle_len=1, cycle_mult=2, metrics=[accuracy])
        self.assertEqual(shown.split()[:4], ["epoch", "trn_loss", "val_loss", "accuracy"])
        self.assertEqual(len(learner.sched.lrs), 3 * len(self.md.trn_dl))
        self.assertLess(found[0], math.log(self.md.nt))
        learner.save_encoder("enc")
        words_of = learner._learner.parameter("0.encoder.weight")
        m3 = self.classifier()
        m3.reg_fn = partial(seq2seq_reg, alpha=2, beta=1)
        m3.load_encoder("enc")
        m3.clip = 25.0
        m3.freeze_to(-1)
        numpy.testing.assert_array_equal(m3._learner.parameter("0.encoder.weight"), words_of)
        lrs = numpy.array([1e-3, 1e-2, 3e-2])
        (loss, right), shown = self.quietly(m3.fit, lrs / 2, 2, metrics=[accuracy])
        numpy.testing.assert_array_equal(m3._learner.parameter("0.encoder.weight"), words_of)
        self.assertEqual(len(shown.splitlines()), 3)
        self.assertAlmostEqual(accuracy(*m3.predict_with_targs()), right)
        m3.unfreeze()
        (loss, right), _ = self.quietly(m3.fit, lrs, 3, cycle_len=1, cycle_save_name="imdb2")
        self.assertTrue((m3._learner.parameter("0.encoder.weight") != words_of).any())
        self.assertGreater(right, 0.9)
        log_preds, y = m3.predict_with_targs()
        numpy.testing.assert_array_equal(y, m3.data.val_y)
        self.assertEqual(m3.data.classes, ["neg", "pos"])
        numpy.testing.assert_allclose(numpy.exp(log_preds).sum(1), 1, rtol=1e-5)
        self.quietly(m3.fit, lrs, 1)
        m3.load_cycle("imdb2", 2)
        self.assertAlmostEqual(accuracy_np(*m3.predict_with_targs()), right)
        with self.assertRaisesRegex(AssertionError, "size mismatch"):
            m3.fit([1e-3, 1e-2], 1)
        with self.assertRaisesRegex(burnish.UnsupportedError, "load_encoder after"):
            m3.load_encoder("enc")

    def test_dropouts_and_penalties_are_those_of_the_arguments(self):
        one, other, plain = self.model(), self.model(), self.model()
        one.reg_fn = partial(seq2seq_reg, alpha=2, beta=1)
        other.reg_fn = partial(partial(seq2seq_reg, alpha=7), alpha=2, beta=1)
        plain.reg_fn = seq2seq_reg
        losses = []
        for learner in (one, other, plain):
            self.quietly(learner.fit, 1e-2, 1)
            losses.append(learner._learner.parameter("0.encoder.weight"))
        numpy.testing.assert_array_equal(losses[0], losses[1])
        self.assertTrue((losses[0] != losses[2]).any())
        one.save("before")
        one.freeze_to(-1)
        one.reg_fn = None  # the values go over, and what is frozen
        numpy.testing.assert_array_equal(one._learner.parameter("0.encoder.weight"), losses[0])
        self.assertEqual(one._learner._native.facts()["learns"], [False, True])
        one.reg_fn = lambda *arguments: 0
        with self.assertRaisesRegex(burnish.UnsupportedError, "reg_fn"):
            one.fit(1e-2, 1)

    def test_files_and_frames_are_the_same_texts(self):
        def read(part):
            folder = os.path.join(self.folder, part, "all")
            texts = []
            for name in sorted(os.listdir(folder)):
                with open(os.path.join(folder, name)) as file:
                    texts.append(file.read())
            return {"text": texts}

        field = Field(lower=True, tokenize="spacy")
        md = LanguageModelData.from_dataframes(self.folder, field, "text", read("train"), read("test"), bs=4, bptt=12, min_freq=1)
        self.assertEqual(field.vocab.itos, self.field.vocab.itos)
        self.assertEqual(len(md.trn_dl), len(self.md.trn_dl))

    def test_sets_of_ones_own(self):
        label = Field(sequential=False)

        class Mine(Dataset):
            def __init__(self, path, text_field, label_field, **others):
                fields = [("text", text_field), ("label", label_field)]
                rows = words.reviews(60) if path.endswith("trn") else words.reviews(20)
                super().__init__([Example.fromlist([text, name], fields) for text, name in rows], fields, **others)

            @classmethod
            def splits(cls, text_field, label_field, root=".data", train="train", test="test", **others):
                return super().splits(root, text_field=text_field, label_field=label_field, train=train, validation=None, test=test)

        trn, val = Mine.splits(self.field, label, "here", train="trn", test="val")
        self.assertEqual((len(trn), len(val), trn[0].label), (60, 20, words.reviews(1)[0][1]))
        data = TextData.from_splits(self.folder, (trn, val), 8)
        m = data.get_model(self.opt_fn, 60, 12, emb_sz=8, n_hid=8, n_layers=1, threads=1)
        self.assertEqual((m.predict().shape, data.c, data.val_y.tolist()), ((20, 2), 2, m._learner.labels().tolist()))
        m.lr_find()
        self.assertTrue(m.sched.of_finder)

    def test_layers_may_be_quasi_recurrent(self):
        learner = self.model(qrnn=True)
        before = learner._learner.validate()
        self.quietly(learner.fit, 1e-2, 1)
        self.assertNotEqual(learner._learner.validate(), before)
        learner._learner.save(os.path.join(self.folder, "q.safetensors"))
        with open(os.path.join(self.folder, "q.safetensors"), "rb") as file:
            self.assertIn(b'qrnn', file.read(20000))

    def test_what_is_not_there_says_so(self):
        learner = self.model()
        for call in (learner.predict, lambda: self.md.trn_ds[0], lambda: RNN_Learner(self.md, None),
                     lambda: seq2seq_reg(1, 2, 3), lambda: self.quietly(learner.fit, 1e-2, 1, metrics=[recall]),
                     lambda: self.classifier().predict(True), lambda: LanguageModelData.from_dataframes(".", object(), "t", {"t": ["a"]}, {"t": ["a"]})):
            with self.assertRaises(burnish.UnsupportedError):
                call()


class Scripts(unittest.TestCase):
    def test_the_script_of_reviews_runs_as_it_lies(self):
        from burnish.fastai07.__main__ import run

        with tempfile.TemporaryDirectory() as folder:
            write_reviews(folder)
            with redirect_stdout(io.StringIO()) as out:
                left = run(os.path.join(SOURCE, "examples", "sentiment.py"), [folder, "8", "8", "1"], os.path.join(folder, "plots"))
            lines = out.getvalue().splitlines()
            self.assertTrue(0 <= float(lines[-1]) <= 1)
            self.assertEqual(sum(line.startswith("epoch") for line in lines), 4)
            self.assertTrue(os.path.exists(os.path.join(folder, "models", "imdb2_cyc_1.safetensors")))
            self.assertEqual(left["t"].label, "pos")


if __name__ == "__main__":
    unittest.main()
