# SPDX-License-Identifier: Apache-2.0
"""How many tokens a second fastai 2 trains its AWD-LSTM language model on: 400 / 1152 / 3 layers, 10,000 words.

    bench/peers/fastai_language_model.py --length 72 --batch-size 64

Random tokens in memory; a Learner as language_model_learner makes it (Adam, both regularisers, all five dropouts). In
bf16 under CPU autocast, which fastai's own to_bf16 is not. Prints one JSON line: {"event": "bench", "peer": "fastai",
"tokens_per_second": median, "minimum", "maximum", ...}."""
import argparse
import json
import statistics
import time
import warnings

warnings.filterwarnings("ignore")
VOCABULARY, WARM_UP = 10000, 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--length", type=int, default=72)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=7)
    return parser.parse_args()


def new_learner(options, text, torch, callbacks):
    from fastai.text.models.awdlstm import awd_lstm_lm_split
    tokens = options.length * options.batch_size * (options.steps + WARM_UP) + 1
    torch.manual_seed(0)
    loader, valid = (text.LMDataLoader([torch.randint(0, VOCABULARY, (count,))], bs=options.batch_size, seq_len=options.length)
                     for count in (tokens, options.length * options.batch_size + 1))
    model = text.get_language_model(text.AWD_LSTM, VOCABULARY)
    return text.LMLearner(text.DataLoaders(loader, valid), model, loss_func=text.CrossEntropyLossFlat(),
                          splitter=awd_lstm_lm_split, cbs=callbacks)


def main():
    options = arguments()
    import fastai
    import torch
    from fastai.text import all as text
    torch.set_num_threads(options.threads)
    ends = []

    class Clock(text.Callback):
        order = 1000

        def after_batch(self):
            if self.training:
                ends.append(time.perf_counter())

    class Autocast(text.Callback):
        order = 10

        def before_batch(self):
            self.context = torch.autocast("cpu", dtype=torch.bfloat16)
            self.context.__enter__()

        def after_pred(self):
            self.learn.pred = text.to_float(self.pred)

        def after_loss(self):
            self.context.__exit__(None, None, None)

    learner = new_learner(options, text, torch, [Clock()] + ([Autocast()] if options.precision == "bf16" else []))
    with learner.no_bar(), learner.no_logging():
        learner.fit(1, 1e-3)
    rates = [options.length * options.batch_size / (b - a) for a, b in zip(ends[WARM_UP - 1:], ends[WARM_UP:])]
    print(json.dumps({"event": "bench", "peer": "fastai", "version": fastai.__version__, "mode": "language-model",
                      "configuration": "fastai", "tokens_per_second": statistics.median(rates), "minimum": min(rates),
                      "maximum": max(rates), "batch_size": options.batch_size, "length": options.length,
                      "precision": options.precision, "threads": options.threads}), flush=True)


if __name__ == "__main__":
    main()
