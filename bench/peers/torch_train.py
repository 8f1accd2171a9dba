# SPDX-License-Identifier: Apache-2.0
"""How many pictures a second PyTorch trains on or classifies, on random pictures of 224 x 224.

A training step is zero_grad, forward, cross-entropy, backward, SGD with momentum .9. bf16 is autocast in training;
in inference weights and pictures are bf16, so that no pass converts them. Prints one JSON
line a mode: {"event": "bench", "peer": "torch", "model", "mode": train|infer, "configuration":
eager|channels_last|compile, "images_per_second": median, "minimum", "maximum", ...}.
"""
import argparse
import importlib
import json
import os
import resource
import statistics
import time

MODELS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "vgg16",
          "efficientnet_lite0")
CONFIGURATIONS = ("eager", "channels_last", "compile")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("task", choices=("train", "infer"))
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--size", type=int, default=224, help="height and width of a picture")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--configurations", default="eager,channels_last,compile",
                        help="comma-separated: eager, channels_last, compile (channels_last too)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--steps", type=int, default=7)
    options = parser.parse_args()
    options.configurations = options.configurations.split(",")
    for name in options.configurations:
        if name not in CONFIGURATIONS:
            parser.error(f"unknown configuration {name}")
    return options


def new_model(name):
    if name == "efficientnet_lite0":
        import timm
        return timm.create_model("tf_efficientnet_lite0", pretrained=False)
    torchvision = importlib.import_module("torchvision")
    return getattr(torchvision.models, name)(weights=None)


def new_step(torch, options, configuration):
    """A function without arguments that does one training step or one forward pass."""
    torch.manual_seed(0)
    model = new_model(options.model)
    shape = (options.batch_size, 3, options.size, options.size)
    x, y = torch.randn(shape), torch.randint(0, 1000, shape[:1])
    if configuration != "eager":
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    model.train(options.task == "train")
    bf16 = options.precision == "bf16"
    if bf16 and options.task == "infer":
        model, x = model.to(torch.bfloat16), x.to(torch.bfloat16)
    run = model
    if configuration == "compile":
        if options.task == "infer":
            importlib.import_module("torch._inductor.config").freezing = True
        run = torch.compile(model)
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16 and options.task == "train")

    def infer():
        with torch.no_grad(), autocast:
            return run(x)

    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=.9)

    def train():
        optimizer.zero_grad(set_to_none=True)
        with autocast:
            logits = run(x)
        torch.nn.functional.cross_entropy(logits.float(), y).backward()
        optimizer.step()

    return train if options.task == "train" else infer


def measure(torch, options, configuration):
    step = new_step(torch, options, configuration)
    start = time.perf_counter()
    step()
    first = time.perf_counter() - start  # with compile: the compiler's time
    for _ in range(options.warmup - 1):
        step()
    rates = []
    for _ in range(options.steps):
        start = time.perf_counter()
        step()
        rates.append(options.batch_size / (time.perf_counter() - start))
    return {"images_per_second": statistics.median(rates), "minimum": min(rates),
            "maximum": max(rates), "first_step_seconds": first,
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main():
    options = arguments()
    os.environ.setdefault("OMP_NUM_THREADS", str(options.threads))
    torch = importlib.import_module("torch")
    torch.set_num_threads(options.threads)
    for configuration in options.configurations:
        line = {"event": "bench", "peer": "torch", "version": torch.__version__,
                "model": options.model, "mode": options.task, "configuration": configuration,
                "precision": options.precision, "batch_size": options.batch_size,
                "size": options.size, "threads": options.threads, "steps": options.steps}
        try:
            line.update(measure(torch, options, configuration))
        except Exception as error:  # a configuration that this machine cannot run is a result too
            line["error"] = f"{type(error).__name__}: {error}"[:300]
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
