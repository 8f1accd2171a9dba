# SPDX-License-Identifier: Apache-2.0
from functools import partial

from measure import texts
from measure.row import Row

TITLE = "Tokens by length"
ABOUT = """The language model's training step as above with 35, 70 and 140 tokens of each of 64 streams."""


def row(length):
    return Row("tokens/awd-lstm-%d" % length, "AWD-LSTM, training step, %d tokens" % length, "tokens/s",
               ours=partial(texts.ours, length=length), peers=partial(texts.fastai, length=length), precisions=("fp32", "bf16"),
               section="growth", rounds=2, packages=texts.PACKAGES)


ROWS = [row(length) for length in (35, 70, 140)]
