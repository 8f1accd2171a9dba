# SPDX-License-Identifier: Apache-2.0
"""Writes the goldens of tests/data/test_text_*.c with fastai 2 and spaCy.

    python3 -m venv build/venv && build/venv/bin/pip install fastai spacy pandas
    build/venv/bin/python tests/golden/make_texts.py [FOLDER/text/imdb/train.csv.gz]

tokens.json: texts made here, with fastai's tokens by its BaseTokenizer ("blanks"), by its SpacyTokenizer
("words"), and 0.7's (its regular expressions, then spaCy). words.json: the vocabulary that make_vocab makes of
counted tokens. batches.json: what LMDataLoader hands out, and the order that SortedDL keeps. imdb.json: for the
first 1,000 reviews of the slice the head of a digest of each review's tokens by BaseTokenizer, and spaCy's tokens
counted."""
import collections
import hashlib
import html
import json
import pathlib
import random
import re
import sys

import fastai
import spacy
import torch
from fastai.text.core import BaseTokenizer, SpacyTokenizer, TokenizeWithRules
from fastai.text.data import LMDataLoader, make_vocab
from fastai.data.core import Datasets

folder = pathlib.Path(__file__).parent / "texts"
folder.mkdir(exist_ok=True)
print("fastai", fastai.__version__, "spacy", spacy.__version__)

TEXTS = [
    "Plain words.", "The QUICK brown Fox", "I am A B", "iPhone ÉCOLE École NASA's X-RAY McDonald",
    "HELLO, WORLD! (OK) U.S.A. Mr. Smith", "soooo goooood!!!! ....", "a...b ... c", "ha ha ha", "ha ha ha ha! ha",
    "the the the, the the theme the the the the", "no no  no\tno no. yes yes yes", "x x", " lead and trail ",
    "\n\n\nlines\n\n\nlines", "word  word\u00a0word word\u2003word", "a/b#c\\d //// ##", "tabs\tand\r\nreturns",
    "it&#39;s &quot;fine&quot; &amp; &lt;b&gt; &eacute;t&eacute &#233; &#xe9; &#x80; &notit; &bogus; &; &#0; &#1114112; & end",
    "one<br /><br />two<br/>three<BR>four", "say \\\"hi\\\" to @.@ them @-@ all <unk> #39; amp; nbsp; #36;5",
    "ΣΑΣ ΑΣ. Σ ΑΣ'Α İstanbul ǅ ß ẞ", "日本語 テキスト 日本語 日本語 日本語", "naïve café ÀÀÀÀ ééé", "😀😀😀 😀 👍🏽👍🏽👍🏽",
    "don't can't won't I'm you're he'd've they'll it's let's y'all cannot gonna gotta wanna", "Don’t can’t it’s I’m",
    "rock'n'roll 'tis 'twas \"quoted\" 'single' ``ticks''", "well-known 1990-1995 a--b mother-in-law -- - —x—y",
    "$5.00 £10 5km 10% 3.14 1,000 a,b 7:30pm 10am 5th 1980s", "e.g. i.e. vs. a.m. etc. end.next end.Next x.",
    "www.imdb.com http://a.b/c?d=e me@x.org a.b.c (www.site.co.uk).", ":) :-( ;-) <3 =) :p xD o_O :-/",
    "(8/10) 8/10 [sic] {x} <tag> a=b c<d e>f *star* _under_ ~x", "wait... what?! no!!! yes??? so..", "a+b 1+2 2*3 4^5 C++ +5",
    "thiswillnot dont cant wont im ive hes shes thats whats whos id", "A\n\nB \n C  D   E", "xxbos xxup xxmaj tokens",
    "O'Brien's ma'am o'clock 'em 'cause goin' nothin'", "50° 20°C. 5°f x° 3m² ½ 2nd", "…… … a…b", "“curly” ‘quotes’ «x» „y“",
    "END", "a", "?", "aaa", "aa", "AAA", "Aaa", "AAAA bbb CCC",
]


def fixup07(x):
    for a, b in [("#39;", "'"), ("amp;", "&"), ("#146;", "'"), ("nbsp;", " "), ("#36;", "$"), ("\\n", "\n"), ("quot;", "'"),
                 ("<br />", "\n"), ('\\"', '"'), ("<unk>", "u_n"), (" @.@ ", "."), (" @-@ ", "-"), ("\\", " \\ ")]:
        x = x.replace(a, b)
    return re.sub(r"  +", " ", html.unescape(x))


def rules07(s):
    s = re.sub(r"(\S)(\1{3,})", lambda m: " tk_rep %d %s " % (len(m[2]) + 1, m[1]), s)
    s = re.sub(r"(\b\w+\W+)(\1{3,})", lambda m: " tk_wrep %d %s " % (len(m[2].split()) + 1, m[1]), s)
    s = "".join(" t_up " + w.lower() if w.isupper() and len(w) > 2 else w.lower() for w in re.findall(r"\w+|\W+", s))
    s = re.sub(r" {2,}", " ", re.sub(r"([/#])", r" \1 ", s))
    return re.sub(r"<\s*br\s*/?>", "\n", s, flags=re.I)


def write_tokens(path):
    english = spacy.blank("en")
    blanks = [[t for t in tokens if t] for tokens in TokenizeWithRules(BaseTokenizer())(TEXTS)]
    words = [list(tokens) for tokens in TokenizeWithRules(SpacyTokenizer())(TEXTS)]
    old = [[t.text.replace(" ", "▁") for t in english.tokenizer(rules07(fixup07("xfld 1 " + text)))] for text in TEXTS]
    rows = [{"text": t, "blanks": b, "words": w, "fastai07": o} for t, b, w, o in zip(TEXTS, blanks, words, old)]
    path.write_text(json.dumps(rows, indent=0, ensure_ascii=True) + "\n")


def write_words(path):
    draw = random.Random(5)
    names = ["w%d" % i for i in range(60)] + ["xxmaj", "xxup", "xxbos"]
    tokens = [draw.choice(names[:1 + draw.randrange(len(names))]) for _ in range(900)] + ["xxmaj"] * 50
    count = collections.Counter(tokens)
    cases = [{"min_freq": f, "max_vocab": m, "words": make_vocab(count, f, m)} for f, m in [(3, 60000), (10, 30), (1, 24), (2, 40)]]
    path.write_text(json.dumps({"tokens": tokens, "cases": cases}) + "\n")


def batches_of(documents, size, length):
    items = Datasets([torch.tensor(d) for d in documents], [[lambda x: x]])
    loader = LMDataLoader(items, lens=[len(d) for d in documents], bs=size, seq_len=length, shuffle=False)
    return [{"inputs": x.tolist(), "targets": y.tolist()} for x, y in loader]


def write_batches(path):
    draw = random.Random(7)
    documents = [[draw.randrange(100) for _ in range(draw.choice([1, 2, 5, 17, 40, 120]))] for _ in range(23)]
    shown = [[0] + d for d in documents]  # 0: the mark of the beginning
    cases = [{"batch_size": b, "length": t, "batches": batches_of(shown, b, t)} for b, t in [(4, 10), (7, 72), (3, 1), (5, 13)]]
    path.write_text(json.dumps({"documents": documents, "cases": cases}) + "\n")


def write_imdb(source, path):
    import pandas
    texts = list(pandas.read_csv(source).text[:1000])
    heads = []
    for tokens in TokenizeWithRules(BaseTokenizer())(texts):
        heads.append(hashlib.sha256("\x01".join(t for t in tokens if t).encode()).hexdigest()[:8])
    words = [hashlib.sha256("\x01".join(tokens).encode()).hexdigest()[:8] for tokens in TokenizeWithRules(SpacyTokenizer())(texts)]
    path.write_text(json.dumps({"blanks": "".join(heads), "words": "".join(words)}) + "\n")


write_tokens(folder / "tokens.json")
write_words(folder / "words.json")
write_batches(folder / "batches.json")
if len(sys.argv) > 1:
    write_imdb(sys.argv[1], folder / "imdb.json")
