# SPDX-License-Identifier: Apache-2.0
"""How many photos a second torchvision reads and augments to 224 x 224 in one thread.

    bench/peers/torchvision_read.py FOLDER --configurations PIL,tensors,draft

PIL: as ImageFolder reads, transforms on PIL pictures. tensors: torchvision's decoder, transforms v2 on tensors. draft: PIL
decodes at a fraction of the size that still covers the crop. Prints one JSON line a configuration: {"event": "bench",
"peer": "torchvision", "mode": "read", "images_per_second": median of the rounds over all photos, ...}."""
import argparse
import glob
import json
import os
import statistics
import time
import warnings

warnings.filterwarnings("ignore")
SIZE, LEAST_AREA = 224, .7
MEAN, DEVIATION = [.485, .456, .406], [.229, .224, .225]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--configurations", default="PIL,tensors")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def on_pictures(draft):
    """PIL's pictures, as torchvision.datasets.folder.pil_loader opens them."""
    from PIL import Image
    from torchvision import transforms
    change = transforms.Compose([
        transforms.RandomResizedCrop(SIZE, scale=(LEAST_AREA, 1)), transforms.RandomHorizontalFlip(),
        transforms.RandomRotation(10, transforms.InterpolationMode.BILINEAR), transforms.ColorJitter(.05, .05),
        transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)])

    def read(path):
        with open(path, "rb") as file:
            picture = Image.open(file)
            if draft:  # the shorter side of the smallest crop still has SIZE pixels
                side = int(SIZE / (LEAST_AREA * 3 / 4) ** .5) + 1
                picture.draft("RGB", (side, side))
            return change(picture.convert("RGB"))
    return read


def on_tensors():
    import torch
    from torchvision import io
    from torchvision.transforms import v2
    change = v2.Compose([
        v2.RandomResizedCrop(SIZE, scale=(LEAST_AREA, 1), antialias=True), v2.RandomHorizontalFlip(),
        v2.RandomRotation(10, v2.InterpolationMode.BILINEAR), v2.ColorJitter(.05, .05),
        v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, DEVIATION)])
    return lambda path: change(io.decode_image(path, io.ImageReadMode.RGB))


def main():
    options = arguments()
    import torch
    import torchvision
    torch.set_num_threads(1)
    paths = sorted(glob.glob(os.path.join(options.folder, "train", "*", "*.jpg")))
    for configuration in options.configurations.split(","):
        line = {"event": "bench", "peer": "torchvision", "version": torchvision.__version__, "mode": "read",
                "configuration": configuration, "pictures": len(paths), "size": SIZE}
        try:
            torch.manual_seed(0)
            read = on_tensors() if configuration == "tensors" else on_pictures(configuration == "draft")
            rates = []
            for number in range(options.rounds + 1):
                start = time.perf_counter()
                for path in paths:
                    assert tuple(read(path).shape) == (3, SIZE, SIZE)
                if number > 0:
                    rates.append(len(paths) / (time.perf_counter() - start))
            line.update(images_per_second=statistics.median(rates), minimum=min(rates), maximum=max(rates))
        except Exception as error:  # what cannot be had here is a result too
            line["error"] = f"{type(error).__name__}: {error}"[:300]
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
