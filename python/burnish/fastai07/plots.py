# SPDX-License-Identifier: Apache-2.0
"""Pictures of results; matplotlib and PIL are needed for those that show pictures."""
from .imports import *  # noqa: F401,F403
from .names import finish


def plot_confusion_matrix(cm, classes, normalize=False, title="Confusion matrix", cmap=None, figsize=None):
    cm = np.asarray(cm)
    plt.figure(figsize=figsize)
    plt.imshow(cm, interpolation="nearest", cmap=cmap or plt.cm.Blues)
    plt.title(title)
    plt.colorbar()
    plt.xticks(range(len(classes)), classes, rotation=45)
    plt.yticks(range(len(classes)), classes)
    shown = cm / cm.sum(1, keepdims=True) if normalize else cm
    for row, column in itertools.product(*map(range, cm.shape)):
        plt.text(column, row, f"{shown[row, column]:.2f}" if normalize else int(cm[row, column]), ha="center",
                 color="white" if cm[row, column] > cm.max() / 2 else "black")
    plt.tight_layout()
    plt.ylabel("True label")
    plt.xlabel("Predicted label")


def plots(ims, figsize=(12, 6), rows=1, interp=False, titles=None, maintitle=None):
    figure = plt.figure(figsize=figsize)
    if maintitle is not None:
        plt.suptitle(maintitle, fontsize=16)
    for place, picture in enumerate(ims):
        axes = figure.add_subplot(rows, math.ceil(len(ims) / rows), place + 1)
        axes.axis("off")
        if titles is not None:
            axes.set_title(titles[place], fontsize=16)
        axes.imshow(picture, interpolation=None if interp else "none")


def load_img_id(ds, idx, path):
    from PIL import Image

    return np.array(Image.open(os.path.join(path, ds.fnames[idx])).convert("RGB"))


def plots_from_files(imspaths, figsize=(10, 5), rows=1, titles=None, maintitle=None):
    from PIL import Image

    plots([np.array(Image.open(path).convert("RGB")) for path in imspaths], figsize, rows, titles=titles, maintitle=maintitle)


class ImageModelResults:
    """Which pictures were answered best and worst; ds is learn.data.val_ds."""

    def __init__(self, ds, log_preds):
        self.ds = ds
        self.probs = np.exp(np.asarray(log_preds))
        self.preds = self.probs.argmax(1)

    def _order(self, y, right, values):
        rows = np.flatnonzero(((self.preds == self.ds.y) == right) & (np.asarray(self.ds.y) == y))
        return rows[np.argsort(values[rows])]

    def most_correct(self, y, n=4):
        """Rows of class y that were answered right, the surest first."""
        return self._order(y, True, -self.probs[:, y])[:n]

    def most_incorrect(self, y, n=4):
        return self._order(y, False, self.probs[:, y])[:n]

    def most_uncertain(self, n=4):
        return np.argsort(np.sort(self.probs, 1)[:, -1])[:n]

    def _plot(self, rows):
        path = self.ds._path
        plots([load_img_id(self.ds, row, path) for row in rows], titles=[f"{self.probs[row].max():.3f}" for row in rows])

    def plot_most_correct(self, y):
        self._plot(self.most_correct(y))

    def plot_most_incorrect(self, y):
        self._plot(self.most_incorrect(y))

    def plot_most_uncertain(self):
        self._plot(self.most_uncertain())


finish(globals(), "plots")
