# SPDX-License-Identifier: Apache-2.0
# A script of fast.ai 0.7 on MovieLens' ratings, in the form of the course's notebook. Run it with
#     python3 -m burnish.fastai07 examples/films.py FOLDER
# where FOLDER has ratings.csv with the columns userId, movieId and rating.
from fastai.column_data import *

path = sys.argv[1]
with open(f"{path}/ratings.csv") as file:
    count = sum(1 for line in file) - 1
val_idxs = get_cv_idxs(count)
wd = 2e-4
n_factors = 50

cf = CollabFilterDataset.from_csv(path, "ratings.csv", "userId", "movieId", "rating")
learn = cf.get_learner(n_factors, val_idxs, 64, opt_fn=optim.Adam)
learn.lr_find()
learn.sched.plot()
learn.fit(1e-2, 2, wds=wd, cycle_len=1, cycle_mult=2)
learn.sched.plot_loss()

preds = learn.predict()
y = learn.data.val_y[:, 0]
math.sqrt(((preds - y) ** 2).mean())

# What is liked more than who rates it explains, and how films lie to each other.
m = learn.model
g = collections.Counter(cf.item_col.tolist())
top_items = [item for item, ratings in g.most_common(300)]
top_places = np.array([cf.item2idx[item] for item in top_items])
item_bias = to_np(m.ib(V(top_places)))[:, 0]
[top_items[k] for k in np.argsort(-item_bias)[:5]]
m.i(top_places).shape
