# SPDX-License-Identifier: Apache-2.0
"""What a script says of batches of texts; the library makes them."""
from .imports import *  # noqa: F401,F403
from .names import finish, unsupported


class DataLoader:
    """Texts of a TextDataset: the size of batches, and the order in which predict gives them (`sampler`)."""

    def __init__(self, dataset, batch_size=1, shuffle=False, sampler=None, batch_sampler=None, num_workers=0, collate_fn=None,
                 pin_memory=False, drop_last=False, pad_idx=0, pre_pad=True, half=False, transpose=False, transpose_y=False):
        if not hasattr(dataset, "_numbers"):
            unsupported(f"DataLoader of a {type(dataset).__name__}", "a TextDataset; pictures, tables and ratings have makers of their own")
        for name, value in (("batch_sampler", batch_sampler), ("collate_fn", collate_fn), ("half", half)):
            if value:
                unsupported(f"{name}= of a DataLoader", "the library makes the batches")
        self.dataset, self.batch_size, self.bs, self.sampler, self.shuffle = dataset, batch_size, batch_size, sampler, shuffle

    def order(self):
        """Places of the texts in the order of the sampler."""
        return list(self.sampler) if self.sampler is not None else list(range(len(self.dataset)))

    def __len__(self):
        return -(-len(self.dataset) // self.batch_size)

    def __iter__(self):
        unsupported("going through a DataLoader", "the library makes the batches; dataset has the texts")


finish(globals(), "dataloader")
