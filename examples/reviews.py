# SPDX-License-Identifier: Apache-2.0
# A script of fast.ai 0.7 on reviews of films, in the form of the second course's notebook: texts become numbers, the numbers
# a language model, its encoder a classifier; then NB-SVM on the same texts. Run it with
#     python3 -m burnish.fastai07 examples/reviews.py FOLDER [EMBEDDING HIDDEN LAYERS BATCH STEPS]
# where FOLDER has train/ and test/, each with a folder pos/ and neg/ of reviews.
from fastai.text import *
from fastai.nlp import TextClassifierData

PATH = Path(sys.argv[1])
em_sz, nh, nl = [int(one) for one in sys.argv[2:5]] or [400, 1150, 3]
bs, bptt = [int(one) for one in sys.argv[5:7]] or [48, 70]
BOS, FLD, CLASSES = "xbos", "xfld", ["neg", "pos"]

# Tokens, and numbers for them.
trn_texts, trn_labels = texts_labels_from_folders(PATH / "train", CLASSES)
val_texts, val_labels = texts_labels_from_folders(PATH / "test", CLASSES)
trn_tok, val_tok = [Tokenizer().proc_all_mp(partition_by_cores([f"\n{BOS} {FLD} 1 " + one for one in texts]))
                    for texts in (trn_texts, val_texts)]
freq = collections.Counter(p for o in trn_tok for p in o)
itos = ["_unk_", "_pad_"] + [o for o, c in freq.most_common(60000) if c > 2]
stoi = collections.defaultdict(lambda: 0, {v: k for k, v in enumerate(itos)})
trn_num, val_num = [[[stoi[o] for o in p] for p in tok] for tok in (trn_tok, val_tok)]
vs = len(itos)
vs, " ".join(itos[o] for o in trn_num[0][:12])

# The language model.
opt_fn = partial(optim.Adam, betas=(0.8, 0.99))
trn_dl, val_dl = [LanguageModelLoader(np.concatenate(one), bs, bptt) for one in (trn_num, val_num)]
md = LanguageModelData(PATH, 1, vs, trn_dl, val_dl, bs=bs, bptt=bptt)
drops = np.array([0.25, 0.1, 0.2, 0.02, 0.15]) * 0.7
learner = md.get_model(opt_fn, em_sz, nh, nl, dropouti=drops[0], dropout=drops[1], wdrop=drops[2], dropoute=drops[3], dropouth=drops[4])
learner.metrics = [accuracy]
learner.fit(1e-2, 1, wds=1e-7, use_clr=(20, 10, 0.9, 0.7), cycle_len=2)
learner.sched.plot_lr()
learner.save_encoder("lm1_enc")

# The classifier.
trn_samp = SortishSampler(trn_num, key=lambda x: len(trn_num[x]), bs=bs // 2)
val_samp = SortSampler(val_num, key=lambda x: len(val_num[x]))
trn_dl = DataLoader(TextDataset(trn_num, trn_labels), bs // 2, transpose=True, num_workers=1, pad_idx=1, sampler=trn_samp)
val_dl = DataLoader(TextDataset(val_num, val_labels), bs, transpose=True, num_workers=1, pad_idx=1, sampler=val_samp)
dps = np.array([0.4, 0.5, 0.05, 0.3, 0.4]) * 0.5
m = get_rnn_classifer(bptt, 20 * 70, 2, vs, emb_sz=em_sz, n_hid=nh, n_layers=nl, pad_token=1, layers=[em_sz * 3, 50, 2],
                      drops=[dps[4], 0.1], dropouti=dps[0], wdrop=dps[1], dropoute=dps[2], dropouth=dps[3])
learn = RNN_Learner(ModelData(PATH, trn_dl, val_dl), TextModel(to_gpu(m)), opt_fn=partial(optim.Adam, betas=(0.7, 0.99)))
learn.reg_fn = partial(seq2seq_reg, alpha=2, beta=1)
learn.clip = 25.0
learn.metrics = [accuracy]
learn.load_encoder("lm1_enc")
lrs = 1e-2 / 2.6 ** np.arange(nl + 1, -1, -1)
learn.freeze_to(-1)
learn.fit(lrs, 1, wds=0, cycle_len=1, use_clr=(8, 3))
learn.unfreeze()
learn.fit(lrs, 1, wds=0, cycle_len=2, use_clr=(32, 10))
learn.save("clas_2")
accuracy_np(learn.predict(), val_labels[list(val_samp)])

# NB-SVM, on which of the most frequent words there are.
def bow_of(numbers):
    counts = np.zeros((len(numbers), min(vs, 10000)), dtype=np.int16)
    for row, one in enumerate(numbers):
        one = np.asarray(one)
        np.add.at(counts[row], one[one < counts.shape[1]], 1)
    return counts


nb = TextClassifierData.from_bow(bow_of(trn_num), trn_labels, bow_of(val_num), val_labels, sl=2000).dotprod_nb_learner()
nb.fit(0.02, 3, wds=1e-5, cycle_len=1)
np.mean(nb.predict().argmax(1) == val_labels)
