# SPDX-License-Identifier: Apache-2.0
# A script of fast.ai 0.7 on reviews of films, in the form of the course's notebook: a language model, then a classifier
# on its encoder. Run it with
#     python3 -m burnish.fastai07 examples/sentiment.py FOLDER [EMBEDDING HIDDEN LAYERS]
# where FOLDER has train/ and test/, each with a folder pos/ and neg/ of reviews, and all/ of those to learn words from.
from fastai.learner import *
import torchtext
from torchtext import data
from fastai.nlp import *
from fastai.lm_rnn import *

PATH = sys.argv[1]
em_sz, nh, nl = [int(one) for one in sys.argv[2:5]] or [200, 500, 3]
bs, bptt = 64, 70
TEXT = data.Field(lower=True, tokenize="spacy")
FILES = dict(train="train/all", validation="test/all", test="test/all")
md = LanguageModelData.from_text_files(PATH, TEXT, **FILES, bs=bs, bptt=bptt, min_freq=10)
len(md.trn_dl), md.nt, len(TEXT.vocab)

# The language model.
opt_fn = partial(optim.Adam, betas=(0.7, 0.99))
learner = md.get_model(opt_fn, em_sz, nh, nl, dropouti=0.05, dropout=0.05, wdrop=0.1, dropoute=0.02, dropouth=0.05)
learner.reg_fn = partial(seq2seq_reg, alpha=2, beta=1)
learner.clip = 0.3
learner.fit(3e-3, 2, wds=1e-6, cycle_len=1, cycle_mult=2)
learner.save_encoder("enc")

# The classifier, from its encoder.
LABEL = data.Field(sequential=False)
splits = torchtext.datasets.IMDB.splits(TEXT, LABEL, PATH)
t = splits[0].examples[0]
t.label, t.text[:40]
md2 = TextData.from_splits(PATH, splits, bs)
m3 = md2.get_model(opt_fn, 1500, bptt, emb_sz=em_sz, n_hid=nh, n_layers=nl, dropout=0.1, dropouti=0.4, wdrop=0.5, dropoute=0.05,
                   dropouth=0.3)
m3.reg_fn = partial(seq2seq_reg, alpha=2, beta=1)
m3.load_encoder("enc")
m3.clip = 25.0
lrs = np.array([1e-4] * nl + [1e-3, 1e-2])
m3.freeze_to(-1)
m3.fit(lrs / 2, 1, metrics=[accuracy])
m3.unfreeze()
m3.fit(lrs, 1, metrics=[accuracy], cycle_len=1)
m3.fit(lrs, 2, metrics=[accuracy], cycle_len=1, cycle_save_name="imdb2")
m3.load_cycle("imdb2", 1)
m3.sched.plot_loss()
accuracy_np(*m3.predict_with_targs())
