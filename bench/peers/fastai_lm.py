# SPDX-License-Identifier: Apache-2.0
"""fastai 2's AWD-LSTM on a tokenised corpus: the answers that `burnish lm train --recipe wikitext2` is held against.

    bench/peers/fastai_lm.py FOLDER [--threads 1] [--seed 42] [--curve FILE.csv]

FOLDER holds train/*.txt and valid/*.txt; a line is a document, blanks stand between tokens. Sizes 200/500/3, the
10,000 most frequent words, half of the dropouts, 64 streams of 72 steps, five epochs on one cycle of .005, gradients
clipped at .1, decay .1: the recipe's options. Prints one JSON line an epoch: {"event": "epoch", "epoch",
"train_loss", "valid_loss", "perplexity", "accuracy", "seconds"}; --curve keeps the loss of every batch."""
import argparse
import json
import math
import time
import warnings
from collections import Counter
from pathlib import Path

warnings.filterwarnings("ignore")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--vocabulary", type=int, default=10000)
    parser.add_argument("--curve", type=Path)
    return parser.parse_args()


def documents(folder):
    for path in sorted(folder.glob("*.txt")):
        with open(path, encoding="utf-8", newline="\n") as file:
            for line in file:
                if words := line.split():
                    yield ["xxbos", *words]


def main():
    options = arguments()
    import torch
    from fastai.callback.core import Callback
    from fastai.callback.training import GradientClip
    from fastai.data.core import DataLoaders
    from fastai.text import all as text
    torch.set_num_threads(options.threads)
    text.set_seed(options.seed)

    texts = {part: list(documents(options.folder / part)) for part in ("train", "valid")}
    words = text.make_vocab(Counter(word for document in texts["train"] for word in document), 1, options.vocabulary)
    numbers = {word: number for number, word in enumerate(words) if word != "xxfake"}
    loaders = DataLoaders(*[
        text.LMDataLoader([text.TensorText([numbers.get(word, 0) for word in document]) for document in texts[part]],
                          lens=[len(document) for document in texts[part]], bs=64, seq_len=72, shuffle=part == "train")
        for part in ("train", "valid")])
    loaders.vocab = words
    print(json.dumps({"event": "start", "words": len(words), "batches": [len(loader) for loader in loaders]}), flush=True)

    class Tell(Callback):
        order = 100

        def before_fit(self):
            self.start = time.process_time()

        def after_epoch(self):
            train_loss, valid_loss, accuracy = self.recorder.log[1:4]
            print(json.dumps({"event": "epoch", "epoch": self.epoch + 1, "train_loss": train_loss, "valid_loss": valid_loss,
                              "perplexity": math.exp(valid_loss), "accuracy": accuracy,
                              "seconds": round(time.process_time() - self.start, 1)}), flush=True)
            self.start = time.process_time()

    config = {**text.awd_lstm_lm_config, "emb_sz": 200, "n_hid": 500, "n_layers": 3}
    learner = text.language_model_learner(loaders, text.AWD_LSTM, config=config, drop_mult=.5, pretrained=False,
                                          metrics=[text.accuracy], wd=.1, cbs=[GradientClip(.1), Tell()])
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(options.epochs, 5e-3, moms=(.8, .7, .8), div=10)
    if options.curve:
        options.curve.write_text("batch,loss\n" + "".join(
            f"{number},{float(loss):.5f}\n" for number, loss in enumerate(learner.recorder.losses, 1)))


if __name__ == "__main__":
    main()
