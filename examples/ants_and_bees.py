# SPDX-License-Identifier: Apache-2.0
# A script of fast.ai 0.7: two kinds of photos, told apart. Run it with
#     python3 -m burnish.fastai07 examples/ants_and_bees.py FOLDER
# where FOLDER has train/ and valid/, each with a folder of photos for each kind.
from fastai.conv_learner import *
from fastai.plots import *

size, arch = 224, efficientnet_lite0
data = ImageClassifierData.from_paths(sys.argv[1], tfms=tfms_from_model(arch, size, aug_tfms=transforms_side_on, max_zoom=1.1))

# The head, on features of the plain photos; then, a little, on changed ones.
learn = ConvLearner.pretrained(arch, data, precompute=True)
learn.lr_find()
learn.sched.plot()
learn.fit(1e-2, 2)
learn.precompute = False
learn.fit(1e-2, 1, cycle_len=1)

# All layers, the first ones slowly.
learn.unfreeze()
learn.fit(np.array([1e-4, 1e-3, 1e-2]), 2, cycle_len=1, cycle_mult=2)

# Several views of each photo, averaged.
log_preds, y = learn.TTA()
probs = np.mean(np.exp(log_preds), 0)
accuracy(probs, y)
[(data.classes[k], ImageModelResults(data.val_ds, np.log(probs)).most_incorrect(k)) for k in range(data.c)]
