# SPDX-License-Identifier: Apache-2.0
"""Writes subwords/*.model, small SentencePiece models, and subwords/pieces.json: what sentencepiece makes of texts with
them. The models learn from Shakespeare's plays (public domain); their rules of normalisation are the few of RULES, as
those of NFKC alone take 240 KB.

Usage: make_subwords.py SHAKESPEARE.txt     needs sentencepiece 0.2 and protobuf
"""
import io
import json
import pathlib
import random
import sys

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as format_of

HERE = pathlib.Path(__file__).resolve().parent / "subwords"
SIZE = 300
# From, to: capitals, ligatures, a letter with its mark apart, full width, a blank of another width, what goes away,
# a longer rule that begins with a shorter one, one code point that becomes several words.
RULES = {**{chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)},
         "\ufb01": "fi", "e\u0301": "\u00e9", "\uff21": "a", "\u3000": " ", "\t": " ", "\u00ad": "",
         "qz": "qu", "qzc\u0301": "C", "\ufdfa": "one two  three", "\u2026": "..."}
MODELS = {
    "unigram": dict(model_type="unigram"),
    "bpe": dict(model_type="bpe"),
    "bytes": dict(model_type="bpe", byte_fallback=True, vocab_size=SIZE + 256),
    "unigram_bytes": dict(model_type="unigram", byte_fallback=True, vocab_size=SIZE + 256, user_defined_symbols=["<a>", "xy"]),
    "user": dict(model_type="bpe", user_defined_symbols=["xxmaj", "xx", "th e", "\u00e9\u00e9"], control_symbols=["<c>"]),
    "plain": dict(model_type="unigram", add_dummy_prefix=False, remove_extra_whitespaces=False, normalization=False),
    "suffix": dict(model_type="bpe", treat_whitespace_as_suffix=True),
}
TEXTS = ["", " ", "   ", "the king", "  The  KING   of\tFrance ", "to be, or not to be", "a", "A\u3000B", "na\u00efve caf\u00e9 cafe\u0301",
         "\ufb01nd the \ufb01re", "qz qzc qzc\u0301 qzd", "\ufdfa", "x\u00adyz", "\u00ad", " \u3000\t", "\u65e5\u672c\u8a9e", "the \u65e5 king \u672c\u8a9e",
         "\U0001f600", "\U0001f600\U0001f601 grin", "xxmaj the xxxmaj", "xx", "th e th ethe", "\u00e9\u00e9\u00e9\u00e9", "<a>xyxy<a", "<unk> <s> </s> <c>",
         "\u2581the\u2581 king", "...\u2026", "1234567890", "line\nend\r\n", "a" * 70, "th" * 40, "<0x41> <0x0A>", "\u0301e\u0301\u0301",
         "KINGRICHARDTHETHIRD", "zqxj zq \u00ff\u0100"]


def rules_file(folder):
    path = folder / "rules.tsv"
    path.write_text("".join("%s\t%s\n" % (" ".join("%X" % ord(c) for c in a), " ".join("%X" % ord(c) for c in b))
                            for a, b in RULES.items()))
    return path


def train(lines, rules, model_type, normalization=True, **more):
    out = io.BytesIO()
    options = dict(vocab_size=SIZE, hard_vocab_limit=False, num_threads=1, minloglevel=2, character_coverage=.999)
    options.update(dict(normalization_rule_tsv=str(rules)) if normalization else dict(normalization_rule_name="identity"))
    options.update(more)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=out, model_type=model_type, **options)
    return out.getvalue()


def amended(model, change):
    """The model with fields changed by hand: what training does not make."""
    proto = format_of.ModelProto.FromString(model)
    change(proto)
    return proto.SerializeToString()


def drop_unneeded(proto):
    """Paths say nothing of the pieces."""
    for name in ("input", "model_prefix"):
        proto.trainer_spec.ClearField(name)


def make_unused(proto):
    """Every fifth piece of several characters may not be used."""
    several = [p for p in proto.pieces if p.type == p.NORMAL and len(p.piece) > 1]
    for piece in several[::5]:
        piece.type = piece.UNUSED


def unescape(proto):
    proto.normalizer_spec.escape_whitespaces = False


def drawn(lines):
    """Lines of the plays, and code points drawn from where the rules are."""
    noise = random.Random(11)
    letters = "".join(RULES) + "the kingof \u65e5<a>xymj\u00e9  \u2581"
    return noise.sample(lines, 30) + ["".join(noise.choices(letters, k=noise.randint(1, 30))) for _ in range(60)]


def main():
    lines = [line for line in pathlib.Path(sys.argv[1]).read_text().split("\n") if line][:6000]
    HERE.mkdir(exist_ok=True)
    rules = rules_file(HERE)
    models = {name: amended(train(lines, rules, **options), drop_unneeded) for name, options in MODELS.items()}
    rules.unlink()
    models["unused"] = amended(models["bpe"], make_unused)
    models["unigram_unused"] = amended(models["unigram"], lambda proto: (make_unused(proto), unescape(proto)))
    texts = TEXTS + drawn(lines)
    golden = {"texts": texts, "models": {}}
    for name, model in models.items():
        (HERE / (name + ".model")).write_bytes(model)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        golden["models"][name] = ["\x01".join(processor.encode(text, out_type=str)) for text in texts]
    (HERE / "pieces.json").write_text(json.dumps(golden, indent=0) + "\n")


if __name__ == "__main__":
    main()
