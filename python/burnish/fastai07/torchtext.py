# SPDX-License-Identifier: Apache-2.0
"""What 0.7's scripts of texts take from torchtext, where it is not installed: how texts are read, and examples."""
import importlib.util
import os
import sys
import types


class Vocab:
    """itos: tokens by their number; stoi: numbers by their token."""

    def __init__(self, words):
        self.itos = list(words)
        self.stoi = {word: number for number, word in enumerate(self.itos)}

    def __len__(self):
        return len(self.itos)


class Field:
    """How a text becomes tokens: tokenize is "spacy" (the library's splitter of words), list (characters), a function, or None
    (what stands between blanks)."""

    def __init__(self, sequential=True, lower=False, tokenize=None, **others):
        self.sequential, self.lower, self.tokenize, self.others = sequential, lower, tokenize, others

    def _options(self):
        """How the library reads what `_text` gives."""
        tokens = {"spacy": "words", list: "characters"}.get(self.tokenize, "blanks")
        return {"rules": "none", "tokens": tokens}

    def _text(self, text):
        text = text.lower() if self.lower else text
        if self.tokenize in (None, "spacy", list):
            return text
        return " ".join(token.replace(" ", "_") for token in self.tokenize(text))

    def preprocess(self, text):
        return text


class LabelField(Field):
    def __init__(self, **others):
        super().__init__(sequential=False, **others)


class Example:
    """Its fields are attributes, as they were given."""

    @classmethod
    def fromlist(cls, data, fields):
        self = cls()
        for value, (name, field) in zip(data, fields):
            setattr(self, name, value)
        return self


class Dataset:
    """Examples, and the fields that they have."""

    def __init__(self, examples, fields, **others):
        self.examples, self.fields = list(examples), dict(fields)

    @classmethod
    def splits(cls, path=None, root=".data", train=None, validation=None, test=None, **others):
        """A set for each name that is given, made of path/NAME."""
        path = root if path is None else path
        return tuple(cls(os.path.join(str(path), name), **others) for name in (train, validation, test) if name is not None)

    def __len__(self):
        return len(self.examples)

    def __getitem__(self, place):
        return self.examples[place]

    def __iter__(self):
        return iter(self.examples)


class IMDB(Dataset):
    """A folder of reviews: pos/ and neg/, a file each."""

    def __init__(self, path, text_field, label_field, **others):
        fields, examples = [("text", text_field), ("label", label_field)], []
        for label in ("pos", "neg"):
            folder = os.path.join(path, label)
            for name in sorted(os.listdir(folder)):
                if name.endswith(".txt"):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        examples.append(Example.fromlist([file.read(), label], fields))
        super().__init__(examples, fields)

    @classmethod
    def splits(cls, text_field, label_field, root=".data", train="train", test="test", **others):
        """(train, test) of ROOT/imdb/aclImdb, ROOT/aclImdb or ROOT; nothing is fetched."""
        for path in (os.path.join(root, "imdb", "aclImdb"), os.path.join(root, "aclImdb"), root):
            if os.path.isdir(os.path.join(path, train)):
                return tuple(cls(os.path.join(path, name), text_field, label_field) for name in (train, test))
        raise FileNotFoundError(f"{root}: no folder {train}/ of reviews in it")


def install():
    """`import torchtext` is this, where there is no torchtext."""
    if "torchtext" in sys.modules or importlib.util.find_spec("torchtext") is not None:
        return
    modules = {name: types.ModuleType(name) for name in ("torchtext", "torchtext.data", "torchtext.vocab", "torchtext.datasets",
                                                         "torchtext.datasets.language_modeling")}
    for one in (Field, LabelField, Example, Dataset):
        setattr(modules["torchtext.data"], one.__name__, one)
    modules["torchtext.vocab"].Vocab = Vocab
    modules["torchtext.datasets"].IMDB = IMDB
    for name, module in modules.items():
        sys.modules[name] = module
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(modules[parent], last, module)
