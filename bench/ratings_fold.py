# SPDX-License-Identifier: Apache-2.0
"""What folding new users in costs beside training with them, on MovieLens-100k.

    bench/ratings_fold.py u.data --out build/bench-fold

Every tenth user is new. Half of the ratings of each (but at most 10, 20, ... all of that half: --known) are known, the
rest are to be predicted. One model is trained without any rating of the new users, who are then folded in from what is
known (brn_ratings_fold_user of libburnish, by ctypes); another is trained with what is known of them. Prints a JSON line
for each number of known ratings: the mean squared errors of both, and of item means. BURNISH names our program,
BURNISH_LIBRARY the library (build/meson/libburnish.so)."""
import argparse
import collections
import csv
import ctypes
import json
import os
import random
import subprocess
import time


class Item(ctypes.Structure):
    _fields_ = [("item", ctypes.c_int64), ("value", ctypes.c_double)]


class Filter(ctypes.Structure):
    _fields_ = [("with_seen", ctypes.c_bool), ("rated_by", ctypes.c_int64), ("among", ctypes.c_void_p),
                ("among_count", ctypes.c_int64)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ratings")
    parser.add_argument("--known", type=int, nargs="*", default=[5, 10, 20, 1000])
    parser.add_argument("--out", default="build/bench-fold")
    return parser.parse_args()


def train(folder, name, rows):
    path, run = os.path.join(folder, name + ".csv"), os.path.join(folder, "%s-%d" % (name, time.time_ns()))
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "item", "rating"])
        writer.writerows(rows)
    subprocess.run([os.environ.get("BURNISH", "build/burnish"), "ratings", "train", path, "--split", "last", "--threads", "1",
                    "--out", run, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return run


class Model:
    def __init__(self, library, run):
        self.library, self.handle, self.of_item = library, ctypes.c_void_p(), {}
        if library.brn_ratings_model_open(run.encode(), 1, ctypes.byref(self.handle)):
            raise RuntimeError(library.brn_error_message())
        self.count = library.brn_ratings_model_item_count(self.handle)
        self.every, self.found = (Item * self.count)(), ctypes.c_int64()
        self.all = Filter(True, 0, None, 0)

    def item(self, name):
        if name not in self.of_item:
            self.of_item[name] = self.library.brn_ratings_model_item(self.handle, name.encode())
        return self.of_item[name]

    def answers(self):
        return {self.every[k].item: self.every[k].value for k in range(self.found.value)}

    def known(self, user):
        self.library.brn_ratings_recommend(self.handle, self.library.brn_ratings_model_user(self.handle, user.encode()),
                                           ctypes.byref(self.all), self.count, self.every, ctypes.byref(self.found))
        return self.answers()

    def folded(self, rated):
        rated = [(self.item(item), rating) for item, rating in rated if self.item(item)]
        vector = (ctypes.c_float * (self.library.brn_ratings_model_factors(self.handle) + 1))()
        items, values = (ctypes.c_int64 * len(rated))(*[i for i, _ in rated]), (ctypes.c_double * len(rated))(*[r for _, r in rated])
        self.library.brn_ratings_fold_user(self.handle, len(rated), items, values, vector)
        self.library.brn_ratings_recommend_to(self.handle, vector, None, 0, ctypes.byref(self.all), self.count, self.every,
                                              ctypes.byref(self.found))
        return self.answers()


def open_library():
    library = ctypes.CDLL(os.environ.get("BURNISH_LIBRARY", "build/meson/libburnish.so"))
    library.brn_error_message.restype = ctypes.c_char_p
    for name in ("item_count", "item", "user", "factors"):
        getattr(library, "brn_ratings_model_" + name).restype = ctypes.c_int64
    library.brn_ratings_recommend.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p,
                                              ctypes.c_void_p]
    library.brn_ratings_recommend_to.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64,
                                                 ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p]
    library.brn_ratings_fold_user.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    return library


def main():
    options, draw = arguments(), random.Random(1)
    os.makedirs(options.out, exist_ok=True)
    users = collections.defaultdict(list)
    for line in open(options.ratings):
        user, item, rating, _ = line.split("\t")
        users[user].append((item, float(rating)))
    new = sorted(users)[::10]
    others = [(u, i, r) for u in users if u not in set(new) for i, r in users[u]]
    sums = collections.defaultdict(list)
    for _, item, rating in others:
        sums[item].append(rating)
    for user in new:
        draw.shuffle(users[user])
    library = open_library()
    without = Model(library, train(options.out, "without", others))
    for most in options.known:
        known = {u: users[u][:len(users[u]) // 2][:most] for u in new}
        with_them = Model(library, train(options.out, "with", others + [(u, i, r) for u in new for i, r in known[u]]))
        errors = {"folded": [], "trained": [], "item_mean": []}
        for user in new:
            folded, trained = without.folded(known[user]), with_them.known(user)
            for item, rating in users[user][len(users[user]) // 2:]:
                code, other = without.item(item), with_them.item(item)
                if code not in folded or other not in trained:
                    continue
                errors["folded"].append((folded[code] - rating) ** 2)
                errors["trained"].append((trained[other] - rating) ** 2)
                errors["item_mean"].append((sum(sums[item]) / len(sums[item]) - rating) ** 2)
        print(json.dumps({"event": "bench", "mode": "ratings-fold", "users": len(new), "known_at_most": most,
                          "ratings": len(errors["folded"]), **{k: sum(v) / len(v) for k, v in errors.items()}}), flush=True)


if __name__ == "__main__":
    main()
