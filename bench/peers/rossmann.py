# SPDX-License-Identifier: Apache-2.0
"""Rossmann store sales (DESIGN section 8): Burnish, fastai 2 and gradient-boosted trees on the same columns.

    bench/peers/rossmann.py $BURNISH_DATA/tabular/rossmann [--seeds 42,1,2] [--epochs 5] [--programs ours,fastai,trees]

100 stores, rows with sales, without Customers; those from 2015-06-19 on validate. Columns: the days' own, the
store's, its state's, the weather, the parts of the date, and days since and until promotions and holidays with their
counts in 7 rows (fast.ai's course). We make them ourselves (--join, --events); for the others they are made here
with pandas by the same rules. Prints one JSON line a program and seed: {"event": "bench", "mode": "rossmann",
"program", "seed", "exp_rmspe", "seconds"}, and the median of each. BURNISH names our program."""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
import warnings

import numpy
import pandas

warnings.filterwarnings("ignore")
FROM = "2015-06-19"
CATEGORIES = ["Store", "Year", "Month", "Week", "Day"]
EVENTS = ("Promo", 1), ("StateHoliday", "0"), ("SchoolHoliday", 1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--seeds", default="42,1,2")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--programs", default="ours,fastai,trees")
    return parser.parse_args()


def add_events(frame):
    """AfterX, BeforeX, X_bw, X_fw as brn__events_add makes them."""
    frame = frame.sort_values(["Store", "Date"], kind="stable").reset_index(drop=True)
    for name, value in EVENTS:
        holds = frame[name] != value if name == "StateHoliday" else frame[name] == value
        day = frame.Date.where(holds)
        by_store = frame.Store
        frame["After" + name] = (frame.Date - day.groupby(by_store).ffill()).dt.days
        frame["Before" + name] = (day.groupby(by_store).bfill() - frame.Date).dt.days
        count = holds.astype(int)
        frame[name + "_bw"] = count.groupby(by_store).transform(lambda s: s.rolling(7, min_periods=1).sum()).astype(int)
        frame[name + "_fw"] = count.groupby(by_store).transform(
            lambda s: s[::-1].rolling(7, min_periods=1).sum()[::-1]).astype(int)
    return frame


def add_date_parts(frame):
    day = frame.Date.dt
    for name in ("year", "month", "day", "dayofweek", "dayofyear", "is_month_end", "is_month_start", "is_quarter_end",
                 "is_quarter_start", "is_year_end", "is_year_start"):
        frame[name.capitalize()] = getattr(day, name)
    frame["Week"] = day.isocalendar().week.astype(int)
    frame["Elapsed"] = frame.Date.astype("int64") // 10 ** 9
    return frame


def read(folder):
    def table(name, **options):
        return pandas.read_csv(os.path.join(folder, name), **options)
    frame = table("train_100stores.csv", dtype={"StateHoliday": str}, parse_dates=["Date"])
    frame = frame.merge(table("store.csv"), on="Store", how="left").merge(table("store_states.csv"), on="Store", how="left")
    frame = frame.merge(table("weather.csv", parse_dates=["Date"]), on=["State", "Date"], how="left")
    frame = add_date_parts(add_events(frame))
    return frame[frame.Sales > 0].drop(columns="Customers").reset_index(drop=True)


def divide(frame):
    """Names of categories and of numbers, by our rule: words, truths and whole numbers of at most 20 values."""
    categories, numbers = [], []
    for name in frame.columns.drop(["Sales", "Date"]):
        values = frame.loc[frame.Date < FROM, name].dropna()
        whole = values.dtype.kind in "iu" or (values.dtype.kind == "f" and (values % 1 == 0).all() and name != "CloudCover")
        few = values.dtype.kind in "Ob" or not pandas.api.types.is_numeric_dtype(values) or (whole and values.nunique() <= 20)
        (categories if few or name in CATEGORIES else numbers).append(name)
    return categories, numbers


def exp_rmspe(truth, answers):
    return float(numpy.sqrt(numpy.mean(((truth - answers) / truth) ** 2)))


def trees(frame, options, seed):
    from sklearn.ensemble import HistGradientBoostingRegressor
    categories, numbers = divide(frame)
    table = frame[categories + numbers].copy()
    for name in categories:
        table[name] = table[name].astype("category")
    train = frame.Date < FROM
    model = HistGradientBoostingRegressor(max_iter=600, learning_rate=.08, max_leaf_nodes=63, random_state=seed,
                                          categorical_features="from_dtype")
    model.fit(table[train], numpy.log(frame.Sales[train]))
    return exp_rmspe(frame.Sales[~train], numpy.exp(model.predict(table[~train])))


def fastai(frame, options, seed):
    import torch
    from fastai.tabular import all as tabular
    torch.set_num_threads(options.threads)
    tabular.set_seed(seed, reproducible=True)
    categories, numbers = divide(frame)
    frame = frame.assign(Sales=numpy.log(frame.Sales).astype("float32"))
    rows = numpy.arange(len(frame))
    train = (frame.Date < FROM).to_numpy()
    loaders = tabular.TabularPandas(
        frame, [tabular.Categorify, tabular.FillMissing, tabular.Normalize], categories, numbers, "Sales",
        tabular.RegressionBlock(), (list(rows[train]), list(rows[~train]))).dataloaders(bs=256)
    learner = tabular.tabular_learner(loaders, layers=[200, 100], metrics=tabular.exp_rmspe)
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(options.epochs, 1e-2)
    return float(learner.recorder.values[-1][-1])


def ours(_, options, seed):
    program, folder = os.environ.get("BURNISH", "build/burnish"), options.folder
    joins = "store.csv:Store", "store_states.csv:Store", "weather.csv:State,Date"
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [program, "table", "train", os.path.join(folder, "train_100stores.csv"),
             "--join", ";".join(os.path.join(folder, join) for join in joins),
             "--events", "Promo=1,StateHoliday!=0,SchoolHoliday=1", "--events-per", "Store", "--events-by", "Date",
             "--text", "StateHoliday", "--where", "Sales>0", "--target", "Sales", "--log", "--ignore", "Customers",
             "--cat", ",".join(CATEGORIES), "--split", "time", "--split-by", "Date", "--split-from", FROM, "--epochs",
             str(options.epochs), "--threads", str(options.threads), "--seed", str(seed), "--json", "--out",
             os.path.join(scratch, "run")], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])["metrics"]["exp_rmspe"]


def main():
    options = arguments()
    programs = [{"ours": ours, "fastai": fastai, "trees": trees}[name] for name in options.programs.split(",")]
    frame = read(options.folder)
    scores = {}
    for seed in map(int, options.seeds.split(",")):
        for program in programs:
            start = time.perf_counter()
            score = program(frame, options, seed)
            scores.setdefault(program.__name__, []).append(score)
            print(json.dumps({"event": "bench", "mode": "rossmann", "program": program.__name__, "seed": seed,
                              "exp_rmspe": round(score, 5), "seconds": round(time.perf_counter() - start, 1)}), flush=True)
    for name, values in scores.items():
        print(json.dumps({"event": "bench", "mode": "rossmann", "program": name, "median": round(statistics.median(values), 5)}))


if __name__ == "__main__":
    main()
