# SPDX-License-Identifier: Apache-2.0
from measure import texts
from measure.row import Row

TITLE = "Training steps of a language model"
ABOUT = """An AWD-LSTM with an embedding of 400, three layers of 1,152, 10,000 words, on random words: 64 streams, 72 tokens a
step, all five dropouts, both regularisers, Adam; ours with clipped gradients, as its default is. fastai 2 as
`language_model_learner` makes it, in the bf16 row under PyTorch's autocast."""
ROWS = [Row("language-model/awd-lstm", "AWD-LSTM 400/1152/3, 10,000 words, training step", "tokens/s", ours=texts.ours,
            peers=texts.fastai, targets={"fp32": (1.1, 1.2), "bf16": (1.4, 1.6)}, precisions=("fp32", "bf16"),
            packages=texts.PACKAGES)]
