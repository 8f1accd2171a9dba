# SPDX-License-Identifier: Apache-2.0
"""Networks and optimizers by 0.7's names, and the library's other networks by their own."""
from .. import _burnish
from .imports import *  # noqa: F401,F403
from .names import Missing, finish, unsupported


class Architecture:
    """What a script passes as `arch`."""

    def __init__(self, name, of_library):
        self.__name__ = name
        self.of_library = of_library

    def __call__(self, *arguments, **keywords):
        unsupported(f"{self.__name__}() as a PyTorch module", "pass it, uncalled, to ConvLearner.pretrained")

    def __repr__(self):
        return f"<architecture {self.__name__}>"


class Optimizer:
    """What a script passes as `opt_fn`, alone or in a partial."""

    def __init__(self, name, **options):
        self.name, self.options = name, options

    def __call__(self, *arguments, **keywords):
        unsupported("an optimizer of parameters", "pass it as opt_fn")


class optim:
    """torch.optim, as far as scripts pass it on."""

    SGD = Optimizer("sgd", momentum=0.0)
    Adam = Optimizer("adam", momentum=0.9, square_momentum=0.999, epsilon=1e-8)
    RMSprop = Optimizer("rmsprop", square_momentum=0.99, epsilon=1e-8)


for _name in ("Adagrad", "Adadelta", "Adamax", "ASGD", "LBFGS", "Rprop", "SparseAdam"):
    setattr(optim, _name, Missing(f"torch.optim.{_name}", "SGD, Adam and RMSprop"))

class _Torch:
    """torch, as far as scripts read weights with it: nothing in a file is executed."""

    @staticmethod
    def load(path, map_location=None):
        """{name: array} of a file of weights, of torch.save or safetensors."""
        return {name: np.frombuffer(values, dtype=np.float32).reshape(shape).copy()
                for name, shape, values in _burnish.weights_read(path)}

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        unsupported(f"torch.{attribute}", "torch.load reads weights, as arrays; networks are the library's own")


torch = _Torch()

#: 0.7's names of the library's networks.
ALIASES = {"resnext50": "resnext50_32x4d", "wrn": "wide_resnet50_2", "vgg16": "vgg16_bn", "vgg19": "vgg19_bn", "dn121": "densenet121"}

for _name in _burnish.architectures():
    globals()[_name] = Architecture(_name, _name)
for _name, _network in ALIASES.items():
    globals()[_name] = Architecture(_name, _network)
finish(globals(), "torch_imports")


def optimizer_options(opt_fn, decay_all=True, decoupled=False):
    """The library's options of an opt_fn: None, optim.X, or a partial of it."""
    keywords = {}
    while isinstance(opt_fn, partial):
        keywords = {**opt_fn.keywords, **keywords}
        opt_fn = opt_fn.func
    if opt_fn is None:
        opt_fn, keywords = optim.SGD, {"momentum": 0.9}
    if not isinstance(opt_fn, Optimizer):
        unsupported(f"opt_fn={opt_fn!r}", "optim.SGD, optim.Adam or optim.RMSprop, or a partial of one")
    options = {"name": opt_fn.name, **opt_fn.options, "decay_all": decay_all, "decoupled_decay": decoupled}
    for name, value in keywords.items():
        if name == "betas":
            options["momentum"], options["square_momentum"] = value
        elif name == "nesterov":
            options["name"] = "nesterov" if value else options["name"]
        elif name in ("momentum", "alpha", "eps"):
            options[{"momentum": "momentum", "alpha": "square_momentum", "eps": "epsilon"}[name]] = value
        else:
            unsupported(f"{name}= of an optimizer", "betas, momentum, nesterov, alpha and eps")
    return options
