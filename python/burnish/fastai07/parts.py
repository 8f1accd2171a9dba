# SPDX-License-Identifier: Apache-2.0
"""What data of all kinds has in common: the parts that train and validate. The names begin with an underscore: scripts that import
everything do not get them."""


class _Parts:
    """Data with trn_ds and val_ds."""

    @property
    def trn_y(self):
        return self.trn_ds.y

    @property
    def val_y(self):
        return self.val_ds.y


class _Batches:
    """What trn_dl is asked for: how many batches there are."""

    def __init__(self, ds, bs):
        self.dataset, self.bs = ds, bs

    def __len__(self):
        return -(-len(self.dataset) // self.bs)
