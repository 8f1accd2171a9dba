# SPDX-License-Identifier: Apache-2.0
"""Pictures and what they show."""
import csv
import tempfile

from ..image import TEST, TRAIN, VALID, Data
from .core import _Parts
from .dataloader import DataLoader
from .names import finish, unsupported
from .transforms import *  # noqa: F401,F403


def get_cv_idxs(n, cv_idx=0, val_pct=0.2, seed=42):
    """Numbers of the rows that validate: part cv_idx of a seeded order."""
    order = np.random.RandomState(seed).permutation(n)
    size = int(val_pct * n)
    return order[cv_idx * size : (cv_idx + 1) * size]


def split_by_idx(idxs, *arrays):
    """Of each array (those in idxs, the others)."""
    mask = np.zeros(len(arrays[0]), dtype=bool)
    mask[np.array(idxs)] = True
    return [(array[mask], array[~mask]) for array in arrays]


class ModelData(_Parts):
    """Loaders of texts that train, that validate, and perhaps that test; RNN_Learner learns from it."""

    def __init__(self, path, trn_dl, val_dl, test_dl=None):
        for one in (trn_dl, val_dl, *([test_dl] if test_dl is not None else [])):
            if not isinstance(one, DataLoader):
                unsupported(f"ModelData of a {type(one).__name__}", "DataLoader(TextDataset(...), ...)")
        self.path, self.trn_dl, self.val_dl, self.test_dl = str(path), trn_dl, val_dl, test_dl
        self.trn_ds, self.val_ds, self.test_ds = (one.dataset if one is not None else None for one in (trn_dl, val_dl, test_dl))
        self.bs, self.is_reg, self.is_multi, self._encoder = trn_dl.batch_size, False, False, None
        self.c = int(max(self.trn_ds.y.max(), self.val_ds.y.max())) + 1

    def _learner(self, described, seed, threads, **keywords):
        from .text import NumberedTextLearner

        return NumberedTextLearner._of_data(self, described, seed, threads, **keywords)

    def __repr__(self):
        return f"<ModelData {len(self.trn_ds)} + {len(self.val_ds)} texts>"


class _Part:
    """trn_ds, val_ds, test_ds."""

    def __init__(self, data, split, path):
        self._data, self._split, self._path = data, split, path

    @property
    def fnames(self):
        """Below the data's path."""
        return [os.path.relpath(one, os.path.realpath(self._path)) if os.path.isabs(one) else os.path.relpath(one, self._path)
                for one in self._data.paths(self._split)]

    @property
    def y(self):
        if self._split == TEST:
            return np.zeros(len(self), dtype=np.int64)
        return self._data.targets(self._split)

    def __len__(self):
        return self._data.counts[self._split]


class ImageData(_Parts):
    """What all of ImageClassifierData's forms make."""

    def __init__(self, path, data, bs, tfms, keep=None):
        if tfms[0] is None or tfms[1] is None:
            raise AssertionError("please provide transformations for your train and validation sets")
        self.path, self.bs, self._data, self._keep = path, bs, data, keep
        self.trn_tfms, self.val_tfms = tfms
        self.sz = tfms[0].sz
        self.classes = data.classes
        self.c = len(data.classes)
        self.is_reg = data.target == "numbers"
        self.is_multi = data.target == "tags"
        self.trn_ds, self.val_ds = _Part(data, TRAIN, path), _Part(data, VALID, path)
        self.test_ds = _Part(data, TEST, path) if data.counts[TEST] else None

    def resize(self, targ_sz, new_path="tmp", resume=True):
        """The same data: JPEGs are scaled while they are decoded, so that smaller copies are not needed."""
        return self

    def __repr__(self):
        return f"<ImageData {self._data!r}, {self.sz} pixels, {self.bs} a batch>"


def _as_library_names(path, trn_name, val_name):
    """The folder with train/ and valid/ in it, and what must live as long: links where the names are others."""
    if (trn_name, val_name) == ("train", "valid"):
        return path, None
    links = tempfile.TemporaryDirectory(prefix="burnish-")
    for ours, theirs in (("train", trn_name), ("valid", val_name)):
        os.symlink(os.path.realpath(os.path.join(path, theirs)), os.path.join(links.name, ours))
    return links.name, links


def _from_rows(path, names, answers, val_idxs, test_name, bs, tfms, kind):
    """A list of pictures by name (below path) and what they show, in words."""
    folder = tempfile.TemporaryDirectory(prefix="burnish-")
    val_idxs = get_cv_idxs(len(names)) if val_idxs is None else val_idxs
    validates = set(int(one) for one in val_idxs)
    listed = os.path.join(folder.name, "list.csv")
    with open(listed, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        columns = len(answers[0]) if kind == "numbers" else 1
        writer.writerow(["name", *(f"target{i}" for i in range(columns)), "is_valid"])
        for row, (name, answer) in enumerate(zip(names, answers)):
            writer.writerow([name, *(answer if kind == "numbers" else [answer]), int(row in validates)])
    options = {"images": os.path.realpath(path), "target_type": kind}
    if test_name:
        options["test"] = os.path.join(os.path.realpath(path), test_name)
    return ImageData(path, Data(listed, **options), bs, tfms, folder)


def _inside(path, folder):
    if os.path.isabs(str(folder)) or str(folder).startswith(str(path)):
        raise AssertionError("folder must be relative to path")


class ImageClassifierData(ImageData):
    @classmethod
    def from_paths(cls, path, bs=64, tfms=(None, None), trn_name="train", val_name="valid", test_name=None,
                   test_with_labels=False, num_workers=8):
        """Folders of classes in path/train and path/valid."""
        path = str(path)
        folder, links = _as_library_names(path, trn_name, val_name)
        options = {"test": os.path.realpath(os.path.join(path, test_name))} if test_name else {}
        return ImageData(path, Data(folder, **options), bs, tfms, links)

    @classmethod
    def from_csv(cls, path, folder, csv_fname, bs=64, tfms=(None, None), val_idxs=None, suffix="", test_name=None,
                 continuous=False, skip_header=True, num_workers=8, cat_separator=" "):
        """A list: the stems of files in path/folder, and their labels."""
        path = str(path)
        _inside(path, folder)
        with open(csv_fname, newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row][1 if skip_header else 0 :]
        names = [os.path.join(folder, row[0] + suffix) for row in rows]
        if continuous:
            return _from_rows(path, names, [row[1:] for row in rows], val_idxs, test_name, bs, tfms, "numbers")
        words = [row[1].split(cat_separator) if len(row) > 1 and row[1] else [] for row in rows]
        kind = "label" if all(len(one) == 1 for one in words) else "tags"
        return _from_rows(path, names, [" ".join(one) for one in words], val_idxs, test_name, bs, tfms, kind)

    @classmethod
    def from_names_and_array(cls, path, fnames, y, classes, val_idxs=None, test_name=None, num_workers=8, suffix="",
                             tfms=(None, None), bs=64, continuous=False):
        """Names below path, and the number of each one's class (or numbers, or n-hot rows)."""
        names, y = [str(name) + suffix for name in fnames], np.asarray(y)
        if continuous:
            rows = [list(row) for row in y.reshape(len(names), -1)]
            return _from_rows(str(path), names, rows, val_idxs, test_name, bs, tfms, "numbers")
        if y.ndim == 2:
            rows = [" ".join(classes[k] for k in np.flatnonzero(row)) for row in y]
            return _from_rows(str(path), names, rows, val_idxs, test_name, bs, tfms, "tags")
        return _from_rows(str(path), names, [classes[int(k)] for k in y], val_idxs, test_name, bs, tfms, "label")

    @classmethod
    def from_path_and_array(cls, path, folder, y, classes=None, val_idxs=None, test_name=None, num_workers=8,
                            tfms=(None, None), bs=64):
        """The files of path/folder in the order of the listing, sorted by name."""
        _inside(path, folder)
        names = [os.path.join(folder, name) for name in sorted(os.listdir(os.path.join(path, folder)))]
        classes = [str(one) for one in np.unique(y)] if classes is None else classes
        return cls.from_names_and_array(path, names, y, classes, val_idxs, test_name, num_workers, "", tfms, bs)

    @classmethod
    def from_arrays(cls, *arguments, **keywords):
        unsupported("ImageClassifierData.from_arrays", "write the arrays as files, from_paths or from_csv")


finish(globals(), "dataset")
