# SPDX-License-Identifier: Apache-2.0
"""Scripts of 2018's second course on texts, written from what they were: numbers in, a language model, a classifier."""
import collections
import doctest
import io
import math
import os
import tempfile
import unittest
import warnings
from contextlib import redirect_stdout

import burnish
import legacy_weights
import numpy
import words
from burnish.fastai07 import nlp, text, traps
from burnish.fastai07.text import *

SOURCE = os.environ.get("BURNISH_SOURCE", "")


class Tokens(unittest.TestCase):
    def test_examples_in_the_text_are_true(self):
        for module in (text, nlp):
            failed, tried = doctest.testmod(module, verbose=False)
            self.assertEqual((failed, tried > 0), (0, True))

    def test_texts_become_words_and_marks(self):
        texts = ["\nxbos xfld 1 The QUEEN said: no no no no no!", "", "A/B isn't #1...  <BR>Ähtäri", "x\0y"]
        found = Tokenizer().proc_all_mp(partition_by_cores(texts))
        self.assertEqual(found[0], ["\n", "xbos", "xfld", "1", "the", "t_up", "queen", "said", ":", "tk_wrep", "4", "no", "no", "!"])
        self.assertEqual(found[1], [])
        self.assertEqual(found[2][:6], ["a", "/", "b", "is", "n't", "#"])
        self.assertEqual(found[2][-2:], ["\n", "ähtäri"])
        self.assertEqual(found[3], ["x", "y"])
        self.assertEqual([len(part) for part in (found, Tokenizer.proc_all([]))], [4, 0])
        self.assertEqual(Tokenizer().spacy_tok("It's SOOOO<br/>fine"), ["It", "'s", "SOOOO", "\n", "fine"])
        with self.assertRaisesRegex(burnish.UnsupportedError, "lang='fr'"):
            Tokenizer("fr")

    def test_tokens_become_numbers_by_how_often_they_are(self):
        int2tok, tok2int = numericalize_tok([["a", "b", "a"], ["c", "a", "b"]], max_vocab=3, min_freq=1)
        self.assertEqual(int2tok[4:], ["a", "b"])
        self.assertEqual([tok2int[one] for one in ("a", "b", "c", "_pad_")], [4, 5, 3, 1])

    def test_samplers_go_by_length(self):
        lengths = [3, 9, 1, 7, 7, 2, 8, 4]
        self.assertEqual(list(SortSampler(lengths, key=lambda i: lengths[i])), [1, 6, 3, 4, 7, 0, 5, 2])
        many = numpy.random.RandomState(1).randint(1, 500, 1000)
        order = list(SortishSampler(many, key=lambda i: many[i], bs=4))
        self.assertEqual(sorted(order), list(range(1000)))
        self.assertEqual(many[order[0]], many.max())
        spread = [numpy.ptp(many[order[i : i + 4]]) for i in range(0, 1000, 4)]
        self.assertLess(numpy.median(spread), 20)  # 450 or so where they are not sorted
        self.assertNotEqual(order, list(SortishSampler(many, key=lambda i: many[i], bs=4)))
        self.assertEqual(list(SortishSampler([], key=len, bs=4)), [])

    def test_folders_are_labels(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, texts in (("neg", ["bad"]), ("pos", ["good", "fine"])):
                os.mkdir(os.path.join(folder, name))
                for i, one in enumerate(texts):
                    with open(os.path.join(folder, name, f"{i}.txt"), "w") as file:
                        file.write(one)
            texts, labels = texts_labels_from_folders(Path(folder), ["neg", "pos"])
        self.assertEqual((texts, labels.tolist()), (["bad", "good", "fine"], [0, 1, 1]))


class Learning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.path = cls.scratch.name
        rows = words.reviews(320)
        tokens = Tokenizer().proc_all_mp(partition_by_cores([f"\nxbos xfld 1 {one}" for one, _ in rows]))
        counts = collections.Counter(token for one in tokens for token in one)
        cls.itos = ["_unk_", "_pad_", *(token for token, _ in counts.most_common(1000))]
        stoi = collections.defaultdict(int, {token: number for number, token in enumerate(cls.itos)})
        numbers = [[stoi[token] for token in one] for one in tokens]
        cls.trn, cls.val = numbers[:240], numbers[240:]
        labels = numpy.array([label == "positive" for _, label in rows]).astype(int)
        cls.trn_labels, cls.val_labels = labels[:240], labels[240:]
        cls.vs = len(cls.itos)
        cls.opt_fn = partial(optim.Adam, betas=(0.8, 0.99))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def setUp(self):
        traps.forget()

    def quietly(self, call, *arguments, **keywords):
        with redirect_stdout(io.StringIO()) as out:
            found = call(*arguments, **keywords)
        return found, out.getvalue()

    def language_data(self, **keywords):
        loaders = [LanguageModelLoader(numpy.concatenate(one), 4, 12, **keywords) for one in (self.trn, self.val)]
        return LanguageModelData(self.path, 1, self.vs, *loaders, bs=4, bptt=12)

    def language(self, md=None, layers=2, **keywords):
        drops = numpy.array([0.25, 0.1, 0.2, 0.02, 0.15]) * 0.2
        return (md or self.language_data()).get_model(self.opt_fn, 16, 24, layers, dropouti=drops[0], dropout=drops[1], wdrop=drops[2],
                                                      dropoute=drops[3], dropouth=drops[4], threads=1, seed=3, **keywords)

    def classifier_data(self, sampler=SortSampler, test=None):
        trn_ds, val_ds = TextDataset(self.trn, self.trn_labels), TextDataset(self.val, self.val_labels)
        trn_dl = DataLoader(trn_ds, 8, transpose=True, num_workers=1, pad_idx=1,
                            sampler=SortishSampler(self.trn, key=lambda x: len(self.trn[x]), bs=8))
        val_dl = DataLoader(val_ds, 16, transpose=True, num_workers=1, pad_idx=1,
                            sampler=sampler and sampler(self.val, key=lambda x: len(self.val[x])))
        return ModelData(self.path, trn_dl, val_dl, test)

    def classifier(self, md=None, layers=2, head=(50,), drops=(0.1, 0.1), classes=2, **keywords):
        m = get_rnn_classifer(12, 60, classes, self.vs, emb_sz=16, n_hid=24, n_layers=layers, pad_token=1, layers=[48, *head, classes],
                              drops=list(drops), dropouti=0.1, wdrop=0.1, dropoute=0.02, dropouth=0.1)
        return RNN_Learner(md or self.classifier_data(), TextModel(to_gpu(m)), opt_fn=self.opt_fn, threads=1, seed=3, **keywords)

    def test_a_language_model_then_a_classifier_from_its_encoder(self):
        learner = self.language()
        learner.metrics = [accuracy]
        learner.reg_fn, learner.clip = partial(seq2seq_reg, alpha=2, beta=1), 0.3
        learner.freeze_to(-1)
        (loss, right), shown = self.quietly(learner.fit, 1e-2, 1, wds=1e-7, use_clr=(32, 2), cycle_len=1)
        self.assertEqual(shown.split()[:4], ["epoch", "trn_loss", "val_loss", "accuracy"])
        learner.unfreeze()
        learner.lr_find(start_lr=1e-4, end_lr=1e-2, linear=True)
        (less, right), _ = self.quietly(learner.fit, 1e-2, 1, wds=1e-7, use_clr=(20, 10), cycle_len=2)
        self.assertLess(less, loss)
        self.assertLess(less, math.log(self.vs))
        learner.save_encoder("lm1_enc")
        before = learner.model.state_dict()["0.encoder.weight"]

        learn = self.classifier()
        learn.reg_fn, learn.clip, learn.metrics = partial(seq2seq_reg, alpha=2, beta=1), 25.0, [accuracy]
        learn.load_encoder("lm1_enc")
        learn.freeze_to(-1)
        words_of = learn._learner.parameter("0.encoder.weight")
        known = {word: words_of[number] for number, word in enumerate(burnish_words(learner))}
        numpy.testing.assert_array_equal(known["5"], before[5])
        lrs = numpy.array([1e-3, 1e-2, 1e-2, 3e-2])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", traps.TrapWarning)
            learn.lr_find(lrs / 1000)
        self.quietly(learn.fit, lrs, 1, wds=0, cycle_len=1, use_clr=(8, 3))
        numpy.testing.assert_array_equal(learn._learner.parameter("0.encoder.weight"), words_of)
        learn.save("clas_0")
        learn.load("clas_0")
        learn.unfreeze()
        (loss, right), shown = self.quietly(learn.fit, lrs, 1, wds=0, cycle_len=4, use_clr=(32, 10))
        self.assertGreater(right, 0.9)
        self.assertEqual(len(shown.splitlines()), 5)

        order = list(learn.data.val_dl.sampler)
        with self.assertWarnsRegex(traps.TrapWarning, "order of the sampler"):
            log_preds = learn.predict()
        self.assertAlmostEqual(accuracy(log_preds, self.val_labels[order]), right)
        again, targets = learn.predict_with_targs()
        numpy.testing.assert_array_equal(again, log_preds)
        numpy.testing.assert_array_equal(targets, self.val_labels[order])
        plain = self.classifier(self.classifier_data(sampler=None), models_name="models")
        plain.load("clas_0")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            unsorted, targets = plain.predict_with_targs()
        numpy.testing.assert_array_equal(targets, self.val_labels)
        learn.load("clas_0")
        numpy.testing.assert_allclose(unsorted[order], learn.predict(), atol=1e-6)

    def test_weights_go_in_and_out_by_the_numbers_of_words(self):
        learner = self.language()
        wgts = learner.model.state_dict()
        self.assertEqual(wgts["0.encoder.weight"].shape, (self.vs, 16))
        self.assertEqual(wgts["0.rnns.1.module.weight_hh_l0_raw"].shape, (64, 16))
        draw = numpy.random.RandomState(5)
        new = {name: draw.uniform(-0.1, 0.1, values.shape).astype(numpy.float32) for name, values in wgts.items()}
        new["0.rnns.0.module.weight_hh_l0"] = numpy.zeros(1)  # a copy, as 0.7's files have
        learner.model.load_state_dict(new)
        found = learner.model.state_dict()
        seen = sorted({number for one in self.trn for number in one})
        numpy.testing.assert_array_equal(found["0.encoder.weight"][seen], new["0.encoder.weight"][seen])
        for name in wgts:
            if name.startswith("0.rnns"):
                numpy.testing.assert_array_equal(found[name], new[name])
        by_word = dict(zip(burnish_words(learner), learner._learner.parameter("0.encoder.weight")))
        numpy.testing.assert_array_equal(by_word[str(seen[3])], new["0.encoder.weight"][seen[3]])
        numpy.testing.assert_allclose(by_word["xxunk"], new["0.encoder.weight"].mean(0), rtol=1e-4, atol=1e-7)
        with self.assertRaisesRegex(RuntimeError, r"0.encoder.weight is \(3, 16\)"):
            learner.model.load_state_dict({**new, "0.encoder.weight": numpy.zeros((3, 16))})
        del new["0.rnns.0.module.bias_ih_l0"]
        with self.assertRaisesRegex(KeyError, "missing 0.rnns.0.module.bias_ih_l0; unexpected spare"):
            learner.model.load_state_dict({**new, "spare": numpy.zeros(1)})
        numpy.testing.assert_array_equal(learner.model.state_dict()["0.encoder.weight"], found["0.encoder.weight"])  # none was taken

    def test_weights_are_read_from_files_of_torch(self):
        path = os.path.join(self.path, "fwd.h5")
        given = {"0.encoder.weight": numpy.arange(6, dtype=numpy.float32).reshape(3, 2), "1.decoder.bias": numpy.array([0.5], numpy.float32)}
        legacy_weights.write(path, [(name, values.shape, values.reshape(-1)) for name, values in given.items()])
        found = torch.load(path, map_location=lambda storage, loc: storage)
        self.assertEqual(list(found), list(given))
        for name in given:
            numpy.testing.assert_array_equal(found[name], given[name])
        found["0.encoder.weight"][0] = 7  # they are the caller's
        with self.assertRaises(burnish.Error):
            torch.load(os.path.join(self.path, "nowhere.h5"))
        with self.assertRaisesRegex(burnish.UnsupportedError, "torch.cuda"):
            torch.cuda.is_available()

    def test_streams_are_read_backwards_and_counted(self):
        loader = LanguageModelLoader(numpy.arange(1000), 4, 12)
        self.assertEqual((loader.n, len(loader)), (250, 19))
        md = LanguageModelData(self.path, 1, 1000, loader, LanguageModelLoader(numpy.arange(400), 4, 12))
        self.assertEqual(md.get_model(self.opt_fn, 4, 4, 1, threads=1)._learner.tokens, (1001, 401))  # and a mark of the begin
        forward, back = (self.language(self.language_data(backwards=one), layers=1) for one in (False, True))
        losses = []
        for learner in (forward, back):
            losses.append(self.quietly(learner.fit, 1e-2, 2)[0][0])
        self.assertNotEqual(losses[0], losses[1])
        with self.assertRaisesRegex(IndexError, "0 to 999; expected 0 to 9"):
            LanguageModelData(self.path, 1, 10, loader, loader)

    def test_texts_have_ends_and_directions(self):
        ds = TextDataset([[1, 2, 3], [4]], [0, 1], backwards=True, sos=8, eos=9)
        self.assertEqual((ds[0][0].tolist(), ds[0][1], len(ds)), ([8, 3, 2, 1, 9], 0, 2))
        self.assertEqual(TextDataset([[1, 2]], [[1]])[0][0].tolist(), [1, 2])

    def test_many_classes_and_texts_that_test(self):
        draw = numpy.random.RandomState(2)
        labels = draw.randint(0, 12, 400)
        labels[labels == 7] = 3  # none is 7
        texts = [[20 + label, *draw.randint(2, 8, 5)] for label in labels]
        test = DataLoader(TextDataset(texts[300:], labels[300:]), 16, sampler=SortSampler(texts[300:], key=lambda i: texts[300 + i][0]))
        md = ModelData(self.path, DataLoader(TextDataset(texts[:300], labels[:300]), 16), DataLoader(TextDataset(texts[300:], labels[300:]), 16),
                       test)
        m = get_rnn_classifier(12, 60, 12, 40, emb_sz=16, n_hid=24, n_layers=1, pad_token=1, layers=[48, 12], drops=[0.1])
        learn = RNN_Learner(md, TextModel(m), opt_fn=self.opt_fn, threads=1, metrics=[accuracy])
        (loss, right), _ = self.quietly(learn.fit, 2e-2, 6)
        self.assertGreater(right, 0.9)
        log_preds, targets = learn.predict_with_targs()
        self.assertEqual((log_preds.shape, md.c), ((100, 12), 12))
        self.assertTrue((log_preds[:, 7] == -numpy.inf).all())
        self.assertAlmostEqual(accuracy(log_preds, targets), right)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", traps.TrapWarning)
            tested, targets = learn.predict_with_targs(True)
        numpy.testing.assert_array_equal(targets, sorted(labels[300:], reverse=True))
        numpy.testing.assert_allclose(tested, log_preds[test.order()], atol=1e-5)

    def test_truths_are_classes_and_the_same_texts_may_validate(self):
        texts = [[20 + i % 2, *range(2, 7)] for i in range(64)]
        loader = DataLoader(TextDataset(texts, numpy.arange(64) % 2 == 1), 16)
        m = get_rnn_classifer(12, 60, 2, 40, emb_sz=16, n_hid=24, n_layers=1, pad_token=1, layers=[48, 2], drops=[0.1])
        learn = RNN_Learner(ModelData(self.path, loader, loader), TextModel(m), opt_fn=self.opt_fn, threads=1, metrics=[accuracy])
        (loss, right), _ = self.quietly(learn.fit, 2e-2, 6)
        self.assertGreater(right, 0.9)
        self.assertEqual(learn.predict_with_targs()[1].tolist(), [0, 1] * 32)

    def test_what_is_not_there_says_so(self):
        learner, md = self.language(), self.language_data()
        learn = self.classifier()
        for call, word in (
                (learner.predict, "predict of a language model"), (lambda: next(iter(md.trn_dl)), "LanguageModelLoader"),
                (lambda: RNN_Learner(md, object()), "PyTorch model"), (lambda: learner.model(1), r"learn.model\(...\)"),
                (lambda: learner.model[0], "layers of learn.model"), (lambda: learn.data.trn_dl.__iter__(), "DataLoader"),
                (lambda: DataLoader([1, 2], 4), "DataLoader of a list"), (lambda: ModelData(".", [], []), "ModelData of a list"),
                (lambda: LanguageModelData(".", 1, 9, [], []), "of a list"), (lambda: TextDataset([[1], [2]], [[0, 1], [1, 0]]), "targets"),
                (lambda: TextDataset([[1]], [0.5]), "float64"), (lambda: self.classifier(head=(50, 50), drops=(0, 0, 0)), "head of layers"),
                (lambda: get_rnn_classifer(1, 1, 2, 9, 4, 4, 1, 1, [12, 2], [0], bidir=True), "bidir"),
                (lambda: RNN_Learner(self.classifier_data(), LanguageModel(get_language_model(9, 4, 4, 1, 1))), "language model on ModelData"),
                (lambda: get_language_model(9, 4, 4, 1, 1)(2), r"get_language_model\(...\)"),
                (lambda: get_language_model(9, 4, 4, 1, 1).load_state_dict({}), "load_state_dict"), (lambda: MultiBatchRNN(1), "MultiBatchRNN"),
                (lambda: RNN_Learner(md, LanguageModel(get_language_model(9, 4, 4, 1, 1)), crit=1), "crit")):
            with self.assertRaisesRegex(burnish.UnsupportedError, word):
                call()
        with self.assertRaisesRegex(AssertionError, r"layers \[40, 2\]"):
            get_rnn_classifer(1, 1, 2, 9, 4, 4, 1, 1, [40, 2], [0])
        with self.assertRaisesRegex(AssertionError, "no test_dl"):
            learn.predict(True)
        learner.save_encoder("wide")
        other = self.classifier(layers=1)
        other.load_encoder("wide")
        with self.assertRaisesRegex(RuntimeError, "an encoder of 2 layers and width 16; expected 1 and 16"):
            other.freeze_to(-1)


class Scripts(unittest.TestCase):
    def test_the_script_of_numbers_runs_as_it_lies(self):
        from burnish.fastai07.__main__ import run
        from test_nlp import write_reviews

        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", traps.TrapWarning)
            write_reviews(folder)
            with redirect_stdout(io.StringIO()) as out:
                left = run(os.path.join(SOURCE, "examples", "reviews.py"), [folder, "8", "8", "1", "8", "12"], os.path.join(folder, "plots"))
            lines = out.getvalue().splitlines()
            self.assertEqual(sum(line.startswith("epoch") for line in lines), 4)
            self.assertGreater(float(lines[-1]), 0.9)
            self.assertEqual((left["learn"].predict().shape, left["itos"][:2]), ((60, 2), ["_unk_", "_pad_"]))
            self.assertTrue(os.path.exists(os.path.join(folder, "models", "clas_2.safetensors")))
            self.assertTrue(os.listdir(os.path.join(folder, "plots")))


def burnish_words(learner):
    return learner._learner.words()


if __name__ == "__main__":
    unittest.main()
