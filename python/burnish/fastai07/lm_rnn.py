# SPDX-License-Identifier: Apache-2.0
"""Of 0.7's networks of texts: descriptions of them, and what a learner takes as reg_fn."""
from .names import finish, unsupported


def seq2seq_reg(output, xtra, loss, alpha=0, beta=0):
    """The penalties on the last layer's states (alpha) and on their changes (beta): learn.reg_fn = partial(seq2seq_reg,
    alpha=2, beta=1). It is computed by the library."""
    unsupported("seq2seq_reg(...) of tensors", "learn.reg_fn = partial(seq2seq_reg, alpha=2, beta=1)")


class Described:
    """A network that an RNN_Learner makes: what was said of it. It has no weights of its own."""

    def __init__(self, name, options, classes=0):
        self.name, self.options, self.classes = name, options, classes

    def cuda(self, *arguments):
        return self

    reset = eval = train = cuda

    def __call__(self, *arguments):
        unsupported(f"{self.name}(...) as a PyTorch module", "RNN_Learner trains it, learn.predict() has its answers")

    def load_state_dict(self, state_dict):
        unsupported(f"load_state_dict of {self.name}", "learn.load, learn.load_encoder, and learn.model of a language model")

    state_dict = load_state_dict

    def __repr__(self):
        return f"<{self.name}: {self.options}>"


def _encoder(emb_sz, n_hid, n_layers, dropout, dropouth, dropouti, dropoute, wdrop, qrnn):
    return {"embedding": int(emb_sz), "hidden": int(n_hid), "layers": int(n_layers), "output_dropout": float(dropout), "qrnn": qrnn,
            "hidden_dropout": float(dropouth), "input_dropout": float(dropouti), "word_dropout": float(dropoute),
            "weight_dropout": float(wdrop)}


def get_language_model(n_tok, emb_sz, n_hid, n_layers, pad_token, dropout=0.4, dropouth=0.3, dropouti=0.5, dropoute=0.1, wdrop=0.5,
                       tie_weights=True, qrnn=False, bias=False):
    """An AWD-LSTM, or of quasi-recurrent layers, with a decoder."""
    return Described("get_language_model", {**_encoder(emb_sz, n_hid, n_layers, dropout, dropouth, dropouti, dropoute, wdrop, qrnn),
                                            "untied": not tie_weights, "decoder_bias": bias})


def get_rnn_classifer(bptt, max_seq, n_class, n_tok, emb_sz, n_hid, n_layers, pad_token, layers, drops, bidir=False, dropouth=0.3,
                      dropouti=0.5, dropoute=0.1, wdrop=0.5, qrnn=False):
    """A classifier on such layers: texts in chunks of bptt, of which the last max_seq numbers are kept; a head of `layers`
    (3 emb_sz, perhaps a hidden one, n_class) with the dropouts `drops` before each."""
    layers, drops = [int(one) for one in layers], [float(one) for one in drops]
    if bidir:
        unsupported("bidir= of get_rnn_classifer", "two classifiers, one of them on texts that are backwards")
    if layers[0] != 3 * emb_sz or layers[-1] != n_class or len(drops) != len(layers) - 1:
        raise AssertionError(f"get_rnn_classifer: layers {layers} and drops {drops}; expected [{3 * emb_sz}, ..., {n_class}], and a "
                             "dropout before each but the first")
    if not 2 <= len(layers) <= 3:
        unsupported(f"a head of layers {layers}", "one hidden layer, or none")
    options = {**_encoder(emb_sz, n_hid, n_layers, drops[0], dropouth, dropouti, dropoute, wdrop, qrnn), "chunk": int(bptt),
               "kept": int(max_seq), "head": layers[1] if len(layers) == 3 else 0}
    if len(layers) == 3:
        options["head_dropout"] = drops[1]
    return Described("get_rnn_classifer", options, int(n_class))


get_rnn_classifier = get_rnn_classifer
finish(globals(), "lm_rnn")
