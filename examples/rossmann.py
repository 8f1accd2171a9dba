# SPDX-License-Identifier: Apache-2.0
# A script of fast.ai 0.7 on Kaggle's Rossmann sales, in the form of the course's notebook. Run it with
#     python3 -m burnish.fastai07 examples/rossmann.py FOLDER [STORES]
# where FOLDER has train.csv (or what TRAIN names), store.csv, store_states.csv and weather.csv. It needs pandas.
from fastai.structured import *
from fastai.column_data import *

PATH, stores = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10**9
read = lambda name: pd.read_csv(f"{PATH}/{name}", low_memory=False)

# Tables, joined.
joined = read(os.environ.get("TRAIN", "train.csv"))
joined = joined[joined.Store <= stores]
joined.StateHoliday = joined.StateHoliday.astype(str) != "0"
for other, on in ((read("store.csv"), "Store"), (read("store_states.csv"), "Store"), (read("weather.csv"), ["State", "Date"])):
    joined = joined.merge(other, how="left", on=on)
add_datepart(joined, "Date", drop=False)
joined.Date = pd.to_datetime(joined.Date)

# How long a competitor and a promotion have been there.
opened = joined.CompetitionOpenSinceYear.fillna(1900) * 12 + joined.CompetitionOpenSinceMonth.fillna(1)
joined["CompetitionMonthsOpen"] = (joined.Year * 12 + joined.Month - opened).clip(0, 24).astype(int)
promoted = joined.Promo2SinceYear.fillna(1900) * 52 + joined.Promo2SinceWeek.fillna(1)
joined["Promo2Weeks"] = (joined.Year * 52 + joined.Week - promoted).clip(0, 25).astype(int)

# Days since and until an event of the store, and how many there are in the week before and after.
joined = joined.sort_values(["Store", "Date"]).reset_index(drop=True)
events = ["SchoolHoliday", "StateHoliday", "Promo"]
for name in events:
    there = joined.Date.where(joined[name].astype(bool))
    by_store = there.groupby(joined.Store)
    joined["After" + name] = (joined.Date - by_store.ffill()).dt.days
    joined["Before" + name] = (by_store.bfill() - joined.Date).dt.days
    counts = joined[name].astype(int).groupby(joined.Store)
    joined[name + "_bw"] = counts.transform(lambda one: one.rolling(7, min_periods=1).sum()).astype(int)
    joined[name + "_fw"] = counts.transform(lambda one: one[::-1].rolling(7, min_periods=1).sum()[::-1]).astype(int)

cat_vars = ["Store", "DayOfWeek", "Year", "Month", "Day", "StateHoliday", "CompetitionMonthsOpen", "Promo2Weeks", "StoreType",
            "Assortment", "PromoInterval", "CompetitionOpenSinceYear", "Promo2SinceYear", "State", "Week", "Events",
            "Promo_fw", "Promo_bw", "StateHoliday_fw", "StateHoliday_bw", "SchoolHoliday_fw", "SchoolHoliday_bw"]
contin_vars = ["CompetitionDistance", "Max_TemperatureC", "Mean_TemperatureC", "Min_TemperatureC", "Max_Humidity", "Mean_Humidity",
               "Min_Humidity", "Max_Wind_SpeedKm_h", "Mean_Wind_SpeedKm_h", "CloudCover", "AfterStateHoliday",
               "BeforeStateHoliday", "Promo", "SchoolHoliday"]
dates = joined.Date[joined.Sales > 0]
joined = joined[joined.Sales > 0][cat_vars + contin_vars + ["Sales"]].copy()
for v in cat_vars:
    joined[v] = joined[v].astype("category").cat.as_ordered()
for v in contin_vars:
    joined[v] = joined[v].fillna(0).astype("float32")
df, y, nas, mapper = proc_df(joined, "Sales", do_scale=True)
yl = np.log(y)
len(df), len(df.columns)

# The last six weeks validate.
val_idx = np.flatnonzero(dates > dates.max() - pd.Timedelta(days=42))


def inv_y(a):
    return np.exp(a)


def exp_rmspe(y_pred, targ):
    targ = inv_y(targ)
    pct_var = (targ - inv_y(y_pred)) / targ
    return math.sqrt((pct_var**2).mean())


md = ColumnarModelData.from_data_frame(PATH, val_idx, df, yl.astype(np.float32), cat_flds=cat_vars, bs=128)
cat_sz = [(c, len(joined[c].cat.categories) + 1) for c in cat_vars]
emb_szs = [(c, min(50, (c + 1) // 2)) for _, c in cat_sz]
m = md.get_learner(emb_szs, len(df.columns) - len(cat_vars), 0.04, 1, [1000, 500], [0.001, 0.01], y_range=(0, np.max(yl) * 1.2),
                   models_name=os.environ.get("MODELS", "models"))
m.lr_find()
m.sched.plot(100)
m.fit(1e-3, 1, metrics=[exp_rmspe])
m.fit(1e-3, 2, metrics=[exp_rmspe], cycle_len=1)
m.save("val0")
m.load("val0")
x, y = m.predict_with_targs()
exp_rmspe(x, y)
