# SPDX-License-Identifier: Apache-2.0
import shutil
from functools import partial

from measure import models
from measure.programs import figures
from measure.row import Figure, Row

TITLE = "Fine-tuning end to end"
ABOUT = """EfficientNet-Lite0 on 244 photos of ants and bees: three epochs of the head, three of all layers, batches of 64, four
augmented views of the 153 photos that validate; reading, augmentation and, on our side, the run folder and the report
included, imports of Python not. In the first row batch norms of frozen layers stay as they are, which is Burnish's default
and fastai's `BnFreeze`; in the second they learn, which is fastai's default and Burnish's `--train-bn`."""
DATA = "images/ants_bees"


def ours(run, words):
    epochs = 1 if run.quick else 3
    out = run.place("fine-tuning")
    shutil.rmtree(out, ignore_errors=True)
    run.ours("models", "pull", "efficientnet_lite0")
    done = run.ours("image", "train", run.of_data(DATA), "--arch", "efficientnet_lite0", "--freeze-epochs", epochs, "--epochs",
                    epochs, "--batch-size", 64, "--size", models.size(run), "--tta", 4, "--threads", run.threads, "--out", out,
                    "--json", *words)
    shutil.rmtree(out, ignore_errors=True)
    return [Figure("", done.seconds, {"accuracy": done.events()[-1]["metrics"]["accuracy"]})]


def peers(run, only, words):
    epochs = 1 if run.quick else 3
    events = run.peer("fastai_image.py", run.of_data(DATA), "--frozen-epochs", epochs, "--unfrozen-epochs", epochs, "--threads",
                      run.threads, "--size", models.size(run), *words)
    return figures([event for event in events if event["stage"] == "total"], lambda event: event["seconds"], "fastai ")


def row(name, title, our_words, peers_words):
    return Row("fine-tuning/" + name, "EfficientNet-Lite0, 244 photos, 3 + 3 epochs, TTA; " + title, "s",
               ours=partial(ours, words=our_words), peers=partial(peers, words=peers_words), ratio="time",
               targets={"fp32": (4, 8)}, data=DATA, rounds=2,
               packages=("fastai", "torch", "torchvision", "timm", "pillow"))


ROWS = [row("fixed-norms", "frozen norms fixed", [], ["--fixed-bn"]),
        row("learning-norms", "frozen norms learn", ["--train-bn"], [])]
