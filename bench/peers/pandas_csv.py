# SPDX-License-Identifier: Apache-2.0
"""Burnish and pandas' default engine in turns on one generated file of separated values: rows a second.

    bench/peers/pandas_csv.py [--megabytes 500] [--threads 2] [--rounds 3] [--only pandas] [--file build/bench/t.csv]

The file has nine columns (numbers, four kinds of decimals of 2 to 17 digits, words, dates, truths) and lies in the
page cache: it is read through once before the first round. That of --file is made once and stays.
Prints one JSON line a round and program, {"event": "bench", "mode": "csv", "ours", "round", "seconds", "processor_seconds"},
and the ratios of medians: of the clock, which is right on a quiet machine, and of processors' time, where ours is divided by the threads. BURNISH_TABLE_READ names build/meson/bench-table_read."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

PANDAS = """
import json, sys, time
import pandas
began, computed = time.perf_counter(), time.process_time()
frame = pandas.read_csv(sys.argv[1])
print(json.dumps({"rows": len(frame), "seconds": time.perf_counter() - began,
                  "processor_seconds": time.process_time() - computed}))
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("ours", "pandas"))
    parser.add_argument("--file", help="where the file is, or is made; otherwise it goes away at the end")
    return parser.parse_args()


def write(path, megabytes):
    import numpy
    draw = numpy.random.default_rng(0)
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]
    with open(path, "w", encoding="ascii") as file:
        file.write("id,a,b,c,d,k,word,day,flag\n")
        row = 0
        while file.tell() < megabytes * 1000000:
            count = 100000
            normal, even = draw.normal(size=(count, 2)), draw.uniform(-1e4, 1e4, size=(count, 2))
            whole, word, flag = draw.integers(0, 100000, count), draw.integers(0, 8, count), draw.integers(0, 2, count)
            days = (numpy.datetime64("2013-01-01") + draw.integers(0, 1460, count)).astype(str)
            file.write("".join("%d,%.6f,%r,%.2f,%.4f,%d,%s,%s,%s\n" % (
                row + i, normal[i, 0], float(normal[i, 1]), even[i, 0], even[i, 1], whole[i], words[word[i]], days[i],
                ("False", "True")[flag[i]]) for i in range(count)))
            row += count


def read_through(path):
    """Into the page cache, so that the first reader finds it there as the others do. Returns the bytes."""
    count = 0
    with open(path, "rb", buffering=0) as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            count += len(block)
    return count


def measure(options, path):
    """{ours: lines} of all rounds."""
    ours = os.environ.get("BURNISH_TABLE_READ", "build/meson/bench-table_read")
    commands = {False: [sys.executable, "-c", PANDAS, path], True: [ours, path, str(options.threads)]}
    taken = {mine: [] for mine in commands if options.only != ("pandas" if mine else "ours")}
    for number in range(1, options.rounds + 1):
        for mine, lines in taken.items():
            line = json.loads(subprocess.run(commands[mine], check=True, capture_output=True, text=True).stdout)
            lines.append(line)
            print(json.dumps({"event": "bench", "mode": "csv", "ours": mine, "round": number, **line}), flush=True)
    return taken


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or os.path.join(folder, "t.csv")
        if not os.path.exists(path):
            write(path + ".new", options.megabytes)
            os.replace(path + ".new", path)
        read_through(path)
        taken = measure(options, path)

    def median(mine, key):
        return statistics.median(line[key] for line in taken[mine])
    if len(taken) == 2:
        print(json.dumps({"event": "bench", "mode": "csv", "ratio": median(False, "seconds") / median(True, "seconds"),
                          "processor_ratio": options.threads * median(False, "processor_seconds") /
                          median(True, "processor_seconds")}))


if __name__ == "__main__":
    main()
