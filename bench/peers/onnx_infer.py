# SPDX-License-Identifier: Apache-2.0
"""How many random pictures a second ONNX Runtime and OpenVINO classify with torchvision's networks.

    bench/peers/onnx_infer.py resnet50 --batch-size 16 --configurations onnxruntime,openvino,openvino-streams

The network is exported by torch.onnx once, to FOLDER/MODEL-BATCHxSIZE.onnx. openvino: one batch at a time in all
threads, its hint LATENCY; openvino-streams: as many batches at once as there are threads, THROUGHPUT. Prints one JSON
line a configuration, as torch_train.py does."""
import argparse
import json
import os
import statistics
import time
import warnings

from torch_train import MODELS, new_model

warnings.filterwarnings("ignore")
CONFIGURATIONS = ("onnxruntime", "openvino", "openvino-streams")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--configurations", default=",".join(CONFIGURATIONS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--folder", default=os.path.join("build", "bench"))
    return parser.parse_args()


def exported(options):
    """The path of the network as a file of ONNX."""
    path = os.path.join(options.folder, "%s-%dx%d.onnx" % (options.model, options.batch_size, options.size))
    if not os.path.exists(path):
        import torch
        torch.manual_seed(0)
        os.makedirs(options.folder, exist_ok=True)
        picture = torch.randn(options.batch_size, 3, options.size, options.size)
        torch.onnx.export(new_model(options.model).eval(), (picture,), path + ".new", dynamo=True, input_names=["image"],
                          external_data=False, verbose=False)
        os.replace(path + ".new", path)
    return path


def pictures(options):
    import numpy
    draw = numpy.random.default_rng(0)
    return draw.standard_normal((options.batch_size, 3, options.size, options.size), dtype=numpy.float32)


def onnxruntime_step(options, path):
    import onnxruntime
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    x = pictures(options)
    return lambda: session.run(None, {"image": x}), 1


def openvino_step(options, path, streams):
    import openvino
    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": options.threads, "PERFORMANCE_HINT": "THROUGHPUT" if streams else "LATENCY",
                "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[options.precision]}
    if streams:
        settings["NUM_STREAMS"] = str(options.threads)
    compiled = core.compile_model(core.read_model(path), "CPU", settings)
    x = pictures(options)
    if not streams:
        request = compiled.create_infer_request()
        return lambda: request.infer({0: x}), 1
    queue = openvino.AsyncInferQueue(compiled, options.threads)

    def at_once():
        for _ in range(options.threads):
            queue.start_async({0: x})
        queue.wait_all()
    return at_once, options.threads


def measure(options, configuration):
    path = exported(options)
    step, batches = (onnxruntime_step(options, path) if configuration == "onnxruntime" else
                     openvino_step(options, path, configuration == "openvino-streams"))
    for _ in range(options.warmup):
        step()
    rates = []
    for _ in range(options.steps):
        start = time.perf_counter()
        step()
        rates.append(batches * options.batch_size / (time.perf_counter() - start))
    return {"images_per_second": statistics.median(rates), "minimum": min(rates), "maximum": max(rates)}


def main():
    options = arguments()
    for configuration in options.configurations.split(","):
        line = {"event": "bench", "peer": configuration, "configuration": configuration, "mode": "infer", "model": options.model,
                "precision": options.precision, "batch_size": options.batch_size, "size": options.size,
                "threads": options.threads, "steps": options.steps}
        try:
            line.update(measure(options, configuration))
        except Exception as error:  # what cannot be had here is a result too
            line["error"] = f"{type(error).__name__}: {error}"[:300]
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
