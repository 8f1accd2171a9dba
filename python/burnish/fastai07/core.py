# SPDX-License-Identifier: Apache-2.0
"""Small helpers. Arrays are NumPy's; there are no tensors."""
from .imports import *  # noqa: F401,F403
from .names import finish
from .torch_imports import *  # noqa: F401,F403
from .torch_imports import optim


def A(*values):
    """Arrays of what is given."""
    return np.array(values[0]) if len(values) == 1 else [np.array(value) for value in values]


def T(value, half=False, cuda=True):
    """The array itself."""
    return np.array(value)


def V(value, requires_grad=False, volatile=False):
    """The array itself."""
    return np.array(value)


VV = V


def to_np(value):
    return np.array(value)


def partition(values, size):
    """Lists of `size` each, the last one shorter."""
    return [values[i : i + size] for i in range(0, len(values), size)]


def partition_by_cores(values):
    """A list for each processor, or nearly."""
    return partition(values, len(values) // num_cpus() + 1)


def to_gpu(value, *arguments, **keywords):
    """The thing itself: there is no GPU."""
    return value


def even_mults(start, stop, n):
    """n numbers from start to stop, each the same multiple of the one before."""
    ratio = (stop / start) ** (1 / (n - 1))
    return np.array([start * ratio**i for i in range(n)])


def num_cpus():
    return len(os.sched_getaffinity(0))


def SGD_Momentum(momentum):
    return partial(optim.SGD, momentum=momentum)


def save(path, value):
    with open(path, "wb") as file:
        pickle.dump(value, file)


def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)


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


finish(globals(), "core")
