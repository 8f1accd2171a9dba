# SPDX-License-Identifier: Apache-2.0
"""Texts by the names of 2018's second course: texts become numbers in the script, and the numbers a language model and a
classifier. The library takes each number as a word of its own, so that its model files know words by their numbers."""
import tempfile

from .. import _burnish
from .. import text as _text
from . import traps
from .core import *  # noqa: F401,F403
from .dataloader import DataLoader  # noqa: F401
from .dataset import *  # noqa: F401,F403
from .learner import *  # noqa: F401,F403
from .lm_rnn import *  # noqa: F401,F403
from .lm_rnn import get_language_model
from .metrics import *  # noqa: F401,F403
from .names import finish, unsupported
from .nlp import LanguageLearner, RNN_Learner, TextLearner, words_of

# ------------------------------------------------------------------ from texts to tokens


def _split(texts, **options):
    """Lists of the tokens of each text, by the library."""
    texts = [str(text).replace("\0", " ") for text in texts]
    ends, lengths, letters = _burnish.text_split(texts, options)
    places = np.cumsum(np.frombuffer(lengths, dtype=np.uint32), dtype=np.int64).tolist()
    letters, begin, tokens = bytes(letters), 0, []
    for end in places:
        tokens.append(letters[begin:end].decode())
        begin = end
    ends = [0, *np.frombuffer(ends, dtype=np.int64).tolist()]
    return [tokens[ends[i] : ends[i + 1]] for i in range(len(texts))]


class Tokenizer:
    """Words by the library's splitter of English, close to spaCy's, behind 0.7's marks of capitals and repetitions (t_up,
    tk_rep, tk_wrep) and the repairs of the lesson's `fixup`.

    >>> Tokenizer().proc_text("xbos Soooo GOOD, don't miss it!<br />It")
    ['xbos', 's', 'tk_rep', '4', 'o', 't_up', 'good', ',', 'do', "n't", 'miss', 'it', '!', '\\n', 'it']
    """

    def __init__(self, lang="en"):
        _english(lang)

    def spacy_tok(self, x):
        """Words alone, without marks."""
        return _split([self.sub_br(x)], rules="none", tokens="words")[0]

    @staticmethod
    def sub_br(x):
        return re.sub(r"<\s*br\s*/?>", "\n", x, flags=re.IGNORECASE)

    def proc_text(self, s):
        return self.proc_all([s])[0]

    @staticmethod
    def proc_all(ss, lang="en"):
        """A list of tokens for each text."""
        _english(lang)
        return _split(ss, rules="fastai07", tokens="words")

    @staticmethod
    def proc_all_mp(ss, lang="en", ncpus=None):
        """The same of lists of texts, one behind the other."""
        return [tokens for part in ss for tokens in Tokenizer.proc_all(part, lang)]


def _english(lang):
    if lang != "en":
        unsupported(f"Tokenizer(lang={lang!r})", "the library splits English; other languages between blanks, in the script")


def texts_labels_from_folders(path, folders):
    """(texts, numbers of their folders) of path/FOLDER/*.*, files by name."""
    texts, labels = [], []
    for number, folder in enumerate(folders):
        for name in sorted(glob(os.path.join(str(path), str(folder), "*.*"))):
            with open(name, encoding="utf-8") as file:
                texts.append(file.read())
            labels.append(number)
    return texts, np.array(labels).astype(np.int64)


def numericalize_tok(tokens, max_vocab=50000, min_freq=0, unk_tok="_unk_", pad_tok="_pad_", bos_tok="_bos_", eos_tok="_eos_"):
    """(tokens by number, numbers by token, 3 for others) of a list of tokens, or of lists.

    >>> numericalize_tok(["b", "a", "b"])[0]
    ['_bos_', '_pad_', '_eos_', '_unk_', 'b', 'a']
    """
    if isinstance(tokens, str):
        raise ValueError("expected a list of tokens, got a text")
    tokens = [token for one in tokens for token in one] if tokens and isinstance(tokens[0], list) else tokens
    counts = collections.Counter(tokens)
    int2tok = [bos_tok, pad_tok, eos_tok, unk_tok, *(token for token, count in counts.most_common(max_vocab) if count > min_freq)]
    tok2int = collections.defaultdict(lambda: 3, {token: number for number, token in enumerate(int2tok)})
    return int2tok, tok2int


# ------------------------------------------------------------------ sets of numbers


class TextDataset:
    """Texts, each a list of numbers, and their classes; backwards: each from its end; sos, eos: numbers at the ends."""

    def __init__(self, x, y, backwards=False, sos=None, eos=None):
        self.x, self.y, self.backwards, self.sos, self.eos = x, np.asarray(y), backwards, sos, eos
        if self.y.ndim > 1 and 1 not in self.y.shape:
            unsupported(f"TextDataset with targets {self.y.shape}", "one class a text; tags and numbers are learned by burnish.text")
        self.y = self.y.reshape(-1)
        if self.y.dtype.kind not in "iub":
            unsupported(f"TextDataset with targets of {self.y.dtype}", "classes are whole numbers; numbers are learned by burnish.text")
        self.y = self.y.astype(np.int64)
        if len(self.x) != len(self.y):
            raise AssertionError(f"TextDataset: {len(self.x)} texts and {len(self.y)} targets")

    def _numbers(self, place):
        x = np.asarray(self.x[place], dtype=np.int64)
        x = x[::-1] if self.backwards else x
        return np.concatenate([[one] if one is not None else [] for one in (self.sos,)] + [x]
                              + [[one] if one is not None else [] for one in (self.eos,)]).astype(np.int64)

    def __getitem__(self, place):
        return self._numbers(place), self.y[place]

    def __len__(self):
        return len(self.x)


class SortSampler:
    """Places by key, the greatest first."""

    def __init__(self, data_source, key):
        self.data_source, self.key = data_source, key

    def __len__(self):
        return len(self.data_source)

    def __iter__(self):
        return iter(sorted(range(len(self.data_source)), key=self.key, reverse=True))


class SortishSampler:
    """Places in a drawn order that has texts of like length together. The library trains in an order of this kind, which it
    draws itself by the learner's seed."""

    def __init__(self, data_source, key, bs):
        self.data_source, self.key, self.bs = data_source, key, bs

    def __len__(self):
        return len(self.data_source)

    def __iter__(self):
        order, large = np.random.permutation(len(self.data_source)).tolist(), 50 * self.bs
        chunks = [sorted(order[i : i + large], key=self.key, reverse=True) for i in range(0, len(order), large)]
        order = [place for chunk in chunks for place in chunk]
        batches = [order[i : i + self.bs] for i in range(0, len(order), self.bs)]
        if not batches:
            return iter(())
        longest = max(range(len(batches)), key=lambda i: self.key(batches[i][0]))
        batches[0], batches[longest] = batches[longest], batches[0]
        rest = np.random.permutation(len(batches) - 1) + 1
        return iter([place for i in (0, *rest.tolist()) for place in batches[i]])


class LanguageModelLoader:
    """One stream of numbers, for LanguageModelData; its length is batches."""

    def __init__(self, nums, bs, bptt, backwards=False):
        self.nums, self.bs, self.bptt, self.backwards = np.asarray(nums).reshape(-1), bs, bptt, backwards
        if self.nums.dtype.kind not in "iu":
            raise AssertionError(f"LanguageModelLoader: a stream of {self.nums.dtype}; expected whole numbers, np.concatenate(texts)")
        self.n = len(self.nums) // bs

    def _stream(self):
        return self.nums[::-1] if self.backwards else self.nums

    def __len__(self):
        return max(0, self.n // self.bptt - 1)

    def __iter__(self):
        unsupported("going through a LanguageModelLoader", "the library cuts the batches; nums is the stream")


class _Stream:
    def __len__(self):
        return 1


class LanguageModelData:
    """Streams of numbers below n_tok: rows of a language model's batches."""

    def __init__(self, path, pad_idx, n_tok, trn_dl, val_dl, test_dl=None, bs=None, bptt=None, **others):
        for one in (trn_dl, val_dl):
            if not isinstance(one, LanguageModelLoader):
                unsupported(f"LanguageModelData of a {type(one).__name__}", "LanguageModelLoader(numbers, bs, bptt)")
        self.path, self.pad_idx, self.n_tok, self.nt = str(path), pad_idx, n_tok, n_tok
        self.trn_dl, self.val_dl, self.test_dl = trn_dl, val_dl, test_dl
        self.bs, self.bptt = trn_dl.bs, trn_dl.bptt
        self.trn_ds, self.val_ds, self.test_ds = _Stream(), _Stream(), None
        self.is_reg = self.is_multi = False
        for one in (trn_dl, val_dl):
            if len(one.nums) and not 0 <= one.nums.min() <= one.nums.max() < n_tok:
                raise IndexError(f"LanguageModelData: numbers {one.nums.min()} to {one.nums.max()}; expected 0 to {n_tok - 1}")

    def get_model(self, opt_fn, emb_sz, n_hid, n_layers, seed=42, threads=0, **keywords):
        """The learner of an AWD-LSTM, or with qrnn of quasi-recurrent layers."""
        return RNN_Learner(self, LanguageModel(get_language_model(self.n_tok, emb_sz, n_hid, n_layers, self.pad_idx, **keywords)),
                           opt_fn=opt_fn, seed=seed, threads=threads)

    def _learner(self, described, seed, threads, **keywords):
        rows = {"text": [words_of(one._stream()) for one in (self.trn_dl, self.val_dl)], "is_valid": [False, True]}
        options = {**described.options, "rules": "none", "tokens": "blanks", "text_columns": ["text"], "min_freq": 1,
                   "max_vocabulary": self.n_tok + 64, "length": self.bptt, "variable_length": True, "batch_size": self.bs,
                   "seed": seed, "threads": threads}
        return NumberedLanguageLearner._of_rows(self, rows, options, **keywords)

    def __repr__(self):
        return f"<LanguageModelData {self.n_tok} tokens, {len(self.trn_dl)} + {len(self.val_dl)} batches>"


# ------------------------------------------------------------------ networks


class _Grouped:
    """A described network as a learner takes it."""

    def __init__(self, model, name="unnamed"):
        self.model, self.name = model, name


class LanguageModel(_Grouped):
    """What get_language_model describes; layer groups are the layers, then the embedding with the decoder."""


class TextModel(_Grouped):
    """What get_rnn_classifer describes; layer groups are the embedding, the layers, the head."""


class NumberedLanguageLearner(LanguageLearner):
    """A language model of numbers; `learn.model` takes and gives weights by 0.7's names."""

    @property
    def model(self):
        return _Weights(self)


class NumberedTextLearner(TextLearner):
    """A classifier of texts of numbers. What predict gives is in the order of the loader's sampler."""

    @classmethod
    def _of_data(cls, data, described, seed, threads, **keywords):
        if not described.classes:
            unsupported("RNN_Learner of a language model on ModelData", "LanguageModelData")
        rows = {name: list(column) for name, column in (
            ("text", (words_of(ds._numbers(i)) for ds in (data.trn_ds, data.val_ds) for i in range(len(ds)))),
            ("label", (str(one) for ds in (data.trn_ds, data.val_ds) for one in ds.y.tolist())),
            ("is_valid", (part == 1 for part, ds in enumerate((data.trn_ds, data.val_ds)) for one in range(len(ds)))))}
        options = {**described.options, "rules": "none", "tokens": "blanks", "text_columns": ["text"], "label_columns": ["label"],
                   "min_freq": 1, "max_vocabulary": 1 << 24, "batch_size": data.bs, "seed": seed, "threads": threads}

        def make(**more):
            learner = _text.Learner(rows, progress=False, encoder=data._encoder, **options, **more)
            width = learner.parameter("0.encoder.weight").shape[1]
            if (width, learner.groups) != (options["embedding"], options["layers"] + 2):
                raise RuntimeError(f"load_encoder: an encoder of {learner.groups - 2} layers and width {width}; expected "
                                   f"{options['layers']} and {options['embedding']}")
            return learner

        self = cls._of(data, make, **keywords)
        self._width = max(described.classes, data.c)
        return self

    def _by_number(self, answers):
        """A column a class number: those that no text that trains has are impossible."""
        out = np.full((len(answers), self._width), -np.inf, dtype=np.float32)
        out[:, [int(name) for name in self._learner.classes]] = answers
        return out

    def _ordered(self, answers, loader):
        """(answers in the order of a loader, their targets)."""
        order = loader.order()
        if order != list(range(len(loader.dataset))):
            traps.warn("the order of predictions", "they come in the order of the sampler, as their targets of predict_with_targs() do, "
                       "not in that of the texts and val_y: labels[list(sampler)] are theirs")
        return answers[order], loader.dataset.y[order]

    def predict_with_targs(self, is_test=False):
        """(log-probabilities (N, C), classes (N)) of the texts that validate, or of those that test."""
        if not is_test:
            answers = self._by_number(self._learner.answer(self._learner.LOG_PROBABILITIES))
            return self._ordered(answers, self.data.val_dl)
        if self.data.test_ds is None:
            raise AssertionError("predict(True): the data have no test_dl")
        texts = [words_of(self.data.test_ds._numbers(i)) for i in range(len(self.data.test_ds))]
        with tempfile.TemporaryDirectory(prefix="burnish-") as folder, np.errstate(divide="ignore"):
            path = os.path.join(folder, "model.safetensors")
            self._learner.save(path)
            answers = np.log(_text.Model(path).probabilities(texts))
        return self._ordered(self._by_number(answers), self.data.test_dl)

    def predict(self, is_test=False):
        return self.predict_with_targs(is_test)[0]


class _Weights:
    """`learn.model` of a language model: state_dict and load_state_dict, with the words' rows by their numbers."""

    def __init__(self, learner):
        self._learner = learner

    def _parts(self):
        """(the library's learner, numbers of its words, -1 for those that the script has not)."""
        learner, most = self._learner._learner, self._learner.data.n_tok
        return learner, np.array([int(word) if word.isdigit() and int(word) < most else -1 for word in learner.words()])

    def state_dict(self):
        """{0.7's name: array}; rows of numbers that no text that trains has are the mean of the others."""
        learner, numbers = self._parts()
        found = {}
        for name, shape, kind, *others in learner.summary():
            if kind == "buffer":
                continue
            values = learner.parameter(name)
            if name in _BY_WORD:
                known = numbers >= 0
                rows = np.empty((self._learner.data.n_tok, *values.shape[1:]), dtype=np.float32)
                rows[:] = values[known].mean(0)
                rows[numbers[known]] = values[known]
                values = rows
            found[name.replace(".weight_hh_l0_raw", ".module.weight_hh_l0_raw")] = values
        found.setdefault("1.decoder.weight", found["0.encoder.weight"])
        found["0.encoder_with_dropout.embed.weight"] = found["0.encoder.weight"]
        return found

    def load_state_dict(self, state_dict):
        """Takes weights of the same network, as `torch.load` reads them."""
        learner, numbers = self._parts()
        given = {_name_of(name): np.asarray(values, dtype=np.float32) for name, values in state_dict.items() if _name_of(name)}
        wanted = [(name, tuple(shape)) for name, shape, kind, *others in learner.summary() if kind != "buffer"]
        spare = sorted(set(given) - {name for name, _ in wanted} - {"1.decoder.weight"})
        missing = [name for name, _ in wanted if name not in given]
        if spare or missing:
            raise KeyError(f"load_state_dict: missing {', '.join(missing) or 'none'}; unexpected {', '.join(spare) or 'none'}")
        taken = []
        for name, shape in wanted:
            values = given[name]
            expected = (self._learner.data.n_tok, *shape[1:]) if name in _BY_WORD else shape
            if values.shape != expected:
                raise RuntimeError(f"load_state_dict: {name} is {values.shape}; expected {expected}")
            if name in _BY_WORD:
                values = np.concatenate([values, values.mean(0, keepdims=True)])[numbers]  # -1: the mean
            taken.append((name, values))
        for name, values in taken:
            learner.set_parameter(name, values)

    def cuda(self, *arguments):
        return self

    reset = eval = train = cuda

    def __call__(self, *arguments):
        unsupported("learn.model(...)", "learn.predict(), or burnish.lm.Model(file).generate(prompt)")

    def __getitem__(self, place):
        unsupported("the layers of learn.model", "learn.model.state_dict() has their weights")


#: A row a word.
_BY_WORD = ("0.encoder.weight", "1.decoder.weight", "1.decoder.bias")


def _name_of(name):
    """The library's name of one of 0.7's weights; None: it is a copy of another."""
    copies = (name.startswith(("0.encoder_with_dropout.", "0.encoder_dp.")), name.endswith((".module.weight_hh_l0", ".linear.module.weight")))
    if any(copies):
        return None
    if ".linear." in name:
        unsupported("load_state_dict of quasi-recurrent layers", "burnish.lm.Learner(..., encoder=FILE) reads their files")
    return name.replace(".module.weight_hh_l0_raw", ".weight_hh_l0_raw")


finish(globals(), "text")
