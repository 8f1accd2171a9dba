# SPDX-License-Identifier: Apache-2.0
"""Trains on generated ratings and tells what it costs: seconds of reading, of an epoch, and peak memory.

    bench/ratings_scale.py --ratings 20000000 --users 138000 --items 27000 --out build/bench-scale -- --lazy --batch-size 1024

Users and items are drawn with a few frequent ones (a squared uniform number); a rating is 3 plus a taste that two hidden
numbers of each decide, rounded, 1 to 5. What stands behind -- goes to burnish ratings train. BURNISH names our program;
prints one JSON line. One user a rating: --each-user-once."""
import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy

CHUNK = 1 << 20


def arguments():
    own = sys.argv[1:sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ratings", type=int, default=20_000_000)
    parser.add_argument("--users", type=int, default=138_000)
    parser.add_argument("--items", type=int, default=27_000)
    parser.add_argument("--each-user-once", action="store_true")
    parser.add_argument("--out", default="build/bench-scale")
    options = parser.parse_args(own)
    options.words = sys.argv[sys.argv.index("--") + 1:] if "--" in sys.argv else []
    return options


def digits(numbers, width):
    """(n) -> (n, width) bytes."""
    return (numbers[:, None] // 10 ** numpy.arange(width - 1, -1, -1) % 10 + ord("0")).astype(numpy.uint8)


def write(path, options):
    draw = numpy.random.RandomState(1)
    hidden = [draw.standard_normal((n, 2)) for n in (options.users, options.items)]
    with open(path, "wb") as file:
        file.write(b"user,item,rating\n")
        for start in range(0, options.ratings, CHUNK):
            n = min(CHUNK, options.ratings - start)
            user = numpy.arange(start, start + n) if options.each_user_once else \
                (draw.random_sample(n) ** 2 * options.users).astype(numpy.int64)
            item = (draw.random_sample(n) ** 2 * options.items).astype(numpy.int64)
            taste = (hidden[0][user % options.users] * hidden[1][item]).sum(1) + .5 * draw.standard_normal(n)
            rating = numpy.clip(numpy.rint(3 + taste), 1, 5).astype(numpy.int64)
            lines = numpy.full((n, 19), ord(","), numpy.uint8)
            lines[:, :8], lines[:, 9:16], lines[:, 17] = digits(user, 8), digits(item, 7), digits(rating, 1)[:, 0]
            lines[:, 18] = ord("\n")
            file.write(lines.tobytes())


def main():
    options = arguments()
    os.makedirs(options.out, exist_ok=True)
    path, run = os.path.join(options.out, "ratings.csv"), os.path.join(options.out, "run-%d" % time.time_ns())
    write(path, options)
    began = time.perf_counter()
    done = subprocess.run([os.environ.get("BURNISH", "build/burnish"), "ratings", "train", path, "--epochs", "1", "--out", run,
                           "--json", *options.words], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    print(json.dumps({"event": "bench", "mode": "ratings-scale", "ratings": options.ratings,
                      "epoch_seconds": next(e["seconds"] for e in events if e["event"] == "epoch"), "seconds": seconds,
                      "processor_seconds": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024,
                      "metrics": events[-1]["metrics"]}), flush=True)
    os.remove(path)


if __name__ == "__main__":
    main()
