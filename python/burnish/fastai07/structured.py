# SPDX-License-Identifier: Apache-2.0
"""Tables made ready with pandas, as 0.7 did it. `burnish.table` needs none of this: it reads tables as they are.

Where a new table is returned a burnish.Table is taken too, its words as categories; what changes a table in place
needs a frame."""
from .. import data as _data
from .imports import *  # noqa: F401,F403
from .names import finish, unsupported


def _frame(df):
    """The frame itself, or a new one of a Table, its words as categories."""
    if not _data.is_source(df):
        return df
    frame = pd.DataFrame(_data.columns(df))
    train_cats(frame)
    return frame


def _in_place(name, df):
    if _data.is_source(df):
        unsupported(f"{name} of a Table, whose rows stay as they are,", f"{name} of pandas.DataFrame(table.columns())")


def _is_text(column):
    from pandas.api import types

    return types.is_object_dtype(column) or types.is_string_dtype(column) and not isinstance(column.dtype, pd.CategoricalDtype)


def _is_number(column):
    from pandas.api import types

    return types.is_numeric_dtype(column)


def train_cats(df):
    """Columns of words become ordered categories, in place."""
    _in_place("train_cats", df)
    for name in df.columns:
        if _is_text(df[name]):
            df[name] = df[name].astype("category").cat.as_ordered()


def apply_cats(df, trn):
    """The categories of another table's columns, in place; other values become missing."""
    _in_place("apply_cats", df)
    trn = _frame(trn)
    for name in df.columns:
        if name in trn.columns and isinstance(trn[name].dtype, pd.CategoricalDtype):
            known = df[name].astype(object).where(df[name].isin(trn[name].cat.categories), None)
            df[name] = pd.Categorical(known, categories=trn[name].cat.categories, ordered=True)


def fix_missing(df, col, name, na_dict):
    """Missing numbers become the median, told by a column name_na, in place; medians are kept in na_dict."""
    if _is_number(col):
        if col.isnull().any() or name in na_dict:
            df[name + "_na"] = col.isnull()
            filler = na_dict.get(name, col.median())
            df[name] = col.fillna(filler)
            na_dict[name] = filler
    return na_dict


def numericalize(df, col, name, max_n_cat):
    """Codes from 1 on, 0 for missing, of columns with more than max_n_cat categories (None: of all), in place."""
    if not _is_number(col) and (max_n_cat is None or len(col.cat.categories) > max_n_cat):
        df[name] = col.cat.codes + 1


def scale_vars(df, mapper):
    """Numbers to mean 0 and deviation 1, in place; mapper: {column: (mean, deviation)} of an earlier call, or None."""
    if mapper is None:
        mapper = {name: (float(df[name].mean()), float(df[name].std(ddof=0)) or 1.0) for name in df.columns if _is_number(df[name])}
    for name, (mean, deviation) in mapper.items():
        df[name] = (df[name].astype(float) - mean) / deviation
    return mapper


def proc_df(df, y_fld=None, skip_flds=None, ignore_flds=None, do_scale=False, na_dict=None, preproc_fn=None, max_n_cat=None,
            subset=None, mapper=None):
    """[table of numbers, y, medians], and the scales with do_scale."""
    ignored = list(ignore_flds or [])
    df = get_sample(df, subset) if subset else _frame(df).copy()
    kept = df[ignored]
    df = df.drop(columns=ignored)
    if preproc_fn:
        preproc_fn(df)
    y = None
    if y_fld is not None:
        y = df[y_fld].values if _is_number(df[y_fld]) else df[y_fld].cat.codes.values
    df = df.drop(columns=list(skip_flds or []) + ([y_fld] if y_fld is not None else []))
    before = dict(na_dict or {})
    na_dict = dict(before)
    for name in list(df.columns):
        na_dict = fix_missing(df, df[name], name, na_dict)
    if before:  # a column that had nothing missing in training has no column of its own
        df = df.drop(columns=[name + "_na" for name in set(na_dict) - set(before)])
    if do_scale:
        mapper = scale_vars(df, mapper)
    for name in list(df.columns):
        numericalize(df, df[name], name, max_n_cat)
    df = pd.concat([kept, pd.get_dummies(df, dummy_na=True)], axis=1) if ignored else pd.get_dummies(df, dummy_na=True)
    return [df, y, na_dict, mapper] if do_scale else [df, y, na_dict]


def add_datepart(df, fldname, drop=True, time=False):
    """Year, Month, Week, Day ... of a column of dates, in place; their names begin with its name without `Date`."""
    _in_place("add_datepart", df)
    dates = pd.to_datetime(df[fldname])
    prefix = re.sub("[Dd]ate$", "", fldname)
    parts = ["Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear", "Is_month_end", "Is_month_start", "Is_quarter_end",
             "Is_quarter_start", "Is_year_end", "Is_year_start"] + (["Hour", "Minute", "Second"] if time else [])
    for part in parts:
        name = {"Dayofweek": "day_of_week", "Dayofyear": "day_of_year"}.get(part, part.lower())
        df[prefix + part] = dates.dt.isocalendar().week.astype("int64") if part == "Week" else getattr(dates.dt, name)
    df[prefix + "Elapsed"] = (dates - pd.Timestamp("1970-01-01")) // pd.Timedelta(seconds=1)
    if drop:
        del df[fldname]


def split_vals(a, n):
    """The first n rows, and the others."""
    a = _frame(a)
    return a[:n].copy(), a[n:].copy()


def get_sample(df, n):
    """n rows, drawn, in their order."""
    df = _frame(df)
    return df.iloc[sorted(np.random.permutation(len(df))[:n])].copy()


def rf_feat_importance(m, df):
    """Of a forest of scikit-learn: columns and their importance, the greatest first."""
    return pd.DataFrame({"cols": _frame(df).columns, "imp": m.feature_importances_}).sort_values("imp", ascending=False)


finish(globals(), "structured")
