# SPDX-License-Identifier: Apache-2.0
"""How many pictures a second fastai 2 trains one of torchvision's networks on, as it does by default.

A Learner on random pictures in memory, contiguous, float32, batches of 16; SGD with momentum .9. Prints one JSON line:
{"event": "bench", "peer": "fastai", "images_per_second": median, "minimum", "maximum", ...}."""
import argparse
import json
import statistics
import time
import warnings
from functools import partial

from torch_train import MODELS, new_model

warnings.filterwarnings("ignore")
WARM_UP = 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=7)
    return parser.parse_args()


def main():
    options = arguments()
    import fastai
    import torch
    from fastai.vision import all as vision
    torch.set_num_threads(options.threads)
    vision.set_seed(0)
    count = options.batch_size * (options.steps + WARM_UP)
    pictures = torch.randn(options.batch_size, 3, options.size, options.size)
    pairs = [(pictures[i % options.batch_size], i % 1000) for i in range(count)]
    loaders = vision.DataLoaders.from_dsets(pairs, pairs[:options.batch_size], bs=options.batch_size, num_workers=0)
    ends = []

    class Clock(vision.Callback):
        order = 1000

        def after_batch(self):
            if self.training:
                ends.append(time.perf_counter())

    learner = vision.Learner(loaders, new_model(options.model), loss_func=vision.CrossEntropyLossFlat(),
                             opt_func=partial(vision.SGD, mom=.9), cbs=[Clock()])
    with learner.no_bar(), learner.no_logging():
        learner.fit(1, 1e-3)
    rates = [options.batch_size / (b - a) for a, b in zip(ends[WARM_UP - 1:], ends[WARM_UP:])]
    print(json.dumps({"event": "bench", "peer": "fastai", "version": fastai.__version__, "model": options.model, "mode": "train",
                      "configuration": "fastai", "images_per_second": statistics.median(rates), "minimum": min(rates),
                      "maximum": max(rates), "batch_size": options.batch_size, "threads": options.threads}))


if __name__ == "__main__":
    main()
