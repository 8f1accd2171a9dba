# SPDX-License-Identifier: Apache-2.0
"""0.7's preparation of tables, in the form of the course's Rossmann notebook."""
import io
import tempfile
import unittest
from contextlib import redirect_stdout

import burnish
import numpy
from burnish.fastai07 import structured
from burnish.fastai07.column_data import CollabFilterDataset, ColumnarModelData

try:
    import pandas
except ImportError:
    pandas = None


@unittest.skipUnless(pandas, "no pandas")
class Tables(unittest.TestCase):
    def table(self):
        return pandas.DataFrame({
            "Date": ["2014-12-31", "2015-01-01", "2015-02-28", "2016-02-29"],
            "Store": ["b", "a", "c", None],
            "Distance": [1.0, None, 4.0, 7.0],
            "Sales": [10, 20, 30, 40],
        })

    def test_dates_become_their_parts(self):
        df = self.table()
        structured.add_datepart(df, "Date")
        self.assertNotIn("Date", df.columns)
        self.assertEqual(list(df.columns[3:]), ["Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear", "Is_month_end",
                                                "Is_month_start", "Is_quarter_end", "Is_quarter_start", "Is_year_end",
                                                "Is_year_start", "Elapsed"])
        self.assertEqual(df["Week"].tolist(), [1, 1, 9, 9])
        self.assertEqual(df["Is_month_end"].tolist(), [True, False, True, True])
        self.assertEqual(df["Elapsed"][1], 1420070400)

    def test_words_become_codes_and_gaps_medians(self):
        df = self.table().drop(columns="Date")
        structured.train_cats(df)
        done, y, medians = structured.proc_df(df, "Sales")
        self.assertEqual(done["Store"].tolist(), [2, 1, 3, 0])
        self.assertEqual(done["Distance"].tolist(), [1, 4, 4, 7])
        self.assertEqual(done["Distance_na"].tolist(), [False, True, False, False])
        self.assertEqual((y.tolist(), medians), ([10, 20, 30, 40], {"Distance": 4}))
        self.assertTrue(df["Distance"].isnull().any())  # the table given is left as it is

    def test_another_table_follows_the_first(self):
        df = self.table().drop(columns="Date")
        structured.train_cats(df)
        done, y, medians, scales = structured.proc_df(df, "Sales", do_scale=True)
        numpy.testing.assert_allclose(done["Distance"].mean(), 0, atol=1e-12)
        numpy.testing.assert_allclose(done["Distance"].std(ddof=0), 1)
        other = pandas.DataFrame({"Store": ["a", "new"], "Distance": [None, 4.0]})
        structured.apply_cats(other, df)
        done, y, same, scales = structured.proc_df(other, do_scale=True, na_dict=medians, mapper=scales)
        self.assertEqual(done["Store"].tolist(), [1, 0])
        numpy.testing.assert_allclose(done["Distance"], 0, atol=1e-12)
        self.assertEqual((y, same), (None, medians))

    def test_few_categories_become_columns(self):
        df = self.table()[["Store"]]
        structured.train_cats(df)
        done, y, medians = structured.proc_df(df, max_n_cat=3)
        self.assertEqual(list(done.columns), ["Store_a", "Store_b", "Store_c", "Store_nan"])
        self.assertEqual(done.sum(axis=1).tolist(), [1, 1, 1, 1])

    def test_a_table_of_the_library_is_a_frame_where_a_new_one_is_returned(self):
        df = self.table().drop(columns="Date")
        frame = df.copy()
        structured.train_cats(frame)
        with burnish.Table({"Store": df["Store"].tolist(), "Distance": df["Distance"].to_numpy(), "Sales": df["Sales"].to_numpy()}) as table:
            done, y, medians = structured.proc_df(table, "Sales")
            other = pandas.DataFrame({"Store": ["a", "new"]})
            structured.apply_cats(other, table)
            self.assertEqual([len(part) for part in structured.split_vals(table, 3)], [3, 1])
            self.assertEqual(len(structured.get_sample(table, 2)), 2)
            for call in (lambda: structured.train_cats(table), lambda: structured.add_datepart(table, "Date"),
                         lambda: structured.apply_cats(table, frame)):
                with self.assertRaisesRegex(burnish.UnsupportedError, "of a Table"):
                    call()
        pandas.testing.assert_frame_equal(done, structured.proc_df(frame, "Sales")[0])
        self.assertEqual((y.tolist(), medians), ([10, 20, 30, 40], {"Distance": 4}))
        self.assertEqual(other["Store"].cat.codes.tolist(), [0, -1])

    def test_a_network_learns_from_frames(self):
        count = numpy.arange(160)
        df = pandas.DataFrame({"store": pandas.Series(count % 3).map({0: "Cork", 1: "Nice", 2: None}), "open": count % 2 == 0,
                               "area": numpy.where(count % 9 == 0, numpy.nan, count / 160), "rooms": count % 5})
        df["rooms"] = df["rooms"].astype("Int64")  # whole numbers that may be missing
        df.loc[[5, 90], "rooms"] = pandas.NA
        df["size"] = pandas.cut(pandas.Series(count), 4, labels=list("abcd"))
        df["Sales"] = count % 3 + count % 5
        y = df.pop("Sales").to_numpy()
        columns = {name: df[name].tolist() for name in ("store", "open", "size", "rooms")}  # pandas' NA among them
        answers = []
        with tempfile.TemporaryDirectory() as folder, burnish.Table({**columns, "area": df["area"].to_numpy()}) as table:
            for rows in (df, table):
                md = ColumnarModelData.from_data_frame(folder, range(0, 160, 4), rows, y, ["store", "open", "size"], bs=32, test_df=rows)
                self.assertEqual(set(md.cont_flds), {"area", "rooms"})
                m = md.get_learner([(3, 2), (2, 1), (4, 2)], 2, 0, 1, [16], [0], threads=1)
                with redirect_stdout(io.StringIO()):
                    m.fit(3e-2, 12)
                self.assertLess(((m.predict() - md.val_y) ** 2).mean(), md.val_y.var() / 2)
                answers.append(m.predict(True))
                self.assertEqual(answers[-1].shape, (160, 1))
            frame = pandas.DataFrame({"who": ["u%d" % (i % 8) for i in range(64)], "what": [i // 8 for i in range(64)], "stars": 3.0})
            with burnish.Table({name: frame[name].tolist() for name in frame}) as rated:
                found = [CollabFilterDataset.from_data_frame(folder, one, "who", "what", "stars") for one in (frame, rated)]
        self.assertEqual(found[0].user2idx, found[1].user2idx)
        self.assertEqual((found[0].n_users, found[0].n_items), (8, 8))

    def test_samples_and_halves(self):
        df = self.table()
        self.assertEqual(len(structured.get_sample(df, 2)), 2)
        self.assertEqual([len(part) for part in structured.split_vals(df, 3)], [3, 1])


if __name__ == "__main__":
    unittest.main()
